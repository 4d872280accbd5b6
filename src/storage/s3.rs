//! S3 and what speaks its protocol.

use std::sync::Arc;

use secrecy::SecretString;

use super::{Error, Store};
use crate::clock::SharedClock;

/// What a bucket is reached with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// URL of the service; `None` for AWS.
    pub endpoint: Option<String>,
    /// The bucket is named in the path and not in the host; AWS itself wants false.
    pub path_style: bool,
    /// Region.
    pub region: String,
    /// Bucket; it must exist.
    pub bucket: String,
    /// Folder in the bucket, as typed; empty for its root.
    pub folder: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: SecretString,
    /// Authorities to believe beside the system's, or the server's own certificate; PEM, or empty.
    pub ca_pem: String,
    /// Encryption by the server.
    pub encryption: Encryption,
}

/// Encryption by the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// What the bucket says.
    #[default]
    None,
    /// SSE-S3, AES-256.
    Aes256,
    /// SSE-KMS, with this key, or the account's own where it is empty.
    Kms(String),
}

/// A store in a bucket. Nothing is sent yet.
///
/// # Errors
/// Where the settings cannot be right.
pub fn open(settings: Settings, clock: SharedClock) -> Result<Arc<dyn Store>, Error> {
    let _ = clock;
    Err(Error {
        operation: "use S3".to_owned(),
        place: settings.bucket,
        kind: super::Kind::Settings,
        reason: "it is not built yet".to_owned(),
        advice: String::new(),
    })
}
