//! A store whose passing errors are borne: what a job does for hours is not given up for a reboot of the server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::Progress;
use crate::storage::{Error, Listing, ObjectPath, Store};

/// How long passing errors of one operation are borne. Stores repeat a call for seconds; this outlasts an outage.
const LONGEST: Duration = Duration::from_mins(15);
/// The first pause; each further one is twice as long, up to [`PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_mins(1);

/// See the module.
#[derive(Clone)]
pub struct Patient {
    store: Arc<dyn Store>,
    progress: Progress,
}

/// The pauses of one operation; whoever watches is told of them until it ends.
struct Pauses<'a> {
    until: Instant,
    next: Duration,
    progress: &'a Progress,
}

impl Drop for Pauses<'_> {
    fn drop(&mut self) {
        if self.next > FIRST_PAUSE {
            self.progress.tell(|moment| moment.unanswered = false);
        }
    }
}

impl<'a> Pauses<'a> {
    fn new(progress: &'a Progress) -> Self {
        Self { until: Instant::now() + LONGEST, next: FIRST_PAUSE, progress }
    }

    /// Pauses after an error that passes; gives back one that does not, or that stayed too long.
    async fn bear(&mut self, error: Error) -> Result<(), Error> {
        if !error.kind.is_passing() || Instant::now() + self.next > self.until {
            return Err(error);
        }
        tracing::warn!(%error, "trying again");
        self.progress.tell(|moment| moment.unanswered = true);
        let pause = self.next;
        self.next = PAUSE.min(pause * 2);
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

impl Patient {
    /// A patient view of a store; its pauses are told to `progress`.
    pub fn new(store: Arc<dyn Store>, progress: &Progress) -> Self {
        Self { store, progress: progress.clone() }
    }

    async fn bear<T, F: Future<Output = Result<T, Error>>>(&self, mut attempt: impl FnMut() -> F) -> Result<T, Error> {
        let mut pauses = Pauses::new(&self.progress);
        loop {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(error) => pauses.bear(error).await?,
            }
        }
    }

    /// Writes an object that is not there yet. An attempt whose reply was lost may have succeeded: that is looked up
    /// before it is repeated.
    pub async fn put(&self, path: &ObjectPath, bytes: &Bytes) -> Result<(), Error> {
        let mut pauses = Pauses::new(&self.progress);
        let mut repeated = false;
        loop {
            let attempt = async {
                if repeated {
                    match self.store.size(path).await? {
                        Some(size) if size == bytes.len() as u64 => return Ok(()),
                        Some(_) => self.store.delete(path).await?,
                        None => {}
                    }
                }
                self.store.put(path, bytes.clone()).await
            };
            match attempt.await {
                Ok(()) => return Ok(()),
                Err(error) => pauses.bear(error).await?,
            }
            repeated = true;
        }
    }

    /// Reads a whole object of at most `most` bytes.
    pub async fn get(&self, path: &ObjectPath, most: usize) -> Result<Bytes, Error> {
        self.bear(|| self.store.get(path, most)).await
    }

    /// Size of an object; `None` where there is none.
    pub async fn size(&self, path: &ObjectPath) -> Result<Option<u64>, Error> {
        self.bear(|| self.store.size(path)).await
    }

    /// What lies in a folder.
    pub async fn list(&self, folder: &ObjectPath) -> Result<Listing, Error> {
        self.bear(|| self.store.list(folder)).await
    }

    /// Removes an object.
    pub async fn delete(&self, path: &ObjectPath) -> Result<(), Error> {
        self.bear(|| self.store.delete(path)).await
    }
}
