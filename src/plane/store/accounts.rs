//! Accounts, and the wrong passwords that were tried.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::stamp::time;

/// Wrong passwords in a row that lock a name.
pub const MOST_FAILURES: u32 = 5;
/// How long a name stays locked.
pub const LOCKED_FOR: TimeDelta = TimeDelta::minutes(15);

/// Which of the two consoles an account belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Tenant console.
    Tenant,
    /// System console.
    System,
}

impl Kind {
    /// The word that the database and the tokens use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::System => "system",
        }
    }
}

/// An account.
#[derive(Clone)]
pub struct Account {
    /// Its uid.
    pub uid: String,
    /// Its console.
    pub kind: Kind,
    /// What its owner types: an address for the tenant, a name for the system.
    pub login: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Address on file.
    pub email: String,
    /// Argon2id, as a PHC string.
    pub password_hash: String,
    /// SHA-256 of the API key, where it has one.
    pub api_key_sha256: Option<Vec<u8>>,
    /// When it was made.
    pub created: DateTime<Utc>,
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let kind: String = row.get("kind")?;
    Ok(Account {
        uid: row.get("uid")?,
        kind: if kind == Kind::System.as_str() { Kind::System } else { Kind::Tenant },
        login: row.get("login")?,
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
        email: row.get("email")?,
        password_hash: row.get("password_hash")?,
        api_key_sha256: row.get("api_key_sha256")?,
        created: row.get("created").map(time)?,
    })
}

/// Adds an account.
///
/// # Errors
/// Those of the storage.
pub fn insert(connection: &Connection, new: &Account) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO account (uid, kind, login, first_name, last_name, email, password_hash, api_key_sha256, created)
             VALUES (:uid, :kind, :login, :first, :last, :email, :hash, :key, :created)",
        )?
        .execute(named_params! {
            ":uid": new.uid, ":kind": new.kind.as_str(), ":login": new.login, ":first": new.first_name,
            ":last": new.last_name, ":email": new.email, ":hash": new.password_hash, ":key": new.api_key_sha256,
            ":created": new.created.timestamp_millis(),
        })
        .map(drop)
}

/// Gives an account a new password and, where one is given, a new API key.
///
/// # Errors
/// Those of the storage.
pub fn renew(connection: &Connection, uid: &str, hash: &str, api_key_sha256: Option<&[u8]>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE account SET password_hash = ?2, api_key_sha256 = ?3 WHERE uid = ?1")?
        .execute(params![uid, hash, api_key_sha256])
        .map(drop)
}

/// The account that signs in by this name; addresses and names are compared without regard to case.
///
/// # Errors
/// Those of the storage.
pub fn by_login(connection: &Connection, kind: Kind, login: &str) -> rusqlite::Result<Option<Account>> {
    connection
        .prepare_cached("SELECT * FROM account WHERE kind = ?1 AND login = ?2 COLLATE NOCASE")?
        .query_row(params![kind.as_str(), login], account)
        .optional()
}

/// Any account of a console: what a stranger's password is held against, so that the answer takes as long.
///
/// # Errors
/// Those of the storage.
pub fn any(connection: &Connection, kind: Kind) -> rusqlite::Result<Option<Account>> {
    connection
        .prepare_cached("SELECT * FROM account WHERE kind = ?1 ORDER BY created LIMIT 1")?
        .query_row([kind.as_str()], account)
        .optional()
}

/// The account with this uid.
///
/// # Errors
/// Those of the storage.
pub fn by_uid(connection: &Connection, uid: &str) -> rusqlite::Result<Option<Account>> {
    connection.prepare_cached("SELECT * FROM account WHERE uid = ?1")?.query_row([uid], account).optional()
}

/// The account whose API key has this digest.
///
/// # Errors
/// Those of the storage.
pub fn by_api_key(connection: &Connection, sha256: &[u8]) -> rusqlite::Result<Option<Account>> {
    connection
        .prepare_cached("SELECT * FROM account WHERE api_key_sha256 = ?1")?
        .query_row([sha256], account)
        .optional()
}

/// Until when a name is locked, where it is.
///
/// # Errors
/// Those of the storage.
pub fn locked_until(
    connection: &Connection,
    kind: Kind,
    login: &str,
    now: DateTime<Utc>,
) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let until: Option<Option<i64>> = connection
        .prepare_cached("SELECT locked_until FROM attempt WHERE kind = ?1 AND login = ?2")?
        .query_row(params![kind.as_str(), login], |row| row.get(0))
        .optional()?;
    Ok(until.flatten().map(time).filter(|until| *until > now))
}

/// What a wrong password led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// So many more may follow.
    Left(u32),
    /// The name is locked now, until then.
    Locked(DateTime<Utc>),
}

/// Counts a wrong password. A lock that has ended starts the count anew.
///
/// # Errors
/// Those of the storage.
pub fn strike(connection: &Connection, kind: Kind, login: &str, now: DateTime<Utc>) -> rusqlite::Result<Strike> {
    // Names nobody owns must not pile up for ever.
    let forgotten = (now - TimeDelta::days(1)).timestamp_millis();
    connection.prepare_cached("DELETE FROM attempt WHERE last < ?1")?.execute([forgotten])?;
    let failures: Option<u32> = connection
        .prepare_cached("SELECT failures FROM attempt WHERE kind = ?1 AND login = ?2 AND locked_until IS NULL")?
        .query_row(params![kind.as_str(), login], |row| row.get(0))
        .optional()?;
    let failures = failures.unwrap_or(0) + 1;
    let outcome = match MOST_FAILURES.saturating_sub(failures) {
        0 => Strike::Locked(now + LOCKED_FOR),
        left => Strike::Left(left),
    };
    let until = match outcome {
        Strike::Locked(until) => Some(until.timestamp_millis()),
        Strike::Left(_) => None,
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO attempt (kind, login, failures, last, locked_until) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![kind.as_str(), login, failures, now.timestamp_millis(), until])?;
    Ok(outcome)
}

/// Forgets the wrong passwords of a name.
///
/// # Errors
/// Those of the storage.
pub fn forgive(connection: &Connection, kind: Kind, login: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM attempt WHERE kind = ?1 AND login = ?2")?
        .execute(params![kind.as_str(), login])
        .map(drop)
}
