//! Opening the database: ours, whole, of a version this program knows; or a fresh one.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::plane::error::StartError;
use crate::plane::failure::StorageError;

/// Name of the database in its data directory.
pub const FILE: &str = "plane.db";
/// What SQLite writes beside it.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];
/// A database of at most so many bytes is read whole at every start.
const ALWAYS_READ: u64 = 8 << 20;
/// "PCon", which tells our files from other SQLite databases.
const APPLICATION_ID: i32 = 0x5043_6f6e;
/// What makes a database of each version out of the one before.
pub const MIGRATIONS: [&str; 2] =
    [include_str!("migrations/0001_start.sql"), include_str!("migrations/0002_backups.sql")];

/// Opens the database of a data directory, making or updating it where need be. A file that is damaged or
/// not ours is left as it is.
///
/// # Errors
/// In words, where the file is damaged, foreign, newer than this program, or cannot be written.
pub fn open(data_dir: &Path, quota: Option<u64>) -> Result<Connection, StartError> {
    let path = data_dir.join(FILE);
    refuse_other_formats(&path)?;
    create(&path)?;
    // SQLite's NOFOLLOW forbids links anywhere in the path, and only the last name is ours to distrust.
    let unreadable = |error: std::io::Error| StartError::DataDir {
        action: "read",
        path: data_dir.to_owned(),
        reason: error.to_string(),
    };
    let direct = fs::canonicalize(data_dir).map_err(unreadable)?.join(FILE);
    let failed = |error: rusqlite::Error| start_error(&path, error.into());
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    // Looked at through a connection that cannot write: closing one that can would fold the log of a
    // damaged database into it.
    let looking = Connection::open_with_flags(&direct, flags | OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    check(&looking, &path)?;
    drop(looking);
    let writing = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let mut connection = Connection::open_with_flags(&direct, flags | writing).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
    configure(&connection, quota).map_err(failed)?;
    update(&mut connection).map_err(failed)?;
    Ok(connection)
}

/// SQLite takes an empty file for a new database and overwrites some short ones; a file that is there must
/// be a database already.
fn refuse_other_formats(path: &Path) -> Result<(), StartError> {
    let unreadable = |error: std::io::Error| StartError::DataDir {
        action: "read",
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut head = [0; 16];
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(unreadable)?,
    };
    let length = file.metadata().map_err(unreadable)?.len();
    // A process that is killed while it makes the database leaves an empty file: nothing is lost in it.
    if length == 0 {
        return Ok(());
    }
    let read = file.take(16).read(&mut head).map_err(unreadable)?;
    if read < head.len() || &head != b"SQLite format 3\0" {
        return Err(StartError::Damaged { path: path.to_owned(), reason: "it is not a SQLite database".to_owned() });
    }
    Ok(())
}

/// Makes an empty database that only its owner can read: it holds the key that signs tokens.
fn create(path: &Path) -> Result<(), StartError> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StartError::DataDir { action: "make", path: path.to_owned(), reason: error.to_string() })
        }
        _ => Ok(()),
    }
}

fn check(connection: &Connection, path: &Path) -> Result<(), StartError> {
    let failed = |error: rusqlite::Error| start_error(path, error.into());
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i32>(0)).map_err(failed);
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let not_ours = |reason: String| StartError::NotOurs { path: path.to_owned(), reason };
    if tables > 0 && application != APPLICATION_ID {
        return Err(not_ours("belongs to another program".to_owned()));
    }
    let known = MIGRATIONS.len();
    if usize::try_from(version).map_or(true, |version| version > known) {
        return Err(not_ours(format!("has version {version}, and this program knows versions up to {known}")));
    }
    if !deserves_a_look(path) {
        return Ok(());
    }
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if verdict == "ok" { Ok(()) } else { Err(StartError::Damaged { path: path.to_owned(), reason: verdict }) }
}

/// Whether the whole database is read before it is used. That costs 3 ms for the curated sandbox and a quarter of a
/// second for 70 MB, so a large one is read only where its last owner did not close it in order: the write-ahead log
/// is still there then. What is damaged in between shows when it is read.
fn deserves_a_look(path: &Path) -> bool {
    let length = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        fs::metadata(name).map_or(0, |metadata| metadata.len())
    };
    length("") <= ALWAYS_READ || length("-wal") > 0
}

fn configure(connection: &Connection, quota: Option<u64>) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    if let Some(bytes) = quota {
        let page: u64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        connection.pragma_update(None, "max_page_count", (bytes / page.max(1)).max(1))?;
    }
    Ok(())
}

/// Brings a database to the newest version, one transaction for each step.
///
/// # Errors
/// Those of the storage.
pub fn update(connection: &mut Connection) -> rusqlite::Result<()> {
    let done: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (place, sql) in MIGRATIONS.iter().enumerate().skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", place + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// What a storage error means to someone who starts a plane.
#[must_use]
pub fn start_error(path: &Path, error: StorageError) -> StartError {
    let path = path.to_owned();
    match error {
        StorageError::Damaged(reason) => StartError::Damaged { path, reason },
        StorageError::Unwritable(reason) => StartError::DataDir { action: "write", path, reason },
        StorageError::Closed | StorageError::Internal(_) => StartError::Internal(error.to_string()),
    }
}

/// Moves the database aside as `plane.db.damaged-<time>`, so that the next start makes a fresh one. The
/// caller holds the directory's lock.
///
/// # Errors
/// Where there is none, or it cannot be moved.
pub fn set_aside(data_dir: &Path, now: DateTime<Utc>) -> Result<PathBuf, StartError> {
    let path = data_dir.join(FILE);
    let aside = data_dir.join(format!("{FILE}.damaged-{}", now.format("%Y%m%dT%H%M%S%3fZ")));
    let with = |base: &Path, suffix: &str| {
        let mut name = base.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    // The log moves before its database: a crash in between must not leave an old log beside a fresh file.
    for suffix in COMPANIONS.iter().rev() {
        let (from, to) = (with(&path, suffix), with(&aside, suffix));
        let moved = if to.exists() { Err(std::io::ErrorKind::AlreadyExists.into()) } else { fs::rename(&from, &to) };
        match moved {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !suffix.is_empty() => {}
            moved => moved.map_err(|error| StartError::DataDir {
                action: "set aside",
                path: from,
                reason: error.to_string(),
            })?,
        }
    }
    Ok(aside)
}
