//! What the client sends for backups: Palette's operations as `api-4.8.json` has them, ours as `api::{backup, location,
//! job}` tell them.

use palette_console::api::backup::{BackupSpec, FtpConfig, FtpSpec, KeyText, S3Config, S3Spec, Sensitive};
use palette_console::api::location::{Location, S3Options};
use palette_console::api::{Encryption, JobKind, JobState, Mode, VerifyLevel};
use palette_console::client::{Client, Login, Options, Permission, SessionKind};
use palette_console::clock;
use serde_json::{Value, json};

use crate::recorder::{Answers, Recorder};

pub const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln";
pub const UID: &str = "20261122T030000Z-4f1c9a2b7d3e";

/// A client with the system session alone: whatever goes out with another one fails.
pub async fn signed_in(recorder: &Recorder) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new(Options::new(recorder.url.parse().unwrap(), clock::system())).unwrap();
    client.login(&Login::Pasted { kind: SessionKind::System, token: TOKEN.into() }).await.unwrap();
    client
}

/// The same on a plane that has our extension.
pub async fn on_ours(recorder: &Recorder) -> Client {
    let client = signed_in(recorder).await;
    assert!(client.read_capabilities().await.unwrap().backups);
    client
}

pub const OURS: (&str, u16, &str) = ("GET /ext/v1/capabilities", 200, r#"{"embedded":true,"backups":true}"#);
pub const NO_JOBS: (&str, u16, &str) = ("GET /ext/v1/jobs", 200, r#"{"items":[]}"#);
pub const STARTED: &str = r#"{"jobUid":"j1","backupUid":"20261122T030000Z-4f1c9a2b7d3e"}"#;

pub async fn recorder(answers: Answers) -> Recorder {
    Recorder::start(answers).await
}

fn assert_last(recorder: &Recorder, line: &str, body: Value) {
    let seen = recorder.last();
    assert_eq!((seen.line.as_str(), &seen.body), (line, &body));
    assert_eq!(seen.header("Authorization"), Some(TOKEN));
}

pub fn ftp() -> FtpSpec {
    FtpSpec {
        server: "ftp://backup.site.local:21".into(),
        dir: "palette".into(),
        username: "u".into(),
        password: Sensitive("p".into()),
    }
}

fn s3() -> S3Spec {
    S3Spec {
        access_key: "AK".into(),
        secret_key: Sensitive("SK".into()),
        bucket: "b".into(),
        folder: "f".into(),
        region: "eu-central-1".into(),
    }
}

pub const SPEC: BackupSpec = BackupSpec { hour_of_the_day: 3, interval: 2, retention_period: 14 };

#[tokio::test]
async fn palettes_configurations_are_read_saved_and_validated() {
    let recorder = recorder(&[
        (
            "GET /v1/system/config/database/backup/ftp",
            200,
            r#"{"backupSpec":{"hourOfTheDay":3,"interval":2,"retentionPeriod":14},"ftp":{"server":"ftp://h","dir":"d","username":"u","password":""}}"#,
        ),
        ("GET /v1/system/config/database/backup/s3", 200, r#"{"backupSpec":null,"s3":null}"#),
        ("PUT /v1/system/config/database/backup/ftp", 204, ""),
        ("PUT /v1/system/config/database/backup/s3", 204, ""),
        ("POST /v1/system/config/ftp/validate", 204, ""),
        ("POST /v1/system/config/s3/validate", 204, ""),
    ])
    .await;
    let client = signed_in(&recorder).await;
    let read = client.ftp_config().await.unwrap();
    assert_last(&recorder, "GET /v1/system/config/database/backup/ftp", Value::Null);
    assert_eq!((read.backup_spec, read.ftp.server.as_str()), (SPEC, "ftp://h"));
    assert_eq!(client.s3_config().await.unwrap(), S3Config::default());
    client.set_ftp_config(&FtpConfig { backup_spec: SPEC, ftp: ftp() }).await.unwrap();
    let place = json!({ "server": "ftp://backup.site.local:21", "dir": "palette", "username": "u", "password": "p" });
    let spec = json!({ "hourOfTheDay": 3, "interval": 2, "retentionPeriod": 14 });
    let whole = json!({ "backupSpec": spec, "ftp": place });
    assert_last(&recorder, "PUT /v1/system/config/database/backup/ftp", whole);
    client.validate_ftp(&ftp(), Permission::ReadWrite).await.unwrap();
    assert_last(&recorder, "POST /v1/system/config/ftp/validate?permission=readwrite", place);
    client.set_s3_config(&S3Config { backup_spec: SPEC, s3: s3() }).await.unwrap();
    let place = json!({
        "accessKey": "AK", "secretKey": "SK", "bucket": "b", "folder": "f", "region": "eu-central-1"
    });
    assert_last(&recorder, "PUT /v1/system/config/database/backup/s3", json!({ "backupSpec": spec, "s3": place }));
    client.validate_s3(&s3(), Permission::Read).await.unwrap();
    assert_last(&recorder, "POST /v1/system/config/s3/validate?permission=read", place);
}

#[tokio::test]
async fn palettes_backups_are_made_listed_deleted_restored_and_recovered() {
    let recorder = recorder(&[
        ("PATCH /v1/system/database/backup", 204, ""),
        ("GET /v1/system/database/backups", 200, r#"{"isActive":false,"backups":null}"#),
        ("DELETE /v1/system/database/backups/b1", 204, ""),
        ("PATCH /v1/system/database/restore/b1", 204, ""),
        ("PATCH /v1/system/database/recovery/b1/s3", 204, ""),
    ])
    .await;
    let client = signed_in(&recorder).await;
    client.backup_database(&Mode::Ftp).await.unwrap();
    assert_last(&recorder, "PATCH /v1/system/database/backup?mode=ftp", Value::Null);
    assert_eq!(client.transfers(&Mode::S3).await.unwrap().backups, []);
    assert_last(&recorder, "GET /v1/system/database/backups?mode=s3", Value::Null);
    client.delete_transfer(&Mode::Ftp, "b1").await.unwrap();
    assert_last(&recorder, "DELETE /v1/system/database/backups/b1?mode=ftp", Value::Null);
    client.restore_database(&Mode::Ftp, "b1").await.unwrap();
    assert_last(&recorder, "PATCH /v1/system/database/restore/b1?mode=ftp", Value::Null);
    client.recover_database(&Mode::S3, "b1").await.unwrap();
    assert_last(&recorder, "PATCH /v1/system/database/recovery/b1/s3", Value::Null);
    client.restore_database(&Mode::Ftp, "../x?mode=s3").await.unwrap_err();
    assert_last(&recorder, "PATCH /v1/system/database/restore/..%2Fx%3Fmode%3Ds3?mode=ftp", Value::Null);
}

#[tokio::test]
async fn our_backups_are_asked_for_by_location() {
    let recorder = recorder(&[
        ("GET /ext/v1/backups", 200, r#"{"items":[],"readAt":null,"unread":"","strangers":[]}"#),
        ("POST /ext/v1/backups", 202, STARTED),
        ("GET /ext/v1/backups/20261122T030000Z-4f1c9a2b7d3e/plan", 200, r#"{"kind":"restore","confirm":"4f1c9a"}"#),
        ("POST /ext/v1/backups/20261122T030000Z-4f1c9a2b7d3e/restore", 202, STARTED),
        ("POST /ext/v1/backups/20261122T030000Z-4f1c9a2b7d3e/recover", 202, STARTED),
        ("POST /ext/v1/backups/20261122T030000Z-4f1c9a2b7d3e/verify", 202, STARTED),
        ("DELETE /ext/v1/backups/20261122T030000Z-4f1c9a2b7d3e", 202, STARTED),
        ("GET /ext/v1/backups/20261122T030000Z-4f1c9a2b7d3e/files", 200, r#"[{"name":"manifest.json","bytes":7}]"#),
        ("GET /ext/v1/backups/20261122T030000Z-4f1c9a2b7d3e/files/manifest.json", 200, "{\"a\":1}"),
        ("GET /ext/v1/retention", 200, r#"{"expired":["a"],"kept":[{"uid":"b","why":"the newest"}],"skipped":""}"#),
    ])
    .await;
    let client = signed_in(&recorder).await;
    client.backups("site-b", false).await.unwrap();
    assert_last(&recorder, "GET /ext/v1/backups?location=site-b", Value::Null);
    client.backups("ftp", true).await.unwrap();
    assert_last(&recorder, "GET /ext/v1/backups?location=ftp&fresh=true", Value::Null);
    assert_eq!(client.start_backup("ftp").await.unwrap().job_uid, "j1");
    assert_last(&recorder, "POST /ext/v1/backups", json!({ "location": "ftp" }));
    let line = |tail: &str| format!("/ext/v1/backups/{UID}{tail}");
    let plan = client.restore_plan("ftp", UID, &JobKind::Restore).await.unwrap();
    assert_last(&recorder, &format!("GET {}", line("/plan?location=ftp&kind=restore")), Value::Null);
    assert_eq!(plan.confirm, "4f1c9a");
    client.start_restore("ftp", UID).await.unwrap();
    assert_last(&recorder, &format!("POST {}", line("/restore?location=ftp")), Value::Null);
    client.start_recovery("ftp", UID).await.unwrap();
    assert_last(&recorder, &format!("POST {}", line("/recover?location=ftp")), Value::Null);
    client.start_verification("ftp", UID, &VerifyLevel::Full).await.unwrap();
    assert_last(&recorder, &format!("POST {}", line("/verify?level=full&location=ftp")), Value::Null);
    client.start_deletion("ftp", UID).await.unwrap();
    assert_last(&recorder, &format!("DELETE {}", line("?location=ftp")), Value::Null);
    assert_eq!(client.backup_files("ftp", UID).await.unwrap()[0].bytes, 7);
    assert_last(&recorder, &format!("GET {}", line("/files?location=ftp")), Value::Null);
    assert_eq!(client.backup_file("ftp", UID, "manifest.json").await.unwrap(), b"{\"a\":1}");
    assert_last(&recorder, &format!("GET {}", line("/files/manifest.json?location=ftp")), Value::Null);
    assert_eq!(client.retention("ftp").await.unwrap().kept[0].uid, "b");
    assert_last(&recorder, "GET /ext/v1/retention?location=ftp", Value::Null);
}

#[tokio::test]
async fn our_locations_jobs_and_keys_are_asked_for_as_agreed() {
    let recorder = recorder(&[
        (
            "GET /ext/v1/locations",
            200,
            r#"{"items":[{"location":{"name":"ftp","mode":"ftp"}}],"suggested":[],"daemon":false}"#,
        ),
        ("PUT /ext/v1/locations/weekly", 204, ""),
        ("DELETE /ext/v1/locations/weekly", 204, ""),
        ("POST /ext/v1/locations/validate", 202, r#"{"jobUid":"j1","backupUid":""}"#),
        ("POST /ext/v1/locations/preview", 200, r#"{"words":"every day","nextRuns":["2026-11-23T03:00:00Z"]}"#),
        ("GET /ext/v1/jobs/j1", 200, r#"{"uid":"j1","kind":"create","state":"Completed"}"#),
        ("POST /ext/v1/jobs/j1/cancel", 202, ""),
        ("GET /ext/v1/recovery-key", 200, r#"{"fingerprint":"","exported":false,"others":[]}"#),
        ("POST /ext/v1/recovery-key/export", 200, r#"{"key":"AGE-SECRET-KEY-1X"}"#),
        ("POST /ext/v1/recovery-key/import", 200, r#"{"fingerprint":"a","exported":false,"others":["b"]}"#),
    ])
    .await;
    let client = signed_in(&recorder).await;
    assert_eq!(client.locations().await.unwrap().items[0].location.mode, Mode::Ftp);
    let options = S3Options {
        endpoint: "https://s3.site.local".into(),
        path_style: true,
        encryption: Encryption::Aes256,
        ..S3Options::default()
    };
    let weekly = Location {
        name: "weekly".into(),
        mode: Mode::S3,
        backup_spec: SPEC,
        s3: Some(s3()),
        s3_options: options,
        like: "s3".into(),
        ..Location::default()
    };
    client.set_location(&weekly).await.unwrap();
    let body = json!({
        "name": "weekly", "mode": "s3", "paused": false, "caPem": "", "like": "s3", "hasSecret": false,
        "backupSpec": { "hourOfTheDay": 3, "interval": 2, "retentionPeriod": 14 },
        "s3": { "accessKey": "AK", "secretKey": "SK", "bucket": "b", "folder": "f", "region": "eu-central-1" },
        "s3Options": { "endpoint": "https://s3.site.local", "pathStyle": true, "encryption": "AES256", "kmsKeyId": "" },
        "ftpOptions": { "tls": "optional", "passive": "auto" },
        "packing": { "encrypted": true, "compression": "fast" }
    });
    assert_last(&recorder, "PUT /ext/v1/locations/weekly", body.clone());
    client.start_validation(&weekly, Permission::Write).await.unwrap();
    assert_last(&recorder, "POST /ext/v1/locations/validate?permission=write", body.clone());
    client.preview_schedule(&weekly).await.unwrap();
    assert_last(&recorder, "POST /ext/v1/locations/preview", body);
    client.delete_location("weekly").await.unwrap();
    assert_last(&recorder, "DELETE /ext/v1/locations/weekly", Value::Null);
    assert_eq!(client.job("j1").await.unwrap().state, JobState::Completed);
    client.cancel_job("j1").await.unwrap();
    assert_last(&recorder, "POST /ext/v1/jobs/j1/cancel", Value::Null);
    assert!(!client.recovery_key().await.unwrap().exported);
    assert_eq!(client.export_recovery_key().await.unwrap().key.0, "AGE-SECRET-KEY-1X");
    assert_last(&recorder, "POST /ext/v1/recovery-key/export", Value::Null);
    client.import_recovery_key(&KeyText { key: Sensitive("AGE-SECRET-KEY-1Y".into()) }).await.unwrap();
    assert_last(&recorder, "POST /ext/v1/recovery-key/import", json!({ "key": "AGE-SECRET-KEY-1Y" }));
}
