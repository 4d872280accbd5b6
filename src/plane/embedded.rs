//! One data directory, several consoles: the first one serves it, the others attach, and when the owner ends
//! one of them takes over on the same socket.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::error::StartError;
use super::lock::{self, Lock};
use super::running::{Running, start_with};
use super::settings::{Door, Settings};
use super::socket;

/// Longest that a guest waits for an owner that has the lock but does not answer yet.
const OWNER_STARTS_WITHIN: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What happened to the plane that a console uses.
#[derive(Debug)]
pub enum KeeperEvent {
    /// The owner ended; this process serves the plane now.
    TookOver {
        /// Process id of the owner that ended, where it was known.
        previous: Option<u32>,
    },
    /// The owner ended, and this process could not take over.
    Failed(StartError),
}

/// A process's share in a data directory.
pub struct Keeper {
    settings: Settings,
    socket: PathBuf,
    role: Role,
}

enum Role {
    /// This process serves.
    Owner(Box<Running>),
    /// Another one serves; this one waits for its end.
    Guest(Waiting),
    /// Waiting is over, the start is not.
    TakingOver { previous: Option<u32>, started: oneshot::Receiver<Result<Running, StartError>> },
    /// This process has let go, or failed to take over.
    Released,
}

/// Waits for the lock in a thread of its own, which the kernel wakes.
struct Waiting {
    owner: Option<u32>,
    lock: oneshot::Receiver<Result<Lock, StartError>>,
}

impl Keeper {
    /// Attaches to the directory's owner, or becomes it.
    ///
    /// # Errors
    /// In words, where the directory cannot be served, or its owner does not answer.
    pub async fn open(settings: Settings) -> Result<Self, StartError> {
        let (socket, role) = take_or_attach(&settings).await?;
        Ok(Self { settings, socket, role })
    }

    /// The socket that serves the directory, whoever owns it.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Whether this process serves the directory.
    #[must_use]
    pub fn owns(&self) -> bool {
        matches!(self.role, Role::Owner(_))
    }

    /// Process id of the owner, where it is known.
    #[must_use]
    pub fn owner_pid(&self) -> Option<u32> {
        match &self.role {
            Role::Owner(_) => Some(std::process::id()),
            Role::Guest(waiting) => waiting.owner,
            Role::TakingOver { .. } | Role::Released => None,
        }
    }

    /// What the owner of the directory should know; nothing as a rule, and nothing where another process owns it.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        match &self.role {
            Role::Owner(running) => running.warnings(),
            Role::Guest(_) | Role::TakingOver { .. } | Role::Released => &[],
        }
    }

    /// Waits until the plane changes hands. Nothing is lost where the future is dropped and made again.
    /// Never ends while this process owns the directory or has let go of it.
    pub async fn next_event(&mut self) -> KeeperEvent {
        loop {
            match &mut self.role {
                Role::Owner(_) | Role::Released => std::future::pending().await,
                Role::Guest(waiting) => {
                    let freed = (&mut waiting.lock).await;
                    let previous = waiting.owner;
                    match freed {
                        Ok(Ok(lock)) => self.role = self.take_over(lock, previous),
                        Ok(Err(error)) => return self.failed(error),
                        Err(_) => return self.failed(StartError::Internal("the wait for the lock ended".to_owned())),
                    }
                }
                Role::TakingOver { previous, started } => {
                    let outcome = started.await;
                    let previous = *previous;
                    match outcome {
                        Ok(Ok(running)) => {
                            self.socket = running.socket().to_owned();
                            self.role = Role::Owner(Box::new(running));
                            return KeeperEvent::TookOver { previous };
                        }
                        Ok(Err(error)) => return self.failed(error),
                        Err(_) => return self.failed(StartError::Internal("the start was cut short".to_owned())),
                    }
                }
            }
        }
    }

    fn failed(&mut self, error: StartError) -> KeeperEvent {
        self.role = Role::Released;
        KeeperEvent::Failed(error)
    }

    /// In a task, so that dropping the future of [`Keeper::next_event`] does not undo half a start.
    fn take_over(&self, mut lock: Lock, announced: Option<u32>) -> Role {
        let previous = lock.previous().or(announced);
        let (settings, door) = (self.settings.clone(), Door::Unix(self.socket.clone()));
        let (done, started) = oneshot::channel();
        tokio::spawn(async move {
            // Where nobody waits any more the plane is dropped, which ends it.
            let _ = done.send(start_with(settings, door, lock).await);
        });
        Role::TakingOver { previous, started }
    }

    /// Lets go, before the process suspends itself or quits: an owner ends its plane in order, so that
    /// another console takes it over; a guest no longer waits.
    pub async fn release(&mut self) {
        match std::mem::replace(&mut self.role, Role::Released) {
            Role::Owner(running) => running.stop().await,
            Role::TakingOver { started, .. } => {
                if let Ok(Ok(running)) = started.await {
                    running.stop().await;
                }
            }
            Role::Guest(_) | Role::Released => {}
        }
    }

    /// Takes the directory again where it is free, else attaches to whoever owns it now. Does nothing where
    /// this process never let go.
    ///
    /// # Errors
    /// As for [`Keeper::open`].
    pub async fn resume(&mut self) -> Result<(), StartError> {
        if matches!(self.role, Role::Released) {
            (self.socket, self.role) = take_or_attach(&self.settings).await?;
        }
        Ok(())
    }
}

async fn take_or_attach(settings: &Settings) -> Result<(PathBuf, Role), StartError> {
    let dir = &settings.data_dir;
    let deadline = Instant::now() + OWNER_STARTS_WITHIN;
    loop {
        if let Some(lock) = lock::try_take(dir)? {
            let path = socket::path_for(dir)?;
            let running = start_with(settings.clone(), Door::Unix(path.clone()), lock).await?;
            return Ok((path, Role::Owner(Box::new(running))));
        }
        let owner = lock::owner(dir);
        let path = match owner.socket {
            Some(path) => path,
            None => socket::path_for(dir)?,
        };
        if UnixStream::connect(&path).await.is_ok() {
            return Ok((path, Role::Guest(wait(dir, owner.pid))));
        }
        if Instant::now() >= deadline {
            return Err(StartError::OwnerSilent { dir: dir.clone(), pid: owner.pid, socket: path });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn wait(dir: &Path, owner: Option<u32>) -> Waiting {
    let (sender, lock) = oneshot::channel();
    let dir = dir.to_owned();
    // A thread that nobody joins: it sleeps in the kernel until the owner ends, and ends with the process.
    thread::spawn(move || {
        // Where nobody waits any more, the lock is dropped and the next one gets it.
        let _ = sender.send(lock::wait(&dir));
    });
    Waiting { owner, lock }
}
