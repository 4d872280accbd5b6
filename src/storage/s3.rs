//! S3 and what speaks its protocol.
//!
//! Only what every server does alike is used: whole objects by `PutObject` from memory (so that the signature covers
//! the payload and no server meets the chunked checksums that many refuse), `ListObjectsV2`, single deletes. No
//! multipart uploads: their parts are invisible and billed until someone sweeps them. Checksums `WhenRequired`: the
//! CRC32 that the SDK adds by default is refused by R2, older MinIO, Ceph and others (aws-sdk-rust#1240).

mod objects;
mod place;
mod probing;
mod refusal;
mod retry;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use super::probe::Steps;
use super::{Answer, Error, Kind, Listing, ObjectPath, ServerClock, Store};
use crate::clock::SharedClock;
use crate::trust::Believed;

use place::Place;
use wire::{Trouble, Wire};

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

/// How long a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection is up, its TLS included.
    pub connect: Duration,
    /// Without a byte in either direction.
    pub quiet: Duration,
    /// For calls without much data, and the least for the others, which get 64 KiB a second.
    pub least: Duration,
    /// How long a write is tried again on passing errors, once one has gone well: a server that restarts at night
    /// should not cost a backup.
    pub patience: Duration,
    /// The same for everything else.
    pub short_patience: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            quiet: Duration::from_secs(60),
            least: Duration::from_secs(90),
            patience: Duration::from_secs(10 * 60),
            short_patience: Duration::from_secs(20),
        }
    }
}

/// A store in a bucket. Nothing is sent yet.
///
/// # Errors
/// Where the settings cannot be right.
pub fn open(settings: Settings, clock: SharedClock) -> Result<Arc<dyn Store>, Error> {
    open_with(settings, Timeouts::default(), clock)
}

/// The same with other limits of time.
///
/// # Errors
/// Where the settings cannot be right.
pub fn open_with(settings: Settings, timeouts: Timeouts, clock: SharedClock) -> Result<Arc<dyn Store>, Error> {
    let place = Place::new(&settings)?;
    let refused = |trouble: Trouble| trouble.at("use S3", &place.address);
    check_credentials(&settings).map_err(refused)?;
    let believed = Believed::from_pem(&settings.ca_pem)
        .map_err(|error| refused(Trouble::new(Kind::Settings, error.to_string())))?;
    let wire = Wire::new(&place, &believed, timeouts, clock.clone()).map_err(refused)?;
    let client = client(&settings, &place, wire.clone());
    Ok(Arc::new(S3 {
        client,
        wire,
        believed,
        place,
        clock,
        encryption: settings.encryption,
        timeouts,
        proved_writing: AtomicBool::new(false),
        seen_bucket: AtomicBool::new(false),
        guards: AtomicBool::new(true),
        notes: Mutex::default(),
    }))
}

/// What cannot travel in a header cannot be a key.
fn check_credentials(settings: &Settings) -> Result<(), Trouble> {
    let wrong = |reason: &str, advice: &str| Err(Trouble::new(Kind::Settings, reason).advised(advice));
    let printable = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable(&settings.access_key) {
        return wrong("the access key id is empty or holds a space", "Copy it again, without spaces or line breaks.");
    }
    if !printable(settings.secret_key.expose_secret()) {
        return wrong(
            "the secret access key is empty or holds a space",
            "Copy it again, without spaces or line breaks.",
        );
    }
    match &settings.encryption {
        Encryption::Kms(key) if !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
            wrong("the KMS key id holds a space", "Copy it again: an id, an alias or an ARN.")
        }
        _ => Ok(()),
    }
}

fn client(settings: &Settings, place: &Place, wire: Wire) -> aws_sdk_s3::Client {
    let secret = settings.secret_key.expose_secret().to_owned();
    let mut config = aws_sdk_s3::config::Builder::new()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(place.region.clone()))
        .credentials_provider(Credentials::new(settings.access_key.clone(), secret, None, None, "location"))
        .force_path_style(settings.path_style)
        .disable_s3_express_session_auth(true)
        // A clock that is off is told and not hidden: retention goes by it.
        .disable_clock_skew_correction(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // `wire` and `retry` bound the time and repeat: one place for each.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(wire);
    if let Some(endpoint) = &place.endpoint {
        config = config.endpoint_url(endpoint.as_str());
    }
    aws_sdk_s3::Client::from_conf(config.build())
}

struct S3 {
    client: aws_sdk_s3::Client,
    wire: Wire,
    believed: Believed,
    place: Place,
    clock: SharedClock,
    encryption: Encryption,
    timeouts: Timeouts,
    /// A write has gone well: from now on a failure is worth waiting for.
    proved_writing: AtomicBool,
    /// The bucket is there, so that a `HEAD` that finds nothing means the object.
    seen_bucket: AtomicBool,
    /// Writes carry `If-None-Match: *`. Until the server says that it does not know what that is.
    guards: AtomicBool,
    /// Warnings that stay.
    notes: Mutex<Vec<String>>,
}

impl S3 {
    fn note(&self, words: &str) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.iter().any(|note| note == words) {
            notes.push(words.to_owned());
        }
    }

    fn error(&self, operation: &str, trouble: Trouble) -> Error {
        trouble.at(operation, &self.place.address)
    }
}

impl Store for S3 {
    fn address(&self) -> String {
        self.place.address.clone()
    }

    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            let operation = format!("write {path}");
            self.write(path, &bytes).await.map_err(|trouble| self.error(&operation, trouble))?;
            self.proved_writing.store(true, Ordering::Relaxed);
            Ok(())
        })
    }

    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let read = self.patiently(self.timeouts.short_patience, || self.read_once(path, most)).await;
            read.map_err(|trouble| self.error(&format!("read {path}"), trouble))
        })
    }

    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        Box::pin(async move {
            let size = self.patiently(self.timeouts.short_patience, || self.size_once(path)).await;
            size.map_err(|trouble| self.error(&format!("look at {path}"), trouble))
        })
    }

    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(self.listing(folder, false))
    }

    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(self.listing(folder, true))
    }

    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        Box::pin(async move {
            let deleted = self.patiently(self.timeouts.short_patience, || self.delete_once(path)).await;
            deleted.map_err(|trouble| self.error(&format!("delete {path}"), trouble))
        })
    }

    fn delete_folder<'a>(&'a self, _folder: &'a ObjectPath) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn prove_connection<'a>(&'a self, steps: &'a mut Steps<'_>) -> BoxFuture<'a, bool> {
        Box::pin(self.reach(steps))
    }

    fn prove_writing<'a>(&'a self, steps: &'a mut Steps<'_>, scratch: &'a ObjectPath) -> BoxFuture<'a, bool> {
        Box::pin(self.try_guard(steps, scratch))
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks: Vec<String> = self.place.in_clear().into_iter().collect();
        remarks.extend(self.notes.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        remarks
    }

    fn server_clock(&self) -> Option<ServerClock> {
        self.wire.server_clock()
    }

    fn ask_clock(&self) -> Answer<'_, Option<ServerClock>> {
        Box::pin(async move {
            let asked = self.ask_clock_anew().await;
            asked.map_err(|trouble| self.error("ask for the server's time", trouble))
        })
    }

    fn concurrency(&self) -> usize {
        4
    }
}
