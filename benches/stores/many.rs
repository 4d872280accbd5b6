//! A location with many backups: how long its listing, a pass of retention and the sweep take.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use chrono::TimeDelta;
use palette_console::backup::retention::{self, Policy};
use palette_console::backup::{BackupUid, Known, Opened, Order, Progress, Source};
use palette_console::clock::{self, Clock, ManualClock};

use super::Outcome;
use super::server::Server;
use super::worker::vault;

/// How many a pass of retention deletes.
const GO: usize = 10;

/// Makes so many backups and measures, in a process of its own; seconds for the first listing, one with manifests known, a pass of
/// retention, the sweep.
pub fn spawn(server: &Server, count: usize, home: &Path) -> Outcome<[f64; 4]> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("many").arg(count.to_string()).arg(home).args(server.words());
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the listing of many backups failed".into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The side of the process that measures.
pub fn run(count: &str, home: &Path, server: &[String]) -> Outcome<()> {
    let took = tokio::runtime::Runtime::new()?.block_on(measured(count.parse()?, home, server))?;
    println!("{}", serde_json::to_string(&took)?);
    Ok(())
}

async fn measured(count: usize, home: &Path, server: &[String]) -> Outcome<[f64; 4]> {
    let days = TimeDelta::try_days(i64::try_from(count)?).ok_or("too many")?;
    let clock = ManualClock::at(clock::system().now() - days);
    let vault = vault(server, home, "many", clock.clone())?;
    for _ in 0..count {
        let order = Order {
            uid: BackupUid::fresh(clock.now()),
            slot: None,
            retention_days: 7,
            encrypted: true,
            level: Some(1),
            segment_bytes: 1 << 20,
        };
        vault.create(order, vec![Box::new(Little)], &Progress::new().0).await?;
        clock.advance(TimeDelta::days(1));
    }
    let begin = Instant::now();
    let inventory = vault.list(Known::new()).await?;
    let first = begin.elapsed();
    let begin = Instant::now();
    let inventory = vault.list(inventory.known).await?;
    let known = begin.elapsed();
    let begin = Instant::now();
    let policy = Policy { retention_days: 7, min_good: 3, most: GO };
    for place in &retention::plan(&inventory.found, "many", policy, clock.now()).expired {
        vault.delete(place, &Progress::new().0).await?;
    }
    let retention = begin.elapsed();
    let begin = Instant::now();
    vault.sweep(&[]).await?;
    Ok([first, known, retention, begin.elapsed()].map(|took| took.as_secs_f64()))
}

/// A state of 4 KiB.
struct Little;

impl Source for Little {
    fn stream(&self) -> &str {
        "state"
    }

    fn open(&mut self, _: &Path) -> Result<Opened, String> {
        let bytes = vec![7; 4096];
        Ok(Opened { bytes: Some(4096), reader: Box::new(std::io::Cursor::new(bytes)) })
    }
}
