//! Making a backup: who makes it, segments, listed again, manifest, read back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use super::folder::{Folder, size_fault};
use super::layout::{self, Begin, Role};
use super::manifest::{self, FORMAT, Manifest, Segment, Stream};
use super::pack::{Next, Packing, Recipe};
use super::patience::Patient;
use super::{Authentic, Error, Kind, Order, Phase, Place, Progress, Source, Vault};
use crate::storage::{self, LARGEST_OBJECT, ObjectPath};

const LARGEST_FORMAT: usize = 4 << 10;

impl Vault {
    /// Makes a backup. When this returns, it is committed and was read back. Where it fails, what was written is
    /// removed as far as that goes in a minute; the sweep does the rest. Where the future is dropped instead, call
    /// [`Vault::abandon`].
    ///
    /// # Errors
    /// In words.
    pub async fn create(
        &self,
        order: Order,
        sources: Vec<Box<dyn Source>>,
        progress: &Progress,
    ) -> Result<Manifest, Error> {
        let operation = format!("create the backup {}", order.uid);
        let made = async {
            let draft = Draft::new(self, order, &sources, progress)?;
            draft.refuse_what_is_there().await?;
            let committing = AtomicBool::new(false);
            let made = draft.make(sources, progress, &committing).await;
            if made.is_err() {
                progress.tell(|moment| moment.phase = Phase::TidyingUp);
                self.tidy(&draft.place, committing.load(Ordering::Relaxed)).await;
            }
            made
        };
        made.await.map_err(|kind| Error { operation, kind })
    }
}

/// A backup that is being made.
struct Draft<'a> {
    vault: &'a Vault,
    store: Patient,
    order: Order,
    place: Place,
    folder: ObjectPath,
    streams: Vec<String>,
    /// Fingerprint of the key.
    key: String,
    recipe: Recipe,
    started: chrono::DateTime<chrono::Utc>,
}

impl<'a> Draft<'a> {
    fn new(vault: &'a Vault, order: Order, sources: &[Box<dyn Source>], progress: &Progress) -> Result<Self, Kind> {
        let streams: Vec<String> = sources.iter().map(|source| source.stream().to_owned()).collect();
        let repeated = streams.iter().enumerate().any(|(place, name)| streams.iter().take(place).any(|o| o == name));
        if streams.is_empty() || repeated || !streams.iter().all(|name| layout::is_stream(name)) {
            return Err(Kind::Internal(format!("these streams cannot be backed up together: {streams:?}")));
        }
        if !(1..=LARGEST_OBJECT).contains(&order.segment_bytes) {
            return Err(Kind::Internal(format!("{} bytes are no size for a segment", order.segment_bytes)));
        }
        let key = vault.keys.first().map_err(|error| error.kind)?;
        let recipient = order.encrypted.then(|| key.recipient());
        let recipe = Recipe { level: order.level, recipient, segment_bytes: order.segment_bytes };
        let place = Place { plane_uid: vault.plane_uid.clone(), uid: order.uid.clone() };
        Ok(Self {
            vault,
            store: Patient::new(vault.store.clone(), progress),
            folder: layout::folder(&place)?,
            place,
            order,
            streams,
            key: key.fingerprint().to_owned(),
            recipe,
            started: vault.clock.now(),
        })
    }

    fn object(&self, name: &str) -> Result<ObjectPath, Kind> {
        layout::object(&self.folder, name)
    }

    /// Nothing is ever overwritten, and a location of a newer version is left to that.
    async fn refuse_what_is_there(&self) -> Result<(), Kind> {
        match self.store.get(&layout::format()?, LARGEST_FORMAT).await {
            Ok(bytes) => read_format(&bytes)?,
            Err(error) if error.kind == storage::Kind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let there = self.listed().await?;
        if there.objects.is_empty() {
            return Ok(());
        }
        Err(Kind::Internal("something lies in its folder already".to_owned()))
    }

    async fn make(
        &self,
        sources: Vec<Box<dyn Source>>,
        progress: &Progress,
        committing: &AtomicBool,
    ) -> Result<Manifest, Kind> {
        progress.tell(|moment| moment.phase = Phase::Preparing);
        self.begin().await?;
        let mut streams = Vec::new();
        for source in sources {
            streams.push(self.stream(source, progress).await?);
        }
        progress.tell(|moment| moment.phase = Phase::Checking);
        let manifest = self.manifest(streams);
        let file = manifest.encode(&self.vault.keys)?;
        self.check_folder(&manifest, &self.listed().await?).await?;
        self.mark_format().await?;
        progress.tell(|moment| moment.phase = Phase::Committing);
        committing.store(true, Ordering::Relaxed);
        self.commit(&manifest, &file).await?;
        let begin = self.object(&layout::begin(&self.vault.writer))?;
        if let Err(error) = self.vault.store.delete(&begin).await {
            tracing::warn!(%error, "an object that nobody needs any more stays until the backup is deleted");
        }
        progress.tell(|moment| moment.phase = Phase::Done);
        Ok(manifest)
    }

    async fn begin(&self) -> Result<(), Kind> {
        let begin = Begin {
            uid: self.order.uid.clone(),
            writer: self.vault.writer.clone(),
            version: self.vault.version.clone(),
            started: self.started,
            streams: self.streams.clone(),
        };
        let bytes = serde_json::to_vec(&begin).map_err(|error| Kind::Internal(error.to_string()))?;
        Ok(self.store.put(&self.object(&layout::begin(&self.vault.writer))?, &bytes.into()).await?)
    }

    /// Stores one stream. At most as many segments as the store serves at once are on their way, one waits.
    async fn stream(&self, source: Box<dyn Source>, progress: &Progress) -> Result<Stream, Kind> {
        let mut uploads = Uploads { running: JoinSet::new(), most: self.vault.store.concurrency().max(1) };
        let stored = self.store_stream(source, &mut uploads, progress).await;
        if stored.is_err() {
            // Nothing may be written any more when the folder is tidied up.
            uploads.running.shutdown().await;
        }
        stored
    }

    async fn store_stream(
        &self,
        source: Box<dyn Source>,
        uploads: &mut Uploads,
        progress: &Progress,
    ) -> Result<Stream, Kind> {
        let mut packing = self.open(source, progress).await?;
        progress.tell(|moment| moment.phase = Phase::Uploading);
        loop {
            let (next, rest) = uploads.alongside(advance(packing)).await?;
            packing = rest;
            match next {
                Next::Segment(segment, bytes) => {
                    uploads.make_room().await?;
                    let path = self.object(&segment.name)?;
                    uploads.running.spawn(upload(self.store.clone(), path, segment, bytes, progress.clone()));
                }
                Next::End(stream) => {
                    uploads.finish().await?;
                    return Ok(stream);
                }
            }
        }
    }

    async fn open(&self, mut source: Box<dyn Source>, progress: &Progress) -> Result<Packing, Kind> {
        let (scratch, recipe, progress) = (self.vault.scratch.clone(), self.recipe.clone(), progress.clone());
        let opened = spawn_blocking(move || {
            let name = source.stream().to_owned();
            let opened = source.open(&scratch).map_err(Kind::Source)?;
            let expected = opened.bytes;
            let packing = Packing::new(&name, opened, &recipe, progress.clone())?;
            progress.tell(|moment| {
                let before = moment.plain_total.or((moment.plain_done == 0).then_some(0));
                moment.plain_total = before.zip(expected).map(|(before, expected)| before + expected);
            });
            Ok(packing)
        });
        joined(opened).await?
    }

    fn manifest(&self, streams: Vec<Stream>) -> Manifest {
        Manifest {
            format: FORMAT,
            uid: self.order.uid.clone(),
            plane_uid: self.vault.plane_uid.clone(),
            version: self.vault.version.clone(),
            started: self.started,
            completed: self.vault.clock.now(),
            slot: self.order.slot,
            retention_days: self.order.retention_days,
            encrypted_with: self.order.encrypted.then(|| self.key.clone()),
            signed_with: self.key.clone(),
            streams,
        }
    }

    async fn listed(&self) -> Result<Folder, Kind> {
        Ok(Folder::of(self.place.clone(), self.store.list(&self.folder).await?))
    }

    /// What the location shows must be what was sent, no more and no less.
    async fn check_folder(&self, manifest: &Manifest, there: &Folder) -> Result<(), Kind> {
        let mut listed: BTreeMap<&str, Option<u64>> =
            there.with(Role::Segment).map(|entry| (entry.path.name(), entry.bytes)).collect();
        for segment in manifest.segments() {
            let mut found = listed.remove(segment.name.as_str());
            if found == Some(None) {
                found = self.store.size(&self.object(&segment.name)?).await?.map(Some);
            }
            if let Some(fault) = size_fault(&segment.name, segment.bytes, found.flatten()) {
                return Err(Kind::Damaged(format!("{fault}, although the location had taken it")));
            }
        }
        match listed.keys().next() {
            Some(name) => Err(Kind::Damaged(format!("{name} lies in its folder and was not written by this plane"))),
            None => Ok(()),
        }
    }

    /// Says which format the location has, once.
    async fn mark_format(&self) -> Result<(), Kind> {
        let path = layout::format()?;
        if self.store.size(&path).await?.is_some() {
            return Ok(());
        }
        let bytes = Bytes::from(format!("{{\"format\":{FORMAT}}}\n"));
        match self.store.put(&path, &bytes).await {
            Ok(()) => Ok(()),
            // Another plane may have been first.
            Err(error) => self.store.size(&path).await?.map(drop).ok_or_else(|| error.into()),
        }
    }

    /// Writes the manifest and reads it back. A write whose reply was lost counts by what is there.
    async fn commit(&self, manifest: &Manifest, file: &Bytes) -> Result<(), Kind> {
        let path = self.object(layout::MANIFEST)?;
        let written = self.store.put(&path, file).await;
        let back = match self.store.get(&path, manifest::LARGEST).await {
            Ok(back) => back,
            Err(error) => return Err(written.err().unwrap_or(error).into()),
        };
        let read = Manifest::decode(&back, &self.place)?;
        if back != *file || manifest::authentic(&back, &read, &self.vault.keys) != Authentic::Yes {
            let words = format!("{} did not come back as it was written", layout::MANIFEST);
            return Err(Kind::Damaged(words));
        }
        let there = self.listed().await?;
        if there.has(Role::Tomb) {
            return Err(Kind::Deleting);
        }
        // Someone who tidies up the location may have taken segments while the manifest was on its way.
        let whole = self.check_folder(manifest, &there).await;
        if whole.is_err()
            && let Err(error) = self.store.delete(&path).await
        {
            tracing::warn!(uid = %self.place.uid, %error, "the manifest of a backup that is not whole stays for now");
        }
        whole
    }
}

/// Uploads that are on their way.
struct Uploads {
    running: JoinSet<Result<(), storage::Error>>,
    most: usize,
}

impl Uploads {
    /// Waits for `work`, and gives up as soon as an upload has failed.
    async fn alongside<T>(&mut self, work: impl Future<Output = Result<T, Kind>>) -> Result<T, Kind> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                Some(uploaded) = self.running.join_next() => settled(uploaded)?,
                done = &mut work => return done,
            }
        }
    }

    async fn make_room(&mut self) -> Result<(), Kind> {
        while self.running.len() >= self.most {
            self.one().await?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Kind> {
        while !self.running.is_empty() {
            self.one().await?;
        }
        Ok(())
    }

    async fn one(&mut self) -> Result<(), Kind> {
        self.running.join_next().await.map_or(Ok(()), settled)
    }
}

fn settled(uploaded: Result<Result<(), storage::Error>, tokio::task::JoinError>) -> Result<(), Kind> {
    Ok(uploaded.map_err(|error| Kind::Internal(error.to_string()))??)
}

async fn upload(
    store: Patient,
    path: ObjectPath,
    segment: Segment,
    bytes: Bytes,
    progress: Progress,
) -> Result<(), storage::Error> {
    store.put(&path, &bytes).await?;
    progress.tell(|moment| moment.stored_done += segment.bytes);
    Ok(())
}

async fn advance(mut packing: Packing) -> Result<(Next, Packing), Kind> {
    joined(spawn_blocking(move || packing.next().map(|next| (next, packing)))).await?
}

async fn joined<T>(work: JoinHandle<T>) -> Result<T, Kind> {
    work.await.map_err(|error| Kind::Internal(error.to_string()))
}

fn read_format(bytes: &[u8]) -> Result<(), Kind> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let unreadable = |_| Kind::Damaged("palbackup/format in the location cannot be read".to_owned());
    let found: Format = serde_json::from_slice(bytes).map_err(unreadable)?;
    if found.format > FORMAT { Err(Kind::Newer(found.format)) } else { Ok(()) }
}
