//! How jobs end where their end cannot be written, or someone wants another one.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Stage, until};
use crate::rig::End;

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
