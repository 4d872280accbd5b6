//! One torn escape sequence, put together again key by key.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::tui::runtime::key::Key;

/// What has arrived of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sequence {
    /// `ESC`
    Escape,
    /// `ESC O`
    Ss3,
    /// `ESC [` and what came after it.
    Csi(String),
}

/// What one more key makes of a sequence.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on.
    More(Sequence),
    /// It was this key.
    Key(Key),
    /// It was a report of the window's focus.
    Focus(bool),
    /// A pasted text follows.
    PasteBegins,
    /// It was a whole sequence that means nothing here.
    Nothing,
    /// It was none: these keys were pressed one by one, and the new one is still to be looked at.
    NoSequence(Vec<Key>),
}

/// The longest parameters that a key has; what is longer is no key.
const LONGEST: usize = 16;

impl Sequence {
    pub(super) fn advance(self, key: Key) -> Progress {
        let Some(c) = key.typed() else { return Progress::NoSequence(self.typed()) };
        match self {
            Self::Escape => match c {
                '[' => Progress::More(Self::Csi(String::new())),
                'O' => Progress::More(Self::Ss3),
                _ => Progress::NoSequence(self.typed()),
            },
            Self::Ss3 => match named(c).or_else(|| f1_to_f4(c)) {
                Some(code) => Progress::Key(Key::plain(code)),
                None => Progress::NoSequence(self.typed()),
            },
            Self::Csi(before) => csi(before, c),
        }
    }

    /// The keys that the sequence looks like.
    pub(super) fn typed(self) -> Vec<Key> {
        let escape = Key::plain(KeyCode::Esc);
        let letters = match self {
            Self::Escape => String::new(),
            Self::Ss3 => "O".to_owned(),
            Self::Csi(rest) => format!("[{rest}"),
        };
        std::iter::once(escape).chain(letters.chars().map(|c| Key::plain(KeyCode::Char(c)))).collect()
    }
}

fn csi(mut before: String, c: char) -> Progress {
    let linux_console = before == "[";
    match c {
        '[' if before.is_empty() => Progress::More(Sequence::Csi("[".to_owned())),
        'A'..='E' if linux_console => Progress::Key(Key::plain(KeyCode::F(c as u8 - b'A' + 1))),
        '0'..='9' | ';' | ':' | '<'..='?' if before.len() < LONGEST && !linux_console => {
            before.push(c);
            Progress::More(Sequence::Csi(before))
        }
        '@'..='~' if !linux_console => complete(&before, c),
        _ => Progress::NoSequence(Sequence::Csi(before).typed()),
    }
}

fn complete(parameters: &str, last: char) -> Progress {
    let mut numbers = parameters.split(';').map(|number| number.parse::<u8>().ok());
    let first = numbers.next().flatten();
    let modifiers = numbers.next().flatten().map_or(KeyModifiers::NONE, modifiers);
    let code = match (last, first) {
        ('I' | 'O', None) => return Progress::Focus(last == 'I'),
        ('~', Some(200)) => return Progress::PasteBegins,
        ('Z', _) => Some(KeyCode::BackTab),
        ('~', Some(number)) => tilde(number),
        ('P' | 'Q' | 'R' | 'S', _) => f1_to_f4(last),
        _ => named(last),
    };
    code.map_or(Progress::Nothing, |code| Progress::Key(Key::new(code, modifiers)))
}

fn named(c: char) -> Option<KeyCode> {
    Some(match c {
        'A' => KeyCode::Up,
        'B' => KeyCode::Down,
        'C' => KeyCode::Right,
        'D' => KeyCode::Left,
        'H' => KeyCode::Home,
        'F' => KeyCode::End,
        _ => return None,
    })
}

fn f1_to_f4(c: char) -> Option<KeyCode> {
    matches!(c, 'P'..='S').then(|| KeyCode::F(c as u8 - b'P' + 1))
}

fn tilde(number: u8) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23..=24 => KeyCode::F(number - 12),
        _ => return None,
    })
}

/// xterm counts from one: shift 1, alt 2, ctrl 4.
fn modifiers(parameter: u8) -> KeyModifiers {
    let bits = parameter.saturating_sub(1);
    [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)]
        .into_iter()
        .filter(|(bit, _)| bits & bit != 0)
        .fold(KeyModifiers::NONE, |all, (_, modifier)| all | modifier)
}
