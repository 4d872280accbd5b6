//! The swap itself.

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
