//! A store that fails on command: a test aid for everything that relies on a store.
//!
//! Wraps any store. Every operation counts as one call, from 1 on; faults are laid on calls by number, or on the next
//! call of a kind. After [`Faulty::die_at`] everything fails from that call on, as for a process that was killed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::probe::Steps;
use super::{Answer, Error, Kind, Listing, ObjectPath, ServerClock, Store};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and it is told as failed.
    Before(Kind),
    /// It happens, and its answer is lost.
    After(Kind),
    /// A write leaves the first half of its bytes, and is told as failed: for stores that could, such as FTP where
    /// renaming is forbidden. Another call fails before its effect.
    Half(Kind),
    /// A read gives one flipped bit. Another call goes well.
    Corrupt,
}

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// [`Store::put`]
    Put,
    /// [`Store::get`]
    Get,
    /// [`Store::size`]
    Size,
    /// [`Store::list`]
    List,
    /// [`Store::walk`]
    Walk,
    /// [`Store::delete`]
    Delete,
    /// [`Store::delete_folder`]
    DeleteFolder,
}

/// See the module.
pub struct Faulty {
    inner: Arc<dyn Store>,
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    log: Vec<(Call, ObjectPath)>,
    at: BTreeMap<usize, Fault>,
    next: BTreeMap<Call, VecDeque<Fault>>,
    dies: Option<(usize, Fault)>,
}

impl Faulty {
    /// A store without faults yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, script: Mutex::default() }
    }

    /// Lays `fault` on call number `call`, 1 being the first.
    pub fn fail_at(&self, call: usize, fault: Fault) {
        self.script().at.insert(call, fault);
    }

    /// Lays `fault` on the next call of this kind that has none yet.
    pub fn fail_next(&self, call: Call, fault: Fault) {
        self.script().next.entry(call).or_default().push_back(fault);
    }

    /// Call number `call` fails like this, and every later one before its effect.
    pub fn die_at(&self, call: usize, fault: Fault) {
        self.script().dies = Some((call, fault));
    }

    /// Takes every fault away and counts from 1 again.
    pub fn heal(&self) {
        *self.script() = Script::default();
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.script().log.len()
    }

    /// Calls so far, with their paths.
    #[must_use]
    pub fn log(&self) -> Vec<(Call, ObjectPath)> {
        self.script().log.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and says how it fails.
    fn fault(&self, call: Call, path: &ObjectPath) -> Option<Fault> {
        let mut script = self.script();
        script.log.push((call, path.clone()));
        let number = script.log.len();
        match script.dies {
            Some((death, fault)) if number == death => return Some(fault),
            Some((death, _)) if number > death => return Some(Fault::Before(Kind::Unreachable)),
            _ => {}
        }
        let laid = script.at.remove(&number);
        laid.or_else(|| script.next.get_mut(&call).and_then(VecDeque::pop_front))
    }

    fn error(&self, call: Call, path: &ObjectPath, kind: Kind) -> Error {
        Error {
            operation: format!("{call:?} {path}").to_lowercase(),
            place: self.inner.address(),
            kind,
            reason: "it was told to fail".to_owned(),
            advice: String::new(),
        }
    }

    async fn apply<T>(
        &self,
        call: Call,
        path: &ObjectPath,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match self.fault(call, path) {
            None | Some(Fault::Corrupt) => work.await,
            Some(Fault::Before(kind) | Fault::Half(kind)) => Err(self.error(call, path, kind)),
            Some(Fault::After(kind)) => {
                work.await?;
                Err(self.error(call, path, kind))
            }
        }
    }
}

impl Store for Faulty {
    fn address(&self) -> String {
        self.inner.address()
    }

    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            match self.fault(Call::Put, path) {
                None | Some(Fault::Corrupt) => self.inner.put(path, bytes).await,
                Some(Fault::Before(kind)) => Err(self.error(Call::Put, path, kind)),
                Some(Fault::After(kind)) => {
                    self.inner.put(path, bytes).await?;
                    Err(self.error(Call::Put, path, kind))
                }
                Some(Fault::Half(kind)) => {
                    self.inner.put(path, bytes.slice(..bytes.len() / 2)).await?;
                    Err(self.error(Call::Put, path, kind))
                }
            }
        })
    }

    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        Box::pin(async move {
            match self.fault(Call::Get, path) {
                None => self.inner.get(path, most).await,
                Some(Fault::Corrupt) => self.inner.get(path, most).await.map(|bytes| flipped(&bytes)),
                Some(Fault::Before(kind) | Fault::After(kind) | Fault::Half(kind)) => {
                    Err(self.error(Call::Get, path, kind))
                }
            }
        })
    }

    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        Box::pin(self.apply(Call::Size, path, self.inner.size(path)))
    }

    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(self.apply(Call::List, folder, self.inner.list(folder)))
    }

    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(self.apply(Call::Walk, folder, self.inner.walk(folder)))
    }

    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        Box::pin(async move { self.apply(Call::Delete, path, async { self.inner.delete(path).await }).await })
    }

    fn delete_folder<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, ()> {
        let work = async move { self.inner.delete_folder(folder).await };
        Box::pin(self.apply(Call::DeleteFolder, folder, work))
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

    fn ask_clock(&self) -> Answer<'_, Option<ServerClock>> {
        self.inner.ask_clock()
    }

    fn concurrency(&self) -> usize {
        self.inner.concurrency()
    }
}

fn flipped(bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::storage::memory::Memory;

    fn faulty() -> (Faulty, ObjectPath) {
        (Faulty::new(Arc::new(Memory::new(clock::system()))), ObjectPath::new("a/b").unwrap())
    }

    #[tokio::test]
    async fn faults_fall_before_after_and_half_way() {
        let (store, path) = faulty();
        store.fail_next(Call::Put, Fault::Before(Kind::Busy));
        store.fail_next(Call::Put, Fault::Half(Kind::Interrupted));
        store.fail_next(Call::Put, Fault::After(Kind::Timeout));
        let mut seen = Vec::new();
        for _ in 0..3 {
            let kind = store.put(&path, Bytes::from_static(b"123456")).await.unwrap_err().kind;
            seen.push((kind, store.inner.size(&path).await.unwrap()));
        }
        assert_eq!(seen, [(Kind::Busy, None), (Kind::Interrupted, Some(3)), (Kind::Timeout, Some(6))]);
        store.put(&path, Bytes::from_static(b"123456")).await.unwrap();
        store.fail_at(5, Fault::Corrupt);
        let (bad, good) = (store.get(&path, 9).await.unwrap(), store.get(&path, 9).await.unwrap());
        assert!(bad != good && bad.len() == 6 && good == "123456");
        assert_eq!(store.calls(), 6);
    }

    #[tokio::test]
    async fn nothing_happens_after_death() {
        let (store, path) = faulty();
        store.die_at(2, Fault::After(Kind::Interrupted));
        store.put(&path, Bytes::from_static(b"1")).await.unwrap();
        assert!(store.delete(&path).await.is_err());
        assert!(store.put(&path, Bytes::from_static(b"2")).await.is_err());
        assert!(store.list(&ObjectPath::root()).await.is_err());
        store.heal();
        assert_eq!((store.size(&path).await.unwrap(), store.calls()), (None, 1));
    }
}
