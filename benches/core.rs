//! What the parts cost inside one process: frames, keys, tables, joins, reads of the plane over its socket.
//!
//! `cargo bench --bench core` prints medians and asserts nothing.

#[path = "core/app.rs"]
mod app;
#[path = "figures.rs"]
mod figures;
#[path = "core/fixture.rs"]
mod fixture;
#[path = "core/reads.rs"]
mod reads;
#[path = "core/table.rs"]
mod table;

use std::error::Error;
use std::time::{Duration, Instant};

use fixture::Fixture;

fn main() -> Result<(), Box<dyn Error>> {
    // Only the first one in a process counts, and there is no other here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new()?;
    let (mut screens, mut tables, mut plane) = (Vec::new(), Vec::new(), Vec::new());
    for scale in figures::SCALES {
        eprintln!("filling a plane with {} gateways …", scale.pcgs);
        let fixture = runtime.block_on(Fixture::open(scale))?;
        screens.push(app::measure(&fixture)?);
        tables.push(table::measure(scale.audits)?);
        plane.push(runtime.block_on(reads::measure(&fixture))?);
    }
    figures::print("The pure core at 120x40", &screens);
    figures::print("A table with as many rows as there are audit entries", &tables);
    figures::print("Reads over the Unix socket, rate limit apart", &plane);
    Ok(())
}

/// How long something takes.
fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(run());
    start.elapsed()
}
