//! What a crash left behind: deletions to finish, half-made backups to remove. Only this plane's own folder is touched, and
//! in it only what is certainly dead.

use chrono::{DateTime, TimeDelta, Utc};

use super::folder::Folder;
use super::layout::{self, Begin, Role};
use super::{BackupUid, Error, Kind, Place, Progress, Swept, Vault};

/// How old the newest object of a half-made backup must be, in hours.
const SAFETY_HOURS: i64 = 24;
const LARGEST_BEGIN: usize = 64 << 10;

impl Vault {
    /// Finishes deletions that were cut short and removes half-made backups, of this plane only, that are a day old by the
    /// server's clock and not in `alive`.
    ///
    /// # Errors
    /// Where the location cannot be listed.
    pub async fn sweep(&self, alive: &[BackupUid]) -> Result<Swept, Error> {
        let failed = |kind| Error { operation: "sweep up after earlier backups".to_owned(), kind };
        self.swept(alive).await.map_err(failed)
    }

    async fn swept(&self, alive: &[BackupUid]) -> Result<Swept, Kind> {
        let (folders, _) = self.folders(&layout::backups(&self.plane_uid)?).await?;
        self.remove_empty(&folders, alive).await?;
        let (mut swept, mut first_error) = (Swept::default(), None);
        for folder in folders.iter().filter(|folder| !alive.contains(&folder.place.uid)) {
            match self.sweep_one(folder, &mut swept).await {
                Ok(()) => {}
                // One that cannot be removed keeps nobody from removing the others.
                Err(kind) => {
                    tracing::warn!(uid = %folder.place.uid, error = %kind, "cannot sweep");
                    first_error.get_or_insert(kind);
                }
            }
        }
        first_error.map_or(Ok(swept), Err)
    }

    /// Removes folders of backups with nothing in them, where folders are things of their own. One that is not empty
    /// after all stays: it cannot be removed.
    async fn remove_empty(&self, folders: &[Folder], alive: &[BackupUid]) -> Result<(), Kind> {
        let above = layout::backups(&self.plane_uid)?;
        let old = |uid: &BackupUid| uid.time().is_some_and(|time| is_past(time, self.clock.now()));
        let named = self.store.list(&above).await?.folders;
        for uid in named.iter().filter_map(|name| name.parse::<BackupUid>().ok()) {
            let filled = folders.iter().any(|folder| folder.place.uid == uid);
            if !filled && !alive.contains(&uid) && old(&uid) {
                let place = Place { plane_uid: self.plane_uid.clone(), uid };
                if let Err(error) = self.store.delete_folder(&layout::folder(&place)?).await {
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
            Some(newest) => (Some(newest), self.server_time(ours)),
            None => (self.begun(folder).await?, ours),
        };
        Ok(written.is_some_and(|written| is_past(written, now)))
    }

    /// What time it is by the server's clock, as far as it ever said.
    fn server_time(&self, ours: DateTime<Utc>) -> DateTime<Utc> {
        let ahead = self.store.server_clock().map(|clock| clock.server.signed_duration_since(clock.ours));
        ahead.and_then(|ahead| ours.checked_add_signed(ahead)).unwrap_or(ours)
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

fn is_past(time: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now.signed_duration_since(time) > TimeDelta::hours(SAFETY_HOURS)
}
