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

    /// Gives the old database a second name.
    ///
    /// # Errors
    /// Those of the disk; nothing has changed then.
    pub fn keep_old(&self) -> io::Result<()> {
        let aside = self.aside();
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::hard_link(self.current(), &aside)?;
        fs::set_permissions(&aside, fs::Permissions::from_mode(0o600))?;
        sync_dir(&self.data_dir)
    }

    /// Puts the new database under the old one's name: the one step that counts.
    ///
    /// # Errors
    /// Those of the disk; the old one is in place then.
    pub fn put_new(&self) -> io::Result<()> {
        fs::set_permissions(&self.staged, fs::Permissions::from_mode(0o600))?;
        File::open(&self.staged)?.sync_all()?;
        fs::rename(&self.staged, self.current())?;
        sync_dir(&self.data_dir)
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
        let outcome = self.close(connection).and_then(|()| {
            let unwritable = |error: io::Error| Failure::from(StorageError::Unwritable(error.to_string()));
            self.keep_old().and_then(|()| self.put_new()).map_err(unwritable)
        });
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
mod tests {
    use super::*;

    fn database(path: &Path, word: &str) -> Connection {
        let dir = path.parent().unwrap();
        let connection = open::open(dir, None).unwrap();
        connection.execute("INSERT INTO setting (key, value) VALUES ('word', ?1)", [word]).unwrap();
        connection
    }

    fn word(dir: &Path) -> String {
        let connection = open::open(dir, None).unwrap();
        connection.query_row("SELECT value FROM setting WHERE key = 'word'", [], |row| row.get(0)).unwrap()
    }

    /// A data directory with an open old database, and a new one beside it.
    fn stage() -> (tempfile::TempDir, Swap, Connection) {
        let dir = tempfile::tempdir().unwrap();
        let made = tempfile::tempdir().unwrap();
        drop(database(&made.path().join(DATABASE), "new"));
        let staged = dir.path().join("staged.db");
        fs::copy(made.path().join(DATABASE), &staged).unwrap();
        let connection = database(&dir.path().join(DATABASE), "old");
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let swap = Swap { data_dir: dir.path().to_owned(), staged, quota: None, now };
        (dir, swap, connection)
    }

    #[test]
    fn the_new_database_is_in_place_and_the_old_one_is_kept() {
        let (dir, swap, connection) = stage();
        let swapped = swap.run(connection);
        assert!(swapped.outcome.is_ok() && swapped.connection.is_some());
        drop(swapped);
        assert_eq!(word(dir.path()), "new");
        let aside = dir.path().join("plane.db.pre-restore-20261122T120000000Z");
        assert_eq!(fs::metadata(&aside).unwrap().permissions().mode() & 0o777, 0o600);
        fs::rename(&aside, dir.path().join(DATABASE)).unwrap();
        assert_eq!(word(dir.path()), "old");
    }

    #[test]
    fn a_crash_between_any_two_steps_leaves_one_of_them_whole() {
        for (steps, expected) in [(0, "old"), (1, "old"), (2, "old"), (3, "new")] {
            let (dir, swap, connection) = stage();
            if steps >= 1 {
                swap.close(connection).unwrap();
            } else {
                // As a killed process leaves it: its log is still there.
                std::mem::forget(connection);
            }
            if steps >= 2 {
                swap.keep_old().unwrap();
            }
            if steps >= 3 {
                swap.put_new().unwrap();
            }
            assert_eq!(word(dir.path()), expected, "after {steps} steps");
        }
    }

    #[test]
    fn a_new_database_that_cannot_be_opened_gives_way_to_the_old_one() {
        let (dir, swap, connection) = stage();
        fs::write(&swap.staged, "this is no database").unwrap();
        let swapped = swap.run(connection);
        assert!(swapped.outcome.is_err() && swapped.connection.is_some());
        drop(swapped);
        assert_eq!(word(dir.path()), "old");
    }

    #[test]
    fn while_someone_else_reads_nothing_is_swapped() {
        let (dir, swap, connection) = stage();
        let reader = Connection::open(dir.path().join(DATABASE)).unwrap();
        reader.query_row("SELECT count(*) FROM setting", [], |row| row.get::<_, i64>(0)).unwrap();
        let swapped = swap.run(connection);
        assert!(swapped.outcome.is_err() && swapped.connection.is_some());
        drop((swapped, reader));
        assert_eq!(word(dir.path()), "old");
    }

    #[test]
    fn only_the_newest_old_databases_are_kept() {
        let (dir, swap, connection) = stage();
        for day in 10..15 {
            fs::write(dir.path().join(format!("{ASIDE}202611{day}T120000000Z")), "old").unwrap();
        }
        assert!(swap.run(connection).outcome.is_ok());
        let names = fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.file_name());
        let mut kept: Vec<_> =
            names.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with(ASIDE)).collect();
        kept.sort();
        assert_eq!(kept.len(), KEPT);
        assert!(kept[0].contains("20261113"), "{kept:?}");
    }
}
