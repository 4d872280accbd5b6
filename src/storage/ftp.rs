//! FTP, with TLS (RFC 4217, explicit) where the server offers it.

use std::sync::Arc;

use secrecy::SecretString;

use super::{Error, Store};
use crate::clock::SharedClock;

/// What a directory is reached with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Directory, as typed: relative to where a login leads, or absolute. It is made where it is missing.
    pub dir: String,
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
    /// Whether TLS is used.
    pub tls: Tls,
    /// How data connections are opened.
    pub passive: Passive,
    /// Authorities to believe beside the system's, or the server's own certificate; PEM, or empty.
    pub ca_pem: String,
}

/// Whether TLS is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Always, or not at all.
    Required,
    /// Wherever the server offers it.
    #[default]
    Optional,
    /// Never.
    Off,
}

/// How data connections are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passive {
    /// `PASV`, `EPSV` where that fails or the address is IPv6.
    #[default]
    Auto,
    /// `EPSV` (RFC 2428).
    Epsv,
    /// `PASV` (RFC 959).
    Pasv,
}

/// A store in a directory. Nothing is sent yet.
///
/// # Errors
/// Where the settings cannot be right.
pub fn open(settings: Settings, clock: SharedClock) -> Result<Arc<dyn Store>, Error> {
    let _ = clock;
    Err(Error {
        operation: "use FTP".to_owned(),
        place: settings.host,
        kind: super::Kind::Settings,
        reason: "it is not built yet".to_owned(),
        advice: String::new(),
    })
}
