//! Starts the full-screen console and keeps its plane: attaches to the embedded one or runs it, lets go of it
//! while the console is suspended, takes it over when the console that ran it ends.

use std::io;

use tokio::sync::mpsc;

use crate::cli;
use crate::client::{Address, Client, Options};
use crate::clock;
use crate::config::{Config, Target};
use crate::plane::embedded::{Keeper, KeeperEvent};
use crate::plane::{self, CREDENTIALS, StartError};
use crate::secret::Credentials;
use crate::text;
use crate::tui;
use crate::tui::link::{Link, Order, PlaneEvent, Prefill, Ready, Trouble};
use crate::tui::runtime::{Appearance, Ended};

/// Runs the console until the person leaves.
///
/// # Errors
/// Where the terminal cannot be used.
pub async fn run(config: Config, appearance: Appearance) -> io::Result<Ended> {
    let (events, inbox) = mpsc::unbounded_channel();
    let (orders, outbox) = mpsc::unbounded_channel();
    let keeping = Keeping { config, events, keeper: None };
    let task = tokio::spawn(keeping.run(outbox));
    let ended = tui::runtime::run(Link { events: inbox, orders }, appearance).await;
    task.abort();
    ended
}

/// The keeper's side of the link.
struct Keeping {
    config: Config,
    events: mpsc::UnboundedSender<PlaneEvent>,
    /// `None` with a plane that runs elsewhere, and where the embedded one could not be started.
    keeper: Option<Keeper>,
}

impl Keeping {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        self.open().await;
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                event = next_event(self.keeper.as_mut()) => match event {
                    KeeperEvent::TookOver { previous } => self.tell(PlaneEvent::TookOver { previous }),
                    KeeperEvent::Failed(error) => self.tell(failed(&error)),
                },
            }
        }
    }

    /// The console may have ended; then nobody listens.
    fn tell(&self, event: PlaneEvent) {
        let _ = self.events.send(event);
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Release(done) => {
                if let Some(keeper) = &mut self.keeper {
                    keeper.release().await;
                }
                let _ = done.send(());
            }
            Order::Resume => {
                let resumed = match &mut self.keeper {
                    Some(keeper) => keeper.resume().await,
                    None => Ok(()),
                };
                if let Err(error) = resumed {
                    self.tell(failed(&error));
                }
            }
            Order::Credentials => self.tell_credentials(),
            Order::Retry => self.open().await,
            Order::SetAside => {
                self.let_go().await;
                match plane::set_aside(&self.config.data_dir, &clock::system()) {
                    Ok(_) => self.open().await,
                    Err(error) => self.tell(failed(&error)),
                }
            }
        }
    }

    /// Where the console was told which credentials to use, these stay.
    fn tell_credentials(&self) {
        if self.keeper.is_none() || self.config.credentials.is_some() {
            return;
        }
        if let Ok(read) = Credentials::read(&self.config.data_dir.join(CREDENTIALS)) {
            self.tell(PlaneEvent::Prefilled(prefill(&self.config, Some(read), Some(CREDENTIALS))));
        }
    }

    async fn let_go(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            keeper.release().await;
        }
    }

    async fn open(&mut self) {
        self.let_go().await;
        let mut warnings = Vec::new();
        let mut event = match self.config.target.clone() {
            Target::Remote(address) => {
                let place = address.to_string().trim_start_matches("https://").to_owned();
                self.ready(address, place, self.config.credentials.clone(), None)
            }
            Target::Embedded => match cli::open_to_stay(&self.config).await {
                Ok(keeper) => {
                    let address = Address::Socket(keeper.socket().to_owned());
                    let place = place(&keeper);
                    warnings = keeper.warnings().to_vec();
                    self.keeper = Some(keeper);
                    let path = self.config.data_dir.join(CREDENTIALS);
                    let credentials = self.config.credentials.clone().or_else(|| Credentials::read(&path).ok());
                    self.ready(address, place, credentials, Some(CREDENTIALS))
                }
                Err(error) => failed(&error),
            },
        };
        if let PlaneEvent::Ready(ready) = &mut event {
            ready.warnings = warnings;
        }
        self.tell(event);
    }

    fn ready(
        &self,
        address: Address,
        place: String,
        credentials: Option<Credentials>,
        source: Option<&str>,
    ) -> PlaneEvent {
        let options = Options { trust: self.config.trust.clone(), ..Options::new(address, clock::system()) };
        let save_dir = std::env::current_dir().unwrap_or_else(|_| self.config.data_dir.clone());
        match Client::new(options) {
            Ok(client) => {
                let prefill = prefill(&self.config, credentials, source);
                PlaneEvent::Ready(Box::new(Ready {
                    client,
                    prefill,
                    place,
                    save_dir,
                    local: self.keeper.is_some(),
                    warnings: Vec::new(),
                }))
            }
            Err(error) => PlaneEvent::Failed(Trouble { message: error.to_string(), damaged: false }),
        }
    }
}

/// Whose plane it is, in a few words.
fn place(keeper: &Keeper) -> String {
    match keeper.owner_pid() {
        Some(pid) if !keeper.owns() => format!("embedded plane of process {pid}"),
        _ => "embedded plane".to_owned(),
    }
}

/// Never ends where there is no keeper.
async fn next_event(keeper: Option<&mut Keeper>) -> KeeperEvent {
    match keeper {
        Some(keeper) => keeper.next_event().await,
        None => std::future::pending().await,
    }
}

fn failed(error: &StartError) -> PlaneEvent {
    let damaged = matches!(error, StartError::Damaged { .. });
    PlaneEvent::Failed(Trouble { message: text::sentence(&error.to_string()), damaged })
}

fn prefill(config: &Config, credentials: Option<Credentials>, source: Option<&str>) -> Prefill {
    let filled = credentials.is_some();
    let (tenant, system) = credentials.map_or((None, None), |it| (it.tenant, it.system));
    let mut prefill = Prefill { api_key: config.api_key.clone(), ..Prefill::default() };
    if let Some(account) = tenant {
        prefill.org = account.org;
        prefill.email = account.email;
        prefill.password = Some(account.password);
        prefill.api_key = prefill.api_key.or(account.api_key);
    }
    if let Some(account) = system {
        prefill.username = account.username;
        prefill.system_password = Some(account.password);
    }
    prefill.source = filled.then(|| source.unwrap_or("the credentials file").to_owned());
    prefill
}
