//! What backups cost without a network: the stream into and out of segments, and listings of many backups.
//!
//! `cargo bench --bench backup` prints figures and asserts nothing. The state is the database of the largest sandbox,
//! over and over: what packs the stream looks back less far than one of them is long.

#[path = "backup/sink.rs"]
mod sink;
#[path = "backup/source.rs"]
mod source;
#[path = "backup/usage.rs"]
mod usage;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use palette_console::backup::retention::{self, Policy};
use palette_console::backup::{BackupUid, KeyRing, Known, Level, Order, Place, Progress, Source, Vault, key};
use palette_console::clock::{self, Clock, ManualClock, SystemClock};
use palette_console::plane::embedded::Keeper;
use palette_console::plane::{Scale, Settings};
use palette_console::storage::Store;
use palette_console::storage::memory::Memory;

use sink::Sink;
use source::Repeated;
use usage::Usage;

const LARGEST: Scale = Scale { pcgs: 200, clusters: 5_000, audits: 100_000 };
const MIB: u64 = 1 << 20;
const STATE: u64 = 512 * MIB;
const BACKUPS: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new()?;
    let dir = tempfile::tempdir()?;
    eprintln!("filling a plane …");
    let database = runtime.block_on(database(dir.path()))?;
    let bench = Bench { dir: dir.path().to_owned(), database };
    println!("Backups without a network; {} MiB of state, segments of 32 MiB", STATE / MIB);
    println!("{:<34}{:>12}{:>16}{:>12}{:>16}", "", "plain MB/s", "per core MB/s", "ratio", "CPU s per GB");
    for (name, encrypted, level) in [
        ("create: zstd 1 and age", true, Some(1)),
        ("create: zstd 3 and age", true, Some(3)),
        ("create: zstd 9 and age", true, Some(9)),
        ("create: zstd 1", false, Some(1)),
        ("create: age", true, None),
        ("create: as it is", false, None),
    ] {
        runtime.block_on(bench.create(name, encrypted, level))?;
    }
    println!("budget: 400 MB/s of plain state per core with zstd 1 and age");
    runtime.block_on(bench.read())?;
    println!("most memory of this process while it did that: {} MB", usage::most_resident()?);
    runtime.block_on(bench.many())
}

/// The database of the largest sandbox.
async fn database(dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let plane = dir.join("plane");
    std::fs::create_dir(&plane)?;
    drop(Keeper::open(Settings { sandbox: Some(LARGEST), ..Settings::new(&plane) }).await?);
    Ok(plane.join("plane.db"))
}

struct Bench {
    dir: PathBuf,
    database: PathBuf,
}

impl Bench {
    fn vault(&self, store: Arc<dyn Store>, clock: clock::SharedClock) -> Result<Vault, Box<dyn Error>> {
        Ok(Vault {
            store,
            plane_uid: "plane-1".to_owned(),
            writer: "bench".to_owned(),
            keys: KeyRing::open(&self.dir.join(key::FILE))?,
            clock,
            version: "0.1.0".to_owned(),
            scratch: self.dir.clone(),
        })
    }

    fn sources(&self, bytes: u64) -> Vec<Box<dyn Source>> {
        vec![Box::new(Repeated { path: self.database.clone(), bytes })]
    }

    async fn create(&self, name: &str, encrypted: bool, level: Option<i32>) -> Result<(), Box<dyn Error>> {
        let vault = self.vault(Arc::new(Sink::default()), clock::system())?;
        let order = Order { encrypted, level, ..order(SystemClock.now()) };
        let usage = Usage::begin()?;
        let manifest = vault.create(order, self.sources(STATE), &Progress::new().0).await?;
        let stored = manifest.streams.iter().map(|stream| stream.bytes()).sum();
        line(name, usage.end()?, stored);
        Ok(())
    }

    /// Verify and fetch from memory.
    async fn read(&self) -> Result<(), Box<dyn Error>> {
        let clock = clock::system();
        let vault = self.vault(Arc::new(Memory::new(clock.clone())), clock)?;
        let manifest = vault.create(order(SystemClock.now()), self.sources(STATE), &Progress::new().0).await?;
        let stored = manifest.streams.iter().map(|stream| stream.bytes()).sum();
        let place = Place { plane_uid: manifest.plane_uid, uid: manifest.uid };
        for (name, level) in [("verify: data", Level::Data), ("verify: full", Level::Full)] {
            let usage = Usage::begin()?;
            let verdict = vault.verify(&place, level, &Progress::new().0).await?;
            line(name, usage.end()?, stored);
            if let Some(fault) = verdict.faults.first() {
                return Err(fault.clone().into());
            }
        }
        let usage = Usage::begin()?;
        let into = self.dir.join("fetched");
        vault.fetch(&place, &into, &Progress::new().0).await?;
        line("fetch to disk", usage.end()?, stored);
        std::fs::remove_dir_all(into)?;
        Ok(())
    }

    /// A location with many backups.
    async fn many(&self) -> Result<(), Box<dyn Error>> {
        let clock = ManualClock::at("2026-11-22T03:00:00Z".parse()?);
        let vault = self.vault(Arc::new(Memory::new(clock.clone())), clock.clone())?;
        for _ in 0..BACKUPS {
            vault.create(order(clock.now()), self.sources(4096), &Progress::new().0).await?;
            clock.advance(chrono::TimeDelta::days(1));
        }
        println!("\n{BACKUPS} backups in memory");
        let begin = Instant::now();
        let inventory = vault.list(Known::new()).await?;
        shown("list, every manifest read", begin.elapsed());
        let begin = Instant::now();
        let inventory = vault.list(inventory.known).await?;
        shown("list, manifests known", begin.elapsed());
        let policy = Policy { retention_days: 100, min_good: 3, most: 10 };
        let begin = Instant::now();
        let plan = retention::plan(&inventory.found, &vault.plane_uid, policy, clock.now());
        shown("plan of retention", begin.elapsed());
        let begin = Instant::now();
        for place in &plan.expired {
            vault.delete(place, &Progress::new().0).await?;
        }
        shown("deleting 10 of them", begin.elapsed());
        let begin = Instant::now();
        vault.sweep(&[]).await?;
        shown("sweep", begin.elapsed());
        Ok(())
    }
}

fn order(now: chrono::DateTime<chrono::Utc>) -> Order {
    Order {
        uid: BackupUid::fresh(now),
        slot: None,
        retention_days: 7,
        encrypted: true,
        level: Some(1),
        segment_bytes: 32 << 20,
    }
}

fn line(name: &str, (wall, cpu): (Duration, Duration), stored: u64) {
    let megabytes = megabytes(STATE);
    let ratio = megabytes / self::megabytes(stored);
    let (rate, per_core) = (megabytes / wall.as_secs_f64(), megabytes / cpu.as_secs_f64());
    let per_gigabyte = cpu.as_secs_f64() * 1000.0 / megabytes;
    println!("{name:<34}{rate:>12.0}{per_core:>16.0}{ratio:>12.1}{per_gigabyte:>16.2}");
}

fn megabytes(bytes: u64) -> f64 {
    u32::try_from(bytes / 1000).map_or(f64::INFINITY, |kilobytes| f64::from(kilobytes) / 1000.0)
}

fn shown(name: &str, took: Duration) {
    println!("{name:<34}{:>9.1} ms", took.as_secs_f64() * 1000.0);
}
