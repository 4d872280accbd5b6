use bytes::Bytes;
use chrono::TimeDelta;
use palette_console::storage::ObjectPath;
use serde_json::{Value, json};

use super::{Stage, until};
use crate::rig::End;

async fn scheduled() -> Stage {
    let stage = Stage::with(|settings| settings.schedules = true).await;
    stage.configure(1, 7).await;
    stage
}

async fn jobs(stage: &Stage, kind: &str) -> Vec<Value> {
    let (_, list) = stage.get("/ext/v1/jobs").await;
    list["items"].as_array().unwrap().iter().filter(|job| job["kind"] == kind).cloned().collect()
}

pub async fn until_ended(stage: &Stage, kind: &str, count: usize) -> Vec<Value> {
    until("all have ended", async || {
        let jobs = jobs(stage, kind).await;
        let ended = jobs.iter().filter(|job| !["Queued", "Running"].contains(&job["state"].as_str().unwrap())).count();
        (ended == count).then_some(jobs)
    })
    .await
}

#[tokio::test]
async fn a_slot_runs_once_and_its_backup_is_read_whole_the_same_day() {
    let mut stage = scheduled().await;
    assert_eq!(jobs(&stage, "create").await, Vec::<Value>::new());
    stage.rig.clock.advance(TimeDelta::hours(1));
    stage.system = stage.rig.system().await;
    let made = until_ended(&stage, "create", 1).await;
    assert_eq!(
        (&made[0]["state"], &made[0]["scheduled"], &made[0]["startedBy"]),
        (&json!("Completed"), &json!(true), &json!("the plane"))
    );
    let looked = until_ended(&stage, "verify", 1).await;
    assert_eq!(looked[0]["state"], "Completed", "{looked:?}");
    assert_eq!(stage.list().await[0]["verified"]["level"], "data");
    for end in [End::InOrder, End::AtOnce] {
        stage.rig.restart(end).await;
        stage.system = stage.rig.system().await;
        assert_eq!(until_ended(&stage, "create", 1).await.len(), 1);
    }
    assert!(stage.told("backup").await.iter().any(|words| words.starts_with("Started the scheduled backup")));
}

#[tokio::test]
async fn a_missed_slot_runs_once_as_soon_as_the_plane_is_back() {
    let mut stage = scheduled().await;
    stage.rig.running.take().unwrap().stop().await;
    stage.rig.clock.advance(TimeDelta::days(3) + TimeDelta::hours(4));
    let settings = stage.rig.settings.clone();
    stage.rig.running = Some(crate::rig::serve(&settings).await);
    stage.rig.client = crate::rig::Client::of(stage.rig.running.as_ref().unwrap().socket());
    stage.system = stage.rig.system().await;
    until_ended(&stage, "create", 1).await;
    let status = stage.status().await;
    let states: Vec<_> = status["days"].as_array().unwrap()[26..].iter().map(|day| day["state"].clone()).collect();
    assert_eq!(states, ["missed", "missed", "missed", "good"]);
}

#[tokio::test]
async fn a_failed_slot_is_tried_again_and_then_given_up() {
    let mut stage = scheduled().await;
    let format = ObjectPath::new("palbackup/format").unwrap();
    stage.store.plant(format.clone(), Bytes::from_static(b"{\"format\":99}"));
    stage.rig.clock.advance(TimeDelta::hours(1));
    for tries in 1..=4 {
        stage.system = stage.rig.system().await;
        let job = until("failed", async || {
            let job = jobs(&stage, "create").await.pop()?;
            let told = stage.told("backup").await.iter().filter(|words| words.starts_with("Failed: ")).count();
            (job["state"] == "Error" && told == tries).then_some(job)
        })
        .await;
        assert_eq!(job["advice"].as_str().unwrap().contains("tried again at"), tries < 4, "{job}");
        stage.rig.clock.advance(TimeDelta::minutes(46));
    }
    stage.system = stage.rig.system().await;
    assert_eq!(jobs(&stage, "create").await.len(), 1);
    assert_eq!(stage.status().await["days"][29]["state"], "failed");
}

#[tokio::test]
async fn a_paused_location_neither_makes_nor_deletes() {
    let mut stage = scheduled().await;
    let (_, list) = stage.get("/ext/v1/locations").await;
    let mut location = list["items"][0]["location"].clone();
    location["paused"] = json!(true);
    assert_eq!(stage.call("PUT", "/ext/v1/locations/ftp", location).await.0, 204);
    stage.rig.clock.advance(TimeDelta::days(2));
    stage.system = stage.rig.system().await;
    assert_eq!(jobs(&stage, "create").await, Vec::<Value>::new());
    let (_, preview) = stage.get("/ext/v1/retention?location=ftp").await;
    assert_eq!(preview["skipped"], "The location is paused.");
}
