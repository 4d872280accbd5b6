//! The main job and the small ones, by keyboard alone, on the smallest usual terminal.

use std::fs;
use std::time::Duration;

use super::desk::{Hosted, sign_in};
use super::harness::Console;

/// From the table to the typed confirmation of a migration to the gateway that a few letters select.
pub fn up_to_confirmation(console: &mut Console, letters: &str) {
    console.key("m");
    console.wait_for("step 1 of 4");
    console.key("enter");
    console.wait_for("not eligible");
    console.send(letters);
    console.key("enter");
    console.wait_for("Enter next");
    console.key("enter");
    console.wait_for("Nothing stands in the way.");
    console.key("enter");
    console.wait_for("step 4 of 4");
}

#[test]
fn the_whole_job_from_the_unhealthy_gateway_to_the_saved_checklist() {
    let plane = Hosted::start(Duration::from_millis(20));
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.wait_for("12  31 min");
    let first = console.screen().lines().nth(4).unwrap().to_owned();
    assert!(first.contains("▸ berlin-vsphere-1") && first.contains("Unhealthy"), "{first}");
    up_to_confirmation(&mut console, "hamburg");
    console.wait_for("12 clusters will move to hamburg-vsphere");
    console.send("berlin-vsphere");
    console.wait_for("not complete yet");
    console.key("enter");
    console.send("-1");
    console.wait_for("matches");
    console.key("enter");
    console.wait_for("12 of 12 clusters now reference hamburg-vsphere (re-read from the plane)");
    console.wait_for("[ Delete the source");
    console.key("tab");
    console.key("enter");
    console.wait_for("The plane forgets this gateway.");
    console.send("berlin-vsphere-1");
    console.key("enter");
    console.wait_for("berlin-vsphere-1 is deleted");
    console.wait_for("govc find / -type m -name 'berlin-vsphere-1*'");
    console.key("enter");
    console.wait_for("Saved as");
    let saved = fs::read_dir(plane.desk.home()).unwrap().map(|entry| entry.unwrap().path());
    let list = saved.filter(|path| path.extension().is_some_and(|it| it == "txt")).collect::<Vec<_>>();
    assert_eq!(list.len(), 1);
    assert!(fs::read_to_string(&list[0]).unwrap().contains("govc find / -type m -name 'berlin-vsphere-1*'"));
    console.key("tab");
    console.key("tab");
    console.key("enter");
    console.wait_for("Only the entries about berlin-vsphere-1; x shows all.");
    console.wait_for("Deleted the private gateway b");
    console.wait_for("Migrated 12 clusters from ber");
    console.wait_for("Started to migrate 12 cluster");
    console.key("1");
    console.wait_for("7 gateways");
}

#[test]
fn renaming_is_seen_at_once_and_a_name_that_will_not_do_is_refused_before_it_is_sent() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.key("n");
    console.wait_for("Rename berlin-vsphere-1");
    console.key("ctrl-u");
    console.key("enter");
    console.wait_for("Rename berlin-vsphere-1");
    console.send("berlin-old");
    console.key("enter");
    console.wait_for("berlin-vsphere-1 is called berlin-old now.");
    console.wait_for("▸ berlin-old");
    assert_eq!(plane.gateway("berlin-old").metadata.name, "berlin-old");
}

#[test]
fn the_filter_narrows_and_escape_widens() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.send("/maas");
    console.wait_for("/maas  2 of 8");
    console.wait_gone("hamburg-vsphere");
    console.key("enter");
    console.wait_for("filter maas");
    console.key("esc");
    console.wait_gone("filter maas");
    console.wait_for("hamburg-vsphere");
    console.send("/nothing-like-this");
    console.wait_for("No gateway matches");
    console.key("esc");
    console.wait_for("hamburg-vsphere");
}

#[test]
fn help_and_errors_open_everywhere_and_close_again() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.key("?");
    console.wait_for("move its clusters to another gateway");
    console.key("?");
    console.wait_gone("move its clusters to another gateway");
    console.key("E");
    console.wait_for("Nothing went wrong so far.");
    console.key("esc");
    console.wait_gone("Nothing went wrong so far.");
    console.key("m");
    console.wait_for("step 1 of 4");
    console.key("f1");
    console.wait_for("move its clusters to another gateway");
    console.key("esc");
    console.wait_for("step 1 of 4");
}

#[test]
fn a_hostile_name_is_shown_harmless_and_confirmed_by_uid() {
    let plane = Hosted::start(Duration::ZERO);
    let gateway = plane.gateway("berlin-vsphere-1");
    // No call of the API takes control characters; another plane's database may hold them all the same.
    let name = format!("a\u{1b}[2Jb\u{202e}c\u{7}{}", "宽".repeat(150));
    let database = rusqlite::Connection::open(plane.desk.data().join("plane.db")).unwrap();
    database.execute("UPDATE gateway SET name = ?1 WHERE uid = ?2", (&name, &gateway.metadata.uid)).unwrap();
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.wait_for("31 min");
    up_to_confirmation(&mut console, "hamburg");
    console.wait_for(&format!("Type {} to confirm:", gateway.metadata.uid));
    let written = console.written_since(0);
    let written = String::from_utf8_lossy(&written);
    assert!(!written.contains("a\u{1b}[2Jb") && !written.contains('\u{202e}') && !written.contains("c\u{7}"));
    console.send(&gateway.metadata.uid);
    console.key("enter");
    console.wait_for("12 of 12 clusters now reference hamburg-vsphere");
}

#[test]
fn leaving_while_a_migration_goes_on_asks_first() {
    let plane = Hosted::start(Duration::from_secs(600));
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    up_to_confirmation(&mut console, "hamburg");
    console.send("berlin-vsphere-1");
    console.key("enter");
    console.wait_for("1 of 12");
    console.key("esc");
    console.wait_for("The migration goes on; w shows it again.");
    console.key("q");
    console.wait_for("Leave while a migration goes on?");
    console.key("enter");
    console.wait_gone("Leave while a migration goes on?");
    console.key("w");
    console.wait_for("berlin-vsphere-1 › hamburg-vsphere");
    console.key("ctrl-c");
    console.wait_for("Leave while a migration goes on?");
    console.key("tab");
    console.key("enter");
    assert_eq!(console.wait_exit().exit_code(), 0);
}
