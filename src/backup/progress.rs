//! How far the engine is, for whoever watches.

use tokio::sync::watch;

/// A moment of a job. Only bytes that the location acknowledged count as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// What happens just now, such as `Uploading`.
    pub phase: &'static str,
    /// Bytes of state that are done.
    pub plain_done: u64,
    /// Bytes of state in all, where that is known.
    pub plain_total: Option<u64>,
    /// Bytes that went to the location or came from it.
    pub stored_done: u64,
    /// Bytes of it in all, where that is known.
    pub stored_total: Option<u64>,
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
