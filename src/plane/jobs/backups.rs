//! Jobs of the backup engine: one at a time in each location, cancelled by dropping them, recorded with the trail, and
//! taken up again by the next process where this one ends.

pub mod create;
pub mod delete;
pub mod ending;
pub mod housekeeping;
pub mod outlook;
pub mod restore;
pub mod resume;
pub mod validate;
pub mod verify;

use tokio::sync::mpsc;

pub use ending::{Also, Done};
use ending::{Ended, Pauses, conclude, unless_it_panics};

use super::{Stop, stopped, told_to_stop};
use crate::api::location::Check;
use crate::api::words::{JobKind, JobState};
use crate::backup::{BackupUid, Phase, Place, Progress};
use crate::plane::backups::desk::{Seat, Wish};
use crate::plane::backups::shelf::Shelf;
use crate::plane::backups::words::Trouble;
use crate::plane::failure::Failure;
use crate::plane::state::SharedPlane;
use crate::plane::store::jobs::{self, Row};
use crate::storage::{ObjectPath, scratch};

/// Runs a recorded job to its end.
pub async fn run(plane: SharedPlane, uid: String, mut stop: Stop) {
    let Some(row) = read(&plane, &uid, &mut stop).await.filter(|row| !row.state.ended()) else { return };
    let (progress, moment) = Progress::new();
    progress.tell(|moment| moment.phase = Phase::Waiting);
    let cancellable = !matches!(row.kind, JobKind::Delete | JobKind::Retention);
    let Seat { wishes, checks } = plane.backups.desk.open(&uid, moment, plane.now(), cancellable);
    // A validation writes beside everything else and needs no turn.
    let turn = (row.kind != JobKind::Validate).then(|| plane.backups.desk.turn(&row.location));
    let mut held = None;
    let working = async {
        if let Some(turn) = &turn {
            held = Some(turn.lock().await);
        }
        if let Err(failure) = begin(&plane, &row).await {
            return Ended::Badly(failure.into(), None);
        }
        work(&plane, &row, &progress, &checks).await
    };
    let ended = until_ended(&plane, &uid, unless_it_panics(working), wishes, &mut stop).await;
    let made = ended.made().map(|uid| Row { backup_uid: uid.to_owned(), ..row.clone() });
    let checks = checks.lock().map(|checks| checks.clone()).unwrap_or_default();
    conclude(&plane, Row { checks, ..row.clone() }, ended, &progress, &mut stop).await;
    plane.backups.desk.close(&uid);
    if let Some(made) = made.filter(|_| !stopped(&stop)) {
        create::afterwards(&plane, &made, &mut stop).await;
    }
    plane.backups.changed.notify_one();
}

/// The job as it was recorded. One that cannot be read just now is asked for until it can: nobody orders it again, and it
/// has its location to itself until it ends.
async fn read(plane: &SharedPlane, uid: &str, stop: &mut Stop) -> Option<Row> {
    let mut pauses = Pauses::new();
    loop {
        let asked = uid.to_owned();
        match plane.store.read(move |connection| Ok(jobs::get(connection, &asked)?)).await {
            Ok(row) => return row,
            Err(error) => {
                tracing::error!(%error, uid, "a job could not be read");
                if !pauses.again(&error, stop).await {
                    return None;
                }
            }
        }
    }
}

/// Does the work until it has ended, the plane stops, or someone wishes it cancelled and may. When this returns, nothing
/// of the work goes on.
async fn until_ended(
    plane: &SharedPlane,
    uid: &str,
    working: impl Future<Output = Ended>,
    mut wishes: mpsc::UnboundedReceiver<Wish>,
    stop: &mut Stop,
) -> Ended {
    let mut working = std::pin::pin!(working);
    loop {
        tokio::select! {
            biased;
            () = told_to_stop(stop) => return Ended::Left,
            Some(wish) = wishes.recv() => {
                let gives_in = plane.backups.desk.gives_in(uid);
                // Whoever asked may have gone away; the job ends all the same.
                let _ = wish.send(gives_in);
                if gives_in {
                    return Ended::Cancelled;
                }
            }
            ended = &mut working => return ended,
        }
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
            return housekeeping::run(plane, &row.location, progress).await;
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
    progress.tell(|moment| moment.phase = Phase::Connecting);
    let folder = ObjectPath::new(scratch::OURS).map_err(|error| Trouble::new(error.to_string()))?;
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

#[cfg(test)]
mod tests;
