//! FTP and FTPS: in this process, and the real servers that are installed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use palette_console::clock;
use palette_console::storage::ftp::{Passive, Patience, Settings, Tls, open_with};
use palette_console::storage::probe::{Event, Outcome, Steps};
use palette_console::storage::{ObjectPath, Store};

use crate::conformance::{self, Scale};
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

/// A folder that was known to be there and went away is made again.
async fn makes_folders_again(store: &dyn Store) {
    let object = path("d/x/object");
    for len in [5, 6] {
        store.put(&object, awkward(len)).await.unwrap();
        assert_eq!(store.size(&object).await.unwrap(), Some(len as u64));
        store.delete(&object).await.unwrap();
        store.delete_folder(&path("d/x")).await.unwrap();
        assert!(store.list(&path("d")).await.unwrap().folders.is_empty());
    }
}

async fn suite(settings: Settings) {
    let plain = settings.tls == Tls::Optional;
    let store = store(settings);
    proves_itself(&*store).await;
    makes_folders_again(&*store).await;
    conformance::run(store.clone(), Scale::Small).await;
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
