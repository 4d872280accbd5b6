//! Damaged, foreign, full and unwritable data directories.

use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use palette_console::clock::SharedClock;
use palette_console::plane::{self, Door, Scale, StartError};
use serde_json::{Value, json};

use crate::rig::{Client, End, Rig, api_key, code, serve, settings};

async fn refused(dir: &Path) -> StartError {
    let (settings, _) = settings(dir);
    // A place of its own: tests run side by side, and the data directory may not be one.
    let elsewhere = tempfile::tempdir().unwrap();
    let door = Door::Unix(elsewhere.path().join("plane.sock"));
    plane::start(settings, door).await.err().expect("it must not start")
}

async fn is_left_alone(dir: &Path, words: &str) {
    let path = dir.join("plane.db");
    let before = fs::read(&path).unwrap();
    let error = refused(dir).await;
    assert!(matches!(error, StartError::Damaged { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("plane.db") && text.contains("nothing was changed") && text.contains(words), "{text}");
    assert!(fs::read(&path).unwrap() == before, "the damaged file must stay as it is");
}

async fn stopped_plane() -> tempfile::TempDir {
    let mut rig = Rig::new().await;
    rig.running.take().unwrap().stop().await;
    rig.dir
}

#[tokio::test]
async fn a_file_of_garbage_is_left_alone_and_can_be_set_aside() {
    let dir = stopped_plane().await;
    let key = api_key(dir.path());
    fs::write(dir.path().join("plane.db"), "this is not a database, it is a letter").unwrap();
    is_left_alone(dir.path(), "not a SQLite database").await;
    let (settings, clock) = settings(dir.path());
    clock.advance(TimeDelta::seconds(7));
    let clock: SharedClock = clock;
    let aside = plane::set_aside(dir.path(), &clock).unwrap();
    assert_eq!(aside, dir.path().join("plane.db.damaged-20261122T120007000Z"));
    assert!(fs::read_to_string(&aside).unwrap().starts_with("this is not"));
    let running = serve(&settings).await;
    let (status, _) = Client::of(running.socket()).get(&key, "/v1/overlords").await;
    assert_eq!(status, 200, "the passwords in credentials.toml still open the fresh database");
}

#[tokio::test]
async fn a_database_in_use_cannot_be_set_aside() {
    let rig = Rig::new().await;
    let clock: SharedClock = rig.clock.clone();
    let error = plane::set_aside(rig.dir.path(), &clock).unwrap_err();
    assert!(matches!(error, StartError::InUse { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
    assert!(rig.dir.path().join("plane.db").exists());
}

#[tokio::test]
async fn a_truncated_database_is_left_alone() {
    let dir = stopped_plane().await;
    let path = dir.path().join("plane.db");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    is_left_alone(dir.path(), "malformed").await;
}

#[tokio::test]
async fn a_database_with_flipped_pages_is_left_alone() {
    let dir = stopped_plane().await;
    let path = dir.path().join("plane.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    is_left_alone(dir.path(), "damaged").await;
}

#[tokio::test]
async fn a_newer_and_a_foreign_database_are_refused() {
    for (sql, words) in
        [("PRAGMA user_version = 99", "version 99"), ("PRAGMA application_id = 7", "belongs to another program")]
    {
        let dir = stopped_plane().await;
        let path = dir.path().join("plane.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        let error = refused(dir.path()).await;
        assert!(matches!(error, StartError::NotOurs { .. }) && error.to_string().contains(words), "{error}");
        assert!(fs::read(&path).unwrap() == before);
    }
}

#[tokio::test]
async fn damage_that_shows_later_is_said_in_words_while_the_rest_goes_on() {
    let mut rig = Rig::with(|settings| settings.sandbox = Some(Scale { audits: 5_000, ..Scale::default() })).await;
    rig.restart(End::InOrder).await;
    let path = rig.dir.path().join("plane.db");
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let mut seen = Value::Null;
    for offset in (0..5_000).step_by(500) {
        let answer = rig.get(&format!("/v1/audits?offset={offset}")).await;
        if answer.0 != 200 {
            assert_eq!(code(&answer), (500, "DatabaseDamaged"));
            seen = answer.1;
        }
    }
    assert!(seen["message"].as_str().is_some_and(|message| message.contains("set the database aside")), "{seen}");
    assert_eq!(rig.get("/ext/v1/capabilities").await.0, 200);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_said_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.join("data"), "/proc/palette-console".into()] {
        let error = refused(&path).await;
        assert!(matches!(error, StartError::DataDir { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(path.to_str().unwrap()) && text.contains("--data-dir"), "{text}");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_changes_whole_and_lets_reads_go_on() {
    let mut rig = Rig::new().await;
    rig.settings.quota = Some(1);
    rig.restart(End::InOrder).await;
    let uid = rig.uid("hamburg-vsphere").await;
    let labels = json!({ "label": "x".repeat(500_000) });
    let body = json!({ "metadata": { "name": "renamed", "labels": labels } });
    let answer = rig.call("PUT", &format!("/v1/overlords/{uid}/metadata"), body).await;
    assert_eq!(code(&answer), (500, "StorageUnwritable"));
    assert!(answer.1["message"].as_str().unwrap().contains("Nothing was changed"));
    assert_eq!(
        rig.gateway("hamburg-vsphere").await["metadata"]["labels"],
        json!({ "site": "hamburg", "env": "production" })
    );
    let mut last = 204;
    let entry = rig.newest().await["metadata"]["uid"].as_str().unwrap().to_owned();
    for _ in 0..2_000 {
        let note = json!({ "userMsg": "ü".repeat(255) });
        last = rig.call("PATCH", &format!("/v1/audits/{entry}/userMsg"), note).await.0;
        if last == 500 {
            break;
        }
    }
    assert_eq!(last, 500, "the trail itself runs full");
    let answer = rig.call("DELETE", &format!("/v1/overlords/{uid}"), Value::Null).await;
    assert_eq!(code(&answer), (409, "OverlordHasClusters"), "a refusal is answered though it cannot be told of");
    assert_eq!(rig.sign_in(None).await.0, 200, "reading takes a session");
    assert_eq!(rig.sign_in(Some("wrong")).await.0, 401);
    assert_eq!(rig.trail("limit=1").await.len(), 1);
}

#[tokio::test]
async fn a_full_disk_at_the_first_start_is_said_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let (mut settings, _) = settings(dir.path());
    settings.quota = Some(400_000);
    let door = Door::Unix(dir.path().join("plane.sock"));
    let error = plane::start(settings.clone(), door).await.err().unwrap();
    assert!(matches!(error, StartError::DataDir { action: "write", .. }), "{error}");
    let key = api_key(dir.path());
    settings.quota = None;
    let running = serve(&settings).await;
    assert_eq!(Client::of(running.socket()).get(&key, "/v1/overlords").await.0, 200, "the next start completes it");
}

#[tokio::test]
async fn a_directory_behind_a_link_is_served_and_a_database_that_is_a_link_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let (settings, _) = settings(&link);
    serve(&settings).await.stop().await;
    fs::rename(real.join("plane.db"), dir.path().join("elsewhere.db")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("elsewhere.db"), real.join("plane.db")).unwrap();
    let error = refused(&link).await;
    assert!(matches!(error, StartError::DataDir { .. }) && error.to_string().contains("plane.db"), "{error}");
}

#[tokio::test]
async fn lost_credentials_are_said_and_change_nothing() {
    let mut rig = Rig::new().await;
    assert_eq!(rig.running.as_ref().unwrap().warnings(), &[] as &[String]);
    fs::remove_file(rig.dir.path().join("credentials.toml")).unwrap();
    rig.restart(End::InOrder).await;
    let warnings = rig.running.as_ref().unwrap().warnings();
    assert!(warnings[0].contains("credentials.toml is missing") && warnings[0].contains("aside"), "{warnings:?}");
    assert!(!rig.dir.path().join("credentials.toml").exists());
    assert_eq!(rig.get("/v1/overlords").await.0, 200, "the key is as good as before");
}

#[tokio::test]
async fn a_fresh_plane_keeps_its_secrets_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::with(|settings| settings.data_dir.push("made/by/the/plane")).await;
    for (name, mode) in
        [("", 0o700), ("credentials.toml", 0o600), ("plane.db", 0o600), ("plane.sock", 0o600), ("lock", 0o600)]
    {
        let found = fs::metadata(rig.settings.data_dir.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }
}

#[tokio::test]
async fn a_sandbox_of_any_size_holds_what_was_asked_for() {
    let scale = "pcgs=20,clusters=300,audits=3000".parse().unwrap();
    let rig = Rig::with(|settings| settings.sandbox = Some(scale)).await;
    assert_eq!(rig.get("/v1/overlords").await.1["items"].as_array().unwrap().len(), 20);
    let (_, page) = rig.call("POST", "/v1/dashboard/spectroclusters/search", json!({})).await;
    assert_eq!(page["listmeta"]["count"], 300);
    assert_eq!(rig.get("/v1/audits").await.1["listmeta"]["count"], 3000);
    assert_eq!(rig.uid("berlin-vsphere-1").await, Rig::new().await.uid("berlin-vsphere-1").await);
}
