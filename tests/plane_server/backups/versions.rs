//! Backups of other versions of the program: newer ones are refused before anything happens, older ones are brought up to date.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use palette_console::backup::{BackupUid, KeyRing, Opened, Order, Progress, Source, Vault, key};
use palette_console::clock::Clock;
use palette_console::storage::Store;
use rusqlite::Connection;

use super::Stage;
use super::restoring::{NAME, brought_back, rename};
use crate::rig::{End, code};

/// What the second version brought, undone.
const TO_VERSION_1: &str = "
    DROP TABLE location; DROP TABLE job; DROP TABLE backup; DROP TABLE verification; DROP TABLE housekeeping;
    DROP TABLE recovery_key;
    PRAGMA user_version = 1;";

/// A database as the stream of a backup.
struct Database(Vec<u8>);

impl Source for Database {
    fn stream(&self) -> &str {
        "plane"
    }

    fn open(&mut self, _: &Path) -> Result<Opened, String> {
        Ok(Opened { bytes: Some(self.0.len() as u64), reader: Box::new(Cursor::new(self.0.clone())) })
    }
}

/// The plane's state as it is now, changed by `sql`, as a backup of this plane.
async fn plant(stage: &Stage, sql: &str) -> String {
    let dir = stage.rig.dir.path();
    let copy: PathBuf = dir.join("copy.db");
    let live = Connection::open(dir.join("plane.db")).unwrap();
    live.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
    let clock = stage.rig.clock.clone();
    let vault = Vault {
        store: stage.store.clone(),
        plane_uid: stage.get("/ext/v1/capabilities").await.1["planeUid"].as_str().unwrap().to_owned(),
        writer: "another-version".to_owned(),
        keys: KeyRing::open(&dir.join(key::FILE)).unwrap(),
        clock: clock.clone(),
        version: "0.0.1".to_owned(),
        scratch: dir.to_owned(),
    };
    let order = Order {
        uid: BackupUid::fresh(clock.now()),
        slot: None,
        retention_days: 7,
        encrypted: true,
        level: Some(1),
        segment_bytes: 1 << 16,
    };
    let uid = order.uid.to_string();
    let source = Database(std::fs::read(&copy).unwrap());
    vault.create(order, vec![Box::new(source)], &Progress::new().0).await.unwrap();
    std::fs::remove_file(copy).unwrap();
    uid
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_before_anything_happens() {
    let stage = Stage::configured().await;
    stage.backup().await;
    let uid = plant(&stage, "PRAGMA user_version = 99").await;
    rename(&stage, NAME, "renamed").await;
    let before = stage.list().await.len();
    let job = stage.until_ended(stage.post(&format!("/ext/v1/backups/{uid}/restore?location=ftp")).await).await;
    assert_eq!(job["state"], "Error", "{job}");
    assert!(job["result"].as_str().unwrap().contains("newer version of palette-console"), "{job}");
    assert!(job["advice"].as_str().unwrap().contains("Update palette-console"), "{job}");
    stage.rig.uid("renamed").await;
    assert_eq!(stage.list().await.len(), before, "not even a safety backup was made");
    assert_eq!(std::fs::read_dir(stage.rig.dir.path().join("scratch")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_of_an_older_version_is_brought_up_to_date() {
    let mut stage = Stage::configured().await;
    // The key is there from the first backup on.
    stage.backup().await;
    let uid = plant(&stage, TO_VERSION_1).await;
    rename(&stage, NAME, "renamed").await;
    let job = brought_back(&mut stage, "restore", &uid).await;
    assert_eq!(job["state"], "Completed", "{job}");
    stage.rig.uid(NAME).await;
    let items = stage.list().await;
    assert_eq!(items.len(), 3, "the locations and what lies there are this place's: {items:?}");
    stage.rig.restart(End::InOrder).await;
    stage.rig.uid(NAME).await;
}

#[tokio::test]
async fn a_manifest_of_another_format_is_refused_before_anything_happens() {
    for (format, state, words) in [(2, "Newer", "Update it"), (0, "Damaged", "format 0, which never was")] {
        let stage = Stage::configured().await;
        let uid = stage.backup().await;
        let paths = stage.store.paths();
        let path = paths.iter().find(|path| path.name() == "manifest.json").unwrap();
        let text = String::from_utf8(stage.store.get(path, 1 << 20).await.unwrap().to_vec()).unwrap();
        let other = text.replacen("\"format\": 1", &format!("\"format\": {format}"), 1);
        assert_ne!(text, other);
        stage.store.plant(path.clone(), Bytes::from(other));
        // A listing knows the file that it has read by its size; the next process reads it anew.
        let answer = stage.post(&format!("/ext/v1/backups/{uid}/restore?location=ftp")).await;
        assert_eq!(code(&answer), (409, "BackupNotUsable"), "{answer:?}");
        assert!(answer.1["message"].as_str().unwrap().contains(words), "{answer:?}");
        let (_, plan) = stage.get(&format!("/ext/v1/backups/{uid}/plan?location=ftp&kind=restore")).await;
        assert_eq!(plan["backup"]["state"], state, "{plan}");
        assert_eq!(stage.store.paths(), paths, "nothing was written");
    }
}
