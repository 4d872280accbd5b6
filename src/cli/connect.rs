//! From configuration to a client: attaches to the embedded plane or starts it, or dials the one that was
//! named, and signs in.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::client::{Address, Client, Login, Options};
use crate::clock;
use crate::config::{Config, Target};
use crate::plane::embedded::{Keeper, KeeperEvent};
use crate::plane::{CREDENTIALS, Settings, StartError};
use crate::secret::Credentials;

use super::failure::{Exit, Failure};
use super::output::say;

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let exit = match error {
            StartError::OwnerSilent { .. } => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Self::new(exit, error)
    }
}

/// Attaches to the embedded plane of a configuration, or starts it.
///
/// # Errors
/// Where it can be neither.
pub async fn open(config: &Config) -> Result<Keeper, StartError> {
    Keeper::open(Settings::sandbox(config.data_dir.clone())).await
}

/// A plane and the client that talks to it, for the duration of a command.
pub struct Plane {
    /// The client.
    pub client: Client,
    keeper: Option<(Arc<Mutex<Keeper>>, JoinHandle<()>)>,
}

impl Plane {
    /// Connects, and signs in as tenant administrator.
    pub async fn connect(config: &Config) -> Result<Self, Failure> {
        let (address, keeper, login) = match &config.target {
            Target::Remote(address) => (address.clone(), None, config.tenant_login()),
            Target::Embedded => {
                let keeper = open(config).await?;
                keeper.warnings().iter().for_each(say);
                let own = || Credentials::read(&config.data_dir.join(CREDENTIALS)).ok();
                let login = config.tenant_login().or_else(|| Login::tenant_of(&own()?));
                (Address::Socket(keeper.socket().to_owned()), Some(keeper), login)
            }
        };
        let login = login.ok_or_else(|| Failure::new(Exit::NotAuthenticated, NO_CREDENTIALS))?;
        let options = Options {
            trust: config.trust.clone(),
            auto_login: Some(login.clone()),
            ..Options::new(address, clock::system())
        };
        let client = Client::new(options)?;
        let plane = Self { client, keeper: keeper.map(watch_over) };
        plane.client.read_capabilities().await?;
        plane.client.login(&login).await?;
        Ok(plane)
    }

    /// Lets go of the embedded plane, where this process ran it.
    pub async fn close(self) {
        if let Some((keeper, watcher)) = self.keeper {
            watcher.abort();
            let _ = watcher.await;
            keeper.lock().await.release().await;
        }
    }
}

const NO_CREDENTIALS: &str = "no credentials for the plane: name a file with --api-key-file or --credentials, or set \
                              SPECTROCLOUD_APIKEY";

/// Takes the plane over when the console that runs it ends while this command is at work.
fn watch_over(keeper: Keeper) -> (Arc<Mutex<Keeper>>, JoinHandle<()>) {
    let keeper = Arc::new(Mutex::new(keeper));
    let watched = keeper.clone();
    let watcher = tokio::spawn(async move {
        loop {
            match watched.lock().await.next_event().await {
                KeeperEvent::TookOver { .. } => {
                    say("The console that ran the embedded plane ended; this command runs it now.")
                }
                KeeperEvent::Failed(error) => say(format!("The embedded plane cannot be taken over: {error}")),
            }
        }
    });
    (keeper, watcher)
}
