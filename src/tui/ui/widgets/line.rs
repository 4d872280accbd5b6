//! One line of text that can be edited.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Paragraph, Widget};
use tui_input::{Input, InputRequest};

use crate::text::clean;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{at, cells};
use crate::tui::ui::{Look, Slot};

/// What a key did to something that is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The key means nothing here; someone else may take it.
    Ignored,
    /// The cursor moved, or could not move further.
    Moved,
    /// The value changed.
    Changed,
}

/// A line editor with the keys of a shell. Enter, Esc, Tab and the vertical arrows are left to its owner.
#[derive(Clone, Debug, Default)]
pub struct LineEdit {
    input: Input,
}

impl LineEdit {
    /// The most characters that a line takes, so that a mistaken paste does no harm.
    pub const MAX_CHARS: usize = 4096;

    /// A line that holds `text`, with the cursor at its end.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut line = Self::default();
        line.set(text);
        line
    }

    /// What the line holds.
    #[must_use]
    pub fn value(&self) -> &str {
        self.input.value()
    }

    /// Replaces what the line holds and puts the cursor at its end.
    pub fn set(&mut self, text: &str) {
        self.input = Input::new(one_line(text).take(Self::MAX_CHARS).collect());
    }

    /// Edits by one key.
    pub fn on_key(&mut self, key: Key) -> Edit {
        let Some(request) = request(key) else { return Edit::Ignored };
        if matches!(request, InputRequest::InsertChar(_)) && self.value().chars().count() >= Self::MAX_CHARS {
            return Edit::Moved;
        }
        match self.input.handle(request) {
            Some(change) if change.value => Edit::Changed,
            _ => Edit::Moved,
        }
    }

    /// Inserts a pasted text at the cursor; line breaks become spaces.
    pub fn paste(&mut self, text: &str) {
        let room = Self::MAX_CHARS.saturating_sub(self.value().chars().count());
        for c in one_line(text.trim_matches(['\r', '\n'])).take(room) {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// Draws the line; `style` is the slot of its text.
    pub fn render(&self, area: Rect, buf: &mut Buffer, style: Slot, look: &Look) {
        let scroll = self.scroll(area.width);
        Paragraph::new(look.glyphs.shown(&clean(self.value())))
            .style(look.theme.style(style))
            .scroll((0, scroll))
            .render(Rect { height: area.height.min(1), ..area }.intersection(buf.area), buf);
    }

    /// Where the terminal's cursor belongs.
    #[must_use]
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        let column = cells(self.input.visual_cursor()).saturating_sub(self.scroll(area.width));
        at(area, column.min(area.width.saturating_sub(1)))
    }

    fn scroll(&self, width: u16) -> u16 {
        cells(self.input.visual_scroll(usize::from(width.saturating_sub(1))))
    }
}

fn one_line(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).filter(|c| !c.is_control())
}

fn request(key: Key) -> Option<InputRequest> {
    use InputRequest as R;
    let ctrl = key.modifiers == KeyModifiers::CONTROL;
    let alt = key.modifiers == KeyModifiers::ALT;
    let plain = key.modifiers.is_empty();
    Some(match key.code {
        KeyCode::Char(c) if plain => R::InsertChar(c),
        KeyCode::Char('a') if ctrl => R::GoToStart,
        KeyCode::Char('e') if ctrl => R::GoToEnd,
        KeyCode::Char('b') if ctrl => R::GoToPrevChar,
        KeyCode::Char('f') if ctrl => R::GoToNextChar,
        KeyCode::Char('b') if alt => R::GoToPrevWord,
        KeyCode::Char('f') if alt => R::GoToNextWord,
        KeyCode::Char('h') if ctrl => R::DeletePrevChar,
        KeyCode::Char('u') if ctrl => R::DeleteFromStart,
        KeyCode::Char('k') if ctrl => R::DeleteTillEnd,
        KeyCode::Char('w') if ctrl => R::DeletePrevWord,
        KeyCode::Char('d') if alt => R::DeleteNextWord,
        KeyCode::Char('y') if ctrl => R::Yank,
        KeyCode::Backspace if alt || ctrl => R::DeletePrevWord,
        KeyCode::Backspace => R::DeletePrevChar,
        KeyCode::Delete if ctrl => R::DeleteNextWord,
        KeyCode::Delete => R::DeleteNextChar,
        KeyCode::Left if ctrl || alt => R::GoToPrevWord,
        KeyCode::Left => R::GoToPrevChar,
        KeyCode::Right if ctrl || alt => R::GoToNextWord,
        KeyCode::Right => R::GoToNextChar,
        KeyCode::Home => R::GoToStart,
        KeyCode::End => R::GoToEnd,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    fn press(line: &mut LineEdit, keys: &str) -> Vec<Edit> {
        keys.split(' ').map(|key| line.on_key(key.parse().unwrap())).collect()
    }

    #[test]
    fn keys_of_the_shell_edit_and_the_owners_keys_are_left_alone() {
        let mut line = LineEdit::new("one two");
        assert_eq!(press(&mut line, "ctrl-w"), [Edit::Changed]);
        assert_eq!(press(&mut line, "home x right delete"), [Edit::Moved, Edit::Changed, Edit::Moved, Edit::Changed]);
        assert_eq!(line.value(), "xoe ");
        assert_eq!(press(&mut line, "enter esc tab up down ctrl-s f1"), [Edit::Ignored; 7]);
    }

    #[test]
    fn a_paste_lands_at_the_cursor_on_one_line() {
        let mut line = LineEdit::new("ab");
        press(&mut line, "left");
        line.paste("x\ny\u{1b}[31m\n");
        assert_eq!(line.value(), "ax y[31mb");
    }

    #[test]
    fn a_line_takes_no_more_than_its_limit() {
        let mut line = LineEdit::new("");
        line.paste(&"x".repeat(LineEdit::MAX_CHARS + 10));
        assert_eq!(press(&mut line, "y"), [Edit::Moved]);
        assert_eq!(line.value().len(), LineEdit::MAX_CHARS);
    }

    #[test]
    fn the_cursor_stays_visible_among_wide_characters() {
        let area = Rect::new(3, 0, 5, 1);
        let line = LineEdit::new("東京都庁舎");
        assert!(line.cursor(area).is_some_and(|position| area.contains(position)));
        let drawn = testing::draw(8, 1, |_, buf, look| line.render(area, buf, Slot::Text, look));
        assert_eq!(testing::lines(&drawn), ["   庁舎"]);
    }

    #[test]
    fn any_size_is_fine() {
        let line = LineEdit::new("東京 and more than fits");
        testing::sweep(|area, buf, look| line.render(area, buf, Slot::Text, look));
        testing::sweep_cursor(|area| line.cursor(area));
    }
}
