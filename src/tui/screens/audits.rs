//! The Audit Logs tab: newest first, loaded page by page as the cursor comes near the end.

pub mod detail;
mod rows;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::audit::{Audit, AuditQuery};
use crate::client::Error;
use crate::text;
use crate::tui::command::Command;
use crate::tui::layer::{Act, Acts, Tone};
use crate::tui::model::Model;
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, below, cells, columns, right, row, rule, slot, wrap};
use crate::tui::ui::widgets::data_table::{DataTable, Rows};
use crate::tui::ui::{Look, Slot};

use rows::AuditRows;

/// The next page is asked for when the cursor is this near to the last row.
const MARGIN: usize = 60;

/// The tab.
pub struct Audits {
    table: DataTable<String>,
    entries: Vec<Audit>,
    /// The resource that the entries are narrowed to.
    only: Option<Resource>,
    next: Option<String>,
    total: u64,
    loading: bool,
    loaded: bool,
    failed: Option<Error>,
}

struct Resource {
    uid: String,
    name: String,
}

impl Default for Audits {
    fn default() -> Self {
        Self {
            table: DataTable::new(rows::COLUMNS.iter().copied()),
            entries: Vec::new(),
            only: None,
            next: None,
            total: 0,
            loading: false,
            loaded: false,
            failed: None,
        }
    }
}

impl Audits {
    /// Reads the newest page, unless the person has gone down to an older entry and wants to find it there again.
    pub fn enter(&mut self) -> Acts {
        let at_top = self.table.selected_row().is_none_or(|row| row == 0);
        if at_top && !self.loading { self.reload() } else { Acts::new() }
    }

    /// Narrows the entries to one resource.
    pub fn show_only(&mut self, uid: String, name: String) -> Acts {
        self.only = Some(Resource { uid, name });
        self.restart()
    }

    fn restart(&mut self) -> Acts {
        self.entries.clear();
        self.loaded = false;
        self.table = DataTable::new(rows::COLUMNS.iter().copied());
        self.reload()
    }

    /// Reads the newest page anew; what is shown stays until it is there.
    pub fn reload(&mut self) -> Acts {
        self.ask(None)
    }

    fn ask(&mut self, next: Option<String>) -> Acts {
        self.loading = true;
        let resource_uid = self.only.as_ref().map(|it| it.uid.clone());
        let query = AuditQuery { resource_uid, next, ..AuditQuery::default() };
        vec![Act::Effect(Effect::Ask(Request::Audits(query)))]
    }

    /// What an answer does to the tab.
    pub fn on_answer(&mut self, answer: &Answer) -> Acts {
        let Answer::Audits(query, result) = answer else { return Acts::new() };
        if query.resource_uid != self.only.as_ref().map(|it| it.uid.clone()) {
            return Acts::new();
        }
        self.loading = false;
        match result {
            Ok(page) => {
                self.failed = None;
                self.loaded = true;
                self.total = page.total;
                self.next.clone_from(&page.next);
                if query.next.is_none() {
                    self.entries.clone_from(&page.entries);
                } else {
                    self.entries.extend(page.entries.iter().cloned());
                }
                self.table.refresh(&AuditRows(&self.entries));
                self.load_more()
            }
            Err(error) => {
                self.failed = Some(error.clone());
                let gap = query.next.is_some() && error.signed_out().is_none();
                let words =
                    format!("The older entries could not be read: {}. Going on down tries again.", error.reason());
                gap.then(|| Act::Notice(Tone::Failed, words)).into_iter().collect()
            }
        }
    }

    fn load_more(&mut self) -> Acts {
        match self.next.clone() {
            Some(next) if !self.loading && self.failed.is_none() && self.table.is_near_end(MARGIN) => {
                self.ask(Some(next))
            }
            _ => Acts::new(),
        }
    }

    /// What a key that is no command does; `None` where it means nothing.
    pub fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        let page = DataTable::<String>::page(self.table_area(model.body()));
        self.table.on_key(key, page, &AuditRows(&self.entries)).then(|| {
            self.failed = None;
            self.load_more()
        })
    }

    /// What a command does; `None` where it is not this tab's.
    pub fn on_command(&mut self, command: Command) -> Option<Acts> {
        let selected = self.table.selected_row().and_then(|row| self.entries.get(row));
        match (command, selected) {
            (Command::Open, Some(entry)) => Some(vec![Act::Open(Box::new(detail::page(entry)))]),
            (Command::CopyUid, Some(entry)) => Some(vec![Act::Effect(Effect::Copy(entry.metadata.uid.clone()))]),
            (Command::Open | Command::CopyUid, None) => {
                Some(vec![Act::Notice(Tone::Info, "No entry is selected.".to_owned())])
            }
            (Command::AllEntries, _) | (Command::Dismiss, _) if self.only.is_some() => {
                self.only = None;
                Some(self.restart())
            }
            (Command::Refresh, _) => Some(self.reload()),
            _ => None,
        }
    }

    /// Draws the tab.
    pub fn view(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        if let Some(only) = &self.only {
            let name = text::elide(&text::clean(&only.name), 40).into_owned();
            slot(
                buf,
                after(row(area, 0), 3),
                &format!("Only the entries about {name}; x shows all."),
                Slot::Accent,
                look,
            );
        }
        self.view_message(area, buf, look);
        let area = self.table_area(area);
        self.table.render(area, buf, &AuditRows(&self.entries), self.empty_words(), look);
        if let (Some(error), true) = (&self.failed, self.entries.is_empty()) {
            let words = wrap(&error.to_string(), area.width.saturating_sub(6));
            for (place, line) in words.iter().enumerate() {
                let at = row(area, cells(place) + 3);
                slot(buf, after(at, 3), line, Slot::Text, look);
            }
        }
    }

    /// Where the table has no room for whole messages, the selected one stands below it.
    fn view_message(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let place = below(area, area.height - message_rows(area));
        rule(buf, row(place, 0), look);
        let Some(entry) = self.table.selected_row().and_then(|row| self.entries.get(row)) else { return };
        let lines = wrap(rows::message(entry), area.width.saturating_sub(2));
        for (number, line) in lines.iter().take(2).enumerate() {
            slot(buf, after(row(below(place, 1), cells(number)), 1), line, Slot::Text, look);
        }
    }

    fn empty_words(&self) -> &'static str {
        match (&self.failed, self.loaded) {
            (Some(_), _) => "The audit logs could not be read; r tries again.",
            (None, false) => "Reading the audit logs …",
            (None, true) if self.only.is_some() => "No entry is about this resource.",
            (None, true) => "There is no entry yet.",
        }
    }

    /// What stands at the right of the tabs: which entries, and how many of them are here.
    pub fn aside(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        if !self.loaded {
            return;
        }
        let loaded = AuditRows(&self.entries).count();
        let count = match usize::try_from(self.total) {
            Ok(total) if total > loaded => format!("{} of {}", text::grouped(loaded), text::grouped(total)),
            _ => text::grouped(loaded),
        };
        let whole = format!("{count} entries ");
        let words = if columns(&whole) <= area.width { whole } else { format!("{count} ") };
        right(buf, area, &words, Slot::Muted, &model.look());
    }

    /// Where the terminal's cursor belongs.
    #[must_use]
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        self.table.cursor(self.table_area(area))
    }

    fn table_area(&self, area: Rect) -> Rect {
        let area = Rect { height: area.height - message_rows(area), ..area };
        if self.only.is_some() { below(area, 2) } else { area }
    }
}

/// Rows below the table for the selected message, its rule included.
fn message_rows(area: Rect) -> u16 {
    if area.width < WHOLE_FROM && area.height >= 12 { 3 } else { 0 }
}

/// From this many columns on most messages stand whole in the table.
const WHOLE_FROM: u16 = 120;
