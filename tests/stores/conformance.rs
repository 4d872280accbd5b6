//! What every store promises: one list of cases that runs over any of them.
//!
//! A case writes below a folder of its own, so that the cases of one store may run one after the other without
//! emptying it, and stores may be shared.

mod cases;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cases::{CASES, DROPPED};
use futures_util::future::BoxFuture;
use palette_console::storage::{LARGEST_OBJECT, ObjectPath, Store};

/// How much a store is asked to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Everything.
    Full,
    /// Fewer objects and smaller ones, for slow servers.
    Small,
}

impl Scale {
    /// Objects in a large folder: on S3 more than one page of a listing.
    fn many(self) -> usize {
        if self == Self::Full { 1100 } else { 120 }
    }

    fn large(self) -> usize {
        if self == Self::Full { 32 << 20 } else { 5 << 20 }
    }
}

type Work = for<'a> fn(&'a Ground) -> BoxFuture<'a, ()>;

/// Where a case runs.
pub struct Ground {
    store: Arc<dyn Store>,
    scale: Scale,
    folder: ObjectPath,
}

impl Ground {
    fn at(&self, path: &str) -> ObjectPath {
        path.split('/').fold(self.folder.clone(), |folder, part| folder.join(part).unwrap())
    }

    async fn put(&self, path: &str, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.store.put(&self.at(path), bytes).await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
    }

    async fn get(&self, path: &str) -> Bytes {
        self.store.get(&self.at(path), LARGEST_OBJECT).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    async fn size(&self, path: &str) -> Option<u64> {
        self.store.size(&self.at(path)).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    async fn delete(&self, path: &str) {
        self.store.delete(&self.at(path)).await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
    }

    /// Names of the objects and of the folders in a folder.
    async fn list(&self, path: &str) -> (Vec<String>, Vec<String>) {
        let folder = if path.is_empty() { self.folder.clone() } else { self.at(path) };
        let listing = self.store.list(&folder).await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert!(listing.entries.iter().all(|entry| entry.path.folder() == folder), "{listing:?}");
        (listing.entries.iter().map(|entry| entry.path.name().to_owned()).collect(), listing.folders)
    }

    /// Paths below a folder, sorted, without the folder's own.
    async fn walk(&self, path: &str) -> Vec<String> {
        let folder = if path.is_empty() { self.folder.clone() } else { self.at(path) };
        let listing = self.store.walk(&folder).await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        let skip = folder.as_str().len() + 1;
        let mut paths: Vec<_> = listing.entries.iter().map(|entry| entry.path.as_str()[skip..].to_owned()).collect();
        paths.sort();
        paths
    }
}

/// Bytes that no compression and no accident makes, and that differ with `seed`.
pub fn noise(seed: u64, len: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; len];
    random.fill(&mut bytes);
    bytes.into()
}

/// Runs every case over `store`.
pub async fn run(store: Arc<dyn Store>, scale: Scale) {
    let run = format!("conformance-{:08x}", fastrand::u32(..));
    let cases = CASES.iter();
    for (name, work) in cases {
        let folder = ObjectPath::new(&format!("{run}/{name}")).unwrap();
        let ground = Ground { store: store.clone(), scale, folder: folder.clone() };
        let limit = tokio::time::timeout(Duration::from_secs(300), work(&ground));
        println!("{}: {name}", store.address());
        limit.await.unwrap_or_else(|_| panic!("{name} did not end"));
        sweep(&*store, &folder).await;
    }
    let rest = store.walk(&ObjectPath::new(&run).unwrap()).await.unwrap();
    // A write whose caller went away may still land, at any time.
    let left: Vec<_> = rest.entries.iter().filter(|entry| !entry.path.name().starts_with(DROPPED)).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    println!("{}: {} cases", store.address(), CASES.len());
}

async fn sweep(store: &dyn Store, folder: &ObjectPath) {
    for entry in store.walk(folder).await.unwrap().entries {
        store.delete(&entry.path).await.unwrap();
    }
}
