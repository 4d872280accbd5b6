//! Why the engine did not do what it was asked.

use crate::storage;

/// What kept it from happening.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kind {
    /// The location did not play along.
    #[error(transparent)]
    Storage(Box<storage::Error>),
    /// There is no such backup in the location.
    #[error("there is no such backup in the location")]
    NotFound,
    /// The backup is being deleted.
    #[error("it is being deleted")]
    Deleting,
    /// It was never finished.
    #[error("it was never finished")]
    Incomplete,
    /// It is not what was written; in words that name the object.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Its manifest was not written by someone who has the key.
    #[error("its manifest is not authentic: it was changed, or written by someone without the recovery key")]
    Forged,
    /// The key that opens it is not on this plane.
    #[error("it was encrypted with the recovery key {0}, which this plane does not have")]
    KeyMissing(String),
    /// It was made by a newer version of the program.
    #[error("it has format {0}, which this version does not know")]
    Newer(u32),
    /// The state could not be read, or what came back does not pass as state.
    #[error("{0}")]
    Source(String),
    /// This machine's disk did not play along.
    #[error("cannot use the disk of this machine: {0}")]
    Disk(String),
    /// The recovery keys cannot be used.
    #[error("{0}")]
    Keys(String),
    /// A fault of this program.
    #[error("an internal fault: {0}")]
    Internal(String),
}

impl Kind {
    fn advice(&self) -> &'static str {
        match self {
            Self::KeyMissing(_) => "Import that key; the plane that made the backup exports it.",
            Self::Forged => "Do not use it. Find out who can write to the location, and restore another backup.",
            Self::Damaged(_) => "Use another backup, and find out what happens to the files in the location.",
            Self::Newer(_) => "Use the version of palette-console that made it, or a later one.",
            Self::Incomplete => "Use another backup; this one is removed by itself when it is a day old.",
            Self::Disk(_) => "Free space on this machine, or use a directory on another disk.",
            _ => "",
        }
    }
}

impl From<storage::Error> for Kind {
    fn from(error: storage::Error) -> Self {
        Self::Storage(Box::new(error))
    }
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {operation}: {kind}")]
pub struct Error {
    /// What was tried, to read after "cannot": `restore the backup 20261122T…`.
    pub operation: String,
    /// What kept it from happening.
    pub kind: Kind,
}

impl Error {
    /// Why, in a sentence.
    #[must_use]
    pub fn reason(&self) -> String {
        self.to_string()
    }

    /// What a person can do about it; empty where nothing is known.
    #[must_use]
    pub fn advice(&self) -> String {
        match &self.kind {
            Kind::Storage(error) => error.advice.clone(),
            other => other.advice().to_owned(),
        }
    }
}
