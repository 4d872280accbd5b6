//! One measurement in a process of its own.

use std::env;
use std::path::Path;
use std::process::Command;

use palette_console::backup::sources::database::Database;
use palette_console::backup::{BackupUid, KeyRing, Known, Level, Order, Place, Progress, Vault};
use palette_console::clock::{self, SharedClock};
use serde::{Deserialize, Serialize};

use super::server::Server;
use super::usage::{Usage, most_resident};
use super::{Outcome, keys_of};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Create,
    Verify,
    Restore,
}

impl Deed {
    /// In the order in which they can be done.
    pub const ALL: [Self; 3] = [Self::Create, Self::Verify, Self::Restore];

    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Verify => "verify",
            Self::Restore => "restore",
        }
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sample {
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// The most memory that was ever resident, in MB.
    pub resident: u64,
    pub plain_bytes: f64,
    pub stored_bytes: f64,
}

/// Measures one deed in a process of its own.
pub fn spawn(server: &Server, deed: Deed, home: &Path, database: &Path) -> Outcome<Sample> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("worker").arg(deed.name()).arg(home).arg(database).args(server.words());
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the {} failed", deed.name()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The worker's side.
pub fn run(words: &[String]) -> Outcome<()> {
    let [deed, home, database, server @ ..] = words else { return Err("worker DEED HOME DATABASE SERVER…".into()) };
    let deed = Deed::ALL.into_iter().find(|known| known.name() == deed).ok_or("no such deed")?;
    let (home, database) = (Path::new(home), Path::new(database));
    let vault = vault(server, home, "bench", clock::system())?;
    let scratch = vault.scratch.clone();
    let sample = tokio::runtime::Runtime::new()?.block_on(measured(&vault, deed, &scratch, database))?;
    println!("{}", serde_json::to_string(&sample)?);
    Ok(())
}

/// The engine over a server, as the plane of that uid.
pub fn vault(server: &[String], home: &Path, plane_uid: &str, clock: SharedClock) -> Outcome<Vault> {
    let scratch = home.join("scratch");
    std::fs::create_dir_all(&scratch)?;
    Ok(Vault {
        store: Server::store(server)?,
        plane_uid: plane_uid.to_owned(),
        writer: "bench".to_owned(),
        keys: KeyRing::open(&keys_of(home))?,
        clock,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scratch,
    })
}

async fn measured(vault: &Vault, deed: Deed, scratch: &Path, database: &Path) -> Outcome<Sample> {
    let newest = match deed {
        Deed::Create => None,
        Deed::Verify | Deed::Restore => {
            vault.list(Known::default()).await?.found.into_iter().next().map(|found| found.place)
        }
    };
    let usage = Usage::begin()?;
    let (place, progress) = (newest.as_ref(), Progress::new().0);
    let manifest = match (deed, place) {
        (Deed::Create, _) => Some(create(vault, database, &progress).await?),
        (Deed::Verify, Some(place)) => {
            let verdict = vault.verify(place, Level::Full, &progress).await?;
            if !verdict.faults.is_empty() {
                return Err(verdict.faults.join("; ").into());
            }
            None
        }
        (Deed::Restore, Some(place)) => {
            let into = scratch.join("restored");
            let fetched = vault.fetch(place, &into, &progress).await?;
            std::fs::remove_dir_all(&into)?;
            Some(fetched.manifest)
        }
        (Deed::Verify | Deed::Restore, None) => return Err("there is no backup".into()),
    };
    let (wall, cpu) = usage.end()?;
    let resident = most_resident()?;
    let manifest = match (manifest, place) {
        (Some(manifest), _) => manifest,
        (None, Some(place)) => manifest_of(vault, place).await?,
        (None, None) => return Err("there is no backup".into()),
    };
    let bytes = |count: u64| count as f64;
    Ok(Sample {
        seconds: wall.as_secs_f64(),
        cpu_seconds: cpu.as_secs_f64(),
        resident,
        plain_bytes: manifest.streams.iter().map(|stream| bytes(stream.plain_bytes)).sum(),
        stored_bytes: manifest.streams.iter().map(|stream| bytes(stream.bytes())).sum(),
    })
}

async fn manifest_of(vault: &Vault, place: &Place) -> Outcome<palette_console::backup::Manifest> {
    match vault.look(place).await?.state {
        palette_console::backup::FoundState::Complete(manifest, _) => Ok(*manifest),
        other => Err(format!("{other:?}").into()),
    }
}

async fn create(vault: &Vault, database: &Path, progress: &Progress) -> Outcome<palette_console::backup::Manifest> {
    let order = Order {
        uid: BackupUid::fresh(vault.clock.now()),
        slot: None,
        retention_days: 7,
        encrypted: true,
        level: Some(1),
        segment_bytes: 32 << 20,
    };
    Ok(vault.create(order, vec![Box::new(Database { path: database.to_owned() })], progress).await?)
}
