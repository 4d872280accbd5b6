//! A table over any number of rows. Only the rows on the screen are asked for their cells, the cursor is on an id and
//! so survives refreshing, sorting and filtering, and the order is worked out only when data, filter or sort change.

mod columns;
mod filter;
mod order;
mod view;

use std::borrow::Cow;

use crossterm::event::KeyCode;

pub use columns::{Align, Column, Width};
pub use filter::Filter;
pub use order::{Direction, SortKey};

use super::LineEdit;
use crate::tui::runtime::key::Key;
use crate::tui::ui::{Glyphs, Slot};

/// One cell as it is shown. It is cleaned and cut to its column by the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What it says.
    pub text: Cow<'a, str>,
    /// What that means.
    pub slot: Slot,
}

impl<'a> Cell<'a> {
    /// An ordinary cell.
    #[must_use]
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), slot: Slot::Text }
    }

    /// A cell with a meaning.
    #[must_use]
    pub fn styled(text: impl Into<Cow<'a, str>>, slot: Slot) -> Self {
        Self { text: text.into(), slot }
    }
}

/// The rows of a table, numbered from zero. A screen implements it for a small view of its data that also carries
/// what cells need, such as the current time.
pub trait Rows {
    /// What names a row for good.
    type Id: Clone + PartialEq;

    /// How many rows there are.
    fn count(&self) -> usize;

    /// The id of a row; none where there is no such row.
    fn id(&self, row: usize) -> Option<Self::Id>;

    /// A cell, by the id of its column. Rows and columns that are not there have an empty cell.
    fn cell(&self, row: usize, column: &'static str, glyphs: &Glyphs) -> Cell<'_>;

    /// What a cell is sorted by; its text, unless the rows know better.
    fn sort_key(&self, row: usize, column: &'static str) -> SortKey<'_> {
        SortKey::Text(self.cell(row, column, &Glyphs::ascii()).text)
    }
}

/// The state of a table: columns, order, cursor.
#[derive(Clone, Debug)]
pub struct DataTable<Id> {
    columns: Vec<Column>,
    /// The width that each `Fit` column wants for the data at hand.
    fitted: Vec<u16>,
    order: Vec<u32>,
    total: usize,
    selected: Option<Id>,
    /// Where the selected row is in `order`.
    cursor: usize,
    offset: usize,
    filter: Filter,
    sort: Option<(&'static str, Direction)>,
}

impl<Id: Clone + PartialEq> DataTable<Id> {
    /// An empty table. The first column names the rows: it is never left out, and it breaks ties when sorting.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            fitted: Vec::new(),
            order: Vec::new(),
            total: 0,
            selected: None,
            cursor: 0,
            offset: 0,
            filter: Filter::default(),
            sort: None,
        }
    }

    /// Takes over new data. The cursor stays on its row; where that is gone, its neighbour takes its place.
    pub fn refresh(&mut self, rows: &impl Rows<Id = Id>) {
        self.total = rows.count();
        self.order = order::order(rows, &self.columns, &self.filter, self.sort);
        self.fitted = columns::fit(rows, &self.columns);
        let before = self.cursor;
        let found = self.selected.as_ref().and_then(|id| self.position(id, rows));
        self.go(found.unwrap_or(self.cursor), rows);
        // Rows that came or went above the screen do not move what is on it; at the top, new ones are seen.
        if self.offset > 0 {
            self.offset = (self.offset + self.cursor).saturating_sub(before);
        }
    }

    /// The id of the row under the cursor.
    #[must_use]
    pub fn selected(&self) -> Option<&Id> {
        self.selected.as_ref()
    }

    /// The number of the row under the cursor, as the data number them.
    #[must_use]
    pub fn selected_row(&self) -> Option<usize> {
        self.order.get(self.cursor).map(|row| *row as usize)
    }

    /// Moves the cursor to the first row and scrolls to it.
    pub fn select_first(&mut self, rows: &impl Rows<Id = Id>) {
        self.offset = 0;
        self.go(0, rows);
    }

    /// Moves the cursor to a row; says whether it is among those shown.
    pub fn select(&mut self, id: &Id, rows: &impl Rows<Id = Id>) -> bool {
        let found = self.position(id, rows);
        if let Some(place) = found {
            self.go(place, rows);
        }
        found.is_some()
    }

    /// Moves the cursor: arrows, page up and down, home and end; `j`, `k`, `g` and `G` too. `page` is the number of
    /// rows shown, see [`Self::page`]. Says whether the key was one of these.
    pub fn on_key(&mut self, key: Key, page: usize, rows: &impl Rows<Id = Id>) -> bool {
        let step = page.saturating_sub(1).max(1);
        let to = match (key.code, key.modifiers.is_empty()) {
            (KeyCode::Up | KeyCode::Char('k'), true) => self.cursor.saturating_sub(1),
            (KeyCode::Down | KeyCode::Char('j'), true) => self.cursor.saturating_add(1),
            (KeyCode::PageUp, true) => self.cursor.saturating_sub(step),
            (KeyCode::PageDown, true) => self.cursor.saturating_add(step),
            (KeyCode::Home | KeyCode::Char('g'), true) => 0,
            (KeyCode::End | KeyCode::Char('G'), true) => usize::MAX,
            _ => return false,
        };
        self.go(to, rows);
        self.offset = self.window(page);
        true
    }

    /// Whether the cursor is within `margin` rows of the last one, so that the next page should be loaded.
    #[must_use]
    pub fn is_near_end(&self, margin: usize) -> bool {
        self.cursor.saturating_add(margin) >= self.order.len().saturating_sub(1)
    }

    /// The filter as it was typed.
    #[must_use]
    pub fn filter(&self) -> &str {
        self.filter.text()
    }

    /// What a key does while the filter is typed in `typing`: it narrows at once, the cursor moves meanwhile, `Enter` keeps it
    /// and `Esc` takes it away. `false` where nothing is being typed.
    pub fn on_filter_key(
        &mut self,
        typing: &mut Option<LineEdit>,
        key: Key,
        page: usize,
        rows: &impl Rows<Id = Id>,
    ) -> bool {
        let Some(line) = typing else { return false };
        match key.code {
            KeyCode::Enter => *typing = None,
            KeyCode::Esc => {
                *typing = None;
                self.set_filter("", rows);
            }
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
                self.on_key(key, page, rows);
            }
            _ => {
                line.on_key(key);
                let text = line.value().to_owned();
                self.set_filter(&text, rows);
            }
        }
        true
    }

    /// Shows only the rows that match. Where the row under the cursor does not, the cursor goes to the first one.
    pub fn set_filter(&mut self, text: &str, rows: &impl Rows<Id = Id>) {
        self.filter = Filter::new(text, &self.columns);
        let kept = self.selected.clone();
        self.refresh(rows);
        if self.selected != kept {
            self.select_first(rows);
        }
    }

    /// The column that the rows are sorted by; none where they stand as the data has them.
    #[must_use]
    pub fn sort(&self) -> Option<(&'static str, Direction)> {
        self.sort
    }

    /// Sorts by a column, or leaves the rows as the data has them.
    pub fn set_sort(&mut self, sort: Option<(&'static str, Direction)>, rows: &impl Rows<Id = Id>) {
        self.sort = sort;
        self.refresh(rows);
    }

    /// The columns, for a sort menu.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows are shown by the filter.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.order.len()
    }

    /// `12 of 1 204` while a filter hides some, else `1 204`.
    #[must_use]
    pub fn summary(&self) -> String {
        let total = crate::text::grouped(self.total);
        if self.order.len() == self.total {
            total
        } else {
            format!("{} of {total}", crate::text::grouped(self.order.len()))
        }
    }

    fn position(&self, id: &Id, rows: &impl Rows<Id = Id>) -> Option<usize> {
        let holds = |place: usize| {
            self.order.get(place).and_then(|row| rows.id(*row as usize)).is_some_and(|found| found == *id)
        };
        if holds(self.cursor) {
            return Some(self.cursor);
        }
        (0..self.order.len()).find(|place| holds(*place))
    }

    fn go(&mut self, place: usize, rows: &impl Rows<Id = Id>) {
        self.cursor = place.min(self.order.len().saturating_sub(1));
        self.selected = self.order.get(self.cursor).and_then(|row| rows.id(*row as usize));
    }

    /// The first place shown in a window of `page` rows: as little scrolling as keeps the cursor in it.
    fn window(&self, page: usize) -> usize {
        let lowest = (self.cursor + 1).saturating_sub(page);
        let end = self.order.len().saturating_sub(page);
        self.offset.clamp(lowest, self.cursor.max(lowest)).min(end.max(lowest))
    }
}

#[cfg(test)]
mod tests;
