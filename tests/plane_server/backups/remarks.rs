//! What stays worth a warning about a place, from the moment the plane starts.

use std::sync::Arc;

use palette_console::plane::Settings;
use serde_json::json;

use super::Stage;
use super::hanging::Hanging;
use crate::rig::End;

const CLEAR: &str = "The server offers no TLS: the password and every byte travel in clear text.";

async fn warns(stage: &Stage, words: &str) -> bool {
    stage.status().await["warnings"].as_array().unwrap().iter().any(|warning| warning.as_str().unwrap().contains(words))
}

#[tokio::test]
async fn tls_that_is_off_is_told_before_anything_was_asked_of_the_server() {
    let mut stage = Stage::with(|settings| settings.stores_of = Settings::new("").stores_of).await;
    let location = json!({
        "mode": "ftp", "backupSpec": { "hourOfTheDay": 13, "interval": 1, "retentionPeriod": 7 },
        "ftp": { "server": "ftp://127.0.0.1:1", "dir": "plane", "username": "u", "password": "p" },
        "ftpOptions": { "tls": "off" },
    });
    assert_eq!(stage.call("PUT", "/ext/v1/locations/ftp", location).await.0, 204);
    assert!(warns(&stage, "TLS is off").await);
    stage.rig.restart(End::InOrder).await;
    stage.system = stage.rig.system().await;
    assert!(warns(&stage, "TLS is off").await);
}

#[tokio::test]
async fn what_a_server_last_offered_is_remembered_beyond_a_restart() {
    let store = Arc::new(Hanging::default());
    let mut stage = Stage::with(|settings| settings.stores_of = store.opener()).await;
    stage.configure(1, 7).await;
    assert!(!warns(&stage, CLEAR).await);
    store.remark(Some(CLEAR));
    stage.list().await;
    // The next process has had no session yet.
    store.remark(None);
    stage.rig.restart(End::InOrder).await;
    stage.system = stage.rig.system().await;
    assert!(warns(&stage, CLEAR).await);
    stage.configure(2, 7).await;
    assert!(warns(&stage, CLEAR).await, "another schedule is the same server");
    stage.list().await;
    assert!(!warns(&stage, CLEAR).await, "it offers TLS now");
    stage.rig.restart(End::InOrder).await;
    stage.system = stage.rig.system().await;
    assert!(!warns(&stage, CLEAR).await);
}

#[tokio::test]
async fn what_another_server_offered_is_not_told_of_this_one() {
    let store = Arc::new(Hanging::default());
    let stage = Stage::with(|settings| settings.stores_of = store.opener()).await;
    stage.configure(1, 7).await;
    store.remark(Some(CLEAR));
    stage.list().await;
    store.remark(None);
    let mut moved = super::ftp_config(1, 7);
    moved["ftp"]["server"] = json!("ftp://127.0.0.1:2122");
    assert_eq!(stage.call("PUT", "/v1/system/config/database/backup/ftp", moved).await.0, 204);
    assert!(!warns(&stage, CLEAR).await);
}
