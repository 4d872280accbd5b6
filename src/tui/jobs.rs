//! Migrations that this console began or watches. They live here and not in their dialog, so that the dialog may
//! be closed while they go on.

use chrono::{DateTime, Utc};

use crate::ops::migrate::{MigrateError, Plan, Progress, Proof};
use crate::text;

/// Where a migration is.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Going on.
    Running,
    /// Ended, and read back.
    Proved(Box<Proof>),
    /// Refused, stalled or out of sight.
    Failed(MigrateError),
}

/// A migration.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// What was looked at before it began.
    pub plan: Plan,
    /// When it began.
    pub started: DateTime<Utc>,
    /// Names of the clusters that have moved, in the order in which they did.
    pub moved: Vec<String>,
    /// What happened meanwhile, in words.
    pub notes: Vec<(DateTime<Utc>, String)>,
    /// Where it is.
    pub state: State,
}

impl Job {
    /// A migration that begins now.
    #[must_use]
    pub fn new(plan: Plan, started: DateTime<Utc>) -> Self {
        Self { plan, started, moved: Vec::new(), notes: Vec::new(), state: State::Running }
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// How many clusters are to move; more than planned where some came to the source meanwhile.
    #[must_use]
    pub fn total(&self) -> usize {
        self.plan.clusters.len().max(self.moved.len())
    }

    /// Takes note of what happened.
    pub fn note(&mut self, progress: &Progress, now: DateTime<Utc>) {
        let words = match progress {
            Progress::Sending | Progress::Proving => return,
            Progress::Moved { cluster } => {
                self.moved.push(text::clean(&cluster.name).into_owned());
                return;
            }
            Progress::Accepted => "the plane accepted the migration".to_owned(),
            Progress::AlreadyRunning => "already under way, started elsewhere; watching it".to_owned(),
            Progress::AnswerLost { reason } => {
                format!("the answer was lost: {reason}. Nothing is sent again; reading what the plane shows")
            }
            Progress::PlaneLost { reason } => format!("lost sight of the plane: {reason}"),
            Progress::PlaneBack => {
                format!("the plane answers again; {} of {} had moved", self.moved.len(), self.total())
            }
            Progress::SignedOut => "the session ended; sign in again to go on watching".to_owned(),
        };
        self.notes.push((now, words));
    }
}

/// All of them, at most one for each source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs(Vec<Job>);

impl Jobs {
    /// Takes a migration in; an older one of the same source goes.
    pub fn insert(&mut self, job: Job) {
        self.0.retain(|other| other.plan.source.uid != job.plan.source.uid);
        self.0.push(job);
    }

    /// The migration of a source.
    #[must_use]
    pub fn get(&self, source_uid: &str) -> Option<&Job> {
        self.0.iter().find(|job| job.plan.source.uid == source_uid)
    }

    /// The migration of a source, to be changed.
    pub fn get_mut(&mut self, source_uid: &str) -> Option<&mut Job> {
        self.0.iter_mut().find(|job| job.plan.source.uid == source_uid)
    }

    /// Those that go on.
    pub fn running(&self) -> impl Iterator<Item = &Job> {
        self.0.iter().filter(|job| job.is_running())
    }

    /// The one that began last.
    #[must_use]
    pub fn latest(&self) -> Option<&Job> {
        self.0.last()
    }
}
