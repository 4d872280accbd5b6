//! What goes out to an S3 server beside the bytes: encryption as it was asked for, and no header that servers refuse.

use palette_console::clock;
use palette_console::storage::s3::{self, Encryption, Settings};
use palette_console::storage::{ObjectPath, Store};

use crate::s3_faults::{KEY, brief, bytes, path, settings};
use crate::s3_scripted::{Reply, Scripted};

/// A server that takes no notice is no error, and no secret.
#[tokio::test]
async fn a_server_that_does_not_say_that_it_encrypts_is_remarked_on() {
    let silent = |store: &dyn Store| store.remarks().iter().any(|remark| remark.contains("does not say that it does"));
    for (encryption, says, remarked) in [
        (Encryption::None, false, false),
        (Encryption::Aes256, false, true),
        (Encryption::Aes256, true, false),
        (Encryption::Kms(String::new()), false, true),
    ] {
        let header = says.then(|| ("x-amz-server-side-encryption", "AES256".to_owned()));
        let answer = Reply::Answer(200, header.into_iter().collect(), String::new());
        let server = Scripted::start(move |request, _| (request.verb() == "put").then(|| answer.clone())).await;
        server.plant(KEY, &bytes());
        let settings = Settings { encryption: encryption.clone(), ..settings(&server.endpoint) };
        let store = s3::open_with(settings, brief(), clock::system()).unwrap();
        store.put(&path("a/b"), bytes()).await.unwrap();
        assert_eq!(silent(&*store), remarked, "{encryption:?} {says}");
    }
}

fn wish(encryption: &Encryption) -> Option<&'static str> {
    match encryption {
        Encryption::None => None,
        Encryption::Aes256 => Some("AES256"),
        Encryption::Kms(_) => Some("aws:kms"),
    }
}

/// Every `x-amz-*` header that goes out, by operation. Checksum headers would be refused by many servers.
#[tokio::test]
async fn no_more_headers_go_out_than_every_server_takes() {
    let server = Scripted::start(|_, _| None).await;
    for encryption in [Encryption::None, Encryption::Aes256, Encryption::Kms("key-1".to_owned())] {
        let settings = Settings { encryption: encryption.clone(), ..settings(&server.endpoint) };
        let store = s3::open(settings, clock::system()).unwrap();
        let at = path(&format!("a/{}", fastrand::u32(..)));
        store.put(&at, bytes()).await.unwrap();
        store.get(&at, 1 << 20).await.unwrap();
        store.list(&ObjectPath::root()).await.unwrap();
        store.walk(&ObjectPath::root()).await.unwrap();
        store.delete(&at).await.unwrap();
        for request in server.requests().iter().rev().take(6) {
            let mut expected = vec!["x-amz-content-sha256", "x-amz-date", "x-amz-user-agent"];
            match (request.verb(), &encryption) {
                ("put", Encryption::Aes256) => expected.push("x-amz-server-side-encryption"),
                ("put", Encryption::Kms(_)) => {
                    expected.push("x-amz-server-side-encryption");
                    expected.push("x-amz-server-side-encryption-aws-kms-key-id");
                }
                _ => {}
            }
            expected.sort();
            let sent: Vec<_> = request.headers.keys().filter(|name| name.starts_with("x-amz-")).collect();
            assert_eq!(sent, expected, "{}", request.verb());
            let asked = request.headers.get("x-amz-server-side-encryption").map(String::as_str);
            assert_eq!(asked, wish(&encryption).filter(|_| request.verb() == "put"), "{}", request.verb());
            let payload = &request.headers["x-amz-content-sha256"];
            assert!(payload.len() == 64, "{}: the signature covers the payload: {payload}", request.verb());
            for never in ["content-encoding", "transfer-encoding", "expect", "content-md5"] {
                assert!(!request.headers.contains_key(never), "{}: {never}", request.verb());
            }
        }
    }
    assert!(server.requests().iter().all(|request| !request.query.contains("uploads")));
    let put = server.requests().into_iter().find(|request| request.verb() == "put").unwrap();
    assert_eq!(put.headers["content-length"], "300000");
}
