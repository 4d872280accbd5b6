//! Jobs of the backup engine: one at a time in each location, cancelled by dropping them, recorded with the trail, and
//! taken up again by the next process where this one ends.

pub mod create;
pub mod delete;
pub mod housekeeping;
pub mod restore;
pub mod resume;
pub mod validate;
pub mod verify;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Transaction;
use tokio::sync::oneshot;

use super::{Stop, stopped};
use crate::api::location::Check;
use crate::api::words::{JobKind, JobState};
use crate::backup::{BackupUid, Place, Progress};
use crate::plane::backups::begin::attempt;
use crate::plane::backups::desk::Seat;
use crate::plane::backups::shelf::Shelf;
use crate::plane::backups::words::Trouble;
use crate::plane::failure::{Failure, StorageError};
use crate::plane::state::SharedPlane;
use crate::plane::store::audits;
use crate::plane::store::jobs::{self, Row};
use crate::storage::ObjectPath;

/// What goes into the database in the transaction that ends a job.
pub type Also = Box<dyn FnOnce(&Transaction<'_>, DateTime<Utc>) -> Result<(), Failure> + Send>;

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
    fn told(result: String) -> Self {
        Self { result, also: None, made: None }
    }
}

/// How the work of a job ended.
enum Ended {
    Well(Done),
    Badly(Trouble, Option<Also>),
    Cancelled,
    /// The plane stops; the next one takes it up again.
    Left,
    /// It has recorded its own end.
    Recorded,
}

/// Runs a recorded job to its end.
pub async fn run(plane: SharedPlane, uid: String, mut stop: Stop) {
    let asked = uid.clone();
    let row = match plane.store.read(move |connection| Ok(jobs::get(connection, &asked)?)).await {
        Ok(Some(row)) if !row.state.ended() => row,
        Ok(_) => return,
        Err(error) => return tracing::error!(%error, "a job could not be read"),
    };
    let (progress, moment) = Progress::new();
    progress.tell(|moment| moment.phase = "Waiting");
    let cancellable = !matches!(row.kind, JobKind::Delete | JobKind::Retention);
    let Seat { cancelled, checks } = plane.backups.desk.open(&uid, moment, plane.now(), cancellable);
    // A validation writes beside everything else and needs no turn.
    let turn = (row.kind != JobKind::Validate).then(|| plane.backups.desk.turn(&row.location));
    let mut held = None;
    let ended = tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => Ended::Left,
        () = cancelled_by_someone(cancelled) => Ended::Cancelled,
        ended = async {
            if let Some(turn) = &turn {
                held = Some(turn.lock().await);
            }
            if let Err(failure) = begin(&plane, &row).await {
                return Ended::Badly(failure.into(), None);
            }
            work(&plane, &row, &progress, &checks).await
        } => ended,
    };
    let made = matches!(&ended, Ended::Well(_)) && row.kind == JobKind::Create;
    conclude(&plane, row.clone(), ended, checks.lock().map(|checks| checks.clone()).unwrap_or_default()).await;
    plane.backups.desk.close(&uid);
    if made && !stopped(&stop) {
        create::afterwards(&plane, &row, &mut stop).await;
    }
    plane.backups.changed.notify_one();
}

async fn cancelled_by_someone(cancelled: oneshot::Receiver<()>) {
    // Where the other end is gone, nobody can cancel it any more.
    if cancelled.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A job that waited for its turn is running now.
async fn begin(plane: &SharedPlane, row: &Row) -> Result<(), Failure> {
    if row.state != JobState::Queued {
        return Ok(());
    }
    let running = Row { state: JobState::Running, started: plane.now(), ..row.clone() };
    plane.store.write(move |transaction| jobs::put(transaction, &running)).await
}

async fn work(plane: &SharedPlane, row: &Row, progress: &Progress, checks: &std::sync::Mutex<Vec<Check>>) -> Ended {
    let done = match row.kind {
        JobKind::Validate => validate::run(plane, row, progress, checks).await,
        JobKind::Create => create::run(plane, row, progress).await,
        JobKind::Verify => return verify::run(plane, row, progress).await,
        JobKind::Delete => delete::run(plane, row, progress).await,
        JobKind::Retention => {
            create::clean_up(plane, &row.location, &row.stale).await;
            housekeeping::run(plane, &row.location, progress).await
        }
        JobKind::Restore | JobKind::Recover => return restore::run(plane, row, progress).await,
        JobKind::Other(_) => Err(Trouble::new(format!("this plane does not know the job \"{}\"", row.kind))),
    };
    match done {
        Ok(done) => Ended::Well(done),
        Err(trouble) => Ended::Badly(trouble, None),
    }
}

/// Reaches a location before the work begins. The engine is patient with a server that is away for a while, as it must be in
/// the middle of the work; who begins something at a place that cannot be reached at all is to learn that at once.
///
/// # Errors
/// Why it cannot be reached.
async fn reach(shelf: &Shelf, progress: &Progress) -> Result<(), Trouble> {
    progress.tell(|moment| moment.phase = "Connecting");
    let folder = ObjectPath::new("palbackup").map_err(|error| Trouble::new(error.to_string()))?;
    shelf.store.list(&folder).await?;
    Ok(())
}

/// The backup that a job works on.
///
/// # Errors
/// Where its uid is none.
pub fn place(row: &Row) -> Result<Place, Trouble> {
    let uid: BackupUid = row.backup_uid.parse().map_err(|error| Trouble::new(format!("{error}")))?;
    Ok(Place { plane_uid: row.owner.clone(), uid })
}

async fn conclude(plane: &SharedPlane, mut row: Row, ended: Ended, checks: Vec<Check>) {
    row.checks = checks;
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
            create::clean_up(plane, &row.location, &half_made).await;
            (row.state, row.result) = (JobState::Cancelled, "It was cancelled; nothing was changed.".to_owned());
            None
        }
    };
    if let Err(error) = finish(plane, row, also).await {
        tracing::error!(%error, "the end of a job could not be recorded; the next start takes it up again");
    }
}

/// Records the end of a job and tells the trail.
async fn finish(plane: &SharedPlane, mut row: Row, also: Option<Also>) -> Result<(), Failure> {
    let now = plane.now();
    row.finished = Some(now);
    let failed = row.state == JobState::Error;
    row.retry_at = retry(plane, &row, now);
    if let Some(at) = row.retry_at {
        row.advice = format!("{} It is tried again at {} UTC.", row.advice, at.format("%H:%M")).trim().to_owned();
    }
    let content = if failed { format!("Failed: {} {}", row.result, row.advice) } else { row.result.clone() };
    let entry = attempt(&row).entry(content.trim().to_owned());
    let (name, shelves) = (row.location.clone(), plane.clone());
    plane
        .store
        .write(move |transaction| {
            also.map_or(Ok(()), |also| also(transaction, now))?;
            jobs::put(transaction, &row)?;
            jobs::prune(transaction, now)?;
            audits::record(transaction, now, &entry)
        })
        .await?;
    if !name.is_empty()
        && let Ok((_, shelf)) = shelves.shelf(&name).await
    {
        shelf.spoil();
    }
    Ok(())
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
