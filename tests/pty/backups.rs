//! Backup and restore by keyboard alone, on a fresh directory with the sandbox's own stores: what a newcomer does in the
//! first minutes.

use std::fs;

use super::desk::{Desk, sign_in};
use super::harness::Console;

/// The form of a mode as the sandbox prepared it. `down` is how far below the first entry the mode is.
pub fn form(desk: &Desk, down: usize) -> Console {
    let mut console = desk.console(&[], 80, 24);
    sign_in(&mut console);
    console.key("2");
    console.wait_for("not configured; the sandbox's own server is prepared");
    console.key("e");
    console.wait_for("Configure where backups go");
    press(&mut console, "down", down);
    console.key("enter");
    console.wait_for("Prepared by the sandbox: Enter validates it");
    console
}

/// Presses a key some times.
pub fn press(console: &mut Console, key: &str, times: usize) {
    for _ in 0..times {
        console.key(key);
    }
}

/// Types a value in place of the one that is there.
pub fn retype(console: &mut Console, value: &str) {
    console.key("ctrl-u");
    console.send(value);
}

/// The tab with the prepared location of a mode validated and saved.
pub fn configured(desk: &Desk, mode: &str, down: usize) -> Console {
    let mut console = form(desk, down);
    save(&mut console, mode);
    console
}

/// Validates the form and saves it.
pub fn save(console: &mut Console, mode: &str) {
    console.key("enter");
    console.wait_for("The location is good for backups");
    console.key("enter");
    console.wait_for(&format!("{mode} is configured: every day at 03:00 UTC"));
    console.wait_for("no good backup yet");
}

/// Asks for a backup.
pub fn back_up(console: &mut Console) {
    console.key("+");
    console.wait_for("Create a backup now");
}

/// Makes it at the place under the marker.
pub fn made(console: &mut Console) {
    console.key("enter");
    console.wait_for("Verify it");
    console.wait_for("Done");
}

/// Goes to the gateways and gives the first one another name.
pub fn rename_the_first(console: &mut Console, name: &str) {
    console.key("1");
    console.wait_for("8 gateways");
    console.key("n");
    console.wait_for("Rename berlin-vsphere-1");
    retype(console, name);
    console.key("enter");
    console.wait_for(&format!("▸ {name}"));
}

/// Goes from the plan to the question, and gives the word it asks for.
pub fn question(console: &mut Console) -> String {
    console.wait_for("What happens");
    console.key("tab");
    console.key("enter");
    console.wait_for("to confirm:");
    let screen = console.screen();
    screen.split("Type ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a word to type").to_owned()
}

/// Goes from the plan through the typed confirmation.
pub fn confirm(console: &mut Console) {
    let word = question(console);
    console.send(&word);
    console.wait_for("matches");
    console.key("enter");
}

#[test]
fn a_newcomer_backs_up_verifies_changes_something_and_restores_it() {
    let desk = Desk::new();
    let mut console = configured(&desk, "FTP", 0);
    back_up(&mut console);
    made(&mut console);
    console.key("tab");
    console.key("enter");
    console.wait_for("is whole");
    console.key("enter");
    console.wait_for("verified < 1 min ago");
    rename_the_first(&mut console, "berlin-changed");
    console.key("2");
    console.wait_for("restore");
    console.key("R");
    confirm(&mut console);
    console.wait_for("Restored: the accounts are the backup's now.");
    console.wait_for("Enter signs in.");
    console.key("enter");
    console.wait_for("Restored the state of");
    console.key("enter");
    console.key("1");
    console.wait_for("Sign in again.");
    console.wait_for("Enter signs in.");
    console.key("enter");
    console.wait_for("berlin-vsphere-1");
    console.wait_gone("berlin-changed");
}

#[test]
fn an_s3_backup_is_downloaded_and_deleted_after_a_question() {
    let desk = Desk::new();
    let mut console = configured(&desk, "S3", 1);
    back_up(&mut console);
    console.key("down");
    made(&mut console);
    console.key("enter");
    console.wait_for("last good < 1 min ago");
    console.key("f");
    console.wait_for("Directory");
    console.key("enter");
    console.wait_for("The backup is in");
    let found = fs::read_dir(desk.home()).unwrap().map(|entry| entry.unwrap().path());
    let folders: Vec<_> = found.filter(|path| path.join("manifest.json").exists()).collect();
    assert_eq!(folders.len(), 1);
    console.key("d");
    console.wait_for("It is the only good backup in S3.");
    console.key("enter");
    console.wait_gone("It is the only good backup");
    console.key("d");
    console.wait_for("It is the only good backup in S3.");
    console.key("tab");
    console.key("enter");
    console.wait_for("Done");
    console.key("enter");
    console.wait_for("There is no backup yet");
}

#[test]
fn the_recovery_key_is_exported_to_a_file_of_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let mut console = configured(&desk, "FTP", 0);
    console.wait_for("Recovery key never exported");
    console.key("K");
    console.wait_for("It was never exported.");
    console.key("enter");
    console.wait_for("palette-recovery-key-");
    console.key("enter");
    console.wait_for("The recovery key is in");
    console.wait_gone("Recovery key never exported");
    let files = fs::read_dir(desk.home()).unwrap().map(|entry| entry.unwrap().path());
    let keys: Vec<_> = files.filter(|path| path.to_string_lossy().contains("recovery-key")).collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(fs::metadata(&keys[0]).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&keys[0]).unwrap().contains("AGE-SECRET-KEY-1"));
    assert!(!console.screen().contains("AGE-SECRET-KEY-1"));
}

#[test]
fn an_idle_tab_of_backups_writes_nothing() {
    let desk = Desk::new();
    let console = configured(&desk, "FTP", 0);
    console.wait_for("no good backup yet");
    console.wait_gone("is configured: every day");
    assert_eq!(console.bytes_written_during(std::time::Duration::from_millis(1500)), 0);
}
