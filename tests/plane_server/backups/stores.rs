//! The sandbox's own stores, over the real protocols.

use palette_console::plane::Settings;
use serde_json::{Value, json};

use super::Stage;
use crate::rig::End;

async fn with_stores() -> Stage {
    Stage::with(|settings| {
        settings.stores = true;
        settings.stores_of = Settings::new("").stores_of;
    })
    .await
}

async fn suggested(stage: &Stage, mode: &str) -> Value {
    let (_, list) = stage.get("/ext/v1/locations").await;
    let found = list["suggested"].as_array().unwrap().iter().find(|location| location["mode"] == mode);
    found.unwrap_or_else(|| panic!("{list}")).clone()
}

async fn the_first_minute(mode: &str) {
    let mut stage = with_stores().await;
    let location = suggested(&stage, mode).await;
    assert!(!location.to_string().contains("secretKey\":\"A"), "{location}");
    let started = stage.call("POST", "/ext/v1/locations/validate?permission=readwrite", location.clone()).await;
    let job = stage.until_ended(started).await;
    assert_eq!(job["state"], "Completed", "{job:#}");
    assert!(job["checks"].as_array().unwrap().len() >= 5, "{job:#}");
    assert_eq!(stage.call("PUT", &format!("/ext/v1/locations/{mode}"), location).await, (204, Value::Null));
    let body = json!({ "location": mode });
    let made = stage.until_ended(stage.call("POST", "/ext/v1/backups", body.clone()).await).await;
    assert_eq!(made["state"], "Completed", "{made:#}");
    let uid = made["backupUid"].as_str().unwrap();
    let path = format!("/ext/v1/backups/{uid}/verify?location={mode}&level=full");
    let job = stage.until_ended(stage.post(&path).await).await;
    assert_eq!(job["state"], "Completed", "{job:#}");
    let before = suggested(&stage, mode).await;
    stage.rig.restart(End::InOrder).await;
    stage.system = stage.rig.system().await;
    let again = stage.until_ended(stage.call("POST", "/ext/v1/backups", body).await).await;
    assert_eq!(again["state"], "Completed", "{again:#}");
    assert_eq!(suggested(&stage, mode).await, before, "the same port and user again");
    let (_, list) = stage.get(&format!("/ext/v1/backups?location={mode}")).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
    let path = stage.rig.dir.path().join("stores.toml");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_newcomer_backs_up_over_ftps_in_the_first_minute() {
    the_first_minute("ftp").await;
}

#[tokio::test]
async fn a_newcomer_backs_up_over_s3_in_the_first_minute() {
    the_first_minute("s3").await;
}

#[tokio::test]
async fn palettes_own_configuration_takes_the_prepared_secret_too() {
    let stage = with_stores().await;
    for mode in ["ftp", "s3"] {
        let location = suggested(&stage, mode).await;
        let path = format!("/v1/system/config/{mode}/validate?permission=readwrite");
        let answer = stage.call("POST", &path, location[mode].clone()).await;
        assert_eq!(answer, (204, Value::Null), "{mode}");
        let body = json!({ "backupSpec": location["backupSpec"], mode: location[mode] });
        let path = format!("/v1/system/config/database/backup/{mode}");
        assert_eq!(stage.call("PUT", &path, body).await, (204, Value::Null));
        let path = format!("/v1/system/database/backup?mode={mode}");
        assert_eq!(stage.call("PATCH", &path, Value::Null).await, (204, Value::Null));
    }
}

#[tokio::test]
async fn a_location_follows_its_store_to_another_port() {
    let mut stage = with_stores().await;
    let location = suggested(&stage, "s3").await;
    assert_eq!(stage.call("PUT", "/ext/v1/locations/s3", location.clone()).await.0, 204);
    stage.rig.running.take().unwrap().stop().await;
    let port = location["s3Options"]["endpoint"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let _taken = super::until("free", async || std::net::TcpListener::bind(format!("127.0.0.1:{port}")).ok()).await;
    stage.rig.running = Some(crate::rig::serve(&stage.rig.settings).await);
    stage.rig.client = crate::rig::Client::of(stage.rig.running.as_ref().unwrap().socket());
    stage.system = stage.rig.system().await;
    let job = stage.until_ended(stage.call("POST", "/ext/v1/backups", json!({ "location": "s3" })).await).await;
    assert_eq!(job["state"], "Completed", "{job:#}");
    assert_ne!(suggested(&stage, "s3").await["s3Options"], location["s3Options"]);
}
