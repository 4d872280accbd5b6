//! The plane is lost and another one takes over its state, by keyboard alone: a second data directory, the first one's
//! location and its recovery key.

use std::fs;

use super::backups::{back_up, configured, confirm, made, press, rename_the_first, retype, save};
use super::desk::Desk;
use super::harness::Console;

/// A plane with a renamed gateway, a backup of it in its own FTP server, and the recovery key in `key.txt`. The server
/// lives as long as the console.
fn lost(desk: &Desk) -> Console {
    let mut console = configured(desk, "FTP", 0);
    rename_the_first(&mut console, "berlin-lost");
    console.key("2");
    console.wait_for("no good backup yet");
    back_up(&mut console);
    made(&mut console);
    console.key("enter");
    console.wait_for("last good < 1 min ago");
    console.key("K");
    console.wait_for("It was never exported.");
    console.key("enter");
    console.wait_for("Export the recovery key");
    retype(&mut console, key_file(desk).as_str());
    console.key("enter");
    console.wait_for("The recovery key is in");
    console
}

fn key_file(desk: &Desk) -> String {
    desk.home().join("key.txt").to_str().unwrap().to_owned()
}

/// Points the prepared configuration of another plane at the FTP server of the lost one.
fn lead_to(console: &mut Console, lost: &Desk) {
    let authority = lost.home().join("ca.pem");
    fs::write(&authority, lost.stores("tls", "certificate")).unwrap();
    console.key("shift-tab");
    console.key("enter");
    console.wait_for("CA file");
    press(console, "down", 2);
    console.send(authority.to_str().unwrap());
    console.key("esc");
    console.wait_for("Retention Period");
    retype(console, &format!("ftps://127.0.0.1:{}", lost.stores("ftp", "port")));
    console.wait_for("type it again: another server or user");
    press(console, "down", 3);
    console.send(&lost.stores("ftp", "password"));
}

fn import_key(console: &mut Console, file: &str) {
    console.key("K");
    console.wait_for("Import from a file…");
    press(console, "down", 3);
    console.key("enter");
    console.wait_for("Import a recovery key");
    console.send(file);
    console.key("enter");
    console.wait_for("The recovery key was taken in");
}

#[test]
fn another_plane_recovers_with_the_location_and_the_key() {
    let (first, second) = (Desk::new(), Desk::new());
    let _servers = lost(&first);
    let mut console = super::backups::form(&second, 0);
    lead_to(&mut console, &first);
    save(&mut console, "FTP");
    console.wait_for("no key");
    assert!(!console.screen().contains(&first.stores("ftp", "password")));
    console.key("R");
    console.wait_for("K imports it");
    import_key(&mut console, &key_file(&first));
    console.wait_for("recover");
    console.wait_gone("no key");
    let before = fs::read_to_string(second.credentials_file()).unwrap();
    console.key("R");
    console.wait_for("Recover 2");
    confirm(&mut console);
    console.wait_for("Sign in again");
    console.wait_for("Enter signs in.");
    assert_ne!(fs::read_to_string(second.credentials_file()).unwrap(), before, "the accounts have fresh passwords");
    console.key("enter");
    console.wait_for("Recovered the state of");
    console.key("enter");
    console.wait_for("schedule paused");
    console.key("1");
    console.wait_for("Enter signs in.");
    console.key("enter");
    console.wait_for("▸ berlin-lost");
}
