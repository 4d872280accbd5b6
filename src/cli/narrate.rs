//! The progress of a job, in lines on stderr: one when something new is to be said, never more than a dozen for the bytes.

use crate::api::job::{Job, JobProgress};
use crate::api::{CheckState, JobState};
use crate::ops::job::{JobError, Progress};
use crate::text;

use super::failure::{Exit, Failure};
use super::output::say;

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::NotStarted(error) => Self::from(error),
            JobError::NoSign { .. } => Self::new(Exit::Unreachable, error),
            JobError::Lost { error: ref inner, .. } if inner.signed_out().is_some() => {
                Self::new(Exit::NotAuthenticated, error)
            }
            JobError::Unknown { .. } | JobError::Stuck { .. } | JobError::Lost { .. } => {
                Self::new(Exit::Partial, error)
            }
        }
    }
}

/// Tells what happens, without repeating itself.
pub struct Narrator {
    what: &'static str,
    phase: String,
    tenths: u64,
}

impl Narrator {
    /// A narrator of a job, named by its noun.
    pub fn of(what: &'static str) -> Self {
        Self { what, phase: String::new(), tenths: 0 }
    }

    /// Says what is new.
    pub fn tell(&mut self, progress: &Progress) {
        if let Some(line) = self.line(progress) {
            say(line);
        }
    }

    fn line(&mut self, progress: &Progress) -> Option<String> {
        let what = self.what;
        Some(match progress {
            Progress::Sending => format!("Starting the {what}."),
            Progress::Accepted(started) if started.job_uid.is_empty() => "The plane accepted it.".to_owned(),
            Progress::Accepted(started) => format!("The plane accepted it: job {}.", text::clean(&started.job_uid)),
            Progress::AnswerLost { reason } => {
                format!("The answer was lost: {reason}. Nothing is sent again; reading what the plane shows.")
            }
            Progress::Job(job) => return self.job(job),
            Progress::Backup(backup) => format!("{}  {}", text::clean(&backup.uid), text::clean(backup.state.as_str())),
            Progress::PlaneLost { reason } => format!("Lost sight of the plane: {reason}. Waiting for it."),
            Progress::PlaneBack => "The plane answers again.".to_owned(),
            Progress::SignedOut => "The session has ended.".to_owned(),
        })
    }

    fn job(&mut self, job: &Job) -> Option<String> {
        if job.state == JobState::Queued {
            return self.enter("Waiting for another job of the location").then(|| format!("{}.", self.phase));
        }
        let progress = &job.progress;
        let tenths = tenths(progress);
        let news = self.enter(&text::clean(&job.phase)) || tenths > self.tenths;
        self.tenths = tenths;
        (news && !job.state.ended() && !self.phase.is_empty()).then(|| format!("{}{}", self.phase, far(progress)))
    }

    /// Whether a phase is a new one.
    fn enter(&mut self, phase: &str) -> bool {
        let new = self.phase != phase;
        if new {
            phase.clone_into(&mut self.phase);
            self.tenths = 0;
        }
        new
    }
}

fn tenths(progress: &JobProgress) -> u64 {
    (progress.plain_done.saturating_mul(10)).checked_div(progress.plain_total).unwrap_or(0)
}

/// How far it is; empty where that is not known.
fn far(progress: &JobProgress) -> String {
    let JobProgress { plain_done, plain_total, per_second, remaining_seconds, .. } = *progress;
    if plain_total == 0 {
        return String::new();
    }
    let mut words = format!("  {} of {}", text::size(plain_done), text::size(plain_total));
    if per_second > 0 {
        words += &format!("  {}/s", text::size(per_second));
    }
    if remaining_seconds > 0 {
        words += &format!("  {} left", text::wait(remaining_seconds));
    }
    words
}

/// What a job that ended badly means for the exit code, with its own words.
pub fn ended_badly(what: &str, job: &Job) -> Failure {
    let result = text::clean(job.result.trim_end_matches('.')).into_owned();
    let reason = match (&job.state, result.is_empty()) {
        (JobState::Cancelled, _) => "it was cancelled".to_owned(),
        (_, true) => "the plane gives no reason".to_owned(),
        (_, false) => result,
    };
    let advice = text::clean(&job.advice);
    let advice = if advice.is_empty() { String::new() } else { format!(" {}", text::sentence(&advice)) };
    Failure::new(Exit::Failed, format!("the {what} did not succeed: {reason}.{advice}"))
}

/// A mark for how a check went, six columns wide.
pub fn mark(state: &CheckState) -> &'static str {
    match state {
        CheckState::Passed => "ok   ",
        CheckState::Warning => "note ",
        CheckState::Failed => "FAIL ",
        CheckState::Skipped => "skip ",
        CheckState::Running | CheckState::Other(_) => "...  ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::job::Started;

    fn job(phase: &str, done: u64) -> Progress {
        let progress = JobProgress { plain_done: done, plain_total: 1000, ..JobProgress::default() };
        Progress::Job(Box::new(Job { phase: phase.into(), progress, ..Job::default() }))
    }

    #[test]
    fn lines_come_with_new_phases_and_tenths_only() {
        let mut narrator = Narrator::of("backup");
        let mut line = |progress| narrator.line(&progress);
        let started = Started { job_uid: "j1".into(), ..Started::default() };
        assert_eq!(line(Progress::Accepted(started)).unwrap(), "The plane accepted it: job j1.");
        assert_eq!(line(job("Uploading", 0)).unwrap(), "Uploading  0 B of 1000 B");
        assert_eq!(line(job("Uploading", 50)), None);
        assert_eq!(line(job("Uploading", 100)).unwrap(), "Uploading  100 B of 1000 B");
        assert_eq!(line(job("Uploading", 150)), None);
        assert_eq!(line(job("Checking", 150)).unwrap(), "Checking  150 B of 1000 B");
    }

    #[test]
    fn an_ended_job_tells_why_and_what_to_do() {
        let job =
            Job { state: JobState::Error, result: "No space.".into(), advice: "make room".into(), ..Job::default() };
        let failure = ended_badly("backup", &job);
        assert_eq!(failure.message, "the backup did not succeed: No space. Make room.");
        let cancelled = Job { state: JobState::Cancelled, ..Job::default() };
        assert_eq!(ended_badly("backup", &cancelled).message, "the backup did not succeed: it was cancelled.");
    }
}
