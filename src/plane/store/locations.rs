//! Locations of backups. Secrets are stored sealed and never leave with the location.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::housekeeping;
use super::stamp::{json_at, time, time_at};
use crate::api::backup::Sensitive;
use crate::api::location::Location;
use crate::plane::failure::Failure;

/// A location, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The location, without secrets.
    pub location: Location,
    /// Its password or secret key, sealed; empty where there is none.
    pub sealed: String,
    /// When it was configured first; its day is the anchor of the schedule.
    pub created: DateTime<Utc>,
    /// Since when the schedule is what it is; earlier slots are none of it.
    pub since: DateTime<Utc>,
    /// When retention last looked.
    pub last_pass: Option<DateTime<Utc>>,
    /// It points at the sandbox's own store, whose address may change.
    pub prepared: bool,
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let sealed: String = row.get("secret")?;
    let mut location: Location = json_at(row, "body")?;
    location.has_secret = !sealed.is_empty();
    Ok(Stored {
        location,
        sealed,
        created: time_at(row, "created")?,
        since: time_at(row, "since")?,
        last_pass: row.get::<_, Option<i64>>("last_pass")?.map(time),
        prepared: row.get("prepared")?,
    })
}

/// The location without what only travels: secrets, and the name of the one it was modelled on.
#[must_use]
pub fn bare(location: &Location) -> Location {
    let mut bare = location.clone();
    bare.like.clear();
    bare.has_secret = false;
    if let Some(ftp) = &mut bare.ftp {
        ftp.password = Sensitive::default();
    }
    if let Some(s3) = &mut bare.s3 {
        s3.secret_key = Sensitive::default();
    }
    bare
}

/// All of them, `ftp` and `s3` first, then by mode and name.
///
/// # Errors
/// Those of the storage.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<Stored>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM location ORDER BY name NOT IN ('ftp', 's3'), mode, name")?;
    statement.query_map([], stored)?.collect()
}

/// One of them.
///
/// # Errors
/// Those of the storage.
pub fn get(connection: &Connection, name: &str) -> rusqlite::Result<Option<Stored>> {
    connection.prepare_cached("SELECT * FROM location WHERE name = ?1")?.query_row([name], stored).optional()
}

/// Adds one, or takes the place of the one with its name.
///
/// # Errors
/// Those of the storage.
pub fn put(connection: &Connection, new: &Stored) -> Result<(), Failure> {
    let bare = bare(&new.location);
    connection
        .prepare_cached(
            "INSERT INTO location (name, mode, body, secret, created, since, last_pass, prepared)
             VALUES (:name, :mode, :body, :secret, :created, :since, :last_pass, :prepared)
             ON CONFLICT (name) DO UPDATE SET mode = excluded.mode, body = excluded.body, secret = excluded.secret,
                 created = excluded.created, since = excluded.since, last_pass = excluded.last_pass,
                 prepared = excluded.prepared",
        )?
        .execute(named_params! {
            ":name": bare.name, ":mode": bare.mode.as_str(), ":body": serde_json::to_string(&bare)?,
            ":secret": new.sealed, ":created": new.created.timestamp_millis(),
            ":since": new.since.timestamp_millis(),
            ":last_pass": new.last_pass.map(|at| at.timestamp_millis()), ":prepared": new.prepared,
        })?;
    Ok(())
}

/// Removes one; backups stay where they are.
///
/// # Errors
/// Those of the storage.
pub fn delete(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM location WHERE name = ?1")?.execute([name])?;
    forget_backups(connection, name)
}

/// Forgets what was known of a place that the location leads to no more. What lies there stays.
///
/// # Errors
/// Those of the storage.
pub fn forget_backups(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    housekeeping::forget(connection, name)?;
    connection.prepare_cached("DELETE FROM verification WHERE location = ?1")?.execute([name])?;
    connection.prepare_cached("DELETE FROM backup WHERE location = ?1")?.execute([name]).map(drop)
}

/// What stays worth a warning about its place, as it was last seen.
///
/// # Errors
/// Those of the storage.
pub fn remarks(connection: &Connection, name: &str) -> rusqlite::Result<Vec<String>> {
    let found = connection
        .prepare_cached("SELECT remarks FROM location WHERE name = ?1")?
        .query_row([name], |row| json_at(row, "remarks"))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Remembers what stays worth a warning about its place.
///
/// # Errors
/// Those of the storage.
pub fn remember_remarks(connection: &Connection, name: &str, remarks: &[String]) -> Result<(), Failure> {
    connection
        .prepare_cached("UPDATE location SET remarks = ?2 WHERE name = ?1")?
        .execute([name, &serde_json::to_string(remarks)?])?;
    Ok(())
}

/// Notes that retention has looked.
///
/// # Errors
/// Those of the storage.
pub fn passed(connection: &Connection, name: &str, at: DateTime<Utc>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE location SET last_pass = ?2 WHERE name = ?1")?
        .execute(params![name, at.timestamp_millis()])
        .map(drop)
}
