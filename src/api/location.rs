//! Locations: where backups go, beyond what Palette's two configurations can say. Under `/ext/v1/locations`.
//!
//! The locations named `ftp` and `s3` are the ones that Palette's own operations read and write.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::backup::{BackupSpec, FtpSpec, S3Spec, Verified};
use super::job::Job;
use super::meta::time;
use super::words::{CheckState, Compression, DayState, Encryption, Mode, Passive, Tls};

/// A named location. Read: without secrets. Written: an empty secret keeps the one that is stored, or takes that of `like`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Location {
    /// Name: 1 to 32 lower-case letters, digits and inner hyphens. `ftp` and `s3` are Palette's.
    pub name: String,
    /// FTP or S3.
    pub mode: Mode,
    /// Schedule.
    pub backup_spec: BackupSpec,
    /// The schedule does not run, and retention does not delete.
    pub paused: bool,
    /// Place, where the mode is FTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ftp: Option<FtpSpec>,
    /// More of an FTP place.
    pub ftp_options: FtpOptions,
    /// Place, where the mode is S3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Spec>,
    /// More of an S3 place.
    pub s3_options: S3Options,
    /// Authorities to believe beside the system's, PEM; or the server's own certificate.
    pub ca_pem: String,
    /// How backups are protected and packed.
    pub packing: Packing,
    /// Written only: name of the location whose place, options and secrets are taken where this one leaves them empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub like: String,
    /// Read only: a password or secret key is stored.
    pub has_secret: bool,
}

/// What Palette cannot say of an FTP place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FtpOptions {
    /// Whether TLS is used. An `ftps://` address always requires it.
    pub tls: Tls,
    /// How data connections are opened.
    pub passive: Passive,
}

/// What Palette cannot say of an S3 place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct S3Options {
    /// URL of the service; empty for AWS.
    pub endpoint: String,
    /// The bucket is named in the path and not in the host.
    pub path_style: bool,
    /// Encryption by the server.
    pub encryption: Encryption,
    /// Key for `aws:kms`; empty for the account's own.
    pub kms_key_id: String,
}

/// How the bytes of a backup are packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Packing {
    /// Encrypted with the recovery key before it leaves the plane.
    pub encrypted: bool,
    /// How much effort goes into compression.
    pub compression: Compression,
}

impl Default for Packing {
    fn default() -> Self {
        Self { encrypted: true, compression: Compression::default() }
    }
}

/// A location and how it fares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocationView {
    /// The location, without secrets.
    pub location: Location,
    /// How it fares.
    pub status: LocationStatus,
}

/// `GET /ext/v1/locations`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocationList {
    /// By mode and name, `ftp` and `s3` first. Only those that were configured.
    pub items: Vec<LocationView>,
    /// Prepared for the first configuration of a mode (a sandbox's own stores), without secrets; saving one with an
    /// empty secret takes the prepared one.
    pub suggested: Vec<Location>,
    /// A daemon owns the data directory, so that schedules run without a console.
    pub daemon: bool,
}

/// How a location fares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocationStatus {
    /// The place in a line, such as `ftps://backup.site.local/palette`.
    pub address: String,
    /// When the next scheduled backup begins; none where the schedule is paused.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub next_run: Option<DateTime<Utc>>,
    /// Uid of the newest good backup.
    pub last_good: String,
    /// When that was finished.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub last_good_at: Option<DateTime<Utc>>,
    /// Its newest verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_verified: Option<Verified>,
    /// The newest failure that no good backup followed, in words.
    pub last_failure: String,
    /// When that was.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub last_failure_at: Option<DateTime<Utc>>,
    /// What is under way there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<Job>,
    /// The last thirty days, oldest first; today is the last.
    pub days: Vec<Day>,
    /// What the person should know for as long as it is so: plain FTP, key not exported, short retention.
    pub warnings: Vec<String>,
}

/// One day of the strip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Day {
    /// `2026-11-22`, UTC.
    pub date: String,
    /// What became of it.
    pub state: DayState,
    /// Why, where it failed or was missed.
    pub detail: String,
}

/// Answer of `POST /ext/v1/locations/preview` (body: a [`Location`]): what a schedule means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SchedulePreview {
    /// The schedule in words.
    pub words: String,
    /// The next three runs.
    pub next_runs: Vec<DateTime<Utc>>,
    /// Warnings about it.
    pub warnings: Vec<String>,
    /// Uids that retention would delete under it, where the location exists.
    pub would_delete: Vec<String>,
}

/// One step of a validation, or of a job's preflight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// What was tried, such as `Sign in`.
    pub name: String,
    /// How it went.
    pub state: CheckState,
    /// What was found, or why it failed.
    pub detail: String,
    /// What to change; empty where nothing is to be.
    pub fix: String,
    /// How long it took, milliseconds.
    pub millis: u64,
}
