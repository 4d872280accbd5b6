//! A plane of one's own, and a client for it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use palette_console::clock::ManualClock;
use palette_console::plane::{self, CREDENTIALS, Door, Running, Settings};
use palette_console::secret::Credentials;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Who asks.
#[derive(Clone)]
pub enum As {
    Nobody,
    ApiKey(String),
    Token(String),
}

/// A client of one socket.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    pub fn of(socket: &Path) -> Self {
        // A provider may be there already; any is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { http: reqwest::Client::builder().unix_socket(socket).build().unwrap() }
    }

    pub fn request(&self, who: &As, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method.parse().unwrap(), format!("http://plane{path}"));
        match who {
            As::Nobody => request,
            As::ApiKey(key) => request.header("ApiKey", key),
            As::Token(token) => request.header("Authorization", token),
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
    }

    pub async fn get(&self, who: &As, path: &str) -> (u16, Value) {
        self.send(self.request(who, "GET", path)).await
    }

    pub async fn call(&self, who: &As, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.send(self.request(who, method, path).json(&body)).await
    }
}

/// A sandbox plane in a directory of its own.
pub struct Rig {
    pub dir: TempDir,
    pub clock: Arc<ManualClock>,
    pub settings: Settings,
    pub running: Option<Running>,
    pub client: Client,
    pub key: As,
}

pub fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// Settings of a sandbox that moves clusters as fast as it can, and the clock it goes by.
pub fn settings(dir: &Path) -> (Settings, Arc<ManualClock>) {
    let clock = ManualClock::at(noon());
    let mut settings = Settings::sandbox(dir);
    settings.clock = clock.clone();
    settings.migration_pace = Duration::ZERO;
    (settings, clock)
}

pub async fn serve(settings: &Settings) -> Running {
    plane::start(settings.clone(), Door::Unix(settings.data_dir.join("plane.sock"))).await.unwrap()
}

pub fn credentials(dir: &Path) -> Credentials {
    Credentials::read(&dir.join(CREDENTIALS)).unwrap()
}

pub fn api_key(dir: &Path) -> As {
    As::ApiKey(credentials(dir).tenant.unwrap().api_key.unwrap().expose_secret().to_owned())
}

impl Rig {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (mut settings, clock) = settings(dir.path());
        change(&mut settings);
        let running = serve(&settings).await;
        let client = Client::of(running.socket());
        let key = api_key(&settings.data_dir);
        Self { dir, clock, settings, running: Some(running), client, key }
    }

    /// Ends the plane as told and starts it again on the same directory.
    pub async fn restart(&mut self, end: End) {
        match (self.running.take().unwrap(), end) {
            (running, End::InOrder) => running.stop().await,
            (running, End::AtOnce) => drop(running),
        }
        self.running = Some(serve(&self.settings).await);
        self.client = Client::of(self.running.as_ref().unwrap().socket());
    }

    pub async fn sign_in(&self, password: Option<&str>) -> (u16, Value) {
        let tenant = credentials(self.dir.path()).tenant.unwrap();
        let password = password.unwrap_or(tenant.password.expose_secret());
        let body = json!({ "emailId": tenant.email, "org": tenant.org, "password": password });
        self.client.call(&As::Nobody, "POST", "/v1/auth/authenticate?setCookie=false", body).await
    }

    pub async fn system_sign_in(&self, password: Option<&str>) -> (u16, Value) {
        let system = credentials(self.dir.path()).system.unwrap();
        let password = password.unwrap_or(system.password.expose_secret());
        let body = json!({ "username": system.username, "password": password });
        self.client.call(&As::Nobody, "POST", "/v1/auth/syslogin", body).await
    }

    pub async fn tenant(&self) -> As {
        As::Token(self.sign_in(None).await.1["Authorization"].as_str().unwrap().to_owned())
    }

    pub async fn system(&self) -> As {
        As::Token(self.system_sign_in(None).await.1["Authorization"].as_str().unwrap().to_owned())
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.client.get(&self.key, path).await
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.client.call(&self.key, method, path, body).await
    }

    pub async fn gateway(&self, name: &str) -> Value {
        let (status, found) = self.get(&format!("/v1/overlords?name={}", name.replace(' ', "%20"))).await;
        assert_eq!((status, found["items"].as_array().unwrap().len()), (200, 1), "{name}");
        found["items"][0].clone()
    }

    pub async fn uid(&self, name: &str) -> String {
        self.gateway(name).await["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    /// Names of the clusters that reference a gateway.
    pub async fn clusters_of(&self, uid: &str) -> Vec<String> {
        let (_, found) = self.get("/v1/dashboard/spectroclusters/metadata").await;
        let items = found["items"].as_array().unwrap().iter();
        items
            .filter(|item| item["annotations"]["overlordUid"] == uid)
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    }

    pub async fn migrate(&self, source: &str, target: &str) -> (u16, Value) {
        let body = json!({ "sourceUid": source, "targetUid": target });
        self.call("POST", "/v1/overlords/migrate", body).await
    }

    /// Asks until no cluster references the gateway any more.
    pub async fn until_empty(&self, uid: &str) {
        let moved = async {
            while !self.clusters_of(uid).await.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), moved).await.expect("the migration ends");
    }

    /// Entries about a resource, newest first.
    pub async fn trail(&self, query: &str) -> Vec<Value> {
        let (status, page) = self.get(&format!("/v1/audits?{query}")).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }

    pub async fn newest(&self) -> Value {
        self.trail("limit=1").await.remove(0)
    }
}

/// How a plane ends.
#[derive(Clone, Copy)]
pub enum End {
    InOrder,
    AtOnce,
}

pub fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or(""))
}

pub fn content(entry: &Value) -> &str {
    entry["spec"]["contentMsg"].as_str().unwrap()
}
