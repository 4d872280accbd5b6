//! One key as the keymap, the hints and the help write it: `ctrl-l`, `enter`, `shift-tab`, `/`, `f1`.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers, in one canonical form: a capital letter carries no shift, a letter with ctrl is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Held modifiers; only ctrl, alt and shift are kept.
    pub modifiers: KeyModifiers,
}

/// Why a text does not name a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a key; write it like `ctrl-l`, `alt-x`, `shift-tab`, `f1`, `enter`, `esc`, `space`, `page-down` or `/`"
)]
pub struct NotAKey(String);

const NAMES: [(&str, KeyCode); 14] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
];

impl Key {
    /// The canonical form of a key and its modifiers.
    #[must_use]
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers.remove(KeyModifiers::SHIFT);
        }
        Self { code, modifiers }
    }

    /// A key without modifiers.
    #[must_use]
    pub fn plain(code: KeyCode) -> Self {
        Self::new(code, KeyModifiers::NONE)
    }

    /// A letter with ctrl.
    #[must_use]
    pub fn ctrl(letter: char) -> Self {
        Self::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
    }

    /// The character that this key types, where it types one.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        match self {
            Self { code: KeyCode::Char(c), modifiers: KeyModifiers::NONE } => Some(c),
            _ => None,
        }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "f{n}"),
            KeyCode::BackTab => f.write_str("shift-tab"),
            code => match NAMES.iter().find(|(_, named)| *named == code) {
                Some((name, _)) => f.write_str(name),
                None => write!(f, "{code}"),
            },
        }
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let refused = || NotAKey(crate::text::clean(text).into_owned());
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((name, after)) =
            rest.split_once('-').filter(|(name, after)| !name.is_empty() && !after.is_empty())
        {
            modifiers |= match name.to_ascii_lowercase().as_str() {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => break,
            };
            rest = after;
        }
        code(rest).map(|code| Self::new(capital(code, modifiers), modifiers)).ok_or_else(refused)
    }
}

/// `shift-a` is what a person writes where the terminal says `A`.
fn capital(code: KeyCode, modifiers: KeyModifiers) -> KeyCode {
    match code {
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::Char(c.to_ascii_uppercase()),
        code => code,
    }
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control()).then_some(KeyCode::Char(c));
    }
    let name = name.to_ascii_lowercase();
    if name == "space" {
        return Some(KeyCode::Char(' '));
    }
    if let Some(number) = name.strip_prefix('f') {
        return number.parse().ok().filter(|n| (1..=24).contains(n)).map(KeyCode::F);
    }
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_as_the_same_key() {
        for text in
            ["ctrl-l", "enter", "shift-tab", "/", "f1", "space", "page-down", "alt-x", "G", "-", "ctrl--", "ctrl-up"]
        {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn several_spellings_are_one_key() {
        let key = |text: &str| text.parse::<Key>().unwrap();
        assert_eq!(key("shift-g"), key("G"));
        assert_eq!(key("Ctrl-L"), Key::ctrl('l'));
        assert_eq!(Key::new(KeyCode::Char('G'), KeyModifiers::SHIFT), key("G"));
        assert_eq!(Key::new(KeyCode::BackTab, KeyModifiers::SHIFT), key("shift-tab"));
    }

    #[test]
    fn what_is_no_key_is_refused_with_examples() {
        for text in ["", "f0", "f99", "hyper-x", "entre", "\u{7}"] {
            assert!(text.parse::<Key>().unwrap_err().to_string().contains("write it like"), "{text}");
        }
    }

    #[test]
    fn only_plain_characters_are_typed() {
        assert_eq!("G".parse::<Key>().unwrap().typed(), Some('G'));
        assert_eq!(Key::ctrl('g').typed(), None);
        assert_eq!(Key::plain(KeyCode::Enter).typed(), None);
    }
}
