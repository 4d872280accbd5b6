//! How far the engine is, for whoever watches.

use tokio::sync::watch;

/// What happens just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It is not its turn yet.
    #[default]
    Waiting,
    /// The location is looked for.
    Connecting,
    /// A location is tried.
    Validating,
    /// What is stored is made ready.
    Preparing,
    /// What is to be overwritten is saved first.
    SavingSafety,
    /// Segments go to the location.
    Uploading,
    /// What lies there is compared with what should.
    Checking,
    /// The manifest is written: from here on the backup may be there.
    Committing,
    /// Segments are read to be proved.
    Reading,
    /// Segments are read to be kept.
    Downloading,
    /// The restored state takes the place of the current one.
    Replacing,
    /// A backup is removed.
    Deleting,
    /// Remainders are removed.
    CleaningUp,
    /// What a failed job left is removed.
    TidyingUp,
    /// The end of a job cannot be recorded yet.
    WaitingForDisk,
    /// Nothing is left to do.
    Done,
}

impl Phase {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Connecting => "Connecting",
            Self::Validating => "Validating",
            Self::Preparing => "Preparing",
            Self::SavingSafety => "Making a safety backup",
            Self::Uploading => "Uploading",
            Self::Checking => "Checking",
            Self::Committing => "Committing",
            Self::Reading => "Reading",
            Self::Downloading => "Downloading",
            Self::Replacing => "Replacing the database",
            Self::Deleting => "Deleting",
            Self::CleaningUp => "Cleaning up",
            Self::TidyingUp => "Tidying up",
            Self::WaitingForDisk => "Waiting for the plane's disk",
            Self::Done => "Done",
        }
    }

    /// Whether what has been done by now can still be taken back as if it had never begun.
    #[must_use]
    pub fn can_be_cancelled(self) -> bool {
        !matches!(self, Self::Committing | Self::Replacing | Self::TidyingUp | Self::WaitingForDisk | Self::Done)
    }
}

/// A moment of a job. Only bytes that the location acknowledged count as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// What happens just now.
    pub phase: Phase,
    /// Bytes of state that are done.
    pub plain_done: u64,
    /// Bytes of state in all, where that is known.
    pub plain_total: Option<u64>,
    /// Bytes that went to the location or came from it.
    pub stored_done: u64,
    /// Bytes of it in all, where that is known.
    pub stored_total: Option<u64>,
    /// The location did not answer, or not well, and is asked again after a pause.
    pub unanswered: bool,
}

/// Where the engine tells how far it is.
#[derive(Clone, Debug)]
pub struct Progress(watch::Sender<Moment>);

impl Progress {
    /// A progress and its watcher.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<Moment>) {
        let (sender, receiver) = watch::channel(Moment::default());
        (Self(sender), receiver)
    }

    /// Changes the moment.
    pub fn tell(&self, change: impl FnOnce(&mut Moment)) {
        self.0.send_modify(change);
    }
}
