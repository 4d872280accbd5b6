//! The table widget by itself.

use std::error::Error;
use std::time::Duration;

use palette_console::tui::ui::widgets::data_table::{Cell, Column, DataTable, Direction, Rows, Width};
use palette_console::tui::ui::{Glyphs, Look, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::figures::{Amount, Figure, median};
use crate::timed;

const AREA: Rect = Rect { x: 0, y: 0, width: 120, height: 40 };
const RUNS: usize = 9;
const COLUMNS: [Column; 3] = [
    Column::new("name", "Name", Width::Fill { min: 20 }),
    Column::new("kind", "Kind", Width::Fixed(12)),
    Column::new("note", "Note", Width::Fixed(40)),
];

struct Numbered(Vec<String>);

impl Rows for Numbered {
    type Id = usize;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn id(&self, row: usize) -> Option<usize> {
        (row < self.0.len()).then_some(row)
    }

    fn cell(&self, row: usize, column: &'static str, _glyphs: &Glyphs) -> Cell<'_> {
        match (column, self.0.get(row)) {
            ("name", Some(name)) => Cell::new(name.as_str()),
            ("kind", Some(_)) => Cell::new("gateway"),
            _ => Cell::new("moved here from the old rack"),
        }
    }
}

pub fn measure(count: usize) -> Result<Vec<Figure>, Box<dyn Error>> {
    // A stride that shares no factor with the count, so that sorting has something to do.
    let rows = Numbered((0..count).map(|row| format!("gateway-{:06}", row * 7919 % count)).collect());
    let mut table = DataTable::new(COLUMNS);
    let refresh = repeat(|| timed(|| table.refresh(&rows)))?;
    let directions = [Direction::Ascending, Direction::Descending];
    let mut next = directions.iter().copied().cycle();
    let sort = repeat(|| {
        let direction = next.next().unwrap_or(Direction::Ascending);
        timed(|| table.set_sort(Some(("name", direction)), &rows))
    })?;
    let filter = repeat(|| {
        table.set_filter("", &rows);
        timed(|| table.set_filter("gateway-09 !7", &rows))
    })?;
    table.set_filter("", &rows);
    let (theme, glyphs) = (Theme::ansi(), Glyphs::detect(Some("C.UTF-8"), None, None));
    let look = Look { theme: &theme, glyphs: &glyphs };
    let mut buffer = Buffer::empty(AREA);
    let end = "end".parse()?;
    let frame = repeat(|| {
        table.on_key(end, DataTable::<usize>::page(AREA), &rows);
        timed(|| table.render(AREA, &mut buffer, &rows, "", &look))
    })?;
    Ok(vec![
        Figure::new("new data", refresh),
        Figure::new("sort by name", sort),
        Figure::new("filter", filter),
        Figure::new("view at the end", frame).within(Duration::from_millis(5)),
    ])
}

fn repeat(mut run: impl FnMut() -> Duration) -> Result<Amount, Box<dyn Error>> {
    let samples = (0..RUNS).map(|_| run()).collect();
    median(samples).map(Amount::from).ok_or_else(|| "nothing was measured".into())
}
