//! The console's line to whoever keeps the plane: which one it is, whether it is there, and, where this
//! process runs the embedded one, that it must let go of it before it is suspended or ends.

use std::path::PathBuf;

use secrecy::SecretString;
use tokio::sync::{mpsc, oneshot};

use crate::client::{Client, Login};

/// What the keeper of the plane tells the console.
pub enum PlaneEvent {
    /// There is a plane to talk to.
    Ready(Box<Ready>),
    /// There is none.
    Failed(Trouble),
    /// The console that ran the embedded plane ended, and this one runs it now.
    TookOver {
        /// Process that ran it before.
        previous: Option<u32>,
    },
    /// What login cards are filled with now.
    Prefilled(Prefill),
}

/// A plane to talk to.
pub struct Ready {
    /// The client.
    pub client: Client,
    /// What the login cards are filled with.
    pub prefill: Prefill,
    /// The plane in a few words, for the frame.
    pub place: String,
    /// Directory in which files are saved.
    pub save_dir: PathBuf,
    /// Whether it is the embedded plane of a directory on this machine.
    pub local: bool,
    /// What its keeper should know.
    pub warnings: Vec<String>,
}

/// What is known of the accounts before anyone signs in.
#[derive(Clone, Default)]
pub struct Prefill {
    /// Tenant.
    pub org: String,
    /// Address of the tenant administrator.
    pub email: String,
    /// Password of the tenant administrator.
    pub password: Option<SecretString>,
    /// API key of the tenant administrator.
    pub api_key: Option<SecretString>,
    /// Name of the system administrator.
    pub username: String,
    /// Password of the system administrator.
    pub system_password: Option<SecretString>,
    /// Where all this was read, in words.
    pub source: Option<String>,
}

impl Prefill {
    /// The system login, where it is whole.
    #[must_use]
    pub fn system_login(&self) -> Option<Login> {
        let password = self.system_password.clone()?;
        Some(Login::System { username: self.username.clone(), password })
    }
}

/// Why there is no plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What failed, why, and what to do.
    pub message: String,
    /// Whether moving the plane's database aside is a way out.
    pub damaged: bool,
}

/// What the console asks of the keeper.
pub enum Order {
    /// Let go of the plane; answered once another console may have it.
    Release(oneshot::Sender<()>),
    /// Take the plane again, or attach to the console that has it now.
    Resume,
    /// Try once more to start.
    Retry,
    /// Move the damaged database aside, keep it, and start anew.
    SetAside,
    /// Read the credentials of the plane on this machine once more: a recovery renews them.
    Credentials,
}

/// Both directions.
pub struct Link {
    /// From the keeper.
    pub events: mpsc::UnboundedReceiver<PlaneEvent>,
    /// To the keeper.
    pub orders: mpsc::UnboundedSender<Order>,
}
