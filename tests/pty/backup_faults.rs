//! Backups that go wrong at the keyboard: what is told, and that nothing is half done.

use std::net::SocketAddr;

use super::backups::{back_up, configured, form, made, press, question, rename_the_first, retype, save};
use super::desk::Desk;
use super::harness::Console;
use super::proxy::{Proxy, Weather};

#[test]
fn a_wrong_password_is_told_by_its_check_and_cannot_be_saved() {
    let desk = Desk::new();
    let mut console = form(&desk, 0);
    press(&mut console, "down", 3);
    console.send("not-the-password");
    console.key("enter");
    console.wait_for("✕ Sign in");
    console.wait_for("530");
    console.wait_for("The location cannot be used as it is");
    assert!(!console.screen().contains("[ Save ]"), "{}", console.screen());
    assert!(!console.screen().contains("not-the-password"));
    console.key("enter");
    console.wait_for("Validate did not succeed");
    press(&mut console, "down", 3);
    console.key("ctrl-u");
    console.wait_for("prepared by the sandbox");
    save(&mut console, "FTP");
}

/// The S3 location through a network that fails as it is told to.
fn through(proxy: &Proxy, desk: &Desk, console: &mut Console) {
    console.key("shift-tab");
    console.key("enter");
    console.wait_for("Endpoint URL");
    retype(console, &proxy.url());
    console.key("esc");
    console.wait_for("type it again: another key or endpoint");
    console.key("down");
    console.send(&desk.stores("s3", "secret_key"));
    save(console, "S3");
}

#[test]
fn a_server_that_is_gone_in_the_middle_of_a_backup_is_waited_for() {
    let desk = Desk::new();
    let mut console = form(&desk, 1);
    let port = desk.stores("s3", "port").parse().unwrap();
    let proxy = Proxy::to(SocketAddr::from(([127, 0, 0, 1], port)));
    through(&proxy, &desk, &mut console);
    let before = proxy.count("PUT ");
    proxy.set(Weather::CutsOff("PUT "));
    back_up(&mut console);
    console.key("down");
    console.key("enter");
    proxy.wait_count("PUT ", before + 2);
    console.wait_for("c cancel");
    console.key("c");
    console.wait_for("Cancel the backup?");
    console.key("enter");
    console.wait_gone("Cancel the backup?");
    proxy.set(Weather::Fair);
    console.wait_for("Done");
    console.key("enter");
    console.wait_for("● Completed");
}

#[test]
fn a_backup_whose_server_is_gone_can_be_cancelled() {
    let desk = Desk::new();
    let mut console = form(&desk, 1);
    let port = desk.stores("s3", "port").parse().unwrap();
    let proxy = Proxy::to(SocketAddr::from(([127, 0, 0, 1], port)));
    through(&proxy, &desk, &mut console);
    let before = proxy.count("PUT ");
    proxy.set(Weather::CutsOff("PUT "));
    back_up(&mut console);
    console.key("down");
    console.key("enter");
    proxy.wait_count("PUT ", before + 1);
    console.wait_for("c cancel");
    console.key("c");
    console.wait_for("Cancel the backup?");
    console.key("tab");
    console.key("enter");
    console.wait_for("Cancelled");
    console.key("esc");
    console.wait_gone("Backing up to S3");
    console.wait_for("no good backup yet");
    assert!(!console.screen().contains("Completed"), "{}", console.screen());
}

#[test]
fn a_wrong_word_restores_nothing() {
    let desk = Desk::new();
    let mut console = configured(&desk, "FTP", 0);
    back_up(&mut console);
    made(&mut console);
    console.key("enter");
    rename_the_first(&mut console, "berlin-kept");
    console.key("2");
    console.wait_for("restore");
    console.key("R");
    let word = question(&mut console);
    console.send(&format!("{word}x"));
    console.wait_for("does not match");
    console.key("enter");
    console.key("backspace");
    console.wait_for("matches");
    console.key("esc");
    console.wait_for("What happens");
    console.key("esc");
    console.wait_gone("What happens");
    console.key("w");
    console.wait_for("Backing up to FTP");
    console.key("esc");
    console.wait_gone("Backing up to FTP");
    console.key("1");
    console.wait_for("▸ berlin-kept");
}
