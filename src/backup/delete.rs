//! Deleting: tombstone, manifest, the rest, tombstone. Whatever moment it stops in, it can be taken up again, and nothing
//! that is half gone looks whole. Where the server is full, the tombstone is left out.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::folder::{self, Folder, Refusal};
use super::layout::{self, Role, Tomb};
use super::patience::Patient;
use super::{BackupUid, Error, Kind, Phase, Place, Progress, Vault};
use crate::storage::{self, Entry, ObjectPath};

/// How long a failed job tidies up behind itself; the sweep does what is left.
const TIDYING: Duration = Duration::from_mins(1);

impl Vault {
    /// Deletes a backup, or finishes a deletion that was cut short. One that is not there is deleted already. Files in
    /// its folder that are not ours stay.
    ///
    /// # Errors
    /// In words; run again, it goes on where it stopped.
    pub async fn delete(&self, place: &Place, progress: &Progress) -> Result<(), Error> {
        let failed = |kind| Error { operation: format!("delete the backup {}", place.uid), kind };
        self.erase(place, progress).await.map_err(failed)
    }

    /// Removes what a create of this plane left behind that is known to be dead. One that was committed after all is left
    /// as it is.
    ///
    /// # Errors
    /// In words.
    pub async fn abandon(&self, uid: &BackupUid) -> Result<(), Error> {
        let failed = |kind| Error { operation: format!("remove what is left of the backup {uid}"), kind };
        let place = Place { plane_uid: self.plane_uid.clone(), uid: uid.clone() };
        let left = async {
            let folder = folder::open(&*self.store, &place).await?;
            if folder.has(Role::Tomb) {
                return self.erase(&place, &Progress::new().0).await;
            }
            if folder.manifest().is_some() { Ok(()) } else { self.discard(&folder).await }
        };
        left.await.map_err(failed)
    }

    /// Tidies up after a create that failed, as far as that goes in a while. `committing` tells that its manifest may
    /// have been written.
    pub(super) async fn tidy(&self, place: &Place, committing: bool) {
        let work = async {
            if committing {
                return self.erase(place, &Progress::new().0).await;
            }
            self.discard(&folder::open(&*self.store, place).await?).await
        };
        match tokio::time::timeout(TIDYING, work).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(uid = %place.uid, %error, "what a failed backup left behind stays for the sweep")
            }
            Err(_) => tracing::warn!(uid = %place.uid, "what a failed backup left behind stays for the sweep"),
        }
    }

    pub(super) async fn erase(&self, place: &Place, progress: &Progress) -> Result<(), Kind> {
        let store = Patient::new(self.store.clone(), progress);
        let path = layout::folder(place)?;
        let mut folder = Folder::of(place.clone(), store.list(&path).await?);
        progress.tell(|moment| moment.phase = Phase::Deleting);
        if !folder.objects.is_empty() {
            if !folder.has(Role::Tomb) {
                match self.bury(&store, &path, &folder).await {
                    // A server that is full must be one that can be emptied, so it goes without a tombstone: the
                    // manifest still goes first, so that what a cut leaves behind is a backup that was never finished,
                    // which the next sweep takes when it is a day old.
                    Err(Kind::Storage(error)) if error.kind == storage::Kind::Full => {
                        tracing::warn!(uid = %place.uid, %error, "deleting without a tombstone");
                    }
                    buried => buried?,
                }
            }
            for entry in folder.with(Role::Manifest) {
                store.delete(&entry.path).await?;
            }
            self.remove(&store, &folder, progress).await?;
            // Again: what was being written while the first listing was made, and our own tombstone.
            folder = Folder::of(place.clone(), store.list(&path).await?);
            for entry in folder.with(Role::Manifest) {
                store.delete(&entry.path).await?;
            }
            self.remove(&store, &folder, progress).await?;
            for entry in folder.with(Role::Tomb) {
                store.delete(&entry.path).await?;
            }
        }
        self.close(&path, &folder).await;
        Ok(())
    }

    /// Writes the tombstone, with the manifest as far as it can be read.
    async fn bury(&self, store: &Patient, path: &ObjectPath, folder: &Folder) -> Result<(), Kind> {
        let file = folder::manifest_file(&*self.store, folder, Refusal::Words).await?.and_then(Result::ok);
        let tomb = Tomb {
            uid: folder.place.uid.clone(),
            deleter: self.writer.clone(),
            started: self.clock.now(),
            manifest: file.and_then(|file| String::from_utf8(file.to_vec()).ok()),
        };
        let bytes = serde_json::to_vec(&tomb).map_err(|error| Kind::Internal(error.to_string()))?;
        Ok(store.put(&layout::object(path, &layout::tomb(&self.writer))?, &bytes.into()).await?)
    }

    /// Removes the segments and what was never finished, then who makes it.
    async fn remove(&self, store: &Patient, folder: &Folder, progress: &Progress) -> Result<(), Kind> {
        let data: Vec<&Entry> = [Role::Part, Role::Segment].iter().flat_map(|role| folder.with(*role)).collect();
        let bytes = data.iter().filter_map(|entry| entry.bytes).sum::<u64>();
        progress.tell(|moment| moment.stored_total = Some(moment.stored_total.unwrap_or_default() + bytes));
        let deletions: Vec<_> = data
            .into_iter()
            .map(|entry| async move {
                store.delete(&entry.path).await?;
                progress.tell(|moment| moment.stored_done += entry.bytes.unwrap_or_default());
                Ok::<_, Kind>(())
            })
            .collect();
        stream::iter(deletions).buffer_unordered(self.store.concurrency().max(1)).try_collect::<()>().await?;
        for entry in folder.with(Role::Begin) {
            store.delete(&entry.path).await?;
        }
        Ok(())
    }

    /// Removes a folder that has no manifest and no tombstone.
    pub(super) async fn discard(&self, folder: &Folder) -> Result<(), Kind> {
        let (progress, _) = Progress::new();
        self.remove(&Patient::new(self.store.clone(), &progress), folder, &progress).await?;
        self.close(&layout::folder(&folder.place)?, folder).await;
        Ok(())
    }

    /// Removes the folder itself, where folders are things of their own. One that stays empty does no harm.
    async fn close(&self, path: &ObjectPath, folder: &Folder) {
        if folder.strangers.is_empty()
            && let Err(error) = self.store.delete_folder(path).await
        {
            tracing::debug!(%error, "an empty folder stays");
        }
    }
}
