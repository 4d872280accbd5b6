//! How a plane says no.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Body of every refusal (`v1Error`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiError {
    /// Word for the kind of refusal; no list of them is published.
    pub code: String,
    /// The refusal in words.
    pub message: String,
    /// What to quote to support.
    #[serde(rename = "ref")]
    pub reference: String,
    /// More, in any shape.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

/// Codes that the embedded plane uses beyond the few that Palette's sources show. A client may word its
/// advice by them, never its control flow alone: another plane may say the same with other codes.
pub mod code {
    /// No such resource (also Palette's).
    pub const NOT_FOUND: &str = "ResourceNotFound";
    /// Who are you? No token, a broken one, or one that has expired.
    pub const UNAUTHENTICATED: &str = "Unauthenticated";
    /// User name or password are wrong; `details.attemptsLeft` counts the tries that remain.
    pub const BAD_CREDENTIALS: &str = "InvalidCredentials";
    /// Too many wrong passwords; `details.retryAfterSeconds` says how long.
    pub const LOCKED: &str = "AccountLocked";
    /// This session may not do that.
    pub const FORBIDDEN: &str = "Forbidden";
    /// The body or a parameter is not what the API asks for.
    pub const INVALID: &str = "InvalidRequest";
    /// The gateway still has clusters; `details.clusters` counts them.
    pub const HAS_CLUSTERS: &str = "OverlordHasClusters";
    /// The System Private Gateway cannot be deleted or migrated away.
    pub const SYSTEM_GATEWAY: &str = "OverlordIsSystem";
    /// The target cannot receive clusters; `message` says why.
    pub const INELIGIBLE_TARGET: &str = "OverlordNotEligible";
    /// A migration of this gateway, or to it, is under way; `details` names `sourceUid` and `targetUid`.
    pub const MIGRATION_RUNNING: &str = "MigrationInProgress";
    /// The plane's database is damaged.
    pub const DATABASE_DAMAGED: &str = "DatabaseDamaged";
    /// The plane cannot write: full disk or read-only directory.
    pub const STORAGE_UNWRITABLE: &str = "StorageUnwritable";
    /// No location of this mode or name was configured (Palette's word).
    pub const NOT_CONFIGURED: &str = "BackupNotConfigured";
    /// The location cannot be used; `details.checks` are the [`super::super::location::Check`]s.
    pub const LOCATION_INVALID: &str = "LocationNotValid";
    /// A backup, deletion or restore is under way there; `details.jobUid` names it.
    pub const JOB_RUNNING: &str = "BackupInProgress";
    /// The backup was made by another plane: recover it instead.
    pub const OTHER_PLANE: &str = "BackupOfAnotherPlane";
    /// The recovery key of the backup is not on this plane; `details.fingerprint` names it.
    pub const KEY_MISSING: &str = "RecoveryKeyMissing";
    /// The backup cannot be used in the state it is in; `message` says why.
    pub const BACKUP_UNUSABLE: &str = "BackupNotUsable";
    /// Too many requests.
    pub const TOO_MANY_REQUESTS: &str = "TooManyRequests";
}
