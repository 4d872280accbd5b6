//! Bringing a backup back: fetched and proved first, a safety backup of the current state next, the swap last. Until the
//! swap nothing is changed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::create;
use super::ending::Ended;
use crate::api::words::{JobKind, JobState};
use crate::backup::sources::database;
use crate::backup::{Manifest, Phase, Progress};
use crate::plane::backups::adopt::{self, Adoption};
use crate::plane::backups::begin::{attempt, refuse_beside_migrations};
use crate::plane::backups::swap::{self, Swap, Swapped};
use crate::plane::backups::words::Trouble;
use crate::plane::failure::{Failure, StorageError};
use crate::plane::fresh;
use crate::plane::state::{SharedPlane, kind, named};
use crate::plane::store::audits;
use crate::plane::store::jobs::Row;
use crate::plane::store::migrations;
use crate::plane::store::open::FILE as DATABASE;
use crate::plane::uid;

/// How often a swap is tried that another reader of the database keeps from happening; a copy for a backup takes seconds.
const TRIES: u32 = 60;
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Where the plain database of a backup lies while it is restored. However that ends, also by a cancel or a stop, which drop
/// the work where it stands, nothing stays there.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "what a restore fetched stays until the next start");
            }
            _ => {}
        }
    }
}

/// Restores or recovers the backup of a job. The swap itself records how the job ended.
pub(super) async fn run(plane: &SharedPlane, row: &Row, progress: &Progress) -> Ended {
    let scratch = Scratch(plane.backups.scratch.join(format!("restore-{}", row.uid)));
    let ended = bring_back(plane, row, progress, &scratch.0).await;
    ended.unwrap_or_else(|trouble| Ended::Badly(trouble, None))
}

async fn bring_back(plane: &SharedPlane, row: &Row, progress: &Progress, dir: &Path) -> Result<Ended, Trouble> {
    let (staged, manifest) = fetch(plane, row, progress, dir).await?;
    let safety = safety_backup(plane, row, progress).await?;
    progress.tell(|moment| moment.phase = Phase::Preparing);
    let credentials = prepare(plane, row, &staged).await?;
    let swapped = if plane.backups.desk.commit(&row.uid) {
        progress.tell(|moment| moment.phase = Phase::Replacing);
        let adoption = adoption(plane, row, &manifest, &safety);
        put_in_place(plane, staged, adoption).await.map(|()| Ended::Recorded)
    } else {
        Ok(Ended::Cancelled)
    };
    if credentials {
        let dir = plane.backups.data_dir.clone();
        let settled = plane.store.read(move |connection| fresh::settle_credentials(connection, &dir)).await;
        if let Err(error) = settled {
            tracing::error!(%error, "the new credentials are not in place; the next start puts them there");
        }
    }
    swapped
}

/// Downloads and proves.
async fn fetch(
    plane: &SharedPlane,
    row: &Row,
    progress: &Progress,
    dir: &Path,
) -> Result<(PathBuf, Manifest), Trouble> {
    let place = super::place(row)?;
    let (_, shelf) = plane.shelf(&row.location).await?;
    super::reach(&shelf, progress).await?;
    let vault = plane.vault(shelf.store.clone());
    let found = vault.look(&place).await?;
    if let Some(refusal) = plane.refusals(&found, &row.kind).into_iter().next() {
        return Err(Trouble::new(refusal.message));
    }
    let mut fetched = vault.fetch(&place, dir, progress).await?;
    let staged = fetched.files.remove(database::STREAM);
    let staged = staged.ok_or_else(|| Trouble::new("the backup holds no database of a plane"))?;
    // Before the safety backup: what cannot be restored leaves nothing behind.
    adopt::open_known(&staged)?;
    Ok((staged, fetched.manifest))
}

/// The state as it is now goes to the same location first; without that nothing is restored.
async fn safety_backup(plane: &SharedPlane, row: &Row, progress: &Progress) -> Result<String, Trouble> {
    progress
        .tell(|moment| *moment = crate::backup::progress::Moment { phase: Phase::SavingSafety, ..Default::default() });
    let uid = row.stale.first().ok_or_else(|| Trouble::new("the job has no safety backup"))?.clone();
    let made = create::make(plane, &row.location, &uid, None, progress).await.map_err(|trouble| Trouble {
        reason: format!("The safety backup failed, so nothing was changed: {}", trouble.reason),
        ..trouble
    })?;
    let also = create::made(&row.location, &made);
    let mut told = attempt(row);
    told.resource = named(kind::BACKUP, &uid);
    let entry = told.entry(format!("Made the safety backup {uid} in {}.", row.location));
    let now = plane.now();
    let noted = plane.store.write(move |transaction| {
        also(transaction, now)?;
        audits::record(transaction, now, &entry)
    });
    noted.await?;
    Ok(uid)
}

/// Brings the fetched database up to date, and on another plane gives its accounts new passwords; whether it did.
async fn prepare(plane: &SharedPlane, row: &Row, staged: &Path) -> Result<bool, Trouble> {
    let (staged, dir) = (staged.to_owned(), plane.backups.data_dir.clone());
    let recovers = row.kind == JobKind::Recover;
    let prepared = tokio::task::spawn_blocking(move || {
        let connection = adopt::update(&staged)?;
        if recovers {
            fresh::renew_accounts(&connection, &dir)?;
        }
        Ok(recovers)
    });
    prepared.await.map_err(|error| Trouble::new(error.to_string()))?
}

fn adoption(plane: &SharedPlane, row: &Row, manifest: &Manifest, safety: &str) -> Adoption {
    let now = plane.now();
    let verb = if row.kind == JobKind::Recover { "Recovered" } else { "Restored" };
    let accounts = if row.kind == JobKind::Recover {
        "The accounts in force are the backup's; their new passwords are in credentials.toml. All schedules are paused."
    } else {
        "The accounts and passwords in force are the backup's."
    };
    let result = format!(
        "{verb} the state of {} UTC from the backup {}. The state from before is the safety backup {safety} in {}. {accounts} Everyone signs in again.",
        manifest.started.format("%Y-%m-%d %H:%M"),
        row.backup_uid,
        row.location
    );
    let entry = attempt(row).entry(result.clone());
    let row = Row {
        state: JobState::Completed,
        finished: Some(now),
        result,
        advice: String::new(),
        stale: Vec::new(),
        ..row.clone()
    };
    let plane_uid = plane.identity.get().plane_uid.clone();
    let entry_uid = uid::fresh();
    Adoption { row, entry, entry_uid, plane_uid, keys: plane.backups.keys.clone(), now }
}

/// Adopts and swaps, as often as it takes until nobody else reads the database.
async fn put_in_place(plane: &SharedPlane, staged: PathBuf, adoption: Adoption) -> Result<(), Trouble> {
    let mut adoption = adoption;
    for _ in 0..TRIES {
        let (path, shared) = (staged.clone(), plane.clone());
        let done = plane.store.replace(move |connection| {
            let (swapped, adoption) = adopt_and_swap(&shared, connection, path, adoption);
            (swapped.connection, (swapped.outcome, adoption))
        });
        let (outcome, back) = done.await.map_err(Trouble::from)?;
        adoption = back;
        match outcome {
            Ok(()) => {
                carry_on(plane).await;
                return Ok(());
            }
            Err(Failure::Storage(storage)) if storage == swap::busy() => tokio::time::sleep(TRY_AGAIN_AFTER).await,
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Trouble::new("another process reads the database and does not end; nothing was changed"))
}

fn adopt_and_swap(
    plane: &SharedPlane,
    connection: rusqlite::Connection,
    staged: PathBuf,
    adoption: Adoption,
) -> (Swapped, Adoption) {
    let prepared = refuse_beside_migrations(&connection).and_then(|()| {
        let mut opened = adopt::update(&staged).map_err(|trouble| StorageError::Internal(trouble.reason))?;
        adopt::adopt(&mut opened, &plane.backups.data_dir.join(DATABASE), &adoption)?;
        // What the state says of the plane is in force from the moment the database is.
        fresh::identity(&opened)
    });
    let (identity, keyring) = match prepared {
        Ok(read) => read,
        Err(failure) => return (Swapped { connection: Some(connection), outcome: Err(failure) }, adoption),
    };
    let data_dir = plane.backups.data_dir.clone();
    let swap = Swap { data_dir, staged, quota: plane.backups.quota, now: adoption.now };
    let swapped = swap.run(connection);
    if let (Ok(()), Some(connection)) = (&swapped.outcome, &swapped.connection) {
        // Before anyone is asked to sign in again, the passwords must be there.
        if let Err(error) = fresh::settle_credentials(connection, &plane.backups.data_dir) {
            tracing::error!(%error, "the new credentials are not in place; the next start puts them there");
        }
        plane.identity.set(identity);
        plane.keyring.set(keyring);
    }
    (swapped, adoption)
}

/// The restored state may hold a migration that was under way when it was saved.
async fn carry_on(plane: &SharedPlane) {
    match plane.store.read(|connection| Ok(migrations::running(connection)?)).await {
        Ok(running) => {
            for migration in running {
                let _ = plane.orders.send(migration.id);
            }
        }
        Err(error) => tracing::error!(%error, "migrations of the restored state could not be read"),
    }
}
