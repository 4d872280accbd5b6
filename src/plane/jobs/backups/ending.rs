//! How a job ends: what came of it, in the database and in the trail, as soon as both can be written.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use rusqlite::Transaction;

use super::create;
use crate::api::words::{JobKind, JobState};
use crate::backup::{Phase, Progress};
use crate::plane::backups::begin::attempt;
use crate::plane::backups::words::Trouble;
use crate::plane::failure::{Failure, StorageError};
use crate::plane::jobs::{Stop, pause, stopped};
use crate::plane::state::SharedPlane;
use crate::plane::store::audits;
use crate::plane::store::jobs::{self, Row};

/// Pause before what the database refused is tried again; each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What goes into the database in the transaction that ends a job; that transaction may have to be repeated.
pub type Also = Arc<dyn Fn(&Transaction<'_>, DateTime<Utc>) -> Result<(), Failure> + Send + Sync>;

/// A job that did what it was asked.
pub struct Done {
    /// What came of it, in a sentence.
    pub result: String,
    /// What the same transaction records.
    pub also: Option<Also>,
    /// Uid of the backup that was made, which may be that of an earlier attempt.
    pub made: Option<String>,
}

impl Done {
    pub(super) fn told(result: String) -> Self {
        Self { result, also: None, made: None }
    }
}

/// How the work of a job ended.
pub(super) enum Ended {
    Well(Done),
    Badly(Trouble, Option<Also>),
    Cancelled,
    /// The plane stops; the next one takes it up again.
    Left,
    /// It has recorded its own end.
    Recorded,
}

impl Ended {
    /// Uid of the backup that was made.
    pub(super) fn made(&self) -> Option<&str> {
        match self {
            Self::Well(done) => done.made.as_deref(),
            _ => None,
        }
    }
}

/// Pauses between two tries at the database, for what must be done sooner or later.
pub(super) struct Pauses(Duration);

impl Pauses {
    pub(super) fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    /// Waits until it is time to try again after `error`; false where this process may try no more.
    pub(super) async fn again(&mut self, error: &Failure, stop: &mut Stop) -> bool {
        if stopped(stop) || matches!(error, Failure::Storage(StorageError::Closed)) {
            return false;
        }
        pause(stop, self.0).await;
        self.0 = LONGEST_PAUSE.min(self.0 * 2);
        true
    }
}

/// The work of a job. A fault of the program ends this one job in words, and no other one waits for it for ever.
pub(super) async fn unless_it_panics(working: impl Future<Output = Ended>) -> Ended {
    let ended = AssertUnwindSafe(working).catch_unwind().await;
    ended.unwrap_or_else(|_| {
        let trouble = Trouble {
            reason: "A fault of this program ended it.".to_owned(),
            advice: "The log says more. Try it again, and report it where it happens again.".to_owned(),
        };
        Ended::Badly(trouble, None)
    })
}

/// Records how a job ended. Until that is written, the job counts as running and its location is taken.
pub(super) async fn conclude(plane: &SharedPlane, mut row: Row, ended: Ended, progress: &Progress, stop: &mut Stop) {
    let mut half_made = std::mem::take(&mut row.stale);
    let also = match ended {
        Ended::Left => return leave(plane, row.uid).await,
        Ended::Recorded => return,
        Ended::Well(done) => {
            (row.state, row.result, row.advice) = (JobState::Completed, done.result, String::new());
            row.backup_uid = done.made.unwrap_or(row.backup_uid);
            done.also
        }
        Ended::Badly(trouble, also) => {
            tracing::warn!(kind = %row.kind, location = row.location, reason = trouble.reason, "a job failed");
            (row.state, row.result, row.advice) = (JobState::Error, trouble.reason, trouble.advice);
            also
        }
        Ended::Cancelled => {
            if row.kind == JobKind::Create {
                half_made.push(row.backup_uid.clone());
            }
            progress.tell(|moment| moment.phase = Phase::TidyingUp);
            create::clean_up(plane, &row.location, &half_made).await;
            (row.state, row.result) = (JobState::Cancelled, CANCELLED.to_owned());
            None
        }
    };
    finish(plane, row, also, progress, stop).await;
}

/// What is said of a job that was cancelled.
pub(super) const CANCELLED: &str = "It was cancelled; nothing was changed.";

/// Writes the end of a job and tells the trail: tries until it is written, or this process may write no more.
async fn finish(plane: &SharedPlane, mut row: Row, also: Option<Also>, progress: &Progress, stop: &mut Stop) {
    let now = plane.now();
    row.finished = Some(now);
    row.retry_at = retry(plane, &row, now);
    if let Some(at) = row.retry_at {
        row.advice = format!("{} It is tried again at {} UTC.", row.advice, at.format("%H:%M")).trim().to_owned();
    }
    let mut pauses = Pauses::new();
    while let Err(error) = write(plane, &row, also.clone(), now).await {
        tracing::error!(%error, uid = row.uid, "the end of a job could not be written");
        progress.tell(|moment| moment.phase = Phase::WaitingForDisk);
        if !pauses.again(&error, stop).await {
            tracing::warn!(uid = row.uid, "the next start takes the job up again");
            return;
        }
    }
    if !row.location.is_empty()
        && let Ok((_, shelf)) = plane.shelf(&row.location).await
    {
        shelf.spoil();
    }
}

async fn write(plane: &SharedPlane, row: &Row, also: Option<Also>, now: DateTime<Utc>) -> Result<(), Failure> {
    let failed = row.state == JobState::Error;
    let content = if failed { format!("Failed: {} {}", row.result, row.advice) } else { row.result.clone() };
    let (row, entry) = (row.clone(), attempt(row).entry(content.trim().to_owned()));
    plane
        .store
        .write(move |transaction| {
            also.map_or(Ok(()), |also| also(transaction, now))?;
            jobs::put(transaction, &row)?;
            jobs::prune(transaction, now)?;
            audits::record(transaction, now, &entry)
        })
        .await
}

/// When a failed backup of the schedule is tried again.
fn retry(plane: &SharedPlane, row: &Row, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wanted = row.state == JobState::Error && row.kind == JobKind::Create && row.slot.is_some();
    let pause = usize::try_from(row.attempts).ok().and_then(|tries| plane.backups.retries.get(tries - 1))?;
    wanted.then(|| now + TimeDelta::from_std(*pause).unwrap_or_default())
}

/// A job that this process leaves in order does not count as an attempt.
async fn leave(plane: &SharedPlane, uid: String) {
    let left = plane.store.write(move |transaction| {
        let Some(row) = jobs::get(transaction, &uid)? else { return Ok(()) };
        jobs::put(transaction, &Row { attempts: row.attempts.saturating_sub(1), ..row })
    });
    if let Err(error) = left.await
        && !matches!(error, Failure::Storage(StorageError::Closed))
    {
        tracing::warn!(%error, "a job that is left could not be noted");
    }
}
