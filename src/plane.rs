//! The embedded management plane: the server side of the contract, on SQLite.
//!
//! [`start`] opens (or makes) a data directory and serves it; [`embedded::Keeper`] shares one data directory
//! between several consoles. One process owns a directory; the kernel's file lock decides which.

pub mod embedded;

mod actor;
mod auth;
mod backups;
mod error;
mod extract;
mod failure;
mod fresh;
mod health;
mod http;
mod jobs;
mod limits;
mod listen;
mod lock;
mod page;
mod routes;
mod running;
mod sandbox;
mod serve;
mod settings;
mod socket;
mod state;
mod store;
mod uid;

use std::path::{Path, PathBuf};

pub use backups::{OpenStore, Resolved};
pub use error::StartError;
pub use fresh::CREDENTIALS;
pub use running::{Running, start};
pub use settings::{Door, Scale, ScaleError, Settings};

use crate::clock::SharedClock;

/// Version of Palette whose API the plane speaks.
pub const VERSION: &str = "4.8.6";

/// Moves a damaged database aside as `plane.db.damaged-<UTC time>` in the same directory, with what SQLite
/// keeps beside it, so that the next start makes a fresh one. Returns where it went.
///
/// # Errors
/// Where the directory has an owner, there is no database, or it cannot be moved.
pub fn set_aside(data_dir: &Path, clock: &SharedClock) -> Result<PathBuf, StartError> {
    let lock = lock::try_take(data_dir)?;
    if lock.is_none() {
        return Err(StartError::InUse { dir: data_dir.to_owned(), pid: lock::owner(data_dir).pid });
    }
    store::open::set_aside(data_dir, clock.now())
}
