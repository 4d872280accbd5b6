//! The disk of the plane, or that of whoever downloads, is full: the message names it, and nothing is left half-done.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ground;
use crate::process::{Done, Home, Started, finish};
use crate::site::{GATEWAY, Site, path};

const SCRIPT: &str = "mount -t tmpfs -o size=\"$0\"k,mode=700 tmpfs \"$1\" && shift && exec \"$@\"";

/// The same command where `dir` is a disk of its own of so many KiB, which goes when the process does. `None`, said aloud,
/// without root.
fn on_small_disk(home: &Home, command: &Command, dir: &Path, kib: usize) -> Option<Command> {
    if !rustix::process::getuid().is_root() {
        // Not captured by the test harness, unlike eprintln.
        let _ = writeln!(std::io::stderr(), "LEFT OUT: a small disk needs root, which this is not");
        return None;
    }
    let mut small = home.program(Path::new("unshare"), &["-m", "sh", "-c", SCRIPT]);
    small.arg(kib.to_string()).arg(dir).arg(command.get_program()).args(command.get_args());
    Some(small)
}

/// A daemon whose data directory is on a disk of its own.
struct Plane {
    home: Home,
    url: String,
    credentials: PathBuf,
    /// That disk, seen from here.
    disk: PathBuf,
    _daemon: Started,
}

impl Plane {
    fn start(kib: usize) -> Option<Self> {
        let home = Home::new();
        let disk = home.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let dir = disk.join("plane");
        let words = ["serve", "--sandbox", "--listen", "127.0.0.1:0", "--data-dir", dir.to_str().unwrap()];
        let daemon = Started::new(on_small_disk(&home, &home.command(&words), &disk, kib)?);
        let url = daemon.line().strip_prefix("listening on ").unwrap().trim_end().to_owned();
        let disk = Path::new("/proc").join(daemon.pid().to_string()).join("root").join(disk.strip_prefix("/").unwrap());
        let credentials = home.path().join("credentials.toml");
        std::fs::copy(disk.join("plane/credentials.toml"), &credentials).unwrap();
        std::fs::set_permissions(&credentials, std::fs::Permissions::from_mode(0o600)).unwrap();
        Some(Self { home, url, credentials, disk, _daemon: daemon })
    }

    fn command(&self, words: &str) -> Command {
        let more = ["--url", &self.url, "--credentials", self.credentials.to_str().unwrap()];
        self.home.command(&words.split_whitespace().chain(more).collect::<Vec<_>>())
    }

    async fn run(&self, words: &str) -> Done {
        finish(self.command(words)).await
    }

    async fn done(&self, words: &str) -> Done {
        let done = self.run(words).await;
        assert_eq!(done.code, Some(0), "{words}: {done:?}");
        done
    }

    async fn has_gateway(&self, name: &str) -> bool {
        let pcgs = self.done("pcgs list -o json").await.json();
        pcgs.as_array().unwrap().iter().any(|pcg| pcg["name"] == name)
    }

    /// What is on the disk for a while.
    fn scratch(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.disk.join("plane/scratch")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// Fills the disk up to the last KiB but so many.
    fn fill(&self, but_kib: usize) {
        let mut filler = std::fs::File::create(self.disk.join("filler")).unwrap();
        while filler.write_all(&[0; 1024]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length - (but_kib as u64) * 1024).unwrap();
    }

    fn make_room(&self) {
        std::fs::remove_file(self.disk.join("filler")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plane_whose_own_disk_is_full_says_so_and_leaves_nothing_half_done() {
    let ground = ground::s3_in_process().await;
    let Some(plane) = Plane::start(32 << 10) else { return };
    plane.done(&format!("locations set s3 {}", ground.flags)).await;
    let uid = plane.done("backups create s3 -o json").await.json()["uid"].as_str().unwrap().to_owned();
    plane.done(&format!("pcgs rename {GATEWAY} elbe")).await;
    // The trail and the record of the job still fit; another copy of the state does not.
    plane.fill(700);
    for words in [format!("backups restore {uid} --yes"), "backups create s3".to_owned()] {
        let full = plane.run(&words).await;
        assert_eq!(full.code, Some(1), "{words}: {full:?}");
        assert!(full.stderr.contains("plane/scratch"), "{words} names our disk: {}", full.stderr);
        assert!(full.stderr.contains("MiB free") || full.stderr.contains("full"), "{words}: {}", full.stderr);
        assert_eq!(plane.scratch(), Vec::<PathBuf>::new(), "{words}");
    }
    assert!(plane.has_gateway("elbe").await);
    let listed = plane.done("backups list s3 -o json").await.json();
    let whole = listed.as_array().unwrap().iter().filter(|backup| backup["state"] == "Completed").count();
    assert_eq!(whole, 1, "nothing half-made is shown as made: {listed:#}");
    plane.make_room();
    plane.done(&format!("backups restore {uid} --yes")).await;
    assert!(plane.has_gateway(GATEWAY).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_while_a_backup_is_fetched_changes_nothing() {
    let ground = ground::s3_in_process().await;
    let large = Site::with(&["--scale", "audits=25000"]);
    let small = Site::with_small_files(6 << 10);
    for site in [&large, &small] {
        site.done(&format!("locations set s3 {}", ground.flags)).await;
    }
    let uid = large.backup("s3").await;
    let key = large.home.path().join("key.txt");
    large.done(&format!("backups key export --to {}", path(&key))).await;
    small.done(&format!("backups key import {}", path(&key))).await;
    small.done(&format!("pcgs rename {GATEWAY} elbe")).await;
    let full = small.run(&format!("backups recover {uid} --mode s3 --yes")).await;
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.stderr.contains("cannot use the disk of this machine"), "{}", full.stderr);
    assert!(
        full.stderr.contains(path(&small.dir.join("scratch"))),
        "it names what it could not write: {}",
        full.stderr
    );
    assert_eq!(std::fs::read_dir(small.dir.join("scratch")).unwrap().count(), 0);
    assert!(small.has_gateway("elbe").await);
    let listed = small.json("backups list s3").await;
    assert_eq!(listed.as_array().unwrap().len(), 1, "no safety backup is left: {listed:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_onto_a_full_disk_names_it_and_leaves_no_manifest() {
    let ground = ground::s3_in_process().await;
    let site = Site::with(&[]);
    site.done(&format!("locations set s3 {}", ground.flags)).await;
    let uid = site.backup("s3").await;
    let disk = site.home.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let copy = disk.join("copy");
    let words = ["backups", "download", &uid, "--to", copy.to_str().unwrap(), "--data-dir", site.dir.to_str().unwrap()];
    // What stays is listed before the disk goes.
    let mut command = site.home.program(Path::new("sh"), &["-c", "\"$@\"; code=$?; ls -A \"$0\"; exit $code"]);
    command.arg(&copy).arg(env!("CARGO_BIN_EXE_palette-console")).args(words);
    let Some(command) = on_small_disk(&site.home, &command, &disk, 64) else { return };
    let full = finish(command).await;
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.stderr.contains(copy.to_str().unwrap()) && full.stderr.contains("No space left"), "{full:?}");
    assert_eq!(full.stdout, "", "neither a part of a segment nor a manifest stays");
    site.done(&format!("backups download {uid} --to {}", site.home.path().join("roomy").display())).await;
}
