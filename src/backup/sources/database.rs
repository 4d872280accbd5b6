//! The plane's database: a consistent copy by `VACUUM INTO`, which reads one snapshot while others write.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{Opened, Source, space_for};
use crate::text;

/// Name of the stream.
pub const STREAM: &str = "plane";

/// "PCon", which a plane writes into its database.
const APPLICATION_ID: i32 = 0x5043_6f6e;
const HEADER: &[u8] = b"SQLite format 3\0";

/// A SQLite database that may be in use.
pub struct Database {
    /// The file.
    pub path: PathBuf,
}

impl Source for Database {
    fn stream(&self) -> &str {
        STREAM
    }

    fn open(&mut self, scratch: &Path) -> Result<Opened, String> {
        let copy = Copy::of(&self.path, scratch)?;
        prove(&copy.0)?;
        let unreadable = |error: std::io::Error| format!("the copy of the plane's database cannot be read: {error}");
        let file = File::open(&copy.0).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        // An open file outlives its name: whatever happens from here on, nothing stays on the disk.
        drop(copy);
        Ok(Opened { reader: Box::new(file), bytes: Some(bytes) })
    }
}

/// A copy that is removed when it is dropped.
struct Copy(PathBuf);

impl Copy {
    fn of(database: &Path, scratch: &Path) -> Result<Self, String> {
        let failed = |error: rusqlite::Error| format!("the plane's database cannot be copied: {error}");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(database, flags).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(30)).map_err(failed)?;
        let number = |pragma| connection.query_row(pragma, [], |row| row.get::<_, u64>(0)).map_err(failed);
        let bytes = number("PRAGMA page_count")?.saturating_mul(number("PRAGMA page_size")?);
        space_for(scratch, bytes)?;
        let path = scratch.join(format!("plane-{:016x}.db", fastrand::u64(..)));
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        let copy = Self(path);
        let name = copy.0.to_str().ok_or_else(|| format!("{} is no name in UTF-8", copy.0.display()))?;
        connection.execute("VACUUM INTO ?1", [name]).map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => format!("the disk with {} is full", scratch.display()),
            _ => failed(error),
        })?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Proves that a file is a whole SQLite database of a plane.
///
/// # Errors
/// What is wrong with it.
pub fn prove(file: &Path) -> Result<(), String> {
    let mut header = [0; HEADER.len()];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut header));
    if read.is_err() || header != *HEADER {
        return Err("it is no SQLite database".to_owned());
    }
    let failed =
        |error: rusqlite::Error| format!("it is no whole SQLite database: {}", text::clean(&error.to_string()));
    // Nobody else has it, and nothing is to be written beside it.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(immutable(file)?, flags).map_err(failed)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if verdict != "ok" {
        return Err(format!("the SQLite database is damaged: {}", text::clean(&verdict)));
    }
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(failed)?;
    if application == APPLICATION_ID { Ok(()) } else { Err("it is a SQLite database, but not a plane's".to_owned()) }
}

/// The URI of a file that does not change.
fn immutable(file: &Path) -> Result<String, String> {
    let name = file.to_str().ok_or_else(|| format!("{} is no name in UTF-8", file.display()))?;
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Ok(format!("file:{name}?immutable=1"))
}

#[cfg(test)]
mod tests;
