//! Migrations of all clusters of one gateway to another: what was ordered, and how far it got.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::stamp::json_at;
use crate::plane::actor::Actor;
use crate::plane::failure::Failure;

/// A migration.
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    /// Its number.
    pub id: i64,
    /// Uid of the gateway that gives its clusters away.
    pub source_uid: String,
    /// Its name when the migration was ordered.
    pub source_name: String,
    /// Uid of the gateway that takes them.
    pub target_uid: String,
    /// Its name when the migration was ordered.
    pub target_name: String,
    /// Who ordered it.
    pub actor: Actor,
    /// Clusters to move.
    pub total: usize,
    /// Clusters moved.
    pub moved: usize,
}

/// How a migration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every cluster moved.
    Done,
    /// Not every one did.
    Failed,
}

fn migration(row: &Row<'_>) -> rusqlite::Result<Migration> {
    Ok(Migration {
        id: row.get("id")?,
        source_uid: row.get("source_uid")?,
        source_name: row.get("source_name")?,
        target_uid: row.get("target_uid")?,
        target_name: row.get("target_name")?,
        actor: json_at(row, "actor")?,
        total: row.get("total")?,
        moved: row.get("moved")?,
    })
}

/// Records an order; returns its number. The one in `new` is not used.
///
/// # Errors
/// Those of the storage.
pub fn insert(connection: &Connection, new: &Migration, now: DateTime<Utc>) -> Result<i64, Failure> {
    connection
        .prepare_cached(
            "INSERT INTO migration (source_uid, source_name, target_uid, target_name, actor, total, moved, state, started)
             VALUES (:source, :source_name, :target, :target_name, :actor, :total, 0, 'running', :now)",
        )?
        .execute(named_params! {
            ":source": new.source_uid, ":source_name": new.source_name, ":target": new.target_uid,
            ":target_name": new.target_name, ":actor": serde_json::to_string(&new.actor)?, ":total": new.total,
            ":now": now.timestamp_millis(),
        })?;
    Ok(connection.last_insert_rowid())
}

/// Those that have not ended, oldest first.
///
/// # Errors
/// Those of the storage.
pub fn running(connection: &Connection) -> rusqlite::Result<Vec<Migration>> {
    let mut statement = connection.prepare_cached("SELECT * FROM migration WHERE state = 'running' ORDER BY id")?;
    statement.query_map([], migration)?.collect()
}

/// One that has not ended.
///
/// # Errors
/// Those of the storage.
pub fn running_by_id(connection: &Connection, id: i64) -> rusqlite::Result<Option<Migration>> {
    connection
        .prepare_cached("SELECT * FROM migration WHERE state = 'running' AND id = ?1")?
        .query_row([id], migration)
        .optional()
}

/// The one that keeps a migration from `source` to `target` from starting. Several sources may share a
/// target; beyond that a gateway takes part in one migration at a time.
///
/// # Errors
/// Those of the storage.
pub fn conflicting(connection: &Connection, source: &str, target: &str) -> rusqlite::Result<Option<Migration>> {
    connection
        .prepare_cached(
            "SELECT * FROM migration WHERE state = 'running'
             AND (source_uid IN (?1, ?2) OR target_uid = ?1) ORDER BY id LIMIT 1",
        )?
        .query_row([source, target], migration)
        .optional()
}

/// One that has not ended and needs this gateway.
///
/// # Errors
/// Those of the storage.
pub fn involving(connection: &Connection, uid: &str) -> rusqlite::Result<Option<Migration>> {
    connection
        .prepare_cached(
            "SELECT * FROM migration WHERE state = 'running' AND (source_uid = ?1 OR target_uid = ?1) ORDER BY id LIMIT 1",
        )?
        .query_row([uid], migration)
        .optional()
}

/// One more cluster has moved.
///
/// # Errors
/// Those of the storage.
pub fn advance(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE migration SET moved = moved + 1 WHERE id = ?1")?.execute([id]).map(drop)
}

/// It has ended.
///
/// # Errors
/// Those of the storage.
pub fn finish(connection: &Connection, id: i64, end: End, now: DateTime<Utc>) -> rusqlite::Result<()> {
    let state = match end {
        End::Done => "done",
        End::Failed => "failed",
    };
    connection
        .prepare_cached("UPDATE migration SET state = ?2, finished = ?3 WHERE id = ?1")?
        .execute(params![id, state, now.timestamp_millis()])
        .map(drop)
}
