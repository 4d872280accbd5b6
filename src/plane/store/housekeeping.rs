//! What the plane does in a location by itself: what retention last had to say, and when a backup was last read again.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::stamp::time;

/// What the last retention pass had to say of a location; empty where it went well.
///
/// # Errors
/// Those of the storage.
pub fn said(connection: &Connection, location: &str) -> rusqlite::Result<String> {
    let mut statement = connection.prepare_cached("SELECT said FROM housekeeping WHERE location = ?1")?;
    Ok(statement.query_row([location], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// Keeps what a retention pass has to say in place of what the one before said.
///
/// # Errors
/// Those of the storage.
pub fn say(connection: &Connection, location: &str, words: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO housekeeping (location, said) VALUES (?1, ?2)
             ON CONFLICT (location) DO UPDATE SET said = excluded.said",
        )?
        .execute([location, words])
        .map(drop)
}

/// When the rotation last chose a backup of a location to read again.
///
/// # Errors
/// Those of the storage.
pub fn chosen(connection: &Connection, location: &str) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let mut statement = connection.prepare_cached("SELECT chosen FROM housekeeping WHERE location = ?1")?;
    let chosen: Option<Option<i64>> = statement.query_row([location], |row| row.get(0)).optional()?;
    Ok(chosen.flatten().map(time))
}

/// Notes that the rotation chose one.
///
/// # Errors
/// Those of the storage.
pub fn choose(connection: &Connection, location: &str, at: DateTime<Utc>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO housekeeping (location, said, chosen) VALUES (?1, '', ?2)
             ON CONFLICT (location) DO UPDATE SET chosen = excluded.chosen",
        )?
        .execute(params![location, at.timestamp_millis()])
        .map(drop)
}

/// Forgets it all: the location leads elsewhere, or nowhere.
///
/// # Errors
/// Those of the storage.
pub fn forget(connection: &Connection, location: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM housekeeping WHERE location = ?1")?.execute([location]).map(drop)
}
