//! What is remembered of backups: which were seen complete, how they were verified, which keys were exported.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::stamp::{time, time_at};
use crate::api::backup::Verified;
use crate::api::words::VerifyLevel;
use crate::backup::Place;

/// How long one that is gone is remembered; the strip of days shows thirty.
const REMEMBERED: TimeDelta = TimeDelta::days(60);

/// One folder of a backup. A uid alone tells it from no other: whoever can write the location can use it again.
#[derive(Clone, Copy, Debug)]
pub struct Folder<'a> {
    /// Name of the location.
    pub location: &'a str,
    /// Uid of the plane that the folder belongs to.
    pub owner: &'a str,
    /// Uid of the backup.
    pub uid: &'a str,
}

/// A backup that was seen complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its uid.
    pub uid: String,
    /// Uid of the plane that made it.
    pub owner: String,
    /// When it was finished.
    pub finished: DateTime<Utc>,
    /// When it was found gone.
    pub gone: Option<DateTime<Utc>>,
}

impl Seen {
    /// Its folder; none where the uid is none of ours.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let uid = self.uid.parse().ok()?;
        Some(Place { plane_uid: self.owner.clone(), uid })
    }
}

fn seen(row: &Row<'_>) -> rusqlite::Result<Seen> {
    Ok(Seen {
        uid: row.get("uid")?,
        owner: row.get("owner")?,
        finished: time_at(row, "finished")?,
        gone: row.get::<_, Option<i64>>("gone")?.map(time),
    })
}

/// Those of a location, newest first.
///
/// # Errors
/// Those of the storage.
pub fn list(connection: &Connection, location: &str) -> rusqlite::Result<Vec<Seen>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM backup WHERE location = ?1 ORDER BY finished DESC, uid DESC")?;
    statement.query_map([location], seen)?.collect()
}

/// Notes that a backup is there.
///
/// # Errors
/// Those of the storage.
pub fn note(connection: &Connection, folder: Folder<'_>, finished: DateTime<Utc>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO backup (location, owner, uid, finished) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (location, owner, uid) DO UPDATE SET gone = NULL, finished = excluded.finished",
        )?
        .execute(params![folder.location, folder.owner, folder.uid, finished.timestamp_millis()])
        .map(drop)
}

/// Notes that a backup is gone.
///
/// # Errors
/// Those of the storage.
pub fn gone(connection: &Connection, folder: Folder<'_>, at: DateTime<Utc>) -> rusqlite::Result<()> {
    let Folder { location, owner, uid } = folder;
    connection
        .prepare_cached("UPDATE backup SET gone = ?4 WHERE location = ?1 AND owner = ?2 AND uid = ?3 AND gone IS NULL")?
        .execute(params![location, owner, uid, at.timestamp_millis()])?;
    connection
        .prepare_cached("DELETE FROM backup WHERE gone < ?1")?
        .execute([(at - REMEMBERED).timestamp_millis()])
        .map(drop)
}

/// The newest verification of a backup.
///
/// # Errors
/// Those of the storage.
pub fn verification(connection: &Connection, folder: Folder<'_>) -> rusqlite::Result<Option<Verified>> {
    connection
        .prepare_cached("SELECT * FROM verification WHERE location = ?1 AND owner = ?2 AND uid = ?3")?
        .query_row([folder.location, folder.owner, folder.uid], |row| {
            let level: String = row.get("level")?;
            Ok(Verified {
                level: VerifyLevel::from(level.as_str()),
                at: Some(time_at(row, "at")?),
                good: row.get("good")?,
                detail: row.get("detail")?,
            })
        })
        .optional()
}

/// Keeps a verification as the newest one. What a closer look found damaged is not whole again because a quicker one sees
/// nothing wrong.
///
/// # Errors
/// Those of the storage.
pub fn verified(connection: &Connection, folder: Folder<'_>, found: &Verified) -> rusqlite::Result<()> {
    let known = verification(connection, folder)?;
    if known.is_some_and(|known| !known.good && found.good && depth(&known.level) > depth(&found.level)) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO verification (location, owner, uid, level, at, good, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            folder.location,
            folder.owner,
            folder.uid,
            found.level.as_str(),
            found.at.map_or(0, |at| at.timestamp_millis()),
            found.good,
            found.detail
        ])
        .map(drop)
}

fn depth(level: &VerifyLevel) -> u8 {
    match level {
        VerifyLevel::Quick | VerifyLevel::Other(_) => 0,
        VerifyLevel::Data => 1,
        VerifyLevel::Full => 2,
    }
}

/// A backup that is there, and when someone last set out to read it whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its uid.
    pub uid: String,
    /// When it was finished.
    pub finished: DateTime<Utc>,
    /// When it was last read, or that was last tried; a try that found the location away is none.
    pub looked: Option<DateTime<Utc>>,
}

/// Those of a location that the plane `owner` made, newest first.
///
/// # Errors
/// Those of the storage.
pub fn readings(connection: &Connection, location: &str, owner: &str) -> rusqlite::Result<Vec<Reading>> {
    let mut statement = connection.prepare_cached(
        "SELECT backup.uid, backup.finished,
             nullif(max(coalesce(verification.at, 0), coalesce(tried.at, 0)), 0) AS looked
         FROM backup
         LEFT JOIN verification ON verification.location = backup.location AND verification.owner = backup.owner
             AND verification.uid = backup.uid AND verification.level IN ('data', 'full')
         LEFT JOIN (
             SELECT backup_uid, max(started) AS at FROM job
             WHERE location = ?1 AND owner = ?2 AND kind = 'verify' AND level IN ('data', 'full') AND NOT never_reached
             GROUP BY backup_uid
         ) AS tried ON tried.backup_uid = backup.uid
         WHERE backup.location = ?1 AND backup.owner = ?2 AND backup.gone IS NULL
         ORDER BY backup.finished DESC, backup.uid DESC",
    )?;
    let reading = |row: &Row<'_>| {
        let looked = row.get::<_, Option<i64>>("looked")?.map(time);
        Ok(Reading { uid: row.get("uid")?, finished: time_at(row, "finished")?, looked })
    };
    statement.query_map([location, owner], reading)?.collect()
}

/// When a key was last exported.
///
/// # Errors
/// Those of the storage.
pub fn exported(connection: &Connection, fingerprint: &str) -> rusqlite::Result<Option<DateTime<Utc>>> {
    connection
        .prepare_cached("SELECT exported FROM recovery_key WHERE fingerprint = ?1")?
        .query_row([fingerprint], |row| row.get(0).map(time))
        .optional()
}

/// Notes that a key was exported.
///
/// # Errors
/// Those of the storage.
pub fn note_export(connection: &Connection, fingerprint: &str, at: DateTime<Utc>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO recovery_key (fingerprint, exported) VALUES (?1, ?2)")?
        .execute(params![fingerprint, at.timestamp_millis()])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::store::open;

    #[test]
    fn a_quicker_look_does_not_make_whole_what_a_closer_one_found_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let connection = open::open(dir.path(), None).unwrap();
        let folder = Folder { location: "ftp", owner: "p", uid: "uid" };
        let looked = |level, good| {
            verified(&connection, folder, &Verified { level, at: None, good, detail: String::new() }).unwrap();
            verification(&connection, folder).unwrap().unwrap().good
        };
        assert!(looked(VerifyLevel::Quick, true));
        assert!(!looked(VerifyLevel::Data, false));
        assert!(!looked(VerifyLevel::Quick, true));
        assert!(looked(VerifyLevel::Full, true), "as close a look may");
        assert!(!looked(VerifyLevel::Quick, false));
    }
}
