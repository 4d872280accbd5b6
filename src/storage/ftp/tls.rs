//! TLS of control and data connections.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use rustls::{AlertDescription, CertificateError, SupportedProtocolVersion};
use suppaftp::tokio::{AsyncRustlsStream, AsyncTlsConnector};
use suppaftp::{FtpError, FtpResult};
use tokio::net::TcpStream;

use super::fault::{Fault, quoted};
use crate::storage::Kind;
use crate::trust::{Believed, SelfSigned};

/// TLS 1.2 first: a TLS 1.3 ticket is good for one data connection, and servers that want sessions resumed give out
/// fewer than a backup needs (ProFTPD 1.3.8 refuses the third to fifth data connection).
pub(super) const TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

/// For servers that refuse TLS 1.2.
pub(super) const TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// How the handshakes of one session went.
#[derive(Clone, Debug, Default)]
pub(super) struct Handshakes(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    tried: usize,
    last: Option<rustls::Error>,
}

impl Handshakes {
    /// Whether the server ever went as far as TLS.
    pub(super) fn any(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tried > 0
    }

    /// What rustls said of the last one, where it failed.
    pub(super) fn last_error(&self) -> Option<rustls::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last.clone()
    }

    fn note(&self, error: Option<rustls::Error>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.tried += 1;
        seen.last = error;
    }
}

/// Makes the TLS connections of one session, all from one configuration, so that data connections resume the session of
/// the control connection and no other one's.
pub(super) struct Connector {
    inner: tokio_rustls::TlsConnector,
    seen: Handshakes,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl Connector {
    /// A connector with a session cache of its own.
    pub(super) fn new(
        believed: &Believed,
        versions: &[&'static SupportedProtocolVersion],
        seen: Handshakes,
    ) -> Result<Self, Fault> {
        let config = believed.config(versions).map_err(|error| Fault::new(Kind::Certificate, error.to_string()))?;
        Ok(Self { inner: tokio_rustls::TlsConnector::from(Arc::new(config)), seen })
    }
}

impl AsyncTlsConnector for Connector {
    type Stream = AsyncRustlsStream;

    fn connect<'a, 'b, 'f>(&'a self, domain: &'b str, stream: TcpStream) -> BoxFuture<'f, FtpResult<Self::Stream>>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let name = rustls::pki_types::ServerName::try_from(domain.to_owned())
                .map_err(|error| FtpError::SecureError(error.to_string()))?;
            let made = self.inner.connect(name, stream).await;
            let inner = |error: &std::io::Error| {
                error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).cloned()
            };
            self.seen.note(made.as_ref().err().and_then(inner));
            made.map(AsyncRustlsStream::from).map_err(|error| FtpError::SecureError(error.to_string()))
        })
    }
}

/// Whether another version of TLS may go better.
pub(super) fn wants_other_version(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
            | rustls::Error::PeerIncompatible(_)
    )
}

/// Why a handshake failed, in words. `host` is the name that was asked for.
pub(super) fn explained(error: &rustls::Error, host: &str) -> Fault {
    match error {
        rustls::Error::InvalidCertificate(error) => {
            let (reason, advice) = doubt(error, host);
            Fault::new(Kind::Certificate, reason).advised(advice)
        }
        error => Fault::new(Kind::Tls, format!("TLS could not be agreed on: {}", quoted(&error.to_string())))
            .advised("Check that the server takes TLS 1.2 or 1.3 on this port."),
    }
}

fn doubt(error: &CertificateError, host: &str) -> (String, String) {
    const GIVE: &str = "Give its certificate, or the authority that signed it, as the location's CA certificate.";
    const RENEW: &str = "Have the server's certificate renewed.";
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("its certificate has expired".to_owned(), format!("{RENEW} If it is good, check this machine's clock."))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("its certificate is not valid yet".to_owned(), "Check the clocks of both machines.".to_owned())
        }
        CertificateError::NotValidForName => other_name(host, &[]),
        CertificateError::NotValidForNameContext { presented, .. } => other_name(host, presented),
        CertificateError::UnknownIssuer => {
            ("its certificate is signed by an authority that is not known here".to_owned(), GIVE.to_owned())
        }
        CertificateError::Revoked => ("its certificate was revoked".to_owned(), RENEW.to_owned()),
        CertificateError::Other(other) if other.0.is::<SelfSigned>() => {
            ("its certificate is self-signed".to_owned(), GIVE.to_owned())
        }
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => (
            "its certificate is that of an authority, used for the server itself".to_owned(),
            "Give this certificate as the location's CA certificate, if you know it is the server's.".to_owned(),
        ),
        other => (format!("its certificate is not believed: {}", quoted(&other.to_string())), GIVE.to_owned()),
    }
}

fn other_name(host: &str, presented: &[String]) -> (String, String) {
    // rustls gives each as `DnsName("ftp.example")`.
    let bare = |name: &String| quoted(name.split('"').nth(1).unwrap_or(name));
    let names: Vec<String> = presented.iter().take(3).map(bare).collect();
    let held = if names.is_empty() { String::new() } else { format!("; it holds for {}", names.join(", ")) };
    (
        format!("its certificate is not for {host}{held}"),
        "Use the name that the certificate holds for, or give this certificate as the location's CA certificate."
            .to_owned(),
    )
}
