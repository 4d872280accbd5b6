//! The suite over S3 servers.

use std::sync::Arc;
use std::time::Duration;

use palette_console::clock;
use palette_console::storage::s3::{Encryption, Settings, Timeouts};
use palette_console::storage::{Store, s3};

use crate::conformance;
use crate::s3_server::Server;

/// Settings for a bucket of a test server.
pub fn settings(endpoint: &str) -> Settings {
    Settings {
        endpoint: Some(endpoint.to_owned()),
        path_style: true,
        region: "us-east-1".to_owned(),
        bucket: "backups".to_owned(),
        folder: "site a/Prüfung".to_owned(),
        access_key: "AKTEST".to_owned(),
        secret_key: "secret-of-the-test".to_owned().into(),
        ca_pem: String::new(),
        encryption: Encryption::None,
    }
}

#[tokio::test]
async fn the_server_in_process_keeps_every_promise() {
    let server = Server::start().await;
    // To read a folder as an object is answered with a 500, which is tried again.
    let timeouts = Timeouts { short_patience: Duration::from_secs(2), ..Timeouts::default() };
    let store: Arc<dyn Store> = s3::open_with(settings(&server.endpoint), timeouts, clock::system()).unwrap();
    conformance::run(store, conformance::Scale::Full).await;
}
