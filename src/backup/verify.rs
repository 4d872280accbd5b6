//! Proving a backup as far as one wants to know.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::spawn_blocking;

use super::fetch::{Read, Staging, read_segment};
use super::folder::{Folder, size_fault};
use super::manifest::{self, Segment, Stream};
use super::patience::Patient;
use super::{
    Authentic, Error, FoundState, Kind, Level, Manifest, Phase, Place, Progress, Vault, Verdict, layout, sources,
};

impl Vault {
    /// Proves a backup as far as `level` goes. Without its key, [`Level::Data`] still works, and says nothing of the
    /// manifest's authenticity.
    ///
    /// # Errors
    /// Where it could not be looked at, or its key is missing and the level needs it; a backup that is not whole is no
    /// error but a [`Verdict`].
    pub async fn verify(&self, place: &Place, level: Level, progress: &Progress) -> Result<Verdict, Error> {
        let failed = |kind| Error { operation: format!("verify the backup {}", place.uid), kind };
        self.verified(place, level, progress).await.map_err(failed)
    }

    async fn verified(&self, place: &Place, level: Level, progress: &Progress) -> Result<Verdict, Kind> {
        progress.tell(|moment| moment.phase = Phase::Checking);
        let (found, folder, file) = self.examine(place).await?;
        let manifest = match found.state {
            FoundState::Complete(manifest, _) | FoundState::Damaged(Some(manifest), _) => *manifest,
            FoundState::Damaged(None, words) => return Ok(Verdict { faults: vec![words] }),
            FoundState::Deleting(_) => return Err(Kind::Deleting),
            FoundState::Incomplete => return Err(Kind::Incomplete),
            FoundState::Newer(format) => return Err(Kind::Newer(format)),
        };
        let mut verdict = Verdict::default();
        match manifest::authentic(&file.unwrap_or_default(), &manifest, &self.keys) {
            Authentic::No => verdict.faults.push(forged()),
            Authentic::KeyMissing if level != Level::Data => return Err(Kind::KeyMissing(manifest.signed_with)),
            Authentic::Yes | Authentic::KeyMissing => {}
        }
        if level == Level::Full {
            self.key_of(&manifest)?;
        }
        let mut there = Vec::new();
        for segment in manifest.segments() {
            match self.size_fault(&folder, segment, progress).await? {
                Some(fault) => verdict.faults.push(fault),
                None => there.push(segment),
            }
        }
        match level {
            Level::Quick => {}
            // What was forged is not unpacked, whatever is inside.
            Level::Full if verdict.faults.is_empty() => {
                verdict.faults = self.prove_streams(place, &manifest, progress).await?;
            }
            Level::Data | Level::Full => {
                verdict.faults.extend(self.prove_segments(place, &manifest, there, progress).await?);
            }
        }
        progress.tell(|moment| moment.phase = Phase::Done);
        Ok(verdict)
    }

    async fn size_fault(
        &self,
        folder: &Folder,
        segment: &Segment,
        progress: &Progress,
    ) -> Result<Option<String>, Kind> {
        let listed = folder.objects.get(&segment.name).map(|(_, entry)| entry.bytes);
        let bytes = match listed {
            Some(None) => {
                let path = layout::object(&layout::folder(&folder.place)?, &segment.name)?;
                Patient::new(self.store.clone(), progress).size(&path).await?
            }
            listed => listed.flatten(),
        };
        Ok(size_fault(&segment.name, segment.bytes, bytes))
    }

    /// Every stored byte against its hash.
    async fn prove_segments(
        &self,
        place: &Place,
        manifest: &Manifest,
        there: Vec<&Segment>,
        progress: &Progress,
    ) -> Result<Vec<String>, Kind> {
        let bytes = there.iter().map(|segment| segment.bytes).sum();
        progress.tell(|moment| (moment.phase, moment.stored_total) = (Phase::Reading, Some(bytes)));
        let owners: BTreeMap<&str, &str> =
            manifest.segments().map(|segment| (segment.sha256.as_str(), segment.name.as_str())).collect();
        let (store, folder) = (Patient::new(self.store.clone(), progress), layout::folder(place)?);
        let (store, folder, owners) = (&store, &folder, &owners);
        let reads: Vec<_> = there
            .into_iter()
            .map(|segment| async move {
                let fault = match read_segment(store, folder, segment).await? {
                    Read::Whole(_) => None,
                    Read::Fault(words) => Some(words),
                    Read::Other(sha256) => Some(not_what_was_written(segment, owners.get(sha256.as_str()))),
                };
                progress.tell(|moment| moment.stored_done += segment.bytes);
                Ok::<_, Kind>(fault)
            })
            .collect();
        let faults = stream::iter(reads).buffered(self.store.concurrency().clamp(1, 4)).try_collect::<Vec<_>>();
        Ok(faults.await?.into_iter().flatten().collect())
    }

    /// Every stream decrypted, unpacked, hashed, and checked by its source.
    async fn prove_streams(
        &self,
        place: &Place,
        manifest: &Manifest,
        progress: &Progress,
    ) -> Result<Vec<String>, Kind> {
        progress.tell(|moment| {
            moment.phase = Phase::Reading;
            moment.plain_total = Some(manifest.plain_bytes());
            moment.stored_total = Some(manifest.bytes());
        });
        let largest = manifest.streams.iter().map(|stream| stream.plain_bytes).max().unwrap_or_default();
        let dir = self.scratch.join(format!("verify-{:016x}", fastrand::u64(..)));
        let staging = Staging::new(&dir, largest)?;
        let mut faults = Vec::new();
        for stream in &manifest.streams {
            match self.prove_stream(place, manifest, stream, &staging.dir, progress).await {
                Ok(()) => {}
                Err(Kind::Damaged(_)) if self.names_segments(place, manifest, stream, &mut faults).await? => {}
                Err(Kind::Damaged(words)) => faults.push(words),
                Err(kind) => return Err(kind),
            }
        }
        Ok(faults)
    }

    async fn prove_stream(
        &self,
        place: &Place,
        manifest: &Manifest,
        stream: &Stream,
        dir: &Path,
        progress: &Progress,
    ) -> Result<(), Kind> {
        let file = Gone(dir.join(&stream.name));
        self.fetch_stream(place, stream, self.key_of(manifest)?, &file.0, progress).await?;
        let (name, path) = (stream.name.clone(), file.0.clone());
        let proved = spawn_blocking(move || sources::prove(&name, &path)).await;
        let proved = proved.map_err(|error| Kind::Internal(error.to_string()))?;
        proved.map_err(|reason| Kind::Damaged(format!("the stream {}: {reason}", stream.name)))
    }

    /// A stream that cannot be taken: the segments that are to blame, by name; whether there were any.
    async fn names_segments(
        &self,
        place: &Place,
        manifest: &Manifest,
        stream: &Stream,
        faults: &mut Vec<String>,
    ) -> Result<bool, Kind> {
        let segments = stream.segments.iter().collect();
        let found = self.prove_segments(place, manifest, segments, &Progress::new().0).await?;
        let any = !found.is_empty();
        faults.extend(found);
        Ok(any)
    }
}

fn forged() -> String {
    format!("{} is not authentic: it was changed, or written by someone without the recovery key", layout::MANIFEST)
}

fn not_what_was_written(segment: &Segment, owner: Option<&&str>) -> String {
    let name = &segment.name;
    match owner {
        Some(owner) => format!("{name} holds what belongs into {owner}"),
        None => format!("{name} is not what was written: its SHA-256 differs"),
    }
}

/// A file that is removed when nobody looks at it any more.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
