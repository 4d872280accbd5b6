//! The harness itself, on programs that every machine has.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use super::harness::Console;

fn shell(script: &str) -> Console {
    Console::spawn_program(Path::new("/bin/sh"), &["-c", script], &[("GREETING", "hello")], 40, 5)
}

#[test]
fn what_a_program_writes_is_on_the_screen_and_its_status_is_known() {
    let mut console = shell("printf '\\033[7m%s\\033[0m there' \"$GREETING\"; exit 3");
    assert_eq!(console.wait_exit().exit_code(), 3);
    assert_eq!(console.screen(), "hello there");
    assert!(console.cell(0, 0).inverse() && !console.cell(6, 0).inverse());
    assert_eq!(console.cursor(), Some((11, 0)));
    assert_eq!(console.bytes(), "\u{1b}[7mhello\u{1b}[0m there".len());
}

#[test]
fn keys_reach_the_program_and_text_comes_and_goes() {
    let mut console = shell("read line; echo \"<$line>\"; read line; printf '\\033[2J\\033[?25l'; read line");
    console.send("one");
    console.key("enter");
    console.wait_for("<one>");
    let start = console.bytes();
    console.key("enter");
    console.wait_gone("<one>");
    console.wait_terminal("a hidden cursor", vt100::Screen::hide_cursor);
    assert_eq!(console.cursor(), None);
    assert!(console.written_since(start).ends_with(b"\x1b[?25l"));
    console.key("ctrl-c");
    assert_eq!(console.wait_exit().signal(), Some("Interrupt"));
}

#[test]
fn a_new_size_is_told_to_the_program() {
    let mut console = shell("trap 'stty size; exit' WINCH; echo ready; while :; do read line; done");
    console.wait_for("ready");
    console.resize(90, 30);
    console.wait_for("30 90");
    console.wait_exit();
}

#[test]
fn a_terminal_that_is_taken_away_hangs_up() {
    let mut console = shell("echo ready; read line");
    console.wait_for("ready");
    console.close_master();
    assert_eq!(console.wait_exit().signal(), Some("Hangup"));
}

#[test]
fn an_idle_program_writes_nothing_and_uses_no_time() {
    let mut console = shell("echo ready; read line");
    console.wait_for("ready");
    console.wait_process_state('S');
    let before = console.cpu_ticks();
    assert_eq!(console.bytes_written_during(Duration::from_millis(200)), 0);
    assert!(console.cpu_ticks() - before <= 1);
    console.kill(Signal::TERM);
    assert_eq!(console.wait_exit().signal(), Some("Terminated"));
    assert!(console.pid().as_raw_nonzero().get() > 1);
}

#[test]
#[should_panic(expected = "no `never` on the screen and the program has closed its terminal")]
fn waiting_for_what_never_comes_fails_with_the_screen() {
    shell("echo something else").wait_for("never");
}

#[test]
fn the_binary_itself_can_be_started() {
    let mut console = Console::spawn(&["--no-such-flag"], &[], 80, 24);
    console.wait_exit();
}
