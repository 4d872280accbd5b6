//! Terminals and shells as they are: tiny, torn, plain, cut, stopped.

use std::path::Path;
use std::time::Duration;

use palette_console::clock;
use rustix::process::Signal;
use rustix::termios::LocalModes;

use super::desk::{Desk, Hosted, sign_in};
use super::flows::up_to_confirmation;
use super::harness::Console;
use super::proxy::Proxy;

#[test]
fn a_tiny_terminal_says_so_and_nothing_is_lost_when_it_grows() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    up_to_confirmation(&mut console, "hamburg");
    console.send("berlin-vs");
    console.wait_for("not complete yet");
    console.resize(20, 5);
    console.wait_for("20x5 is too small");
    console.wait_for("Ctrl-C quits.");
    // What cannot be seen is not confirmed.
    console.send("!");
    console.key("enter");
    console.wait_for("Nothing is lost.");
    assert_eq!(console.cursor(), None);
    console.resize(80, 24);
    console.wait_for("› berlin-vs");
    console.send("phere-1");
    console.wait_for("matches");
}

#[test]
fn a_terminal_that_starts_tiny_can_grow() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(20, 5);
    console.wait_for("too small");
    console.resize(120, 40);
    console.wait_for("Sign in as tenant administrator");
}

#[test]
fn a_storm_of_resizes_ends_in_the_right_frame() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    for n in 0..200_u16 {
        console.resize(1 + (n * 37) % 140, 1 + (n * 17) % 50);
    }
    console.resize(100, 30);
    console.wait_terminal("the hints in the last row", |screen| {
        let rows: Vec<String> = screen.rows(0, screen.size().1.get()).collect();
        rows.len() == 30 && rows[29].contains("Enter actions") && rows[4].contains("berlin-vsphere-1")
    });
}

#[test]
fn a_terminal_without_unicode_gets_ascii_alone() {
    let plane = Hosted::start(Duration::from_millis(20));
    let file = plane.desk.credentials_file();
    let args = ["--url", &plane.url(), "--credentials", &file];
    let mut console = plane.desk.console_with(&args, &[("LANG", "C")], 80, 24);
    sign_in(&mut console);
    console.wait_for("x Unhealthy");
    console.wait_for("> berlin-vsphere-1");
    up_to_confirmation(&mut console, "hamburg");
    console.send("berlin-vsphere-1");
    console.key("enter");
    console.wait_for("12 of 12 clusters now reference hamburg-vsphere");
    console.key("esc");
    console.wait_gone("overlordUid");
    console.key("3");
    console.wait_for("Time (UTC)");
    console.key("?");
    console.wait_for("Help");
    let written = console.written_since(0);
    let text = String::from_utf8(written).unwrap();
    let strange: std::collections::BTreeSet<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn without_colours_nothing_is_coloured_and_weight_stays() {
    let plane = Hosted::start(Duration::ZERO);
    let file = plane.desk.credentials_file();
    let args = ["--url", &plane.url(), "--credentials", &file];
    let mut console = plane.desk.console_with(&args, &[("NO_COLOR", "1")], 80, 24);
    sign_in(&mut console);
    let cells = (0..24).flat_map(|row| (0..80).map(move |column| (column, row)));
    let cells: Vec<vt100::Cell> = cells.map(|(column, row)| console.cell(column, row)).collect();
    assert!(
        cells.iter().all(|cell| cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default)
    );
    assert!(cells.iter().any(|cell| cell.bold() || cell.inverse()));
}

#[test]
fn a_dumb_terminal_and_a_pipe_are_refused_as_wrong_usage_with_the_way_out() {
    let desk = Desk::new();
    let mut console = desk.console_with(&[], &[("TERM", "dumb")], 80, 24);
    assert_eq!(console.wait_exit().exit_code(), 2);
    console.wait_for("export TERM=xterm-256color");
    let script = format!("{} </dev/null", env!("CARGO_BIN_EXE_palette-console"));
    let home = desk.home().to_str().unwrap();
    let mut console = Console::spawn_program(Path::new("/bin/sh"), &["-c", &script], &[("HOME", home)], 80, 24);
    assert_eq!(console.wait_exit().exit_code(), 2);
    assert!(console.screen().contains("is not a terminal"), "{}", console.screen());
}

#[test]
fn a_connection_that_is_cut_ends_the_console_and_frees_the_plane() {
    let desk = Desk::new();
    let mut console = desk.console(&[], 80, 24);
    sign_in(&mut console);
    console.close_master();
    assert_ne!(console.wait_exit().exit_code(), 0);
    assert!(desk.run(&["pcgs", "list"]).contains("hamburg-vsphere"));
}

#[track_caller]
fn assert_given_back(console: &Console) {
    console.wait_terminal("the ordinary screen, its cursor and no bracketed paste", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    });
    assert!(console.line_modes().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO));
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut console = Desk::new().console(&[], 80, 24);
        console.wait_for("Sign in as tenant administrator");
        console.kill(signal);
        assert_eq!(console.wait_exit().exit_code(), 1, "{signal:?}");
        assert_given_back(&console);
    }
}

/// What is written while time passes within one minute of the clock on the screen.
fn within_a_minute(console: &Console, time: Duration) -> String {
    let minute = || clock::system().now().format("%H:%M").to_string();
    loop {
        let before = minute();
        let start = console.bytes();
        console.bytes_written_during(time);
        if minute() == before {
            return String::from_utf8(console.written_since(start)).unwrap();
        }
    }
}

#[test]
fn an_idle_console_is_silent_and_so_is_a_refresh_that_changes_nothing() {
    let plane = Hosted::start(Duration::ZERO);
    let proxy = Proxy::to(plane.address);
    let mut console = plane.console_at(&proxy.url(), 80, 24);
    sign_in(&mut console);
    console.wait_for("▸ berlin-vsphere-1        vSphere");
    console.wait_for("m moves its clusters to a healthy gateway");
    console.wait_frame_end();
    assert_eq!(within_a_minute(&console, Duration::from_millis(700)), "");
    let (gateways, clusters) = ("GET /v1/overlords ", "POST /v1/dashboard/");
    let seen = (proxy.count(gateways), proxy.count(clusters));
    let before = console.cpu_ticks();
    console.key("r");
    let written = within_a_minute(&console, Duration::from_millis(700));
    assert!(proxy.count(gateways) > seen.0 && proxy.count(clusters) > seen.1, "it was read");
    assert_eq!(written, "");
    assert!(console.cpu_ticks() - before < 50);
}

#[test]
fn control_z_gives_the_terminal_back_and_a_new_size_is_met_on_return() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.key("ctrl-z");
    console.wait_process_state('T');
    assert_given_back(&console);
    console.resize(100, 30);
    console.kill(Signal::CONT);
    console.wait_terminal("the hints in the last row", |screen| {
        let rows: Vec<String> = screen.rows(0, screen.size().1.get()).collect();
        rows.len() == 30 && rows[29].contains("Enter actions")
    });
}
