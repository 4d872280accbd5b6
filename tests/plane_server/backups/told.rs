//! What the trail tells of downloads, of passes that failed, and of orders that could not be read.

use std::sync::Arc;

use palette_console::storage::faulty::{Call, Fault, Faulty};
use palette_console::storage::memory::Memory;
use palette_console::storage::{Kind, ObjectPath, Store};
use serde_json::{Value, json};

use super::{Stage, until};
use crate::rig::content;

async fn fetch(stage: &Stage, uid: &str, file: &str) -> u16 {
    let path = format!("/ext/v1/backups/{uid}/files/{file}?location=ftp");
    stage.rig.client.request(&stage.system, "GET", &path).send().await.unwrap().status().as_u16()
}

async fn download(stage: &Stage, uid: &str) -> Vec<String> {
    let (_, files) = stage.get(&format!("/ext/v1/backups/{uid}/files?location=ftp")).await;
    let names: Vec<_> =
        files.as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect();
    for name in &names {
        assert_eq!(fetch(stage, uid, name).await, 200);
    }
    names
}

async fn downloads(stage: &Stage, uid: &str) -> usize {
    let told = stage.told("backup").await;
    told.iter().filter(|words| *words == &format!("Began to download the backup {uid} in ftp.")).count()
}

#[tokio::test]
async fn every_download_of_a_backup_is_told_once() {
    let stage = Stage::configured().await;
    let uid = stage.backup().await;
    let names = download(&stage, &uid).await;
    assert!(names.len() > 1, "{names:?}");
    assert_eq!(downloads(&stage, &uid).await, 1);
    let entry = stage.rig.trail(&format!("resourceUid={uid}&limit=1")).await.remove(0);
    assert_eq!(entry["spec"]["actor"]["user"]["emailId"], "admin", "{entry}");
    download(&stage, &uid).await;
    assert_eq!(downloads(&stage, &uid).await, 2, "a file that comes again is another download");
    stage.rig.clock.advance(chrono::TimeDelta::hours(2));
    fetch(&stage, &uid, &names[1]).await;
    assert_eq!(downloads(&stage, &uid).await, 3, "and so is a single file");
    assert_eq!(fetch(&stage, &uid, "begin-x.json").await, 409);
    assert!(stage.told("backup").await[0].starts_with("Refused: "));
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_told() {
    let stage = Stage::configured().await;
    let none = "20010101T000000Z-000000000000";
    for (method, path, body) in [
        ("POST", "/ext/v1/backups".to_owned(), json!({ "place": "ftp" })),
        ("PUT", "/ext/v1/locations/weekly".to_owned(), json!({ "mode": 7 })),
        ("POST", "/ext/v1/locations/validate".to_owned(), json!([])),
        ("PUT", "/v1/system/config/database/backup/ftp".to_owned(), json!("?")),
        ("POST", "/v1/system/config/s3/validate".to_owned(), json!("?")),
        ("POST", "/ext/v1/recovery-key/import".to_owned(), json!({ "key": 7 })),
        ("PATCH", "/v1/system/database/backup?mode=tape".to_owned(), Value::Null),
        ("PATCH", format!("/v1/system/database/restore/{none}?mode=tape"), Value::Null),
        ("PATCH", format!("/v1/system/database/recovery/{none}/tape"), Value::Null),
        ("DELETE", format!("/v1/system/database/backups/{none}?mode=tape"), Value::Null),
        ("POST", format!("/ext/v1/backups/{none}/verify?location=ftp&level=deep"), Value::Null),
        ("POST", format!("/ext/v1/backups/{none}/restore"), Value::Null),
        ("POST", format!("/ext/v1/backups/{none}/recover"), Value::Null),
        ("DELETE", format!("/ext/v1/backups/{none}"), Value::Null),
    ] {
        let before = stage.rig.newest().await["metadata"]["uid"].clone();
        let (status, answer) = stage.call(method, &path, body).await;
        assert_eq!(status, 400, "{method} {path}: {answer}");
        let newest = stage.rig.newest().await;
        assert_ne!(newest["metadata"]["uid"], before, "{method} {path}");
        assert!(content(&newest).starts_with("Refused: "), "{method} {path}: {newest}");
    }
}

#[tokio::test]
async fn what_a_pass_cleaned_up_is_told_though_it_failed_at_something_else() {
    let memory = Arc::new(Memory::new(palette_console::clock::system()));
    let faulty = Arc::new(Faulty::new(memory.clone()));
    let store = faulty.clone();
    let stage =
        Stage::with(move |settings| settings.stores_of = Arc::new(move |_, _| Ok(store.clone() as Arc<dyn Store>)))
            .await;
    stage.configure(1, 7).await;
    let own = stage.get("/ext/v1/capabilities").await.1["planeUid"].as_str().unwrap().to_owned();
    for uid in ["20261120T030000Z-0123456789ab", "20261121T030000Z-0123456789ab"] {
        let tomb = ObjectPath::new(&format!("palbackup/c/{own}/b/{uid}/tomb-w1.json")).unwrap();
        memory.plant(tomb, "{}".into());
    }
    // The first is what the new backup removes in passing, the second that of the first deletion that is finished.
    for _ in 0..2 {
        faulty.fail_next(Call::Delete, Fault::Before(Kind::Denied));
    }
    stage.backup().await;
    let said = |words: &Value| words.as_str().unwrap().starts_with("Retention failed");
    until("told", async || stage.status().await["warnings"].as_array().unwrap().iter().any(said).then_some(())).await;
    let told = stage.told("backup").await;
    assert_eq!(told.iter().filter(|words| words.starts_with("Finished a deletion")).count(), 1, "{told:?}");
    let tombs = memory.paths().iter().filter(|path| path.name().starts_with("tomb-")).count();
    assert_eq!(tombs, 1);
}
