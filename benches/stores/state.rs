//! A plane's state of a given size: the sandbox, with as many audit entries as it takes.

use std::path::{Path, PathBuf};

use palette_console::plane::{self, Door, Scale, Settings};

use super::Outcome;

/// Measured: 100 000 entries of the sandbox's history take about so many bytes.
const BYTES_PER_ENTRY: usize = 700;

/// Fills a sandbox with about so many megabytes; its database.
pub fn of_megabytes(home: &Path, megabytes: usize) -> Outcome<PathBuf> {
    let audits = megabytes * 1_000_000 / BYTES_PER_ENTRY;
    eprintln!("filling a plane with {audits} audit entries …");
    let dir = home.join("plane");
    let settings = Settings { sandbox: Some(Scale { audits, ..Scale::default() }), ..Settings::new(&dir) };
    tokio::runtime::Runtime::new()?.block_on(async {
        plane::start(settings, Door::Unix(dir.join("plane.sock"))).await?.stop().await;
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    Ok(dir.join("plane.db"))
}
