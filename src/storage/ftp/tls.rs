//! TLS of control and data connections.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use rustls::{AlertDescription, SupportedProtocolVersion};
use suppaftp::tokio::{AsyncRustlsStream, AsyncTlsConnector};
use suppaftp::{FtpError, FtpResult};
use tokio::net::TcpStream;

use super::fault::Fault;
use crate::storage::{Kind, certificate};
use crate::trust::Believed;

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

/// What may help after a handshake that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rescue {
    /// Nothing.
    None,
    /// Another version of TLS.
    OtherVersion,
    /// The same once more: libunftp 0.24, which answers `AUTH` before it is ready for TLS, at times takes the hello for
    /// a command and says in clear text that it does not know it.
    Afresh,
}

/// What may help after this.
pub(super) fn rescue(error: &rustls::Error) -> Rescue {
    match error {
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | rustls::Error::PeerIncompatible(_) => Rescue::OtherVersion,
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => Rescue::Afresh,
        _ => Rescue::None,
    }
}

/// Why a handshake failed, in words. `host` is the name that was asked for.
pub(super) fn explained(error: &rustls::Error, host: &str) -> Fault {
    let (kind, reason, advice) = certificate::explained(error, host);
    Fault::new(kind, reason).advised(advice)
}
