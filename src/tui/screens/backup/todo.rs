//! What can be done on the tab, and the short lists to choose it from.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::backup::Backup;
use crate::api::words::{JobKind, Mode, TransferState, VerifyLevel};
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::msg::backup::{Begin, Which};
use crate::tui::msg::{Answer, Effect};
use crate::tui::runtime::key::Key;
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::menu::{Item, Menu, MenuEvent};

use super::{confirm, details, download, job, restore, wizard, words};

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Make a backup in this location.
    Create(String),
    /// Configure the location of this name and mode.
    Configure(String, Mode),
    /// Restore or recover a backup.
    BringBack(Which),
    /// Choose how closely to verify a backup.
    Verify(Which),
    /// Verify it that closely.
    VerifyAt(Which, VerifyLevel),
    /// Copy its files.
    Download(Which),
    /// Delete it.
    Delete(Which),
    /// Read everything about it.
    Details(Which),
    /// Copy its uid.
    CopyUid(Which),
    /// Cancel a job.
    Cancel(String),
    /// Watch a job.
    Watch(String),
}

/// Does it.
pub(super) fn act(todo: &Todo, model: &Model) -> Acts {
    let gone = || vec![Act::Notice(Tone::Info, "That backup is not listed any more.".to_owned())];
    let with = |which: &Which, act: &dyn Fn(&Backup) -> Acts| model.backups.backup(which).map_or_else(gone, act);
    match todo {
        Todo::Create(location) => job::begin(Begin::Create(location.clone())),
        Todo::Configure(name, mode) => wizard::open(name, mode, model),
        Todo::BringBack(which) => with(which, &|backup| restore::open(backup)),
        Todo::Verify(which) => with(which, &|backup| vec![Act::Open(Box::new(levels(backup)))]),
        Todo::VerifyAt(which, level) => job::begin(Begin::Verify(which.clone(), level.clone())),
        Todo::Download(which) => with(which, &|backup| download::open(backup, model)),
        Todo::Delete(which) => with(which, &|backup| confirm::delete(backup, model)),
        Todo::Details(which) => with(which, &|backup| vec![Act::Open(Box::new(details::page(backup, model)))]),
        Todo::CopyUid(which) => vec![Act::Effect(Effect::Copy(which.uid.clone()))],
        Todo::Cancel(uid) => confirm::cancel(uid, model),
        Todo::Watch(uid) => vec![Act::Open(Box::new(job::JobDialog::watching(uid, model)))],
    }
}

/// Makes items of what is known.
type Items = fn(&Model) -> Vec<Item<Todo>>;

/// A list of things to do, as a dialog.
pub(super) struct Choose {
    title: String,
    menu: Menu<Todo>,
    width: u16,
    /// Makes the items anew when something was read, where they follow from it.
    items: Option<Items>,
}

impl Choose {
    pub(super) fn new(title: impl Into<String>, items: Vec<Item<Todo>>) -> Self {
        Self { title: title.into(), menu: Menu::new(items), width: 60, items: None }
    }

    fn dialog<'a>(&self, hints: &'a [Hint<'a>]) -> Dialog<'a>
    where
        Self: 'a,
    {
        Dialog::new("").size(self.width, self.menu.height()).hints(hints)
    }

    /// Does one of the items at once, or says why it cannot be done.
    pub(super) fn choose(&self, todo: &Todo, model: &Model) -> Acts {
        match self.menu.items().iter().find(|item| item.id == *todo) {
            Some(Item { refusal: Some(reason), .. }) => vec![Act::Notice(Tone::Info, reason.clone())],
            Some(_) => act(todo, model),
            None => vec![Act::Notice(Tone::Info, "This plane cannot do that.".to_owned())],
        }
    }

    fn chosen(todo: &Todo, model: &Model) -> Acts {
        let mut acts = vec![Act::Close];
        acts.extend(act(todo, model));
        acts
    }
}

impl Layer for Choose {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if matches!(key.code, KeyCode::Esc | KeyCode::Char('q')) {
            return Some(vec![Act::Close]);
        }
        match self.menu.on_key(key) {
            MenuEvent::Chosen(todo) => Some(Self::chosen(&todo, model)),
            MenuEvent::Moved => Some(Acts::new()),
            MenuEvent::Ignored => {
                let named = self.menu.items().iter().find(|item| item.aside.parse() == Ok(key));
                let todo = named.filter(|item| item.refusal.is_none())?.id.clone();
                Some(Self::chosen(&todo, model))
            }
        }
    }

    fn on_answer(&mut self, _answer: &Answer, model: &Model) -> Acts {
        if let Some(items) = self.items {
            self.menu.set(items(model));
        }
        Acts::new()
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let hints = [Hint::new("Enter", "choose"), Hint::new("Esc", "close")];
        let dialog = Dialog::new(&self.title).size(self.width, self.menu.height()).hints(&hints);
        self.menu.render(dialog.render(screen, buf, &model.look()), buf, &model.look());
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.menu.cursor(self.dialog(&[]).body(screen))
    }
}

/// What can be done with a backup.
pub(super) fn of_backup(backup: &Backup, model: &Model) -> Choose {
    let which = || Which::of(backup);
    let busy = busy(&backup.location, model);
    let bring_back = if backup.own { "Restore…" } else { "Recover…" };
    let unusable = words::unusable(backup).map(|why| format!("It cannot be brought back: {why}."));
    let mut items = vec![Item::new(Todo::BringBack(which()), bring_back, "R").refused(unusable.or(busy.clone()))];
    if model.capabilities.backups {
        items.push(Item::new(Todo::Verify(which()), "Verify…", "v").refused(unverifiable(backup).or(busy.clone())));
        items.push(Item::new(Todo::Download(which()), "Download…", "f").refused(unverifiable(backup)));
    }
    items.push(Item::new(Todo::Delete(which()), "Delete…", "d").refused(undeletable(backup, model).or(busy)));
    items.push(Item::new(Todo::Details(which()), "Details", "i"));
    items.push(Item::new(Todo::CopyUid(which()), "Copy uid", "y"));
    if let Some(job) = model.backups.active_in(&backup.location) {
        let what = words::noun(&job.kind);
        items.push(Item::new(Todo::Watch(job.uid.clone()), format!("Watch the {what}"), "w"));
        items.push(Item::new(Todo::Cancel(job.uid.clone()), format!("Cancel the {what}…"), "x"));
    }
    let mut menu = Choose { width: 58, ..Choose::new(text::clean(&backup.uid).into_owned(), items) };
    menu.menu.focus(&Todo::BringBack(which()));
    menu
}

/// Why nothing else can be begun in a location just now.
pub(super) fn busy(location: &str, model: &Model) -> Option<String> {
    let job = model.backups.active_in(location)?;
    Some(format!("The {} in this location must end first; w watches it.", words::noun(&job.kind)))
}

/// Why there is nothing to delete.
pub(super) fn undeletable(backup: &Backup, model: &Model) -> Option<String> {
    match backup.state {
        TransferState::Running => Some("It is still being made: cancel that.".to_owned()),
        // Palette deletes its record of it all the same.
        TransferState::Error | TransferState::Cancelled if backup.bytes == 0 && model.capabilities.backups => {
            Some("Nothing of it is in the location. What happened is listed for a month.".to_owned())
        }
        _ => None,
    }
}

/// Why there is nothing to look at.
pub(super) fn unverifiable(backup: &Backup) -> Option<String> {
    match backup.state {
        TransferState::Completed | TransferState::Damaged | TransferState::Newer | TransferState::Unknown => None,
        _ => Some("There is no whole backup to look at.".to_owned()),
    }
}

/// How closely a backup can be verified.
pub(super) fn levels(backup: &Backup) -> Choose {
    let which = || Which::of(backup);
    let no_key =
        (backup.encrypted && !backup.readable).then(|| "Its recovery key is not here; K imports it.".to_owned());
    let item = |level: VerifyLevel, label: &str, aside: &str| Item::new(Todo::VerifyAt(which(), level), label, aside);
    let items = vec![
        item(VerifyLevel::Quick, "Quick", "the manifest is genuine, every segment is there"),
        item(VerifyLevel::Data, "Data", "every byte is read and compared"),
        item(VerifyLevel::Full, "Full", "everything is decrypted, unpacked, checked").refused(no_key),
    ];
    Choose { width: 64, ..Choose::new(format!("Verify {}", text::clean(&backup.uid)), items) }
}

/// Where a backup can be made now. The modes that have no location lead to their configuration.
pub(super) fn creation(model: &Model) -> Acts {
    follow("Create a backup now", model, |model| {
        let item = |(name, mode, address): (String, Mode, Option<String>)| {
            let label = format!("{} backup", words::place(&name, &mode));
            match address {
                Some(address) => Item::new(Todo::Create(name.clone()), label, address).refused(busy(&name, model)),
                None => Item::new(Todo::Configure(name, mode), label, "not configured: Enter configures it"),
            }
        };
        places(model).into_iter().map(item).collect()
    })
}

/// Which configuration to change.
pub(super) fn configuration(model: &Model) -> Acts {
    follow("Configure where backups go", model, |model| {
        let item = |(name, mode, address): (String, Mode, Option<String>)| {
            let label = words::place(&name, &mode);
            let aside = address.unwrap_or_else(|| words::unconfigured(&mode, model).to_owned());
            Item::new(Todo::Configure(name, mode), label, aside)
        };
        places(model).into_iter().map(item).collect()
    })
}

/// A list whose items follow from what is known.
fn follow(title: &str, model: &Model, items: Items) -> Acts {
    let choose = Choose { width: 70, items: Some(items), ..Choose::new(title, items(model)) };
    vec![Act::Open(Box::new(choose))]
}

/// Every location with its address, and the modes that have none.
fn places(model: &Model) -> Vec<(String, Mode, Option<String>)> {
    let mut places = Vec::new();
    for mode in [Mode::Ftp, Mode::S3] {
        let mut configured = model.backups.locations().iter().filter(|view| view.location.mode == mode).peekable();
        if configured.peek().is_none() {
            places.push((mode.as_str().to_owned(), mode.clone(), None));
        }
        places.extend(configured.map(|view| {
            let address = text::clean(&view.status.address).into_owned();
            (view.location.name.clone(), mode.clone(), Some(address))
        }));
    }
    places
}

/// Watches what is under way, or what ended last.
pub(super) fn watch(model: &Model) -> Acts {
    match model.backups.active().next().or_else(|| model.backups.latest_job()) {
        Some(job) => act(&Todo::Watch(job.uid.clone()), model),
        None => vec![Act::Notice(Tone::Info, "No backup, verification or restore is known.".to_owned())],
    }
}

/// Cancels what is under way.
pub(super) fn cancel(model: &Model) -> Acts {
    match model.backups.active().find(|job| job.kind != JobKind::Retention) {
        Some(job) => act(&Todo::Cancel(job.uid.clone()), model),
        None => vec![Act::Notice(Tone::Info, "Nothing is under way.".to_owned())],
    }
}
