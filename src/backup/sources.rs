//! What is backed up: named streams of bytes, each from a source of its own.

pub mod database;

use std::io::Read;
use std::path::Path;

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
