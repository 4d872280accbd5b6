//! Which columns are shown and how wide they are.

use super::Rows;
use crate::text::clean;
use crate::tui::ui::Glyphs;
use crate::tui::ui::draw::columns as width_of;

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Always this many columns of the screen.
    Fixed(u16),
    /// As wide as its cells, within bounds.
    Fit {
        /// At least this wide.
        min: u16,
        /// At most this wide.
        max: u16,
    },
    /// Takes what is left over, shared evenly with the other ones.
    Fill {
        /// At least this wide.
        min: u16,
    },
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At the left.
    #[default]
    Left,
    /// At the right, for numbers.
    Right,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Names the column to the rows and in `column:value` filters.
    pub id: &'static str,
    /// What stands above it.
    pub title: &'static str,
    /// How wide it is.
    pub width: Width,
    /// What is left out first where it is narrow: the highest number. The first column never is.
    pub priority: u8,
    /// Where its text stands.
    pub align: Align,
}

impl Column {
    /// A column of the highest priority, aligned left.
    #[must_use]
    pub const fn new(id: &'static str, title: &'static str, width: Width) -> Self {
        Self { id, title, width, priority: 0, align: Align::Left }
    }

    /// The same column, left out earlier.
    #[must_use]
    pub const fn priority(self, priority: u8) -> Self {
        Self { priority, ..self }
    }

    /// The same column for numbers.
    #[must_use]
    pub const fn right(self) -> Self {
        Self { align: Align::Right, ..self }
    }

    fn min(&self) -> u16 {
        match self.width {
            Width::Fixed(width) => width,
            Width::Fit { min, .. } | Width::Fill { min } => min.max(1),
        }
    }
}

/// Columns between two columns.
pub(super) const GAP: u16 = 2;
/// Rows that are measured for `Fit` columns: enough to be right in practice, few enough to be quick.
const MEASURED: usize = 2000;

/// How wide each column would like to be for the rows at hand. It does not depend on which rows are on the screen, so
/// that scrolling never moves a column.
pub(super) fn fit(rows: &impl Rows, columns: &[Column]) -> Vec<u16> {
    let glyphs = Glyphs::unicode();
    let wanted = |column: &Column| match column.width {
        Width::Fixed(width) => width,
        Width::Fill { min } => min,
        Width::Fit { min, max } => {
            let cells =
                (0..rows.count().min(MEASURED)).map(|row| width_of(&clean(&rows.cell(row, column.id, &glyphs).text)));
            // The title has room for the arrow of the sort beside it.
            let title = width_of(column.title).saturating_add(2);
            cells.max().unwrap_or(0).max(title).max(min).min(max.max(min))
        }
    };
    columns.iter().map(wanted).collect()
}

/// The columns that are shown in `width`, with theirs, from left to right. The first one gets what it wants as long
/// as there is anything to give; the others are at least as wide as their least.
pub(super) fn layout(columns: &[Column], fitted: &[u16], width: u16) -> Vec<(Column, u16)> {
    let wanted = |place: usize, column: &Column| fitted.get(place).copied().unwrap_or(0).max(column.min());
    let mut shown: Vec<(usize, Column, u16)> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let least = if place == 0 { wanted(0, column) } else { column.min() };
            (place, *column, least)
        })
        .collect();
    while total(&shown) > u32::from(width) && shown.len() > 1 {
        let least = shown.iter().enumerate().skip(1).max_by_key(|(place, (_, column, _))| (column.priority, *place));
        let Some((place, _)) = least else { break };
        shown.remove(place);
    }
    if let [(_, _, only)] = shown.as_mut_slice() {
        *only = (*only).min(width);
    }
    let mut spare = u16::try_from(u32::from(width).saturating_sub(total(&shown))).unwrap_or(0);
    grow(&mut shown, wanted, &mut spare);
    fill(&mut shown, spare);
    shown.into_iter().map(|(_, column, width)| (column, width)).collect()
}

/// Gives `Fit` columns what they want, the important ones first.
fn grow(shown: &mut [(usize, Column, u16)], wanted: impl Fn(usize, &Column) -> u16, spare: &mut u16) {
    let mut by_priority: Vec<_> = shown.iter_mut().collect();
    by_priority.sort_by_key(|(place, column, _)| (column.priority, *place));
    for (place, column, width) in by_priority {
        let more = wanted(*place, column).saturating_sub(*width).min(*spare);
        *width += more;
        *spare -= more;
    }
}

/// Shares what is left among the `Fill` columns.
fn fill(shown: &mut [(usize, Column, u16)], spare: u16) {
    let mut fills: Vec<&mut u16> = shown
        .iter_mut()
        .filter(|(_, column, _)| matches!(column.width, Width::Fill { .. }))
        .map(|(_, _, width)| width)
        .collect();
    let count = u16::try_from(fills.len()).unwrap_or(u16::MAX);
    let Some(each) = spare.checked_div(count) else { return };
    let mut odd = spare % count;
    for width in &mut fills {
        **width += each + u16::from(odd > 0);
        odd = odd.saturating_sub(1);
    }
}

fn total(shown: &[(usize, Column, u16)]) -> u32 {
    let gaps = u32::from(GAP) * u32::try_from(shown.len().saturating_sub(1)).unwrap_or(0);
    gaps + shown.iter().map(|(_, _, width)| u32::from(*width)).sum::<u32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::new("name", "Name", Width::Fit { min: 8, max: 30 }),
        Column::new("state", "State", Width::Fixed(8)).priority(1),
        Column::new("agent", "Agent", Width::Fit { min: 5, max: 12 }).priority(9),
        Column::new("message", "Message", Width::Fill { min: 10 }).priority(2),
    ];

    fn at(width: u16) -> Vec<(&'static str, u16)> {
        layout(&COLUMNS, &[20, 8, 12, 10], width).into_iter().map(|(column, width)| (column.id, width)).collect()
    }

    #[test]
    fn the_least_important_goes_first_and_the_name_is_squeezed_last() {
        assert_eq!(at(80), [("name", 20), ("state", 8), ("agent", 12), ("message", 34)]);
        assert_eq!(at(50), [("name", 20), ("state", 8), ("agent", 6), ("message", 10)]);
        assert_eq!(at(48), [("name", 20), ("state", 8), ("message", 16)]);
        assert_eq!(at(30), [("name", 20), ("state", 8)]);
        assert_eq!(at(29), [("name", 20)]);
        assert_eq!(at(5), [("name", 5)]);
        assert_eq!(at(0), [("name", 0)]);
    }

    #[test]
    fn the_columns_never_need_more_than_there_is() {
        for width in 0..120 {
            let shown = layout(&COLUMNS, &[20, 8, 12, 10], width);
            let gaps = GAP * (shown.len() as u16 - 1);
            assert!(shown.iter().map(|(_, width)| width).sum::<u16>() + gaps <= width);
        }
    }
}
