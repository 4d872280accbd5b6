//! What lies in a location.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::folder::{self, Folder, Refusal};
use super::layout::{self, Role};
use super::{Error, Found, FoundState, Inventory, Kind, Known, Place, Vault};
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

    async fn listed(&self, mut known: Known) -> Result<Inventory, Kind> {
        let (folders, mut strangers) = self.folders(&layout::planes()?).await?;
        strangers.extend(folders.iter().flat_map(Folder::strange));
        let looks = folders.iter().filter(|folder| !folder.objects.is_empty()).map(|folder| {
            let before = known.remove(&folder.place);
            async move { self.classify(folder, before, Refusal::Words).await }
        });
        let looks: Vec<_> = looks.collect();
        let found: Vec<(Found, Option<Bytes>)> =
            stream::iter(looks).buffer_unordered(self.store.concurrency().max(1)).try_collect().await?;
        let mut inventory = Inventory { strangers, ..Inventory::default() };
        for (found, file) in found {
            if let Some(file) = file {
                inventory.known.insert(found.place.clone(), file);
            }
            inventory.found.push(found);
        }
        inventory.found.sort_by(|a, b| (&b.place.uid, &b.place.plane_uid).cmp(&(&a.place.uid, &a.place.plane_uid)));
        Ok(inventory)
    }

    /// The folders below one, and what is none, in words.
    pub(super) async fn folders(&self, below: &ObjectPath) -> Result<(Vec<Folder>, Vec<String>), Kind> {
        let Listing { entries, strangers, .. } = self.store.walk(below).await?;
        let mut strangers: Vec<String> = strangers.iter().map(|name| text::clean(name).into_owned()).collect();
        let mut folders: BTreeMap<Place, Folder> = BTreeMap::new();
        for entry in entries {
            match layout::place_of(&entry.path) {
                Some(place) => folders.entry(place.clone()).or_insert_with(|| Folder::empty(place)).add(entry),
                None => strangers.push(entry.path.as_str().to_owned()),
            }
        }
        Ok((folders.into_values().collect(), strangers))
    }

    /// What a folder is, and its manifest's file where it is worth keeping; `before` is that file from earlier.
    async fn classify(
        &self,
        folder: &Folder,
        before: Option<Bytes>,
        refusal: Refusal,
    ) -> Result<(Found, Option<Bytes>), Kind> {
        let listed = folder.manifest().filter(|_| !folder.has(Role::Tomb)).and_then(|entry| entry.bytes);
        let unchanged = before.filter(|file| listed == Some(file.len() as u64));
        let file = match unchanged {
            Some(file) => Some(Ok(file)),
            None => folder::manifest_file(&*self.store, folder, refusal).await?,
        };
        let state = match &file {
            Some(Err(words)) if !folder.has(Role::Tomb) => FoundState::Damaged(None, words.clone()),
            Some(Ok(file)) => folder.state(Some(file), &self.keys),
            _ => folder.state(None, &self.keys),
        };
        let keep = matches!(state, FoundState::Complete(..) | FoundState::Damaged(Some(_), _));
        Ok((folder.found(state), file.and_then(Result::ok).filter(|_| keep)))
    }
}
