//! Backups: Palette's own operations, then those of the embedded plane's extension. All of them need the system session.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::api::backup::{
    BackupFile, BackupList, FtpConfig, FtpSpec, KeyText, RecoveryKey, RestorePlan, RetentionPreview, S3Config, S3Spec,
    TransferStatus,
};
use crate::api::job::Started;
use crate::api::{JobKind, Mode, VerifyLevel};

use super::overlords::segment;
use super::{Auth, Call, Client, Error, SessionKind};

/// How long one file of a backup, 64 MiB at most, may take.
const FILE_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What a validation tries (`permission` of Palette's validate).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Permission {
    /// Reading only: nothing is written.
    Read,
    /// Writing.
    Write,
    /// Both.
    #[default]
    ReadWrite,
}

impl Permission {
    /// The word of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::ReadWrite => "readwrite",
        }
    }
}

pub(super) fn system(operation: &'static str, method: Method, path: impl Into<String>) -> Call {
    Call::new(operation, method, path).auth(Auth::Session(SessionKind::System))
}

fn config_path(mode: &Mode) -> String {
    format!("/v1/system/config/database/backup/{}", segment(mode.as_str()))
}

fn backup_path(uid: &str, tail: &str) -> String {
    format!("/ext/v1/backups/{}{tail}", segment(uid))
}

impl Client {
    /// Palette's FTP configuration; its fields are empty where nothing was configured.
    ///
    /// # Errors
    /// As every call.
    pub async fn ftp_config(&self) -> Result<FtpConfig, Error> {
        self.json(system("read the FTP configuration", Method::GET, config_path(&Mode::Ftp))).await
    }

    /// Palette's S3 configuration; its fields are empty where nothing was configured.
    ///
    /// # Errors
    /// As every call.
    pub async fn s3_config(&self) -> Result<S3Config, Error> {
        self.json(system("read the S3 configuration", Method::GET, config_path(&Mode::S3))).await
    }

    /// Saves Palette's FTP configuration. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn set_ftp_config(&self, config: &FtpConfig) -> Result<(), Error> {
        self.done(system("save the FTP configuration", Method::PUT, config_path(&Mode::Ftp)).body(config)).await
    }

    /// Saves Palette's S3 configuration. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn set_s3_config(&self, config: &S3Config) -> Result<(), Error> {
        self.done(system("save the S3 configuration", Method::PUT, config_path(&Mode::S3)).body(config)).await
    }

    /// Lets Palette try an FTP place. An answer means that it works.
    ///
    /// # Errors
    /// As every call; a place that does not work is a refusal.
    pub async fn validate_ftp(&self, place: &FtpSpec, permission: Permission) -> Result<(), Error> {
        let call = system("validate the FTP location", Method::POST, "/v1/system/config/ftp/validate");
        self.done(call.query("permission", permission.as_str()).body(place)).await
    }

    /// Lets Palette try an S3 place. An answer means that it works.
    ///
    /// # Errors
    /// As every call; a place that does not work is a refusal.
    pub async fn validate_s3(&self, place: &S3Spec, permission: Permission) -> Result<(), Error> {
        let call = system("validate the S3 location", Method::POST, "/v1/system/config/s3/validate");
        self.done(call.query("permission", permission.as_str()).body(place)).await
    }

    /// Lets Palette make a backup. An answer means that it took the order. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn backup_database(&self, mode: &Mode) -> Result<(), Error> {
        let call = system("start the backup", Method::PATCH, "/v1/system/database/backup");
        self.done(call.query("mode", mode.as_str())).await
    }

    /// The backups of a mode, as Palette tells of them.
    ///
    /// # Errors
    /// As every call.
    pub async fn transfers(&self, mode: &Mode) -> Result<TransferStatus, Error> {
        let call = system("read the backups", Method::GET, "/v1/system/database/backups");
        self.json(call.query("mode", mode.as_str())).await
    }

    /// Lets Palette delete a backup. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn delete_transfer(&self, mode: &Mode, uid: &str) -> Result<(), Error> {
        let path = format!("/v1/system/database/backups/{}", segment(uid));
        self.done(system("delete the backup", Method::DELETE, path).query("mode", mode.as_str())).await
    }

    /// Lets Palette restore a backup. An answer means that it took the order. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn restore_database(&self, mode: &Mode, uid: &str) -> Result<(), Error> {
        let path = format!("/v1/system/database/restore/{}", segment(uid));
        self.done(system("start the restore", Method::PATCH, path).query("mode", mode.as_str())).await
    }

    /// Lets Palette recover a backup that it has no record of. An answer means that it took the order. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn recover_database(&self, mode: &Mode, uid: &str) -> Result<(), Error> {
        let path = format!("/v1/system/database/recovery/{}/{}", segment(uid), segment(mode.as_str()));
        self.done(system("start the recovery", Method::PATCH, path)).await
    }
}

/// What only a plane with [`crate::api::ext::Capabilities::backups`] can do.
impl Client {
    /// The backups in a location. `fresh` reads the location itself, otherwise a short while ago may do.
    ///
    /// # Errors
    /// As every call; a location that cannot be read is told in [`BackupList::unread`].
    pub async fn backups(&self, location: &str, fresh: bool) -> Result<BackupList, Error> {
        let call = system("read the backups", Method::GET, "/ext/v1/backups").query("location", location);
        self.json(if fresh { call.query("fresh", "true") } else { call }).await
    }

    /// Starts a backup to a location. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn start_backup(&self, location: &str) -> Result<Started, Error> {
        let call = system("start the backup", Method::POST, "/ext/v1/backups");
        self.json(call.body(&json!({ "location": location }))).await
    }

    /// What a restore or a recovery would do.
    ///
    /// # Errors
    /// As every call.
    pub async fn restore_plan(&self, location: &str, uid: &str, kind: &JobKind) -> Result<RestorePlan, Error> {
        let call = system("plan the restore", Method::GET, backup_path(uid, "/plan"));
        self.json(call.query("location", location).query("kind", kind.as_str())).await
    }

    /// Starts a restore. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn start_restore(&self, location: &str, uid: &str) -> Result<Started, Error> {
        let call = system("start the restore", Method::POST, backup_path(uid, "/restore"));
        self.json(call.query("location", location)).await
    }

    /// Starts a recovery. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn start_recovery(&self, location: &str, uid: &str) -> Result<Started, Error> {
        let call = system("start the recovery", Method::POST, backup_path(uid, "/recover"));
        self.json(call.query("location", location)).await
    }

    /// Starts a verification. It changes nothing, but is not repeated either: each is a job.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn start_verification(&self, location: &str, uid: &str, level: &VerifyLevel) -> Result<Started, Error> {
        let call = system("start the verification", Method::POST, backup_path(uid, "/verify"));
        self.json(call.query("level", level.as_str()).query("location", location)).await
    }

    /// Starts a deletion. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn start_deletion(&self, location: &str, uid: &str) -> Result<Started, Error> {
        let call = system("delete the backup", Method::DELETE, backup_path(uid, ""));
        self.json(call.query("location", location)).await
    }

    /// The files of a backup, the manifest first.
    ///
    /// # Errors
    /// As every call.
    pub async fn backup_files(&self, location: &str, uid: &str) -> Result<Vec<BackupFile>, Error> {
        let call = system("read the files of the backup", Method::GET, backup_path(uid, "/files"));
        self.json(call.query("location", location)).await
    }

    /// One of these files, 64 MiB at most, as it lies in the location.
    ///
    /// # Errors
    /// As every call.
    pub async fn backup_file(&self, location: &str, uid: &str, name: &str) -> Result<Vec<u8>, Error> {
        let path = backup_path(uid, &format!("/files/{}", segment(name)));
        let call = system("download a file of the backup", Method::GET, path).query("location", location);
        Ok(self.send(call.patient(FILE_PATIENCE)).await?.body)
    }

    /// What the next pass of retention will delete in a location.
    ///
    /// # Errors
    /// As every call.
    pub async fn retention(&self, location: &str) -> Result<RetentionPreview, Error> {
        let call = system("preview the retention", Method::GET, "/ext/v1/retention");
        self.json(call.query("location", location)).await
    }

    /// Which key protects new backups, and whether it was exported.
    ///
    /// # Errors
    /// As every call.
    pub async fn recovery_key(&self) -> Result<RecoveryKey, Error> {
        self.json(system("read about the recovery key", Method::GET, "/ext/v1/recovery-key")).await
    }

    /// Takes out the recovery key itself.
    ///
    /// # Errors
    /// As every call.
    pub async fn export_recovery_key(&self) -> Result<KeyText, Error> {
        self.json(system("export the recovery key", Method::POST, "/ext/v1/recovery-key/export")).await
    }

    /// Gives the plane a key that opens backups of another plane, or older ones.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn import_recovery_key(&self, key: &KeyText) -> Result<RecoveryKey, Error> {
        let call = system("import the recovery key", Method::POST, "/ext/v1/recovery-key/import");
        self.json(call.body(key)).await
    }
}
