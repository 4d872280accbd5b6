//! Backups over the API, on a store in memory that outlives the plane.

mod clocks;
mod configs;
mod ending;
mod hanging;
mod lookalikes;
mod making;
mod neighbours;
mod remarks;
mod restoring;
mod schedule;
#[cfg(feature = "sandbox-stores")]
mod stores;
mod told;
mod versions;

use std::sync::Arc;
use std::time::Duration;

use palette_console::clock::SharedClock;
use palette_console::plane::{OpenStore, Settings};
use palette_console::storage::Store;
use palette_console::storage::memory::Memory;
use serde_json::{Value, json};

use crate::rig::{As, Rig};

/// A sandbox whose locations all lead to one store in memory.
pub struct Stage {
    pub rig: Rig,
    pub store: Arc<Memory>,
    pub system: As,
}

pub fn memory_for(store: Arc<Memory>) -> OpenStore {
    Arc::new(move |_, _| Ok(store.clone() as Arc<dyn Store>))
}

pub fn ftp_config(interval: i64, retention: i64) -> Value {
    json!({
        "backupSpec": { "hourOfTheDay": 13, "interval": interval, "retentionPeriod": retention },
        "ftp": { "server": "ftp://127.0.0.1:2121", "dir": "plane", "username": "u", "password": "Pa55-never-shown" }
    })
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut made = None;
        let rig = Rig::with(|settings| {
            let clock: SharedClock = settings.clock.clone();
            let store = Arc::new(Memory::new(clock));
            settings.stores_of = memory_for(store.clone());
            settings.segment_bytes = 64 << 10;
            // The clock goes forward by days.
            settings.token_lifetime = chrono::TimeDelta::days(400);
            settings.schedule_tick = Duration::from_millis(5);
            change(settings);
            made = Some(store);
        })
        .await;
        let system = rig.system().await;
        Self { rig, store: made.unwrap(), system }
    }

    /// The same with the location `ftp` configured.
    pub async fn configured() -> Self {
        let stage = Self::new().await;
        stage.configure(1, 7).await;
        stage
    }

    pub async fn configure(&self, interval: i64, retention: i64) {
        let path = "/v1/system/config/database/backup/ftp";
        let answer = self.call("PUT", path, ftp_config(interval, retention)).await;
        assert_eq!(answer.0, 204, "{answer:?}");
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.rig.client.get(&self.system, path).await
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.rig.client.call(&self.system, method, path, body).await
    }

    pub async fn post(&self, path: &str) -> (u16, Value) {
        self.call("POST", path, Value::Null).await
    }

    /// Waits for a job and returns it.
    pub async fn until_ended(&self, started: (u16, Value)) -> Value {
        assert_eq!(started.0, 202, "{started:?}");
        let path = format!("/ext/v1/jobs/{}", started.1["jobUid"].as_str().unwrap());
        let ended = async {
            loop {
                let (status, job) = self.get(&path).await;
                assert_eq!(status, 200, "{job}");
                if !["Queued", "Running"].contains(&job["state"].as_str().unwrap()) {
                    return job;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), ended).await.expect("the job ends")
    }

    /// Makes a backup and returns its uid.
    pub async fn backup(&self) -> String {
        let job = self.until_ended(self.call("POST", "/ext/v1/backups", json!({ "location": "ftp" })).await).await;
        assert_eq!(job["state"], "Completed", "{job}");
        job["backupUid"].as_str().unwrap().to_owned()
    }

    pub async fn list(&self) -> Vec<Value> {
        let (status, list) = self.get("/ext/v1/backups?location=ftp&fresh=true").await;
        assert_eq!((status, &list["unread"]), (200, &json!("")), "{list}");
        list["items"].as_array().unwrap().clone()
    }

    pub async fn status(&self) -> Value {
        self.get("/ext/v1/locations").await.1["items"][0]["status"].clone()
    }

    /// Sentences of the trail about backups, newest first.
    pub async fn told(&self, kind: &str) -> Vec<String> {
        let entries = self.rig.trail(&format!("resourceKind={kind}")).await;
        entries.iter().map(|entry| crate::rig::content(entry).to_owned()).collect()
    }
}

pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let reached = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reached).await.unwrap_or_else(|_| panic!("never {what}"))
}
