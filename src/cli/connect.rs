//! From configuration to a client: attaches to the embedded plane or starts it, or dials the one that was
//! named, and signs in.

pub mod again;

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::client::{Address, Client, Login, Options, SessionKind};
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
    /// What the session was opened with.
    pub login: Login,
    watch: Option<Watch>,
}

impl Plane {
    /// Connects, and signs in as tenant administrator.
    pub async fn connect(config: &Config) -> Result<Self, Failure> {
        Self::connect_as(config, SessionKind::Tenant, true).await
    }

    /// Connects, and signs in as system administrator.
    pub async fn connect_system(config: &Config) -> Result<Self, Failure> {
        Self::connect_as(config, SessionKind::System, true).await
    }

    /// Connects as system administrator for something that changes the accounts: nobody signs in again by itself, since
    /// that could be with a password that counts as a wrong one. See [`again::sign_in`].
    pub async fn connect_for_restore(config: &Config) -> Result<Self, Failure> {
        Self::connect_as(config, SessionKind::System, false).await
    }

    async fn connect_as(config: &Config, kind: SessionKind, stay_signed_in: bool) -> Result<Self, Failure> {
        let (address, watch) = match &config.target {
            Target::Remote(address) => (address.clone(), None),
            Target::Embedded => {
                let keeper = open(config).await?;
                keeper.warnings().iter().for_each(say);
                (Address::Socket(keeper.socket().to_owned()), Some(Watch::over(keeper)))
            }
        };
        match signed_in(address, config, kind, stay_signed_in).await {
            Ok((client, login)) => Ok(Self { client, login, watch }),
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

async fn signed_in(
    address: Address,
    config: &Config,
    kind: SessionKind,
    stay_signed_in: bool,
) -> Result<(Client, Login), Failure> {
    let login = login(config, kind)?.ok_or_else(|| {
        let missing = match kind {
            SessionKind::Tenant => NO_CREDENTIALS,
            SessionKind::System => NO_SYSTEM_CREDENTIALS,
        };
        Failure::new(Exit::NotAuthenticated, missing)
    })?;
    let options = Options {
        trust: config.trust.clone(),
        auto_login: stay_signed_in.then(|| login.clone()),
        ..Options::new(address, clock::system())
    };
    let client = Client::new(options)?;
    client.read_capabilities().await?;
    client.login(&login).await?;
    Ok((client, login))
}

/// What was given to sign in with, or what the embedded plane wrote down for its owner.
fn login(config: &Config, kind: SessionKind) -> Result<Option<Login>, Failure> {
    let given = match kind {
        SessionKind::Tenant => config.tenant_login(),
        SessionKind::System => config.system_login(),
    };
    match (given, &config.target) {
        (None, Target::Embedded) => own_login(&config.data_dir.join(CREDENTIALS), kind),
        (given, _) => Ok(given),
    }
}

/// The login that a file of credentials holds now; `None` where the file is gone.
fn own_login(path: &Path, kind: SessionKind) -> Result<Option<Login>, Failure> {
    match Credentials::read(path) {
        Ok(credentials) => Ok(match kind {
            SessionKind::Tenant => Login::tenant_of(&credentials),
            SessionKind::System => Login::system_of(&credentials),
        }),
        Err(SecretError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(Exit::NotAuthenticated, error)),
    }
}

const NO_CREDENTIALS: &str = "no credentials for the plane: name a file with --api-key-file or --credentials, or set \
                              SPECTROCLOUD_APIKEY";

const NO_SYSTEM_CREDENTIALS: &str = "no system administrator's account for the plane: name a file with --credentials \
                                     that has one under [system], with username and password";

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
