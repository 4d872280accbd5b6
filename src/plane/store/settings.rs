//! Single values of the plane: its uid, its keys, its banners.

use rusqlite::{Connection, OptionalExtension, params};

/// Names of the values that the plane keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Uid of the plane.
    PlaneUid,
    /// Uid of its one tenant.
    TenantUid,
    /// Name of the tenant.
    Org,
    /// Key that signs tokens, base64.
    TokenSecret,
    /// `true` where the inventory is sample inventory.
    Sandbox,
    /// `v1LoginBannerSettings`, JSON.
    LoginBanner,
    /// Content of the classification banner, JSON in a string.
    ClassificationBanner,
    /// Names the credentials file that belongs to this database, after a recovery.
    Credentials,
    /// Inactivity after which a session ends, minutes.
    SessionMinutes,
}

impl Key {
    fn name(self) -> &'static str {
        match self {
            Self::PlaneUid => "plane-uid",
            Self::TenantUid => "tenant-uid",
            Self::Org => "org",
            Self::TokenSecret => "token-key",
            Self::Sandbox => "sandbox",
            Self::LoginBanner => "login-banner",
            Self::ClassificationBanner => "classification-banner",
            Self::Credentials => "credentials",
            Self::SessionMinutes => "session-minutes",
        }
    }
}

/// A value, where it was ever set.
///
/// # Errors
/// Those of the storage.
pub fn get(connection: &Connection, key: Key) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
    statement.query_row([key.name()], |row| row.get(0)).optional()
}

/// Sets a value.
///
/// # Errors
/// Those of the storage.
pub fn set(connection: &Connection, key: Key, value: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?;
    statement.execute(params![key.name(), value]).map(drop)
}
