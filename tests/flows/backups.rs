//! Backups from the command line, against the sandbox's own FTP and S3 servers: over the real protocols, through the real
//! binary, as a script would.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::process::Home;
use crate::site::{GATEWAY, Site, path};

const REMINDER: &str = "The recovery key has not been exported yet";

#[tokio::test]
async fn a_backup_is_made_listed_proved_and_deleted_over_both_protocols() {
    let site = Site::new();
    for mode in ["ftp", "s3"] {
        site.done(&format!("locations set {mode}")).await;
        let validated = site.json(&format!("locations validate {mode}")).await;
        assert_eq!(validated["ok"], true, "{validated}");
        assert!(validated["checks"].as_array().unwrap().len() > 3, "{validated}");
        let uid = site.backup(mode).await;
        let listed = site.json(&format!("backups list {mode}")).await;
        assert_eq!((&listed[0]["uid"], &listed[0]["own"]), (&uid.as_str().into(), &true.into()));
        for level in ["quick", "data", "full"] {
            let verified = site.json(&format!("backups verify {uid} --level {level}")).await;
            assert_eq!((&verified["good"], &verified["level"]), (&true.into(), &level.into()));
        }
        site.done(&format!("backups status {mode} --max-age 1h")).await;
        let unconfirmed = site.run(&format!("backups delete {uid}")).await;
        assert_eq!(unconfirmed.code, Some(2), "{unconfirmed:?}");
        site.done(&format!("backups delete {uid} --yes")).await;
        assert_eq!(site.json(&format!("backups list {mode}")).await, Value::Array(Vec::new()));
        let old = site.run(&format!("backups status {mode} --max-age 1h")).await;
        assert_eq!(old.code, Some(1), "{old:?}");
    }
}

#[tokio::test]
async fn a_restore_brings_back_what_was_changed_since() {
    let site = Site::new();
    site.done("locations set ftp").await;
    let uid = site.backup("ftp").await;
    site.done(&format!("pcgs rename {GATEWAY} elbe")).await;
    assert!(!site.has_gateway(GATEWAY).await);
    let refused = site.run(&format!("backups restore {uid}")).await;
    assert_eq!(refused.code, Some(2), "nobody is there to confirm: {refused:?}");
    assert!(refused.stderr.contains("accounts"), "the plan tells whose accounts are in force: {}", refused.stderr);
    let restored = site.done(&format!("backups restore {uid} --yes -o json")).await;
    assert_eq!(restored.json()["state"], "Completed", "{restored:?}");
    assert!(site.has_gateway(GATEWAY).await);
    let listed = site.json("backups list ftp").await;
    assert!(listed.as_array().unwrap().len() >= 2, "the safety backup is there, too: {listed}");
}

#[tokio::test]
async fn until_the_key_is_exported_every_command_says_so() {
    let site = Site::new();
    site.done("locations set s3").await;
    for words in ["backups list", "backups jobs", "locations list", "backups key show"] {
        let done = site.done(words).await;
        assert_eq!(done.stderr.matches(REMINDER).count(), 1, "{words}: {}", done.stderr);
    }
    let file = site.home.path().join("key.txt");
    site.done(&format!("backups key export --to {}", path(&file))).await;
    assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
    let again = site.run(&format!("backups key export --to {}", path(&file))).await;
    assert_eq!(again.code, Some(2), "nothing is overwritten: {again:?}");
    assert!(!site.done("backups list").await.stderr.contains(REMINDER));
    let secret = std::fs::read_to_string(&file).unwrap();
    let secret = secret.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
    assert!(!site.home.logs().contains(secret));
}

/// What the sandbox of `site` has prepared for FTP, as flags of `locations set ftp` for another plane.
async fn ftp_of(site: &Site, other: &Home) -> String {
    let view = site.json("locations show ftp").await;
    let place = &view["location"]["ftp"];
    let prepared: toml::Table = std::fs::read_to_string(site.dir.join("stores.toml")).unwrap().parse().unwrap();
    let password = other.path().join("password");
    std::fs::write(&password, prepared["ftp"]["password"].as_str().unwrap()).unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut flags = format!(
        "--server {} --dir {} --username {} --password-file {} --interval 1 --retention 7 --hour 3",
        place["server"].as_str().unwrap(),
        place["dir"].as_str().unwrap(),
        place["username"].as_str().unwrap(),
        path(&password)
    );
    if let Some(pem) = view["location"]["caPem"].as_str().filter(|pem| !pem.is_empty()) {
        let file = other.path().join("ca.pem");
        std::fs::write(&file, pem).unwrap();
        flags += &format!(" --server-ca-file {}", path(&file));
    }
    flags
}

#[tokio::test]
async fn another_plane_recovers_with_the_location_and_the_key() {
    let lost = Site::new();
    lost.done("locations set ftp").await;
    lost.done(&format!("pcgs rename {GATEWAY} elbe")).await;
    let uid = lost.backup("ftp").await;
    let key = lost.home.path().join("key.txt");
    lost.done(&format!("backups key export --to {}", path(&key))).await;

    let fresh = Site::with(&[]);
    let flags = ftp_of(&lost, &fresh.home).await;
    fresh.done(&format!("locations set ftp {flags}")).await;
    let listed = fresh.json("backups list ftp").await;
    assert_eq!((&listed[0]["uid"], &listed[0]["own"]), (&uid.as_str().into(), &false.into()));
    let keyless = fresh.run(&format!("backups recover {uid} --mode ftp --yes")).await;
    assert_eq!(keyless.code, Some(5), "{keyless:?}");
    assert!(keyless.stderr.contains("key"), "{}", keyless.stderr);
    let foreign = fresh.run(&format!("backups restore {uid} --yes")).await;
    assert_eq!(foreign.code, Some(5), "another plane's backup is recovered, not restored: {foreign:?}");
    fresh.done(&format!("backups key import {}", path(&key))).await;
    let before = std::fs::read_to_string(fresh.dir.join("credentials.toml")).unwrap();
    let recovered = fresh.done(&format!("backups recover {uid} --mode ftp --yes -o json")).await;
    assert_eq!((&recovered.json()["kind"], &recovered.json()["state"]), (&"recover".into(), &"Completed".into()));
    assert!(fresh.has_gateway("elbe").await);
    assert_ne!(before, std::fs::read_to_string(fresh.dir.join("credentials.toml")).unwrap(), "fresh passwords");
    let view = fresh.json("locations show ftp").await;
    assert_eq!(view["location"]["paused"], true, "two planes must not expire one folder: {view}");
}

#[tokio::test]
async fn a_download_is_whole_private_and_never_overwrites() {
    let site = Site::new();
    site.done("locations set s3").await;
    let uid = site.backup("s3").await;
    let dir = site.home.path().join("copy");
    let told = site.json(&format!("backups download {uid} --to {}", path(&dir))).await;
    assert_eq!(dir.metadata().unwrap().mode() & 0o777, 0o700);
    for file in told["files"].as_array().unwrap() {
        assert_eq!(dir.join(file.as_str().unwrap()).metadata().unwrap().mode() & 0o777, 0o600);
    }
    assert!(dir.join("manifest.json").exists() && dir.join("s-plane-00001.seg").exists());
    let again = site.run(&format!("backups download {uid} --to {}", path(&dir))).await;
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.stderr.contains("nothing is overwritten"), "{}", again.stderr);
}

/// The section of the README, word for word but for the place of the key.
pub fn open_by_hand(dir: &Path, key: &Path) {
    let line = "cat s-plane-*.seg | age --decrypt -i \"$0\" | zstd --decompress > plane.db";
    let mut shell = Command::new("bash");
    let shell = shell.args(["-o", "pipefail", "-c", line]).arg(key).current_dir(dir).status().unwrap();
    assert!(shell.success());
    let database = std::fs::read(dir.join("plane.db")).unwrap();
    assert!(database.starts_with(b"SQLite format 3\0"));
}

#[tokio::test]
#[ignore = "needs age zstd"]
async fn a_download_is_opened_by_hand_with_age_and_zstd() {
    let site = Site::new();
    site.done("locations set ftp").await;
    let uid = site.backup("ftp").await;
    let (dir, key) = (site.home.path().join("copy"), site.home.path().join("key.txt"));
    site.done(&format!("backups download {uid} --to {}", path(&dir))).await;
    site.done(&format!("backups key export --to {}", path(&key))).await;
    open_by_hand(&dir, &key);
}

#[tokio::test]
async fn what_cannot_be_is_told_with_its_exit_code() {
    let site = Site::with(&[]);
    let code = async |words: &str| {
        let done = site.run(words).await;
        assert!(!done.stderr.contains("panicked"), "{words}: {}", done.stderr);
        (done.code.unwrap(), done.stderr)
    };
    let place = "--server ftp://127.0.0.1:1 --dir d --username u --password-file";
    let password = site.home.path().join("password");
    std::fs::write(&password, "hunter2").unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    let set = |schedule: &str| format!("locations set ftp {place} {} {schedule}", path(&password));
    for bad in [
        "--interval 0 --retention 7 --hour 3",
        "--interval 1 --retention 0 --hour 3",
        "--interval 1 --retention 7 --hour 24",
    ] {
        let (exit, told) = code(&set(bad)).await;
        assert_eq!(exit, 2, "{bad}: {told}");
        assert!(told.contains("choose"), "{told}");
    }
    assert_eq!(code("backups create ftp").await.0, 5, "not configured");
    assert_eq!(code("backups create tape").await.0, 2);
    assert_eq!(code("backups verify 20010101T000000Z-000000000000").await.0, 1, "nowhere");
    assert_eq!(code("backups status --max-age 26h").await.0, 1, "nothing is configured");
    assert_eq!(code("backups status --max-age soon").await.0, 2);
    assert_eq!(code("locations policy --bucket No/../t").await.0, 2);
    assert_eq!(code(&set("--interval 1 --retention 7 --hour 3")).await.0, 0, "stored without being tried");
    let (exit, told) = code("locations validate ftp").await;
    assert_eq!(exit, 1, "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    let (exit, told) = code("backups status ftp --max-age 26h").await;
    assert_eq!(exit, 6, "it cannot be read: {told}");
    assert_eq!(code("backups create ftp").await.0, 1);
    assert!(!site.home.logs().contains("hunter2"));
}
