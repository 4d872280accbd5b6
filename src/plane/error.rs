//! Why a plane cannot start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::secret::SecretError;

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

/// Why a plane cannot start, in words for whoever started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory has an owner.
    #[error("{} is in use by {}; stop it, or choose another directory with --data-dir", dir.display(), holder(*pid))]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// Its owner, where the lock file tells.
        pid: Option<u32>,
    },
    /// The owner holds the directory but its socket does not answer.
    #[error("{} holds {} but does not answer on {}; if it is starting, wait; if it is suspended, resume it; else end it and try again",
        holder(*pid), dir.display(), socket.display())]
    OwnerSilent {
        /// The data directory.
        dir: PathBuf,
        /// Its owner, where the lock file tells.
        pid: Option<u32>,
        /// Where it should answer.
        socket: PathBuf,
    },
    /// The data directory cannot be made, entered or written.
    #[error("cannot {action} {}: {reason}; choose another directory with --data-dir", path.display())]
    DataDir {
        /// What was tried, a verb.
        action: &'static str,
        /// The directory or the file in it.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The database is not whole. Nothing was changed.
    #[error("the database {} is damaged ({reason}); nothing was changed. Set it aside to start with a fresh one, or choose another directory with --data-dir",
        path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite found.
        reason: String,
    },
    /// The database was written by a newer program, or by another one.
    #[error("the database {} {reason}; nothing was changed. Update palette-console, or choose another directory with --data-dir",
        path.display())]
    NotOurs {
        /// The database.
        path: PathBuf,
        /// In which way.
        reason: String,
    },
    /// The socket cannot be served.
    #[error("cannot serve the socket {}: {reason}", path.display())]
    Socket {
        /// The socket, or its directory.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Passwords would cross the network in the clear.
    #[error(
        "{address} can be reached from other machines, and plain HTTP would show passwords to the network; give --tls-cert and --tls-key, or listen on 127.0.0.1"
    )]
    PlainBeyondLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The certificate or its key cannot be used.
    #[error("cannot use {} for TLS: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The accounts' file cannot be read or written.
    #[error(transparent)]
    Credentials(#[from] SecretError),
    /// Something that should not fail did.
    #[error("the plane could not start: {0}")]
    Internal(String),
}
