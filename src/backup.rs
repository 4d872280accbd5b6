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

pub mod error;
pub mod key;
pub mod manifest;
pub mod progress;
pub mod retention;
pub mod sources;
pub mod uid;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::clock::SharedClock;
use crate::storage::Store;

pub use error::{Error, Kind};
pub use key::KeyRing;
pub use manifest::Manifest;
pub use progress::Progress;
pub use sources::{Opened, Source};
pub use uid::BackupUid;

/// The backups in one location, as one plane sees them.
#[derive(Clone)]
pub struct Vault {
    /// The location.
    pub store: Arc<dyn Store>,
    /// Uid of this plane; its backups lie in its own folder.
    pub plane_uid: String,
    /// Uid of this writer: a process that begins anew has a new one.
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

/// Manifests that were read before, by place. They never change, so none is read twice.
pub type Known = BTreeMap<Place, Bytes>;

/// What lies in a location.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// Every backup folder of every plane, newest first.
    pub found: Vec<Found>,
    /// What is no backup, in words; never touched.
    pub strangers: Vec<String>,
    /// Manifests, for the next listing.
    pub known: Known,
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
}

impl Vault {
    /// Makes a backup. When this returns, it is committed and was read back. Where it fails, what was written is
    /// removed as far as that goes; the sweep does the rest.
    ///
    /// # Errors
    /// In words.
    pub async fn create(
        &self,
        order: Order,
        sources: Vec<Box<dyn Source>>,
        progress: &Progress,
    ) -> Result<Manifest, Error> {
        let _ = (order, sources, progress);
        Err(Error::not_built())
    }

    /// What lies in the location. One bad folder hides nothing else.
    ///
    /// # Errors
    /// Where the location cannot be listed.
    pub async fn list(&self, known: Known) -> Result<Inventory, Error> {
        let _ = known;
        Err(Error::not_built())
    }

    /// One backup, read anew.
    ///
    /// # Errors
    /// Where there is no such folder, or it cannot be read.
    pub async fn look(&self, place: &Place) -> Result<Found, Error> {
        let _ = place;
        Err(Error::not_built())
    }

    /// Proves a backup as far as `level` goes.
    ///
    /// # Errors
    /// Where it could not be looked at; a backup that is not whole is no error but a [`Verdict`].
    pub async fn verify(&self, place: &Place, level: Level, progress: &Progress) -> Result<Verdict, Error> {
        let _ = (place, level, progress);
        Err(Error::not_built())
    }

    /// Fetches a backup into `into` (an empty directory, made where it is missing) and proves everything on the way; only
    /// then are the files there. Fails before any segment is read where the key is missing.
    ///
    /// # Errors
    /// In words; nothing stays in the directory then.
    pub async fn fetch(&self, place: &Place, into: &Path, progress: &Progress) -> Result<Fetched, Error> {
        let _ = (place, into, progress);
        Err(Error::not_built())
    }

    /// The files of a backup as they lie in the location: the manifest first, then the segments.
    ///
    /// # Errors
    /// Where it is not complete or cannot be read.
    pub async fn files(&self, place: &Place) -> Result<Vec<(String, u64)>, Error> {
        let _ = place;
        Err(Error::not_built())
    }

    /// One of these files, checked against the manifest.
    ///
    /// # Errors
    /// Where it is not what the manifest says.
    pub async fn file(&self, place: &Place, name: &str) -> Result<Bytes, Error> {
        let _ = (place, name);
        Err(Error::not_built())
    }

    /// Deletes a backup, or finishes a deletion that was cut short. One that is not there is deleted already.
    ///
    /// # Errors
    /// In words; run again, it goes on where it stopped.
    pub async fn delete(&self, place: &Place, progress: &Progress) -> Result<(), Error> {
        let _ = (place, progress);
        Err(Error::not_built())
    }

    /// Removes what a create of this plane left behind that is known to be dead.
    ///
    /// # Errors
    /// In words.
    pub async fn abandon(&self, uid: &BackupUid) -> Result<(), Error> {
        let _ = uid;
        Err(Error::not_built())
    }

    /// Finishes deletions that were cut short and removes half-made backups, of this plane only, that are a day old by the
    /// server's clock and not in `alive`.
    ///
    /// # Errors
    /// Where the location cannot be listed.
    pub async fn sweep(&self, alive: &[BackupUid]) -> Result<Swept, Error> {
        let _ = alive;
        Err(Error::not_built())
    }
}
