//! The engine: makes, lists, proves, fetches and deletes backups in a [`Store`], by one protocol for all of them.
//!
//! A backup is a folder of immutable segments, committed by `manifest.json`, which is written last and read back: no
//! manifest, no backup. Deleting goes the other way round: tombstone, manifest, segments, tombstone. So whatever
//! moment a process or a network dies in, what is listed as complete is complete.
//!
//! ```text
//! palbackup/format                                     {"format":1}
//! palbackup/c/<plane uid>/b/<backup uid>/
//!     begin-<writer>.json        who makes it, since when
//!     s-<stream>-<00001>.seg     compressed, then encrypted, cut into equal segments
//!     manifest.json              the commit marker: everything named, sized and hashed, under a MAC
//!     tomb-<deleter>.json        it is being deleted
//! ```

mod create;
mod delete;
mod digest;
pub mod error;
mod fetch;
mod folder;
pub mod key;
mod known;
mod layout;
mod list;
pub mod manifest;
mod pack;
mod patience;
pub mod progress;
pub mod retention;
pub mod sources;
mod sweep;
pub mod uid;
mod unpack;
mod verify;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::clock::SharedClock;
use crate::storage::{ObjectPath, Store};

pub use error::{Error, Kind};
pub use key::KeyRing;
pub use known::Known;
pub use layout::MANIFEST;
pub use manifest::Manifest;
pub use progress::{Phase, Progress};
pub use sources::{Opened, Source};
pub use uid::BackupUid;

/// The backups in one location, as one plane sees them.
#[derive(Clone)]
pub struct Vault {
    /// The location.
    pub store: Arc<dyn Store>,
    /// Uid of this plane; its backups lie in its own folder.
    pub plane_uid: String,
    /// Uid of this writer, 1 to 40 letters and digits: a process that begins anew has a new one.
    pub writer: String,
    /// Keys that backups are made and opened with.
    pub keys: KeyRing,
    /// What time it is.
    pub clock: SharedClock,
    /// Version of the program, for the manifest.
    pub version: String,
    /// Directory for what must be on disk for a while (0700, emptied by whoever owns it).
    pub scratch: PathBuf,
}

/// A backup to make.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its uid, recorded by the caller before anything is written.
    pub uid: BackupUid,
    /// The slot of the schedule that it fills.
    pub slot: Option<DateTime<Utc>>,
    /// Days that it stays.
    pub retention_days: u32,
    /// Encrypt it.
    pub encrypted: bool,
    /// zstd level; `None` packs nothing.
    pub level: Option<i32>,
    /// Bytes of a segment.
    pub segment_bytes: usize,
}

/// Which backup: uids are unique, and folders belong to planes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Uid of the plane that made it.
    pub plane_uid: String,
    /// Its uid.
    pub uid: BackupUid,
}

/// A folder of the location, and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Which.
    pub place: Place,
    /// What it is.
    pub state: FoundState,
    /// Bytes of all its objects.
    pub bytes: u64,
    /// When the server says that its newest object was written.
    pub newest: Option<DateTime<Utc>>,
}

/// What a folder is.
#[derive(Clone, Debug, PartialEq)]
pub enum FoundState {
    /// Committed, every segment there in its size.
    Complete(Box<Manifest>, Authentic),
    /// A tombstone lies there; with the manifest, as far as it can be read.
    Deleting(Option<Box<Manifest>>),
    /// No manifest: being made, or left behind.
    Incomplete,
    /// Its manifest cannot be right, or segments are missing or of another size; in words.
    Damaged(Option<Box<Manifest>>, String),
    /// Written by a newer version; its format.
    Newer(u32),
}

/// Whether a manifest was written by someone who has the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentic {
    /// It was.
    Yes,
    /// It was not: it is forged or damaged.
    No,
    /// That cannot be told without its key.
    KeyMissing,
}

/// What lies in a location.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// Every backup folder of every plane, newest first.
    pub found: Vec<Found>,
    /// What is no backup, in words; never touched.
    pub strangers: Vec<String>,
    /// Folders that the account may not enter; backups may lie in them.
    pub closed: Vec<ObjectPath>,
    /// Manifests, for the next listing.
    pub known: Known,
}

impl Inventory {
    /// Whether the folder of a backup is, or lies in, one that the account may not enter: nobody can tell what is in it.
    #[must_use]
    pub fn hides(&self, place: &Place) -> bool {
        layout::folder(place)
            .is_ok_and(|folder| self.closed.iter().any(|closed| folder == *closed || folder.is_below(closed)))
    }
}

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The manifest's authenticity, and that every segment is there in its size.
    Quick,
    /// Every stored byte against its hash; needs no key.
    Data,
    /// Everything decrypted, unpacked, hashed again, and checked by its source.
    Full,
}

/// What a verification found: nothing wrong, or what, object by object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Sentences that each name an object; empty where it is whole.
    pub faults: Vec<String>,
}

/// A backup that was fetched and proved: its streams as plain files.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// Its manifest.
    pub manifest: Manifest,
    /// Files by stream.
    pub files: BTreeMap<String, PathBuf>,
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deletions that were finished.
    pub finished: Vec<Place>,
    /// Half-made backups that were removed.
    pub removed: Vec<Place>,
    /// Why a remainder stays: the first error. It kept nobody from sweeping the others.
    pub failed: Option<Error>,
}

#[cfg(test)]
mod tests;
