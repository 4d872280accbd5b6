//! What lies in the location, as the engine sees it without the plane.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use palette_console::api::backup::{KeyText, Sensitive};
use palette_console::backup::{
    Authentic, BackupUid, FoundState, KeyRing, Known, Level, Manifest, Opened, Order, Place, Progress, Source, Vault,
    key,
};
use palette_console::clock::{self, Clock, ManualClock, SharedClock};
use palette_console::storage::Store;

use super::plane::PATIENCE;

pub struct Oracle {
    vault: Vault,
}

/// Everything in the location, sorted by what it is.
#[derive(Debug, Default)]
pub struct Seen {
    pub complete: BTreeMap<Place, Manifest>,
    pub others: Vec<String>,
}

impl Oracle {
    /// One that opens what the plane makes, and what another makes with its key.
    pub fn new(store: Arc<dyn Store>, home: &Path, plane_uid: &str, other: &KeyText) -> Self {
        let vault = vault(store, home, plane_uid, clock::system());
        let Sensitive(text) = &other.key;
        vault.keys.import(&text.clone().into()).unwrap();
        Self { vault }
    }

    pub async fn look(&self) -> Seen {
        let mut seen = Seen::default();
        for found in self.vault.list(Known::default()).await.unwrap().found {
            match found.state {
                FoundState::Complete(manifest, Authentic::Yes) => {
                    seen.complete.insert(found.place, *manifest);
                }
                other => seen.others.push(format!("{}: {other:?}", found.place.uid)),
            }
        }
        seen
    }

    /// What is there once nothing is on its way any more: what follows a job, such as a pass of retention, goes on behind it.
    /// What never ends is still in it.
    pub async fn look_when_settled(&self) -> Seen {
        let settled = async {
            loop {
                let seen = self.look().await;
                if seen.others.is_empty() {
                    return seen;
                }
            }
        };
        match tokio::time::timeout(PATIENCE, settled).await {
            Ok(seen) => seen,
            Err(_) => self.look().await,
        }
    }

    pub async fn verify(&self, place: &Place, level: Level) -> Vec<String> {
        self.vault.verify(place, level, &Progress::new().0).await.unwrap().faults
    }

    /// A backup of forty days ago, which the next retention takes.
    pub async fn plant_an_old_one(&self) -> Place {
        let then = ManualClock::at(clock::system().now() - TimeDelta::days(40));
        let vault = Vault { clock: then.clone(), ..self.vault.clone() };
        let order = Order {
            uid: BackupUid::fresh(then.now()),
            slot: None,
            retention_days: 7,
            encrypted: true,
            level: Some(1),
            segment_bytes: 1 << 16,
        };
        let place = Place { plane_uid: vault.plane_uid.clone(), uid: order.uid.clone() };
        vault.create(order, vec![Box::new(Noise)], &Progress::new().0).await.unwrap();
        place
    }
}

fn vault(store: Arc<dyn Store>, home: &Path, plane_uid: &str, clock: SharedClock) -> Vault {
    let scratch = home.join("oracle");
    std::fs::create_dir_all(&scratch).unwrap();
    // A copy: the plane's own file stays its own.
    let keys = scratch.join(key::FILE);
    std::fs::copy(home.join("plane").join(key::FILE), &keys).unwrap();
    Vault {
        store,
        plane_uid: plane_uid.to_owned(),
        writer: "oracle".to_owned(),
        keys: KeyRing::open(&keys).unwrap(),
        clock,
        version: "0.0.0".to_owned(),
        scratch,
    }
}

/// Bytes that nobody restores.
struct Noise;

impl Source for Noise {
    fn stream(&self) -> &str {
        "noise"
    }

    fn open(&mut self, _scratch: &Path) -> Result<Opened, String> {
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        Ok(Opened { bytes: Some(bytes.len() as u64), reader: Box::new(std::io::Cursor::new(bytes)) })
    }
}
