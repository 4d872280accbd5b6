//! The sessions of a store: few, reused while they are sound, fewer still where the server wants that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use suppaftp::Status;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Ftp;
use super::fault::Fault;
use super::session::Session;
use crate::storage::Kind;

/// A session that waited longer is asked whether it still lives before it is used.
const FRESH: Duration = Duration::from_secs(15);

/// See the module.
pub(super) struct Pool {
    permits: Arc<Semaphore>,
    shelf: Mutex<Shelf>,
}

struct Shelf {
    waiting: Vec<(Session, Instant)>,
    width: usize,
}

/// A session in use. Dropped, it takes its connection with it: whatever was under way on it, no one else sees its end.
pub(super) struct Lease<'a> {
    pool: &'a Pool,
    pub(super) session: Session,
    _permit: OwnedSemaphorePermit,
}

impl Lease<'_> {
    /// Ends the use; a session that is in step with the server waits for the next one.
    pub(super) fn settle<T>(self, outcome: &Result<T, Fault>) {
        if outcome.as_ref().err().is_none_or(|fault| fault.sound) {
            self.pool.shelf().waiting.push((self.session, Instant::now()));
        }
    }
}

impl Pool {
    /// At most `width` sessions at once.
    pub(super) fn new(width: usize) -> Self {
        let width = width.clamp(1, 4);
        let shelf = Shelf { waiting: Vec::new(), width };
        Self { permits: Arc::new(Semaphore::new(width)), shelf: Mutex::new(shelf) }
    }

    /// How many sessions there may be at once.
    pub(super) fn width(&self) -> usize {
        self.shelf().width
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let permit = self.permits.clone().acquire_owned().await;
        permit.map_err(|_| Fault::new(Kind::Cancelled, "the store is closed"))
    }

    /// One session less; false where only one is left.
    fn narrow(&self, permit: OwnedSemaphorePermit) -> bool {
        let mut shelf = self.shelf();
        if shelf.width <= 1 {
            return false;
        }
        shelf.width -= 1;
        permit.forget();
        true
    }

    /// Keeps a session for the next operation.
    pub(super) fn keep(&self, session: Session) {
        let mut shelf = self.shelf();
        if shelf.waiting.len() < shelf.width {
            shelf.waiting.push((session, Instant::now()));
        }
    }

    /// A session that waits and still lives.
    async fn waiting(&self) -> Option<Session> {
        loop {
            let (mut session, since) = self.shelf().waiting.pop()?;
            if since.elapsed() < FRESH {
                return Some(session);
            }
            let alive = session.command("NOOP".to_owned(), &[Status::CommandOk, Status::RequestedFileActionOk]).await;
            if alive.is_ok() {
                return Some(session);
            }
        }
    }
}

impl Ftp {
    /// A session to work with; waits while all are in use.
    pub(super) async fn lease(&self) -> Result<Lease<'_>, Fault> {
        loop {
            let permit = self.pool.permit().await?;
            if let Some(mut session) = self.pool.waiting().await {
                session.way = self.memory(|memory| memory.way).unwrap_or(session.way);
                return Ok(Lease { pool: &self.pool, session, _permit: permit });
            }
            match self.dial().await {
                Ok(session) => return Ok(Lease { pool: &self.pool, session, _permit: permit }),
                // Servers bound the sessions of an account or an address: go on with fewer.
                Err(fault) if fault.kind == Kind::Busy => {
                    if !self.pool.narrow(permit) {
                        return Err(fault);
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
    }
}
