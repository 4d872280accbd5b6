//! A store that one dies over: at its k-th call, in a way of one's choice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::{BoxFuture, pending};
use palette_console::storage::memory::Memory;
use palette_console::storage::probe::Steps;
use palette_console::storage::{Answer, Error, Kind, Listing, ObjectPath, ServerClock, Store};
use tokio::sync::Notify;

/// What becomes of the call that one dies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// It never reached the store.
    Before,
    /// It had its effect; the reply did not come.
    After,
    /// Half a body arrived, under the name of what is not finished.
    Half,
}

pub const EFFECTS: [Effect; 3] = [Effect::Before, Effect::After, Effect::Half];

/// What dies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Death {
    /// The process: nothing is heard of it any more.
    Process,
    /// The network: this call and all later ones fail, and whoever called lives on to tidy up, which fails as well.
    Network,
}

pub const DEATHS: [Death; 2] = [Death::Process, Death::Network];

pub struct Mortal {
    inner: Arc<Memory>,
    at: usize,
    effect: Effect,
    death: Death,
    calls: AtomicUsize,
    dead: AtomicBool,
    /// Whether there was a call to die in at which `effect` means something.
    struck: AtomicBool,
    died: Notify,
}

impl Mortal {
    /// Dies at the call number `at`, counted from 1.
    pub fn new(inner: Arc<Memory>, at: usize, effect: Effect, death: Death) -> Arc<Self> {
        let (calls, dead, struck) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { inner, at, effect, death, calls, dead, struck, died: Notify::new() })
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    pub fn struck(&self) -> bool {
        self.struck.load(Ordering::SeqCst)
    }

    /// Lets work go on until it ends or the process dies; `None` where that happened.
    pub async fn lives<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.died.notified() => None,
            done = work => Some(done),
        }
    }

    fn run<'a, T: Send + 'a>(
        &'a self,
        what: &str,
        body: Option<(&'a ObjectPath, Bytes)>,
        work: Answer<'a, T>,
    ) -> Answer<'a, T> {
        let is_put = body.is_some();
        let error = Error {
            operation: what.to_owned(),
            place: "memory".to_owned(),
            kind: Kind::Cancelled,
            reason: "the network is dead".to_owned(),
            advice: String::new(),
        };
        Box::pin(async move {
            tokio::task::yield_now().await;
            if !self.is_dead() {
                if self.calls.fetch_add(1, Ordering::SeqCst) + 1 < self.at {
                    return work.await;
                }
                self.dead.store(true, Ordering::SeqCst);
                self.struck.store(self.effect != Effect::Half || is_put, Ordering::SeqCst);
                match (self.effect, body) {
                    (Effect::After, _) => drop(work.await),
                    (Effect::Half, Some((path, bytes))) => {
                        let name = format!("{}.part", path.as_str());
                        if let Ok(part) = ObjectPath::new(&name) {
                            self.inner.plant(part, bytes.slice(..bytes.len() / 2));
                        }
                    }
                    _ => {}
                }
                if self.death == Death::Process {
                    self.died.notify_one();
                }
            }
            match self.death {
                Death::Process => pending().await,
                Death::Network => Err(error),
            }
        })
    }
}

impl Store for Mortal {
    fn address(&self) -> String {
        self.inner.address()
    }
    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        let body = bytes.clone();
        self.run("write", Some((path, body)), Box::pin(async move { self.inner.put(path, bytes).await }))
    }
    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        self.run("read", None, self.inner.get(path, most))
    }
    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        self.run("look up", None, self.inner.size(path))
    }
    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        self.run("list", None, self.inner.list(folder))
    }
    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        self.run("list", None, self.inner.walk(folder))
    }
    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        self.run("delete", None, Box::pin(async move { self.inner.delete(path).await }))
    }
    fn delete_folder<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, ()> {
        self.run("delete", None, Box::pin(async move { self.inner.delete_folder(folder).await }))
    }
    fn prove_connection<'a>(&'a self, steps: &'a mut Steps<'_>) -> BoxFuture<'a, bool> {
        self.inner.prove_connection(steps)
    }
    fn prove_writing<'a>(&'a self, steps: &'a mut Steps<'_>, scratch: &'a ObjectPath) -> BoxFuture<'a, bool> {
        self.inner.prove_writing(steps, scratch)
    }
    fn remarks(&self) -> Vec<String> {
        self.inner.remarks()
    }
    fn server_clock(&self) -> Option<ServerClock> {
        self.inner.server_clock()
    }
    fn concurrency(&self) -> usize {
        self.inner.concurrency()
    }
}
