//! A store that hangs, in every write or where it is told to, until it is released.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use palette_console::clock;
use palette_console::plane::OpenStore;
use palette_console::storage::memory::Memory;
use palette_console::storage::probe::Steps;
use palette_console::storage::{Answer, Listing, ObjectPath, ServerClock, Store};
use tokio::sync::watch;

pub struct Hanging {
    memory: Memory,
    free: watch::Sender<bool>,
    hangs: In,
}

/// Where a store hangs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum In {
    Writes,
    WritesOf(&'static str),
    Listings,
}

impl Default for Hanging {
    fn default() -> Self {
        Self::where_told(In::Writes)
    }
}

impl Hanging {
    pub fn where_told(hangs: In) -> Self {
        Self { memory: Memory::new(clock::system()), free: watch::Sender::new(false), hangs }
    }

    async fn hang(&self, here: bool) {
        if here {
            let _ = self.free.subscribe().wait_for(|free| *free).await.map(drop);
        }
    }

    pub fn opener(self: &Arc<Self>) -> OpenStore {
        let store = self.clone();
        Arc::new(move |_, _| Ok(store.clone() as Arc<dyn Store>))
    }

    pub fn hold(&self) {
        self.free.send_replace(false);
    }

    pub fn release(&self) {
        self.free.send_replace(true);
    }
}

impl Store for Hanging {
    fn address(&self) -> String {
        "hanging".to_owned()
    }

    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            let here = match self.hangs {
                In::Writes => true,
                In::WritesOf(name) => path.name() == name,
                In::Listings => false,
            };
            self.hang(here).await;
            self.memory.put(path, bytes).await
        })
    }

    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        self.memory.get(path, most)
    }

    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        self.memory.size(path)
    }

    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(async move {
            self.hang(self.hangs == In::Listings).await;
            self.memory.list(folder).await
        })
    }

    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(async move {
            self.hang(self.hangs == In::Listings).await;
            self.memory.walk(folder).await
        })
    }

    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        self.memory.delete(path)
    }

    fn delete_folder<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, ()> {
        self.memory.delete_folder(folder)
    }

    fn prove_connection<'a>(&'a self, _: &'a mut Steps<'_>) -> BoxFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn prove_writing<'a>(&'a self, _: &'a mut Steps<'_>, _: &'a ObjectPath) -> BoxFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    fn server_clock(&self) -> Option<ServerClock> {
        None
    }

    fn concurrency(&self) -> usize {
        2
    }
}
