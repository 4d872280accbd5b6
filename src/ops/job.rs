//! Jobs of the plane: starting one, and watching it to its end.
//!
//! The order goes out once. Where its answer is lost, the plane's jobs are read again: one that was not there before
//! and does what was asked for is the one.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::api::JobKind;
use crate::api::backup::Backup;
use crate::api::job::{Job, Started};
use crate::client::{Client, Error};

/// How often a running job is read.
const PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long to look for a job whose order was answered with silence.
const PATIENCE_WITHOUT_SIGN: Duration = Duration::from_secs(15);
/// How long the plane may be out of sight before watching ends, so that a script does not hang for ever.
const PATIENCE_OUT_OF_SIGHT: Duration = Duration::from_secs(30 * 60);

/// What happens while a job runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// The order goes out.
    Sending,
    /// The plane took the order. Uids are empty where the plane tells none.
    Accepted(Started),
    /// The answer to the order was lost; the state is being read again.
    AnswerLost {
        /// Why.
        reason: String,
    },
    /// How the job stands now; told when something of it has changed.
    Job(Box<Job>),
    /// How the backup stands now, on a plane that tells of no jobs.
    Backup(Box<Backup>),
    /// The plane does not answer; reading goes on.
    PlaneLost {
        /// Why.
        reason: String,
    },
    /// The plane answers again.
    PlaneBack,
    /// The session has ended; reading goes on once someone has signed in.
    SignedOut,
}

/// Why a job was not seen to its end. One that ended badly is no error of this kind: its [`Job::state`] says so.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JobError {
    /// The plane refused the order, or it never left: nothing was changed.
    #[error(transparent)]
    NotStarted(Error),
    /// The answer was lost and the plane shows no sign of the order.
    #[error(
        "the answer to the {what} was lost ({reason}) and the plane shows no sign of it. Nothing was sent again; read \
         the list of backups, then start it anew"
    )]
    NoSign {
        /// What was ordered, such as `backup`.
        what: &'static str,
        /// Why the answer was lost.
        reason: String,
    },
    /// The answer was lost, and the plane cannot be asked.
    #[error("the answer to the {what} was lost ({reason}), and what became of it cannot be read: {again}")]
    Unknown {
        /// What was ordered.
        what: &'static str,
        /// Why the answer was lost.
        reason: String,
        /// Why the state cannot be read.
        again: String,
    },
    /// The plane has shown no end for a long time.
    #[error("the {what} has not ended for {waited}. {advice}")]
    Stuck {
        /// What was ordered.
        what: &'static str,
        /// How long was waited, in words.
        waited: String,
        /// What to do.
        advice: &'static str,
    },
    /// Watching ended for a reason of its own.
    #[error(
        "{error} Whether the {what} has finished is not known yet: it goes on by itself, and nothing was sent again"
    )]
    Lost {
        /// What was ordered.
        what: &'static str,
        /// Why watching ended.
        error: Error,
    },
}

/// The noun for what a job does, as it stands in sentences.
#[must_use]
pub fn noun(kind: &JobKind) -> &'static str {
    match kind {
        JobKind::Validate => "validation",
        JobKind::Create => "backup",
        JobKind::Verify => "verification",
        JobKind::Restore => "restore",
        JobKind::Recover => "recovery",
        JobKind::Delete => "deletion",
        JobKind::Retention => "retention",
        JobKind::Other(_) => "job",
    }
}

/// What is ordered.
pub(super) struct Order<'a> {
    pub(super) kind: JobKind,
    /// Name of the location; empty where any will do.
    pub(super) location: &'a str,
    /// The backup to work on; empty where there is none yet.
    pub(super) backup_uid: &'a str,
}

impl Order<'_> {
    fn is_done_by(&self, job: &Job) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        job.kind == self.kind
            && !job.scheduled
            && fits(self.location, &job.location)
            && fits(self.backup_uid, &job.backup_uid)
    }
}

/// Sends an order and watches what the plane makes of it to its end.
pub(super) async fn run<R: FnMut(Progress) + Send>(
    client: &Client,
    order: Order<'_>,
    send: impl Future<Output = Result<Started, Error>> + Send,
    mut report: R,
) -> Result<Job, JobError> {
    let what = noun(&order.kind);
    let before: HashSet<String> = match client.jobs().await {
        Ok(list) => list.items.into_iter().map(|job| job.uid).collect(),
        Err(error) => return Err(JobError::NotStarted(error)),
    };
    report(Progress::Sending);
    let started = match send.await {
        Ok(started) => started,
        Err(error) if error.outcome_unknown() => {
            report(Progress::AnswerLost { reason: error.reason() });
            sign_of(client, &order, &before, error.reason()).await?
        }
        Err(error) => return Err(JobError::NotStarted(error)),
    };
    report(Progress::Accepted(started.clone()));
    follow(client, &started.job_uid, what, report).await
}

/// Looks for the job that an order began although its answer was lost.
async fn sign_of(
    client: &Client,
    order: &Order<'_>,
    before: &HashSet<String>,
    reason: String,
) -> Result<Started, JobError> {
    let what = noun(&order.kind);
    let begun = Instant::now();
    loop {
        let jobs = match client.jobs().await {
            Ok(list) => list.items,
            Err(error) => return Err(JobError::Unknown { what, reason, again: error.to_string() }),
        };
        let new = jobs.into_iter().find(|job| !before.contains(&job.uid) && order.is_done_by(job));
        match new {
            Some(job) => return Ok(Started { job_uid: job.uid, backup_uid: job.backup_uid }),
            None if begun.elapsed() >= PATIENCE_WITHOUT_SIGN => return Err(JobError::NoSign { what, reason }),
            None => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Watches a job to its end, through lost connections, restarts of the plane and ended sessions: while nobody is signed
/// in it waits for someone. `what` is the noun for it in errors, see [`noun`].
///
/// # Errors
/// [`JobError::Lost`]: watching has ended, the job may go on.
pub async fn follow<R: FnMut(Progress) + Send>(
    client: &Client,
    job_uid: &str,
    what: &'static str,
    report: R,
) -> Result<Job, JobError> {
    let mut sight = Sight::new(client, what, report);
    let mut last: Option<Job> = None;
    loop {
        match client.job(job_uid).await {
            Ok(job) => {
                sight.clear();
                if last.as_ref() != Some(&job) {
                    sight.report(Progress::Job(Box::new(job.clone())));
                }
                if job.state.ended() {
                    return Ok(job);
                }
                last = Some(job);
            }
            Err(error) => sight.lost(error)?,
        }
        sight.rest().await;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Clear,
    Lost,
    SignedOut,
}

/// How the plane was last seen, by someone who reads it again and again.
pub(super) struct Sight<'a, R> {
    client: &'a Client,
    what: &'static str,
    report: R,
    state: State,
    last_seen: Instant,
    pause: Duration,
}

impl<'a, R: FnMut(Progress) + Send> Sight<'a, R> {
    pub(super) fn new(client: &'a Client, what: &'static str, report: R) -> Self {
        Self { client, what, report, state: State::Clear, last_seen: Instant::now(), pause: PAUSE }
    }

    pub(super) fn report(&mut self, progress: Progress) {
        (self.report)(progress);
    }

    /// Takes note that the plane was read.
    pub(super) fn clear(&mut self) {
        self.last_seen = Instant::now();
        self.pause = PAUSE;
        if self.state != State::Clear {
            self.state = State::Clear;
            self.report(Progress::PlaneBack);
        }
    }

    /// Takes note that the plane cannot be read at the moment; fails where waiting would not help.
    pub(super) fn lost(&mut self, error: Error) -> Result<(), JobError> {
        let what = self.what;
        let signed_out = error.signed_out().is_some();
        let passing = error.plane_lost() || error.is_overload();
        let hopeless = if signed_out { self.client.is_turned_away() } else { !passing };
        if hopeless || self.last_seen.elapsed() >= PATIENCE_OUT_OF_SIGHT {
            return Err(JobError::Lost { what, error });
        }
        let (state, progress) = match signed_out {
            true => (State::SignedOut, Progress::SignedOut),
            false => (State::Lost, Progress::PlaneLost { reason: error.reason() }),
        };
        if self.state != state {
            self.state = state;
            self.report(progress);
        }
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        Ok(())
    }

    pub(super) async fn rest(&self) {
        tokio::time::sleep(self.pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_recognised_by_what_it_does_and_where() {
        let job = Job {
            kind: JobKind::Verify,
            location: "ftp".into(),
            backup_uid: "b1".into(),
            uid: "j".into(),
            ..Job::default()
        };
        let order = |kind, location, backup_uid| Order { kind, location, backup_uid };
        assert!(order(JobKind::Verify, "ftp", "b1").is_done_by(&job));
        assert!(order(JobKind::Verify, "", "").is_done_by(&job));
        assert!(!order(JobKind::Verify, "s3", "b1").is_done_by(&job));
        assert!(!order(JobKind::Verify, "ftp", "b2").is_done_by(&job));
        assert!(!order(JobKind::Delete, "ftp", "b1").is_done_by(&job));
        let scheduled = Job { scheduled: true, ..job };
        assert!(!order(JobKind::Verify, "ftp", "b1").is_done_by(&scheduled), "nobody asked for that one");
    }
}
