//! Making a restored database this plane's: what belongs to the place and not to the state is carried over, the trail
//! goes on, and nobody stays signed in.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::words::Trouble;
use crate::api::words::JobKind;
use crate::backup::KeyRing;
use crate::plane::auth::password;
use crate::plane::failure::{Failure, StorageError};
use crate::plane::store::audits::{self, Entry};
use crate::plane::store::jobs::{self, Row};
use crate::plane::store::locations::{self, Stored};
use crate::plane::store::settings::{self, Key};
use crate::plane::store::{gateways, open};

/// Tables that belong to this place: where backups go and what was tried, whatever state is restored.
const OWN_TABLES: [&str; 6] = ["location", "job", "backup", "verification", "recovery_key", "housekeeping"];

/// What a restored database is told before it takes the place of the current one.
pub struct Adoption {
    /// The job, as it will have ended.
    pub row: Row,
    /// What the trail says of that.
    pub entry: Entry,
    /// Uid of that entry, so that a second try does not tell twice.
    pub entry_uid: String,
    /// Uid of this plane.
    pub plane_uid: String,
    /// Keys of this plane.
    pub keys: KeyRing,
    /// The current time.
    pub now: DateTime<Utc>,
}

fn unusable(error: rusqlite::Error) -> Trouble {
    Trouble::new(format!("the backup's database cannot be used: {error}"))
}

/// Opens a fetched database; one of a newer version is refused.
///
/// # Errors
/// In words.
pub fn open_known(staged: &Path) -> Result<Connection, Trouble> {
    let connection = Connection::open(staged).map_err(unusable)?;
    let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unusable)?;
    if version > open::MIGRATIONS.len() {
        return Err(Trouble {
            advice: "Update palette-console, then restore it.".to_owned(),
            ..Trouble::new("the backup's database was written by a newer version of palette-console")
        });
    }
    Ok(connection)
}

/// Opens a fetched database and brings it to this program's version.
///
/// # Errors
/// In words.
pub fn update(staged: &Path) -> Result<Connection, Trouble> {
    let mut connection = open_known(staged)?;
    // No log beside it: the file alone is what takes the other one's place.
    connection.pragma_update(None, "journal_mode", "DELETE").map_err(unusable)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(unusable)?;
    open::update(&mut connection).map_err(unusable)?;
    Ok(connection)
}

/// Carries over from the current database what belongs to this place, in one transaction of the restored one.
///
/// # Errors
/// Those of the storage.
pub fn adopt(staged: &mut Connection, current: &Path, adoption: &Adoption) -> Result<(), Failure> {
    let path = current.to_str().ok_or_else(|| StorageError::Internal("the path is not UTF-8".to_owned()))?;
    staged.execute("ATTACH ?1 AS own", [path])?;
    let transaction = staged.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let brought = locations::list(&transaction)?;
    for table in OWN_TABLES {
        transaction
            .execute_batch(&format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM own.{table};"))?;
    }
    let recovered = adoption.row.kind == JobKind::Recover;
    if recovered {
        bring_locations(&transaction, brought, adoption)?;
    }
    settings::set(&transaction, Key::PlaneUid, &adoption.plane_uid)?;
    let key = password::random::<32>().map_err(|error| StorageError::Internal(error.to_string()))?;
    settings::set(&transaction, Key::TokenSecret, &STANDARD.encode(key))?;
    transaction.execute_batch("DELETE FROM main.attempt;")?;
    continue_trail(&transaction, recovered)?;
    gateways::beat(&transaction, adoption.now)?;
    jobs::put(&transaction, &adoption.row)?;
    transaction.execute("DELETE FROM main.audit WHERE uid = ?1", [&adoption.entry_uid])?;
    audits::insert(&transaction, adoption.now, &adoption.entry_uid, "", &adoption.entry)?;
    transaction.commit()?;
    staged.execute_batch("DETACH own")?;
    Ok(())
}

/// Everything that was done here since stays in the trail, in its order, under its time.
fn continue_trail(transaction: &Transaction<'_>, recovered: bool) -> rusqlite::Result<()> {
    // Another plane's trail is not continued by what was older here than the backup.
    let from: i64 = if recovered {
        transaction.query_row("SELECT coalesce(max(at), 0) FROM main.audit", [], |row| row.get(0))?
    } else {
        i64::MIN
    };
    let columns = "uid, at, action_type, action_msg, content_msg, user_msg, actor_type, actor, actor_uid, project_uid,
                   resource_uid, resource_kind, resource_name, resource_label";
    let sql = format!(
        "INSERT INTO main.audit ({columns}) SELECT {columns} FROM own.audit AS later
         WHERE later.at >= ?1 AND later.uid NOT IN (SELECT uid FROM main.audit) ORDER BY later.seq"
    );
    transaction.execute(&sql, [from]).map(drop)
}

/// On another plane all schedules come up paused, so that two planes do not expire one folder; further locations of the
/// backup come along where their names are free and their secrets can be read.
fn bring_locations(transaction: &Transaction<'_>, brought: Vec<Stored>, adoption: &Adoption) -> Result<(), Failure> {
    let own = locations::list(transaction)?;
    let taken = |name: &str| own.iter().any(|stored| stored.location.name == name);
    let keys = &adoption.keys;
    let mut further = Vec::new();
    for stored in brought.into_iter().filter(|stored| !taken(&stored.location.name)) {
        let secret = keys.unseal(&stored.sealed);
        if let Some(sealed) = secret.ok().and_then(|secret| keys.seal(&secret).ok()) {
            further.push(Stored { sealed, prepared: false, last_pass: None, ..stored });
        }
    }
    for mut stored in own.iter().cloned().chain(further) {
        stored.location.paused = true;
        stored.since = adoption.now;
        locations::put(transaction, &stored)?;
    }
    Ok(())
}
