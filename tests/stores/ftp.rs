//! FTP and FTPS: in this process, and the real servers that are installed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use palette_console::clock;
use palette_console::storage::ftp::{Passive, Patience, Settings, Tls, open_with};
use palette_console::storage::probe::{Event, Outcome, Steps};
use palette_console::storage::{Kind, ObjectPath, Store};

use crate::embedded::Embedded;
use crate::servers::{self, PASSWORD, Program, Protection, Server, USER};

/// Settings for a server on loopback.
pub fn settings(port: u16, tls: Tls, ca_pem: &str) -> Settings {
    Settings {
        host: "localhost".to_owned(),
        port,
        dir: "palette backups/Übung".to_owned(),
        username: USER.to_owned(),
        password: PASSWORD.into(),
        tls,
        passive: Passive::Auto,
        ca_pem: ca_pem.to_owned(),
    }
}

/// Limits that a test can wait for.
pub fn patience() -> Patience {
    Patience { pause: Duration::from_millis(20), ..Patience::default() }
}

pub fn store(settings: Settings) -> Arc<dyn Store> {
    open_with(settings, patience(), clock::system()).unwrap()
}

pub fn path(text: &str) -> ObjectPath {
    ObjectPath::new(text).unwrap()
}

/// Bytes that an ASCII transfer or a text file system would change.
pub fn awkward(len: usize) -> Bytes {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut bytes: Vec<u8> = (0..=255_u8).chain(*b"\r\n\n\r\r\n\n\xff\xff\xf4\r\0").collect();
    bytes.extend((bytes.len()..len.max(bytes.len())).map(|_| rng.u8(..)));
    bytes.truncate(len);
    bytes.into()
}

/// The probe's own steps; each has to pass.
async fn proves_itself(store: &dyn Store) {
    let mut tell = |_: Event| {};
    let mut steps = Steps::new(&mut tell);
    assert!(store.prove_connection(&mut steps).await, "{:?}", steps.finish());
    let scratch = path("palbackup/probe-1");
    let good = store.prove_writing(&mut steps, &scratch).await;
    let checks = steps.finish();
    assert!(good, "{checks:?}");
    let names: Vec<&str> = checks.iter().map(|check| check.name).collect();
    assert_eq!(
        names,
        ["Look up the server", "Connect", "TLS", "Sign in", "Directory", "Rename", "Data connections", "Two sessions"]
    );
    for check in checks.iter().filter(|check| !matches!(check.name, "TLS" | "Directory")) {
        assert!(matches!(check.outcome, Outcome::Passed(_)), "{check:?}");
    }
    assert!(store.list(&scratch).await.unwrap().entries.is_empty());
    store.delete_folder(&scratch).await.unwrap();
    let clock = store.server_clock().unwrap();
    assert!((clock.server - clock.ours).num_seconds().abs() <= 5, "{clock:?}");
}

async fn keeps_bytes(store: &dyn Store) {
    for (at, len) in [1, 300, 100_000, 3 << 20].into_iter().enumerate() {
        let (object, bytes) = (path(&format!("a/b/c/object-{at}")), awkward(len));
        store.put(&object, bytes.clone()).await.unwrap();
        assert_eq!(store.size(&object).await.unwrap(), Some(len as u64));
        assert!(store.get(&object, len).await.unwrap() == bytes, "{len} bytes came back changed");
        if len > 1 {
            assert_eq!(store.get(&object, len - 1).await.unwrap_err().kind, Kind::Mismatch);
        }
    }
}

async fn lists(store: &dyn Store) {
    let empty = store.list(&path("nowhere/at/all")).await.unwrap();
    assert!(empty.entries.is_empty() && empty.folders.is_empty() && empty.strangers.is_empty(), "{empty:?}");
    store.put(&path("l/one.seg"), awkward(11)).await.unwrap();
    store.put(&path("l/two.seg"), awkward(12)).await.unwrap();
    store.put(&path("l/deeper/three.seg"), awkward(13)).await.unwrap();
    let listing = store.list(&path("l")).await.unwrap();
    let seen: Vec<(&str, Option<u64>)> = listing.entries.iter().map(|e| (e.path.as_str(), e.bytes)).collect();
    assert_eq!(seen, [("l/one.seg", Some(11)), ("l/two.seg", Some(12))]);
    assert_eq!((listing.folders, listing.strangers), (vec!["deeper".to_owned()], Vec::new()));
    let mut all: Vec<String> =
        store.walk(&path("l")).await.unwrap().entries.iter().map(|e| e.path.to_string()).collect();
    all.sort();
    assert_eq!(all, ["l/deeper/three.seg", "l/one.seg", "l/two.seg"]);
    assert!(store.list(&ObjectPath::root()).await.unwrap().folders.contains(&"l".to_owned()));
}

async fn deletes(store: &dyn Store) {
    let object = path("d/x/object");
    store.put(&object, awkward(5)).await.unwrap();
    store.delete_folder(&path("d/x")).await.unwrap();
    assert_eq!(store.size(&object).await.unwrap(), Some(5), "a folder that is not empty stays");
    store.delete(&object).await.unwrap();
    store.delete(&object).await.unwrap();
    assert_eq!(store.size(&object).await.unwrap(), None);
    assert_eq!(store.get(&object, 10).await.unwrap_err().kind, Kind::NotFound);
    store.delete_folder(&path("d/x")).await.unwrap();
    store.delete_folder(&path("d/x")).await.unwrap();
    assert!(store.list(&path("d")).await.unwrap().folders.is_empty());
    // The folder was known to be there; it is made again.
    store.put(&object, awkward(6)).await.unwrap();
    assert_eq!(store.size(&object).await.unwrap(), Some(6));
    store.delete(&object).await.unwrap();
    store.delete(&path("d/never/was")).await.unwrap();
}

async fn works_in_parallel(store: &dyn Store) {
    let objects: Vec<ObjectPath> = (0..16).map(|n| path(&format!("p/{n}"))).collect();
    let bytes = awkward(50_000);
    let put = objects.iter().map(|object| store.put(object, bytes.clone()));
    for outcome in futures_util::future::join_all(put).await {
        outcome.unwrap();
    }
    for object in &objects {
        assert!(store.get(object, 50_000).await.unwrap() == bytes);
    }
}

/// Futures that are dropped at any point leave the store usable and no object half.
async fn survives_cancelling(store: &dyn Store) {
    let bytes = awkward(2 << 20);
    for millis in [1, 5, 20, 60] {
        let object = path(&format!("c/after-{millis}"));
        let limit = Duration::from_millis(millis);
        let _ = tokio::time::timeout(limit, store.put(&object, bytes.clone())).await;
        let size = store.size(&object).await.unwrap();
        assert!(size.is_none() || size == Some(bytes.len() as u64), "{size:?}");
        store.put(&path("c/whole"), bytes.clone()).await.unwrap();
        let _ = tokio::time::timeout(limit, store.get(&path("c/whole"), bytes.len())).await;
        assert!(store.get(&path("c/whole"), bytes.len()).await.unwrap() == bytes);
        store.delete(&path("c/whole")).await.unwrap();
    }
}

async fn suite(settings: Settings) {
    let plain = settings.tls == Tls::Optional;
    let store = store(settings);
    proves_itself(&*store).await;
    keeps_bytes(&*store).await;
    lists(&*store).await;
    deletes(&*store).await;
    works_in_parallel(&*store).await;
    survives_cancelling(&*store).await;
    assert_eq!(store.remarks().len(), usize::from(plain), "{:?}", store.remarks());
}

async fn suite_on(program: Program, protection: Protection) {
    let Some(server) = Server::start(program, protection) else { return };
    let tls = if protection == Protection::Required { Tls::Required } else { Tls::Optional };
    suite(settings(server.port, tls, &server.certificate)).await;
}

#[tokio::test]
async fn in_process_plain() {
    let server = Embedded::start(None).await;
    suite(settings(server.port, Tls::Optional, "")).await;
}

#[tokio::test]
async fn in_process_tls() {
    let certificate = servers::self_signed(&["localhost"]);
    let server = Embedded::start(Some(&certificate)).await;
    suite(settings(server.port, Tls::Required, &certificate.certificate)).await;
}

#[tokio::test]
#[ignore = "needs vsftpd"]
async fn vsftpd_plain() {
    suite_on(Program::Vsftpd, Protection::Plain).await;
}

#[tokio::test]
#[ignore = "needs vsftpd"]
async fn vsftpd_tls() {
    suite_on(Program::Vsftpd, Protection::Required).await;
}

#[tokio::test]
#[ignore = "needs proftpd"]
async fn proftpd_plain() {
    suite_on(Program::Proftpd, Protection::Plain).await;
}

#[tokio::test]
#[ignore = "needs proftpd"]
async fn proftpd_tls() {
    suite_on(Program::Proftpd, Protection::Required).await;
}

#[tokio::test]
#[ignore = "needs pure-ftpd"]
async fn pure_ftpd_plain() {
    suite_on(Program::PureFtpd, Protection::Plain).await;
}

#[tokio::test]
#[ignore = "needs pure-ftpd"]
async fn pure_ftpd_tls() {
    suite_on(Program::PureFtpd, Protection::Required).await;
}
