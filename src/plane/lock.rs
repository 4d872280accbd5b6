//! One owner for a data directory: a file lock that the kernel releases with the process, however it ends.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::StartError;

/// Name of the lock in its data directory. It holds the owner's process id and, on the next line, the
/// path of its socket.
const FILE: &str = "lock";

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    dir: PathBuf,
}

/// What the lock file says of the owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// Its process id.
    pub pid: Option<u32>,
    /// Its socket.
    pub socket: Option<PathBuf>,
}

fn refused(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    move |error| StartError::DataDir { action, path, reason: error.to_string() }
}

fn open(dir: &Path) -> Result<File, StartError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(refused("make", dir))?;
    let path = dir.join(FILE);
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(refused("write", &path))
}

/// Takes the lock of a data directory, making the directory where it is missing; none where it has an owner.
///
/// # Errors
/// Where the directory cannot be made or written.
pub fn try_take(dir: &Path) -> Result<Option<Lock>, StartError> {
    let file = open(dir)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { file, dir: dir.to_owned() })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(refused("lock", dir)(error)),
    }
}

/// Waits, for as long as it takes, until the lock is free, and takes it. Blocks its thread.
///
/// # Errors
/// Where the directory cannot be made or written.
pub fn wait(dir: &Path) -> Result<Lock, StartError> {
    let file = open(dir)?;
    file.lock().map_err(refused("lock", dir))?;
    Ok(Lock { file, dir: dir.to_owned() })
}

/// What the lock file says of the owner; meaningful only while the lock is held.
#[must_use]
pub fn owner(dir: &Path) -> Owner {
    let text = fs::read_to_string(dir.join(FILE)).unwrap_or_default();
    let mut lines = text.lines();
    let pid = lines.next().and_then(|pid| pid.parse().ok());
    Owner { pid, socket: lines.next().filter(|path| !path.is_empty()).map(PathBuf::from) }
}

impl Lock {
    /// Writes down who holds the lock and where it answers.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn announce(&mut self, socket: &Path) -> Result<(), StartError> {
        let text = format!("{}\n{}\n", std::process::id(), socket.display());
        let written = self.file.set_len(0).and_then(|()| self.file.rewind());
        written.and_then(|()| self.file.write_all(text.as_bytes())).map_err(refused("write", &self.dir.join(FILE)))
    }

    /// What an earlier owner wrote down.
    #[must_use]
    pub fn previous(&mut self) -> Option<u32> {
        let mut text = String::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_string(&mut text));
        read.ok().and_then(|_| text.lines().next()?.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_learns_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let mut lock = try_take(dir.path()).unwrap().unwrap();
        lock.announce(Path::new("/run/plane.sock")).unwrap();
        assert!(try_take(dir.path()).unwrap().is_none());
        let owner = owner(dir.path());
        assert_eq!(owner.pid, Some(std::process::id()));
        assert_eq!(owner.socket.as_deref(), Some(Path::new("/run/plane.sock")));
        drop(lock);
        assert!(try_take(dir.path()).unwrap().is_some());
    }

    #[test]
    fn a_directory_below_a_file_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = try_take(&file.join("data")).unwrap_err().to_string();
        assert!(error.contains("file/data") && error.contains("--data-dir"), "{error}");
    }
}
