//! The ways in: loopback TCP, TLS, and the limits of a hosted plane.

use std::fs;
use std::net::SocketAddr;

use palette_console::plane::{self, Door, StartError};
use serde_json::Value;

use crate::rig::{Rig, api_key, settings};

fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[tokio::test]
async fn loopback_is_served_in_plain_http_and_ends_with_the_plane() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let running = plane::start(settings, Door::Tcp(anywhere())).await.unwrap();
    let address = running.address().unwrap();
    assert_eq!(running.url(), Some(format!("http://{address}")));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}/ext/v1/capabilities");
    assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
    running.stop().await;
    assert!(http.get(&url).send().await.is_err());
}

#[tokio::test]
async fn plain_http_beyond_loopback_is_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(&dir.path().join("data"));
    let error = plane::start(settings, Door::Tcp("0.0.0.0:0".parse().unwrap())).await.err().unwrap();
    assert!(matches!(error, StartError::PlainBeyondLoopback { .. }), "{error}");
    assert!(error.to_string().contains("--tls-cert") && error.to_string().contains("--tls-key"));
    assert!(!dir.path().join("data").exists());
}

#[tokio::test]
async fn an_address_that_is_taken_is_said_in_words_and_gives_the_directory_back() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let taken = std::net::TcpListener::bind(anywhere()).unwrap();
    let address = taken.local_addr().unwrap();
    let error = plane::start(settings.clone(), Door::Tcp(address)).await.err().unwrap();
    assert!(matches!(error, StartError::Listen { .. }) && error.to_string().contains("--listen"), "{error}");
    plane::start(settings, Door::Tcp(anywhere())).await.unwrap().stop().await;
}

#[tokio::test]
async fn tls_is_served_beyond_loopback_and_a_silent_client_keeps_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let door = Door::Tls { address: "0.0.0.0:0".parse().unwrap(), cert, key };
    let running = plane::start(settings, door).await.unwrap();
    let port = running.address().unwrap().port();
    assert!(running.url().unwrap().starts_with("https://"));
    let silent = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().unwrap();
    let url = format!("https://localhost:{port}/v1/overlords");
    let palette = match api_key(dir.path()) {
        crate::rig::As::ApiKey(key) => key,
        _ => unreachable!(),
    };
    let answer = http.get(&url).header("ApiKey", palette).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    drop(silent);
    running.stop().await;
}

#[tokio::test]
async fn tls_files_that_do_not_fit_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(&dir.path().join("data"));
    let one = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let two = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let write = |name: &str, text: String| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let cert = write("cert.pem", one.cert.pem());
    let key = write("key.pem", one.signing_key.serialize_pem());
    let other = write("other.pem", two.signing_key.serialize_pem());
    let text = write("text.pem", "no PEM at all".to_owned());
    let missing = dir.path().join("missing.pem");
    for (cert, key, named, words) in [
        (&missing, &key, "missing.pem", "No such file"),
        (&text, &key, "text.pem", "no certificate"),
        (&cert, &text, "text.pem", "no private key"),
        (&cert, &other, "other.pem", "does not fit"),
    ] {
        let door = Door::Tls { address: anywhere(), cert: cert.clone(), key: key.clone() };
        let error = plane::start(settings.clone(), door).await.err().unwrap();
        let text = error.to_string();
        assert!(matches!(error, StartError::Tls { .. }) && text.contains(named) && text.contains(words), "{text}");
        assert!(!dir.path().join("data/plane.db").exists());
    }
}

#[tokio::test]
async fn a_plane_with_limits_says_when_to_come_back() {
    let rig = Rig::with(|settings| settings.rate_limits = true).await;
    assert_eq!(rig.get("/ext/v1/capabilities").await.1["unlimited"], false);
    let mut refused = None;
    for _ in 0..2_000 {
        let answer = rig.client.request(&rig.key, "GET", "/v1/users/info").send().await.unwrap();
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("two thousand requests in a row are too many");
    assert_eq!(refused.headers()["retry-after"], "1");
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["code"], "TooManyRequests");
    assert_eq!(rig.get("/v1/overlords").await.0, 200, "another resource has a bucket of its own");
}
