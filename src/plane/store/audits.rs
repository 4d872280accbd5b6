//! The audit trail: written with every change, read newest first.

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params, params_from_iter};

use super::stamp::{json_at, time_at};
use crate::api::audit::{Audit, AuditActor, AuditResource, AuditSpec};
use crate::api::{ActionType, ObjectMeta};
use crate::plane::actor::Actor;
use crate::plane::failure::Failure;
use crate::plane::uid;

/// A new entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Kind of action.
    pub action: ActionType,
    /// What happened, in a few words.
    pub title: String,
    /// What happened, a whole sentence.
    pub content: String,
    /// Who.
    pub actor: Actor,
    /// To what.
    pub resource: AuditResource,
}

/// Writes an entry.
///
/// # Errors
/// Those of the storage.
pub fn record(connection: &Connection, at: DateTime<Utc>, entry: &Entry) -> Result<(), Failure> {
    insert(connection, at, &uid::fresh(), "", entry)
}

/// Writes an entry under a uid of its own, with a person's note.
///
/// # Errors
/// Those of the storage.
pub fn insert(connection: &Connection, at: DateTime<Utc>, uid: &str, note: &str, entry: &Entry) -> Result<(), Failure> {
    let actor = &entry.actor.0;
    connection
        .prepare_cached(
            "INSERT INTO audit (uid, at, action_type, action_msg, content_msg, user_msg, actor_type, actor, actor_uid,
             project_uid, resource_uid, resource_kind, resource_name, resource_label)
             VALUES (:uid, :at, :action, :title, :content, :note, :actor_type, :actor, :actor_uid, :project,
             :resource_uid, :kind, :name, :label)",
        )?
        .execute(named_params! {
            ":uid": uid, ":at": at.timestamp_millis(), ":action": entry.action.as_str(), ":title": entry.title,
            ":content": entry.content, ":note": note,
            ":actor_type": actor.actor_type.as_ref().map_or("", |kind| kind.as_str()),
            ":actor": serde_json::to_string(actor)?, ":actor_uid": entry.actor.uid(),
            ":project": actor.project.as_ref().map_or("", |project| project.uid.as_str()),
            ":resource_uid": entry.resource.uid, ":kind": entry.resource.kind, ":name": entry.resource.name,
            ":label": entry.resource.label,
        })?;
    Ok(())
}

fn audit(row: &Row<'_>) -> rusqlite::Result<Audit> {
    let at = time_at(row, "at")?;
    let action: String = row.get("action_type")?;
    Ok(Audit {
        metadata: ObjectMeta {
            uid: row.get("uid")?,
            creation_timestamp: Some(at),
            last_modified_timestamp: Some(at),
            ..ObjectMeta::default()
        },
        spec: AuditSpec {
            action_type: Some(ActionType::from(action.as_str())),
            action_msg: row.get("action_msg")?,
            content_msg: row.get("content_msg")?,
            user_msg: row.get("user_msg")?,
            actor: json_at::<AuditActor>(row, "actor")?,
            resource: AuditResource {
                uid: row.get("resource_uid")?,
                kind: row.get("resource_kind")?,
                name: row.get("resource_name")?,
                label: row.get("resource_label")?,
            },
        },
    })
}

/// A place in the trail: the entry that a page ended with. Entries that arrive later do not move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Time of the entry, milliseconds since 1970.
    pub at: i64,
    /// Its number, which decides between entries of one moment.
    pub seq: i64,
}

/// What a reader asks for; empty fields do not narrow it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Only this user's.
    pub user_uid: Option<String>,
    /// Only this project's.
    pub project_uid: Option<String>,
    /// Only this kind of resource.
    pub resource_kind: Option<String>,
    /// Only this resource.
    pub resource_uid: Option<String>,
    /// Only this kind of action.
    pub action: Option<ActionType>,
}

impl Filter {
    /// The conditions, joined, with their values in order.
    fn conditions(&self) -> (String, Vec<Value>) {
        let time = |time: Option<DateTime<Utc>>| time.map(|time| Value::Integer(time.timestamp_millis()));
        let text = |text: &Option<String>| text.clone().map(Value::Text);
        let action = self.action.as_ref().map(|action| Value::Text(action.as_str().to_owned()));
        let wanted = [
            ("at >= ?", time(self.from)),
            ("at < ?", time(self.to)),
            ("actor_uid = ?", text(&self.user_uid)),
            ("project_uid = ?", text(&self.project_uid)),
            ("resource_kind = ?", text(&self.resource_kind)),
            ("resource_uid = ?", text(&self.resource_uid)),
            ("action_type = ?", action),
        ];
        let (mut sql, mut values) = ("1".to_owned(), Vec::new());
        for (condition, value) in wanted {
            if let Some(value) = value {
                sql = format!("{sql} AND {condition}");
                values.push(value);
            }
        }
        (sql, values)
    }
}

/// Where a page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After an entry.
    After(Place),
    /// So many entries from the newest.
    Skip(u64),
}

/// A page of the trail.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Entries, newest first.
    pub items: Vec<Audit>,
    /// How many the filter finds in all.
    pub count: u64,
    /// Where the next page starts; none at the end.
    pub next: Option<Place>,
}

/// Reads a page.
///
/// # Errors
/// Those of the storage.
pub fn page(connection: &Connection, filter: &Filter, start: Start, limit: usize) -> rusqlite::Result<Page> {
    let (conditions, mut values) = filter.conditions();
    let count = connection
        .prepare_cached(&format!("SELECT count(*) FROM audit WHERE {conditions}"))?
        .query_row(params_from_iter(&values), |row| row.get(0))?;
    let (place, skip) = match start {
        Start::After(place) => {
            values.extend([Value::Integer(place.at), Value::Integer(place.seq)]);
            (" AND (at, seq) < (?, ?)", 0)
        }
        Start::Skip(skip) => ("", i64::try_from(skip).unwrap_or(i64::MAX)),
    };
    // One more than asked for tells whether another page follows.
    values.extend([Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1), Value::Integer(skip)]);
    let sql = format!("SELECT * FROM audit WHERE {conditions}{place} ORDER BY at DESC, seq DESC LIMIT ? OFFSET ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(&values), |row| {
        Ok((Place { at: row.get("at")?, seq: row.get("seq")? }, audit(row)?))
    })?;
    let mut found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|(place, _)| *place).filter(|_| more);
    Ok(Page { items: found.into_iter().map(|(_, audit)| audit).collect(), count, next })
}

/// One entry.
///
/// # Errors
/// Those of the storage.
pub fn get(connection: &Connection, uid: &str) -> rusqlite::Result<Option<Audit>> {
    connection.prepare_cached("SELECT * FROM audit WHERE uid = ?1")?.query_row([uid], audit).optional()
}

/// Sets the note of an entry; false where there is none.
///
/// # Errors
/// Those of the storage.
pub fn annotate(connection: &Connection, uid: &str, note: &str) -> rusqlite::Result<bool> {
    let changed =
        connection.prepare_cached("UPDATE audit SET user_msg = ?2 WHERE uid = ?1")?.execute(params![uid, note])?;
    Ok(changed > 0)
}
