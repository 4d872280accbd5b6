//! Sentences about backups that several parts say alike.

use axum::http::StatusCode;
use serde_json::json;

use crate::api::error::code;
use crate::api::location::Check;
use crate::api::words::{CheckState, JobKind, JobState};
use crate::backup;
use crate::plane::failure::Refusal;
use crate::plane::store::jobs::Row;
use crate::storage;
use crate::storage::probe::{self, Outcome};
use crate::text;

/// Said for as long as the recovery key was never exported.
pub const NOT_EXPORTED: &str = "The recovery key has not been exported. Without it, no backup can be restored on another \
                                plane. Export it and keep it away from this machine.";

/// Why something failed, and what can be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// A sentence.
    pub reason: String,
    /// A sentence or several; empty where nothing is known.
    pub advice: String,
}

impl Trouble {
    /// A trouble without advice.
    #[must_use]
    pub fn new(reason: impl AsRef<str>) -> Self {
        Self { reason: text::sentence(&text::clean(reason.as_ref())), advice: String::new() }
    }
}

impl From<backup::Error> for Trouble {
    fn from(error: backup::Error) -> Self {
        Self { advice: text::clean(&error.advice()).into_owned(), ..Self::new(error.reason()) }
    }
}

impl From<storage::Error> for Trouble {
    fn from(error: storage::Error) -> Self {
        Self { advice: text::clean(&error.advice).into_owned(), ..Self::new(error.to_string()) }
    }
}

impl From<crate::plane::failure::Failure> for Trouble {
    fn from(failure: crate::plane::failure::Failure) -> Self {
        Self::new(failure.to_string())
    }
}

/// A check of a probe, as the wire has it.
#[must_use]
pub fn check(check: &probe::Check) -> Check {
    let (state, detail, fix) = match &check.outcome {
        Outcome::Passed(found) => (CheckState::Passed, found.clone(), String::new()),
        Outcome::Warning(found) => (CheckState::Warning, found.clone(), String::new()),
        Outcome::Failed(error) => (CheckState::Failed, text::sentence(&error.reason), error.advice.clone()),
        Outcome::Skipped(why) => (CheckState::Skipped, why.clone(), String::new()),
    };
    Check {
        name: check.name.to_owned(),
        state,
        detail: text::clean(&detail).into_owned(),
        fix: text::clean(&fix).into_owned(),
        millis: u64::try_from(check.took.as_millis()).unwrap_or(u64::MAX),
    }
}

/// What a job does, to read after "a" or "the".
#[must_use]
pub fn doing(kind: &JobKind) -> &'static str {
    match kind {
        JobKind::Validate => "validation",
        JobKind::Create => "backup",
        JobKind::Verify => "verification",
        JobKind::Restore => "restore",
        JobKind::Recover => "recovery",
        JobKind::Delete => "deletion",
        JobKind::Retention => "retention pass",
        JobKind::Other(_) => "job",
    }
}

/// What the trail calls a job.
#[must_use]
pub fn title(kind: &JobKind) -> &'static str {
    match kind {
        JobKind::Validate => "Validate location",
        JobKind::Create => "Create backup",
        JobKind::Verify => "Verify backup",
        JobKind::Restore => "Restore backup",
        JobKind::Recover => "Recover backup",
        JobKind::Delete => "Delete backup",
        JobKind::Retention => "Apply retention",
        JobKind::Other(_) => "Run job",
    }
}

/// The refusal that names the job in the way.
#[must_use]
pub fn in_the_way(running: &Row) -> Refusal {
    let backup = if running.backup_uid.is_empty() { String::new() } else { format!(" of {}", running.backup_uid) };
    let stands = if running.state == JobState::Queued { "waits for its turn" } else { "is under way" };
    Refusal::new(
        StatusCode::CONFLICT,
        code::JOB_RUNNING,
        format!(
            "A {}{backup} {stands} in {}. Wait until it has ended, or cancel it.",
            doing(&running.kind),
            running.location
        ),
    )
    .with(json!({ "jobUid": running.uid }))
}

/// The refusal for a location that was never configured.
#[must_use]
pub fn not_configured(name: &str) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        code::NOT_CONFIGURED,
        format!("The location \"{name}\" is not configured. Configure it first."),
    )
}
