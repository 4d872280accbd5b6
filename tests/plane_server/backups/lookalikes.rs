//! Folders that someone with access to the location gave the uid of a backup that is not theirs.

use bytes::Bytes;
use palette_console::storage::{ObjectPath, Store};
use serde_json::{Value, json};

use super::Stage;

/// Owners that a listing has before and after any plane's uid.
const OTHERS: [&str; 2] = ["00-someone", "zz-someone"];

/// Copies a backup's folder to another owner's, whose uid its manifest then names.
async fn copy(stage: &Stage, uid: &str, owner: &str) {
    for path in stage.store.paths().into_iter().filter(|path| path.as_str().contains(uid)) {
        let theirs = path.parts().nth(2).unwrap().to_owned();
        let bytes = stage.store.get(&path, 64 << 20).await.unwrap();
        let copied = match path.name() {
            "manifest.json" => Bytes::from(String::from_utf8(bytes.to_vec()).unwrap().replace(&theirs, owner)),
            _ => bytes,
        };
        stage.store.plant(ObjectPath::new(&path.as_str().replace(&theirs, owner)).unwrap(), copied);
    }
}

async fn strangers(stage: &Stage) -> Vec<Value> {
    stage.get("/ext/v1/backups?location=ftp&fresh=true").await.1["strangers"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_uid_is_that_of_the_own_backup_whoever_else_uses_it() {
    let stage = Stage::configured().await;
    let uid = stage.backup().await;
    for owner in OTHERS {
        copy(&stage, &uid, owner).await;
    }
    let items = stage.list().await;
    assert_eq!(items.len(), 1, "{items:#?}");
    assert_eq!((&items[0]["own"], &items[0]["state"]), (&json!(true), &json!("Completed")));
    let told = strangers(&stage).await;
    assert!(OTHERS.iter().all(|owner| told.iter().any(|words| words.as_str().unwrap().contains(owner))), "{told:?}");
    let started = stage.post(&format!("/ext/v1/backups/{uid}/verify?location=ftp&level=full")).await;
    assert_eq!(stage.until_ended(started).await["state"], "Completed");
    let (_, plan) = stage.get(&format!("/ext/v1/backups/{uid}/plan?location=ftp&kind=restore")).await;
    assert_eq!(plan["refusals"], json!([]), "{plan}");
    let status = stage.status().await;
    assert_eq!((&status["lastGood"], &status["days"][29]["state"]), (&json!(uid), &json!("good")));
    let started = stage.call("DELETE", &format!("/ext/v1/backups/{uid}?location=ftp"), Value::Null).await;
    assert_eq!(stage.until_ended(started).await["state"], "Completed");
    let left = stage.store.paths();
    let owned = |owner: &str| left.iter().any(|path| path.as_str().contains(owner));
    assert!(OTHERS.into_iter().all(owned), "nothing of another's is deleted: {left:?}");
    assert_eq!(left.iter().filter(|path| path.as_str().contains(&uid)).count() % OTHERS.len(), 0);
}

#[tokio::test]
async fn a_uid_of_another_plane_is_that_of_the_authentic_backup() {
    let first = Stage::configured().await;
    let uid = first.backup().await;
    for owner in OTHERS {
        copy(&first, &uid, owner).await;
    }
    let store = first.store.clone();
    let second = Stage::with(|settings| settings.stores_of = super::memory_for(store)).await;
    second.configure(1, 7).await;
    assert_eq!(second.list().await.len(), 1, "one uid is one backup");
    let (_, text) = first.post("/ext/v1/recovery-key/export").await;
    assert_eq!(second.call("POST", "/ext/v1/recovery-key/import", text).await.0, 200);
    let plane = first.get("/ext/v1/capabilities").await.1["planeUid"].clone();
    let (_, plan) = second.get(&format!("/ext/v1/backups/{uid}/plan?location=ftp&kind=recover")).await;
    assert_eq!((&plan["backup"]["planeUid"], &plan["refusals"]), (&plane, &json!([])), "{plan:#}");
}

#[tokio::test]
async fn a_verdict_is_that_of_one_folder_in_one_location() {
    let stage = Stage::configured().await;
    let uid = stage.backup().await;
    copy(&stage, &uid, OTHERS[1]).await;
    let own = stage.get("/ext/v1/capabilities").await.1["planeUid"].as_str().unwrap().to_owned();
    let owns: Vec<_> = stage.store.paths().into_iter().filter(|path| path.as_str().contains(&own)).collect();
    let mut saved = Vec::new();
    for path in owns {
        saved.push((path.clone(), stage.store.get(&path, 64 << 20).await.unwrap()));
        stage.store.delete(&path).await.unwrap();
    }
    let started = stage.post(&format!("/ext/v1/backups/{uid}/verify?location=ftp&level=data")).await;
    assert_eq!(stage.until_ended(started).await["state"], "Error", "a forged manifest is no good backup");
    saved.into_iter().for_each(|(path, bytes)| stage.store.plant(path, bytes));
    let items = stage.list().await;
    assert_eq!((&items[0]["own"], &items[0]["state"]), (&json!(true), &json!("Completed")), "{items:#?}");
    assert_eq!(stage.status().await["lastGood"], json!(uid));
}
