//! How jobs end where their end cannot be written, or someone wants another one.

use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::hanging::{Hanging, In};
use super::{Stage, until};
use crate::rig::{End, code};

/// Another connection to the plane's database.
fn database(stage: &Stage) -> Connection {
    let connection = Connection::open(stage.rig.dir.path().join("plane.db")).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
    connection
}

/// As a full disk does: no job's end is taken.
fn refuse_ends(database: &Connection) {
    let trigger = "CREATE TRIGGER full BEFORE UPDATE ON job WHEN NEW.state = 'Completed'
                   BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    database.execute_batch(trigger).unwrap();
}

async fn create(stage: &Stage) -> (u16, Value) {
    stage.call("POST", "/ext/v1/backups", json!({ "location": "ftp" })).await
}

async fn until_phase(stage: &Stage, started: &(u16, Value), phase: &str) {
    let path = format!("/ext/v1/jobs/{}", started.1["jobUid"].as_str().unwrap());
    until(phase, async || (stage.get(&path).await.1["phase"] == phase).then_some(())).await;
}

#[tokio::test]
async fn an_end_that_cannot_be_written_is_written_as_soon_as_it_can() {
    let stage = Stage::configured().await;
    let database = database(&stage);
    refuse_ends(&database);
    let started = create(&stage).await;
    until_phase(&stage, &started, "Waiting for the plane's disk").await;
    database.execute_batch("DROP TRIGGER full").unwrap();
    let job = stage.until_ended(started).await;
    assert_eq!(job["state"], "Completed", "{job}");
    assert_eq!(stage.list().await[0]["uid"], job["backupUid"]);
    stage.backup().await;
}

#[tokio::test]
async fn a_plane_stops_though_an_end_cannot_be_written_and_the_next_one_writes_it() {
    let mut stage = Stage::configured().await;
    let database = database(&stage);
    refuse_ends(&database);
    let started = create(&stage).await;
    until_phase(&stage, &started, "Waiting for the plane's disk").await;
    stage.rig.running.take().unwrap().stop().await;
    database.execute_batch("DROP TRIGGER full").unwrap();
    stage.rig.running = Some(crate::rig::serve(&stage.rig.settings).await);
    stage.rig.restart(End::InOrder).await;
    stage.system = stage.rig.system().await;
    let job = stage.until_ended(started).await;
    assert_eq!(job["state"], "Completed", "{job}");
    assert_eq!(stage.list().await.len(), 1, "the backup that was there already is the one");
}

async fn hanging(hangs: In) -> (Stage, Arc<Hanging>) {
    let hung = Arc::new(Hanging::where_told(hangs));
    let stage = Stage::with(|settings| settings.stores_of = hung.opener()).await;
    stage.configure(1, 7).await;
    (stage, hung)
}

async fn cancel(stage: &Stage, started: &(u16, Value)) -> (u16, Value) {
    stage.post(&format!("/ext/v1/jobs/{}/cancel", started.1["jobUid"].as_str().unwrap())).await
}

#[tokio::test]
async fn a_backup_whose_manifest_is_on_its_way_is_not_cancelled_any_more() {
    let (stage, hung) = hanging(In::WritesOf("manifest.json")).await;
    let started = create(&stage).await;
    until_phase(&stage, &started, "Committing").await;
    let answer = cancel(&stage, &started).await;
    assert_eq!(code(&answer), (409, "BackupInProgress"), "{answer:?}");
    assert!(answer.1["message"].as_str().unwrap().starts_with("It is too late: "), "{answer:?}");
    assert_eq!(stage.status().await["active"]["cancellable"], false);
    hung.release();
    let job = stage.until_ended(started).await;
    assert_eq!(job["state"], "Completed", "{job}");
    assert_eq!(stage.list().await[0]["state"], "Completed");
}

#[tokio::test]
async fn a_cancelled_job_is_not_begun_again_by_the_next_process() {
    let (mut stage, hung) = hanging(In::Listings).await;
    let started = create(&stage).await;
    until_phase(&stage, &started, "Connecting").await;
    assert_eq!(cancel(&stage, &started).await.0, 202);
    // Tidying up hangs, too.
    until_phase(&stage, &started, "Tidying up").await;
    stage.rig.restart(End::AtOnce).await;
    stage.system = stage.rig.system().await;
    hung.release();
    let job = stage.until_ended(started).await;
    assert_eq!(job["state"], "Cancelled", "{job}");
    let idle = async || (stage.status().await.get("active").is_none()).then_some(());
    until("idle", idle).await;
    assert_eq!(stage.list().await.iter().filter(|one| one["state"] == "Completed").count(), 0);
}
