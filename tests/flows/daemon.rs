//! Data directories, the daemon, and several processes on one plane.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use palette_console::client::{Address, Client, Login, Options};
use palette_console::clock;
use palette_console::ops::migrate::{self, Progress};
use palette_console::secret;
use tokio::sync::mpsc;

use crate::process::{Done, Home, Started, finish, serve};
use crate::stage::{HELD, SICK, SOUND, credentials, plan, spread, trail};

const FOREVER: [&str; 2] = ["--migration-pace", "86400000"];

async fn list(home: &Home, dir: &Path) -> Done {
    home.run(&["pcgs", "list", "-o", "json", "--data-dir", dir.to_str().unwrap()]).await
}

/// A client of whoever serves the directory.
async fn client(dir: &Path) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new(Options::new(Address::Socket(dir.join("plane.sock")), clock::system())).unwrap();
    client.login(&Login::tenant_of(&credentials(dir)).unwrap()).await.unwrap();
    client
}

#[tokio::test]
async fn the_daemon_prints_one_line_answers_there_and_ends_in_order() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let (served, url) = serve(&home, dir.path(), &["--scale", "pcgs=9,clusters=43,audits=100"]);
    let file = dir.path().join("credentials.toml");
    let words = ["pcgs", "list", "-o", "json", "--url", &url, "--credentials", file.to_str().unwrap()];
    assert_eq!(home.run(&words).await.json().as_array().unwrap().len(), 9);
    served.terminate();
    let done = served.wait();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done:?}");
    assert!(!dir.path().join("plane.sock").exists());
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_a_command_attaches() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let (served, _) = serve(&home, dir.path(), &[]);
    let path = dir.path().to_str().unwrap();
    let second = home.run(&["serve", "--sandbox", "--data-dir", path, "--listen", "127.0.0.1:0"]).await;
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""), "{second:?}");
    assert!(second.stderr.contains(&format!("is in use by process {}", served.pid())), "{second:?}");
    assert_eq!(list(&home, dir.path()).await.code, Some(0));
    let reset = home.run(&["sandbox", "reset", "--yes", "--data-dir", path]).await;
    assert_eq!(reset.code, Some(1), "{reset:?}");
    assert!(reset.stderr.contains("is in use by process"), "{reset:?}");
}

#[tokio::test]
async fn addresses_beyond_this_machine_want_tls() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let words = ["serve", "--sandbox", "--data-dir", dir.path().to_str().unwrap(), "--listen", "0.0.0.0:0"];
    let done = home.run(&words).await;
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done:?}");
    assert!(done.stderr.contains("--tls-cert") && done.stderr.contains("127.0.0.1"), "{done:?}");
}

#[tokio::test]
async fn a_damaged_database_is_left_alone_and_reset_keeps_it_aside() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    assert_eq!(list(&home, dir.path()).await.code, Some(0));
    let database = dir.path().join("plane.db");
    fs::write(&database, "this is not a database, whatever it was before").unwrap();
    let damaged = list(&home, dir.path()).await;
    assert_eq!(damaged.code, Some(1), "{damaged:?}");
    assert!(damaged.stderr.contains("is damaged") && damaged.stderr.contains("nothing was changed"), "{damaged:?}");
    assert!(damaged.stderr.contains("palette-console sandbox reset --data-dir"), "{damaged:?}");
    assert_eq!(fs::read(&database).unwrap(), b"this is not a database, whatever it was before");
    let path = dir.path().to_str().unwrap();
    let unasked = home.run(&["sandbox", "reset", "--data-dir", path]).await;
    assert_eq!(unasked.code, Some(2), "{unasked:?}");
    assert!(database.exists());
    let reset = home.run(&["sandbox", "reset", "--yes", "--data-dir", path]).await;
    assert_eq!(reset.code, Some(0), "{reset:?}");
    let kept: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("plane.db.damaged-"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(fs::read(&kept[0]).unwrap(), b"this is not a database, whatever it was before");
    assert!(reset.stderr.contains(kept[0].to_str().unwrap()), "{reset:?}");
    assert_eq!(list(&home, dir.path()).await.json().as_array().unwrap().len(), 8);
}

/// A copy of the program where every user of the machine can run it.
fn for_everyone() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_palette-console"), dir.path().join("program")).unwrap();
    dir
}

/// Runs a command as someone whom permissions bind, which they do not bind root.
async fn bound(words: &[&str]) -> Done {
    let (home, place) = (Home::new(), for_everyone());
    let mut command = home.program(&place.path().join("program"), words);
    if rustix::process::getuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    finish(command).await
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let done = bound(&["pcgs", "list", "--data-dir", dir.path().to_str().unwrap()]).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stderr.contains(dir.path().to_str().unwrap()), "{done:?}");
    assert!(done.stderr.contains("ermission denied") && done.stderr.contains("--data-dir"), "{done:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let below_a_file = env!("CARGO_MANIFEST_DIR").to_owned() + "/Cargo.toml/data";
    let done = Home::new().run(&["pcgs", "list", "--data-dir", &below_a_file]).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stderr.contains("Cargo.toml/data") && done.stderr.contains("--data-dir"), "{done:?}");
}

/// Runs a command that can write no file beyond so many KiB, as on a full disk.
async fn on_a_full_disk(home: &Home, kib: u32, dir: &Path) -> Done {
    let limited = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
    let mut command = home.program(Path::new("/bin/bash"), &["-c", &limited]);
    command.arg(env!("CARGO_BIN_EXE_palette-console")).args(["pcgs", "list", "-o", "json", "--data-dir"]).arg(dir);
    finish(command).await
}

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_nothing_half_made() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let full = on_a_full_disk(&home, 64, dir.path()).await;
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.stderr.contains(dir.path().to_str().unwrap()) && full.stderr.contains("--data-dir"), "{full:?}");
    let roomy = list(&home, dir.path()).await;
    assert_eq!(roomy.code, Some(0), "{roomy:?}");
    assert_eq!(roomy.json().as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn a_command_that_cannot_sign_in_lets_go_of_its_plane_in_order() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let accounts = home.path().join("accounts.toml");
    secret::write(&accounts, "[tenant]\nemail = \"nobody@acme.example\"\npassword = \"wrong\"\n").unwrap();
    let words =
        ["pcgs", "list", "--data-dir", dir.path().to_str().unwrap(), "--credentials", accounts.to_str().unwrap()];
    let done = home.run(&words).await;
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(dir.path().join("plane.db").exists() && !dir.path().join("plane.sock").exists());
}

#[tokio::test]
async fn a_long_data_directory_is_served_all_the_same() {
    let (home, root) = (Home::new(), tempfile::tempdir().unwrap());
    let dir = root.path().join("d".repeat(120));
    let (_served, _) = serve(&home, &dir, &[]);
    let attached = list(&home, &dir).await;
    assert_eq!(attached.json().as_array().unwrap().len(), 8, "{attached:?}");
}

#[tokio::test]
async fn a_daemon_that_is_killed_in_the_middle_and_started_again_finishes_the_migration() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let (mut served, _) = serve(&home, dir.path(), &FOREVER);
    let client = client(dir.path()).await;
    let plan = plan(&client, SICK, SOUND).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let watching = {
        let client = client.clone();
        tokio::spawn(async move { migrate::run(&client, &plan, |progress| drop(tell.send(progress))).await })
    };
    while !matches!(told.recv().await.unwrap(), Progress::Moved { .. }) {}
    served.kill();
    while !matches!(told.recv().await.unwrap(), Progress::PlaneLost { .. }) {}
    let (_again, _) = serve(&home, dir.path(), &["--migration-pace", "0"]);
    while told.recv().await.unwrap() != Progress::PlaneBack {}
    let proof = watching.await.unwrap().unwrap();
    assert_eq!((proof.moved(), proof.total()), (HELD, HELD));
    let told = trail(&client).await;
    assert_eq!(told.iter().filter(|it| it.starts_with("Migrated 12 clusters")).count(), 1, "{told:?}");
}

#[tokio::test]
async fn a_command_takes_the_plane_over_when_its_owner_is_killed_and_proves_the_migration() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let (mut served, _) = serve(&home, dir.path(), &FOREVER);
    let path = dir.path().to_str().unwrap();
    let words = ["pcgs", "migrate", SICK, "--to", SOUND, "--yes", "-o", "json", "--data-dir", path];
    let migrating = Started::new(home.command(&words));
    migrating.until_it_says("1 of 12");
    served.kill();
    migrating.until_it_says("this command runs it now");
    let done = tokio::task::spawn_blocking(move || migrating.wait()).await.unwrap();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(done.json()["moved"], HELD);
    assert!(!dir.path().join("plane.sock").exists(), "the command let go in order");
    let (_again, _) = serve(&home, dir.path(), &[]);
    assert_eq!(spread(&client(dir.path()).await).await[SICK], 0);
}
