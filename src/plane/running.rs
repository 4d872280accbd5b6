//! From settings to a plane that answers, and back.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::auth::token::Keyring;
use super::backups::Backups;
use super::error::StartError;
use super::listen::{Gate, tls_config};
use super::lock::{self, Lock};
use super::sandbox::stores::Stores;
use super::settings::{Door, Settings};
use super::state::{Current, Identity, Plane, SharedPlane};
use super::store::{Store, migrations, open};
use super::{auth, fresh, http, jobs, serve, socket};

/// Longest that [`Running::stop`] waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(5);

/// A plane that serves. Dropping it ends it at once, as a killed process would; [`Running::stop`] ends it in order.
pub struct Running {
    socket: PathBuf,
    address: Option<SocketAddr>,
    tls: bool,
    warnings: Vec<String>,
    stop: watch::Sender<bool>,
    servers: JoinSet<()>,
    jobs: JoinHandle<()>,
    store: Store,
    stores: Arc<Stores>,
    lock: Option<Lock>,
}

/// Starts a plane: takes the directory's lock, opens or makes the database, resumes what was under way, and
/// serves the directory's Unix socket and, where `door` says so, an address.
///
/// # Errors
/// In words, where the directory has an owner or cannot be written, the database is damaged, or the address
/// cannot be served.
pub async fn start(settings: Settings, door: Door) -> Result<Running, StartError> {
    if let Door::Tcp(address) = &door
        && !address.ip().is_loopback()
    {
        return Err(StartError::PlainBeyondLoopback { address: *address });
    }
    let dir = settings.data_dir.clone();
    match off_thread(move || lock::try_take(&dir)).await? {
        Some(lock) => start_with(settings, door, lock).await,
        None => {
            let pid = lock::owner(&settings.data_dir).pid;
            Err(StartError::InUse { dir: settings.data_dir, pid })
        }
    }
}

/// The same for whoever holds the lock already.
///
/// # Errors
/// As for [`start`].
pub async fn start_with(settings: Settings, door: Door, mut lock: Lock) -> Result<Running, StartError> {
    let path = match &door {
        Door::Unix(path) => path.clone(),
        Door::Tcp(_) | Door::Tls { .. } => socket::path_for(&settings.data_dir)?,
    };
    match begin(settings, &door, path.clone(), &mut lock).await {
        Ok(mut running) => {
            running.lock = Some(lock);
            Ok(running)
        }
        Err(error) => {
            // Nobody answers there. Once the lock is gone, the socket may be the next owner's.
            let _ = std::fs::remove_file(&path);
            drop(lock);
            Err(error)
        }
    }
}

async fn begin(settings: Settings, door: &Door, socket: PathBuf, lock: &mut Lock) -> Result<Running, StartError> {
    let mut gates = vec![Gate::unix(&socket)?];
    match door {
        Door::Unix(_) => {}
        Door::Tcp(address) => gates.push(Gate::tcp(*address).await?),
        Door::Tls { address, cert, key } => gates.push(Gate::tls(*address, tls_config(cert, key)?).await?),
    }
    lock.announce(&socket)?;
    let wanted = settings.clone();
    let (orders, migrations) = mpsc::unbounded_channel();
    let (backup_orders, backups) = mpsc::unbounded_channel();
    let opened = off_thread(move || Ok((open_database(&wanted)?, Backups::prepare(&wanted, backup_orders)?))).await?;
    let ((store, identity, keyring, warnings), room) = opened;
    let stores = room.stores.clone();
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let plane = Arc::new(assemble(settings, store.clone(), identity, keyring, orders, room));
    resume(&plane).await?;
    let (stop, stopping) = watch::channel(false);
    let received = jobs::Orders { migrations, backups };
    let jobs = tokio::spawn(jobs::run(plane.clone(), received, stopping.clone()));
    let address = gates.iter().find_map(Gate::tcp_address);
    let mut servers = JoinSet::new();
    for gate in gates {
        servers.spawn(serve::serve(gate, http::router(&plane), stopping.clone()));
    }
    let tls = matches!(door, Door::Tls { .. });
    Ok(Running { socket, address, tls, warnings, stop, servers, jobs, store, stores, lock: None })
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, StartError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(StartError::Internal(error.to_string())))
}

fn open_database(settings: &Settings) -> Result<(Store, Identity, Keyring, Vec<String>), StartError> {
    let mut connection: Connection = open::open(&settings.data_dir, settings.quota)?;
    let (identity, keyring, warnings) = fresh::prepare(&mut connection, settings, &settings.data_dir)?;
    Ok((Store::new(connection), identity, keyring, warnings))
}

fn assemble(
    settings: Settings,
    store: Store,
    identity: Identity,
    keyring: Keyring,
    orders: mpsc::UnboundedSender<i64>,
    backups: Backups,
) -> Plane {
    Plane {
        store,
        clock: settings.clock,
        keyring: Current::new(keyring),
        identity: Current::new(identity),
        token_lifetime: settings.token_lifetime,
        migration_pace: settings.migration_pace,
        rate_limits: settings.rate_limits,
        request_timeout: settings.request_timeout,
        login_gate: tokio::sync::Mutex::new(()),
        login_queue: Semaphore::new(auth::MOST_WAITING),
        orders,
        backups,
    }
}

/// Orders again what an earlier owner left unfinished.
async fn resume(plane: &SharedPlane) -> Result<(), StartError> {
    let unfinished = plane.store.read(|connection| Ok(migrations::running(connection)?)).await;
    for migration in unfinished.map_err(|failure| StartError::Internal(failure.to_string()))? {
        tracing::info!(source = %migration.source_uid, target = %migration.target_uid, "resuming a migration");
        let _ = plane.orders.send(migration.id);
    }
    let resumed = jobs::backups::resume::resume(plane).await;
    resumed.map_err(|failure| StartError::Internal(failure.to_string()))
}

impl Running {
    /// The Unix socket that it serves.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The TCP address that it serves, where it serves one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The URL that it serves, where it serves an address.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let scheme = if self.tls { "https" } else { "http" };
        self.address.map(|address| format!("{scheme}://{address}"))
    }

    /// What its owner should know, in words; nothing as a rule.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Ends it in order: accepts no more, lets requests finish and jobs reach a safe place, closes the
    /// database, and only then gives up the directory.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = async { while self.servers.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, finished).await.is_err() {
            tracing::warn!("a connection did not end in time and is cut");
        }
        if tokio::time::timeout(GRACE, &mut self.jobs).await.is_err() {
            tracing::warn!("a job did not end in time; the next start carries on with it");
        }
        self.stores.stop();
        let store = self.store.clone();
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
        let _ = std::fs::remove_file(&self.socket);
        drop(self.lock.take());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.jobs.abort();
        self.stores.stop();
        self.servers.abort_all();
        // Connections outlive the task that accepted them; without a database they can do no harm, and
        // only then may another owner come.
        self.store.close();
        drop(self.lock.take());
    }
}

/// A plane that serves nobody, and what is ordered of it: for tests of jobs on paused time.
#[cfg(test)]
pub fn unserved(settings: Settings) -> (SharedPlane, jobs::Orders) {
    let (store, identity, keyring, _) = open_database(&settings).unwrap();
    let (orders, migrations) = mpsc::unbounded_channel();
    let (backup_orders, backups) = mpsc::unbounded_channel();
    let room = Backups::prepare(&settings, backup_orders).unwrap();
    let plane = Arc::new(assemble(settings, store, identity, keyring, orders, room));
    (plane, jobs::Orders { migrations, backups })
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::*;
    use crate::api::HealthState;
    use crate::clock::ManualClock;
    use crate::plane::store::gateways;

    async fn healthy(plane: &Plane) -> usize {
        let (now, all) =
            (plane.now(), plane.store.read(|connection| Ok(gateways::list(connection, None)?)).await.unwrap());
        let state = |gateway: &gateways::Gateway| gateway.to_wire("", now).status.health.state;
        all.iter().filter(|gateway| state(gateway) == HealthState::Healthy).count()
    }

    #[tokio::test(start_paused = true)]
    async fn heartbeats_keep_coming_until_the_plane_stops() {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(chrono::DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000));
        let settings = Settings { clock: clock.clone(), ..Settings::sandbox(dir.path()) };
        let (plane, received) = unserved(settings);
        let (stop, stopping) = watch::channel(false);
        let jobs = tokio::spawn(jobs::run(plane.clone(), received, stopping));
        assert_eq!(healthy(&plane).await, 5);
        clock.advance(TimeDelta::minutes(11));
        assert_eq!(healthy(&plane).await, 0);
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert_eq!(healthy(&plane).await, 5);
        stop.send_replace(true);
        jobs.await.unwrap();
        clock.advance(TimeDelta::minutes(11));
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(healthy(&plane).await, 0);
    }
}
