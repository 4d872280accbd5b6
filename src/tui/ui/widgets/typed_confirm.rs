//! The question before something irreversible: type the name of the thing, exactly.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::line::{Edit, LineEdit};
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, row, slot, spans};
use crate::tui::ui::{Look, Slot};

/// A name to be typed and what has been typed so far. Spaces at the ends count: the name must match exactly.
#[derive(Clone, Debug)]
pub struct TypedConfirm {
    expected: String,
    line: LineEdit,
}

/// Columns before the line: the sign and a space.
const PROMPT: u16 = 2;

impl TypedConfirm {
    /// The rows that the widget takes: the question, the line, whether it matches.
    pub const HEIGHT: u16 = 3;

    /// Asks for `expected`.
    #[must_use]
    pub fn new(expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), line: LineEdit::default() }
    }

    /// What is to be typed.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// Whether the name has been typed. An empty name can never be confirmed.
    #[must_use]
    pub fn matches(&self) -> bool {
        !self.expected.is_empty() && self.line.value() == self.expected
    }

    /// Edits the line; Enter, Esc and Tab are ignored, so the dialog decides on them.
    pub fn on_key(&mut self, key: Key) -> Edit {
        self.line.on_key(key)
    }

    /// Inserts a pasted name.
    pub fn paste(&mut self, text: &str) {
        self.line.paste(text);
    }

    /// Draws the question, the line and the verdict.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let question = [("Type ", Slot::Text), (self.expected.as_str(), Slot::Title), (" to confirm:", Slot::Text)];
        spans(buf, row(area, 0), question, look);
        slot(buf, row(area, 1), look.glyphs.separator, Slot::Accent, look);
        self.line.render(self.field(area), buf, Slot::Text, look);
        let verdict = row(area, 2);
        if self.matches() {
            spans(buf, verdict, [(look.glyphs.check, Slot::Good), (" matches", Slot::Good)], look);
        } else if !self.line.value().is_empty() {
            slot(buf, verdict, self.verdict(), Slot::Muted, look);
        }
    }

    /// Where the terminal's cursor belongs.
    #[must_use]
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        self.line.cursor(self.field(area))
    }

    fn verdict(&self) -> &'static str {
        if self.expected.starts_with(self.line.value()) { "not complete yet" } else { "does not match" }
    }

    fn field(&self, area: Rect) -> Rect {
        after(row(area, 1), PROMPT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    fn typed(text: &str) -> TypedConfirm {
        let mut confirm = TypedConfirm::new("pcg-1");
        confirm.paste(text);
        confirm
    }

    #[test]
    fn only_the_exact_name_confirms() {
        for wrong in ["", "pcg", "pcg-1 ", " pcg-1", "PCG-1", "pcg-11"] {
            assert!(!typed(wrong).matches(), "{wrong:?}");
        }
        assert!(typed("pcg-1\n").matches());
        assert!(!TypedConfirm::new("").matches());
    }

    #[test]
    fn enter_and_esc_are_the_dialogs() {
        let mut confirm = typed("pcg-1");
        for key in ["enter", "esc", "tab"] {
            assert_eq!(confirm.on_key(key.parse().unwrap()), Edit::Ignored);
        }
    }

    #[test]
    fn views() {
        let view =
            |text: &'static str| move |area: Rect, buf: &mut Buffer, look: &Look| typed(text).render(area, buf, look);
        insta::assert_debug_snapshot!("typed_confirm_half", testing::draw(30, 3, view("pcg")));
        insta::assert_debug_snapshot!("typed_confirm_plain", testing::draw_plain(30, 3, view("pcg-1")));
        testing::sweep(view("other"));
        testing::sweep_cursor(|area| typed("x").cursor(area));
    }
}
