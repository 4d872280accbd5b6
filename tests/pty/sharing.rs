//! Several consoles on one data directory, and directories that will not do.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use super::desk::{Desk, sign_in};
use super::flows::up_to_confirmation;
use super::harness::Console;

/// Two consoles on one directory, both signed in; the first one runs the plane.
fn two(desk: &Desk) -> (Console, Console) {
    let mut first = desk.console(&[], 80, 24);
    sign_in(&mut first);
    let mut second = desk.console(&[], 80, 24);
    sign_in(&mut second);
    (first, second)
}

const TOOK_OVER: &str = "This console runs the plane now";

#[test]
fn a_second_console_attaches_and_takes_over_when_the_first_one_quits() {
    let desk = Desk::new();
    let (mut first, mut second) = two(&desk);
    first.key("q");
    assert_eq!(first.wait_exit().exit_code(), 0);
    second.wait_for(TOOK_OVER);
    second.key("esc");
    second.wait_gone(TOOK_OVER);
    second.key("3");
    second.wait_for("Time (UTC)");
    second.wait_for("▸ 20");
}

#[test]
fn a_second_console_takes_over_when_the_first_one_is_killed() {
    let desk = Desk::new();
    let (mut first, mut second) = two(&desk);
    first.kill(Signal::KILL);
    first.wait_exit();
    second.wait_for(TOOK_OVER);
    second.key("n");
    second.wait_for("Rename berlin-vsphere-1");
    second.send("-x");
    second.key("enter");
    second.wait_for("▸ berlin-vsphere-1-x");
}

#[test]
fn a_second_console_takes_over_when_the_first_one_is_suspended_and_serves_it_when_it_is_back() {
    let desk = Desk::new();
    let (mut first, second) = two(&desk);
    first.key("ctrl-z");
    first.wait_process_state('T');
    second.wait_for(TOOK_OVER);
    first.kill(Signal::CONT);
    first.wait_terminal("the other screen again", vt100::Screen::alternate_screen);
    first.wait_for("hamburg-vsphere");
    first.key("n");
    first.wait_for("Rename berlin-vsphere-1");
    first.send("-x");
    first.key("enter");
    first.wait_for("▸ berlin-vsphere-1-x");
}

#[test]
fn a_console_that_another_process_stops_lets_go_first() {
    let desk = Desk::new();
    let (first, second) = two(&desk);
    first.kill(Signal::TSTP);
    first.wait_process_state('T');
    second.wait_for(TOOK_OVER);
    first.kill(Signal::CONT);
    first.wait_for("hamburg-vsphere");
}

#[test]
fn a_migration_goes_on_in_the_console_that_takes_over_and_is_proved_there() {
    let desk = Desk::new();
    let (mut first, mut second) = two(&desk);
    up_to_confirmation(&mut second, "hamburg");
    second.send("berlin-vsphere-1");
    second.key("enter");
    second.wait_for("2 of 12");
    first.kill(Signal::KILL);
    first.wait_exit();
    second.wait_for("12 of 12 clusters now reference hamburg-vsphere");
}

#[test]
fn a_migration_rests_with_its_console_and_is_finished_at_the_next_start() {
    let desk = Desk::new();
    let mut first = desk.console(&[], 80, 24);
    sign_in(&mut first);
    up_to_confirmation(&mut first, "hamburg");
    first.send("berlin-vsphere-1");
    first.key("enter");
    first.wait_for("2 of 12");
    first.kill(Signal::KILL);
    first.wait_exit();
    let mut again = desk.console(&[], 80, 24);
    sign_in(&mut again);
    again.key("a");
    again.wait_for("Started to migrate 12 cluster");
    while !again.screen().contains("Migrated 12 clusters from") {
        again.key("r");
        again.wait_for("Only the entries");
        std::thread::yield_now();
    }
}

#[test]
fn a_suspended_console_lets_go_and_takes_the_plane_again() {
    let desk = Desk::new();
    let mut console = desk.console(&[], 80, 24);
    sign_in(&mut console);
    console.key("ctrl-z");
    console.wait_process_state('T');
    console.wait_terminal("the ordinary screen", |screen| !screen.alternate_screen() && !screen.hide_cursor());
    assert!(desk.run(&["pcgs", "list"]).contains("hamburg-vsphere"), "the plane is free for others");
    console.kill(Signal::CONT);
    console.wait_for("hamburg-vsphere");
    console.key("n");
    console.wait_for("Rename berlin-vsphere-1");
    console.send("-x");
    console.key("enter");
    console.wait_for("▸ berlin-vsphere-1-x");
}

#[test]
fn a_path_longer_than_a_socket_takes_is_no_obstacle_to_two_consoles() {
    let desk = Desk::new();
    let long = desk.home().join("x".repeat(120));
    let args = ["--data-dir", long.to_str().unwrap()];
    let mut first = desk.console(&args, 80, 24);
    sign_in(&mut first);
    let mut second = desk.console(&args, 80, 24);
    sign_in(&mut second);
    first.key("q");
    first.wait_exit();
    second.wait_for(TOOK_OVER);
}

/// A data directory that was in use, and is not any more.
fn used() -> Desk {
    let desk = Desk::new();
    assert!(desk.run(&["pcgs", "list"]).contains("hamburg-vsphere"));
    desk
}

fn kept(desk: &Desk) -> Vec<u8> {
    let entries = fs::read_dir(desk.data()).unwrap().map(|entry| entry.unwrap().path());
    // What SQLite keeps beside a database is kept beside it.
    let aside = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("plane.db.damaged-") && name.ends_with('Z')
    };
    let mut found: Vec<_> = entries.filter(|path| aside(path)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    fs::read(found.remove(0)).unwrap()
}

#[test]
fn a_damaged_database_is_told_kept_byte_by_byte_and_begun_anew() {
    let desk = used();
    let path = desk.data().join("plane.db");
    let mut damaged = fs::read(&path).unwrap();
    damaged[4096..40960].fill(0xa5);
    fs::write(&path, &damaged).unwrap();
    let mut console = desk.console(&[], 80, 24);
    console.wait_for("is damaged");
    console.wait_for("[ Keep the file aside and begin anew ]");
    assert_eq!(fs::read(&path).unwrap(), damaged, "nothing was changed");
    console.key("tab");
    console.key("enter");
    sign_in(&mut console);
    assert_eq!(kept(&desk), damaged);
}

#[test]
fn a_file_that_is_no_database_is_told() {
    let desk = used();
    fs::write(desk.data().join("plane.db"), "not a database at all").unwrap();
    let mut console = desk.console(&[], 80, 24);
    console.wait_for("is damaged");
    console.key("q");
    assert_eq!(console.wait_exit().exit_code(), 0);
    assert_eq!(fs::read(desk.data().join("plane.db")).unwrap(), b"not a database at all");
}

#[test]
fn a_directory_that_cannot_be_made_or_written_is_told_with_a_way_out() {
    let desk = Desk::new();
    // Not even root makes a directory there.
    for place in ["/sys/palette-console", "/proc/palette-console"] {
        let mut console = desk.console(&["--data-dir", place], 80, 24);
        console.wait_for("The plane cannot be used");
        console.wait_for(&format!("annot make {place}"));
        console.wait_for("--data-dir");
        console.key("q");
        assert_eq!(console.wait_exit().exit_code(), 0);
    }
}

#[test]
fn a_disk_that_is_full_at_the_first_start_is_told() {
    let desk = Desk::new();
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} --data-dir {}",
        env!("CARGO_BIN_EXE_palette-console"),
        desk.data().display()
    );
    let home = desk.home().to_str().unwrap();
    let environment = [("HOME", home), ("TMPDIR", home)];
    let mut console = Console::spawn_program(Path::new("/bin/sh"), &["-c", &script], &environment, 80, 24);
    console.wait_for("The plane cannot be used");
    console.wait_for("[ Try again ]");
    console.key("q");
    assert_eq!(console.wait_exit().exit_code(), 0);
}
