use std::sync::Arc;

use bytes::Bytes;
use palette_console::storage::ObjectPath;
use palette_console::storage::memory::Memory;
use serde_json::{Value, json};

use super::{Stage, until};
use crate::rig::{End, code};

fn segment(store: &Memory, uid: &str) -> ObjectPath {
    let paths = store.paths();
    paths.into_iter().find(|path| path.as_str().contains(uid) && path.name().ends_with(".seg")).unwrap()
}

#[tokio::test]
async fn a_backup_is_made_listed_verified_and_deleted() {
    let stage = Stage::configured().await;
    let uid = stage.backup().await;
    let items = stage.list().await;
    assert_eq!(items.len(), 1);
    let one = &items[0];
    assert_eq!((&one["uid"], &one["state"], &one["own"]), (&json!(uid), &json!("Completed"), &json!(true)));
    assert_eq!((&one["expires"], &one["encrypted"]), (&json!("2026-11-29T12:00:00.000Z"), &json!(true)));
    assert!(one["bytes"].as_u64().unwrap() > 0 && one["plainBytes"].as_u64().unwrap() > one["bytes"].as_u64().unwrap());
    assert_eq!((&one["verified"]["level"], &one["verified"]["good"]), (&json!("quick"), &json!(true)));
    let (_, theirs) = stage.get("/v1/system/database/backups?mode=ftp").await;
    assert_eq!((&theirs["backups"][0]["backupUid"], &theirs["backups"][0]["mode"]), (&json!(uid), &json!("Ftp")));
    assert_eq!(theirs["backups"][0]["backupStatus"]["state"], "Completed");
    assert_eq!(theirs["backups"][0]["backupStatus"]["isCompleted"], true);
    for level in ["quick", "data", "full"] {
        let started = stage.post(&format!("/ext/v1/backups/{uid}/verify?location=ftp&level={level}")).await;
        let job = stage.until_ended(started).await;
        assert_eq!(job["state"], "Completed", "{job}");
        assert_eq!(stage.list().await[0]["verified"]["level"], level);
    }
    let status = stage.status().await;
    assert_eq!((&status["lastGood"], &status["days"][29]["state"]), (&json!(uid), &json!("good")));
    let path = format!("/v1/system/database/backups/{uid}?mode=ftp");
    assert_eq!(stage.call("DELETE", &path, Value::Null).await, (204, Value::Null));
    until("deleted", async || stage.list().await.is_empty().then_some(())).await;
    assert_eq!(stage.store.paths().iter().filter(|path| path.as_str().contains(&uid)).count(), 0);
    until("told", async || (stage.status().await["days"][29]["state"] == "expired").then_some(())).await;
    let told = stage.told("backup").await;
    assert_eq!(told[0], format!("Deleted the backup {uid} in ftp."));
    assert!(told.iter().any(|words| words.starts_with(&format!("Made the backup {uid} in ftp: "))), "{told:?}");
    assert_eq!(told.last().unwrap(), &format!("Started the backup {uid} in ftp."));
}

#[tokio::test]
async fn a_backup_that_does_not_exist_is_refused_for_everything() {
    let stage = Stage::configured().await;
    let none = "20010101T000000Z-000000000000";
    for (method, path) in [
        ("PATCH", format!("/v1/system/database/restore/{none}?mode=ftp")),
        ("PATCH", format!("/v1/system/database/recovery/{none}/ftp")),
        ("DELETE", format!("/v1/system/database/backups/{none}?mode=ftp")),
        ("POST", format!("/ext/v1/backups/{none}/verify?location=ftp")),
        ("GET", format!("/ext/v1/backups/{none}/plan?location=ftp&kind=restore")),
        ("GET", format!("/ext/v1/backups/{none}/files?location=ftp")),
    ] {
        assert_eq!(code(&stage.call(method, &path, Value::Null).await), (404, "ResourceNotFound"), "{path}");
    }
    assert!(stage.told("backup").await[0].starts_with("Refused: There is no backup"));
}

#[tokio::test]
async fn a_flipped_bit_is_found_and_stays_in_sight() {
    let stage = Stage::configured().await;
    let good = stage.backup().await;
    stage.rig.clock.advance(chrono::TimeDelta::hours(1));
    let uid = stage.backup().await;
    let path = segment(&stage.store, &uid);
    let mut bytes = palette_console::storage::Store::get(stage.store.as_ref(), &path, 64 << 20).await.unwrap().to_vec();
    bytes[100] ^= 1;
    stage.store.plant(path.clone(), Bytes::from(bytes));
    let job =
        stage.until_ended(stage.post(&format!("/ext/v1/backups/{uid}/verify?location=ftp&level=data")).await).await;
    assert_eq!(job["state"], "Error");
    assert!(job["result"].as_str().unwrap().contains(path.name()), "{job}");
    let items = stage.list().await;
    assert_eq!((&items[0]["state"], &items[0]["verified"]["good"]), (&json!("Damaged"), &json!(false)));
    assert!(items[0]["note"].as_str().unwrap().contains(path.name()), "{items:?}");
    let status = stage.status().await;
    assert_eq!(status["lastGood"], json!(good));
    assert!(status["lastFailure"].as_str().unwrap().contains(path.name()), "{status}");
}

#[tokio::test]
async fn files_come_as_they_lie_in_the_location() {
    let stage = Stage::configured().await;
    let uid = stage.backup().await;
    let (_, files) = stage.get(&format!("/ext/v1/backups/{uid}/files?location=ftp")).await;
    assert_eq!(files[0]["name"], "manifest.json");
    for file in files.as_array().unwrap() {
        let path = format!("/ext/v1/backups/{uid}/files/{}?location=ftp", file["name"].as_str().unwrap());
        let answer = stage.rig.client.request(&stage.system, "GET", &path).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/octet-stream");
        assert_eq!(answer.bytes().await.unwrap().len() as u64, file["bytes"].as_u64().unwrap());
    }
    let path = format!("/ext/v1/backups/{uid}/files/begin-x.json?location=ftp");
    assert_eq!(stage.get(&path).await.0, 409);
}

#[tokio::test]
async fn failures_say_why_and_leave_the_last_good_one_in_sight() {
    let stage = Stage::configured().await;
    // Someone else's file of a newer format in the location: the engine refuses to write there.
    stage.store.plant(ObjectPath::new("palbackup/format").unwrap(), Bytes::from_static(b"{\"format\":99}"));
    let job = stage.until_ended(stage.call("POST", "/ext/v1/backups", json!({ "location": "ftp" })).await).await;
    assert_eq!(job["state"], "Error", "{job}");
    assert!(job["result"].as_str().unwrap().contains("99"), "{job}");
    let status = stage.status().await;
    assert_eq!((&status["lastFailure"], &status["days"][29]["state"]), (&job["result"], &json!("failed")));
    assert!(stage.told("backup").await[0].starts_with("Failed: "));
}

#[tokio::test]
async fn what_retention_will_delete_is_told_before_it_goes() {
    let stage = Stage::configured().await;
    let mut uids = Vec::new();
    for _ in 0..5 {
        uids.push(stage.backup().await);
        stage.rig.clock.advance(chrono::TimeDelta::days(1));
    }
    stage.configure(1, 1).await;
    let (_, preview) = stage.get("/ext/v1/retention?location=ftp").await;
    assert_eq!(preview["expired"], json!(uids[..2]), "three good ones stay: {preview}");
    assert_eq!(preview["kept"].as_array().unwrap().len(), 2, "{preview}");
    let newest = stage.backup().await;
    until("gone", async || {
        let left: Vec<_> = stage.list().await.iter().map(|one| one["uid"].as_str().unwrap().to_owned()).collect();
        (left == [newest.clone(), uids[4].clone(), uids[3].clone()]).then_some(())
    })
    .await;
    assert!(stage.told("backup").await.iter().any(|words| words.contains("past its 1 day")));
}

#[tokio::test]
async fn what_retention_leaves_to_a_person_is_in_the_status() {
    let stage = Stage::configured().await;
    let forged = stage.backup().await;
    let paths = stage.store.paths();
    let path =
        paths.into_iter().find(|path| path.as_str().contains(&forged) && path.name() == "manifest.json").unwrap();
    let bytes = palette_console::storage::Store::get(stage.store.as_ref(), &path, 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let changed = text.replacen(env!("CARGO_PKG_VERSION"), "9.9.9", 1);
    assert_ne!(changed, text);
    stage.store.plant(path, Bytes::from(changed));
    stage.rig.clock.advance(chrono::TimeDelta::days(8));
    stage.backup().await;
    let said = until("said", async || {
        let warnings = stage.status().await["warnings"].as_array().unwrap().clone();
        warnings.into_iter().find(|words| words.as_str().unwrap().starts_with("Retention"))
    })
    .await;
    let words = format!("Retention leaves 1 backup past its time in place: {forged} (its manifest is not authentic");
    assert!(said.as_str().unwrap().starts_with(&words), "{said}");
}

#[tokio::test]
async fn two_at_once_are_one_and_a_refusal_that_names_it() {
    let stage = Stage::configured().await;
    let body = json!({ "location": "ftp" });
    let first = stage.call("POST", "/ext/v1/backups", body.clone());
    let second = stage.call("POST", "/ext/v1/backups", body);
    let (first, second) = tokio::join!(first, second);
    let (won, lost) = if first.0 == 202 { (first, second) } else { (second, first) };
    assert_eq!(code(&lost), (409, "BackupInProgress"), "{lost:?}");
    assert_eq!(lost.1["details"]["jobUid"], won.1["jobUid"]);
    assert_eq!(stage.until_ended(won).await["state"], "Completed");
    assert_eq!(stage.list().await.len(), 1);
}

#[tokio::test]
async fn a_job_that_was_cut_short_is_taken_up_again_under_a_fresh_uid() {
    let mut stage = Stage::configured().await;
    let started = stage.call("POST", "/ext/v1/backups", json!({ "location": "ftp" })).await;
    assert_eq!(started.0, 202);
    stage.rig.restart(End::AtOnce).await;
    stage.system = stage.rig.system().await;
    let job = stage.until_ended(started).await;
    assert_eq!(job["state"], "Completed", "{job}");
    let items = stage.list().await;
    assert_eq!((items.len(), &items[0]["uid"]), (1, &job["backupUid"]), "{items:?}");
    let folders: std::collections::BTreeSet<_> =
        stage.store.paths().iter().filter_map(|path| path.parts().nth(4).map(str::to_owned)).collect();
    assert_eq!(folders.len(), 1, "nothing of the first try is left: {folders:?}");
}

#[tokio::test]
async fn a_cancelled_backup_leaves_nothing() {
    let hung = Arc::new(super::hanging::Hanging::default());
    let stage = Stage::with(|settings| settings.stores_of = hung.opener()).await;
    stage.configure(1, 7).await;
    let started = stage.call("POST", "/ext/v1/backups", json!({ "location": "ftp" })).await;
    let uid = started.1["jobUid"].as_str().unwrap().to_owned();
    let job = until("cancellable", async || {
        let job = stage.get(&format!("/ext/v1/jobs/{uid}")).await.1;
        (job["cancellable"] == true).then_some(job)
    })
    .await;
    assert_eq!((&job["state"], &job["startedBy"]), (&json!("Running"), &json!("admin")));
    assert_eq!(stage.status().await["active"]["uid"], json!(uid));
    assert_eq!(code(&stage.call("DELETE", "/ext/v1/locations/ftp", Value::Null).await), (409, "BackupInProgress"));
    assert_eq!(stage.post(&format!("/ext/v1/jobs/{uid}/cancel")).await.0, 202);
    hung.release();
    let job = stage.until_ended(started).await;
    assert_eq!((&job["state"], &job["cancellable"]), (&json!("Cancelled"), &json!(false)));
    assert_eq!(stage.list().await[0]["state"], "Cancelled");
    assert_eq!(code(&stage.post(&format!("/ext/v1/jobs/{uid}/cancel")).await), (409, "BackupInProgress"));
    let told = stage.told("backup").await;
    assert!(told.iter().any(|words| words == "Cancelled the backup in ftp."), "{told:?}");
}

#[tokio::test]
async fn a_backup_whose_folder_may_not_be_entered_just_now_is_not_noted_as_gone() {
    let store = Arc::new(super::hanging::Hanging::default());
    store.release();
    let stage = Stage::with(|settings| settings.stores_of = store.opener()).await;
    stage.configure(1, 7).await;
    stage.backup().await;
    store.close_all();
    stage.rig.clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(stage.list().await.len(), 0);
    assert_eq!(stage.status().await["days"][29]["state"], "good");
}
