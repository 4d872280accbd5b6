//! Backups over stores as they are: whole segments, servers that are full, what trials left behind.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use palette_console::backup::{
    BackupUid, Error, KeyRing, Kind, Known, Level, Manifest, Opened, Order, Phase, Place, Progress, Source, Vault, key,
};
use palette_console::clock::{self, Clock, ManualClock, SharedClock};
use palette_console::storage::ftp::Tls;
use palette_console::storage::s3::Timeouts;
use palette_console::storage::{self, ObjectPath, Store, s3, scratch};
use tempfile::TempDir;

use crate::conformance::noise;
use crate::embedded::Embedded;
use crate::ftp;
use crate::s3_scripted::{self, Reply};
use crate::scripted;
use crate::servers::{self, Program, Protection, Server};

/// A plane over a store.
pub struct Engine {
    pub vault: Vault,
    dir: TempDir,
}

struct Given(Bytes);

impl Source for Given {
    fn stream(&self) -> &str {
        "state"
    }

    fn open(&mut self, _: &Path) -> Result<Opened, String> {
        Ok(Opened { bytes: Some(self.0.len() as u64), reader: Box::new(Cursor::new(self.0.clone())) })
    }
}

impl Engine {
    pub fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = KeyRing::open(&dir.path().join(key::FILE)).unwrap();
        let (plane_uid, writer, version) = ("plane-1".to_owned(), "w1".to_owned(), "0.1.0".to_owned());
        let vault = Vault { store, plane_uid, writer, keys, clock, version, scratch: dir.path().to_owned() };
        Self { vault, dir }
    }

    /// Backs up `state`, encrypted and not packed.
    pub async fn backup(&self, state: Bytes, segment_bytes: usize, progress: &Progress) -> Result<Manifest, Error> {
        let order = Order {
            uid: BackupUid::fresh(self.vault.clock.now()),
            slot: None,
            retention_days: 7,
            encrypted: true,
            level: None,
            segment_bytes,
        };
        self.vault.create(order, vec![Box::new(Given(state))], progress).await
    }
}

pub fn place(manifest: &Manifest) -> Place {
    Place { plane_uid: manifest.plane_uid.clone(), uid: manifest.uid.clone() }
}

pub fn quiet() -> Progress {
    Progress::new().0
}

/// Segments as large as they are by default go there and come back.
pub async fn carries_whole_segments(store: Arc<dyn Store>) {
    const SEGMENT: usize = 32 << 20;
    let engine = Engine::new(store, clock::system());
    let state = noise(40, SEGMENT + SEGMENT / 4);
    let manifest = engine.backup(state.clone(), SEGMENT, &quiet()).await.unwrap();
    let bytes: Vec<u64> = manifest.segments().map(|segment| segment.bytes).collect();
    assert!(bytes.len() == 2 && bytes[0] == SEGMENT as u64, "{bytes:?}");
    let place = place(&manifest);
    assert!(engine.vault.verify(&place, Level::Full, &quiet()).await.unwrap().faults.is_empty());
    let fetched = engine.vault.fetch(&place, &engine.dir.path().join("into"), &quiet()).await.unwrap();
    assert!(std::fs::read(&fetched.files["state"]).unwrap() == state);
    engine.vault.delete(&place, &quiet()).await.unwrap();
}

/// A server without room for another byte tells its time and gives up what it holds. `another` is a store of the same
/// place that was not used yet.
pub async fn empties_a_full_server(store: Arc<dyn Store>, another: Arc<dyn Store>) {
    let engine = Engine::new(store.clone(), clock::system());
    let manifest = engine.backup(noise(1, 300_000), 100_000, &quiet()).await.unwrap();
    let mut written = 0;
    for bytes in [200_000, 20_000, 4000, 1] {
        loop {
            written += 1;
            assert!(written < 5000, "its disk is not small");
            match store.put(&ftp::path(&format!("fill/{written}")), noise(2, bytes)).await {
                Ok(()) => {}
                Err(error) if error.kind == storage::Kind::Full => break,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    assert!(another.ask_clock().await.unwrap().is_some());
    engine.vault.delete(&place(&manifest), &quiet()).await.unwrap();
    assert!(engine.vault.list(Known::new()).await.unwrap().found.is_empty());
    let left = store.walk(&ftp::path("palbackup/c")).await.unwrap();
    assert!(left.entries.is_empty(), "{left:?}");
    engine.backup(noise(3, 200_000), 100_000, &quiet()).await.unwrap();
}

#[tokio::test]
async fn whole_segments_over_ftp() {
    let server = Embedded::start(None).await;
    carries_whole_segments(ftp::store(ftp::settings(server.port, Tls::Off, ""))).await;
}

#[tokio::test]
async fn whole_segments_over_ftps() {
    let certificate = servers::self_signed(&["localhost"]);
    let server = Embedded::start(Some(&certificate)).await;
    let settings = ftp::settings(server.port, Tls::Required, &certificate.certificate);
    carries_whole_segments(ftp::store(settings)).await;
}

async fn whole_segments_on(program: Program) {
    for (protection, tls) in [(Protection::Plain, Tls::Off), (Protection::Required, Tls::Required)] {
        let Some(server) = Server::start(program, protection) else { return };
        carries_whole_segments(ftp::store(ftp::settings(server.port, tls, &server.certificate))).await;
    }
}

#[tokio::test]
#[ignore = "needs vsftpd"]
async fn vsftpd_whole_segments() {
    whole_segments_on(Program::Vsftpd).await;
}

#[tokio::test]
#[ignore = "needs proftpd"]
async fn proftpd_whole_segments() {
    whole_segments_on(Program::Proftpd).await;
}

#[tokio::test]
#[ignore = "needs pure-ftpd"]
async fn pure_ftpd_whole_segments() {
    whole_segments_on(Program::PureFtpd).await;
}

/// How servers say that they are full.
fn full() -> [Reply; 4] {
    let garage = "Forbidden: Bucket size quota is reached, maximum total size of objects for this bucket: 1048576.";
    [
        Reply::empty(507),
        Reply::error(403, "QuotaExceeded", "The quota of the bucket was exceeded."),
        Reply::error(507, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold."),
        Reply::error(403, "AccessDenied", garage),
    ]
}

#[tokio::test]
async fn an_s3_server_that_is_full_is_told_as_one_and_nothing_is_shown_as_done() {
    // From the third segment on, and from the manifest on.
    for full_from in ["s-state-00003.seg", "manifest.json"] {
        for reply in full() {
            let words = format!("{full_from} {reply:?}");
            let server = s3_scripted::Scripted::start(move |request, _| {
                let name = request.path.rsplit('/').next().unwrap_or_default();
                let late = name >= full_from && name.starts_with("s-") || name.starts_with("tomb-");
                (request.verb() == "put" && (late || name == full_from)).then(|| reply.clone())
            })
            .await;
            let store = s3::open(crate::s3::settings(&server.endpoint), clock::system()).unwrap();
            let engine = Engine::new(store, clock::system());
            let (progress, moment) = Progress::new();
            let error = engine.backup(noise(1, 20_000), 1000, &progress).await.unwrap_err();
            let Kind::Storage(cause) = &error.kind else { panic!("{words}: {error}") };
            assert_eq!(cause.kind, storage::Kind::Full, "{words}: {error}");
            assert!(error.to_string().contains("the server has no room left"), "{error}");
            assert!(error.advice().contains("Free space"), "{error:?}");
            assert_ne!(moment.borrow().phase, Phase::Done);
            assert!(engine.vault.list(Known::new()).await.unwrap().found.is_empty(), "{words}");
            let segments = server.requests().into_iter().filter(|request| request.verb() == "put").count();
            assert!(segments < 40, "a full server is not asked again and again: {segments}");
        }
    }
}

/// What a trial wrote a day and an hour ago, and what one writes now.
fn trials(now: chrono::DateTime<chrono::Utc>) -> (ObjectPath, ObjectPath) {
    (scratch::fresh(now - TimeDelta::hours(25)), scratch::fresh(now))
}

#[tokio::test]
async fn trials_that_were_cut_are_swept_over_ftp_by_their_names_where_it_dates_nothing() {
    for dates in [true, false] {
        let server = scripted::Scripted::start(None).await;
        // It dates everything 2026-11-22 03:04:05, and takes that for the time it is.
        let clock = ManualClock::at("2026-11-23T04:04:05Z".parse().unwrap());
        let (old, young) = trials(clock.now());
        if !dates {
            server.state().features.retain(|feature| !feature.starts_with("MLST"));
        }
        let mut settings = ftp::settings(server.port, Tls::Off, "");
        settings.dir = "/base".to_owned();
        let store = storage::ftp::open(settings, clock.clone()).unwrap();
        for path in [&old, &young] {
            for name in ["blob", "folder/folder/object"] {
                let path = name.split('/').fold(path.clone(), |path, part| path.join(part).unwrap());
                store.put(&path, Bytes::from_static(b"x")).await.unwrap();
            }
        }
        store.put(&ftp::path("palbackup/notes"), Bytes::from_static(b"x")).await.unwrap();
        let engine = Engine::new(store, clock);
        assert_eq!(engine.vault.sweep(&[]).await.unwrap().failed, None);
        let left = server.names();
        let folders = server.state().folders.clone();
        let old_is_there = left.iter().chain(&folders).any(|path| path.contains(old.name()));
        // Where the server dates its objects, its own clock counts and not what a name says: all are as old as that.
        assert_eq!((old_is_there, left.len()), if dates { (true, 5) } else { (false, 3) }, "{left:?} {folders:?}");
        assert!(left.contains(&"/base/palbackup/notes".to_owned()));
    }
}

#[tokio::test]
async fn trials_that_were_cut_are_swept_over_s3() {
    let server = s3_scripted::Scripted::start(|_, _| None).await;
    let settings = s3::Settings { folder: "site".to_owned(), ..crate::s3::settings(&server.endpoint) };
    let timeouts = Timeouts { short_patience: Duration::from_secs(1), ..Timeouts::default() };
    let store = s3::open_with(settings, timeouts, clock::system()).unwrap();
    let (old, young) = trials(clock::system().now());
    let key = |path: &ObjectPath, name: &str| format!("backups/site/{path}/{name}");
    for path in [&old, &young] {
        server.plant(&key(path, "blob"), b"x");
        server.plant(&key(path, "folder/folder/object"), b"x");
    }
    assert_eq!(Engine::new(store, clock::system()).vault.sweep(&[]).await.unwrap().failed, None);
    for (path, there) in [(&old, false), (&young, true)] {
        for name in ["blob", "folder/folder/object"] {
            assert_eq!(server.object(&key(path, name)).is_some(), there, "{path}/{name}");
        }
    }
}
