//! A plane, its key, its location, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use chrono::TimeDelta;
use palette_console::backup::sources::Opened;
use palette_console::backup::{
    Authentic, BackupUid, Error, FoundState, KeyRing, Known, Level, Manifest, Order, Place, Progress, Source, Vault,
    key,
};
use palette_console::clock::{Clock, ManualClock};
use palette_console::storage::memory::Memory;
use palette_console::storage::{ObjectPath, Store};

pub const PLANE: &str = "plane-1";

/// A stream of given bytes.
pub struct Given(pub &'static str, pub Vec<u8>);

impl Source for Given {
    fn stream(&self) -> &str {
        self.0
    }

    fn open(&mut self, _: &Path) -> Result<Opened, String> {
        Ok(Opened { bytes: Some(self.1.len() as u64), reader: Box::new(Cursor::new(self.1.clone())) })
    }
}

/// The state that a backup of that uid holds.
pub fn state(uid: &BackupUid) -> [(&'static str, Vec<u8>); 2] {
    let seed = u64::from_str_radix(uid.digits(), 16).unwrap();
    let mut random = fastrand::Rng::with_seed(seed);
    let length = random.usize(2000..5000);
    [("objects", (0..length).map(|_| random.u8(..)).collect()), ("volumes", vec![random.u8(..); 20_000])]
}

pub fn sources(uid: &BackupUid) -> Vec<Box<dyn Source>> {
    state(uid).into_iter().map(|(name, bytes)| Box::new(Given(name, bytes)) as Box<dyn Source>).collect()
}

pub fn quiet() -> Progress {
    Progress::new().0
}

pub struct World {
    pub dir: Arc<tempfile::TempDir>,
    pub clock: Arc<ManualClock>,
    pub memory: Arc<Memory>,
    pub keys: KeyRing,
}

impl World {
    pub fn new() -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let clock = ManualClock::at("2026-11-22T03:00:00Z".parse().unwrap());
        let keys = KeyRing::open(&dir.path().join(key::FILE)).unwrap();
        Self { memory: Arc::new(Memory::new(clock.clone())), dir, clock, keys }
    }

    /// The same at the same time; what happens in one does not happen in the other.
    pub async fn copy(&self) -> Self {
        let clock = ManualClock::at(self.clock.now());
        let memory = Arc::new(Memory::new(clock.clone()));
        for (path, bytes) in self.objects().await {
            memory.plant(path, bytes);
        }
        Self { dir: self.dir.clone(), clock, memory, keys: self.keys.clone() }
    }

    /// A process of the plane over a store.
    pub fn process(&self, store: Arc<dyn Store>) -> Vault {
        Vault {
            store,
            plane_uid: PLANE.to_owned(),
            writer: format!("{:016x}", fastrand::u64(..)),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            version: "0.1.0".to_owned(),
            scratch: self.dir.path().to_owned(),
        }
    }

    pub fn vault(&self) -> Vault {
        self.process(self.memory.clone())
    }

    pub fn order(&self) -> Order {
        Order {
            uid: BackupUid::fresh(self.clock.now()),
            slot: None,
            retention_days: 7,
            encrypted: true,
            level: Some(1),
            segment_bytes: 700,
        }
    }

    pub async fn backup(&self) -> Place {
        let order = self.order();
        let sources = sources(&order.uid);
        self.vault().create(order, sources, &quiet()).await.map(|manifest| place(&manifest)).unwrap()
    }

    pub fn later(&self, hours: i64) {
        self.clock.advance(TimeDelta::hours(hours));
    }

    pub async fn objects(&self) -> BTreeMap<ObjectPath, Bytes> {
        let mut objects = BTreeMap::new();
        for path in self.memory.paths() {
            let bytes = self.memory.get(&path, usize::MAX).await.unwrap();
            objects.insert(path, bytes);
        }
        objects
    }

    /// The objects of other backups than these.
    pub async fn others(&self, places: &[Place]) -> BTreeMap<ObjectPath, Bytes> {
        let mut objects = self.objects().await;
        objects.retain(|path, _| !places.iter().any(|place| path.as_str().contains(place.uid.as_str())));
        objects.remove(&ObjectPath::new("palbackup/format").unwrap());
        objects
    }

    /// What is shown as complete; each is proved to be.
    pub async fn complete(&self) -> Result<BTreeSet<Place>, String> {
        let mut complete = BTreeSet::new();
        for found in self.vault().list(Known::new()).await.map_err(|error| error.to_string())?.found {
            match found.state {
                FoundState::Complete(_, Authentic::Yes) => {
                    let verdict = self.vault().verify(&found.place, Level::Full, &quiet()).await;
                    if !verdict.as_ref().is_ok_and(|verdict| verdict.faults.is_empty()) {
                        return Err(format!("{} is shown as complete and is not: {verdict:?}", found.place.uid));
                    }
                    complete.insert(found.place);
                }
                FoundState::Incomplete | FoundState::Deleting(_) => {}
                odd => return Err(format!("{} is shown as {odd:?}", found.place.uid)),
            }
        }
        Ok(complete)
    }

    /// What nobody owns: objects outside of complete backups.
    pub async fn orphans(&self) -> Result<Vec<ObjectPath>, String> {
        let complete = self.complete().await?;
        let owned = |path: &ObjectPath| {
            // Whoever writes it next replaces what was never finished of it.
            path.as_str().starts_with("palbackup/format")
                || complete.iter().any(|place| path.as_str().contains(place.uid.as_str()))
        };
        Ok(self.memory.paths().into_iter().filter(|path| !owned(path)).collect())
    }

    /// A directory that is not there yet.
    pub fn target(&self) -> PathBuf {
        self.dir.path().join(format!("target-{:016x}", fastrand::u64(..)))
    }
}

pub fn place(manifest: &Manifest) -> Place {
    Place { plane_uid: manifest.plane_uid.clone(), uid: manifest.uid.clone() }
}

/// Fetches a backup and compares it with what was backed up.
pub async fn fetched_whole(vault: &Vault, place: &Place, into: &Path) -> Result<bool, Error> {
    let fetched = vault.fetch(place, into, &quiet()).await?;
    let same = state(&place.uid).iter().all(|(name, bytes)| {
        fetched.files.get(*name).and_then(|file| std::fs::read(file).ok()).as_ref() == Some(bytes)
    });
    let _ = std::fs::remove_dir_all(into);
    Ok(same && fetched.files.len() == 2)
}
