//! How a command ends when it does not end well.

use std::fmt;
use std::process::ExitCode;

use crate::client::address::AddressError;
use crate::client::{self, Kind, SessionKind};
use crate::config::ConfigError;

/// Exit codes; documented in the README and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The command line asks for what cannot be.
    Usage = 2,
    /// Some of it was done.
    Partial = 3,
    /// Nobody is signed in, or the credentials are wrong.
    NotAuthenticated = 4,
    /// The plane said no.
    Refused = 5,
    /// The plane cannot be reached.
    Unreachable = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure in words, and the exit code for it.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What failed, why, and what to do.
    pub message: String,
}

impl Failure {
    /// A failure with its code.
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }
}

/// The exit code for an error of the client.
pub(super) fn exit_of(error: &client::Error) -> Exit {
    match &error.kind {
        Kind::Unreachable { .. } | Kind::TimedOut { .. } | Kind::Broken { .. } | Kind::Untrusted { .. } => {
            Exit::Unreachable
        }
        Kind::SignedOut(_) | Kind::NeedsBrowser => Exit::NotAuthenticated,
        Kind::Refused { status: 401 | 423, .. } => Exit::NotAuthenticated,
        Kind::Refused { .. } => Exit::Refused,
        Kind::NotTheApi { .. } => Exit::Unreachable,
        Kind::Trust(_) => Exit::Usage,
    }
}

impl From<client::Error> for Failure {
    fn from(error: client::Error) -> Self {
        let exit = exit_of(&error);
        match error.signed_out() {
            // A command has no session that a person could open again: it has only what it was given.
            Some(SessionKind::Tenant) => Self::new(exit, format!("could not {}: {REJECTED}", error.operation)),
            Some(SessionKind::System) => Self::new(exit, format!("could not {}: {REJECTED_SYSTEM}", error.operation)),
            None => Self::new(exit, error),
        }
    }
}

const REJECTED: &str = "the plane does not accept the credentials of this command. Check the API key \
                        (--api-key-file, SPECTROCLOUD_APIKEY) or the account in the file of --credentials";

const REJECTED_SYSTEM: &str = "the plane does not accept the credentials of this command. Check the account under \
                               [system] in the file of --credentials";

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Usage, error)
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        Self::new(Exit::Usage, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, format!("cannot write the output: {error}"))
    }
}

/// Says on stderr what failed. Where nobody listens any more it is dropped.
pub fn complain(failure: &Failure) {
    super::output::say(format!("palette-console: {}", failure.message));
}
