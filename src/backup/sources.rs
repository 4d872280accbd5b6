//! What is backed up: named streams of bytes, each from a source of its own.

pub mod database;

use std::io::Read;
use std::path::Path;

use crate::text;

/// A source of one stream.
pub trait Source: Send {
    /// Name of the stream: 1 to 16 lower-case letters and digits.
    fn stream(&self) -> &str;

    /// Takes a consistent copy and opens it. May block; `scratch` is a directory for what must be on disk meanwhile, and is
    /// emptied afterwards.
    ///
    /// # Errors
    /// In words.
    fn open(&mut self, scratch: &Path) -> Result<Opened, String>;
}

/// An opened stream.
pub struct Opened {
    /// Its bytes.
    pub reader: Box<dyn Read + Send>,
    /// How many, where that is known.
    pub bytes: Option<u64>,
}

/// Proves that a fetched stream is what its source would take back, as far as the name tells what it is; may block.
///
/// # Errors
/// What is wrong with it, in words.
pub fn prove(stream: &str, file: &Path) -> Result<(), String> {
    match stream {
        database::STREAM => database::prove(file),
        _ => Ok(()),
    }
}

/// Whether a disk has room for so many bytes.
///
/// # Errors
/// In words, where it has not.
pub(super) fn space_for(dir: &Path, bytes: u64) -> Result<(), String> {
    let Ok(found) = rustix::fs::statvfs(dir) else { return Ok(()) };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if free >= bytes {
        return Ok(());
    }
    let mib = |bytes: u64| text::grouped(usize::try_from(bytes.div_ceil(1 << 20)).unwrap_or(usize::MAX));
    Err(format!("{} has {} MiB free, and {} MiB are needed", dir.display(), mib(free), mib(bytes)))
}
