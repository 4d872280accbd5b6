use std::sync::Arc;

use bytes::Bytes;
use palette_console::storage::ObjectPath;
use palette_console::storage::memory::Memory;
use serde_json::{Value, json};

use super::{Stage, memory_for};
use crate::rig::{As, End, api_key, code};

pub const NAME: &str = "berlin-vsphere-1";

pub async fn rename(stage: &Stage, from: &str, to: &str) {
    let uid = stage.rig.uid(from).await;
    let body = json!({ "metadata": { "name": to, "labels": {}, "annotations": {} } });
    assert_eq!(stage.rig.call("PUT", &format!("/v1/overlords/{uid}/metadata"), body).await.0, 204);
}

/// The job that brought a backup back, read in a session of its own: the old one has ended.
pub async fn brought_back(stage: &mut Stage, kind: &str, uid: &str) -> Value {
    let started = stage.post(&format!("/ext/v1/backups/{uid}/{kind}?location=ftp")).await;
    assert_eq!(started.0, 202, "{started:?}");
    let path = format!("/ext/v1/jobs/{}", started.1["jobUid"].as_str().unwrap());
    super::until("signed out", async || (stage.get(&path).await.0 == 401).then_some(())).await;
    stage.rig.key = api_key(stage.rig.dir.path());
    stage.system = stage.rig.system().await;
    stage.get(&path).await.1
}

#[tokio::test]
async fn a_restore_brings_the_state_back_and_keeps_the_trail() {
    let mut stage = Stage::configured().await;
    let uid = stage.backup().await;
    rename(&stage, NAME, "renamed").await;
    let (_, plan) = stage.get(&format!("/ext/v1/backups/{uid}/plan?location=ftp&kind=restore")).await;
    assert_eq!(plan["refusals"], json!([]), "{plan}");
    assert_eq!(plan["confirm"], uid.split('-').nth(1).unwrap()[..4]);
    assert!(plan["warnings"].to_string().contains("accounts and passwords in force afterwards are the backup's"));
    let job = brought_back(&mut stage, "restore", &uid).await;
    assert_eq!(job["state"], "Completed", "{job}");
    assert!(job["result"].as_str().unwrap().contains("The accounts and passwords in force are the backup's"), "{job}");
    stage.rig.uid(NAME).await;
    let told: Vec<_> = stage.rig.trail("limit=50").await;
    let told: Vec<_> = told.iter().map(crate::rig::content).collect();
    for words in [
        "Renamed the private gateway",
        "Started the restore of the backup",
        "Made the safety backup",
        "Restored the state of",
    ] {
        assert_eq!(told.iter().filter(|told| told.contains(words)).count(), 1, "{words}: {told:#?}");
    }
    let items = stage.list().await;
    assert_eq!(items.len(), 2, "the backup and the safety backup: {items:?}");
    let safety = items.iter().find(|one| one["uid"] != json!(uid)).unwrap()["uid"].as_str().unwrap().to_owned();
    assert!(job["result"].as_str().unwrap().contains(&safety));
    stage.rig.restart(End::InOrder).await;
    stage.rig.uid(NAME).await;
    stage.system = stage.rig.system().await;
    let job = brought_back(&mut stage, "restore", &safety).await;
    assert_eq!(job["state"], "Completed", "{job}");
    stage.rig.uid("renamed").await;
    let kept = std::fs::read_dir(stage.rig.dir.path()).unwrap().flatten();
    let kept = kept.filter(|entry| entry.file_name().to_string_lossy().starts_with("plane.db.pre-restore-")).count();
    assert_eq!(kept, 1, "the clock stood still, so both have one name");
}

#[tokio::test]
async fn another_plane_recovers_with_the_key_and_keeps_its_own_uid() {
    let first = Stage::configured().await;
    rename(&first, NAME, "from-the-first").await;
    let uid = first.backup().await;
    let store: Arc<Memory> = first.store.clone();
    let mut second = Stage::with(|settings| settings.stores_of = memory_for(store)).await;
    second.configure(1, 7).await;
    let plane = |capabilities: (u16, Value)| capabilities.1["planeUid"].clone();
    let own = plane(second.get("/ext/v1/capabilities").await);
    assert_ne!(own, plane(first.get("/ext/v1/capabilities").await));
    let answer = second.post(&format!("/ext/v1/backups/{uid}/restore?location=ftp")).await;
    assert_eq!(code(&answer), (409, "BackupOfAnotherPlane"));
    let answer = second.post(&format!("/ext/v1/backups/{uid}/recover?location=ftp")).await;
    assert_eq!(code(&answer), (409, "RecoveryKeyMissing"), "{answer:?}");
    let (_, key) = first.get("/ext/v1/recovery-key").await;
    assert_eq!(answer.1["details"]["fingerprint"], key["fingerprint"]);
    let items = second.list().await;
    assert_eq!((&items[0]["own"], &items[0]["readable"]), (&json!(false), &json!(false)));
    let (_, text) = first.post("/ext/v1/recovery-key/export").await;
    assert_eq!(second.call("POST", "/ext/v1/recovery-key/import", text).await.0, 200);
    let before = second.rig.key.clone();
    let job = brought_back(&mut second, "recover", &uid).await;
    assert_eq!(job["state"], "Completed", "{job}");
    second.rig.uid("from-the-first").await;
    assert_eq!(plane(second.get("/ext/v1/capabilities").await), own);
    let (As::ApiKey(before), As::ApiKey(after)) = (&before, &second.rig.key) else { panic!("keys") };
    assert_ne!(before, after, "credentials.toml has new ones");
    assert_eq!(second.rig.client.get(&As::ApiKey(before.clone()), "/v1/overlords").await.0, 401);
    let (_, list) = second.get("/ext/v1/locations").await;
    assert_eq!(list["items"][0]["location"]["paused"], true);
    assert_eq!(list["items"][0]["status"].get("nextRun"), None);
    second.rig.restart(End::AtOnce).await;
    second.rig.uid("from-the-first").await;
    assert_eq!(code(&second.post(&format!("/ext/v1/backups/{uid}/recover?location=ftp")).await).0, 202);
    let own_uid = first.backup().await;
    let answer = first.post(&format!("/ext/v1/backups/{own_uid}/recover?location=ftp")).await;
    assert_eq!(code(&answer), (409, "BackupNotUsable"));
}

#[tokio::test]
async fn nothing_is_changed_where_the_backup_or_the_safety_backup_fails() {
    let stage = Stage::configured().await;
    let uid = stage.backup().await;
    rename(&stage, NAME, "renamed").await;
    let paths = stage.store.paths();
    let segment = paths.iter().find(|path| path.name().ends_with(".seg")).unwrap();
    let whole = palette_console::storage::Store::get(stage.store.as_ref(), segment, 64 << 20).await.unwrap();
    let mut bytes = whole.to_vec();
    bytes[10] ^= 1;
    stage.store.plant(segment.clone(), Bytes::from(bytes));
    let job = stage.until_ended(stage.post(&format!("/ext/v1/backups/{uid}/restore?location=ftp")).await).await;
    assert_eq!(job["state"], "Error", "{job}");
    assert!(job["result"].as_str().unwrap().contains(segment.name()), "{job}");
    stage.store.plant(segment.clone(), whole);
    stage.store.plant(ObjectPath::new("palbackup/format").unwrap(), Bytes::from_static(b"{\"format\":99}"));
    let job = stage.until_ended(stage.post(&format!("/ext/v1/backups/{uid}/restore?location=ftp")).await).await;
    assert_eq!(job["state"], "Error", "{job}");
    stage.rig.uid("renamed").await;
    let scratch = std::fs::read_dir(stage.rig.dir.path().join("scratch")).unwrap().count();
    assert_eq!(scratch, 0);
}

#[tokio::test]
async fn nothing_is_restored_while_clusters_move() {
    let stage = Stage::with(|settings| settings.migration_pace = std::time::Duration::from_secs(3600)).await;
    stage.configure(1, 7).await;
    let uid = stage.backup().await;
    let (source, target) = (stage.rig.uid(NAME).await, stage.rig.uid("berlin-vsphere-2").await);
    assert_eq!(stage.rig.migrate(&source, &target).await.0, 204);
    let answer = stage.post(&format!("/ext/v1/backups/{uid}/restore?location=ftp")).await;
    assert_eq!(code(&answer), (409, "MigrationInProgress"));
    let (_, plan) = stage.get(&format!("/ext/v1/backups/{uid}/plan?location=ftp&kind=restore")).await;
    assert!(plan["refusals"][0].as_str().unwrap().contains("while clusters move"), "{plan}");
}

#[tokio::test]
async fn a_restore_whose_plane_was_killed_before_the_swap_changed_nothing() {
    let hung = Arc::new(super::hanging::Hanging::default());
    let mut stage = Stage::with(|settings| settings.stores_of = hung.opener()).await;
    stage.configure(1, 7).await;
    hung.release();
    let uid = stage.backup().await;
    rename(&stage, NAME, "renamed").await;
    hung.hold();
    let started = stage.post(&format!("/ext/v1/backups/{uid}/restore?location=ftp")).await;
    let path = format!("/ext/v1/jobs/{}", started.1["jobUid"].as_str().unwrap());
    super::until("at the safety backup", async || {
        let phase = stage.get(&path).await.1["phase"].clone();
        (!["", "Waiting", "Connecting", "Downloading"].contains(&phase.as_str().unwrap_or_default())).then_some(())
    })
    .await;
    let other = stage.post(&format!("/ext/v1/backups/{uid}/restore?location=ftp")).await;
    assert_eq!(code(&other), (409, "BackupInProgress"));
    stage.rig.restart(End::AtOnce).await;
    stage.system = stage.rig.system().await;
    let job = stage.until_ended(started).await;
    assert_eq!(job["state"], "Error");
    assert!(job["result"].as_str().unwrap().contains("before anything was changed"), "{job}");
    stage.rig.uid("renamed").await;
    hung.release();
    let job = brought_back(&mut stage, "restore", &uid).await;
    assert_eq!(job["state"], "Completed", "{job}");
    stage.rig.uid(NAME).await;
}
