//! Stores that are open, one per location, and what was last found in them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tokio::task::JoinHandle;

use super::save::{is_reached_alike, same_place};
use super::words::{Trouble, not_configured};
use super::{place, rivals};
use crate::api::location::Location;
use crate::backup::{self, FoundState, Inventory, Place, Vault};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::{Plane, SharedPlane};
use crate::plane::store::backups::{self, Seen};
use crate::plane::store::locations::{self, Stored};
use crate::storage::Store;

/// For how long a listing is good enough for a screen that only refreshes itself.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(20);
/// Longest that a request waits for a location; the reading goes on, and the next request finds what it read.
const WAIT: Duration = Duration::from_secs(20);

/// Open stores by location.
#[derive(Default)]
pub struct Shelves(Mutex<HashMap<String, Arc<Shelf>>>);

/// One open store.
pub struct Shelf {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The location that leads to it.
    location: Location,
    stock: Mutex<Option<Arc<Stock>>>,
    stale: AtomicBool,
    /// How many readings were begun.
    begun: AtomicU64,
    /// Held by the reading that goes on; how the last one ended.
    reading: tokio::sync::Mutex<Option<Reading>>,
}

/// How a reading ended.
#[derive(Clone)]
struct Reading {
    /// The how many-th it was.
    number: u64,
    ended: Result<Arc<Stock>, Trouble>,
}

/// What was found in a location.
#[derive(Debug)]
pub struct Stock {
    /// What lay there.
    pub inventory: Inventory,
    /// When.
    pub read_at: DateTime<Utc>,
}

/// What is known of a location now.
pub struct Listed {
    /// What was last found there; none where it was never read.
    pub stock: Option<Arc<Stock>>,
    /// Why it could not be read just now.
    pub unread: Option<Trouble>,
}

impl Shelves {
    fn get(&self, name: &str) -> Option<Arc<Shelf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, name: &str, shelf: Arc<Shelf>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), shelf);
    }

    /// Forgets a location's store, since its settings changed.
    pub fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// What was last found in a location, where it was read; nothing is asked.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<Arc<Stock>> {
        self.get(name).and_then(|shelf| shelf.last())
    }

    /// What was found is not what is there any more, or means something else now.
    pub fn spoil(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(|shelf| shelf.spoil());
    }
}

impl Shelf {
    fn last(&self) -> Option<Arc<Stock>> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, stock: Arc<Stock>) {
        *self.stock.lock().unwrap_or_else(PoisonError::into_inner) = Some(stock);
    }

    /// What was found is not what is there any more.
    pub fn spoil(&self) {
        self.stale.store(true, Ordering::Relaxed);
    }

    /// What the last reading came to, where that is good for whoever asked when `asked` readings had begun: it began later,
    /// and what it found is not spoilt.
    fn read_since(&self, asked: u64, last: Option<&Reading>) -> Option<Result<Arc<Stock>, Trouble>> {
        let last = last.filter(|last| last.number > asked)?;
        (last.ended.is_err() || !self.stale.load(Ordering::Relaxed)).then(|| last.ended.clone())
    }
}

impl Plane {
    /// A location as it is stored.
    ///
    /// # Errors
    /// Where it was never configured.
    pub async fn location(&self, name: &str) -> Result<Stored, Failure> {
        let wanted = name.to_owned();
        let found = self.store.read(move |connection| Ok(locations::get(connection, &wanted)?)).await?;
        found.ok_or_else(|| not_configured(name).into())
    }

    /// A location and its store.
    ///
    /// # Errors
    /// Where it was never configured, or its settings cannot be right.
    pub async fn shelf(&self, name: &str) -> Result<(Stored, Arc<Shelf>), Failure> {
        let mut stored = self.location(name).await?;
        if stored.prepared {
            // They run from here on, and may have moved to another port.
            self.own_stores().await;
            stored = self.location(name).await?;
        }
        if let Some(shelf) = self.backups.shelves.get(name) {
            return Ok((stored, shelf));
        }
        let secret = if stored.sealed.is_empty() {
            SecretString::default()
        } else {
            self.backups.keys.unseal(&stored.sealed).map_err(|error| unreadable_secret(name, &error))?
        };
        let resolved = place::resolve(&stored.location, secret).map_err(|problems| place::refusal(&problems))?;
        let store = self.backups.open(resolved).map_err(|error| Refusal::invalid(error.to_string()))?;
        let shelf = Arc::new(Shelf {
            store,
            location: stored.location.clone(),
            stock: Mutex::default(),
            stale: AtomicBool::new(false),
            begun: AtomicU64::default(),
            reading: tokio::sync::Mutex::default(),
        });
        self.backups.shelves.put(name, shelf.clone());
        Ok((stored, shelf))
    }

    /// The engine over a store.
    #[must_use]
    pub fn vault(&self, store: Arc<dyn Store>) -> Vault {
        Vault {
            store,
            plane_uid: self.identity.get().plane_uid.clone(),
            writer: self.backups.writer.clone(),
            keys: self.backups.keys.clone(),
            clock: self.clock.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scratch: self.backups.scratch.clone(),
        }
    }

    /// What lies in a location: read anew where `fresh` is asked for or the last reading is too old. One reading at a time.
    ///
    /// # Errors
    /// Where the location was never configured; one that cannot be read is no error.
    pub async fn listed(self: &SharedPlane, name: &str, fresh: bool) -> Result<Listed, Failure> {
        let (_, shelf) = self.shelf(name).await?;
        if let Some(stock) = shelf.last()
            && !fresh
            && !shelf.stale.load(Ordering::Relaxed)
            && (self.now() - stock.read_at).abs() < FRESH_FOR
        {
            return Ok(Listed { stock: Some(stock), unread: None });
        }
        let unread = match tokio::time::timeout(WAIT, self.reading(&shelf)).await {
            Ok(Ok(Ok(stock))) => return Ok(Listed { stock: Some(stock), unread: None }),
            Ok(Ok(Err(trouble))) => trouble,
            Ok(Err(error)) => Trouble::new(error.to_string()),
            Err(_) => Trouble::new(format!(
                "{} has not answered within {} seconds; it is still being read",
                shelf.store.address(),
                WAIT.as_secs()
            )),
        };
        Ok(Listed { stock: shelf.last(), unread: Some(unread) })
    }

    /// What lies in a location, read anew for as long as that takes: only the store's own limits end it.
    ///
    /// # Errors
    /// Where the location was never configured, or cannot be read.
    pub async fn read_to_the_end(self: &SharedPlane, name: &str) -> Result<Arc<Stock>, Trouble> {
        let (_, shelf) = self.shelf(name).await?;
        match self.reading(&shelf).await {
            Ok(read) => read,
            Err(error) => Err(Trouble::new(error.to_string())),
        }
    }

    /// A reading in a task of its own: a slow location is read to its end though nobody waits so long. All who wait while
    /// one goes on share the next one, so that they cannot pile up however long each takes.
    fn reading(self: &SharedPlane, shelf: &Arc<Shelf>) -> JoinHandle<Result<Arc<Stock>, Trouble>> {
        let (plane, shelf) = (self.clone(), shelf.clone());
        let asked = shelf.begun.load(Ordering::Relaxed);
        tokio::spawn(async move {
            let mut last = shelf.reading.lock().await;
            if let Some(ended) = shelf.read_since(asked, last.as_ref()) {
                return ended;
            }
            let number = shelf.begun.fetch_add(1, Ordering::Relaxed) + 1;
            let ended = plane.read_stock(&shelf).await.map_err(Trouble::from);
            *last = Some(Reading { number, ended: ended.clone() });
            ended
        })
    }

    async fn read_stock(&self, shelf: &Shelf) -> Result<Arc<Stock>, backup::Error> {
        shelf.stale.store(false, Ordering::Relaxed);
        // A backup that is finished while this reading goes on may be missing from it and is not gone for that.
        let read_at = self.now();
        let known = shelf.last().map_or_else(Default::default, |stock| stock.inventory.known.clone());
        let mut inventory = self.vault(shelf.store.clone()).list(known).await.inspect_err(|_| shelf.spoil())?;
        rivals::settle(&mut inventory, &self.identity.get().plane_uid);
        let stock = Arc::new(Stock { inventory, read_at });
        shelf.keep(stock.clone());
        let remembered = match self.remember(shelf.location.clone(), &stock).await {
            Ok(()) => self.remember_remarks(shelf.location.clone(), shelf.store.remarks()).await,
            failed => failed,
        };
        if let Err(error) = remembered {
            tracing::warn!(%error, location = shelf.location.name, "what lies in a location could not be noted");
        }
        Ok(stock)
    }

    /// Notes which backups are there and which are gone, so that the strip of days needs no reading.
    async fn remember(&self, location: Location, stock: &Stock) -> Result<(), Failure> {
        let there = complete(&stock.inventory);
        let (name, at, asked) = (location.name.clone(), stock.read_at, location.name.clone());
        let known = self.store.read(move |connection| Ok(backups::list(connection, &asked)?)).await?;
        let is = |seen: &Seen, place: &Place| seen.owner == place.plane_uid && seen.uid == place.uid.as_str();
        let held = |place: &Place| known.iter().any(|seen| seen.gone.is_none() && is(seen, place));
        let new: Vec<_> = there.iter().filter(|(place, _)| !held(place)).map(|(p, at)| (p.clone(), *at)).collect();
        // What lies in a folder that may not be entered just now is not gone.
        let hidden = |seen: &Seen| seen.place().is_some_and(|place| stock.inventory.hides(&place));
        let lost = |seen: &&Seen| seen.gone.is_none() && !there.keys().any(|place| is(seen, place)) && !hidden(seen);
        let lost: Vec<_> = known.iter().filter(lost).cloned().collect();
        if lost.is_empty() && new.is_empty() {
            return Ok(());
        }
        self.store
            .write(move |transaction| {
                // Meanwhile the location may lead elsewhere, where these are not.
                if !locations::get(transaction, &name)?.is_some_and(|now| same_place(&now.location, &location)) {
                    return Ok(());
                }
                let folder = |owner, uid| backups::Folder { location: &name, owner, uid };
                for (place, finished) in &new {
                    backups::note(transaction, folder(&place.plane_uid, place.uid.as_str()), *finished)?;
                }
                // One that was made after the reading began may not have been seen.
                for seen in lost.iter().filter(|seen| seen.finished < at) {
                    backups::gone(transaction, folder(&seen.owner, &seen.uid), at)?;
                }
                Ok(())
            })
            .await
    }

    /// Keeps what the server showed of itself, so that a warning stands from the next start on.
    async fn remember_remarks(&self, location: Location, remarks: Vec<String>) -> Result<(), Failure> {
        let asked = location.name.clone();
        let known = self.store.read(move |connection| Ok(locations::remarks(connection, &asked)?)).await?;
        if known == remarks {
            return Ok(());
        }
        self.store
            .write(move |transaction| {
                // Meanwhile the location may lead to another server, which showed nothing of the kind.
                match locations::get(transaction, &location.name)? {
                    Some(now) if is_reached_alike(&now.location, &location) => {
                        locations::remember_remarks(transaction, &location.name, &remarks)
                    }
                    _ => Ok(()),
                }
            })
            .await
    }

    /// The folder of a backup in a location: looked up in what was last read, then read anew.
    ///
    /// # Errors
    /// Where the location cannot be read, or holds no such backup.
    pub async fn place_of(self: &SharedPlane, name: &str, uid: &str) -> Result<Place, Failure> {
        for fresh in [false, true] {
            let listed = self.listed(name, fresh).await?;
            let found = listed.stock.iter().flat_map(|stock| &stock.inventory.found);
            if let Some(found) = found.into_iter().find(|found| found.place.uid.as_str() == uid) {
                return Ok(found.place.clone());
            }
            if let Some(trouble) = listed.unread.filter(|_| fresh) {
                return Err(unreachable(&trouble).into());
            }
        }
        Err(Refusal::new(
            axum::http::StatusCode::NOT_FOUND,
            crate::api::error::code::NOT_FOUND,
            format!("There is no backup with the uid \"{}\" in {name}.", crate::text::clean(uid)),
        )
        .into())
    }
}

/// Every backup that is whole, and its end.
fn complete(inventory: &Inventory) -> BTreeMap<Place, DateTime<Utc>> {
    let whole = inventory.found.iter().filter_map(|found| match &found.state {
        FoundState::Complete(manifest, _) => Some((found.place.clone(), manifest.completed)),
        _ => None,
    });
    whole.collect()
}

/// The refusal for a location that cannot be read.
#[must_use]
pub fn unreachable(trouble: &Trouble) -> Refusal {
    Refusal::new(
        axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        crate::api::error::code::LOCATION_INVALID,
        format!("{} {}", trouble.reason, trouble.advice).trim().to_owned(),
    )
}

fn unreadable_secret(name: &str, error: &backup::Error) -> Refusal {
    Refusal::new(
        axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        crate::api::error::code::LOCATION_INVALID,
        format!("The secret of {name} cannot be read ({error}). Type it again and save the location."),
    )
}

#[cfg(test)]
mod tests;
