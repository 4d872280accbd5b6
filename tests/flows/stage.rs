//! A sandbox plane of one's own in this process, and clients for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use palette_console::client::{Address, Client, Login, Options};
use palette_console::clock::ManualClock;
use palette_console::ops::pcgs::inventory;
use palette_console::ops::{Pcg, migrate};
use palette_console::plane::{self, CREDENTIALS, Door, Running, Settings, StartError};
use palette_console::secret::Credentials;
use secrecy::SecretString;
use tempfile::TempDir;

use crate::proxy::Proxy;

/// The names of the sandbox that these tests speak of: a sick vSphere gateway, a sound one, and a small one.
pub const SICK: &str = "berlin-vsphere-1";
pub const SOUND: &str = "berlin-vsphere-2";
pub const SMALL: &str = "hamburg-vsphere";
/// Clusters of [`SICK`].
pub const HELD: usize = 12;
/// Long enough that no test sees its end.
pub const NEVER: Duration = Duration::from_secs(86_400);

pub fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub struct Stage {
    pub dir: TempDir,
    pub clock: Arc<ManualClock>,
    plane: Option<Running>,
}

impl Stage {
    /// A sandbox that moves clusters as fast as it can.
    pub async fn new() -> Self {
        Self::with_pace(Duration::ZERO).await
    }

    pub async fn with_pace(pace: Duration) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut stage = Self { dir: tempfile::tempdir().unwrap(), clock: ManualClock::at(noon()), plane: None };
        stage.start(pace).await;
        stage
    }

    /// Starts the plane on its directory.
    pub async fn start(&mut self, pace: Duration) {
        let settings =
            Settings { clock: self.clock.clone(), migration_pace: pace, ..Settings::sandbox(self.dir.path()) };
        let deadline = Instant::now() + Duration::from_secs(30);
        self.plane = loop {
            match plane::start(settings.clone(), Door::Unix(self.socket())).await {
                Ok(running) => break Some(running),
                // A child of another test holds this process's lock from its fork to its exec.
                Err(StartError::InUse { .. }) if Instant::now() < deadline => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
    }

    /// Ends the plane as `kill -9` would.
    pub fn kill(&mut self) {
        drop(self.plane.take().unwrap());
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("plane.sock")
    }

    pub fn credentials(&self) -> Credentials {
        credentials(self.dir.path())
    }

    pub async fn proxy(&self) -> Proxy {
        Proxy::before(&self.socket()).await
    }

    pub fn options(&self, address: Address) -> Options {
        Options::new(address, self.clock.clone())
    }

    /// A client that is not signed in.
    pub fn stranger(&self, address: Address) -> Client {
        Client::new(self.options(address)).unwrap()
    }

    /// A client with the API key, which does not expire.
    pub async fn client_at(&self, address: Address) -> Client {
        let client = self.stranger(address);
        client.read_capabilities().await.unwrap();
        client.login(&Login::tenant_of(&self.credentials()).unwrap()).await.unwrap();
        client
    }

    pub async fn client(&self) -> Client {
        self.client_at(Address::Socket(self.socket())).await
    }

    pub async fn client_through(&self, proxy: &Proxy) -> Client {
        self.client_at(proxy.url().parse().unwrap()).await
    }

    /// The tenant administrator's login by password, which leads to a session that expires.
    pub fn password_login(&self) -> Login {
        let account = self.credentials().tenant.unwrap();
        Login::Tenant { org: account.org, email: account.email, password: account.password }
    }

    pub fn wrong_login(&self) -> Login {
        match self.password_login() {
            Login::Tenant { org, email, .. } => {
                Login::Tenant { org, email, password: SecretString::from("not-the-password") }
            }
            other => other,
        }
    }
}

pub fn credentials(dir: &Path) -> Credentials {
    Credentials::read(&dir.join(CREDENTIALS)).unwrap()
}

/// The gateway of this name, with its number of clusters.
pub async fn pcg(client: &Client, name: &str) -> Pcg {
    let pcgs = inventory(client).await.unwrap().pcgs();
    pcgs.into_iter().find(|pcg| pcg.name == name).unwrap_or_else(|| panic!("no gateway {name}"))
}

/// A plan that moves all clusters of one gateway to another, both by name.
pub async fn plan(client: &Client, source: &str, target: &str) -> migrate::Plan {
    let (source, target) = (pcg(client, source).await.uid, pcg(client, target).await.uid);
    let plan = migrate::preflight(client, &source, &target).await.unwrap();
    assert!(plan.may_proceed(), "{:?}", plan.checks);
    plan
}

/// How many clusters each gateway has, by name.
pub async fn spread(client: &Client) -> BTreeMap<String, usize> {
    let pcgs = inventory(client).await.unwrap().pcgs();
    pcgs.into_iter().map(|pcg| (pcg.name, pcg.clusters.unwrap())).collect()
}

/// What the trail says, newest first.
pub async fn trail(client: &Client) -> Vec<String> {
    let page = client.audits(&Default::default()).await.unwrap();
    page.items.into_iter().map(|entry| entry.spec.content_msg).collect()
}
