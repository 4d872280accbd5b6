//! Fetching a backup: key and authenticity first, then everything proved on the way to the disk, before anyone uses it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::task::spawn_blocking;

use super::digest::sha256;
use super::folder::size_fault;
use super::key::RecoveryKey;
use super::manifest::{Segment, Stream};
use super::patience::Patient;
use super::unpack::{Target, Unpacking, disk};
use super::{Authentic, Error, Fetched, FoundState, Kind, Manifest, Phase, Place, Progress, Vault, layout, sources};
use crate::storage::{self, ObjectPath};

/// Segments that are fetched ahead.
const AHEAD: usize = 4;

impl Vault {
    /// Fetches a backup into `into` (an empty directory, made where it is missing) and proves everything on the way; only
    /// then are the files there. Fails before any segment is read where the key is missing.
    ///
    /// # Errors
    /// In words; nothing stays in the directory then.
    pub async fn fetch(&self, place: &Place, into: &Path, progress: &Progress) -> Result<Fetched, Error> {
        let failed = |kind| Error { operation: format!("fetch the backup {}", place.uid), kind };
        self.fetched(place, into, progress).await.map_err(failed)
    }

    async fn fetched(&self, place: &Place, into: &Path, progress: &Progress) -> Result<Fetched, Kind> {
        progress.tell(|moment| moment.phase = Phase::Checking);
        let (manifest, key) = self.openable(place).await?;
        let staging = Staging::new(into, manifest.plain_bytes())?;
        progress.tell(|moment| {
            moment.phase = Phase::Downloading;
            moment.plain_total = Some(manifest.plain_bytes());
            moment.stored_total = Some(manifest.bytes());
        });
        let mut files = BTreeMap::new();
        for stream in &manifest.streams {
            let file = staging.dir.join(&stream.name);
            self.fetch_stream(place, stream, key.clone(), &file, progress).await?;
            let (name, path) = (stream.name.clone(), file.clone());
            let proved = spawn_blocking(move || sources::prove(&name, &path)).await;
            let proved = proved.map_err(|error| Kind::Internal(error.to_string()))?;
            proved.map_err(|reason| Kind::Damaged(format!("the stream {}: {reason}", stream.name)))?;
            files.insert(stream.name.clone(), file);
        }
        staging.keep()?;
        progress.tell(|moment| moment.phase = Phase::Done);
        Ok(Fetched { manifest, files })
    }

    /// The manifest of a backup that can be opened here, and the key that does it.
    async fn openable(&self, place: &Place) -> Result<(Manifest, Option<Arc<RecoveryKey>>), Kind> {
        let (manifest, authentic, _) = self.complete(place).await?;
        match authentic {
            Authentic::Yes => {}
            Authentic::No => return Err(Kind::Forged),
            Authentic::KeyMissing => return Err(Kind::KeyMissing(manifest.signed_with)),
        }
        let key = self.key_of(&manifest)?;
        Ok((manifest, key))
    }

    /// The key that a backup was encrypted with; `None` where it was not.
    pub(super) fn key_of(&self, manifest: &Manifest) -> Result<Option<Arc<RecoveryKey>>, Kind> {
        let Some(fingerprint) = &manifest.encrypted_with else { return Ok(None) };
        self.keys.find(fingerprint).map(Some).ok_or_else(|| Kind::KeyMissing(fingerprint.clone()))
    }

    /// A backup that is complete, with its manifest's file.
    async fn complete(&self, place: &Place) -> Result<(Manifest, Authentic, Bytes), Kind> {
        let (found, _, file) = self.examine(place).await?;
        match found.state {
            FoundState::Complete(manifest, authentic) => Ok((*manifest, authentic, file.unwrap_or_default())),
            FoundState::Deleting(_) => Err(Kind::Deleting),
            FoundState::Incomplete => Err(Kind::Incomplete),
            FoundState::Damaged(_, words) => Err(Kind::Damaged(words)),
            FoundState::Newer(format) => Err(Kind::Newer(format)),
        }
    }

    /// Writes a stream to a file that is not there yet, owner only.
    pub(super) async fn fetch_stream(
        &self,
        place: &Place,
        stream: &Stream,
        key: Option<Arc<RecoveryKey>>,
        file: &Path,
        progress: &Progress,
    ) -> Result<(), Kind> {
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        let target = Target { file: opened.map_err(|error| disk(file, &error))?, path: file.to_owned() };
        let mut unpacking = Unpacking::new(stream.clone(), key, target, progress.clone())
            .map_err(|error| Kind::Internal(error.to_string()))?;
        let (store, folder) = (Patient::new(self.store.clone(), progress), layout::folder(place)?);
        let fetches: Vec<_> = stream.segments.iter().map(|s| segment(&store, &folder, s, progress)).collect();
        let mut fetches = stream::iter(fetches).buffered(AHEAD);
        while let Some(bytes) = fetches.next().await {
            let bytes = bytes?;
            let taken = spawn_blocking(move || unpacking.take(bytes).map(|()| unpacking)).await;
            unpacking = taken.map_err(|error| Kind::Internal(error.to_string()))??;
        }
        let finished = spawn_blocking(move || unpacking.finish()).await;
        Ok(finished.map_err(|error| Kind::Internal(error.to_string()))??)
    }

    /// The files of a backup as they lie in the location: the manifest first, then the segments.
    ///
    /// # Errors
    /// Where it is not complete or cannot be read.
    pub async fn files(&self, place: &Place) -> Result<Vec<(String, u64)>, Error> {
        let failed = |kind| Error { operation: format!("download the backup {}", place.uid), kind };
        let (manifest, authentic, file) = self.complete(place).await.map_err(failed)?;
        if authentic == Authentic::No {
            return Err(failed(Kind::Forged));
        }
        let segments = manifest.segments().map(|segment| (segment.name.clone(), segment.bytes));
        Ok(std::iter::once((layout::MANIFEST.to_owned(), file.len() as u64)).chain(segments).collect())
    }

    /// One of these files, checked against the manifest.
    ///
    /// # Errors
    /// Where it is not what the manifest says.
    pub async fn file(&self, place: &Place, name: &str) -> Result<Bytes, Error> {
        let one = async {
            let (manifest, authentic, file) = self.complete(place).await?;
            if authentic == Authentic::No {
                return Err(Kind::Forged);
            }
            if name == layout::MANIFEST {
                return Ok(file);
            }
            let found = manifest.segments().find(|segment| segment.name == name).ok_or(Kind::NotFound)?;
            let (progress, _) = Progress::new();
            let (store, folder) = (Patient::new(self.store.clone(), &progress), layout::folder(place)?);
            segment(&store, &folder, found, &progress).await
        };
        let name = crate::text::clean(name);
        one.await.map_err(|kind| Error { operation: format!("download {name} of the backup {}", place.uid), kind })
    }
}

/// A segment that is what the manifest says.
async fn segment(store: &Patient, folder: &ObjectPath, wanted: &Segment, progress: &Progress) -> Result<Bytes, Kind> {
    match read_segment(store, folder, wanted).await? {
        Read::Whole(bytes) => {
            progress.tell(|moment| moment.stored_done += wanted.bytes);
            Ok(bytes)
        }
        Read::Fault(words) => Err(Kind::Damaged(words)),
        Read::Other(_) => Err(Kind::Damaged(format!("{} is not what was written: its SHA-256 differs", wanted.name))),
    }
}

/// What lies where a segment should.
pub(super) enum Read {
    /// The segment.
    Whole(Bytes),
    /// Something else of its size; its SHA-256.
    Other(String),
    /// Nothing of its size; in words.
    Fault(String),
}

/// Reads a segment and compares it with what the manifest says.
pub(super) async fn read_segment(store: &Patient, folder: &ObjectPath, wanted: &Segment) -> Result<Read, Kind> {
    let path = layout::object(folder, &wanted.name)?;
    let most = usize::try_from(wanted.bytes).unwrap_or(usize::MAX);
    let bytes = match store.get(&path, most).await {
        Ok(bytes) => bytes,
        Err(error) => return gone_or_larger(store, &path, wanted, error).await,
    };
    if let Some(fault) = size_fault(&wanted.name, wanted.bytes, Some(bytes.len() as u64)) {
        return Ok(Read::Fault(fault));
    }
    let hashed = spawn_blocking(move || (sha256(&bytes), bytes)).await;
    let (found, bytes) = hashed.map_err(|error| Kind::Internal(error.to_string()))?;
    Ok(if found == wanted.sha256 { Read::Whole(bytes) } else { Read::Other(found) })
}

async fn gone_or_larger(
    store: &Patient,
    path: &ObjectPath,
    wanted: &Segment,
    error: storage::Error,
) -> Result<Read, Kind> {
    if !matches!(error.kind, storage::Kind::NotFound | storage::Kind::Mismatch) {
        return Err(error.into());
    }
    let fault = size_fault(&wanted.name, wanted.bytes, store.size(path).await?);
    Ok(Read::Fault(fault.unwrap_or_else(|| error.to_string())))
}

/// Where a backup is put together. Unless it is kept, nothing of it stays.
pub(super) struct Staging {
    /// The directory.
    pub dir: PathBuf,
    made: bool,
    kept: bool,
}

impl Staging {
    /// An empty directory, made where it is missing, on a disk that has `bytes` to spare.
    pub fn new(dir: &Path, bytes: u64) -> Result<Self, Kind> {
        let made = match fs::DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(disk(dir, &error).into()),
        };
        if !made && fs::read_dir(dir).map_err(|error| disk(dir, &error))?.next().is_some() {
            return Err(Kind::Disk(format!("{} is not empty", dir.display())));
        }
        let staging = Self { dir: dir.to_owned(), made, kept: false };
        sources::space_for(dir, bytes).map_err(Kind::Disk)?;
        Ok(staging)
    }

    /// Leaves the files there; their names outlast a power cut, too.
    fn keep(mut self) -> Result<(), Kind> {
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(|error| disk(&self.dir, &error))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let _ = fs::remove_file(entry.path());
        }
        if self.made {
            let _ = fs::remove_dir(&self.dir);
        }
    }
}
