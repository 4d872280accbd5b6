//! The Private Cloud Gateways tab: the table, the detail of the selected gateway, and the way into every job.

pub mod checklist;
pub mod delete;
mod destination;
mod detail;
pub mod menu;
pub mod migrate;
pub mod progress;
pub mod rename;
mod rows;

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ops::audits::Page;
use crate::ops::pcgs::Pcg;
use crate::text;
use crate::tui::command::Command;
use crate::tui::layer::{Act, Acts, Tone};
use crate::tui::model::Model;
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{below, row, rule, slot, spans};
use crate::tui::ui::widgets::data_table::{DataTable, Direction};
use crate::tui::ui::widgets::line::LineEdit;

use rows::PcgRows;

/// The detail follows the cursor after this long, so that moving it costs little over a slow line.
const SETTLE: Duration = Duration::from_millis(150);
/// Rows of the detail, its rule included.
const DETAIL: u16 = 9;
/// Below this many rows the table has the tab to itself.
const DETAIL_FROM: u16 = 15;

/// The tab.
pub struct Gateways {
    table: DataTable<String>,
    /// The filter while it is being typed.
    typing: Option<LineEdit>,
    /// The gateway whose detail is shown.
    detailed: Option<String>,
    /// When the detail catches up with the cursor.
    settles: Option<Instant>,
    history: Option<(String, Page)>,
}

impl Default for Gateways {
    fn default() -> Self {
        let table = DataTable::new(rows::COLUMNS.iter().copied());
        Self { table, typing: None, detailed: None, settles: None, history: None }
    }
}

impl Gateways {
    /// The gateway under the cursor.
    #[must_use]
    pub fn selected<'a>(&self, model: &'a Model) -> Option<&'a Pcg> {
        model.pcg(self.table.selected()?)
    }

    /// Whether typed letters belong to the filter.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        self.typing.is_some()
    }

    /// Takes over fresh gateways.
    pub fn refresh(&mut self, model: &Model) -> Acts {
        self.table.refresh(&PcgRows::new(model));
        if self.detailed.is_none() { self.settle(model) } else { self.follow(model.now.tick) }
    }

    /// When something must happen by itself.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.settles
    }

    /// Lets the detail catch up where it is time.
    pub fn wake(&mut self, model: &Model) -> Acts {
        match self.settles {
            Some(at) if at <= model.now.tick => self.settle(model),
            _ => Acts::new(),
        }
    }

    fn settle(&mut self, model: &Model) -> Acts {
        self.settles = None;
        self.detailed = self.table.selected().cloned();
        let ask = |uid: &String| Act::Effect(Effect::Ask(Request::History(uid.clone())));
        self.selected(model).map(|pcg| ask(&pcg.uid)).into_iter().collect()
    }

    fn follow(&mut self, now: Instant) -> Acts {
        self.settles = (self.detailed.as_ref() != self.table.selected()).then(|| now + SETTLE);
        Acts::new()
    }

    /// What an answer does to the tab.
    pub fn on_answer(&mut self, answer: &Answer) {
        if let Answer::History(uid, Ok(page)) = answer {
            self.history = Some((uid.clone(), page.clone()));
        }
    }

    /// What a key does while the filter is typed; `None` where it is not.
    pub fn on_filter_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        let page = self.page(model);
        if !self.table.on_filter_key(&mut self.typing, key, page, &PcgRows::new(model)) {
            return None;
        }
        Some(self.follow(model.now.tick))
    }

    /// Inserts a pasted text into the filter.
    pub fn on_paste(&mut self, text: &str, model: &Model) {
        if let Some(line) = &mut self.typing {
            line.paste(text);
            let text = line.value().to_owned();
            self.table.set_filter(&text, &PcgRows::new(model));
        }
    }

    /// What a key that is no command does; `None` where it means nothing.
    pub fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        let moved = self.table.on_key(key, self.page(model), &PcgRows::new(model));
        moved.then(|| self.follow(model.now.tick))
    }

    /// What a command does; `None` where it is not this tab's.
    pub fn on_command(&mut self, command: Command, model: &Model) -> Option<Acts> {
        let rows = PcgRows::new(model);
        match command {
            Command::Filter => self.typing = Some(LineEdit::new(self.table.filter())),
            Command::Dismiss if !self.table.filter().is_empty() => self.table.set_filter("", &rows),
            Command::Sort => self.table.set_sort(self.next_sort(), &rows),
            Command::Reverse => {
                let turned = self.table.sort().map(|(column, direction)| (column, direction.reversed()));
                self.table.set_sort(turned.or(Some(("name", Direction::Descending))), &rows);
            }
            _ => return self.on_selected(command, model),
        }
        Some(self.follow(model.now.tick))
    }

    fn on_selected(&self, command: Command, model: &Model) -> Option<Acts> {
        if !matches!(
            command,
            Command::Menu | Command::Migrate | Command::Delete | Command::Rename | Command::History | Command::CopyUid
        ) {
            return None;
        }
        let Some(pcg) = self.selected(model) else {
            return Some(vec![Act::Notice(Tone::Info, "No gateway is selected.".to_owned())]);
        };
        Some(match command {
            Command::Menu => vec![Act::Open(Box::new(menu::Menu::new(pcg)))],
            command => menu::act(command, pcg),
        })
    }

    fn next_sort(&self) -> Option<(&'static str, Direction)> {
        let columns = self.table.columns();
        let current = self.table.sort().and_then(|(id, _)| columns.iter().position(|column| column.id == id));
        let next = current.map_or(0, |place| place + 1);
        columns.get(next).map(|column| (column.id, Direction::Ascending))
    }

    fn page(&self, model: &Model) -> usize {
        DataTable::<String>::page(split(model.body()).0)
    }

    /// Draws the tab.
    pub fn view(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let (table, detail) = split(area);
        self.table.render(table, buf, &PcgRows::new(model), &self.empty_words(model), look);
        if detail.height == 0 {
            return;
        }
        rule(buf, row(detail, 0), look);
        let detail = below(detail, 1);
        if let Some(pcg) = self.detailed.as_ref().and_then(|uid| model.pcg(uid)) {
            let history = self.history.as_ref().filter(|(uid, _)| *uid == pcg.uid).map(|(_, page)| page);
            detail::view(pcg, history, detail, buf, model);
        }
    }

    fn empty_words(&self, model: &Model) -> String {
        if !self.table.filter().is_empty() {
            format!("No gateway matches {:?}. Esc clears the filter.", self.table.filter())
        } else if model.freshness.read_at.is_some() {
            "This tenant has no Private Cloud Gateway.".to_owned()
        } else if model.freshness.failed.is_some() {
            "The gateways could not be read yet.".to_owned()
        } else {
            "Reading the gateways …".to_owned()
        }
    }

    /// What stands at the right of the tabs: the filter and how many rows it shows.
    pub fn aside(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let age = model.freshness.read_at.map(|at| model.now.wall - at).filter(|age| age.num_minutes() > 0);
        let old = age.map_or_else(String::new, |age| format!(", read {} ago", text::span(age)));
        let summary = format!("{} gateways{old} ", self.table.summary());
        let filter = match &self.typing {
            Some(line) => format!("/{}  ", line.value()),
            None if self.table.filter().is_empty() => String::new(),
            None => format!("filter {}  ", self.table.filter()),
        };
        // Where it is narrow the rows are only counted: the filter must be seen.
        let wanted = crate::tui::ui::draw::columns(&(summary.clone() + &filter));
        let summary = if wanted > area.width { format!("{} ", self.table.summary()) } else { summary };
        let room = crate::tui::ui::draw::right(buf, area, &summary, Slot::Muted, look);
        let filter = text::elide(&filter, usize::from(room)).into_owned();
        let width = crate::tui::ui::draw::columns(&filter).min(room);
        let place = Rect { x: area.x + room - width, width, ..area };
        spans(buf, place, [(filter.as_str(), Slot::Accent)], look);
    }

    /// The line under the table while the filter is typed.
    pub fn filter_line(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        if let Some(line) = &self.typing {
            slot(buf, area, " / ", Slot::Accent, look);
            line.render(crate::tui::ui::draw::after(area, 3), buf, Slot::Text, look);
        }
    }

    /// Where the terminal's cursor belongs.
    #[must_use]
    pub fn cursor(&self, area: Rect, hints: Rect) -> Option<Position> {
        match &self.typing {
            Some(line) => line.cursor(crate::tui::ui::draw::after(hints, 3)),
            None => self.table.cursor(split(area).0),
        }
    }
}

/// The table's part of the tab and the detail's.
fn split(area: Rect) -> (Rect, Rect) {
    let detail = if area.height >= DETAIL_FROM { DETAIL } else { 0 };
    let height = area.height - detail;
    (Rect { height, ..area }, Rect { y: area.y + height, height: detail, ..area })
}
