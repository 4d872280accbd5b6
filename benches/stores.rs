//! Backups over real protocols on loopback: how fast a plane's state goes to S3, FTP and FTPS and comes back, what memory
//! and processor time that takes; and how long a location with many backups keeps one waiting.
//!
//! `cargo bench --bench stores` prints a table and asserts nothing. `BENCH_MEGABYTES` (default `10,1000`) names the sizes of the
//! state, `BENCH_RUNS` (default 3) how often each is measured; medians are printed. `BENCH_BACKUPS` (default 1000) says how many many
//! are; 0 leaves them out. Servers and every measurement run in
//! processes of their own, so that the memory and the time are those of the console alone.

// The servers of the tests. They may panic where a bench would return an error.
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#[path = "../tests/stores/embedded.rs"]
mod embedded;
#[path = "stores/many.rs"]
mod many;
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#[path = "../tests/stores/s3_server.rs"]
mod s3_server;
#[path = "stores/server.rs"]
mod server;
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#[path = "../tests/stores/servers/servers.rs"]
mod servers;
#[path = "stores/state.rs"]
mod state;
#[path = "backup/usage.rs"]
mod usage;
#[path = "stores/worker.rs"]
mod worker;

use std::env;
use std::error::Error;
use std::path::Path;

use server::{Kind, Server};
use worker::{Deed, Sample};

/// The most memory that a backup of any size may have resident, in MB (README, Performance).
const MOST_RESIDENT: u64 = 300;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.split_first() {
        Some((role, rest)) if role == "server" => server::run(rest),
        Some((role, rest)) if role == "worker" => worker::run(rest),
        Some((role, [deed, home, rest @ ..])) if role == "many" => many::run(deed, Path::new(home), rest),
        _ => {
            measure()?;
            measure_many()
        }
    }
}

fn measure() -> Outcome<()> {
    let sizes = env::var("BENCH_MEGABYTES").unwrap_or_else(|_| "10,1000".to_owned());
    let runs: usize = env::var("BENCH_RUNS").ok().map_or(Ok(3), |text| text.parse())?;
    println!(
        "Backups on loopback, medians of {runs} runs. MB/s are of plain state; CPU and memory of the console's side alone."
    );
    println!(
        "{:<8}{:>10}  {:<8}{:>10}{:>12}{:>14}{:>12}",
        "store", "state", "deed", "MB/s", "peak MB", "CPU s per GB", "stored MB"
    );
    for size in sizes.split(',') {
        let home = tempfile::tempdir()?;
        let database = state::of_megabytes(home.path(), size.trim().parse()?)?;
        for kind in Kind::ALL {
            let server = Server::start(kind)?;
            for deed in Deed::ALL {
                print(kind, deed, &median(runs, || worker::spawn(&server, deed, home.path(), &database))?);
            }
        }
    }
    println!("budget: {MOST_RESIDENT} MB resident, whatever the size");
    Ok(())
}

fn measure_many() -> Outcome<()> {
    let count: usize = env::var("BENCH_BACKUPS").ok().map_or(Ok(1000), |text| text.parse())?;
    if count == 0 {
        return Ok(());
    }
    println!("\n{count} small backups in one location");
    println!("{:<8}{:>16}{:>18}{:>20}{:>12}", "store", "list, first", "list, known", "10 by retention", "sweep");
    for kind in Kind::ALL {
        let home = tempfile::tempdir()?;
        let server = Server::start(kind)?;
        let took = many::spawn(&server, count, home.path())?;
        let [first, known, retention, sweep] = took.map(|seconds| format!("{:.0} ms", seconds * 1e3));
        println!("{:<8}{first:>16}{known:>18}{retention:>20}{sweep:>12}", kind.name());
    }
    Ok(())
}

fn median(runs: usize, mut sample: impl FnMut() -> Outcome<Sample>) -> Outcome<Sample> {
    let mut samples = (0..runs).map(|_| sample()).collect::<Outcome<Vec<_>>>()?;
    samples.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    samples.into_iter().nth(runs / 2).ok_or_else(|| "no run".into())
}

fn print(kind: Kind, deed: Deed, sample: &Sample) {
    let megabytes = sample.plain_bytes / 1e6;
    println!(
        "{:<8}{:>7.0} MB  {:<8}{:>10.0}{:>12}{:>14.2}{:>12.1}{}",
        kind.name(),
        megabytes,
        deed.name(),
        megabytes / sample.seconds,
        sample.resident,
        sample.cpu_seconds / (megabytes / 1e3),
        sample.stored_bytes / 1e6,
        if sample.resident > MOST_RESIDENT { "  ! over its budget" } else { "" }
    );
}

/// Where the keys and the plane's uid of all workers live.
fn keys_of(home: &Path) -> std::path::PathBuf {
    home.join("recovery-key.txt")
}
