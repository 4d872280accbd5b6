//! One folder of the location, and what it is.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::layout::{self, Role, Tomb};
use super::manifest::{self, Flaw, Manifest};
use super::{Found, FoundState, KeyRing, Kind, Place};
use crate::storage::{Entry, Listing, Store};
use crate::text;

/// Most bytes of a tombstone: a manifest as a JSON string, and a little more.
const LARGEST_TOMB: usize = 3 * manifest::LARGEST;

/// The objects of a backup's folder, by name.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Which.
    pub place: Place,
    /// Ours.
    pub objects: BTreeMap<String, (Role, Entry)>,
    /// Names that are not ours.
    pub strangers: Vec<String>,
}

impl Folder {
    /// Nothing in it yet.
    pub fn empty(place: Place) -> Self {
        Self { place, objects: BTreeMap::new(), strangers: Vec::new() }
    }

    /// What a listing found in it, not deeper.
    pub fn of(place: Place, listing: Listing) -> Self {
        let mut folder = Self::empty(place);
        listing.entries.into_iter().for_each(|entry| folder.add(entry));
        folder.strangers.extend(listing.strangers);
        folder.strangers.extend(listing.folders);
        folder
    }

    /// One object more.
    pub fn add(&mut self, entry: Entry) {
        let name = entry.path.name().to_owned();
        match Role::of(&name) {
            Some(role) => drop(self.objects.insert(name, (role, entry))),
            None => self.strangers.push(name),
        }
    }

    /// Objects of a role.
    pub fn with(&self, role: Role) -> impl Iterator<Item = &Entry> {
        self.objects.values().filter(move |(found, _)| *found == role).map(|(_, entry)| entry)
    }

    /// Whether there is one of that role.
    pub fn has(&self, role: Role) -> bool {
        self.with(role).next().is_some()
    }

    /// The manifest's object.
    pub fn manifest(&self) -> Option<&Entry> {
        self.with(Role::Manifest).next()
    }

    /// When the server says that the newest object was written; `None` where it says it of none.
    pub fn newest(&self) -> Option<DateTime<Utc>> {
        self.objects.values().filter_map(|(_, entry)| entry.modified).max()
    }

    fn bytes(&self) -> u64 {
        self.objects.values().filter_map(|(_, entry)| entry.bytes).fold(0, u64::saturating_add)
    }

    /// The same with what it is.
    pub fn found(&self, state: FoundState) -> Found {
        Found { place: self.place.clone(), state, bytes: self.bytes(), newest: self.newest() }
    }

    /// What it is, with its manifest's file where there is one.
    pub fn state(&self, manifest: Option<&[u8]>, keys: &KeyRing) -> FoundState {
        let read = manifest.map(|bytes| (bytes, Manifest::decode(bytes, &self.place)));
        if self.has(Role::Tomb) {
            return FoundState::Deleting(read.and_then(|(_, manifest)| manifest.ok()).map(Box::new));
        }
        match read {
            None => FoundState::Incomplete,
            Some((_, Err(Flaw::Newer(format)))) => FoundState::Newer(format),
            Some((_, Err(Flaw::Damaged(words)))) => FoundState::Damaged(None, words),
            Some((bytes, Ok(manifest))) => match self.missing(&manifest) {
                Some(words) => FoundState::Damaged(Some(Box::new(manifest)), words),
                None => {
                    let authentic = manifest::authentic(bytes, &manifest, keys);
                    FoundState::Complete(Box::new(manifest), authentic)
                }
            },
        }
    }

    /// The first of the segments that are missing or of another size, and how many there are.
    fn missing(&self, manifest: &Manifest) -> Option<String> {
        let mut faults = manifest.segments().filter_map(|segment| {
            let entry = self.objects.get(&segment.name).map(|(_, entry)| entry.bytes);
            size_fault(&segment.name, segment.bytes, entry.map(|bytes| bytes.unwrap_or(segment.bytes)))
        });
        let first = faults.next()?;
        match faults.count() {
            0 => Some(first),
            more => Some(format!("{first}, and so on for {}", text::count(more, "more segment"))),
        }
    }

    /// Strangers in words, such as for a listing.
    pub fn strange(&self) -> impl Iterator<Item = String> {
        self.strangers.iter().map(|name| format!("{} in the backup {}", text::clean(name), self.place.uid))
    }
}

/// What is wrong with an object by its size; `None` for `found` is one that is not there.
pub fn size_fault(name: &str, expected: u64, found: Option<u64>) -> Option<String> {
    match found {
        None => Some(format!("{name} is missing")),
        Some(bytes) if bytes != expected => Some(format!("{name} has {bytes} bytes instead of {expected}")),
        Some(_) => None,
    }
}

/// The manifest's file of a folder: its own, or the copy in a tombstone. What cannot be read but is there comes back as
/// words; what may pass, or concerns the whole location, is an error. What is refused is one, too, unless a listing goes on
/// without it.
pub async fn manifest_file(
    store: &dyn Store,
    folder: &Folder,
    refusal: Refusal,
) -> Result<Option<Result<Bytes, String>>, Kind> {
    if let Some(entry) = folder.manifest() {
        return Ok(Some(match store.get(&entry.path, manifest::LARGEST).await {
            Ok(bytes) => Ok(bytes),
            Err(error) if is_of_the_object(error.kind, refusal) => Err(error.to_string()),
            Err(error) => return Err(error.into()),
        }));
    }
    for entry in folder.with(Role::Tomb) {
        let copy = match store.get(&entry.path, LARGEST_TOMB).await {
            Ok(bytes) => serde_json::from_slice::<Tomb>(&bytes).ok().and_then(|tomb| tomb.manifest),
            Err(error) if is_of_the_object(error.kind, refusal) => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(text) = copy {
            return Ok(Some(Ok(text.into())));
        }
    }
    Ok(None)
}

/// What a refusal to hand out an object means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// That this one cannot be told of: nothing else is hidden by it.
    Words,
    /// That nothing can be said of it.
    Error,
}

fn is_of_the_object(kind: crate::storage::Kind, refusal: Refusal) -> bool {
    use crate::storage::Kind as Cause;
    match kind {
        Cause::NotFound | Cause::Mismatch => true,
        Cause::Denied | Cause::Protocol => refusal == Refusal::Words,
        _ => false,
    }
}

/// The folder of a place, as it is now.
pub async fn open(store: &dyn Store, place: &Place) -> Result<Folder, Kind> {
    let listing = store.list(&layout::folder(place)?).await?;
    Ok(Folder::of(place.clone(), listing))
}
