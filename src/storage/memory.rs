//! A store in memory: for tests of the engine, and the measure of what a store promises.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::probe::Steps;
use super::{Answer, Entry, Error, Kind, Listing, ObjectPath, ServerClock, Store};
use crate::clock::SharedClock;

/// See the module.
pub struct Memory {
    objects: Mutex<BTreeMap<ObjectPath, (Bytes, DateTime<Utc>)>>,
    /// The server's clock.
    clock: SharedClock,
    /// Ours.
    ours: SharedClock,
}

impl Memory {
    /// An empty store whose objects carry the time of `clock`.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self::apart(clock.clone(), clock)
    }

    /// The same on a server whose clock is not ours.
    #[must_use]
    pub fn apart(clock: SharedClock, ours: SharedClock) -> Self {
        Self { objects: Mutex::default(), clock, ours }
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<ObjectPath, (Bytes, DateTime<Utc>)>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts any bytes at any path, as someone else with access to the place could.
    pub fn plant(&self, path: ObjectPath, bytes: Bytes) {
        self.objects().insert(path, (bytes, self.clock.now()));
    }

    /// Every path that is there.
    #[must_use]
    pub fn paths(&self) -> Vec<ObjectPath> {
        self.objects().keys().cloned().collect()
    }

    fn found(&self, folder: &ObjectPath, deep: bool) -> Listing {
        let mut listing = Listing::default();
        for (path, (bytes, modified)) in self.objects().iter().filter(|(path, _)| path.is_below(folder)) {
            let depth = path.parts().count() - folder.parts().count();
            if deep || depth == 1 {
                listing.entries.push(Entry {
                    path: path.clone(),
                    bytes: Some(bytes.len() as u64),
                    modified: Some(*modified),
                    tag: None,
                });
            } else if let Some(name) = path.parts().nth(folder.parts().count())
                && listing.folders.last().is_none_or(|last| last != name)
            {
                listing.folders.push(name.to_owned());
            }
        }
        listing
    }

    fn error(operation: String, kind: Kind, reason: &str) -> Error {
        Error { operation, place: "memory".to_owned(), kind, reason: reason.to_owned(), advice: String::new() }
    }
}

impl Store for Memory {
    fn address(&self) -> String {
        "memory".to_owned()
    }

    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        self.plant(path.clone(), bytes);
        Box::pin(async { Ok(()) })
    }

    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let failed = |kind, reason| Self::error(format!("read {path}"), kind, reason);
            let found = self.objects().get(path).map(|(bytes, _)| bytes.clone());
            let bytes = found.ok_or_else(|| failed(Kind::NotFound, "there is no such object"))?;
            if bytes.len() > most { Err(failed(Kind::Mismatch, "it is larger than it may be")) } else { Ok(bytes) }
        })
    }

    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        Box::pin(async move { Ok(self.objects().get(path).map(|(bytes, _)| bytes.len() as u64)) })
    }

    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(async move { Ok(self.found(folder, false)) })
    }

    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(async move { Ok(self.found(folder, true)) })
    }

    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        self.objects().remove(path);
        Box::pin(async { Ok(()) })
    }

    fn delete_folder<'a>(&'a self, _folder: &'a ObjectPath) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn prove_connection<'a>(&'a self, _steps: &'a mut Steps<'_>) -> BoxFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn prove_writing<'a>(&'a self, _steps: &'a mut Steps<'_>, _scratch: &'a ObjectPath) -> BoxFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    fn server_clock(&self) -> Option<ServerClock> {
        Some(ServerClock { server: self.clock.now(), ours: self.ours.now() })
    }

    fn concurrency(&self) -> usize {
        4
    }
}
