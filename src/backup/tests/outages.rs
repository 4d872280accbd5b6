use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::rig::{Rig, given, noise};
use crate::backup::*;
use crate::storage::memory::Memory;
use crate::storage::probe::Steps;
use crate::storage::{self, Answer, Listing, ObjectPath, ServerClock};

/// What happens at a call: whether it fails, and whether it had its effect nevertheless.
#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    Before(storage::Kind),
    After(storage::Kind),
}

type Script = Box<dyn Fn(&str, &ObjectPath) -> Option<Fault> + Send + Sync>;

/// A store that looks at every call first.
pub struct Watched {
    inner: Arc<Memory>,
    script: Script,
    /// Folders with nothing in them, as FTP has them.
    pub empty: std::sync::Mutex<Vec<ObjectPath>>,
    /// Folders that may not be entered.
    pub closed: std::sync::Mutex<Vec<ObjectPath>>,
}

impl Watched {
    pub fn new(inner: Arc<Memory>, look: impl Fn() + Send + Sync + 'static) -> Self {
        Self::scripted(inner, move |_, _| {
            look();
            None
        })
    }

    pub fn scripted(
        inner: Arc<Memory>,
        script: impl Fn(&str, &ObjectPath) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner,
            script: Box::new(script),
            empty: std::sync::Mutex::default(),
            closed: std::sync::Mutex::default(),
        }
    }

    fn run<'a, T: Send + 'a>(&'a self, call: &str, path: &ObjectPath, done: Answer<'a, T>) -> Answer<'a, T> {
        let fault = (self.script)(call, path);
        let operation = format!("{call} {}", path.name());
        Box::pin(async move {
            let failed = |kind| storage::Error {
                operation,
                place: "memory".to_owned(),
                kind,
                reason: "as told".to_owned(),
                advice: String::new(),
            };
            tokio::task::yield_now().await;
            match fault {
                None => done.await,
                Some(Fault::Before(kind)) => Err(failed(kind)),
                Some(Fault::After(kind)) => done.await.and(Err(failed(kind))),
            }
        })
    }
}

impl Store for Watched {
    fn address(&self) -> String {
        self.inner.address()
    }
    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        self.run("put", path, Box::pin(async move { self.inner.put(path, bytes).await }))
    }
    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        self.run("get", path, self.inner.get(path, most))
    }
    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        self.run("size", path, self.inner.size(path))
    }
    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        let work = async move {
            let mut listing = self.inner.list(folder).await?;
            let empty = self.empty.lock().unwrap();
            let inside = empty.iter().filter(|path| path.folder() == *folder);
            listing.folders.extend(inside.map(|path| path.name().to_owned()));
            Ok(listing)
        };
        self.run("list", folder, Box::pin(work))
    }
    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        let work = async move {
            let mut listing = self.inner.walk(folder).await?;
            let closed = self.closed.lock().unwrap().clone();
            listing.entries.retain(|entry| !closed.iter().any(|closed| entry.path.is_below(closed)));
            listing.strangers.extend(closed.iter().map(ToString::to_string));
            listing.closed = closed;
            Ok(listing)
        };
        self.run("walk", folder, Box::pin(work))
    }
    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        self.run("delete", path, Box::pin(async move { self.inner.delete(path).await }))
    }
    fn delete_folder<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, ()> {
        self.empty.lock().unwrap().retain(|path| path != folder);
        self.inner.delete_folder(folder)
    }
    fn prove_connection<'a>(&'a self, steps: &'a mut Steps<'_>) -> BoxFuture<'a, bool> {
        self.inner.prove_connection(steps)
    }
    fn prove_writing<'a>(&'a self, steps: &'a mut Steps<'_>, scratch: &'a ObjectPath) -> BoxFuture<'a, bool> {
        self.inner.prove_writing(steps, scratch)
    }
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
    fn server_clock(&self) -> Option<ServerClock> {
        self.inner.server_clock()
    }
    fn concurrency(&self) -> usize {
        4
    }
}

fn place(vault: &Vault, uid: &BackupUid) -> Place {
    Place { plane_uid: vault.plane_uid.clone(), uid: uid.clone() }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_minutes_is_borne_by_every_job() {
    let rig = Rig::new();
    let outage = |fault: fn(storage::Kind) -> Fault| {
        let until = tokio::time::Instant::now() + std::time::Duration::from_mins(5);
        let script = move |_: &str, _: &ObjectPath| {
            (tokio::time::Instant::now() < until).then(|| fault(storage::Kind::Unreachable))
        };
        rig.through(Arc::new(Watched::scripted(rig.memory.clone(), script)))
    };
    let order = rig.order();
    let uid = order.uid.clone();
    outage(Fault::Before).create(order, given(10_000), &Progress::new().0).await.unwrap();
    let place = place(&rig.vault, &uid);
    assert!(rig.vault.verify(&place, Level::Full, &Progress::new().0).await.unwrap().faults.is_empty());
    let order = rig.order();
    let lost = order.uid.clone();
    outage(Fault::After).create(order, given(10_000), &Progress::new().0).await.unwrap();
    let lost = self::place(&rig.vault, &lost);
    assert!(rig.vault.verify(&lost, Level::Full, &Progress::new().0).await.unwrap().faults.is_empty());
    outage(Fault::After).delete(&lost, &Progress::new().0).await.unwrap();
    outage(Fault::Before).delete(&place, &Progress::new().0).await.unwrap();
    assert_eq!(rig.names(), ["format"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_is_told_that_the_server_does_not_answer_and_when_it_does() {
    let rig = Rig::new();
    let up = tokio::time::Instant::now() + std::time::Duration::from_mins(2);
    let script = move |call: &str, _: &ObjectPath| {
        (call == "put" && tokio::time::Instant::now() < up).then_some(Fault::Before(storage::Kind::Unreachable))
    };
    let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), script)));
    let (progress, mut moment) = Progress::new();
    let watch = async move {
        moment.wait_for(|moment| moment.unanswered).await.unwrap();
        assert!(tokio::time::Instant::now() < up);
        moment.wait_for(|moment| !moment.unanswered).await.unwrap();
        assert!(tokio::time::Instant::now() >= up);
    };
    let (made, ()) = tokio::join!(vault.create(rig.order(), given(10_000), &progress), watch);
    made.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_stays_ends_the_job_with_its_reason_and_nothing_looks_done() {
    let rig = Rig::new();
    let puts = AtomicUsize::new(0);
    let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), move |call, _| {
        let dead = puts.load(Ordering::SeqCst) >= 3;
        if call == "put" {
            puts.fetch_add(1, Ordering::SeqCst);
        }
        dead.then_some(Fault::Before(storage::Kind::Timeout))
    })));
    let begin = tokio::time::Instant::now();
    let error = vault.create(rig.order(), given(20_000), &Progress::new().0).await.unwrap_err();
    assert!(matches!(&error.kind, Kind::Storage(cause) if cause.kind == storage::Kind::Timeout), "{error}");
    assert!(error.to_string().contains("as told"), "{error}");
    assert!(begin.elapsed() < std::time::Duration::from_mins(17), "{:?}", begin.elapsed());
    let inventory = rig.vault.list(Known::new()).await.unwrap();
    assert!(inventory.found.iter().all(|found| found.state == FoundState::Incomplete), "{inventory:?}");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_ends_a_job_at_once_and_is_tidied_up() {
    let rig = Rig::new();
    let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), |call, path| {
        (call == "put" && path.name() == "s-state-00007.seg").then_some(Fault::Before(storage::Kind::Full))
    })));
    let begin = tokio::time::Instant::now();
    let error = vault.create(rig.order(), given(20_000), &Progress::new().0).await.unwrap_err();
    assert!(matches!(&error.kind, Kind::Storage(cause) if cause.kind == storage::Kind::Full), "{error}");
    assert_eq!((begin.elapsed(), rig.memory.paths()), (std::time::Duration::ZERO, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_manifest_whose_reply_is_lost_for_good_counts_when_it_is_there() {
    let rig = Rig::new();
    let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), |call, path| {
        (call == "put" && path.name() == "manifest.json").then_some(Fault::After(storage::Kind::Protocol))
    })));
    let manifest = vault.create(rig.order(), given(2000), &Progress::new().0).await.unwrap();
    let place = place(&vault, &manifest.uid);
    assert!(rig.vault.verify(&place, Level::Full, &Progress::new().0).await.unwrap().faults.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_manifest_that_cannot_be_written_leaves_nothing() {
    let rig = Rig::new();
    let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), |call, path| {
        (call == "put" && path.name() == "manifest.json").then_some(Fault::Before(storage::Kind::Denied))
    })));
    let error = vault.create(rig.order(), given(2000), &Progress::new().0).await.unwrap_err();
    assert!(matches!(&error.kind, Kind::Storage(cause) if cause.kind == storage::Kind::Denied), "{error}");
    assert_eq!(rig.names(), ["format"]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_create_leaves_what_abandon_removes() {
    let rig = Rig::new();
    let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), |call, path| {
        (call == "put" && path.name() == "s-state-00004.seg").then_some(Fault::Before(storage::Kind::Busy))
    })));
    let order = rig.order();
    let uid = order.uid.clone();
    let (progress, _watch) = Progress::new();
    let create = vault.create(order, given(20_000), &progress);
    assert!(tokio::time::timeout(std::time::Duration::from_mins(1), create).await.is_err());
    assert!(rig.memory.paths().len() > 3);
    assert_eq!(rig.vault.look(&place(&vault, &uid)).await.unwrap().state, FoundState::Incomplete);
    rig.vault.abandon(&uid).await.unwrap();
    rig.vault.abandon(&uid).await.unwrap();
    assert_eq!(rig.memory.paths(), Vec::new());
}

#[tokio::test]
async fn abandon_leaves_what_was_committed_after_all() {
    let rig = Rig::new();
    let place = rig.backup(3000).await;
    rig.vault.abandon(&place.uid).await.unwrap();
    assert!(rig.vault.verify(&place, Level::Full, &Progress::new().0).await.unwrap().faults.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_stops_in_the_middle_leaves_nothing() {
    let rig = Rig::new();
    let place = rig.backup(20_000).await;
    let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), |_, path| {
        (path.name() == "s-state-00009.seg").then_some(Fault::Before(storage::Kind::Denied))
    })));
    assert!(vault.fetch(&place, &rig.target(), &Progress::new().0).await.is_err());
    assert!(!rig.target().exists());
    let fetched = rig.vault.fetch(&place, &rig.target(), &Progress::new().0).await.unwrap();
    assert!(std::fs::read(&fetched.files["state"]).unwrap() == noise(20_000));
    let error = rig.vault.fetch(&place, &rig.target(), &Progress::new().0).await.unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
    assert!(fetched.files["state"].exists(), "what was there before is not touched");
}

#[tokio::test]
async fn one_folder_that_cannot_be_read_hides_no_other() {
    let rig = Rig::new();
    let bad = rig.backup(100).await;
    let good = rig.backup(100).await;
    let folder = bad.uid.clone();
    let script = move |call: &str, path: &ObjectPath| {
        (call == "get" && path.as_str().contains(folder.as_str())).then_some(Fault::Before(storage::Kind::Denied))
    };
    let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), script)));
    let inventory = vault.list(Known::new()).await.unwrap();
    let state = |place: &Place| inventory.found.iter().find(|found| found.place == *place).unwrap().state.clone();
    assert!(matches!(state(&bad), FoundState::Damaged(None, _)));
    assert!(matches!(state(&good), FoundState::Complete(_, Authentic::Yes)));
    // Of one alone, a refusal is no verdict.
    let error = vault.verify(&bad, Level::Quick, &Progress::new().0).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Storage(_)), "{error}");
}

#[tokio::test]
async fn a_segment_that_goes_while_the_manifest_is_written_fails_the_backup_and_takes_the_manifest_along() {
    for tidies in [true, false] {
        let rig = Rig::new();
        let (order, memory) = (rig.order(), rig.memory.clone());
        let place = place(&rig.vault, &order.uid);
        let segment = rig.path(&place, "s-state-00002.seg");
        let script = move |call: &str, path: &ObjectPath| match (call, path.name()) {
            ("put", "manifest.json") => {
                drop(memory.delete(&segment));
                None
            }
            // Where nothing can be tidied up, the manifest has to be gone already.
            ("put", name) if name.starts_with("tomb-") && !tidies => Some(Fault::Before(storage::Kind::Denied)),
            _ => None,
        };
        let vault = rig.through(Arc::new(Watched::scripted(rig.memory.clone(), script)));
        let error = vault.create(order, given(9000), &Progress::new().0).await.unwrap_err();
        assert!(error.to_string().contains("s-state-00002.seg is missing"), "{error}");
        assert!(!rig.names().iter().any(|name| name == "manifest.json"), "{:?}", rig.names());
        assert_eq!(rig.names() == ["format"], tidies);
    }
}

#[tokio::test]
async fn what_is_deleted_while_it_is_listed_is_not_called_damaged() {
    use futures_util::FutureExt;
    let rig = Rig::new();
    let (gone, going, stays) = (rig.backup(1000).await, rig.backup(1000).await, rig.backup(1000).await);
    let (memory, cut) = (rig.memory.clone(), [rig.path(&gone, "manifest.json"), rig.path(&going, "manifest.json")]);
    let folder = cut[0].folder();
    let script = move |call: &str, path: &ObjectPath| {
        let goes = memory.paths().into_iter().filter(|there| there == path || there.folder() == folder);
        for there in goes.filter(|_| call == "get" && cut.contains(path)) {
            memory.delete(&there).now_or_never().unwrap().unwrap();
        }
        None
    };
    let listing =
        rig.through(Arc::new(Watched::scripted(rig.memory.clone(), script))).list(Known::new()).await.unwrap();
    let state = |place: &Place| listing.found.iter().find(|found| found.place == *place).map(|found| &found.state);
    assert_eq!(state(&gone), None);
    assert_eq!(state(&going), Some(&FoundState::Incomplete));
    assert!(matches!(state(&stays), Some(FoundState::Complete(_, Authentic::Yes))));
}
