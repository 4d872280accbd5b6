//! Which servers are believed, and what is said of the others.

use std::sync::Arc;

use palette_console::clock;
use palette_console::storage::probe::{Outcome, Permission, probe};
use palette_console::storage::s3::{self, Settings};
use palette_console::storage::{Kind, ObjectPath};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::s3_scripted::Scripted;

struct Shown {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    pem: String,
}

impl Shown {
    async fn server(&self, host: &str) -> Scripted {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap();
        Scripted::secure(TlsAcceptor::from(Arc::new(config)), host).await
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Authority of the test");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn signed(by: &CertifiedIssuer<'static, KeyPair>, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Shown {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    Shown { chain: vec![certificate.der().clone()], key, pem: by.pem() }
}

fn self_signed(name: &str, is_ca: bool) -> Shown {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Shown { chain: vec![certificate.der().clone()], pem: certificate.pem(), key }
}

fn settings(server: &Scripted, pem: &str) -> Settings {
    Settings { ca_pem: pem.to_owned(), ..crate::s3::settings(&server.endpoint) }
}

async fn works(server: &Scripted, pem: &str) {
    let store = s3::open(settings(server, pem), clock::system()).unwrap();
    store.list(&ObjectPath::root()).await.unwrap_or_else(|error| panic!("{error:?}"));
    let checks = probe(&*store, Permission::Read, clock::system().now(), &mut |_| {}).await;
    let tls = &checks.iter().find(|check| check.name == "TLS").unwrap().outcome;
    assert!(matches!(tls, Outcome::Passed(words) if words.contains("TLS 1.3")), "{tls:?}");
}

/// The same words come from the probe and from the first use.
async fn refused(server: &Scripted, pem: &str, words: &str) {
    let store = s3::open(settings(server, pem), clock::system()).unwrap();
    let used = store.list(&ObjectPath::root()).await.unwrap_err();
    assert_eq!(used.kind, Kind::Certificate, "{used:?}");
    assert!(used.reason.contains(words) && !used.advice.is_empty(), "{used:?}");
    let checks = probe(&*store, Permission::Read, clock::system().now(), &mut |_| {}).await;
    let tls = &checks.iter().find(|check| check.name == "TLS").unwrap().outcome;
    assert!(matches!(tls, Outcome::Failed(error) if error.reason == used.reason), "{tls:?}");
}

#[tokio::test]
async fn a_server_of_a_given_authority_is_believed_by_name_and_by_address() {
    let authority = authority();
    for host in ["localhost", "127.0.0.1"] {
        let shown = signed(&authority, host, |_| {});
        works(&shown.server(host).await, &shown.pem).await;
    }
}

#[tokio::test]
async fn a_self_signed_server_is_believed_once_its_certificate_is_given() {
    for is_ca in [false, true] {
        let shown = self_signed("localhost", is_ca);
        let server = shown.server("localhost").await;
        works(&server, &shown.pem).await;
        refused(&server, "", if is_ca { "authority, used for the server itself" } else { "self-signed" }).await;
    }
}

#[tokio::test]
async fn why_a_certificate_is_not_believed_is_told() {
    let authority = authority();
    let expired = signed(&authority, "localhost", |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1));
    refused(&expired.server("localhost").await, &expired.pem, "expired").await;
    let other = signed(&authority, "storage.example", |_| {});
    refused(&other.server("localhost").await, &other.pem, "not for localhost; it holds for").await;
    let unknown = signed(&authority, "localhost", |_| {});
    refused(&unknown.server("localhost").await, "", "authority that is not known here").await;
}

#[tokio::test]
async fn tls_where_there_is_none_and_none_where_there_is() {
    let plain = Scripted::start(|_, _| None).await;
    let secured = settings(&plain, "");
    let secured = Settings { endpoint: Some(plain.endpoint.replace("http:", "https:")), ..secured };
    let store = s3::open(secured, clock::system()).unwrap();
    let error = store.list(&ObjectPath::root()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Tls | Kind::Unreachable), "{error:?}");

    let shown = self_signed("127.0.0.1", false);
    let server = shown.server("127.0.0.1").await;
    let bare = Settings { endpoint: Some(server.endpoint.replace("https:", "http:")), ..settings(&server, "") };
    let store = s3::open(bare, clock::system()).unwrap();
    let error = store.list(&ObjectPath::root()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Protocol | Kind::Interrupted), "{error:?}");
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_before_anything_is_sent() {
    let server = Scripted::start(|_, _| None).await;
    let error = s3::open(settings(&server, "not a certificate"), clock::system()).err().unwrap();
    assert_eq!(error.kind, Kind::Settings);
    assert!(error.reason.contains("PEM") && server.requests().is_empty(), "{error:?}");
}
