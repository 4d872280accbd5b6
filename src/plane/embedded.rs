//! One data directory, several consoles: the first one serves it, the others attach, and when the owner ends
//! one of them takes over on the same socket.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::error::StartError;
use super::lock::{self, Lock};
use super::running::{Running, start_with};
use super::settings::{Door, Settings};
use super::socket;

/// Longest that a guest waits for an owner that has the lock but does not answer: one that is starting, or that
/// is suspended.
const OWNER_ANSWERS_WITHIN: Duration = Duration::from_secs(15);
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
    /// Another one serves; this one takes over when that one ends.
    Guest(Guest),
    /// This process has let go, or failed to take over.
    Released,
}

struct Guest {
    owner: Option<u32>,
    /// Waits for the owner's end and takes over; `None` where it was told to let go first.
    takeover: JoinHandle<Option<Takeover>>,
    let_go: oneshot::Sender<()>,
}

/// The end of a guest's wait.
struct Takeover {
    previous: Option<u32>,
    started: Result<Box<Running>, StartError>,
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

    /// Whether this process serves the directory, as far as [`Keeper::next_event`] has told.
    #[must_use]
    pub fn owns(&self) -> bool {
        matches!(self.role, Role::Owner(_))
    }

    /// Process id of the owner, where it is known.
    #[must_use]
    pub fn owner_pid(&self) -> Option<u32> {
        match &self.role {
            Role::Owner(_) => Some(std::process::id()),
            Role::Guest(guest) => guest.owner,
            Role::Released => None,
        }
    }

    /// What the owner of the directory should know; nothing as a rule, and nothing where another process owns it.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        match &self.role {
            Role::Owner(running) => running.warnings(),
            Role::Guest(_) | Role::Released => &[],
        }
    }

    /// Waits until the plane changes hands. The takeover itself happens whether or not anyone waits here;
    /// nothing is lost where the future is dropped and made again. Never ends while this process owns the
    /// directory or has let go of it.
    pub async fn next_event(&mut self) -> KeeperEvent {
        let Role::Guest(guest) = &mut self.role else { return std::future::pending().await };
        let ended = || Takeover {
            previous: None,
            started: Err(StartError::Internal("the wait for the directory was cut short".to_owned())),
        };
        let Takeover { previous, started } = (&mut guest.takeover).await.ok().flatten().unwrap_or_else(ended);
        match started {
            Ok(running) => {
                self.role = Role::Owner(running);
                KeeperEvent::TookOver { previous }
            }
            Err(error) => {
                self.role = Role::Released;
                KeeperEvent::Failed(error)
            }
        }
    }

    /// Lets go, before the process suspends itself or quits: an owner ends its plane in order, so that
    /// another console takes it over; a guest no longer waits.
    pub async fn release(&mut self) {
        match std::mem::replace(&mut self.role, Role::Released) {
            Role::Owner(running) => running.stop().await,
            Role::Guest(Guest { takeover, let_go, .. }) => {
                drop(let_go);
                // A takeover that has begun is brought to its end first: a process that is suspended with the
                // lock in its hands would hold the directory for everyone.
                if let Ok(Some(Takeover { started: Ok(running), .. })) = takeover.await {
                    running.stop().await;
                }
            }
            Role::Released => {}
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
    let deadline = Instant::now() + OWNER_ANSWERS_WITHIN;
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
        if timeout_at(deadline, answers(&path)).await.unwrap_or(false) {
            // Who has just taken the lock writes its name there before it answers.
            let owner = lock::owner(dir).pid;
            return Ok((path.clone(), Role::Guest(Guest::wait(settings.clone(), path, owner))));
        }
        if Instant::now() >= deadline {
            return Err(StartError::OwnerSilent { dir: dir.clone(), pid: owner.pid, socket: path });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Whether a plane answers on a socket. That it can be connected to says little: the kernel accepts for a
/// process that is suspended, too.
async fn answers(socket: &Path) -> bool {
    const QUESTION: &[u8] = b"GET /ext/v1/capabilities HTTP/1.1\r\nHost: plane\r\nConnection: close\r\n\r\n";
    const ANSWER: &[u8] = b"HTTP/1.1 200 ";
    let mut answer = [0; ANSWER.len()];
    let asked = async {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(QUESTION).await?;
        stream.read_exact(&mut answer).await
    };
    asked.await.is_ok() && answer == *ANSWER
}

impl Guest {
    fn wait(settings: Settings, socket: PathBuf, owner: Option<u32>) -> Self {
        let (let_go, told) = oneshot::channel();
        Self { owner, let_go, takeover: tokio::spawn(take_over(settings, socket, owner, told)) }
    }
}

/// Waits for the owner's end and then serves in its place, on the same socket.
async fn take_over(
    settings: Settings,
    socket: PathBuf,
    owner: Option<u32>,
    let_go: oneshot::Receiver<()>,
) -> Option<Takeover> {
    let freed = wait(&settings.data_dir);
    let freed = tokio::select! {
        biased;
        // Dropping the lock, where it came at the same time, gives it to the next one.
        _ = let_go => return None,
        freed = freed => freed.ok()?,
    };
    let (previous, started) = match freed {
        Ok(mut lock) => (lock.previous().or(owner), start_with(settings, Door::Unix(socket), lock).await.map(Box::new)),
        Err(error) => (owner, Err(error)),
    };
    Some(Takeover { previous, started })
}

/// Waits in a thread of its own that nobody joins: it sleeps in the kernel until the owner ends, and ends
/// with the process. A task could not sleep there, and polling would wake the machine.
fn wait(dir: &Path) -> oneshot::Receiver<Result<Lock, StartError>> {
    let (sender, freed) = oneshot::channel();
    let dir = dir.to_owned();
    thread::spawn(move || {
        // Where nobody waits any more, the lock is dropped and the next one gets it.
        let _ = sender.send(lock::wait(&dir));
    });
    freed
}
