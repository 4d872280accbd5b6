//! One control connection, signed in: commands with a time limit each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use suppaftp::tokio::AsyncRustlsFtpStream;
use suppaftp::{FtpError, FtpResult, Mode, Status};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Patience;
use super::fault::Fault;
use super::tls::Handshakes;
use crate::storage::Kind;

/// What the last data connection came to, as far as the control connection cannot tell.
#[derive(Debug, Default)]
pub(super) struct Door {
    /// The port that was announced; 0 before it was.
    pub(super) port: AtomicU16,
    /// It was connected.
    pub(super) open: AtomicBool,
}

/// How data connections are opened: `PASV` or `EPSV`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Pasv,
    Epsv,
}

/// See the module. A session whose operation did not end cleanly is dropped, never used again.
pub(super) struct Session {
    pub(super) stream: AsyncRustlsFtpStream,
    pub(super) door: Arc<Door>,
    pub(super) handshakes: Handshakes,
    pub(super) patience: Patience,
    /// Where the location's directory is, absolute, without a slash at the end; empty for the topmost.
    pub(super) base: String,
    /// The certificate's name.
    pub(super) host: String,
    pub(super) way: Way,
}

/// An answer to `SIZE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// Bytes.
    Of(u64),
    /// There is no such file, or it may not be looked at.
    Missing,
    /// The server cannot say.
    Unknown,
}

/// Waits for `work`, at most `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    step: &str,
    work: impl Future<Output = FtpResult<T>>,
) -> Result<T, Fault> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(|error| Fault::from_ftp(step, error)),
        Err(_) => Err(Fault::late(step, limit)),
    }
}

impl Session {
    /// Wraps a control connection that is to be signed in.
    pub(super) fn new(
        stream: AsyncRustlsFtpStream,
        handshakes: Handshakes,
        host: String,
        way: Way,
        patience: Patience,
    ) -> Self {
        let door = Arc::new(Door::default());
        let seen = door.clone();
        let limit = patience.connect;
        let mut stream = stream.passive_stream_builder(move |address| {
            let seen = seen.clone();
            Box::pin(async move { open_door(&seen, address, limit).await })
        });
        // The address that PASV announces is the server's own, which behind NAT leads nowhere, and on a hostile server
        // to someone else.
        stream.set_passive_nat_workaround(true);
        Self { stream, door, handshakes, patience, base: String::new(), host, way }
    }

    /// Sends one line and waits for one of `expected`; the reply as text.
    pub(super) async fn command(&mut self, line: String, expected: &[Status]) -> Result<String, Fault> {
        let verb = line.split(' ').next().unwrap_or_default().to_owned();
        let reply = within(self.patience.command, &verb, self.stream.custom_command(line, expected)).await?;
        Ok(String::from_utf8_lossy(&reply.body).trim_end().to_owned())
    }

    /// The absolute path of something below the location's directory.
    pub(super) fn absolute(&self, path: &str) -> String {
        match (self.base.as_str(), path) {
            ("", "") => "/".to_owned(),
            (base, "") => base.to_owned(),
            (base, path) => format!("{base}/{path}"),
        }
    }

    /// Goes to a directory; whether it is there and may be entered.
    pub(super) async fn enter(&mut self, path: &str) -> Result<bool, Fault> {
        match self.command(format!("CWD {path}"), &[Status::RequestedFileActionOk, Status::CommandOk]).await {
            Ok(_) => Ok(true),
            Err(fault) if matches!(fault.code, 550 | 553 | 450 | 501 | 521) && fault.kind != Kind::Tls => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Makes one directory, or finds it made.
    pub(super) async fn make(&mut self, path: &str) -> Result<(), Fault> {
        // bftpd answers 200, others 250.
        let made = [Status::PathCreated, Status::RequestedFileActionOk, Status::CommandOk];
        let refused = match self.command(format!("MKD {path}"), &made).await {
            Ok(_) => return Ok(()),
            Err(fault) if fault.refused() && fault.sound => fault,
            Err(fault) => return Err(fault),
        };
        // "It exists" is told in many ways, and by some servers not at all.
        if self.enter(path).await? { Ok(()) } else { Err(refused) }
    }

    /// What `SIZE` says.
    pub(super) async fn size(&mut self, path: &str) -> Result<Size, Fault> {
        match self.command(format!("SIZE {path}"), &[Status::File]).await {
            Ok(reply) => Ok(last_word(&reply).and_then(|word| word.parse().ok()).map_or(Size::Unknown, Size::Of)),
            Err(fault) if fault.unknown_command() => Ok(Size::Unknown),
            Err(fault) if fault.sound && matches!(fault.code, 550 | 553 | 450) => Ok(Size::Missing),
            Err(fault) => Err(fault),
        }
    }

    /// When a file was written, by the server's clock; `None` where it does not say.
    pub(super) async fn modified(&mut self, path: &str) -> Result<Option<DateTime<Utc>>, Fault> {
        match self.command(format!("MDTM {path}"), &[Status::File]).await {
            Ok(reply) => Ok(last_word(&reply).and_then(timestamp)),
            Err(fault) if fault.sound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Removes a file.
    pub(super) async fn remove(&mut self, path: &str) -> Result<(), Fault> {
        self.command(format!("DELE {path}"), &[Status::RequestedFileActionOk, Status::CommandOk]).await.map(|_| ())
    }

    /// Renames a file.
    pub(super) async fn rename(&mut self, from: &str, to: &str) -> Result<(), Fault> {
        self.command(format!("RNFR {from}"), &[Status::RequestFilePending]).await?;
        let done = [Status::RequestedFileActionOk, Status::CommandOk];
        self.command(format!("RNTO {to}"), &done).await.map(|_| ())
    }

    /// Sets how the next data connection is opened.
    pub(super) fn go(&mut self, way: Way) {
        self.way = way;
        self.stream.set_mode(match way {
            Way::Pasv => Mode::Passive,
            Way::Epsv => Mode::ExtendedPassive,
        });
        self.door.port.store(0, Ordering::Relaxed);
        self.door.open.store(false, Ordering::Relaxed);
    }
}

/// The second half of a one-line reply such as `213 4096`.
fn last_word(reply: &str) -> Option<&str> {
    reply.lines().last()?.split_whitespace().nth(1)
}

/// A time of `MDTM` and `MLSD`: `20261122030405`, with or without a fraction, in UTC (RFC 3659 §2.3).
pub(super) fn timestamp(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text.get(..14)?, "%Y%m%d%H%M%S").ok().map(|time| time.and_utc())
}

/// Connects a data connection and notes how far that came.
async fn open_door(seen: &Door, address: SocketAddr, limit: Duration) -> FtpResult<TcpStream> {
    seen.port.store(address.port(), Ordering::Relaxed);
    let stream = match timeout(limit, TcpStream::connect(address)).await {
        Ok(made) => made.map_err(FtpError::ConnectionError)?,
        Err(_) => return Err(FtpError::ConnectionError(std::io::ErrorKind::TimedOut.into())),
    };
    seen.open.store(true, Ordering::Relaxed);
    keep_alive(&stream);
    Ok(stream)
}

/// Keeps a connection from being forgotten by firewalls while the other one of its session is busy, and small packets
/// from waiting for each other. Both only help, so a system that refuses is no reason to stop.
pub(super) fn keep_alive(stream: &TcpStream) {
    const PERIOD: Duration = Duration::from_secs(30);
    let keep = socket2::TcpKeepalive::new().with_time(PERIOD).with_interval(PERIOD);
    let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&keep);
    let _ = stream.set_nodelay(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_servers_are_read_in_utc() {
        let read = timestamp("20261122030405.123").unwrap();
        assert_eq!(read.to_rfc3339(), "2026-11-22T03:04:05+00:00");
        assert_eq!(timestamp("20261322030405"), None);
        assert_eq!(timestamp("2026"), None);
        assert_eq!(last_word("213 4096"), Some("4096"));
        assert_eq!(last_word("213"), None);
    }
}
