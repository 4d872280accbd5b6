//! The sandbox's own stores: an FTP server and an S3 server on loopback, inside this process, so that a backup can be
//! rehearsed over the real protocols with nothing installed. They start when they are first needed, or once the plane
//! serves; their ports and credentials are made once and kept.

#[cfg(feature = "sandbox-stores")]
mod servers;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::api::location::Location;
use crate::api::words::Mode;
use crate::plane::failure::Failure;
use crate::plane::state::Plane;
use crate::plane::store::locations;

/// See the module.
pub struct Stores {
    dir: Option<PathBuf>,
    ready: OnceCell<Vec<Arc<Prepared>>>,
    servers: Mutex<JoinSet<()>>,
}

/// A store that runs, as the location that leads to it.
pub struct Prepared {
    /// The location, without its secret.
    pub location: Location,
    /// Its password or secret key.
    pub secret: SecretString,
}

impl Stores {
    /// Stores in a data directory; none at all without one.
    #[must_use]
    pub fn new(dir: Option<PathBuf>) -> Self {
        Self { dir, ready: OnceCell::new(), servers: Mutex::new(JoinSet::new()) }
    }

    /// Ends them.
    pub fn stop(&self) {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    #[cfg(feature = "sandbox-stores")]
    async fn start(&self) -> Vec<Arc<Prepared>> {
        let Some(dir) = &self.dir else { return Vec::new() };
        match servers::start(dir).await {
            Ok((prepared, tasks)) => {
                *self.servers.lock().unwrap_or_else(PoisonError::into_inner) = tasks;
                prepared.into_iter().map(Arc::new).collect()
            }
            Err(reason) => {
                tracing::warn!(reason, "the sandbox's own stores cannot run");
                Vec::new()
            }
        }
    }

    #[cfg(not(feature = "sandbox-stores"))]
    async fn start(&self) -> Vec<Arc<Prepared>> {
        if self.dir.is_some() {
            tracing::warn!("this build has no stores of its own");
        }
        Vec::new()
    }
}

impl Drop for Stores {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Plane {
    /// The sandbox's stores, started where they are not; locations that lead to them follow where they moved.
    pub async fn own_stores(&self) -> &[Arc<Prepared>] {
        let stores = &self.backups.stores;
        stores
            .ready
            .get_or_init(|| async {
                let prepared = stores.start().await;
                if let Err(error) = self.follow(&prepared).await {
                    tracing::warn!(%error, "locations could not follow the sandbox's stores");
                }
                prepared
            })
            .await
    }

    /// What the sandbox prepared for the first configuration of a mode, for this user or access key.
    pub async fn prepared(&self, mode: &Mode, user: &str) -> Option<Location> {
        let stores = self.own_stores().await;
        let found = stores.iter().map(|prepared| &prepared.location).find(|location| location.mode == *mode)?;
        let theirs = found.ftp.as_ref().map(|ftp| &ftp.username).or(found.s3.as_ref().map(|s3| &s3.access_key));
        theirs.filter(|theirs| *theirs == user).map(|_| found.clone())
    }

    /// What the sandbox prepared, without secrets.
    pub async fn suggested(&self) -> Vec<Location> {
        self.own_stores().await.iter().map(|prepared| prepared.location.clone()).collect()
    }

    /// A port that was taken meanwhile is another one now.
    async fn follow(&self, prepared: &[Arc<Prepared>]) -> Result<(), Failure> {
        let theirs: Vec<_> = prepared.iter().map(|prepared| prepared.location.clone()).collect();
        let moved = self.store.write(move |transaction| {
            let mut moved = Vec::new();
            for mut stored in locations::list(transaction)?.into_iter().filter(|stored| stored.prepared) {
                let own = theirs.iter().find(|own| own.mode == stored.location.mode);
                if own.is_some_and(|own| lead_to(&mut stored.location, own)) {
                    locations::put(transaction, &stored)?;
                    moved.push(stored.location.name);
                }
            }
            Ok(moved)
        });
        for name in moved.await? {
            tracing::info!(name, "a location follows the sandbox's store to another port");
            self.backups.shelves.forget(&name);
        }
        Ok(())
    }
}

/// Points a location at a store; whether that changed anything.
fn lead_to(location: &mut Location, own: &Location) -> bool {
    let before = location.clone();
    if let (Some(ftp), Some(theirs)) = (&mut location.ftp, &own.ftp) {
        ftp.server.clone_from(&theirs.server);
    }
    location.s3_options.endpoint.clone_from(&own.s3_options.endpoint);
    location.ca_pem.clone_from(&own.ca_pem);
    *location != before
}
