//! One owner for a data directory: a file lock that the kernel releases with the process, however it ends.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
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
    // Whoever may write there could put a socket of their own in place of ours, and be told passwords.
    if fs::metadata(dir).map_err(refused("read", dir))?.mode() & 0o022 != 0 {
        let why = format!("other users may write in it; make it yours alone with: chmod go-w '{}'", dir.display());
        return Err(refused("use", dir)(io::Error::other(why)));
    }
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
    loop {
        match file.lock() {
            Ok(()) => return Ok(Lock { file, dir: dir.to_owned() }),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(refused("lock", dir)(error)),
        }
    }
}

/// What the lock file says of the owner; meaningful only while the lock is held.
#[must_use]
pub fn owner(dir: &Path) -> Owner {
    Owner::read(&fs::read(dir.join(FILE)).unwrap_or_default())
}

impl Owner {
    fn read(text: &[u8]) -> Self {
        let (pid, rest) = text.split_at(text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len()));
        let path = rest.strip_prefix(b"\n").and_then(|path| path.strip_suffix(b"\n")).unwrap_or_default();
        let pid = std::str::from_utf8(pid).ok().and_then(|pid| pid.parse().ok());
        Self { pid, socket: (!path.is_empty()).then(|| OsStr::from_bytes(path).into()) }
    }
}

impl Lock {
    /// Writes down who holds the lock and where it answers.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn announce(&mut self, socket: &Path) -> Result<(), StartError> {
        let text = [format!("{}\n", std::process::id()).as_bytes(), socket.as_os_str().as_bytes(), b"\n"].concat();
        let written = self.file.set_len(0).and_then(|()| self.file.rewind());
        written.and_then(|()| self.file.write_all(&text)).map_err(refused("write", &self.dir.join(FILE)))
    }

    /// What an earlier owner wrote down.
    #[must_use]
    pub fn previous(&mut self) -> Option<u32> {
        let mut text = Vec::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_end(&mut text));
        read.ok().and_then(|_| Owner::read(&text).pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_learns_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let mut lock = try_take(dir.path()).unwrap().unwrap();
        let socket = Path::new(OsStr::from_bytes(b"/run/a name\nof two lines \xFF.sock"));
        lock.announce(socket).unwrap();
        assert!(try_take(dir.path()).unwrap().is_none());
        let owner = owner(dir.path());
        assert_eq!(owner.pid, Some(std::process::id()));
        assert_eq!(owner.socket.as_deref(), Some(socket));
        drop(lock);
        assert!(try_take(dir.path()).unwrap().is_some());
    }

    #[test]
    fn a_directory_that_others_may_write_in_is_refused_with_the_command_that_mends_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o775)).unwrap();
        let error = try_take(dir.path()).unwrap_err().to_string();
        assert!(error.contains("chmod go-w") && error.contains("--data-dir"), "{error}");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(try_take(dir.path()).unwrap().is_some());
    }

    #[test]
    fn what_was_not_written_whole_says_nothing() {
        assert_eq!(Owner::read(b""), Owner::default());
        assert_eq!(Owner::read(b"12"), Owner { pid: Some(12), socket: None });
        assert_eq!(Owner::read(b"12\n/run/pla"), Owner { pid: Some(12), socket: None });
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
