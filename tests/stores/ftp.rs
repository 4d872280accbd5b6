//! FTP and FTPS: in this process, and the real servers that are installed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use palette_console::clock;
use palette_console::storage::ftp::{Passive, Patience, Settings, Tls, open_with};
use palette_console::storage::probe::{Event, Outcome, Steps};
use palette_console::storage::{Kind, ObjectPath, Store};

use crate::conformance::{self, Scale};
use crate::embedded::Embedded;
use crate::engine;
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

/// What each real server says to settings that are wrong.
async fn refuses(good: &Settings) {
    let object = path("a/b");
    let kind = async |settings: Settings| {
        let error = store(settings).put(&object, awkward(10)).await.unwrap_err();
        assert!(!error.advice.is_empty() && !format!("{error:?}").contains(PASSWORD), "{error:?}");
        error.kind
    };
    assert_eq!(kind(Settings { password: "wrong".into(), ..good.clone() }).await, Kind::Credentials);
    assert_eq!(kind(Settings { username: "nobody-here".to_owned(), ..good.clone() }).await, Kind::Credentials);
    let other = if good.tls == Tls::Required { Tls::Off } else { Tls::Required };
    assert_eq!(kind(Settings { tls: other, ..good.clone() }).await, Kind::Tls);
    let unwritable = Settings { dir: "/read-only/below".to_owned(), ..good.clone() };
    assert_eq!(kind(unwritable).await, Kind::NoSuchPlace);
    if good.tls == Tls::Required {
        assert_eq!(kind(Settings { ca_pem: String::new(), ..good.clone() }).await, Kind::Certificate);
    }
}

/// Someone removes a folder behind the store's back.
async fn loses_a_folder(server: &Server, good: Settings) {
    let store = store(good);
    store.put(&path("gone/x"), awkward(10)).await.unwrap();
    std::fs::remove_dir_all(server.home.join("palette backups/Übung/gone")).unwrap();
    store.put(&path("gone/x"), awkward(11)).await.unwrap();
    assert_eq!(store.size(&path("gone/x")).await.unwrap(), Some(11));
}

/// One folder that may not be entered, or not be read, is told and hides no other.
async fn walks_around_what_is_closed(server: &Server, good: Settings) {
    use std::os::unix::fs::PermissionsExt;
    let store = store(good);
    store.put(&path("b/open/x"), awkward(10)).await.unwrap();
    let closed = server.home.join("palette backups/Übung/b/closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::write(closed.join("y"), "y").unwrap();
    for mode in [0o700, 0o711] {
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).unwrap();
        let seen = store.walk(&path("b")).await.unwrap();
        assert!(seen.entries.iter().map(|entry| entry.path.as_str()).eq(["b/open/x"]), "{mode:o} {seen:?}");
        assert_eq!((seen.closed, seen.strangers.len()), (vec![path("b/closed")], 1), "{mode:o}");
        assert_eq!(store.walk(&path("b/closed")).await.unwrap_err().kind, Kind::Denied, "{mode:o}");
    }
    std::fs::remove_dir_all(&closed).unwrap();
    store.delete(&path("b/open/x")).await.unwrap();
}

async fn suite(settings: Settings) {
    let plain = settings.tls == Tls::Optional;
    let store = store(settings);
    proves_itself(&*store).await;
    makes_folders_again(&*store).await;
    conformance::run(store.clone(), Scale::Small).await;
    assert_eq!(store.remarks().len(), usize::from(plain), "{:?}", store.remarks());
}

/// A disk that is full is told as one, nothing half stays, and what still fits is written.
async fn fills_up(program: Program) {
    for protection in [Protection::Plain, Protection::Required] {
        let Some(server) = Server::start_small(program, protection, 2) else { return };
        let tls = if protection == Protection::Required { Tls::Required } else { Tls::Off };
        let good = settings(server.port, tls, &server.certificate);
        let store = store(good.clone());
        let error = store.put(&path("a/large"), awkward(5 << 20)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Full, "{error:?}");
        assert!(store.list(&path("a")).await.unwrap().entries.is_empty());
        store.put(&path("a/small"), awkward(1 << 20)).await.unwrap();
        store.delete(&path("a/small")).await.unwrap();
        engine::empties_a_full_server(store, self::store(good)).await;
    }
}

async fn suite_on(program: Program, protection: Protection) {
    let Some(server) = Server::start(program, protection) else { return };
    let tls = if protection == Protection::Required { Tls::Required } else { Tls::Optional };
    let good = settings(server.port, tls, &server.certificate);
    refuses(&good).await;
    loses_a_folder(&server, good.clone()).await;
    walks_around_what_is_closed(&server, good.clone()).await;
    suite(good).await;
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

#[tokio::test]
#[ignore = "needs vsftpd"]
async fn vsftpd_on_a_full_disk() {
    fills_up(Program::Vsftpd).await;
}

#[tokio::test]
#[ignore = "needs proftpd"]
async fn proftpd_on_a_full_disk() {
    fills_up(Program::Proftpd).await;
}

#[tokio::test]
#[ignore = "needs pure-ftpd"]
async fn pure_ftpd_on_a_full_disk() {
    fills_up(Program::PureFtpd).await;
}
