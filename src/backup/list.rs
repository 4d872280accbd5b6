//! What lies in a location.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::folder::{self, Folder, Refusal};
use super::known::Allowance;
use super::layout::{self, Role};
use super::{Authentic, Error, Found, FoundState, Inventory, Kind, Known, Place, Vault, manifest};
use crate::storage::{Listing, ObjectPath};
use crate::text;

impl Vault {
    /// What lies in the location. One bad folder hides nothing else.
    ///
    /// # Errors
    /// Where the location cannot be listed.
    pub async fn list(&self, known: Known) -> Result<Inventory, Error> {
        self.listed(known).await.map_err(|kind| Error { operation: "list the backups".to_owned(), kind })
    }

    /// One backup, read anew.
    ///
    /// # Errors
    /// Where there is no such folder, or it cannot be read.
    pub async fn look(&self, place: &Place) -> Result<Found, Error> {
        let found = async { Ok::<_, Kind>(self.examine(place).await?.0) };
        found.await.map_err(|kind| Error { operation: format!("look at the backup {}", place.uid), kind })
    }

    /// One backup with its manifest's file, read anew.
    pub(super) async fn examine(&self, place: &Place) -> Result<(Found, Folder, Option<Bytes>), Kind> {
        let folder = folder::open(&*self.store, place).await?;
        if folder.objects.is_empty() {
            return Err(Kind::NotFound);
        }
        let (found, file) = self.classify(&folder, None, Refusal::Error).await?;
        Ok((found, folder, file))
    }

    async fn listed(&self, known: Known) -> Result<Inventory, Kind> {
        let Contents { mut folders, mut strangers, closed } = self.folders(&layout::planes()?).await?;
        strangers.extend(folders.iter().flat_map(Folder::strange));
        folders.retain(|folder| !folder.objects.is_empty());
        folders.sort_by(|a, b| (&b.place.uid, &b.place.plane_uid).cmp(&(&a.place.uid, &a.place.plane_uid)));
        let looks = folders.iter().map(|folder| {
            let before = folder.manifest().and_then(|entry| known.unchanged(&folder.place, entry));
            async move { Ok::<_, Kind>((folder, self.seen(folder, before).await?)) }
        });
        let looks: Vec<_> = looks.collect();
        // In their order: where not all can be kept, the newest are.
        let mut looks = stream::iter(looks).buffered(self.store.concurrency().max(1));
        let mut inventory = Inventory { strangers, closed, ..Inventory::default() };
        let mut allowance = Allowance::new();
        while let Some((folder, seen)) = looks.try_next().await? {
            let Some((mut found, file)) = seen else { continue };
            let bytes = file.as_ref().map_or(0, Bytes::len);
            if self.is_proved(&found.state, file.as_deref()) || allowance.take(bytes) {
                if let Some((entry, file)) = folder.manifest().zip(file).filter(|_| is_worth_keeping(&found.state)) {
                    inventory.known.remember(found.place.clone(), entry, file);
                }
            } else {
                found.state = without_manifest(found.state);
            }
            inventory.found.push(found);
        }
        Ok(inventory)
    }

    /// Whether a manifest was written by someone who has a key of ours.
    fn is_proved(&self, state: &FoundState, file: Option<&[u8]>) -> bool {
        match (state, file) {
            (FoundState::Complete(_, authentic), _) => *authentic == Authentic::Yes,
            (FoundState::Damaged(Some(manifest), _) | FoundState::Deleting(Some(manifest)), Some(file)) => {
                manifest::authentic(file, manifest, &self.keys) == Authentic::Yes
            }
            _ => false,
        }
    }

    /// The folders below one, and what is none.
    pub(super) async fn folders(&self, below: &ObjectPath) -> Result<Contents, Kind> {
        let Listing { entries, strangers, closed, .. } = self.store.walk(below).await?;
        let mut strangers: Vec<String> = strangers.iter().map(|name| text::clean(name).into_owned()).collect();
        let mut folders: BTreeMap<Place, Folder> = BTreeMap::new();
        for entry in entries {
            match layout::place_of(&entry.path) {
                Some(place) => folders.entry(place.clone()).or_insert_with(|| Folder::empty(place)).add(entry),
                None => strangers.push(entry.path.as_str().to_owned()),
            }
        }
        Ok(Contents { folders: folders.into_values().collect(), strangers, closed })
    }

    /// What a folder that was just listed is; none where it is gone by now. What is being deleted meanwhile is not damaged.
    async fn seen(&self, folder: &Folder, before: Option<Bytes>) -> Result<Option<(Found, Option<Bytes>)>, Kind> {
        let seen = self.classify(folder, before, Refusal::Words).await?;
        if folder.manifest().is_none() || !matches!(seen.0.state, FoundState::Damaged(None, _)) {
            return Ok(Some(seen));
        }
        match folder::open(&*self.store, &folder.place).await {
            Ok(now) if now.objects.is_empty() => Ok(None),
            Ok(now) if now.manifest().is_none() => Ok(Some(self.classify(&now, None, Refusal::Words).await?)),
            _ => Ok(Some(seen)),
        }
    }

    /// What a folder is, and its manifest's file; `before` is that file from earlier.
    async fn classify(
        &self,
        folder: &Folder,
        before: Option<Bytes>,
        refusal: Refusal,
    ) -> Result<(Found, Option<Bytes>), Kind> {
        let file = match before {
            Some(file) => Some(Ok(file)),
            None => folder::manifest_file(&*self.store, folder, refusal).await?,
        };
        let state = match &file {
            Some(Err(words)) if !folder.has(Role::Tomb) => FoundState::Damaged(None, words.clone()),
            Some(Ok(file)) => folder.state(Some(file), &self.keys),
            _ => folder.state(None, &self.keys),
        };
        Ok((folder.found(state), file.and_then(Result::ok)))
    }
}

/// What lies below a folder.
pub(super) struct Contents {
    /// Folders of backups.
    pub(super) folders: Vec<Folder>,
    /// What is none, in words.
    pub(super) strangers: Vec<String>,
    /// Folders that the account may not enter.
    pub(super) closed: Vec<ObjectPath>,
}

/// Whether the next listing can use the manifest again.
fn is_worth_keeping(state: &FoundState) -> bool {
    matches!(state, FoundState::Complete(..) | FoundState::Damaged(Some(_), _))
}

/// The same where there is no room for its manifest.
fn without_manifest(state: FoundState) -> FoundState {
    match state {
        FoundState::Complete(..) | FoundState::Damaged(Some(_), _) => {
            let words = "its manifest was not written with a key of this plane, and more such ones lie here than are kept; look at it by itself";
            FoundState::Damaged(None, words.to_owned())
        }
        FoundState::Deleting(_) => FoundState::Deleting(None),
        other => other,
    }
}
