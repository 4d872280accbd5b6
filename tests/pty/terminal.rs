//! The terminal layer on a real terminal. The program under test is this very file: [`probe`], started again as a
//! child on a pseudo-terminal, does on each key what its letter says.

use std::env;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event;
use palette_console::tui::runtime::input::{Input, InputReader};
use palette_console::tui::runtime::terminal::{Tty, install_panic_hook, refuse_unfit, watch_for_hangup};
use ratatui::style::Stylize;
use ratatui::text::Line;
use rustix::process::Signal;
use rustix::termios::LocalModes;
use tokio::signal::unix::{SignalKind, signal};

use super::harness::Console;

const PROBE: &str = "PTY_PROBE";

#[test]
#[ignore = "the program that the other tests of this file start"]
fn probe() {
    if env::var_os(PROBE).is_none() {
        return;
    }
    refuse_unfit().unwrap();
    install_panic_hook();
    watch_for_hangup().unwrap();
    let mut tty = Tty::open().unwrap();
    // So long that only what follows an escape, never the time, decides.
    let mut reader = InputReader::new(Duration::from_secs(600));
    let mut shown = (0, "nothing".to_owned());
    draw(&mut tty, &shown, &reader).unwrap();
    loop {
        for input in reader.feed(read(), Instant::now()) {
            let Input::Key(key) = input else { continue };
            shown.1 = key.to_string();
            match shown.1.as_str() {
                "d" => shown.0 += 1,
                "p" => panic!("the probe panics"),
                "b" => assert!(thread::spawn(|| panic!("a background task panics")).join().is_err()),
                "z" => stop_and_go_on(&mut tty),
                "t" => tty.set_title("a\u{7}b").unwrap(),
                "c" => shown.1 = tty.copy("hello").unwrap().to_string(),
                "l" => tty.redraw().unwrap(),
                "q" => return,
                _ => {}
            }
        }
        draw(&mut tty, &shown, &reader).unwrap();
    }
}

/// Where the terminal is gone, reading may fail before the watch has noticed. It is the watch that is under test.
fn read() -> event::Event {
    event::read().unwrap_or_else(|_| {
        loop {
            thread::park();
        }
    })
}

/// The test runs on a thread of its own, so it must wait for the signal as [`Tty::suspend`] says.
fn stop_and_go_on(tty: &mut Tty) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut goes_on = signal(SignalKind::from_raw(Signal::CONT.as_raw())).unwrap();
        tty.suspend().unwrap();
        goes_on.recv().await;
    });
    tty.resume().unwrap();
}

fn draw(tty: &mut Tty, (count, key): &(u32, String), reader: &InputReader) -> io::Result<()> {
    let held = if reader.deadline().is_some() { "held" } else { "free" };
    tty.draw(|frame| {
        let area = frame.area();
        frame.render_widget(
            Line::from(vec!["reversed".red().reversed(), format!(" {count} {key} {held}").into()]),
            area,
        );
    })
}

fn start(environment: &[(&str, &str)]) -> Console {
    let mut all = vec![(PROBE, "1")];
    all.extend(environment);
    let this = env::current_exe().unwrap();
    let args = ["terminal::probe", "--exact", "--ignored", "--nocapture", "--test-threads=1"];
    let console = Console::spawn_program(&this, &args, &all, 80, 24);
    console.wait_for("reversed 0 nothing free");
    console
}

#[track_caller]
fn assert_given_back(console: &Console) {
    console.wait_terminal("the ordinary screen, its cursor and no bracketed paste", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    });
    assert!(console.line_modes().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO));
}

#[test]
fn it_enters_the_terminal_and_gives_it_back() {
    let mut console = start(&[]);
    console.wait_terminal("the other screen, no cursor, bracketed paste", |screen| {
        screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()
    });
    assert!(!console.line_modes().local_modes.intersects(LocalModes::ICANON | LocalModes::ECHO));
    console.key("q");
    assert_eq!(console.wait_exit().exit_code(), 0);
    assert_given_back(&console);
    assert!(!console.screen().contains("reversed"), "nothing is left behind");
}

#[test]
fn a_frame_is_one_synchronized_update_and_one_that_changes_nothing_is_silent() {
    let mut console = start(&[]);
    console.key("d");
    console.wait_for("reversed 1 d free");
    let start = console.bytes();
    // The first of these changes the name of the key, the others change nothing at all.
    console.send("nnnnn");
    console.wait_for("reversed 1 n free");
    console.key("d");
    console.wait_for("reversed 2 d free");
    let written = String::from_utf8(console.written_since(start)).unwrap();
    assert_eq!(written.matches("\u{1b}[?2026h").count(), 2, "{written:?}");
    assert_eq!(written.matches("\u{1b}[?2026l").count(), 2, "{written:?}");
    assert!(written.starts_with("\u{1b}[?2026h") && written.ends_with("\u{1b}[?2026l"), "{written:?}");
}

#[test]
fn it_never_asks_the_terminal_anything() {
    let mut console = start(&[]);
    console.key("l");
    console.wait_for("reversed 0 l free");
    console.key("q");
    console.wait_exit();
    let written = String::from_utf8(console.written_since(0)).unwrap();
    for question in ["\u{1b}[6n", "\u{1b}[c", "\u{1b}[?u", "\u{1b}]11;?", "\u{1b}[14t", "\u{1b}[18t"] {
        assert!(!written.contains(question), "{question:?}");
    }
}

#[test]
fn weight_survives_no_color() {
    let console = start(&[("NO_COLOR", "1")]);
    assert!(console.cell(0, 0).inverse());
    assert!(!console.cell(9, 0).inverse());
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_reported() {
    let mut console = start(&[]);
    console.key("p");
    assert_eq!(console.wait_exit().exit_code(), 101);
    assert_given_back(&console);
    assert!(console.screen().contains("the probe panics"), "{}", console.screen());
}

#[test]
fn a_panic_in_the_background_leaves_the_screen_alone() {
    let mut console = start(&[]);
    console.key("b");
    console.wait_for("reversed 0 b free");
    console.wait_terminal("the other screen", vt100::Screen::alternate_screen);
    assert!(!console.screen().contains("panics"));
}

#[test]
fn it_stops_and_goes_on() {
    let mut console = start(&[]);
    console.key("z");
    console.wait_process_state('T');
    assert_given_back(&console);
    console.kill(Signal::CONT);
    console.wait_for("reversed 0 z free");
    console.wait_terminal("the other screen and no cursor", |screen| screen.alternate_screen() && screen.hide_cursor());
    console.key("q");
    assert_eq!(console.wait_exit().exit_code(), 0);
}

#[test]
fn a_terminal_that_disappears_without_a_signal_ends_the_process() {
    let this = env::current_exe().unwrap();
    let command = "trap '' HUP; exec \"$0\" terminal::probe --exact --ignored --nocapture --test-threads=1";
    let args = ["-c", command, this.to_str().unwrap()];
    let mut console = Console::spawn_program("/bin/sh".as_ref(), &args, &[(PROBE, "1")], 80, 24);
    console.wait_for("reversed 0 nothing free");
    console.close_master();
    assert_eq!(console.wait_exit().exit_code(), 129);
}

#[test]
fn a_torn_escape_sequence_is_one_key() {
    let mut console = start(&[]);
    console.send("\u{1b}");
    console.wait_for("reversed 0 nothing held");
    console.send("[B");
    console.wait_for("reversed 0 down free");
}

#[test]
fn copies_and_titles_go_to_the_terminal_cleaned() {
    let mut console = start(&[("TMUX", "/tmp/tmux")]);
    console.key("c");
    console.wait_for("through tmux");
    console.key("t");
    console.wait_for("reversed 0 t free");
    let written = String::from_utf8(console.written_since(0)).unwrap();
    assert!(written.contains("\u{1b}Ptmux;\u{1b}\u{1b}]52;c;aGVsbG8=\u{7}\u{1b}\\"), "{written:?}");
    assert!(written.contains("\u{1b}]2;a\u{FFFD}b\u{7}"), "{written:?}");
}

#[test]
fn a_pipe_or_a_dumb_terminal_is_refused_at_once() {
    let this = env::current_exe().unwrap();
    let args = ["terminal::probe", "--exact", "--ignored", "--nocapture"];
    let mut console = Console::spawn_program(&this, &args, &[(PROBE, "1"), ("TERM", "dumb")], 80, 24);
    assert_eq!(console.wait_exit().exit_code(), 101);
    assert!(console.screen().contains("Dumb(\"dumb\")"), "{}", console.screen());
}
