//! A vault over a store in memory, and sources that are easy to make.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::backup::sources::Opened;
use crate::backup::{BackupUid, KeyRing, Order, Place, Progress, Source, Vault, key, layout};
use crate::clock::{Clock, ManualClock};
use crate::storage::memory::Memory;
use crate::storage::{ObjectPath, Store};

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

pub struct Rig {
    pub dir: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub memory: Arc<Memory>,
    pub vault: Vault,
}

pub fn start() -> DateTime<Utc> {
    "2026-11-22T03:00:00Z".parse().unwrap()
}

impl Rig {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(start());
        let memory = Arc::new(Memory::new(clock.clone()));
        let vault = Vault {
            store: memory.clone(),
            plane_uid: "plane-1".to_owned(),
            writer: "w1".to_owned(),
            keys: KeyRing::open(&dir.path().join(key::FILE)).unwrap(),
            clock: clock.clone(),
            version: "0.1.0".to_owned(),
            scratch: dir.path().to_owned(),
        };
        Self { dir, clock, memory, vault }
    }

    /// The same location through another store.
    pub fn through(&self, store: Arc<dyn Store>) -> Vault {
        Vault { store, ..self.vault.clone() }
    }

    /// Another plane with its own key on the same location.
    pub fn other_plane(&self) -> Vault {
        let keys = KeyRing::open(&self.dir.path().join("other-key.txt")).unwrap();
        Vault { plane_uid: "plane-2".to_owned(), keys, ..self.vault.clone() }
    }

    pub fn order(&self) -> Order {
        Order {
            uid: BackupUid::fresh(self.clock.now()),
            slot: None,
            retention_days: 7,
            encrypted: true,
            level: Some(1),
            segment_bytes: 1000,
        }
    }

    pub async fn backup(&self, bytes: usize) -> Place {
        let manifest = self.vault.create(self.order(), given(bytes), &Progress::new().0).await.unwrap();
        Place { plane_uid: manifest.plane_uid, uid: manifest.uid }
    }

    pub fn path(&self, place: &Place, name: &str) -> ObjectPath {
        layout::object(&layout::folder(place).unwrap(), name).unwrap()
    }

    pub async fn read(&self, place: &Place, name: &str) -> Bytes {
        self.memory.get(&self.path(place, name), usize::MAX).await.unwrap()
    }

    pub fn target(&self) -> std::path::PathBuf {
        self.dir.path().join("into")
    }

    pub fn names(&self) -> Vec<String> {
        self.memory.paths().iter().map(|path| path.name().to_owned()).collect()
    }
}

/// Bytes that cannot be packed much.
pub fn noise(bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(bytes as u64);
    (0..bytes).map(|_| random.u8(..)).collect()
}

pub fn given(bytes: usize) -> Vec<Box<dyn Source>> {
    vec![Box::new(Given("state", noise(bytes)))]
}
