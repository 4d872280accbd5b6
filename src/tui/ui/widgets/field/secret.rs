//! A line that hides what it holds and wipes it from memory.

use std::fmt;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::super::line::Edit;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{at, cells, slot};
use crate::tui::ui::{Look, Slot};

/// A secret being typed. Its room is reserved at once and never grows, so that no copy is left behind by a
/// reallocation; it is wiped when it is dropped or replaced. There is no kill buffer.
pub struct SecretEdit {
    text: Zeroizing<String>,
    /// Characters before the cursor.
    cursor: usize,
}

impl fmt::Debug for SecretEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretEdit([REDACTED])")
    }
}

impl Default for SecretEdit {
    fn default() -> Self {
        Self { text: Zeroizing::new(String::with_capacity(Self::MAX_BYTES)), cursor: 0 }
    }
}

impl SecretEdit {
    /// The most bytes that a secret takes: enough for a long token.
    pub const MAX_BYTES: usize = 8192;

    /// A copy of what was typed; none where nothing was.
    #[must_use]
    pub fn value(&self) -> Option<SecretString> {
        (!self.text.is_empty()).then(|| SecretString::from(self.text.as_str()))
    }

    /// Whether nothing has been typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Lets `check` look at the secret without copying it.
    pub fn inspect<T>(&self, check: impl FnOnce(&str) -> T) -> T {
        check(&self.text)
    }

    /// Wipes what was typed and puts `text` in its place.
    pub fn set(&mut self, text: &str) {
        *self = Self::default();
        self.paste(text);
    }

    /// Edits by one key. Words cannot be skipped: where they end would be seen.
    pub fn on_key(&mut self, key: Key) -> Edit {
        let last = self.chars();
        match (key.code, key.to_string().as_str()) {
            (KeyCode::Left, "left") | (_, "ctrl-b") => self.cursor = self.cursor.saturating_sub(1),
            (KeyCode::Right, "right") | (_, "ctrl-f") => self.cursor = (self.cursor + 1).min(last),
            (KeyCode::Home, _) | (_, "ctrl-a") => self.cursor = 0,
            (KeyCode::End, _) | (_, "ctrl-e") => self.cursor = last,
            (_, "ctrl-u" | "ctrl-w") => return self.set_and_report(),
            (KeyCode::Backspace, _) | (_, "ctrl-h") => return self.remove(self.cursor.checked_sub(1)),
            (KeyCode::Delete, _) => return self.remove((self.cursor < last).then_some(self.cursor)),
            _ => return key.typed().map_or(Edit::Ignored, |c| self.insert(c)),
        }
        Edit::Moved
    }

    /// Inserts a pasted secret; line breaks and other control characters are left out.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            self.insert(c);
        }
    }

    /// Draws one sign for each character.
    pub fn render(&self, area: Rect, buf: &mut Buffer, style: Slot, look: &Look) {
        let shown = self.chars().saturating_sub(self.scroll(area.width)).min(usize::from(area.width));
        slot(buf, area, &look.glyphs.mask.repeat(shown), style, look);
    }

    /// Where the terminal's cursor belongs.
    #[must_use]
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        at(area, cells(self.cursor - self.scroll(area.width)))
    }

    fn set_and_report(&mut self) -> Edit {
        if self.text.is_empty() {
            return Edit::Moved;
        }
        self.set("");
        Edit::Changed
    }

    fn insert(&mut self, c: char) -> Edit {
        if self.text.len() + c.len_utf8() > Self::MAX_BYTES {
            return Edit::Moved;
        }
        let place = self.byte(self.cursor);
        self.text.insert(place, c);
        self.cursor += 1;
        Edit::Changed
    }

    fn remove(&mut self, place: Option<usize>) -> Edit {
        let Some(place) = place else { return Edit::Moved };
        let byte = self.byte(place);
        self.text.remove(byte);
        self.cursor = place;
        Edit::Changed
    }

    fn chars(&self) -> usize {
        self.text.chars().count()
    }

    fn byte(&self, chars: usize) -> usize {
        self.text.char_indices().nth(chars).map_or(self.text.len(), |(byte, _)| byte)
    }

    fn scroll(&self, width: u16) -> usize {
        (self.cursor + 1).saturating_sub(usize::from(width.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::tui::ui::testing;

    fn secret(text: &str) -> SecretEdit {
        let mut secret = SecretEdit::default();
        secret.set(text);
        secret
    }

    fn press(secret: &mut SecretEdit, keys: &str) -> Edit {
        keys.split(' ').map(|key| secret.on_key(key.parse().unwrap())).last().unwrap()
    }

    fn exposed(secret: &SecretEdit) -> String {
        secret.value().map_or(String::new(), |value| value.expose_secret().to_owned())
    }

    #[test]
    fn it_edits_like_a_line() {
        let mut line = secret("hünter2\n");
        press(&mut line, "left backspace home delete X end !");
        assert_eq!(exposed(&line), "Xünte2!");
        assert_eq!(press(&mut line, "ctrl-u"), Edit::Changed);
        assert!(line.value().is_none());
        for key in ["backspace", "delete", "ctrl-u", "left", "right"] {
            assert_eq!(press(&mut line, key), Edit::Moved, "{key}");
        }
        assert_eq!(press(&mut line, "enter"), Edit::Ignored);
    }

    #[test]
    fn nothing_shows_what_it_holds() {
        let line = secret("hunter2");
        assert!(!format!("{line:?}").contains("hunter2"));
        let drawn = testing::draw(20, 1, |area, buf, look| line.render(area, buf, Slot::Text, look));
        assert_eq!(testing::lines(&drawn), ["•••••••"]);
    }

    #[test]
    fn it_never_grows_out_of_its_room() {
        let mut line = secret("");
        let room = line.text.capacity();
        line.paste(&"é".repeat(SecretEdit::MAX_BYTES));
        assert_eq!(line.text.capacity(), room);
        assert_eq!(line.text.len(), SecretEdit::MAX_BYTES);
    }

    #[test]
    fn any_size_is_fine() {
        let line = secret("a secret that is longer than the field");
        testing::sweep(|area, buf, look| line.render(area, buf, Slot::Text, look));
        testing::sweep_cursor(|area| line.cursor(area));
    }
}
