//! The plane dies after each step of a swap and is started again.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::{STEPS, Swap};
use crate::plane::auth::password;
use crate::plane::store::accounts::{self, Kind};
use crate::plane::store::open::{self, FILE as DATABASE};
use crate::plane::{CREDENTIALS, Door, Settings, fresh, start};
use crate::secret::Credentials;

/// Where a process dies.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// With the old database open, its log beside it.
    Open,
    /// After so many steps.
    After(usize),
    /// After all of it.
    Done,
}

async fn start_and_stop(dir: &Path) {
    let running = start(Settings::sandbox(dir), Door::Unix(dir.join("plane.sock"))).await.unwrap();
    running.stop().await;
}

fn word(connection: &Connection, word: &str) {
    connection.execute("INSERT OR REPLACE INTO setting (key, value) VALUES ('word', ?1)", [word]).unwrap();
}

/// A data directory with the state of before, and the state of a backup beside it; `recovered`: with new passwords for its
/// accounts, as on another plane.
fn stage(plane: &Path, recovered: bool) -> (tempfile::TempDir, Swap) {
    let dir = tempfile::tempdir().unwrap();
    for name in [DATABASE, CREDENTIALS] {
        fs::copy(plane.join(name), dir.path().join(name)).unwrap();
    }
    let staged = dir.path().join("staged.db");
    fs::copy(plane.join(DATABASE), &staged).unwrap();
    let connection = Connection::open(&staged).unwrap();
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    word(&connection, "new");
    if recovered {
        fresh::renew_accounts(&connection, dir.path()).unwrap();
    }
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let swap = Swap { data_dir: dir.path().to_owned(), staged, quota: None, now };
    (dir, swap)
}

fn die(swap: &Swap, connection: Connection, death: Death) {
    match death {
        Death::Open => {
            let files = [DATABASE.to_owned(), format!("{DATABASE}-wal")].map(|name| swap.data_dir.join(name));
            let left = files.each_ref().map(|file| fs::read(file).unwrap());
            // Closing in order would fold the log into the database.
            drop(connection);
            files.iter().zip(left).for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
        }
        Death::After(steps) => {
            swap.close(connection).unwrap();
            STEPS.iter().take(steps).for_each(|step| step(swap).unwrap());
        }
        Death::Done => drop(swap.run(connection)),
    }
}

/// The state is whole, it is the one that is expected, and whoever owns the directory can sign in to it.
fn holds(dir: &Path, expected: &str, context: &str) {
    let connection = open::open(dir, None).unwrap();
    let asked = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(asked("PRAGMA integrity_check"), "ok", "{context}");
    assert_eq!(asked("SELECT value FROM setting WHERE key = 'word'"), expected, "{context}");
    let system = Credentials::read(&dir.join(CREDENTIALS)).unwrap().system.unwrap();
    let account = accounts::by_login(&connection, Kind::System, &system.username).unwrap().unwrap();
    assert!(password::matches(&system.password, &account.password_hash), "{context}");
}

#[tokio::test]
async fn a_start_after_a_crash_at_any_step_finds_the_old_state_or_the_new_one_whole() {
    let plane = tempfile::tempdir().unwrap();
    start_and_stop(plane.path()).await;
    let steps = (0..=STEPS.len()).map(Death::After);
    for death in [Death::Open].into_iter().chain(steps).chain([Death::Done]) {
        for recovered in [false, true] {
            let (dir, swap) = stage(plane.path(), recovered);
            let connection = open::open(dir.path(), None).unwrap();
            word(&connection, "old");
            die(&swap, connection, death);
            let context = format!("{death:?}, recovered: {recovered}");
            let swapped = match death {
                Death::Open => false,
                Death::After(steps) => steps == STEPS.len(),
                Death::Done => true,
            };
            let expected = if swapped { "new" } else { "old" };
            start_and_stop(dir.path()).await;
            holds(dir.path(), expected, &context);
            // What the dead one left beside the database is in nobody's way.
            let (_made, again) = stage(plane.path(), false);
            let staged = dir.path().join("staged-again.db");
            fs::copy(&again.staged, &staged).unwrap();
            let again = Swap { data_dir: dir.path().to_owned(), staged, ..again };
            assert!(again.run(open::open(dir.path(), None).unwrap()).outcome.is_ok(), "{context}");
            start_and_stop(dir.path()).await;
            holds(dir.path(), "new", &context);
        }
    }
}
