//! From configuration to a client: attaches to the embedded plane or starts it, or dials the one that was
//! named, and signs in.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::client::{Address, Client, Login, Options};
use crate::clock;
use crate::config::{Config, Target};
use crate::plane::embedded::{Keeper, KeeperEvent};
use crate::plane::{CREDENTIALS, Settings, StartError};
use crate::secret::{Credentials, SecretError};

use super::failure::{Exit, Failure};
use super::output::say;

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match &error {
            StartError::PlainBeyondLoopback { .. } => Self::new(Exit::Usage, error),
            StartError::Damaged { path, .. } => {
                let dir = path.parent().unwrap_or(path).display();
                let way = format!("To keep it aside and begin anew: palette-console sandbox reset --data-dir '{dir}'");
                Self::new(Exit::Failed, format!("{error}.\n{way}"))
            }
            StartError::OwnerSilent { .. } => Self::new(Exit::Unreachable, error),
            _ => Self::new(Exit::Failed, error),
        }
    }
}

/// Attaches to the embedded plane of a configuration, or starts it.
///
/// # Errors
/// Where it can be neither.
pub async fn open(config: &Config) -> Result<Keeper, StartError> {
    Keeper::open(Settings { stores: true, ..Settings::sandbox(config.data_dir.clone()) }).await
}

/// The same for a console, which stays: backups are made by their schedules while it runs.
///
/// # Errors
/// Where it can be neither attached to nor started.
pub async fn open_to_stay(config: &Config) -> Result<Keeper, StartError> {
    Keeper::open(Settings { stores: true, schedules: true, ..Settings::sandbox(config.data_dir.clone()) }).await
}

/// A plane and the client that talks to it, for the duration of a command.
pub struct Plane {
    /// The client.
    pub client: Client,
    watch: Option<Watch>,
}

impl Plane {
    /// Connects, and signs in as tenant administrator.
    pub async fn connect(config: &Config) -> Result<Self, Failure> {
        let (address, watch) = match &config.target {
            Target::Remote(address) => (address.clone(), None),
            Target::Embedded => {
                let keeper = open(config).await?;
                keeper.warnings().iter().for_each(say);
                (Address::Socket(keeper.socket().to_owned()), Some(Watch::over(keeper)))
            }
        };
        match signed_in(address, config).await {
            Ok(client) => Ok(Self { client, watch }),
            Err(failure) => {
                let_go(watch).await;
                Err(failure)
            }
        }
    }

    /// Lets go of the embedded plane, where this process ran it.
    pub async fn close(self) {
        let_go(self.watch).await;
    }
}

async fn signed_in(address: Address, config: &Config) -> Result<Client, Failure> {
    let login = match (config.tenant_login(), &config.target) {
        (None, Target::Embedded) => own_login(&config.data_dir)?,
        (given, _) => given,
    };
    let login = login.ok_or_else(|| Failure::new(Exit::NotAuthenticated, NO_CREDENTIALS))?;
    let options = Options {
        trust: config.trust.clone(),
        auto_login: Some(login.clone()),
        ..Options::new(address, clock::system())
    };
    let client = Client::new(options)?;
    client.read_capabilities().await?;
    client.login(&login).await?;
    Ok(client)
}

/// The login that the embedded plane wrote down for its owner; `None` where its file is gone.
fn own_login(data_dir: &Path) -> Result<Option<Login>, Failure> {
    match Credentials::read(&data_dir.join(CREDENTIALS)) {
        Ok(credentials) => Ok(Login::tenant_of(&credentials)),
        Err(SecretError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(Exit::NotAuthenticated, error)),
    }
}

const NO_CREDENTIALS: &str = "no credentials for the plane: name a file with --api-key-file or --credentials, or set \
                              SPECTROCLOUD_APIKEY";

/// Takes the plane over when the console that runs it ends while this command is at work.
struct Watch {
    keeper: Arc<Mutex<Keeper>>,
    watcher: JoinHandle<()>,
}

impl Watch {
    fn over(keeper: Keeper) -> Self {
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
        Self { keeper, watcher }
    }
}

async fn let_go(watch: Option<Watch>) {
    if let Some(Watch { keeper, watcher }) = watch {
        watcher.abort();
        // It ends at its next await, and gives back the keeper with that.
        let _ = watcher.await;
        keeper.lock().await.release().await;
    }
}
