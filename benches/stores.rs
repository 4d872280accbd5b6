//! Backups over real protocols on loopback: how fast a plane's state goes to S3, FTP and FTPS and comes back, what memory
//! and processor time that takes.
//!
//! `cargo bench --bench stores` prints a table and asserts nothing. `BENCH_MEGABYTES` (default `10,1000`) names the sizes of the
//! state, `BENCH_RUNS` (default 3) how often each is measured; medians are printed. Servers and every measurement run in
//! processes of their own, so that the memory and the time are those of the console alone.

// The servers of the tests. They may panic where a bench would return an error.
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#[path = "../tests/stores/embedded.rs"]
mod embedded;
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
#[path = "stores/worker.rs"]
mod worker;

use std::env;
use std::error::Error;
use std::path::Path;

use server::{Kind, Server};
use worker::{Deed, Sample};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.split_first() {
        Some((role, rest)) if role == "server" => server::run(rest),
        Some((role, rest)) if role == "worker" => worker::run(rest),
        _ => measure(),
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
        "store", "state", "deed", "MB/s", "peak MiB", "CPU s per GB", "stored MB"
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
        "{:<8}{:>7.0} MB  {:<8}{:>10.0}{:>12.0}{:>14.2}{:>12.1}",
        kind.name(),
        megabytes,
        deed.name(),
        megabytes / sample.seconds,
        sample.peak_mebibytes,
        sample.cpu_seconds / (megabytes / 1e3),
        sample.stored_bytes / 1e6
    );
}

/// Where the keys and the plane's uid of all workers live.
fn keys_of(home: &Path) -> std::path::PathBuf {
    home.join("recovery-key.txt")
}
