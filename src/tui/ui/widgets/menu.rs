//! A short list of things to do. What cannot be done now stays in the list and says why.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::text::clean;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, at, below, cells, columns, right, row, slot, wrap};
use crate::tui::ui::{Look, Slot};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<Id> {
    /// What it stands for.
    pub id: Id,
    /// A few words.
    pub label: String,
    /// What stands to their right: a key, or what the item is about.
    pub aside: String,
    /// Why it cannot be done; none where it can.
    pub refusal: Option<String>,
}

impl<Id> Item<Id> {
    /// Something that can be done.
    #[must_use]
    pub fn new(id: Id, label: impl Into<String>, aside: impl Into<String>) -> Self {
        Self { id, label: label.into(), aside: aside.into(), refusal: None }
    }

    /// The same, which cannot be done where there is a reason.
    #[must_use]
    pub fn refused(self, reason: Option<String>) -> Self {
        Self { refusal: reason, ..self }
    }
}

/// What a key did to a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuEvent<Id> {
    /// The key means nothing here.
    Ignored,
    /// The focus moved, or the item under it cannot be chosen.
    Moved,
    /// An item was chosen.
    Chosen(Id),
}

/// The list and which item has the focus.
#[derive(Clone, Debug)]
pub struct Menu<Id> {
    items: Vec<Item<Id>>,
    focus: usize,
}

/// Columns of the marker and the space after it.
const LEAD: u16 = 2;
/// Columns between labels and what stands to their right.
const GAP: u16 = 3;

impl<Id: Clone + PartialEq> Menu<Id> {
    /// The items from top to bottom; the first one that can be chosen has the focus.
    #[must_use]
    pub fn new(items: impl IntoIterator<Item = Item<Id>>) -> Self {
        let items: Vec<Item<Id>> = items.into_iter().collect();
        let focus = items.iter().position(|item| item.refusal.is_none()).unwrap_or(0);
        Self { items, focus }
    }

    /// The items from top to bottom.
    #[must_use]
    pub fn items(&self) -> &[Item<Id>] {
        &self.items
    }

    /// The item that has the focus.
    #[must_use]
    pub fn focused(&self) -> Option<&Item<Id>> {
        self.items.get(self.focus)
    }

    /// Replaces the items; the focus stays on its item where that is still there.
    pub fn set(&mut self, items: Vec<Item<Id>>) {
        let kept = self.focused().map(|item| item.id.clone());
        let found = kept.and_then(|id| items.iter().position(|item| item.id == id));
        self.focus = found.unwrap_or(self.focus).min(items.len().saturating_sub(1));
        self.items = items;
    }

    /// Moves the focus to an item, where there is one with that id.
    pub fn focus(&mut self, id: &Id) {
        if let Some(place) = self.items.iter().position(|item| item.id == *id) {
            self.focus = place;
        }
    }

    /// Arrows and tab move and go around, `j` and `k` too; enter and space choose.
    pub fn on_key(&mut self, key: Key) -> MenuEvent<Id> {
        let count = self.items.len().max(1);
        match key.code {
            KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => self.focus = (self.focus + 1) % count,
            KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => self.focus = (self.focus + count - 1) % count,
            KeyCode::Home => self.focus = 0,
            KeyCode::End => self.focus = count - 1,
            KeyCode::Enter | KeyCode::Char(' ') => {
                return match self.focused() {
                    Some(item) if item.refusal.is_none() => MenuEvent::Chosen(item.id.clone()),
                    _ => MenuEvent::Moved,
                };
            }
            _ => return MenuEvent::Ignored,
        }
        MenuEvent::Moved
    }

    /// The rows that the list takes: its items, a blank one, and two for the reason of a refusal where there is one.
    #[must_use]
    pub fn height(&self) -> u16 {
        let refused = self.items.iter().any(|item| item.refusal.is_some());
        cells(self.items.len()).saturating_add(if refused { REASON } else { 0 })
    }

    /// Draws the list; the reason why the focused item cannot be chosen stands at the bottom.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let list = self.list(area);
        let aside = self.aside_column().min(list.width / 2);
        let first = self.first(list);
        for (place, item) in self.items.iter().enumerate().skip(first).take(usize::from(list.height)) {
            let line = row(list, cells(place - first));
            let chosen = place == self.focus;
            if chosen {
                slot(buf, line, look.glyphs.marker, Slot::Accent, look);
            }
            let style = match (chosen, &item.refusal) {
                (true, _) => Slot::Selected,
                (false, Some(_)) => Slot::Muted,
                (false, None) => Slot::Text,
            };
            let label = Rect { width: aside.saturating_sub(GAP).min(line.width), ..after(line, LEAD) };
            let label = if item.aside.is_empty() { after(line, LEAD) } else { label };
            slot(buf, label, &item.label, style, look);
            slot(buf, after(line, LEAD + aside), &item.aside, Slot::Muted, look);
        }
        self.render_reason(area, buf, look);
        if first > 0 {
            right(buf, row(list, 0), look.glyphs.up, Slot::Muted, look);
        }
        if self.items.len() - first > usize::from(list.height) {
            right(buf, row(list, list.height.saturating_sub(1)), look.glyphs.down, Slot::Muted, look);
        }
    }

    /// Where the terminal's cursor belongs: on the marker.
    #[must_use]
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        let list = self.list(area);
        at(row(list, cells(self.focus - self.first(list))), 0)
    }

    fn render_reason(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let list = self.list(area);
        let Some(reason) = self.focused().and_then(|item| item.refusal.as_ref()) else { return };
        let foot = below(area, list.height + 1);
        for (place, line) in wrap(reason, foot.width).iter().enumerate() {
            slot(buf, row(foot, cells(place)), line, Slot::Warn, look);
        }
    }

    /// The items' part of the area.
    fn list(&self, area: Rect) -> Rect {
        let foot = self.height() - cells(self.items.len());
        let foot = if area.height > foot { foot } else { 0 };
        Rect { height: (area.height - foot).min(cells(self.items.len())), ..area }
    }

    fn first(&self, list: Rect) -> usize {
        (self.focus + 1).saturating_sub(usize::from(list.height)).min(self.focus)
    }

    fn aside_column(&self) -> u16 {
        let longest = self.items.iter().map(|item| columns(&clean(&item.label))).max().unwrap_or(0);
        longest.saturating_add(GAP)
    }
}

/// Rows of a refusal's reason, with a blank one before them.
const REASON: u16 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    fn menu() -> Menu<u8> {
        let no = Some("its recovery key is not on this plane".to_owned());
        Menu::new([
            Item::new(1, "Restore…", "R").refused(no),
            Item::new(2, "Verify…", "v"),
            Item::new(3, "Copy uid", "y"),
        ])
    }

    fn press(menu: &mut Menu<u8>, keys: &str) -> MenuEvent<u8> {
        keys.split(' ').map(|key| menu.on_key(key.parse().unwrap())).last().unwrap()
    }

    #[test]
    fn what_cannot_be_done_is_read_and_not_chosen() {
        let mut list = menu();
        assert_eq!(press(&mut list, "enter"), MenuEvent::Chosen(2));
        assert_eq!(press(&mut list, "up enter"), MenuEvent::Moved);
        assert_eq!(press(&mut list, "up enter"), MenuEvent::Chosen(3));
        assert_eq!(press(&mut list, "x"), MenuEvent::Ignored);
        assert_eq!(Menu::<u8>::new([]).on_key("enter".parse().unwrap()), MenuEvent::Moved);
    }

    #[test]
    fn the_focus_survives_other_items() {
        let mut list = menu();
        press(&mut list, "end");
        list.set(vec![Item::new(3, "Copy uid", ""), Item::new(9, "More", "")]);
        assert_eq!(list.focused().map(|item| item.id), Some(3));
        list.set(Vec::new());
        assert!(list.focused().is_none());
    }

    #[test]
    fn views() {
        let view = |area: Rect, buf: &mut Buffer, look: &Look| {
            let mut list = menu();
            list.focus(&1);
            list.render(area, buf, look);
        };
        assert_eq!(
            testing::lines(&testing::draw(40, 6, view)),
            ["▸ Restore…   R", "  Verify…    v", "  Copy uid   y", "", "its recovery key is not on this plane", ""]
        );
        testing::draw_plain(40, 6, view);
        testing::sweep(view);
        testing::sweep_cursor(|area| menu().cursor(area));
    }
}
