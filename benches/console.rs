//! The release binary from outside, on a pseudo-terminal of 120x40: how soon it shows something, how soon it answers a
//! key, how much it writes, how much memory it takes.
//!
//! `cargo bench --bench console` prints medians and asserts nothing. `BENCH_RUNS` (default 9) says how often each is
//! measured, `BENCH_IDLE_SECONDS` (default 65: a minute and two refreshes) how long the idle console is watched. `BENCH_BINARY` names another binary than the one that was built along, such as
//! the one that is to be shipped.

#[path = "figures.rs"]
mod figures;
#[path = "console/plane.rs"]
mod plane;
#[path = "console/session.rs"]
mod session;
#[path = "console/start.rs"]
mod start;
#[path = "console/terminal.rs"]
mod terminal;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let runs = setting("BENCH_RUNS", 9)?;
    let idle = setting("BENCH_IDLE_SECONDS", 65)?;
    let (mut starts, mut sessions) = (Vec::new(), Vec::new());
    for scale in figures::SCALES {
        let home = tempfile::tempdir()?;
        let dir = home.path().join("plane");
        eprintln!("filling a plane with {} gateways …", scale.pcgs);
        let served = plane::Served::start(&dir, scale)?;
        sessions.push(session::measure(home.path(), &served, runs, Duration::from_secs(idle.try_into()?))?);
        served.stop()?;
        starts.push(start::measure(home.path(), &dir, runs)?);
    }
    figures::print("Start on the embedded plane, on an existing directory", &starts);
    figures::print(&format!("A session on --url, the plane apart; idle for {idle} s"), &sessions);
    let size = std::fs::metadata(binary())?.len();
    println!("\nThe binary has {size} bytes. Medians of {runs} runs at 120x40.");
    Ok(())
}

/// The binary that is measured.
fn binary() -> OsString {
    env::var_os("BENCH_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_palette-console").into())
}

fn setting(name: &str, default: usize) -> Result<usize, Box<dyn Error>> {
    let set = env::var(name).ok().map(|text| text.parse().map_err(|error| format!("{name}: {error}")));
    Ok(set.transpose()?.unwrap_or(default))
}
