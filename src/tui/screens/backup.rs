//! The Backup/Restore tab: how the locations fare, every backup, and the way into every job.

mod cards;
mod confirm;
mod details;
mod download;
mod job;
mod key;
mod locations;
mod policy;
mod restore;
mod rows;
mod todo;
mod wizard;
pub(crate) mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::backup::Backup;
use crate::text;
use crate::tui::command::{self, Command, Scope};
use crate::tui::layer::{Act, Acts, Tone};
use crate::tui::model::Model;
use crate::tui::msg::backup::Which;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, below, cells, columns, right, row, rule, slot, spans, wrap};
use crate::tui::ui::widgets::data_table::{DataTable, Direction};
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::line::LineEdit;
use crate::tui::ui::widgets::progress::Progress;
use crate::tui::ui::{Look, Slot};

use cards::CardLine;
use rows::BackupRows;
use todo::Todo;

/// Rows that the table keeps, its header included, however much the cards have to say.
const TABLE: u16 = 5;

/// The tab.
pub struct BackupTab {
    table: DataTable<Which>,
    /// The filter while it is being typed.
    typing: Option<LineEdit>,
    /// The cursor was moved by hand, so that it stays on its backup; else it is on the newest one.
    moved: bool,
}

impl Default for BackupTab {
    fn default() -> Self {
        Self { table: DataTable::new(rows::COLUMNS.iter().copied()), typing: None, moved: false }
    }
}

impl BackupTab {
    /// The backup under the cursor.
    #[must_use]
    pub fn selected<'a>(&self, model: &'a Model) -> Option<&'a Backup> {
        model.backups.backup(self.table.selected()?)
    }

    /// Whether typed letters belong to the filter.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        self.typing.is_some()
    }

    /// Takes over fresh backups, or another width.
    pub fn refresh(&mut self, model: &Model) {
        self.table.refresh(&BackupRows::new(model));
        if !self.moved {
            self.table.select_first(&BackupRows::new(model));
        }
    }

    /// Puts the cursor on the newest backup, and lets it stay there.
    pub fn go_to_newest(&mut self, model: &Model) {
        self.moved = false;
        self.refresh(model);
    }

    /// What a key does while the filter is typed; `None` where it is not.
    pub fn on_filter_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        let page = self.page(model);
        if !self.table.on_filter_key(&mut self.typing, key, page, &BackupRows::new(model)) {
            return None;
        }
        Some(Acts::new())
    }

    /// Inserts a pasted text into the filter.
    pub fn on_paste(&mut self, text: &str, model: &Model) {
        if let Some(line) = &mut self.typing {
            line.paste(text);
            let text = line.value().to_owned();
            self.table.set_filter(&text, &BackupRows::new(model));
        }
    }

    /// What a key that is no command does; `None` where it means nothing.
    pub fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        let moved = self.table.on_key(key, self.page(model), &BackupRows::new(model));
        self.moved |= moved;
        moved.then(Acts::new)
    }

    /// What a command does; `None` where it is not this tab's.
    pub fn on_command(&mut self, command: Command, model: &Model) -> Option<Acts> {
        let rows = BackupRows::new(model);
        match command {
            Command::Filter => self.typing = Some(LineEdit::new(self.table.filter())),
            Command::Dismiss if !self.table.filter().is_empty() => self.table.set_filter("", &rows),
            Command::Sort => self.table.set_sort(self.next_sort(), &rows),
            Command::Reverse => {
                let turned = self.table.sort().map(|(column, direction)| (column, direction.reversed()));
                self.table.set_sort(turned.or(Some(("uid", Direction::Ascending))), &rows);
            }
            _ => return self.on_selected(command, model),
        }
        Some(Acts::new())
    }

    fn on_selected(&self, command: Command, model: &Model) -> Option<Acts> {
        model.backups.overview.as_ref()?;
        Some(match command {
            Command::Create => todo::creation(model),
            Command::Configure => todo::configuration(model),
            Command::Locations => locations::open(model),
            Command::NewLocation => locations::new(model),
            Command::RecoveryKey => key::open(model),
            Command::Policy => policy::open(model),
            Command::Jobs => todo::watch(model),
            Command::CancelJob => todo::cancel(model),
            _ => return self.on_backup(command, model),
        })
    }

    fn on_backup(&self, command: Command, model: &Model) -> Option<Acts> {
        let wanted: fn(Which) -> Todo = match command {
            Command::Menu => Todo::Details,
            Command::Verify => Todo::Verify,
            Command::Restore => Todo::BringBack,
            Command::Download => Todo::Download,
            Command::Delete => Todo::Delete,
            Command::Details => Todo::Details,
            Command::CopyUid => Todo::CopyUid,
            _ => return None,
        };
        let Some(backup) = self.selected(model) else {
            return Some(vec![Act::Notice(Tone::Info, "No backup is selected.".to_owned())]);
        };
        let menu = todo::of_backup(backup, model);
        if command == Command::Menu {
            return Some(vec![Act::Open(Box::new(menu))]);
        }
        Some(menu.choose(&wanted(Which::of(backup)), model))
    }

    fn next_sort(&self) -> Option<(&'static str, Direction)> {
        let columns = self.table.columns();
        let current = self.table.sort().and_then(|(id, _)| columns.iter().position(|column| column.id == id));
        let next = current.map_or(0, |place| place + 1);
        columns.get(next).filter(|column| column.id != "actions").map(|column| (column.id, Direction::Ascending))
    }

    fn page(&self, model: &Model) -> usize {
        DataTable::<Which>::page(split(model.body(), model).1)
    }

    /// Draws the tab.
    pub fn view(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        if let Some(words) = blank(model) {
            return tell(&words, area, buf, look);
        }
        let (cards, table) = split(area, model);
        let inner = after(cards, 1);
        let lines = cards::lines(model, inner.width.saturating_sub(1), cards.height.saturating_sub(1));
        for (place, line) in lines.iter().enumerate() {
            draw_line(line, row(inner, cells(place)), buf, look);
        }
        rule(buf, row(cards, cards.height.saturating_sub(1)), look);
        self.table.render(table, buf, &BackupRows::new(model), &self.empty_words(model), look);
    }

    fn empty_words(&self, model: &Model) -> String {
        let backups = &model.backups;
        if !self.table.filter().is_empty() {
            format!("No backup matches {:?}. Esc clears the filter.", self.table.filter())
        } else if !backups.are_read() {
            "Reading the backups …".to_owned()
        } else if backups.locations().is_empty() {
            "Nothing is configured yet: e configures where backups go.".to_owned()
        } else if !backups.unread.is_empty() {
            "The backups could not be read.".to_owned()
        } else {
            "There is no backup yet: + makes one now.".to_owned()
        }
    }

    /// What the keys do here: nothing about a backup where none is selected, nothing at all where there is nothing to
    /// show.
    #[must_use]
    pub fn hints(&self, model: &Model) -> Vec<Hint<'static>> {
        if blank(model).is_some() {
            return command::hints(Scope::Everywhere);
        }
        let selected = self.selected(model).is_some();
        let of_rows = |command| matches!(command, Command::Menu | Command::Verify | Command::Filter);
        command::hints_where(Scope::Backup, |command| selected || !of_rows(command))
    }

    /// What stands at the right of the tabs: the filter, and what creates a backup.
    pub fn aside(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let filter = match &self.typing {
            Some(line) => format!("/{}  {} ", line.value(), self.table.summary()),
            None if self.table.filter().is_empty() => String::new(),
            None => format!("filter {}  {} ", self.table.filter(), self.table.summary()),
        };
        if !filter.is_empty() {
            right(buf, area, &filter, Slot::Accent, look);
            return;
        }
        if model.backups.overview.is_none() {
            return;
        }
        let both = ["+ Create FTP backup", "+ Create S3 backup "];
        if both.iter().map(|words| columns(words) + 3).sum::<u16>() > area.width {
            right(buf, area, "+ Create backup ", Slot::Text, look);
            return;
        }
        let mut rest = area;
        for (words, mode) in both.iter().zip(["ftp", "s3"]).rev() {
            let meaning = if model.backups.location(mode).is_some() { Slot::Text } else { Slot::Muted };
            let room = right(buf, rest, words, meaning, look);
            rest = Rect { width: room.saturating_sub(3), ..rest };
        }
    }

    /// The line under the table while the filter is typed.
    pub fn filter_line(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        if let Some(line) = &self.typing {
            slot(buf, area, " / ", Slot::Accent, look);
            line.render(after(area, 3), buf, Slot::Text, look);
        }
    }

    /// Where the terminal's cursor belongs.
    #[must_use]
    pub fn cursor(&self, area: Rect, hints: Rect, model: &Model) -> Option<Position> {
        match &self.typing {
            Some(line) => line.cursor(after(hints, 3)),
            None if blank(model).is_some() => None,
            None => self.table.cursor(split(area, model).1),
        }
    }
}

/// What stands there instead of everything, where there is nothing to show.
fn blank(model: &Model) -> Option<Vec<(String, Slot)>> {
    let backups = &model.backups;
    if let Some(words) = &backups.denied {
        let head = "This account may not look at backups".to_owned();
        return Some(vec![(head, Slot::Title), (words.clone(), Slot::Text), (DENIED.to_owned(), Slot::Text)]);
    }
    if backups.overview.is_some() {
        return None;
    }
    Some(match &backups.freshness.failed {
        Some(reason) => vec![
            ("The backups could not be read".to_owned(), Slot::Title),
            (text::sentence(reason), Slot::Bad),
            ("It is tried again by itself; r tries it now.".to_owned(), Slot::Text),
        ],
        None => vec![("Reading the locations and their backups …".to_owned(), Slot::Muted)],
    })
}

const DENIED: &str = "Backup and restore belong to a system administrator who may operate the plane. Start the console \
                      anew to sign in with another account.";

fn tell(paragraphs: &[(String, Slot)], area: Rect, buf: &mut Buffer, look: &Look) {
    let mut rest = below(after(area, 3), 1);
    for (words, meaning) in paragraphs {
        for line in wrap(words, rest.width.min(72)) {
            slot(buf, row(rest, 0), &line, *meaning, look);
            rest = below(rest, 1);
        }
        rest = below(rest, 1);
    }
}

/// The cards with their rule, and the table.
fn split(area: Rect, model: &Model) -> (Rect, Rect) {
    let room = area.height.saturating_sub(TABLE);
    let lines = cells(cards::lines(model, area.width.saturating_sub(2), room.saturating_sub(1)).len());
    let height = if lines == 0 { 0 } else { lines + 1 };
    (Rect { height, ..area }, below(area, height))
}

fn draw_line(line: &CardLine, area: Rect, buf: &mut Buffer, look: &Look) {
    let area = Rect { width: area.width.saturating_sub(1), ..area };
    let wide: u16 = line.pieces.iter().map(|(words, _)| columns(words)).sum();
    let aside = columns(&line.aside);
    let pieces = line.pieces.iter().map(|(words, meaning)| (words.as_str(), *meaning));
    let fits = aside == 0 || wide + aside + 2 <= area.width;
    let used = spans(buf, area, pieces, look);
    match line.bar {
        Some((done, total)) => {
            Progress::new(done, Some(total)).words(&line.aside).render(after(area, used), buf, look);
        }
        None if fits => {
            right(buf, area, &line.aside, Slot::Muted, look);
        }
        None => {}
    }
}
