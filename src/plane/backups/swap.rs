//! One database in place of another, so that a crash at any moment leaves the old one or the new one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use crate::plane::failure::{Failure, StorageError};
use crate::plane::store::open::{self, FILE as DATABASE};

/// What the old database is called afterwards, before its time.
const ASIDE: &str = "plane.db.pre-restore-";
/// Most old databases that are kept.
const KEPT: usize = 3;

/// What a swap does once the old database is closed, in this order. After a crash between any two, the next start finds the
/// old database or the new one.
const STEPS: [fn(&Swap) -> io::Result<()>; 7] = [
    Swap::clear_aside,
    Swap::link_aside,
    Swap::narrow_aside,
    Swap::sync_names,
    Swap::narrow_staged,
    Swap::sync_staged,
    Swap::take_place,
];

/// A swap that is prepared.
pub struct Swap {
    /// The data directory.
    pub data_dir: PathBuf,
    /// The new database, on the same file system, closed.
    pub staged: PathBuf,
    /// Most bytes that the database may take.
    pub quota: Option<u64>,
    /// The current time.
    pub now: DateTime<Utc>,
}

/// What a swap left: the connection to whichever database is in place, none where neither can be opened.
pub struct Swapped {
    /// The connection.
    pub connection: Option<Connection>,
    /// Whether it is the new one.
    pub outcome: Result<(), Failure>,
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

impl Swap {
    fn current(&self) -> PathBuf {
        self.data_dir.join(DATABASE)
    }

    fn aside(&self) -> PathBuf {
        self.data_dir.join(format!("{ASIDE}{}", self.now.format("%Y%m%dT%H%M%S%3fZ")))
    }

    /// Makes room for the old database's second name.
    fn clear_aside(&self) -> io::Result<()> {
        match fs::remove_file(self.aside()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn link_aside(&self) -> io::Result<()> {
        fs::hard_link(self.current(), self.aside())
    }

    fn narrow_aside(&self) -> io::Result<()> {
        fs::set_permissions(self.aside(), fs::Permissions::from_mode(0o600))
    }

    fn sync_names(&self) -> io::Result<()> {
        sync_dir(&self.data_dir)
    }

    fn narrow_staged(&self) -> io::Result<()> {
        fs::set_permissions(&self.staged, fs::Permissions::from_mode(0o600))
    }

    fn sync_staged(&self) -> io::Result<()> {
        File::open(&self.staged)?.sync_all()
    }

    /// Puts the new database under the old one's name: the one step that counts.
    fn take_place(&self) -> io::Result<()> {
        fs::rename(&self.staged, self.current())
    }

    fn swap(&self) -> Result<(), Failure> {
        for step in STEPS {
            step(self).map_err(|error| StorageError::Unwritable(error.to_string()))?;
        }
        // It has happened: a power cut from here on may bring the old one back, whole.
        if let Err(error) = self.sync_names() {
            tracing::warn!(%error, "the restored database's name may not outlast a power cut");
        }
        Ok(())
    }

    /// Puts the old one back, where the new one cannot be opened after all.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn put_back(&self) -> io::Result<()> {
        fs::rename(self.aside(), self.current())?;
        sync_dir(&self.data_dir)
    }

    /// Closes the old database, swaps, and opens the new one; the old one again where that fails.
    #[must_use]
    pub fn run(&self, connection: Connection) -> Swapped {
        let outcome = self.close(connection).and_then(|()| self.swap());
        match (outcome, open::open(&self.data_dir, self.quota)) {
            (Ok(()), Ok(connection)) => {
                self.prune();
                Swapped { connection: Some(connection), outcome: Ok(()) }
            }
            (Ok(()), Err(error)) => {
                let why = StorageError::Internal(format!("the restored database cannot be opened: {error}"));
                let back = self.put_back().ok().and_then(|()| open::open(&self.data_dir, self.quota).ok());
                Swapped { connection: back, outcome: Err(why.into()) }
            }
            (Err(failure), opened) => Swapped { connection: opened.ok(), outcome: Err(failure) },
        }
    }

    /// Folds the log into the old file and makes sure that none stays: beside the new file it would be poison.
    fn close(&self, connection: Connection) -> Result<(), Failure> {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        connection.close().map_err(|(_, error)| error)?;
        let log = self.data_dir.join(format!("{DATABASE}-wal"));
        if log.exists() {
            return Err(busy().into());
        }
        Ok(())
    }

    fn prune(&self) {
        let names = fs::read_dir(&self.data_dir).into_iter().flatten().flatten();
        let mut old: Vec<_> = names.map(|entry| entry.path()).filter(|path| name_of(path).starts_with(ASIDE)).collect();
        old.sort();
        for path in old.iter().rev().skip(KEPT) {
            if let Err(error) = fs::remove_file(path) {
                tracing::warn!(%error, path = %path.display(), "an old database stays");
            }
        }
    }
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Something else reads the database just now.
#[must_use]
pub fn busy() -> StorageError {
    StorageError::Internal("another reader has the database open".to_owned())
}

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod tests;
