//! FTP, with TLS (RFC 4217, explicit) where the server offers it.
//!
//! An object is written as `NAME.part`, its size confirmed, and renamed, so that it is never there half. Every step
//! has a time limit, and a session on which a step did not end cleanly is dropped: FTP has no way to get back in step.

mod clock;
mod dial;
mod fault;
mod listing;
mod object;
mod place;
mod pool;
mod probing;
mod put;
mod session;
mod tls;
mod transfer;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use super::probe::Steps;
use super::{Answer, Error, Kind, Listing, ObjectPath, ServerClock, Store};
use crate::clock::SharedClock;
use crate::text::clean;
use crate::trust::{Believed, TrustError};
use fault::Fault;
use session::Way;

/// What a directory is reached with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Directory, as typed: relative to where a login leads, or absolute. It is made where it is missing.
    pub dir: String,
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
    /// Whether TLS is used.
    pub tls: Tls,
    /// How data connections are opened.
    pub passive: Passive,
    /// Authorities to believe beside the system's, or the server's own certificate; PEM, or empty.
    pub ca_pem: String,
}

/// Whether TLS is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Always, or not at all.
    Required,
    /// Wherever the server offers it.
    #[default]
    Optional,
    /// Never.
    Off,
}

/// How data connections are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passive {
    /// `PASV`, `EPSV` where that fails or the address is IPv6.
    #[default]
    Auto,
    /// `EPSV` (RFC 2428).
    Epsv,
    /// `PASV` (RFC 959).
    Pasv,
}

/// How long each step may take, and how often what failed in passing is tried.
#[derive(Clone, Debug)]
pub struct Patience {
    /// Looking up, and each TCP connection.
    pub connect: Duration,
    /// `AUTH TLS` and the handshake of the control connection.
    pub tls: Duration,
    /// The greeting, and signing in: servers slow down guessers, and hash passwords.
    pub login: Duration,
    /// Each command.
    pub command: Duration,
    /// Opening a data connection: address, connection, command, handshake.
    pub open: Duration,
    /// Each read and write of a transfer.
    pub idle: Duration,
    /// The server's word after the last byte: servers in front of slow storage answer only when that is done.
    pub finish: Duration,
    /// How often an operation is tried in all.
    pub tries: u32,
    /// The pause before the second try; it doubles for each further one.
    pub pause: Duration,
    /// Sessions at once, 1 to 4.
    pub sessions: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            login: Duration::from_secs(30),
            command: Duration::from_secs(30),
            open: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            finish: Duration::from_secs(600),
            tries: 3,
            pause: Duration::from_millis(500),
            sessions: 2,
        }
    }
}

/// A store in a directory. Nothing is sent yet.
///
/// # Errors
/// Where the settings cannot be right.
pub fn open(settings: Settings, clock: SharedClock) -> Result<Arc<dyn Store>, Error> {
    open_with(settings, Patience::default(), clock)
}

/// A store in a directory, with time limits of one's own. Nothing is sent yet.
///
/// # Errors
/// Where the settings cannot be right.
pub fn open_with(settings: Settings, patience: Patience, clock: SharedClock) -> Result<Arc<dyn Store>, Error> {
    let address = place::address(&settings);
    let wrong = |fault: Fault| Error {
        operation: "use FTP".to_owned(),
        place: address.clone(),
        kind: fault.kind,
        reason: fault.reason,
        advice: fault.advice,
    };
    let settings = place::checked(settings).map_err(wrong)?;
    let dir = place::Dir::read(&settings.dir).map_err(wrong)?;
    let believed = match Believed::from_pem(&settings.ca_pem) {
        Err(error @ TrustError::Pem(_)) => return Err(wrong(Fault::new(Kind::Settings, error.to_string()))),
        // Plain FTP needs no authorities.
        other => other.map_err(|error| error.to_string()),
    };
    let pool = pool::Pool::new(patience.sessions);
    Ok(Arc::new(Ftp { settings, dir, address, patience, clock, believed, pool, memory: Mutex::default() }))
}

/// What a store learns of its server.
#[derive(Debug, Default)]
struct Memory {
    tls_offered: Option<bool>,
    tls13: bool,
    way: Option<Way>,
    /// Data connections opened that way before.
    way_proved: bool,
    features_known: bool,
    listed_by: ListedBy,
    /// A listing of all names has the directory itself.
    shows_dots: Option<bool>,
    no_rename: bool,
    /// Folders that are there, since they were made or seen.
    folders: HashSet<ObjectPath>,
    clock: clock::Reading,
}

/// How directories are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ListedBy {
    #[default]
    Mlsd,
    List,
    Names,
}

/// See the module.
struct Ftp {
    settings: Settings,
    dir: place::Dir,
    address: String,
    patience: Patience,
    clock: SharedClock,
    /// The authorities, or why there are none.
    believed: Result<Believed, String>,
    pool: pool::Pool,
    memory: Mutex<Memory>,
}

impl Ftp {
    fn memory<T>(&self, read: impl FnOnce(&Memory) -> T) -> T {
        read(&self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remember(&self, write: impl FnOnce(&mut Memory)) {
        write(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn password(&self) -> &str {
        self.settings.password.expose_secret()
    }

    fn error(&self, operation: String, fault: Fault) -> Error {
        Error {
            operation,
            place: clean(&self.address).into_owned(),
            kind: fault.kind,
            reason: fault::told(self.password(), &fault.reason),
            advice: fault.advice,
        }
    }

    /// Tries what failed in passing again, on a session of its own.
    async fn persist<T, W>(&self, mut once: impl FnMut() -> W) -> Result<T, Fault>
    where
        W: Future<Output = Result<T, Fault>>,
    {
        let mut pause = self.patience.pause;
        let mut tried = 1;
        loop {
            let fault = match once().await {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            // The other way of opening data connections is a chance of its own, not a repetition.
            if fault.door && self.try_other_way() {
                continue;
            }
            if !fault.again || tried >= self.patience.tries {
                return Err(fault);
            }
            tried += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Takes the other of `PASV` and `EPSV` from now on, once, and only while neither worked.
    fn try_other_way(&self) -> bool {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = self.settings.passive == Passive::Auto && memory.way.is_none() && !memory.way_proved;
        if fresh {
            memory.way = Some(Way::Epsv);
        }
        fresh
    }
}

impl Store for Ftp {
    fn address(&self) -> String {
        clean(&self.address).into_owned()
    }

    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            self.put_whole(path, bytes).await.map_err(|fault| self.error(format!("write {path}"), fault))
        })
    }

    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let read = self.persist(|| self.read(path, most)).await;
            read.map_err(|fault| self.error(format!("read {path}"), fault))
        })
    }

    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        Box::pin(async move {
            let size = self.persist(|| self.look(path)).await;
            size.map_err(|fault| self.error(format!("look at {path}"), fault))
        })
    }

    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(async move {
            let found = self.persist(|| self.list_folder(folder)).await;
            found.map_err(|fault| self.error(format!("list {}", place::named(folder)), fault))
        })
    }

    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(async move {
            let found = self.walk_folders(folder).await;
            found.map_err(|fault| self.error(format!("list {}", place::named(folder)), fault))
        })
    }

    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        Box::pin(async move {
            let gone = self.persist(|| self.remove_object(path)).await;
            gone.map_err(|fault| self.error(format!("delete {path}"), fault))
        })
    }

    fn delete_folder<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, ()> {
        Box::pin(async move {
            let gone = self.persist(|| self.remove_folder(folder)).await;
            gone.map_err(|fault| self.error(format!("delete {}", place::named(folder)), fault))
        })
    }

    fn prove_connection<'a>(&'a self, steps: &'a mut Steps<'_>) -> BoxFuture<'a, bool> {
        Box::pin(self.try_connection(steps))
    }

    fn prove_writing<'a>(&'a self, steps: &'a mut Steps<'_>, scratch: &'a ObjectPath) -> BoxFuture<'a, bool> {
        Box::pin(self.try_writing(steps, scratch))
    }

    fn remarks(&self) -> Vec<String> {
        let (offered, no_rename) = self.memory(|memory| (memory.tls_offered, memory.no_rename));
        let mut remarks = Vec::new();
        if self.settings.tls == Tls::Off {
            remarks.push("TLS is off: the password and every byte travel in clear text.".to_owned());
        } else if offered == Some(false) {
            remarks.push("The server offers no TLS: the password and every byte travel in clear text.".to_owned());
        }
        if no_rename {
            remarks.push("The server forbids renaming: objects are written under their final names, and one that was cut short is told only by its size and hash.".to_owned());
        }
        remarks
    }

    fn server_clock(&self) -> Option<ServerClock> {
        self.memory(|memory| memory.clock).told()
    }

    fn ask_clock(&self) -> Answer<'_, Option<ServerClock>> {
        Box::pin(async move {
            let asked = self.ask_clock_anew().await;
            asked.map_err(|fault| self.error("ask for the server's time".to_owned(), fault))
        })
    }

    fn concurrency(&self) -> usize {
        self.pool.width()
    }
}
