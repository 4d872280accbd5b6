//! Jobs of the backup engine: what was ordered, by whom, and how it ended.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, named_params, params};

use super::stamp::{json_at, time, time_at};
use crate::api::location::Check;
use crate::api::words::{JobKind, JobState, Mode, VerifyLevel};
use crate::plane::actor::Actor;
use crate::plane::failure::Failure;

/// How long ended jobs are kept.
const KEPT: TimeDelta = TimeDelta::days(31);
/// Most jobs that a list holds.
const LISTED: i64 = 500;

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its uid.
    pub uid: String,
    /// What it does.
    pub kind: JobKind,
    /// Name of the location; empty for the validation of one that is not saved.
    pub location: String,
    /// Mode of the location.
    pub mode: Mode,
    /// The backup that it makes or works on.
    pub backup_uid: String,
    /// Uid of the plane that made this backup.
    pub owner: String,
    /// How closely a verification looks.
    pub level: VerifyLevel,
    /// Where it stands.
    pub state: JobState,
    /// Who began it.
    pub actor: Actor,
    /// The slot of the schedule that it fills.
    pub slot: Option<DateTime<Utc>>,
    /// Begin.
    pub started: DateTime<Utc>,
    /// End.
    pub finished: Option<DateTime<Utc>>,
    /// How often it was begun.
    pub attempts: u32,
    /// When a failed one of the schedule is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// Uids of backups that this job begins and that are half-made where it does not end: those of earlier attempts, and
    /// the safety backup of a restore.
    pub stale: Vec<String>,
    /// Checks of a validation.
    pub checks: Vec<Check>,
    /// What came of it, in a sentence.
    pub result: String,
    /// What to do about a failure.
    pub advice: String,
}

fn row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let word = |column: &str| row.get::<_, String>(column);
    Ok(Row {
        uid: row.get("uid")?,
        kind: JobKind::from(word("kind")?.as_str()),
        location: row.get("location")?,
        mode: Mode::from(word("mode")?.as_str()),
        backup_uid: row.get("backup_uid")?,
        owner: row.get("owner")?,
        level: VerifyLevel::from(word("level")?.as_str()),
        state: JobState::from(word("state")?.as_str()),
        actor: json_at(row, "actor")?,
        slot: row.get::<_, Option<i64>>("slot")?.map(time),
        started: time_at(row, "started")?,
        finished: row.get::<_, Option<i64>>("finished")?.map(time),
        attempts: row.get("attempts")?,
        retry_at: row.get::<_, Option<i64>>("retry_at")?.map(time),
        stale: json_at(row, "stale")?,
        checks: json_at(row, "checks")?,
        result: row.get("result")?,
        advice: row.get("advice")?,
    })
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}

/// Records a job, or what has become of it.
///
/// # Errors
/// Those of the storage; a slot that has its job already is one.
pub fn put(connection: &Connection, job: &Row) -> Result<(), Failure> {
    let millis = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_millis());
    connection
        .prepare_cached(
            "INSERT INTO job (uid, kind, location, mode, backup_uid, owner, level, state, actor, slot, started, finished,
             attempts, retry_at, stale, checks, result, advice)
             VALUES (:uid, :kind, :location, :mode, :backup, :owner, :level, :state, :actor, :slot, :started, :finished,
             :attempts, :retry, :stale, :checks, :result, :advice)
             ON CONFLICT (uid) DO UPDATE SET backup_uid = excluded.backup_uid, state = excluded.state,
             started = excluded.started, finished = excluded.finished, attempts = excluded.attempts,
             retry_at = excluded.retry_at, stale = excluded.stale, checks = excluded.checks, result = excluded.result,
             advice = excluded.advice",
        )?
        .execute(named_params! {
            ":uid": job.uid, ":kind": job.kind.as_str(), ":location": job.location, ":mode": job.mode.as_str(),
            ":backup": job.backup_uid, ":owner": job.owner, ":level": job.level.as_str(),
            ":state": job.state.as_str(), ":actor": json(&job.actor)?, ":slot": millis(job.slot),
            ":started": job.started.timestamp_millis(), ":finished": millis(job.finished),
            ":attempts": job.attempts, ":retry": millis(job.retry_at), ":stale": json(&job.stale)?,
            ":checks": json(&job.checks)?, ":result": job.result, ":advice": job.advice,
        })?;
    Ok(())
}

/// One job.
///
/// # Errors
/// Those of the storage.
pub fn get(connection: &Connection, uid: &str) -> rusqlite::Result<Option<Row>> {
    connection.prepare_cached("SELECT * FROM job WHERE uid = ?1")?.query_row([uid], row).optional()
}

/// All of them, newest first.
///
/// # Errors
/// Those of the storage.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached("SELECT * FROM job ORDER BY started DESC, seq DESC LIMIT ?1")?;
    statement.query_map([LISTED], row)?.collect()
}

/// Those that make backups in a location, newest first.
///
/// # Errors
/// Those of the storage.
pub fn creates(connection: &Connection, location: &str) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM job WHERE location = ?1 AND kind = 'create' ORDER BY started DESC, seq DESC")?;
    statement.query_map([location], row)?.collect()
}

/// Those that have not ended, oldest first.
///
/// # Errors
/// Those of the storage.
pub fn unfinished(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM job WHERE state IN ('Running', 'Queued') ORDER BY seq")?;
    statement.query_map([], row)?.collect()
}

/// The one that has a location to itself: the oldest that has not ended and is no validation.
///
/// # Errors
/// Those of the storage.
pub fn active(connection: &Connection, location: &str) -> rusqlite::Result<Option<Row>> {
    Ok(in_turn(connection, location)?.into_iter().next())
}

/// Notes that someone wants a job to end that has not: it is not taken up again.
///
/// # Errors
/// Those of the storage.
pub fn want_cancel(connection: &Connection, uid: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE job SET cancel_wanted = 1 WHERE uid = ?1 AND state IN ('Running', 'Queued')")?
        .execute([uid])
        .map(drop)
}

/// Notes that a job ended because its location could not be reached at all: it has looked at nothing there.
///
/// # Errors
/// Those of the storage.
pub fn never_reached(connection: &Connection, uid: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE job SET never_reached = 1 WHERE uid = ?1")?.execute([uid]).map(drop)
}

/// Whether someone wanted it to end.
///
/// # Errors
/// Those of the storage.
pub fn cancel_wanted(connection: &Connection, uid: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT cancel_wanted FROM job WHERE uid = ?1")?.query_row([uid], |row| row.get(0))
}

/// Those of a location that have not ended and are no validations, oldest first: the first has the location to itself, the
/// others wait.
///
/// # Errors
/// Those of the storage.
pub fn in_turn(connection: &Connection, location: &str) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM job WHERE state IN ('Running', 'Queued') AND location = ?1 AND kind <> 'validate' ORDER BY seq",
    )?;
    statement.query_map([location], row)?.collect()
}

/// Whether a slot of the schedule has had its job.
///
/// # Errors
/// Those of the storage.
pub fn slot_is_taken(connection: &Connection, location: &str, slot: DateTime<Utc>) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT count(*) FROM job WHERE location = ?1 AND slot = ?2")?
        .query_row(params![location, slot.timestamp_millis()], |row| row.get::<_, i64>(0))
        .map(|count| count > 0)
}

/// Failed ones of the schedule that are to be tried again, and when.
///
/// # Errors
/// Those of the storage.
pub fn to_retry(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM job WHERE state = 'Error' AND retry_at IS NOT NULL ORDER BY retry_at")?;
    statement.query_map([], row)?.collect()
}

/// Forgets jobs that ended over a month ago, but never the newest slot of a location: it says that this slot was run.
///
/// # Errors
/// Those of the storage.
pub fn prune(connection: &Connection, now: DateTime<Utc>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM job WHERE finished < ?1 AND (slot IS NULL OR slot < (
                 SELECT max(later.slot) FROM job AS later WHERE later.location = job.location))",
        )?
        .execute([(now - KEPT).timestamp_millis()])
        .map(drop)
}
