//! Where requests come in: a Unix socket, loopback TCP, or TLS.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::error::StartError;

/// Longest that a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// TLS handshakes that may run at once; further connections wait in the kernel's queue.
const MOST_HANDSHAKES: usize = 64;
/// Pause after an accept that failed, such as one for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Over the Unix socket.
    Local,
    /// Over TCP.
    Remote(SocketAddr),
}

/// A connection of any kind.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Handshakes in a task of their own, so that a slow one keeps nobody waiting.
pub struct Handshakes {
    ready: mpsc::Receiver<(Box<dyn Stream>, SocketAddr)>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One way in.
pub enum Gate {
    /// Unix socket.
    Unix(UnixListener),
    /// Plain TCP.
    Tcp(TcpListener),
    /// TLS.
    Tls(Handshakes),
}

impl Gate {
    /// Listens on a Unix socket that only its owner may use. Whoever calls holds the directory's lock, so
    /// a socket that is there already is a dead owner's.
    ///
    /// # Errors
    /// Where the path cannot be listened on.
    pub fn unix(path: &Path) -> Result<Self, StartError> {
        let failed = |reason: io::Error| StartError::Socket { path: path.to_owned(), reason: reason.to_string() };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self::Unix(listener))
    }

    /// Listens for plain HTTP on a loopback address.
    ///
    /// # Errors
    /// Where the address is not loopback, or is taken.
    pub async fn tcp(address: SocketAddr) -> Result<Self, StartError> {
        if !address.ip().is_loopback() {
            return Err(StartError::PlainBeyondLoopback { address });
        }
        bind(address).await.map(Self::Tcp)
    }

    /// Listens for HTTPS.
    ///
    /// # Errors
    /// Where the address is taken.
    pub async fn tls(address: SocketAddr, config: Arc<ServerConfig>) -> Result<Self, StartError> {
        let listener = bind(address).await?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let (sender, ready) = mpsc::channel(MOST_HANDSHAKES);
        let task = tokio::spawn(shake_hands(listener, TlsAcceptor::from(config), sender));
        Ok(Self::Tls(Handshakes { ready, address, task }))
    }

    /// The address that TCP and TLS listen on; none for the Unix socket.
    #[must_use]
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Unix(_) => None,
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Tls(handshakes) => Some(handshakes.address),
        }
    }

    /// The next connection. Nothing is lost where the future is dropped.
    pub async fn accept(&mut self) -> (Box<dyn Stream>, Peer) {
        match self {
            Self::Unix(listener) => loop {
                match listener.accept().await {
                    Ok((stream, _)) => return (Box::new(stream), Peer::Local),
                    Err(error) => pause(&error).await,
                }
            },
            Self::Tcp(listener) => {
                let (stream, address) = accept(listener).await;
                (Box::new(stream), Peer::Remote(address))
            }
            Self::Tls(handshakes) => match handshakes.ready.recv().await {
                Some((stream, address)) => (stream, Peer::Remote(address)),
                // The task ends only with its listener; no connection will ever come.
                None => std::future::pending().await,
            },
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

async fn shake_hands(listener: TcpListener, acceptor: TlsAcceptor, ready: mpsc::Sender<(Box<dyn Stream>, SocketAddr)>) {
    let places = Arc::new(Semaphore::new(MOST_HANDSHAKES));
    while let Ok(place) = places.clone().acquire_owned().await {
        let (stream, address) = accept(&listener).await;
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    // Nobody takes it where the plane is stopping.
                    let _ = ready.send((Box::new(stream), address)).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
            drop(place);
        });
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                // Answers are small; waiting to fill a packet would only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, address);
            }
            Err(error) => pause(&error).await,
        }
    }
}

async fn pause(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// The TLS configuration of a certificate chain and its key.
///
/// # Errors
/// Where a file cannot be read, holds no PEM of its kind, or the two do not belong together.
pub fn tls_config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, StartError> {
    let wrong = |path: &Path, reason: String| StartError::Tls { path: path.to_owned(), reason };
    let read = |path: &Path| fs::read(path).map_err(|error| wrong(path, error.to_string()));
    let chain = CertificateDer::pem_slice_iter(&read(cert)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(cert, format!("it is not PEM ({error})")))?;
    if chain.is_empty() {
        return Err(wrong(cert, "it holds no certificate".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?)
        .map_err(|_| wrong(key, "it holds no private key in PEM".to_owned()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StartError::Internal(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| wrong(key, format!("it does not fit the certificate ({error})")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
