//! Backups of the plane's state: Palette's own operations first, then what only our plane can say of a backup.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::meta::{null_as_default, time};
use super::words::{JobKind, Mode, TransferState, VerifyLevel};

/// When backups happen and how long they stay (`v1SystemBackupSpec`). The API gives no bounds; see [`BackupSpec::problems`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupSpec {
    /// Hour of the day, UTC, 0 to 23.
    pub hour_of_the_day: i64,
    /// Days from one backup to the next, 1 to 365.
    pub interval: i64,
    /// Days that a backup stays, 1 to 3650.
    pub retention_period: i64,
}

impl BackupSpec {
    /// What is out of bounds, as field and sentence; empty where the schedule can be kept.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut within = |field, name: &str, value: i64, low: i64, high: i64| {
            if !(low..=high).contains(&value) {
                found.push((field, format!("{name} is {value}; choose {low} to {high}")));
            }
        };
        within("interval", "The interval in days", self.interval, 1, 365);
        within("retentionPeriod", "The retention period in days", self.retention_period, 1, 3650);
        within("hourOfTheDay", "The hour of the day (UTC)", self.hour_of_the_day, 0, 23);
        found
    }
}

/// A secret on its way to the plane. Planes never give one back; it is never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sensitive(pub String);

impl std::fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "Sensitive(none)" } else { "Sensitive(hidden)" })
    }
}

/// An FTP place (`v1SystemFtpSpec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FtpSpec {
    /// `ftp://HOST[:PORT]` or `ftps://HOST[:PORT]`.
    pub server: String,
    /// Directory.
    pub dir: String,
    /// User name.
    pub username: String,
    /// Password; empty when read.
    pub password: Sensitive,
}

/// An S3 place (`v1SystemS3Spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct S3Spec {
    /// Access key id.
    pub access_key: String,
    /// Secret access key; empty when read.
    pub secret_key: Sensitive,
    /// Bucket.
    pub bucket: String,
    /// Folder in the bucket.
    pub folder: String,
    /// Region.
    pub region: String,
}

/// `v1SystemBackupFtpConfigSpec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FtpConfig {
    /// Schedule.
    #[serde(deserialize_with = "null_as_default")]
    pub backup_spec: BackupSpec,
    /// Place.
    #[serde(deserialize_with = "null_as_default")]
    pub ftp: FtpSpec,
}

/// `v1SystemBackupS3ConfigSpec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct S3Config {
    /// Schedule.
    #[serde(deserialize_with = "null_as_default")]
    pub backup_spec: BackupSpec,
    /// Place.
    #[serde(deserialize_with = "null_as_default")]
    pub s3: S3Spec,
}

/// Backups of one mode (`v1DatabaseTransferStatus`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TransferStatus {
    /// A transfer is under way.
    pub is_active: bool,
    /// Newest first on our plane.
    #[serde(deserialize_with = "null_as_default")]
    pub backups: Vec<DatabaseBackup>,
}

/// One backup, as Palette tells of it (`v1DatabaseTransfer`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DatabaseBackup {
    /// Uid.
    pub backup_uid: String,
    /// `FileSystem`, `Ftp`, and on our plane `S3`; other than the mode that is asked for.
    pub mode: String,
    /// What came of it.
    #[serde(deserialize_with = "null_as_default")]
    pub backup_status: DatabaseBackupStatus,
}

/// `v1DatabaseTransferStatus` of one backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DatabaseBackupStatus {
    /// A word; only `Error` is documented.
    pub state: String,
    /// It has ended, well or not.
    pub is_completed: bool,
    /// Begin.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime<Utc>>,
    /// End.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub finish_time: Option<DateTime<Utc>>,
    /// Where it lies.
    pub folder: String,
    /// What happened, in words.
    #[serde(deserialize_with = "null_as_default")]
    pub message: Vec<String>,
    /// Details; not documented.
    #[serde(deserialize_with = "null_as_default")]
    pub status: Vec<serde_json::Value>,
}

/// One backup, as our plane tells of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Backup {
    /// Uid, such as `20261122T030000Z-4f1c9a2b7d3e`.
    pub uid: String,
    /// Name of its location.
    pub location: String,
    /// Mode of its location.
    pub mode: Mode,
    /// Where it stands.
    pub state: TransferState,
    /// Uid of the plane that made it.
    pub plane_uid: String,
    /// This plane made it: it can be restored here; one of another plane can be recovered.
    pub own: bool,
    /// Begin.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub started: Option<DateTime<Utc>>,
    /// End.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub finished: Option<DateTime<Utc>>,
    /// When retention takes it, at the earliest.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// Bytes in the location.
    pub bytes: u64,
    /// Bytes of state before compression.
    pub plain_bytes: u64,
    /// What it holds.
    pub streams: Vec<Stream>,
    /// It is encrypted.
    pub encrypted: bool,
    /// Fingerprint of the recovery key that opens it.
    pub key_fingerprint: String,
    /// This plane has that key.
    pub readable: bool,
    /// Version of the program that made it.
    pub version: String,
    /// Newest verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// Why it is in this state, and what to do, in words; empty where nothing is to be said.
    pub note: String,
}

/// One stream of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stream {
    /// `plane`: the plane's database.
    pub name: String,
    /// Bytes before compression.
    pub plain_bytes: u64,
    /// Bytes in the location.
    pub bytes: u64,
    /// Segments.
    pub segments: usize,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Verified {
    /// How closely it looked.
    pub level: VerifyLevel,
    /// When.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// The backup is whole, as far as that level tells.
    pub good: bool,
    /// What is wrong with which part; empty where it is whole.
    pub detail: String,
}

/// `GET /ext/v1/backups?location=N`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupList {
    /// Newest first; those of other planes in the same location, failed and running ones among them.
    pub items: Vec<Backup>,
    /// When the location was read.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub read_at: Option<DateTime<Utc>>,
    /// Why it could not be read just now; `items` are then as of `read_at`.
    pub unread: String,
    /// Things in the folder that are no backups, in words.
    pub strangers: Vec<String>,
}

/// `GET /ext/v1/backups/{uid}/plan?location=N&kind=restore|recover`: what a restore will do, before it is begun. The
/// manifest was read and its authenticity checked; nothing else was downloaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestorePlan {
    /// `restore` or `recover`.
    pub kind: JobKind,
    /// The backup.
    pub backup: Backup,
    /// What will happen, step by step, in words.
    pub steps: Vec<String>,
    /// What the person should know: the accounts in force afterwards, what is lost since, paused schedules.
    pub warnings: Vec<String>,
    /// Why it cannot be done; empty where it can.
    pub refusals: Vec<String>,
    /// Word to type before it begins: the first characters of the uid's random part.
    pub confirm: String,
}

/// One file of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupFile {
    /// Name in its folder, such as `manifest.json` or `s-plane-00001.seg`.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
}

/// `GET /ext/v1/recovery-key`: which key protects new backups. The key itself comes from `POST …/export` only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RecoveryKey {
    /// Fingerprint of the key for new backups; empty before the first use.
    pub fingerprint: String,
    /// It was exported at least once.
    pub exported: bool,
    /// When it was last exported.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub exported_at: Option<DateTime<Utc>>,
    /// Fingerprints of further keys, which open older backups or those of another plane.
    pub others: Vec<String>,
}

/// Answer of `POST /ext/v1/recovery-key/export`, and body of `…/import`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyText {
    /// `AGE-SECRET-KEY-1…`, as the standard age tools write it; comment lines may stand around it.
    pub key: Sensitive,
}

/// `GET /ext/v1/retention?location=N`: what the next pass will delete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RetentionPreview {
    /// Uids that will go, oldest first.
    pub expired: Vec<String>,
    /// Expired ones that stay, and why.
    pub kept: Vec<Kept>,
    /// Why no pass happens at all (paused, clock); empty where one does.
    pub skipped: String,
}

/// A backup that is past its time and stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Uid.
    pub uid: String,
    /// Why, in words.
    pub why: String,
}
