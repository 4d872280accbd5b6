//! TLS over FTP: which certificates are believed, and that nothing is sent in clear text that should not be.

use std::sync::Arc;
use std::time::Duration;

use palette_console::clock;
use palette_console::storage::ftp::{Patience, Tls, open_with};
use palette_console::storage::{Kind, Store};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::ftp::{awkward, path, settings};
use crate::scripted::{Act, Scripted};
use crate::servers::{Certificate, expired, self_signed, signed};

fn config(certificate: &Certificate, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_slice(certificate.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

async fn server(certificate: &Certificate) -> Scripted {
    Scripted::start(Some(config(certificate, rustls::ALL_VERSIONS))).await
}

fn store(server: &Scripted, tls: Tls, ca_pem: &str) -> Arc<dyn Store> {
    let patience = Patience { pause: Duration::from_millis(5), ..Patience::default() };
    open_with(settings(server.port, tls, ca_pem), patience, clock::system()).unwrap()
}

fn nobody_signed_in(server: &Scripted) {
    assert_eq!((server.count("USER"), server.count("PASS")), (0, 0));
}

#[tokio::test]
async fn certificates_are_believed_or_refused_in_words() {
    let (ours, other) = (["localhost"], ["other.example"]);
    let (good, late, foreign) = (signed(&ours), expired(&ours), signed(&other));
    let own = self_signed(&ours);
    let cases = [
        (&good, good.authority.as_str(), None),
        (&good, good.certificate.as_str(), None),
        (&own, own.certificate.as_str(), None),
        (&own, "", Some("is self-signed")),
        (&good, "", Some("an authority that is not known here")),
        (&late, late.authority.as_str(), Some("has expired")),
        (&foreign, foreign.authority.as_str(), Some("is not for localhost; it holds for other.example")),
    ];
    for (certificate, ca_pem, refusal) in cases {
        // TLS that is offered and not believed is an error, never a reason to go on without.
        for tls in [Tls::Required, Tls::Optional] {
            let server = server(certificate).await;
            let store = store(&server, tls, ca_pem);
            let outcome = store.put(&path("a/b"), awkward(100)).await;
            match (outcome, refusal) {
                (Ok(()), None) => assert!(store.remarks().is_empty()),
                (Err(error), Some(words)) => {
                    assert_eq!(error.kind, Kind::Certificate, "{error}");
                    assert!(error.reason.contains(words) && !error.advice.is_empty(), "{error}");
                    nobody_signed_in(&server);
                }
                (outcome, refusal) => panic!("{outcome:?}, expected {refusal:?}"),
            }
        }
    }
}

#[tokio::test]
async fn required_tls_is_never_given_up() {
    for refusal in ["502 no", "530 Please login first", "534 no", "431 no certificate", "421 bye"] {
        let server = Scripted::start(None).await;
        server.twist("AUTH", usize::MAX, Act::Say(refusal));
        let error = store(&server, Tls::Required, "").put(&path("a/b"), awkward(10)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Tls, "{error}");
        assert!(error.reason.contains("offers no TLS") && error.reason.contains(refusal), "{error}");
        nobody_signed_in(&server);
    }
}

#[tokio::test]
async fn optional_tls_is_given_up_only_where_it_is_not_offered() {
    let server = Scripted::start(None).await;
    let plain = store(&server, Tls::Optional, "");
    plain.put(&path("a/b"), awkward(10)).await.unwrap();
    assert!(plain.remarks().iter().any(|remark| remark.contains("clear text")), "{:?}", plain.remarks());

    // Busy is not the same as not offered.
    let server = Scripted::start(None).await;
    server.twist("AUTH", usize::MAX, Act::Say("431 try later"));
    let error = store(&server, Tls::Optional, "").put(&path("a/b"), awkward(10)).await.unwrap_err();
    assert_eq!(error.kind, Kind::Tls, "{error}");
    nobody_signed_in(&server);
}

#[tokio::test]
async fn clear_text_data_beside_a_protected_session_is_refused() {
    let certificate = self_signed(&["localhost"]);
    for tls in [Tls::Required, Tls::Optional] {
        let server = server(&certificate).await;
        server.twist("PROT", usize::MAX, Act::Say("536 no"));
        let error = store(&server, tls, &certificate.certificate).put(&path("a/b"), awkward(10)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Tls, "{error}");
        assert!(error.reason.contains("does not protect data connections"), "{error}");
        nobody_signed_in(&server);
    }
}

#[tokio::test]
async fn a_server_once_seen_with_tls_is_not_used_without() {
    let certificate = self_signed(&["localhost"]);
    let server = server(&certificate).await;
    let store = store(&server, Tls::Optional, &certificate.certificate);
    store.put(&path("a/b"), awkward(10)).await.unwrap();
    server.twist("AUTH", usize::MAX, Act::Say("502 no TLS any more"));
    server.twist("SIZE", 1, Act::DoAndClose);
    let error = store.size(&path("a/b")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Tls, "{error}");
}

#[tokio::test]
async fn the_other_version_of_tls_is_taken_where_one_is_refused() {
    let certificate = self_signed(&["localhost"]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = Scripted::start(Some(config(&certificate, &[version]))).await;
        let store = store(&server, Tls::Required, &certificate.certificate);
        store.put(&path("a/b"), awkward(100)).await.unwrap();
        assert!(store.get(&path("a/b"), 100).await.unwrap() == awkward(100));
    }
}

#[tokio::test]
async fn a_server_that_takes_the_hello_for_a_command_is_asked_once_more() {
    let certificate = self_signed(&["localhost"]);
    let server = server(&certificate).await;
    let store = store(&server, Tls::Optional, &certificate.certificate);
    server.twist("AUTH", 1, Act::SayTwice("234 go on", "500 what?"));
    store.put(&path("a/b"), awkward(100)).await.unwrap();
    assert_eq!(server.count("AUTH"), 2);
}

#[tokio::test]
async fn a_server_that_never_speaks_tls_after_agreeing_to_it_is_told() {
    let certificate = self_signed(&["localhost"]);
    let server = server(&certificate).await;
    let store = store(&server, Tls::Optional, &certificate.certificate);
    server.twist("AUTH", usize::MAX, Act::SayTwice("234 go on", "500 what?"));
    let error = store.put(&path("a/b"), awkward(100)).await.unwrap_err();
    assert_eq!(error.kind, Kind::Tls, "{error}");
    assert!(error.reason.contains("does not speak TLS"), "{error}");
    assert_eq!(server.count("AUTH"), 2);
    nobody_signed_in(&server);
}

#[tokio::test]
async fn a_data_connection_that_was_not_resumed_is_told_and_tried_again() {
    let certificate = self_signed(&["localhost"]);
    for words in [
        "522 SSL connection failed; session reuse required",
        "425 Unable to build data connection: Operation not permitted",
    ] {
        let server = server(&certificate).await;
        server.twist("STOR", 1, Act::Drop(words));
        let store = store(&server, Tls::Required, &certificate.certificate);
        store.put(&path("a/b"), awkward(100)).await.unwrap();
        server.twist("STOR", usize::MAX, Act::Drop(words));
        let error = store.put(&path("a/c"), awkward(100)).await.unwrap_err();
        assert!(error.reason.contains(words) && !error.advice.is_empty(), "{error:?}");
    }
}

#[test]
fn text_that_is_no_certificate_is_refused_at_once() {
    let error = open_with(settings(21, Tls::Required, "no PEM"), Patience::default(), clock::system()).err().unwrap();
    assert_eq!(error.kind, Kind::Settings, "{error}");
}
