//! The sandbox: sample inventory, the same for everyone but for its times, which count back from the first start.

mod history;
mod invent;
mod inventory;
pub mod stores;

use chrono::{DateTime, Utc};
use rusqlite::Transaction;

use super::failure::{Failure, StorageError};
use super::settings::Scale;

/// Why everyone's sandbox has the same uids.
const SEED: u64 = 0x0070_616c_6574_7465;

/// Fills an empty database.
///
/// # Errors
/// Those of the storage.
pub fn fill(transaction: &Transaction<'_>, scale: Scale, org: &str, now: DateTime<Utc>) -> Result<(), Failure> {
    let mut rng = fastrand::Rng::with_seed(SEED);
    let curated = inventory::read().map_err(|error| StorageError::Internal(error.to_string()))?;
    let world = invent::world(&curated, scale, &mut rng, now);
    invent::insert(transaction, &world)?;
    history::insert(transaction, &curated, &world, scale.audits, org, &mut rng, now)
}
