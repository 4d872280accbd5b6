use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;

fn plane(dir: &Path) -> (PathBuf, Connection) {
    let path = dir.join("plane.db");
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    connection.pragma_update(None, "user_version", 7).unwrap();
    connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, words TEXT) STRICT").unwrap();
    (path, connection)
}

fn copied(path: &Path, scratch: &Path, into: &Path) -> Connection {
    let mut opened = Database { path: path.to_owned() }.open(scratch).unwrap();
    let left: Vec<_> = fs::read_dir(scratch).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let mut bytes = Vec::new();
    opened.reader.read_to_end(&mut bytes).unwrap();
    assert_eq!(Some(bytes.len() as u64), opened.bytes);
    fs::write(into, bytes).unwrap();
    prove(into).unwrap();
    Connection::open(into).unwrap()
}

#[test]
fn a_copy_holds_everything_that_was_committed_while_others_write_at_full_speed() {
    let dir = tempfile::tempdir().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let (path, connection) = plane(dir.path());
    connection.busy_timeout(Duration::from_secs(30)).unwrap();
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = std::thread::spawn({
        let (stop, written) = (stop.clone(), written.clone());
        move || {
            while !stop.load(Ordering::SeqCst) {
                connection.execute("INSERT INTO t (words) VALUES (hex(randomblob(100)))", []).unwrap();
                written.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    for n in 0..30 {
        let before = written.load(Ordering::SeqCst);
        let copy = copied(&path, scratch.path(), &dir.path().join(format!("{n}.db")));
        let (count, newest): (u64, u64) = copy
            .query_row("SELECT count(*), ifnull(max(n), 0) FROM t", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert!(
            count >= before && count == newest,
            "{before} were committed, {count} are there, the newest is {newest}"
        );
    }
    stop.store(true, Ordering::SeqCst);
    writer.join().unwrap();
    assert!(written.load(Ordering::SeqCst) > 30);
}

#[test]
fn a_copy_keeps_the_version_of_the_tables() {
    let dir = tempfile::tempdir().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let (path, _connection) = plane(dir.path());
    let copy = copied(&path, scratch.path(), &dir.path().join("copy.db"));
    assert_eq!(copy.query_row("PRAGMA user_version", [], |row| row.get::<_, i32>(0)).unwrap(), 7);
}

#[test]
fn the_copy_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _connection) = plane(dir.path());
    let copy = Copy::of(&path, dir.path()).unwrap();
    assert_eq!(fs::metadata(&copy.0).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_is_no_whole_database_of_a_plane_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (path, connection) = plane(dir.path());
    for n in 0..2000 {
        connection.execute("INSERT INTO t VALUES (?1, hex(randomblob(100)))", [n]).unwrap();
    }
    connection.close().unwrap();
    let whole = fs::read(&path).unwrap();
    prove(&path).unwrap();
    let odd = dir.path().join("odd ?#%.db");
    fs::copy(&path, &odd).unwrap();
    prove(&odd).unwrap();
    let told = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        prove(&path).unwrap_err()
    };
    assert_eq!(told(b""), "it is no SQLite database");
    assert_eq!(told(&[7; 5000]), "it is no SQLite database");
    assert!(told(&whole[..whole.len() / 2]).contains("database"));
    let mut flipped = whole.clone();
    flipped[4096 * 5..4096 * 6].fill(0xff);
    assert!(told(&flipped).contains("damaged"), "{}", told(&flipped));
    let mut foreign = whole.clone();
    foreign[68..72].fill(0);
    assert_eq!(told(&foreign), "it is a SQLite database, but not a plane's");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "nothing is written beside it: {left:?}");
}

#[test]
fn a_missing_database_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let error = Database { path: dir.path().join("none.db") }.open(dir.path()).err().unwrap();
    assert!(error.starts_with("the plane's database cannot be copied"), "{error}");
}

#[test]
fn a_disk_without_room_is_told_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let error = space_for(dir.path(), u64::MAX / 2).unwrap_err();
    assert!(error.contains("MiB free") && error.contains("are needed"), "{error}");
    assert!(space_for(dir.path(), 1).is_ok());
}
