//! Jobs of the backup engine: what is under way, how far it is, how it ended. Under `/ext/v1/jobs`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::location::Check;
use super::meta::time;
use super::words::{JobKind, JobState, Mode};

/// Answer of everything that begins a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Started {
    /// Uid of the job.
    pub job_uid: String,
    /// Uid of the backup that it makes or works on; empty where there is none.
    pub backup_uid: String,
}

/// A job. The plane keeps those that ended for a month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// Uid.
    pub uid: String,
    /// What it does.
    pub kind: JobKind,
    /// Name of the location; empty for the validation of one that is not saved.
    pub location: String,
    /// Mode of the location.
    pub mode: Mode,
    /// The backup that it makes or works on.
    pub backup_uid: String,
    /// Where it stands.
    pub state: JobState,
    /// What it does just now, in a few words, such as `Uploading`.
    pub phase: String,
    /// It was begun by the schedule.
    pub scheduled: bool,
    /// Who began it, for people.
    pub started_by: String,
    /// Begin.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub started: Option<DateTime<Utc>>,
    /// End.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub finished: Option<DateTime<Utc>>,
    /// How far it is.
    pub progress: JobProgress,
    /// Checks of a validation, as they happen.
    pub checks: Vec<Check>,
    /// What came of it, in a sentence; empty while it runs.
    pub result: String,
    /// What to do about a failure; empty where nothing is to be.
    pub advice: String,
    /// It can be cancelled now.
    pub cancellable: bool,
}

/// How far a job is. Only bytes that the location acknowledged count as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobProgress {
    /// Bytes of state that are done.
    pub plain_done: u64,
    /// Bytes of state in all; 0 while unknown.
    pub plain_total: u64,
    /// Bytes that went to the location or came from it.
    pub stored_done: u64,
    /// Bytes of it in all; 0 while unknown.
    pub stored_total: u64,
    /// Bytes of state a second, over the last seconds.
    pub per_second: u64,
    /// Seconds that remain; 0 while unknown.
    pub remaining_seconds: u64,
}

/// `GET /ext/v1/jobs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobList {
    /// Newest first.
    pub items: Vec<Job>,
}
