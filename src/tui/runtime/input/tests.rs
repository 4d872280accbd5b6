use crossterm::event::{KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::*;

const DELAY: Duration = Duration::from_millis(100);

fn event(c: char) -> Event {
    let code = match c {
        '\u{1b}' => KeyCode::Esc,
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        c => KeyCode::Char(c),
    };
    let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    Event::Key(KeyEvent::new(code, shift))
}

/// Feeds characters as single events, as crossterm does with a torn sequence, then lets the time pass.
fn read(text: &str) -> String {
    let start = Instant::now();
    let mut reader = InputReader::new(DELAY);
    let mut inputs: Vec<Input> = text.chars().flat_map(|c| reader.feed(event(c), start)).collect();
    inputs.extend(reader.expire(start + DELAY));
    assert_eq!(reader.deadline(), None);
    words(&inputs)
}

fn words(inputs: &[Input]) -> String {
    let word = |input: &Input| match input {
        Input::Key(key) => key.to_string(),
        other => format!("{other:?}"),
    };
    inputs.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn torn_sequences_become_one_key() {
    for (torn, key) in [
        ("\u{1b}[A", "up"),
        ("\u{1b}[D", "left"),
        ("\u{1b}[H", "home"),
        ("\u{1b}[Z", "shift-tab"),
        ("\u{1b}[3~", "delete"),
        ("\u{1b}[5~", "page-up"),
        ("\u{1b}[15~", "f5"),
        ("\u{1b}[24~", "f12"),
        ("\u{1b}[1;5C", "ctrl-right"),
        ("\u{1b}[1;3D", "alt-left"),
        ("\u{1b}[6;6~", "ctrl-shift-page-down"),
        ("\u{1b}[1;2P", "shift-f1"),
        ("\u{1b}[[B", "f2"),
        ("\u{1b}OA", "up"),
        ("\u{1b}OP", "f1"),
        ("\u{1b}[A\u{1b}[B", "up down"),
        ("x\u{1b}[Ay", "x up y"),
        ("\u{1b}\u{1b}[A", "esc up"),
    ] {
        assert_eq!(read(torn), key, "{torn:?}");
    }
}

#[test]
fn what_is_no_key_types_nothing_into_a_field() {
    for torn in ["\u{1b}[99~", "\u{1b}[?1;2c", "\u{1b}[201~", "\u{1b}[1;5u", "\u{1b}[<0;3;4M"] {
        assert_eq!(read(torn), "", "{torn:?}");
    }
    assert_eq!(read("\u{1b}[I\u{1b}[O"), "FocusGained FocusLost");
}

#[test]
fn keys_that_only_look_like_a_sequence_stay_themselves() {
    for (typed, keys) in [
        ("\u{1b}", "esc"),
        ("\u{1b}q", "esc q"),
        ("\u{1b}\n", "esc enter"),
        ("\u{1b}[", "esc ["),
        ("\u{1b}[1\n", "esc [ 1 enter"),
        ("\u{1b}Ox", "esc O x"),
        ("\u{1b}O\u{1b}", "esc O esc"),
        ("\u{1b}\u{1b}", "esc esc"),
        ("\u{1b}[é", "esc [ é"),
    ] {
        assert_eq!(read(typed), keys, "{typed:?}");
    }
    assert_eq!(read(&format!("\u{1b}[{}", "1".repeat(17))), format!("esc [{}", " 1".repeat(17)));
}

#[test]
fn an_escape_is_held_back_no_longer_than_its_delay() {
    let start = Instant::now();
    let mut reader = InputReader::new(DELAY);
    assert_eq!(reader.feed(event('\u{1b}'), start), []);
    assert_eq!(reader.deadline(), Some(start + DELAY));
    assert_eq!(reader.expire(start + DELAY / 2), []);
    assert_eq!(words(&reader.expire(start + DELAY)), "esc");
    assert_eq!(reader.expire(start + DELAY * 2), []);
    assert_eq!(words(&reader.feed(event('['), start + DELAY * 2)), "[");
}

#[test]
fn every_piece_that_arrives_gives_the_rest_more_time() {
    let start = Instant::now();
    let mut reader = InputReader::new(DELAY);
    reader.feed(event('\u{1b}'), start);
    let late = start + DELAY - Duration::from_millis(1);
    reader.feed(event('['), late);
    assert_eq!(reader.deadline(), Some(late + DELAY));
    assert_eq!(words(&reader.feed(event('B'), late)), "down");
    assert_eq!(reader.deadline(), None);
}

#[test]
fn a_torn_paste_is_a_paste_and_not_a_row_of_commands() {
    assert_eq!(read("\u{1b}[200~quit\ny\u{1b}[201~q"), "Paste(\"quit\\ny\") q");
    assert_eq!(read("\u{1b}[200~no end"), "Paste(\"no end\")");
}

#[test]
fn pasted_text_keeps_its_lines_and_loses_control_characters() {
    let mut reader = InputReader::new(DELAY);
    let inputs = reader.feed(Event::Paste("a\r\nb\rc\t\u{1b}[31m\u{7}".into()), Instant::now());
    assert_eq!(inputs, [Input::Paste("a\nb\nc\t[31m".into())]);
}

#[test]
fn a_resize_does_not_tear_a_sequence_and_a_paste_ends_it() {
    let start = Instant::now();
    let mut reader = InputReader::new(DELAY);
    reader.feed(event('\u{1b}'), start);
    assert_eq!(reader.feed(Event::Resize(80, 24), start), [Input::Resize(80, 24)]);
    reader.feed(event('['), start);
    assert_eq!(words(&reader.feed(event('A'), start)), "up");
    reader.feed(event('\u{1b}'), start);
    assert_eq!(words(&reader.feed(Event::Paste("x".into()), start)), "esc Paste(\"x\")");
    assert_eq!(reader.deadline(), None);
}

#[test]
fn releases_and_the_mouse_are_left_out_and_repeats_are_not() {
    let now = Instant::now();
    let mut reader = InputReader::new(DELAY);
    let kind = |kind| Event::Key(KeyEvent::new_with_kind(KeyCode::Down, KeyModifiers::NONE, kind));
    assert_eq!(reader.feed(kind(KeyEventKind::Release), now), []);
    assert_eq!(words(&reader.feed(kind(KeyEventKind::Repeat), now)), "down");
    let click = MouseEventKind::Down(MouseButton::Left);
    let mouse = MouseEvent { kind: click, column: 0, row: 0, modifiers: KeyModifiers::NONE };
    assert_eq!(reader.feed(Event::Mouse(mouse), now), []);
}

proptest::proptest! {
    /// Whatever arrives, everything that is held back comes out, and no text is doubled.
    #[test]
    fn nothing_is_kept_for_ever(text in "[\u{1b}\\[O0-9;~A-Dax\n]{0,40}") {
        read(&text);
    }
}
