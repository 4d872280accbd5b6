//! From settings to a session: look up, connect, TLS, sign in, find the directory.

use std::net::SocketAddr;

use rustls::SupportedProtocolVersion;
use suppaftp::tokio::AsyncRustlsFtpStream;
use suppaftp::types::{Features, FileType};
use suppaftp::{FtpError, Status};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::fault::{Fault, quoted};
use super::session::{Session, Way, keep_alive, within};
use super::tls::{self, Connector, Handshakes, Rescue, TLS12, TLS13};
use super::{Ftp, Passive, Tls};
use crate::storage::Kind;

/// Addresses of one host that are tried.
const ADDRESSES: usize = 4;

/// A control connection before anyone signed in.
pub(super) struct Raw {
    stream: AsyncRustlsFtpStream,
    handshakes: Handshakes,
    pub(super) peer: SocketAddr,
    pub(super) secure: bool,
}

impl Ftp {
    /// The addresses of the host.
    pub(super) async fn look_up(&self) -> Result<Vec<SocketAddr>, Fault> {
        let host = &self.settings.host;
        let nowhere = |why: String| {
            Fault::new(Kind::NoSuchHost, format!("the name {host} has no address{why}"))
                .advised("Check the server's name, and that this machine's name service knows it.")
        };
        match timeout(self.patience.connect, lookup_host((host.as_str(), self.settings.port))).await {
            Ok(Ok(found)) => {
                let found: Vec<SocketAddr> = found.take(ADDRESSES).collect();
                if found.is_empty() { Err(nowhere(String::new())) } else { Ok(found) }
            }
            Ok(Err(error)) => Err(nowhere(format!(" ({})", quoted(&error.to_string())))),
            Err(_) => Err(Fault::late("the name lookup", self.patience.connect)),
        }
    }

    /// Connects to the first address that answers, and reads the greeting.
    pub(super) async fn connect(&self, addresses: &[SocketAddr]) -> Result<Raw, Fault> {
        let mut last = Fault::new(Kind::NoSuchHost, "there is no address to connect to");
        for address in addresses {
            match self.connect_one(*address).await {
                Ok(raw) => return Ok(raw),
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }

    async fn connect_one(&self, address: SocketAddr) -> Result<Raw, Fault> {
        let limit = self.patience.connect;
        let port = self.settings.port;
        let socket = match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                return Err(Fault::new(
                    Kind::Unreachable,
                    format!("nothing listens on port {port} of {}", address.ip()),
                )
                .advised("Check the port, and that the FTP server runs."));
            }
            Ok(Err(error)) => {
                return Err(Fault::new(Kind::Unreachable, format!("{} cannot be reached: {error}", address.ip()))
                    .advised("Check the server's name and the way to it."));
            }
            Err(_) => {
                return Err(Fault::late(&format!("connecting to {address}"), limit)
                    .advised("Check the server's name and port, and the firewalls between here and there."));
            }
        };
        keep_alive(&socket);
        let greeting = within(self.patience.login, "the greeting", AsyncRustlsFtpStream::connect_with_stream(socket));
        let stream = greeting.await.map_err(|fault| match fault.kind {
            Kind::Interrupted | Kind::Timeout => {
                fault.advised("Check that an FTP server listens at this port, one without implicit TLS.")
            }
            _ => fault,
        })?;
        Ok(Raw { stream, handshakes: Handshakes::default(), peer: address, secure: false })
    }

    /// Turns TLS on as the settings say. With [`Tls::Optional`] a server that does not offer it is used without, but
    /// never one that offers it and fails at it, nor one that offered it before.
    pub(super) async fn secure(&self, raw: Raw) -> Result<Raw, Fault> {
        let wanted = self.settings.tls;
        let offered = self.memory(|memory| memory.tls_offered);
        if wanted == Tls::Off || (wanted == Tls::Optional && offered == Some(false)) {
            return Ok(raw);
        }
        let peer = raw.peer;
        let newer = self.memory(|memory| memory.tls13);
        let versions = if newer { TLS13 } else { TLS12 };
        let outcome = match self.handshake(raw, versions).await {
            // Either way the connection is spent.
            Err((_, Rescue::Afresh)) => self.handshake(self.connect_one(peer).await?, versions).await,
            Err((fault, Rescue::OtherVersion)) if !newer => {
                let second = self.handshake(self.connect_one(peer).await?, TLS13).await;
                if second.is_ok() {
                    self.remember(|memory| memory.tls13 = true);
                }
                second.map_err(|_| (fault, Rescue::None))
            }
            other => other,
        };
        match outcome {
            Ok(raw) => {
                self.remember(|memory| memory.tls_offered = Some(true));
                Ok(raw)
            }
            Err((fault, _)) if !fault.door => Err(fault),
            Err(_) if wanted == Tls::Optional && offered.is_none() => {
                let raw = self.connect_one(peer).await?;
                self.remember(|memory| memory.tls_offered = Some(false));
                Ok(raw)
            }
            Err((fault, _)) => Err(Fault { door: false, ..fault }),
        }
    }

    /// `AUTH TLS`, the handshake, `PBSZ` and `PROT P`. With a failure goes what may help; its `door` tells that the
    /// server does not offer TLS at all.
    async fn handshake(
        &self,
        raw: Raw,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Raw, (Fault, Rescue)> {
        let lost = |fault| (fault, Rescue::None);
        let believed = self.believed.as_ref();
        let believed = believed.map_err(|why| lost(Fault::new(Kind::Certificate, why.clone())))?;
        let handshakes = Handshakes::default();
        let connector = Connector::new(believed, versions, handshakes.clone()).map_err(lost)?;
        let host = self.settings.host.clone();
        let limit = self.patience.tls;
        let Ok(made) = timeout(limit, raw.stream.into_secure(connector, &host)).await else {
            return Err(lost(Fault::late("the TLS handshake", limit)));
        };
        let error = match made {
            Ok(stream) => return Ok(Raw { stream, handshakes, peer: raw.peer, secure: true }),
            Err(error) => error,
        };
        if let Some(told) = handshakes.last_error() {
            return Err((tls::explained(&told, &host), tls::rescue(&told)));
        }
        Err(lost(unprotected(error, handshakes.any())))
    }

    /// Signs in and sets the session up: binary, UTF-8 where known, the directory.
    pub(super) async fn sign_in(&self, raw: Raw) -> Result<Session, Fault> {
        let way = self.way(raw.peer);
        let mut session =
            Session::new(raw.stream, raw.handshakes, self.settings.host.clone(), way, self.patience.clone());
        let (user, password) = (&self.settings.username, self.password());
        within(self.patience.login, "signing in", session.stream.login(user.as_str(), password))
            .await
            .map_err(login_fault)?;
        within(self.patience.command, "TYPE", session.stream.transfer_type(FileType::Binary)).await?;
        // Refused by servers that speak UTF-8 anyway or not at all; only a typed directory could notice.
        match session.command("OPTS UTF8 ON".to_owned(), &[Status::CommandOk]).await {
            Err(fault) if !fault.sound => return Err(fault),
            _ => {}
        }
        self.learn_features(&mut session).await?;
        session.base = self.base(&mut session).await?;
        session.go(way);
        Ok(session)
    }

    /// Everything from the beginning, for an operation that found no session waiting.
    pub(super) async fn dial(&self) -> Result<Session, Fault> {
        let addresses = self.look_up().await?;
        let raw = self.connect(&addresses).await?;
        let raw = self.secure(raw).await?;
        self.sign_in(raw).await
    }

    /// What `FEAT` lists, once per store.
    async fn learn_features(&self, session: &mut Session) -> Result<(), Fault> {
        if self.memory(|memory| memory.features_known) {
            return Ok(());
        }
        let features = match within(self.patience.command, "FEAT", session.stream.feat()).await {
            Ok(features) => features,
            Err(fault) if fault.sound => Features::default(),
            Err(fault) => return Err(fault),
        };
        let has = |wanted: &str| features.keys().any(|name| name.trim().eq_ignore_ascii_case(wanted));
        let mlsd = has("MLST") || has("MLSD");
        self.remember(|memory| {
            memory.features_known = true;
            memory.listed_by = if mlsd { super::ListedBy::Mlsd } else { super::ListedBy::List };
        });
        Ok(())
    }

    /// The location's directory as an absolute path: relative ones begin where the login leads.
    async fn base(&self, session: &mut Session) -> Result<String, Fault> {
        let dir = &self.dir;
        if dir.absolute {
            return Ok(dir.parts.iter().fold(String::new(), |path, part| path + "/" + part));
        }
        let home = within(self.patience.command, "PWD", session.stream.pwd()).await?;
        let home = home.trim_end_matches('/').to_owned();
        Ok(dir.parts.iter().fold(home, |path, part| path + "/" + part))
    }

    /// How a new session opens data connections.
    fn way(&self, peer: SocketAddr) -> Way {
        let learned = self.memory(|memory| memory.way);
        match (self.settings.passive, learned) {
            (Passive::Pasv, _) => Way::Pasv,
            (Passive::Epsv, _) => Way::Epsv,
            (Passive::Auto, Some(way)) => way,
            // PASV has no room for an IPv6 address.
            (Passive::Auto, None) if peer.is_ipv6() => Way::Epsv,
            (Passive::Auto, None) => Way::Pasv,
        }
    }
}

/// TLS that did not come about without a word from TLS itself.
fn unprotected(error: FtpError, handshaken: bool) -> Fault {
    match error {
        FtpError::UnexpectedResponse(reply) if handshaken => {
            let cause = Fault::from_reply("PROT P", &reply);
            Fault::new(Kind::Tls, format!("the server does not protect data connections; {}", cause.reason))
                .advised("Have the server allow PROT P; backups are not sent in clear text where TLS is in use.")
        }
        FtpError::UnexpectedResponse(reply) => {
            let cause = Fault::from_reply("AUTH TLS", &reply);
            let not_offered = cause.refused();
            let mut fault = Fault::new(Kind::Tls, format!("the server offers no TLS; {}", cause.reason));
            fault = fault.advised("Turn TLS on in the server, or set TLS to optional and accept clear text.");
            fault.door = not_offered;
            fault.again = !not_offered;
            fault
        }
        other => {
            let cause = Fault::from_ftp("the TLS handshake", other);
            Fault { kind: Kind::Tls, sound: false, ..cause }
        }
    }
}

/// A sign-in that failed. It is never tried again by itself: servers lock accounts.
fn login_fault(fault: Fault) -> Fault {
    let wrong = matches!(fault.code, 430 | 530 | 331 | 332) && fault.kind == Kind::Denied;
    let mut fault = Fault { sound: false, ..fault };
    if wrong || (fault.code == 501 || fault.code == 503) {
        let told =
            fault.reason.rsplit_once(": the server").map_or(String::new(), |(_, told)| format!(": the server{told}"));
        fault = Fault {
            code: fault.code,
            ..Fault::new(Kind::Credentials, format!("the user name or the password is wrong{told}"))
        };
        fault.advice = "Check both. The sign-in is not repeated by itself, since servers lock accounts.".to_owned();
    } else if fault.kind == Kind::Protocol && fault.advice.is_empty() {
        fault.advice = "The server's log says more.".to_owned();
    }
    fault
}
