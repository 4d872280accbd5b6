//! What a crash left behind: deletions to finish, half-made backups to remove, trials of the location that were cut. Of
//! backups, only this plane's own folder is touched, and in it only what is certainly dead.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::folder::Folder;
use super::layout::{self, Begin, Role};
use super::list::Contents;
use super::{BackupUid, Error, Kind, Place, Progress, Swept, Vault};
use crate::storage::{Entry, Listing, ObjectPath, Store, scratch};

/// How old the newest object of a half-made backup must be, in hours.
const SAFETY_HOURS: i64 = 24;
const LARGEST_BEGIN: usize = 64 << 10;
/// Folders of one trial that are looked into; a trial makes three.
const MOST_FOLDERS: usize = 16;

impl Vault {
    /// Finishes deletions that were cut short and removes half-made backups, of this plane only, that are a day old by the
    /// server's clock and not in `alive`.
    ///
    /// # Errors
    /// Where the location cannot be listed, so that nothing was done. What goes wrong later is in [`Swept`], beside what
    /// was done all the same.
    pub async fn sweep(&self, alive: &[BackupUid]) -> Result<Swept, Error> {
        self.swept(alive).await.map_err(failed)
    }

    async fn swept(&self, alive: &[BackupUid]) -> Result<Swept, Kind> {
        let Contents { folders, closed, .. } = self.folders(&layout::backups(&self.plane_uid)?).await?;
        self.remove_empty(&folders, &closed, alive).await?;
        let mut swept = Swept::default();
        for folder in folders.iter().filter(|folder| !alive.contains(&folder.place.uid)) {
            match self.sweep_one(folder, &mut swept).await {
                Ok(()) => {}
                // One that cannot be removed keeps nobody from removing the others.
                Err(kind) => {
                    tracing::warn!(uid = %folder.place.uid, error = %kind, "cannot sweep");
                    swept.failed.get_or_insert_with(|| failed(kind));
                }
            }
        }
        self.sweep_trials().await;
        Ok(swept)
    }

    /// Removes what trials of the location left behind. That is no backup and takes up next to nothing, so one that stays
    /// makes no pass a failed one.
    async fn sweep_trials(&self) {
        let trials = match self.trials().await {
            Ok(trials) => trials,
            Err(kind) => {
                return tracing::warn!(error = %kind, "cannot look for what trials of the location left behind");
            }
        };
        for trial in trials {
            let name = trial.path.name().to_owned();
            if let Err(kind) = self.sweep_trial(trial).await {
                tracing::warn!(name, error = %kind, "cannot sweep what a trial of the location left behind");
            }
        }
    }

    /// Removes folders of backups with nothing in them, where folders are things of their own. One that may not be
    /// entered is none of them, and one that is not empty after all stays: it cannot be removed.
    async fn remove_empty(&self, folders: &[Folder], closed: &[ObjectPath], alive: &[BackupUid]) -> Result<(), Kind> {
        let above = layout::backups(&self.plane_uid)?;
        let old = |uid: &BackupUid| uid.time().is_some_and(|time| is_past(time, self.clock.now()));
        let named = self.store.list(&above).await?.folders;
        for uid in named.iter().filter_map(|name| name.parse::<BackupUid>().ok()) {
            let filled = folders.iter().any(|folder| folder.place.uid == uid);
            if !filled && !alive.contains(&uid) && old(&uid) {
                let folder = layout::folder(&Place { plane_uid: self.plane_uid.clone(), uid })?;
                if closed.iter().any(|closed| *closed == folder || closed.is_below(&folder)) {
                    continue;
                }
                if let Err(error) = self.store.delete_folder(&folder).await {
                    tracing::debug!(%error, "an empty folder stays");
                }
            }
        }
        Ok(())
    }

    async fn sweep_one(&self, folder: &Folder, swept: &mut Swept) -> Result<(), Kind> {
        if folder.has(Role::Tomb) {
            self.erase(&folder.place, &Progress::new().0).await?;
            swept.finished.push(folder.place.clone());
        } else if folder.manifest().is_none() && !folder.objects.is_empty() && self.is_old(folder).await? {
            self.discard(folder).await?;
            swept.removed.push(folder.place.clone());
        }
        Ok(())
    }

    async fn is_old(&self, folder: &Folder) -> Result<bool, Kind> {
        let ours = self.clock.now();
        let (written, now) = match folder.newest() {
            Some(newest) => (Some(newest), self.server_time().await?),
            None => (self.begun(folder).await?, ours),
        };
        Ok(written.is_some_and(|written| is_past(written, now)))
    }

    /// What time it is by the server's clock, or by ours where it never says.
    async fn server_time(&self) -> Result<DateTime<Utc>, Kind> {
        let clock = self.store.ask_clock().await?;
        let ours = self.clock.now();
        let ahead = clock.map(|clock| clock.server.signed_duration_since(clock.ours));
        Ok(ahead.and_then(|ahead| ours.checked_add_signed(ahead)).unwrap_or(ours))
    }

    /// What trials of the location left behind, or write just now. They belong to no plane.
    async fn trials(&self) -> Result<Vec<Trial>, Kind> {
        let top = layout::top()?;
        let Listing { entries, folders, .. } = self.store.list(&top).await?;
        let mut trials = BTreeMap::new();
        let found = |path: ObjectPath| (path.clone(), Trial { path, object: None, is_folder: false });
        for entry in entries.into_iter().filter(|entry| scratch::is_one(entry.path.name())) {
            let (path, trial) = found(entry.path.clone());
            trials.entry(path).or_insert(trial).object = Some(entry);
        }
        for name in folders.iter().filter(|name| scratch::is_one(name)) {
            let (path, trial) = found(layout::object(&top, name)?);
            trials.entry(path).or_insert(trial).is_folder = true;
        }
        Ok(trials.into_values().collect())
    }

    /// Removes what a trial left behind that was cut a day ago by the server's clock, or by its name where the server
    /// does not date its objects.
    async fn sweep_trial(&self, trial: Trial) -> Result<(), Kind> {
        let path = trial.path.clone();
        let Remains { objects, folders } = trial.remains(&*self.store).await?;
        let newest = objects.iter().filter_map(|entry| entry.modified).max();
        let old = match newest {
            Some(newest) => is_past(newest, self.server_time().await?),
            None => scratch::begun(path.name()).is_some_and(|begun| is_past(begun, self.clock.now())),
        };
        if !old {
            return Ok(());
        }
        for entry in &objects {
            self.store.delete(&entry.path).await?;
        }
        // Innermost first.
        for folder in folders.iter().rev() {
            self.store.delete_folder(folder).await?;
        }
        tracing::info!(name = path.name(), "removed what a trial of the location left behind");
        Ok(())
    }

    /// When a backup was begun, by the clock of the plane that made it: where the server does not date its objects.
    async fn begun(&self, folder: &Folder) -> Result<Option<DateTime<Utc>>, Kind> {
        let mut newest = folder.place.uid.time();
        for entry in folder.with(Role::Begin) {
            let bytes = match self.store.get(&entry.path, LARGEST_BEGIN).await {
                Ok(bytes) => bytes,
                Err(error) if error.kind == crate::storage::Kind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            let begin: Option<Begin> = serde_json::from_slice(&bytes).ok();
            newest = newest.max(begin.map(|begin| begin.started));
        }
        Ok(newest)
    }
}

/// A trial of the location by what lies at its path: an object, a folder, or both, as S3 can have it.
struct Trial {
    path: ObjectPath,
    object: Option<Entry>,
    is_folder: bool,
}

/// What a trial left behind.
struct Remains {
    objects: Vec<Entry>,
    /// Outermost first.
    folders: Vec<ObjectPath>,
}

impl Trial {
    /// All of it, as deep as a trial goes.
    async fn remains(self, store: &dyn Store) -> Result<Remains, Kind> {
        let mut objects: Vec<Entry> = self.object.into_iter().collect();
        let mut folders: Vec<ObjectPath> = self.is_folder.then_some(self.path).into_iter().collect();
        let mut next = 0;
        while let Some(folder) = folders.get(next).filter(|_| next < MOST_FOLDERS).cloned() {
            let found = store.list(&folder).await?;
            objects.extend(found.entries);
            folders.extend(found.folders.iter().filter_map(|name| folder.join(name).ok()));
            next += 1;
        }
        Ok(Remains { objects, folders })
    }
}

fn failed(kind: Kind) -> Error {
    Error { operation: "sweep up after earlier backups".to_owned(), kind }
}

fn is_past(time: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now.signed_duration_since(time) > TimeDelta::hours(SAFETY_HOURS)
}
