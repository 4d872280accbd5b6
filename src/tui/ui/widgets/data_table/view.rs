//! How a table is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::columns::{GAP, layout};
use super::{Align, Column, DataTable, Direction, Rows};
use crate::text::clean;
use crate::tui::ui::draw::{after, at, below, cells, columns, row, slot};
use crate::tui::ui::{Look, Slot};

/// Columns before the first one: a space, the marker, a space.
const LEAD: u16 = 3;

impl<Id: Clone + PartialEq> DataTable<Id> {
    /// How many rows an area shows, the header apart.
    #[must_use]
    pub fn page(area: Rect) -> usize {
        usize::from(area.height.saturating_sub(header_rows(area)))
    }

    /// Draws the table; `empty` is what it says where there is no row.
    pub fn render(&self, area: Rect, buf: &mut Buffer, rows: &impl Rows<Id = Id>, empty: &str, look: &Look) {
        let shown = layout(&self.columns, &self.fitted, area.width.saturating_sub(LEAD));
        let header = header_rows(area);
        if header > 0 {
            self.render_header(after(row(area, 0), LEAD), &shown, buf, look);
        }
        let body = below(area, header);
        if self.order.is_empty() {
            slot(buf, after(row(body, 0), LEAD), empty, Slot::Muted, look);
            return;
        }
        let first = self.window(usize::from(body.height));
        for (place, number) in self.order.iter().enumerate().skip(first).take(usize::from(body.height)) {
            let line = row(body, cells(place - first));
            let selected = place == self.cursor;
            if selected {
                slot(buf, after(line, 1), look.glyphs.marker, Slot::Accent, look);
            }
            render_row(rows, *number as usize, selected, &shown, after(line, LEAD), buf, look);
        }
    }

    /// Where the terminal's cursor belongs: on the marker.
    #[must_use]
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        if self.order.is_empty() {
            return None;
        }
        let body = below(area, header_rows(area));
        let place = self.cursor.checked_sub(self.window(usize::from(body.height)))?;
        at(row(body, cells(place)), 1)
    }

    fn render_header(&self, area: Rect, shown: &[(Column, u16)], buf: &mut Buffer, look: &Look) {
        let mut rest = area;
        for (column, width) in shown {
            let arrow = match self.sort {
                Some((id, Direction::Ascending)) if id == column.id => look.glyphs.up,
                Some((id, Direction::Descending)) if id == column.id => look.glyphs.down,
                _ => "",
            };
            let room = Rect { width: (*width).min(rest.width), ..rest };
            let title =
                if arrow.is_empty() { column.title.to_owned() } else { with_arrow(column.title, arrow, room.width) };
            put(buf, room, &title, Slot::Label, column.align, look);
            rest = after(rest, width + GAP);
        }
    }
}

/// The title gives way to the arrow where both do not fit.
fn with_arrow(title: &str, arrow: &str, width: u16) -> String {
    match width.checked_sub(columns(title)) {
        Some(0) | None => title.chars().take(usize::from(width.saturating_sub(1))).chain(arrow.chars()).collect(),
        Some(1) => format!("{title}{arrow}"),
        Some(_) => format!("{title} {arrow}"),
    }
}

/// The header is dropped where there is no row to spare.
fn header_rows(area: Rect) -> u16 {
    u16::from(area.height > 1)
}

fn render_row(
    rows: &impl Rows,
    number: usize,
    selected: bool,
    shown: &[(Column, u16)],
    area: Rect,
    buf: &mut Buffer,
    look: &Look,
) {
    let mut rest = area;
    for (place, (column, width)) in shown.iter().enumerate() {
        let cell = rows.cell(number, column.id, look.glyphs);
        let style = if selected && place == 0 { Slot::Selected } else { cell.slot };
        put(buf, Rect { width: (*width).min(rest.width), ..rest }, &cell.text, style, column.align, look);
        rest = after(rest, width + GAP);
    }
}

fn put(buf: &mut Buffer, area: Rect, text: &str, style: Slot, align: Align, look: &Look) {
    let indent = match align {
        Align::Left => 0,
        Align::Right => area.width.saturating_sub(columns(&clean(text))),
    };
    slot(buf, after(area, indent), text, style, look);
}
