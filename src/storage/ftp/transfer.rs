//! Data connections: bytes in, bytes out, each step with a time limit.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use suppaftp::tokio::{AsyncRustlsStream, TransferStream};
use suppaftp::{FtpError, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::fault::{Fault, PASSIVE_PORTS};
use super::session::{Session, within};
use super::tls;
use crate::storage::Kind;

/// Bytes that are written at a time: each has to go within the idle limit.
const PIECE: usize = 64 << 10;

/// How an upload failed.
pub(super) struct UploadFault {
    pub(super) fault: Fault,
    /// Every byte was sent: the file may be there whole although the server's word for it did not come.
    pub(super) all_sent: bool,
}

/// What a download brought.
pub(super) struct Download {
    pub(super) bytes: Bytes,
    /// Why the end was not clean, although bytes may be complete.
    pub(super) cut: Option<Fault>,
}

impl Session {
    /// Opens a data connection for one command.
    async fn open(&mut self, line: String) -> Result<TransferStream<AsyncRustlsStream>, Fault> {
        let verb = line.split(' ').next().unwrap_or_default().to_owned();
        let way = self.way;
        self.go(way);
        let started = [Status::AboutToSend, Status::AlreadyOpen];
        let opening = self.stream.custom_data_command(line, &started);
        match timeout(self.patience.open, opening).await {
            Ok(Ok((_, stream))) => Ok(stream),
            Ok(Err(FtpError::SecureError(words))) => Err(self.unprotected(&verb, words).await),
            Ok(Err(error)) => Err(self.door_fault(&verb, error)),
            Err(_) => {
                let late = Fault::late(&verb, self.patience.open);
                Err(if self.door.open.load(Ordering::Relaxed) { late } else { self.shut_door(late) })
            }
        }
    }

    /// A data connection without TLS; the server may say why, such as a session that was not resumed.
    async fn unprotected(&mut self, verb: &str, words: String) -> Fault {
        let told = timeout(self.patience.connect, self.stream.read_response(Status::ClosingDataConnection)).await;
        let fault = match (told, self.handshakes.last_error()) {
            (Ok(Err(error @ FtpError::UnexpectedResponse(_))), _) => Fault::from_ftp(verb, error),
            (_, Some(told)) => tls::explained(&told, &self.host),
            _ => Fault::from_ftp(&format!("the data connection of {verb}"), FtpError::SecureError(words)),
        };
        // A session of its own, with tickets of its own, may fare better.
        Fault { sound: false, again: true, door: false, ..fault }
    }

    /// Whether the command was refused, or no data connection came about.
    fn door_fault(&self, verb: &str, error: FtpError) -> Fault {
        if self.door.open.load(Ordering::Relaxed) {
            return Fault::from_ftp(verb, error);
        }
        let refused = matches!(error, FtpError::UnexpectedResponse(_));
        let fault = Fault::from_ftp(verb, error);
        // 421 and the like concern the session, not the way data connections are opened.
        if refused && !fault.refused() { fault } else { self.shut_door(fault) }
    }

    fn shut_door(&self, cause: Fault) -> Fault {
        let port = self.door.port.load(Ordering::Relaxed);
        let mut fault = if port == 0 {
            Fault::new(cause.kind, cause.reason).advised("Try the other way of passive mode (EPSV or PASV).")
        } else {
            let words = format!("no data connection: nothing answers at {}, port {port}", self.host);
            Fault::new(Kind::Unreachable, words).advised(PASSIVE_PORTS)
        };
        fault.door = true;
        fault.again = true;
        fault
    }

    /// Stores a file whole under a name.
    pub(super) async fn upload(&mut self, path: &str, bytes: &Bytes) -> Result<(), UploadFault> {
        let early = |fault| UploadFault { fault, all_sent: false };
        let mut stream = self.open(format!("STOR {path}")).await.map_err(early)?;
        for piece in bytes.chunks(PIECE) {
            let Err(fault) = self.write(&mut stream, piece).await else { continue };
            // A server that stops reading usually says why on the control connection.
            let told = timeout(self.patience.connect, stream.finish()).await;
            let fault = match told {
                Ok(Err(error @ FtpError::UnexpectedResponse(_))) => {
                    Fault { sound: false, ..Fault::from_ftp("STOR", error) }
                }
                _ => fault,
            };
            return Err(early(fault));
        }
        let outcome = within(self.patience.finish, "the end of STOR", stream.finish()).await;
        outcome.map_err(|fault| UploadFault { fault: Fault { sound: false, ..fault }, all_sent: true })
    }

    async fn write(&self, stream: &mut TransferStream<AsyncRustlsStream>, piece: &[u8]) -> Result<(), Fault> {
        match timeout(self.patience.idle, stream.write_all(piece)).await {
            Ok(outcome) => outcome.map_err(|error| Fault::from_io("STOR", &error)),
            Err(_) => Err(Fault::late("STOR", self.patience.idle)),
        }
    }

    /// Runs a command that sends data, up to `most` bytes. What was read before a broken end is handed out with the
    /// reason: whoever knows the length can tell whether it is whole.
    pub(super) async fn download(&mut self, line: String, most: usize) -> Result<Download, Fault> {
        let verb = line.split(' ').next().unwrap_or_default().to_owned();
        let mut stream = self.open(line).await?;
        let mut bytes = Vec::new();
        let mut piece = vec![0; PIECE];
        let mut cut = None;
        loop {
            match timeout(self.patience.idle, stream.read(&mut piece)).await {
                Ok(Ok(0)) => break,
                Ok(Ok(read)) => bytes.extend_from_slice(piece.get(..read).unwrap_or_default()),
                Ok(Err(error)) => {
                    cut = Some(Fault::from_io(&verb, &error));
                    break;
                }
                Err(_) => return Err(Fault::late(&verb, self.patience.idle)),
            }
            if bytes.len() > most {
                return Err(Fault::new(Kind::Mismatch, format!("it is larger than the {most} bytes it may have")));
            }
        }
        let end = within(self.patience.command, &format!("the end of {verb}"), stream.finish()).await;
        Ok(Download { bytes: bytes.into(), cut: cut.or(end.err()) })
    }
}
