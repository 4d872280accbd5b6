//! Locations, backups and jobs by hand, for tests.

use serde_json::json;

use super::stage::Stage;
use crate::api::backup::{Backup, BackupList, RecoveryKey, RestorePlan};
use crate::api::ext::Capabilities;
use crate::api::job::{Job, Started};
use crate::api::location::{Location, LocationList, LocationView};
use crate::client::{Error, Kind as Why, SessionKind, Who};
use crate::tui::msg::backup::{Ask, Begin, Overview, Step, Told};
use crate::tui::msg::{Answer, Effect, Greeting, Request};
use crate::tui::ui::{Glyphs, Theme};

pub(crate) const OWN: &str = "20261122T030000Z-4f1c9a2b7d3e";
pub(crate) const FOREIGN: &str = "20261118T030000Z-77aa88bb99cc";
pub(crate) const FAILED: &str = "20261104T030002Z-9a01ff3c2e10";

impl Stage {
    /// A console whose system administrator looks at the backups.
    pub(crate) fn on_backups(theme: Theme, glyphs: Glyphs) -> Self {
        let mut stage = Self::signed_in(theme, glyphs);
        stage.app.model.zone = |_| chrono::FixedOffset::east_opt(3600).unwrap();
        let capabilities = Capabilities { embedded: true, sandbox: true, backups: true, ..Capabilities::default() };
        stage.outcome(Answer::Greeting(Ok(Greeting { capabilities, banner: None })));
        stage.keys("alt-2");
        stage.outcome(Answer::Login(SessionKind::System, Ok(administrator())));
        stage
    }

    /// The same with everything read.
    pub(crate) fn with_backups(theme: Theme, glyphs: Glyphs) -> Self {
        let mut stage = Self::on_backups(theme, glyphs);
        stage.told(Told::Overview(Ok(Box::new(overview()))));
        stage.told(Told::List("ftp".to_owned(), Ok(Box::new(listed("ftp")))));
        stage.told(Told::List("s3".to_owned(), Ok(Box::new(listed("s3")))));
        stage
    }

    /// The same with colours and unicode signs.
    pub(crate) fn backups() -> Self {
        Self::with_backups(Theme::ansi(), Glyphs::unicode())
    }

    pub(crate) fn told(&mut self, told: Told) -> Vec<Effect> {
        self.outcome(Answer::Backup(told))
    }

    /// The plane took the order for a job.
    pub(crate) fn accepted(&mut self, begin: &Begin, uid: &str) -> Vec<Effect> {
        let started = Started { job_uid: uid.to_owned(), backup_uid: OWN.to_owned() };
        self.told(Told::Step(begin.clone(), Step::Accepted(started)))
    }

    /// How a job fares that this console began.
    pub(crate) fn step(&mut self, begin: &Begin, job: Job) -> Vec<Effect> {
        self.told(Told::Step(begin.clone(), Step::Job(Box::new(job))))
    }

    /// How it ended.
    pub(crate) fn ended(&mut self, begin: &Begin, job: Job) -> Vec<Effect> {
        self.told(Told::Ended(begin.clone(), Ok(Some(Box::new(job)))))
    }
}

/// The questions about backups among effects.
pub(crate) fn asks(effects: &[Effect]) -> Vec<&Ask> {
    let ask = |effect| match effect {
        &Effect::Ask(Request::Backup(ref ask)) => Some(ask),
        _ => None,
    };
    effects.iter().filter_map(ask).collect()
}

pub(crate) fn administrator() -> Who {
    Who { kind: SessionKind::System, name: "admin".to_owned(), tenant: String::new() }
}

/// A system session that the plane does not accept any more.
pub(crate) fn ended() -> Error {
    Error { operation: "read the jobs", kind: Why::SignedOut(SessionKind::System) }
}

/// The plane says no.
pub(crate) fn refused(status: u16, code: &str, message: &str) -> Error {
    let error = serde_json::from_value(json!({ "code": code, "message": message, "ref": "r-1" })).unwrap();
    Error { operation: "read the locations", kind: Why::Refused { status, error, retry_after: None } }
}

fn days() -> serde_json::Value {
    let day = |n: u32| {
        let date = if n < 8 { format!("2026-10-{:02}", 24 + n) } else { format!("2026-11-{:02}", n - 7) };
        let (state, detail) = match n {
            0 | 1 => ("none", ""),
            2..=10 => ("expired", ""),
            11 => ("failed", "the server's disk is full"),
            17 => ("missed", "no console was running"),
            _ => ("good", ""),
        };
        json!({ "date": date, "state": state, "detail": detail })
    };
    (0..30).map(day).collect()
}

pub(crate) fn ftp() -> LocationView {
    serde_json::from_value(json!({
        "location": {
            "name": "ftp", "mode": "ftp", "hasSecret": true,
            "backupSpec": { "interval": 1, "retentionPeriod": 30, "hourOfTheDay": 3 },
            "ftp": { "server": "ftps://backup.site.local", "dir": "/palette", "username": "palette", "password": "" },
        },
        "status": {
            "address": "ftps://backup.site.local/palette",
            "nextRun": "2026-11-23T03:00:00Z",
            "lastGood": OWN, "lastGoodAt": "2026-11-22T03:00:41Z",
            "lastVerified": { "level": "data", "at": "2026-11-20T12:00:00Z", "good": true, "detail": "" },
            "days": days(),
            "warnings": [
                "The recovery key has not been exported.",
                "The server forbids renaming: objects are written under their final names.",
            ],
        },
    }))
    .unwrap()
}

pub(crate) fn s3() -> LocationView {
    serde_json::from_value(json!({
        "location": {
            "name": "s3", "mode": "s3", "hasSecret": true,
            "backupSpec": { "interval": 2, "retentionPeriod": 14, "hourOfTheDay": 4 },
            "s3": { "accessKey": "AKIA1", "secretKey": "", "bucket": "palette-backups", "folder": "berlin", "region": "eu-central-1" },
        },
        "status": {
            "address": "s3://palette-backups/berlin", "nextRun": "2026-11-24T04:00:00Z",
            "lastFailure": "the bucket refused the access key", "lastFailureAt": "2026-11-22T04:00:12Z",
        },
    }))
    .unwrap()
}

fn suggested() -> Location {
    serde_json::from_value(json!({
        "name": "ftp", "mode": "ftp", "hasSecret": true,
        "ftp": { "server": "ftps://127.0.0.1:2121", "dir": "/backups", "username": "sandbox", "password": "" },
        "caPem": "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
    }))
    .unwrap()
}

pub(crate) fn overview() -> Overview {
    Overview {
        locations: LocationList { items: vec![ftp(), s3()], suggested: Vec::new(), daemon: false },
        jobs: Vec::new(),
        key: Some(key(false)),
    }
}

/// A fresh sandbox: nothing configured, an FTP server prepared.
pub(crate) fn fresh() -> Overview {
    let locations = LocationList { items: Vec::new(), suggested: vec![suggested()], daemon: false };
    Overview { locations, jobs: Vec::new(), key: Some(RecoveryKey::default()) }
}

pub(crate) fn key(exported: bool) -> RecoveryKey {
    RecoveryKey { fingerprint: "9b41c7e2a05d".to_owned(), exported, ..RecoveryKey::default() }
}

pub(crate) fn backup(uid: &str, location: &str, own: bool, state: &str) -> Backup {
    let good = state == "Completed";
    let mut value = json!({
        "uid": uid, "location": location, "mode": location, "state": state, "own": own, "planeUid": "p-1",
        "started": format!("{}-{}-{}T03:00:00Z", &uid[..4], &uid[4..6], &uid[6..8]),
        "finished": format!("{}-{}-{}T03:00:41Z", &uid[..4], &uid[4..6], &uid[6..8]),
        "encrypted": true, "keyFingerprint": "9b41c7e2a05d", "readable": true, "version": "0.3.0",
        "bytes": if good { 432_013_312_u64 } else { 0 }, "plainBytes": if good { 1_900_000_000_u64 } else { 0 },
        "streams": [{ "name": "plane", "plainBytes": 1_900_000_000_u64, "bytes": 432_013_312_u64, "segments": 57 }],
        "note": if good { "" } else { "the server's disk is full; free some space or shorten the retention" },
    });
    if uid == OWN {
        value["verified"] = json!({ "level": "data", "at": "2026-11-20T12:00:00Z", "good": true, "detail": "" });
    }
    serde_json::from_value(value).unwrap()
}

fn listed(location: &str) -> BackupList {
    let items = match location {
        "ftp" => vec![
            backup(OWN, "ftp", true, "Completed"),
            backup("20261121T030000Z-0be1d77a9c52", "ftp", true, "Completed"),
            backup(FAILED, "ftp", true, "Error"),
        ],
        _ => vec![backup(FOREIGN, "s3", false, "Completed")],
    };
    BackupList { items, read_at: Some(super::stage::time("2026-11-22T12:04:00Z")), ..BackupList::default() }
}

/// A job under way, at 30 %.
pub(crate) fn running(uid: &str, kind: &str) -> Job {
    serde_json::from_value(json!({
        "uid": uid, "kind": kind, "location": "ftp", "mode": "ftp", "backupUid": OWN, "state": "Running",
        "phase": "Uploading", "startedBy": "admin", "started": "2026-11-22T12:04:00Z", "cancellable": true,
        "progress": {
            "plainDone": 570_000_000_u64, "plainTotal": 1_900_000_000_u64, "storedDone": 130_000_000_u64,
            "perSecond": 54_000_000_u64, "remainingSeconds": 25,
        },
    }))
    .unwrap()
}

/// The same job at its end.
pub(crate) fn over(uid: &str, kind: &str, state: &str, result: &str) -> Job {
    let mut job = running(uid, kind);
    job.state = state.into();
    job.phase = String::new();
    job.cancellable = false;
    job.finished = Some(super::stage::time("2026-11-22T12:04:36Z"));
    job.progress.plain_done = job.progress.plain_total;
    job.progress.remaining_seconds = 0;
    job.result = result.to_owned();
    job
}

pub(crate) fn plan(uid: &str, own: bool, refusals: &[&str]) -> RestorePlan {
    serde_json::from_value(json!({
        "kind": if own { "restore" } else { "recover" },
        "backup": serde_json::to_value(backup(uid, if own { "ftp" } else { "s3" }, own, "Completed")).unwrap(),
        "steps": [
            "Download and check every segment (412 MiB) in a staging directory",
            "Make a safety backup of the present state in the same location",
            "Put the backup in the place of the present state, all at once",
        ],
        "warnings": [
            "Everything that was changed since 2026-11-22 03:00 UTC (9 h) is lost; the audit trail stays.",
            "The accounts in force afterwards are the backup's. Every session has to sign in again.",
        ],
        "refusals": refusals,
        "confirm": "4f1c9a",
    }))
    .unwrap()
}
