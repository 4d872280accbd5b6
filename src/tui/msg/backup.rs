//! Questions about backups and their answers. Everything that says [`Location`] may carry a secret; it is hidden from
//! every `Debug`.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::api::backup::{BackupList, RecoveryKey, RestorePlan};
use crate::api::job::{Job, Started};
use crate::api::location::{Check, Location, LocationList, SchedulePreview};
use crate::api::words::{JobKind, VerifyLevel};
use crate::client::Error;

/// A backup in a location.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Which {
    /// Name of the location.
    pub location: String,
    /// Uid of the backup.
    pub uid: String,
}

/// Something that the plane does as a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Make a backup in the location of this name.
    Create(String),
    /// Prove one.
    Verify(Which, VerifyLevel),
    /// Bring one back on the plane that made it.
    Restore(Which),
    /// Bring one back on another plane.
    Recover(Which),
    /// Delete one.
    Delete(Which),
}

impl Begin {
    /// What the job will do.
    #[must_use]
    pub fn kind(&self) -> JobKind {
        match self {
            Self::Create(_) => JobKind::Create,
            Self::Verify(..) => JobKind::Verify,
            Self::Restore(_) => JobKind::Restore,
            Self::Recover(_) => JobKind::Recover,
            Self::Delete(_) => JobKind::Delete,
        }
    }

    /// Name of the location that it works in.
    #[must_use]
    pub fn location(&self) -> &str {
        match self {
            Self::Create(location) => location,
            Self::Verify(which, _) | Self::Restore(which) | Self::Recover(which) | Self::Delete(which) => {
                &which.location
            }
        }
    }

    /// What it is called among the changes.
    #[must_use]
    pub fn called(&self) -> String {
        format!("{} {} {}", self.kind(), self.location(), self.uid())
    }

    /// Uid of the backup that it works on; empty for one that is yet to be made.
    #[must_use]
    pub fn uid(&self) -> &str {
        match self {
            Self::Create(_) => "",
            Self::Verify(which, _) | Self::Restore(which) | Self::Recover(which) | Self::Delete(which) => &which.uid,
        }
    }
}

/// A location as it stands in the form, on its way to be tried or saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The location.
    pub location: Location,
    /// File with authorities to believe, read when the draft is tried.
    pub ca_file: Option<PathBuf>,
}

/// Where a recovery key comes from.
#[derive(Clone, Debug)]
pub enum KeyFrom {
    /// A file.
    File(PathBuf),
    /// Typed or pasted.
    Text(SecretString),
}

/// A question about backups.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Locations, jobs and the recovery key.
    Overview,
    /// The backups of a location.
    List {
        /// Its name.
        location: String,
        /// As it is at this moment, and not as it was last read.
        fresh: bool,
    },
    /// How these jobs fare.
    Jobs(Vec<String>),
    /// Begin a job.
    Begin(Begin),
    /// Cancel the job with this uid.
    Cancel(String),
    /// Try a location, check by check.
    Validate(Box<Draft>),
    /// Save a location.
    Save(Box<Location>),
    /// Forget the location of this name; its backups stay where they are.
    Remove(String),
    /// What a schedule means.
    Preview(Box<Location>),
    /// What bringing a backup back will do.
    Plan(Which, JobKind),
    /// Write the recovery key to a new file that only its owner can read, or give it to be shown.
    ExportKey(Option<PathBuf>),
    /// Take a recovery key in.
    ImportKey(KeyFrom),
    /// Copy the files of a backup into a directory.
    Download(Which, PathBuf),
}

/// What a question is about, so that a newer one takes the place of an older one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// See [`Ask::Overview`].
    Overview,
    /// See [`Ask::List`].
    List(String),
    /// See [`Ask::Jobs`].
    Jobs,
    /// See [`Ask::Validate`].
    Validation,
    /// See [`Ask::Preview`].
    Preview,
    /// See [`Ask::Plan`].
    Plan,
}

impl Ask {
    /// What it is about; none for a change, which is never abandoned.
    #[must_use]
    pub fn about(&self) -> Option<About> {
        Some(match self {
            Self::Overview => About::Overview,
            Self::List { location, .. } => About::List(location.clone()),
            Self::Jobs(_) => About::Jobs,
            Self::Validate(_) => About::Validation,
            Self::Preview(_) => About::Preview,
            Self::Plan(..) => About::Plan,
            _ => return None,
        })
    }

    /// What a change is called among the changes.
    #[must_use]
    pub fn change(&self) -> String {
        match self {
            Self::Begin(begin) => begin.called(),
            Self::Cancel(job) => format!("cancel {job}"),
            Self::Save(location) => format!("save {}", location.name),
            Self::Remove(name) => format!("remove {name}"),
            Self::ExportKey(_) | Self::ImportKey(_) => "recovery key".to_owned(),
            Self::Download(which, _) => format!("download {}", which.uid),
            _ => String::new(),
        }
    }
}

/// Why something about backups failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Failed {
    /// The plane refused, or could not be reached.
    Plane(Error),
    /// Something on this machine, or on the way, in words.
    Here(String),
    /// Fields that will not do, by their names on the wire, each with a sentence. Nothing was sent.
    Fields(Vec<(&'static str, String)>),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Plane(error)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plane(error) => error.fmt(f),
            Self::Here(words) => f.write_str(words),
            Self::Fields(fields) => {
                f.write_str(&fields.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join(". "))
            }
        }
    }
}

/// What a plane tells of itself at once, without looking into a location.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// Its locations.
    pub locations: LocationList,
    /// Its jobs, newest first.
    pub jobs: Vec<Job>,
    /// Its recovery key; none on a plane that has no such thing.
    pub key: Option<RecoveryKey>,
}

/// What happens on the way of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The plane took the order. Uids are empty where it tells none.
    Accepted(Started),
    /// How the job stands.
    Job(Box<Job>),
    /// Something worth knowing, in words: the plane is out of sight, or back.
    Note(String),
    /// The session has ended; watching goes on once someone has signed in.
    SignedOut,
}

/// What a validation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tried {
    /// The location can be used.
    pub ok: bool,
    /// What was tried, in its order.
    pub checks: Vec<Check>,
    /// What came of it, in a sentence; may be empty.
    pub result: String,
}

/// What came of a question about backups.
#[derive(Clone, Debug)]
pub enum Told {
    /// Locations, jobs and the recovery key.
    Overview(Result<Box<Overview>, Error>),
    /// The backups of the location of this name.
    List(String, Result<Box<BackupList>, Error>),
    /// How jobs fare; those that the plane does not know any more are missing.
    Jobs(Result<Vec<Job>, Error>),
    /// Something happened on the way of a job that this console began.
    Step(Begin, Step),
    /// Such a job has ended, well or not, or is out of sight. Without a job: the plane took the order and tells no more.
    Ended(Begin, Result<Option<Box<Job>>, Failed>),
    /// The job with this uid was cancelled, or not.
    Cancelled(String, Result<(), Error>),
    /// Checks of a validation so far.
    Checks(Vec<Check>),
    /// A validation is over: what was tried, with the authorities that were read for it, and what came of it.
    Validated(Box<Location>, Result<Tried, Failed>),
    /// The location of this name was saved, or not.
    Saved(String, Result<(), Failed>),
    /// The location of this name was forgotten, or not.
    Removed(String, Result<(), Failed>),
    /// What the schedule of this location means; none on a plane that cannot tell.
    Preview(Box<Location>, Result<Option<Box<SchedulePreview>>, Error>),
    /// What bringing a backup back will do.
    Plan(Which, Result<Box<RestorePlan>, Error>),
    /// The recovery key: written to the file that was asked for, or to be shown.
    Key(Result<ExportedKey, Failed>),
    /// A recovery key was taken in, or not.
    KeyImported(Result<Box<RecoveryKey>, Failed>),
    /// Bytes of a backup's files that are copied so far, and of all.
    Downloading(Which, u64, u64),
    /// The files of a backup were copied into this directory, or not.
    Downloaded(Which, Result<PathBuf, Failed>),
}

/// Where the recovery key is now.
#[derive(Clone, Debug)]
pub enum ExportedKey {
    /// In a file.
    File(PathBuf),
    /// Here, to be shown.
    Text(SecretString),
}

impl Told {
    /// The client's error, where there is one.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Overview(Err(error))
            | Self::List(_, Err(error))
            | Self::Jobs(Err(error))
            | Self::Cancelled(_, Err(error))
            | Self::Preview(_, Err(error))
            | Self::Plan(_, Err(error))
            | Self::Ended(_, Err(Failed::Plane(error)))
            | Self::Saved(_, Err(Failed::Plane(error)))
            | Self::Removed(_, Err(Failed::Plane(error)))
            | Self::Validated(_, Err(Failed::Plane(error)))
            | Self::Key(Err(Failed::Plane(error)))
            | Self::KeyImported(Err(Failed::Plane(error)))
            | Self::Downloaded(_, Err(Failed::Plane(error))) => Some(error),
            _ => None,
        }
    }
}
