//! The main job and the small ones, by keyboard alone, on the smallest usual terminal.

use std::fs;
use std::time::Duration;

use super::desk::{Desk, Hosted, sign_in};

#[test]
fn the_whole_job_from_the_unhealthy_gateway_to_the_saved_checklist() {
    let plane = Hosted::start(Duration::from_millis(20));
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.wait_for("12  31 min");
    let first = console.screen().lines().nth(4).unwrap().to_owned();
    assert!(first.contains("berlin-vsphere-1") && first.contains("Unhealthy"), "those who need someone come first");
    console.key("m");
    console.wait_for("step 1 of 4");
    console.wait_for("12 clusters");
    eprintln!("{}", console.screen());
    console.key("enter");
    console.wait_for("step 2 of 4");
    eprintln!("{}", console.screen());
    console.wait_for("another cloud type (MAAS)");
    console.send("hamburg");
    eprintln!("{}", console.screen());
    console.key("enter");
    console.wait_for("Enter next");
    eprintln!("{}", console.screen());
    console.key("enter");
    console.wait_for("Nothing stands in the way.");
    eprintln!("{}", console.screen());
    console.key("enter");
    console.wait_for("12 clusters will move to hamburg-vsphere");
    eprintln!("{}", console.screen());
    console.send("berlin-vsphere-1");
    console.key("enter");
    console.wait_for("12 of 12 clusters now reference hamburg-vsphere (re-read from the plane)");
    eprintln!("{}", console.screen());
    console.key("tab");
    console.key("enter");
    console.wait_for("Delete berlin-vsphere-1");
    console.wait_for("This cannot be undone.");
    eprintln!("{}", console.screen());
    console.send("berlin-vsphere-1");
    console.key("enter");
    console.wait_for("berlin-vsphere-1 is deleted");
    eprintln!("{}", console.screen());
    console.key("enter");
    console.wait_for("Saved as");
    eprintln!("{}", console.screen());
    console.key("tab");
    console.key("tab");
    console.key("enter");
    console.wait_for("Only the entries about berlin-vsphere-1");
    eprintln!("{}", console.screen());
}
