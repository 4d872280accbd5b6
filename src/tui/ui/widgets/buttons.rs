//! `[ Cancel ]  [ Delete ]`: a row of buttons. The first one has the focus, so the harmless one goes first.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::text::clean;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, at, columns, slot};
use crate::tui::ui::{Look, Slot};

/// A button. `Id` is what the screen gets when it is pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button<Id> {
    /// What it stands for.
    pub id: Id,
    /// One or two words.
    pub label: String,
    /// How it looks while it has no focus; `Slot::Bad` for what destroys.
    pub slot: Slot,
}

impl<Id> Button<Id> {
    /// An ordinary button.
    #[must_use]
    pub fn new(id: Id, label: impl Into<String>) -> Self {
        Self { id, label: label.into(), slot: Slot::Text }
    }

    /// A button that destroys something.
    #[must_use]
    pub fn danger(id: Id, label: impl Into<String>) -> Self {
        Self { id, label: label.into(), slot: Slot::Bad }
    }

    fn width(&self) -> u16 {
        columns(&clean(&self.label)).saturating_add(4)
    }
}

/// What a key did to a row of buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ButtonEvent<Id> {
    /// The key means nothing here.
    Ignored,
    /// The focus moved, or is at its end.
    Moved,
    /// A button was pressed.
    Pressed(Id),
}

/// A row of buttons and which one has the focus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buttons<Id> {
    items: Vec<Button<Id>>,
    focus: usize,
}

const GAP: u16 = 2;

impl<Id: Clone + PartialEq> Buttons<Id> {
    /// The buttons from left to right; the first one has the focus.
    #[must_use]
    pub fn new(items: impl IntoIterator<Item = Button<Id>>) -> Self {
        Self { items: items.into_iter().collect(), focus: 0 }
    }

    /// Moves the focus to a button, where there is one with that id.
    pub fn focus(&mut self, id: &Id) {
        if let Some(place) = self.items.iter().position(|item| item.id == *id) {
            self.focus = place;
        }
    }

    /// The button that has the focus.
    #[must_use]
    pub fn focused(&self) -> Option<&Id> {
        self.items.get(self.focus).map(|item| &item.id)
    }

    /// Left and right move and stop at the ends, tab moves and goes around, enter and space press.
    pub fn on_key(&mut self, key: Key) -> ButtonEvent<Id> {
        let count = self.items.len().max(1);
        let last = count - 1;
        match key.code {
            KeyCode::Left => self.focus = self.focus.saturating_sub(1),
            KeyCode::Right => self.focus = (self.focus + 1).min(last),
            KeyCode::BackTab => self.focus = (self.focus + last) % count,
            KeyCode::Tab => self.focus = (self.focus + 1) % count,
            KeyCode::Enter | KeyCode::Char(' ') => {
                return self.focused().map_or(ButtonEvent::Ignored, |id| ButtonEvent::Pressed(id.clone()));
            }
            _ => return ButtonEvent::Ignored,
        }
        ButtonEvent::Moved
    }

    /// The columns that the row takes.
    #[must_use]
    pub fn width(&self) -> u16 {
        let gaps = GAP.saturating_mul(self.items.len().saturating_sub(1).try_into().unwrap_or(u16::MAX));
        self.items.iter().fold(gaps, |sum, item| sum.saturating_add(item.width()))
    }

    /// Draws the row; `active` is false while something else on the dialog has the focus.
    pub fn render(&self, area: Rect, buf: &mut Buffer, active: bool, look: &Look) {
        let mut rest = area;
        for (place, item) in self.items.iter().enumerate() {
            let style = if active && place == self.focus { Slot::Focus } else { item.slot };
            let used = slot(buf, rest, &format!("[ {} ]", item.label), style, look);
            rest = after(rest, used.saturating_add(GAP));
        }
    }

    /// Where the terminal's cursor belongs: on the label of the focused button.
    #[must_use]
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        let before = self.items.iter().take(self.focus).fold(2_u16, |sum, item| sum.saturating_add(item.width() + GAP));
        at(area, before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Answer {
        Cancel,
        Delete,
    }

    fn buttons() -> Buttons<Answer> {
        Buttons::new([Button::new(Answer::Cancel, "Cancel"), Button::danger(Answer::Delete, "Delete")])
    }

    fn press(buttons: &mut Buttons<Answer>, key: &str) -> ButtonEvent<Answer> {
        buttons.on_key(key.parse().unwrap())
    }

    #[test]
    fn the_first_button_is_focused_and_tab_goes_around() {
        let mut row = buttons();
        assert_eq!(press(&mut row, "enter"), ButtonEvent::Pressed(Answer::Cancel));
        assert_eq!(press(&mut row, "right"), ButtonEvent::Moved);
        assert_eq!(press(&mut row, "right"), ButtonEvent::Moved);
        assert_eq!(press(&mut row, "space"), ButtonEvent::Pressed(Answer::Delete));
        press(&mut row, "tab");
        assert_eq!(row.focused(), Some(&Answer::Cancel));
        press(&mut row, "shift-tab");
        assert_eq!(row.focused(), Some(&Answer::Delete));
        assert_eq!(press(&mut row, "x"), ButtonEvent::Ignored);
        assert_eq!(Buttons::<Answer>::new([]).on_key("enter".parse().unwrap()), ButtonEvent::Ignored);
    }

    #[test]
    fn the_cursor_is_on_the_focused_label() {
        let mut row = buttons();
        let area = Rect::new(10, 2, 40, 1);
        assert_eq!(row.cursor(area), Some(Position::new(12, 2)));
        row.focus(&Answer::Delete);
        assert_eq!(row.cursor(area), Some(Position::new(24, 2)));
    }

    #[test]
    fn views() {
        let view = |area: Rect, buf: &mut Buffer, look: &Look| buttons().render(area, buf, true, look);
        insta::assert_debug_snapshot!("buttons", testing::draw(24, 1, view));
        insta::assert_debug_snapshot!("buttons_plain", testing::draw_plain(24, 1, view));
        testing::sweep(view);
        testing::sweep_cursor(|area| buttons().cursor(area));
    }
}
