//! Backups, as the plane sees them: locations and their stores, what lies there, jobs, and the way back.
//!
//! The engine ([`crate::backup`]) knows one location at a time and no database. Here is the rest: which locations there
//! are, who may begin what, what was tried and how it went, and how a restored database takes the place of this one.

pub mod adopt;
pub mod begin;
pub mod desk;
pub mod downloads;
pub mod find;
pub mod place;
pub mod plan;
pub mod refuse;
pub mod rivals;
pub mod save;
pub mod secrets;
pub mod shelf;
pub mod status;
pub mod swap;
pub mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::error::StartError;
use super::sandbox::stores::Stores;
use super::settings::Settings;
use super::uid;
use crate::backup::{self, KeyRing};
use crate::clock::SharedClock;
use crate::storage::{self, Store, ftp, s3};
use desk::Desk;
use downloads::Downloads;
pub use place::Resolved;
use shelf::Shelves;

/// Makes a store of a place. Tests put other stores in.
pub type OpenStore = Arc<dyn Fn(Resolved, SharedClock) -> Result<Arc<dyn Store>, storage::Error> + Send + Sync>;

/// Name of the directory, in the data directory, for what must be on disk for a while.
const SCRATCH: &str = "scratch";

/// The stores that places really have.
#[must_use]
pub fn real_stores() -> OpenStore {
    Arc::new(|place, clock| match place {
        Resolved::Ftp(settings) => ftp::open(settings, clock),
        Resolved::S3(settings) => s3::open(settings, clock),
    })
}

/// Everything about backups that requests and jobs share.
pub struct Backups {
    /// Keys that protect them.
    pub keys: KeyRing,
    /// Jobs that are under way.
    pub desk: Desk,
    /// Downloads that are under way.
    pub downloads: Downloads,
    /// Stores that are open, and what lies there.
    pub shelves: Shelves,
    /// Wakes the scheduler, where there is one: something changed that it goes by.
    pub changed: Notify,
    /// Uids of jobs to run.
    pub orders: mpsc::UnboundedSender<String>,
    /// Uid of this process as a writer.
    pub writer: String,
    /// The data directory.
    pub data_dir: PathBuf,
    /// For what must be on disk for a while; emptied at every start.
    pub scratch: PathBuf,
    /// Backups are made by their schedules.
    pub schedules: bool,
    /// Longest that the scheduler sleeps.
    pub tick: Duration,
    /// A daemon owns the data directory.
    pub daemon: bool,
    /// Pauses before a failed backup of the schedule is tried again.
    pub retries: [Duration; 3],
    /// Bytes of a segment.
    pub segment_bytes: usize,
    /// The sandbox's own stores.
    pub stores: Arc<Stores>,
    /// Most bytes that the database may take.
    pub quota: Option<u64>,
    open: OpenStore,
    clock: SharedClock,
}

impl Backups {
    /// Reads the keys and empties the directory for what is on disk for a while.
    ///
    /// # Errors
    /// In words, where the keys cannot be read or the directory cannot be made.
    pub fn prepare(settings: &Settings, orders: mpsc::UnboundedSender<String>) -> Result<Self, StartError> {
        let keys = KeyRing::open(&settings.data_dir.join(backup::key::FILE))
            .map_err(|error| StartError::Internal(error.to_string()))?;
        let scratch = settings.data_dir.join(SCRATCH);
        empty(&scratch)?;
        Ok(Self {
            keys,
            desk: Desk::default(),
            downloads: Downloads::default(),
            shelves: Shelves::default(),
            changed: Notify::new(),
            orders,
            writer: uid::fresh(),
            data_dir: settings.data_dir.clone(),
            scratch,
            schedules: settings.schedules,
            tick: settings.schedule_tick,
            daemon: settings.daemon,
            retries: settings.backup_retries,
            segment_bytes: settings.segment_bytes,
            stores: Arc::new(Stores::new(settings.stores.then(|| settings.data_dir.clone()))),
            quota: settings.quota,
            open: settings.stores_of.clone(),
            clock: settings.clock.clone(),
        })
    }

    /// A store of a place. Nothing is sent yet.
    ///
    /// # Errors
    /// Where the settings cannot be right.
    pub fn open(&self, place: Resolved) -> Result<Arc<dyn Store>, storage::Error> {
        (self.open)(place, self.clock.clone())
    }
}

fn empty(scratch: &std::path::Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |action| {
        move |error: std::io::Error| StartError::DataDir { action, path: scratch.to_owned(), reason: error.to_string() }
    };
    match std::fs::remove_dir_all(scratch) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed("empty")(error)),
        _ => {}
    }
    std::fs::DirBuilder::new().mode(0o700).create(scratch).map_err(failed("make"))
}
