//! The recovery key: which one protects new backups, taking it out, and taking another one in.

use std::path::PathBuf;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use secrecy::{ExposeSecret, SecretString};

use crate::api::backup::RecoveryKey;
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::msg::backup::{Ask, ExportedKey, Failed, KeyFrom, Told};
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{below, cells, row, slot, wrap};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::field::Field;
use crate::tui::ui::widgets::form::{Form, FormEvent};
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::menu::{Item, Menu, MenuEvent};
use crate::tui::ui::{Look, Slot};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    ToFile,
    Show,
    Copy,
    FromFile,
    Paste,
    Close,
}

enum Page {
    Menu,
    ToFile(Form),
    FromFile(Form),
    Paste(Form),
    Shown(SecretString),
}

/// The dialog.
pub(super) struct KeyDialog {
    menu: Menu<Choice>,
    page: Page,
    busy: bool,
    /// The key is wanted for the clipboard and not for the screen.
    to_clipboard: bool,
    failed: Option<String>,
}

/// Opens the dialog.
pub(super) fn open(model: &Model) -> Acts {
    let Some(key) = model.backups.key() else {
        return vec![Act::Notice(Tone::Info, "This plane has no recovery key of its own.".to_owned())];
    };
    let none = key.fingerprint.is_empty().then(|| "There is none yet: the first backup makes it.".to_owned());
    let menu = Menu::new([
        Item::new(Choice::ToFile, "Export to a file…", "only you can read it").refused(none.clone()),
        Item::new(Choice::Show, "Show it", "to write it down").refused(none.clone()),
        Item::new(Choice::Copy, "Copy it", "to the terminal's clipboard").refused(none),
        Item::new(Choice::FromFile, "Import from a file…", "the key of another plane"),
        Item::new(Choice::Paste, "Import by pasting…", ""),
        Item::new(Choice::Close, "Close", ""),
    ]);
    let dialog = KeyDialog { menu, page: Page::Menu, busy: false, to_clipboard: false, failed: None };
    vec![Act::Open(Box::new(dialog))]
}

fn ask(ask: Ask) -> Acts {
    vec![Act::Effect(Effect::Ask(Request::Backup(ask)))]
}

impl KeyDialog {
    fn choose(&mut self, choice: Choice, model: &Model) -> Acts {
        self.failed = None;
        match choice {
            Choice::ToFile => {
                let print: String = model.backups.key().map_or_else(String::new, |key| short(&key.fingerprint));
                let path = model.save_dir.join(format!("palette-recovery-key-{print}.txt"));
                let field = Field::path("path", "File", &path.display().to_string()).required().help(FILE_HELP);
                self.page = Page::ToFile(Form::new([field]));
            }
            Choice::FromFile => {
                let field =
                    Field::path("path", "File", "").required().help("As it was exported, or any age identity file.");
                self.page = Page::FromFile(Form::new([field]));
            }
            Choice::Paste => {
                let field = Field::secret("key", "Recovery key").required().help("It begins with AGE-SECRET-KEY-1.");
                self.page = Page::Paste(Form::new([field]));
            }
            Choice::Show | Choice::Copy => {
                self.to_clipboard = choice == Choice::Copy;
                self.busy = true;
                return ask(Ask::ExportKey(None));
            }
            Choice::Close => return vec![Act::Close],
        }
        Acts::new()
    }

    fn submit(&mut self) -> Acts {
        self.busy = true;
        self.failed = None;
        match &self.page {
            Page::ToFile(form) => ask(Ask::ExportKey(Some(PathBuf::from(form.text("path"))))),
            Page::FromFile(form) => ask(Ask::ImportKey(KeyFrom::File(PathBuf::from(form.text("path"))))),
            Page::Paste(form) => match form.secret("key") {
                Some(key) => ask(Ask::ImportKey(KeyFrom::Text(key))),
                None => Acts::new(),
            },
            Page::Menu | Page::Shown(_) => Acts::new(),
        }
    }

    fn form(&mut self) -> Option<&mut Form> {
        match &mut self.page {
            Page::ToFile(form) | Page::FromFile(form) | Page::Paste(form) => Some(form),
            Page::Menu | Page::Shown(_) => None,
        }
    }

    fn on_exported(&mut self, result: &Result<ExportedKey, Failed>) -> Acts {
        match result {
            Ok(ExportedKey::File(path)) => {
                let words = format!("The recovery key is in {}.", path.display());
                return vec![Act::Close, Act::Notice(Tone::Done, words)];
            }
            Ok(ExportedKey::Text(key)) if self.to_clipboard => {
                let copy = Effect::Copy(key.expose_secret().trim_end().to_owned());
                return vec![Act::Close, Act::Effect(copy)];
            }
            Ok(ExportedKey::Text(key)) => self.page = Page::Shown(key.clone()),
            Err(error) => self.fail(error),
        }
        Acts::new()
    }

    fn on_imported(&mut self, result: &Result<Box<RecoveryKey>, Failed>) -> Acts {
        match result {
            Ok(key) => {
                let known = text::count(key.others.len() + 1, "key");
                let words = format!("The recovery key was taken in; this plane has {known} now.");
                vec![Act::Close, Act::Notice(Tone::Done, words)]
            }
            Err(error) => {
                self.fail(error);
                Acts::new()
            }
        }
    }

    fn fail(&mut self, error: &Failed) {
        let words = text::sentence(&error.to_string());
        let field = if matches!(self.page, Page::Paste(_)) { "key" } else { "path" };
        match self.form() {
            Some(form) => {
                form.set_error(field, words);
            }
            None => self.failed = Some(words),
        }
    }
}

/// Enough of a fingerprint to name a file.
fn short(fingerprint: &str) -> String {
    fingerprint.chars().filter(char::is_ascii_alphanumeric).take(8).collect()
}

const FILE_HELP: &str =
    "A new file that only you can read. Keep it away from the backups: whoever has both can read them.";

impl Layer for KeyDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if key.code == KeyCode::Esc {
            if matches!(self.page, Page::Menu) || self.busy {
                return Some(vec![Act::Close]);
            }
            self.page = Page::Menu;
            return Some(Acts::new());
        }
        if self.busy {
            return Some(Acts::new());
        }
        if let Some(form) = self.form() {
            return match form.on_key(key) {
                FormEvent::Ignored => None,
                FormEvent::Submitted => Some(self.submit()),
                _ => Some(Acts::new()),
            };
        }
        if matches!(self.page, Page::Shown(_)) {
            return (key.code == KeyCode::Enter).then(|| vec![Act::Close]);
        }
        match self.menu.on_key(key) {
            MenuEvent::Chosen(choice) => Some(self.choose(choice, model)),
            MenuEvent::Moved => Some(Acts::new()),
            MenuEvent::Ignored => None,
        }
    }

    fn on_paste(&mut self, text: &str) {
        if let Some(form) = self.form() {
            form.paste(text);
        }
    }

    fn on_answer(&mut self, answer: &Answer, _model: &Model) -> Acts {
        let Answer::Backup(told) = answer else { return Acts::new() };
        match told {
            Told::Key(result) if self.busy => {
                self.busy = false;
                self.on_exported(result)
            }
            Told::KeyImported(result) if self.busy => {
                self.busy = false;
                self.on_imported(result)
            }
            _ => Acts::new(),
        }
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let (title, enter) = match &self.page {
            Page::Menu => ("Recovery key", "choose"),
            Page::ToFile(_) => ("Export the recovery key", "export"),
            Page::FromFile(_) | Page::Paste(_) => ("Import a recovery key", "import"),
            Page::Shown(_) => ("Recovery key", "done"),
        };
        let esc = if matches!(self.page, Page::Menu) { "close" } else { "back" };
        let hints = [Hint::new("Enter", enter), Hint::new("Esc", esc)];
        let body = dialog(title, &hints).render(screen, buf, look);
        match &self.page {
            Page::Menu => self.view_menu(body, buf, model),
            Page::ToFile(form) | Page::FromFile(form) | Page::Paste(form) => {
                form.render(form_area(body), screen, buf, look);
            }
            Page::Shown(key) => view_key(key, body, buf, look),
        }
        if self.busy {
            slot(buf, row(body, body.height.saturating_sub(1)), "Asking the plane …", Slot::Muted, look);
        }
    }

    fn cursor(&self, screen: Rect, model: &Model) -> Option<Position> {
        let body = dialog("", &[]).body(screen);
        match &self.page {
            Page::Menu => self.menu.cursor(menu_area(body, model)),
            Page::ToFile(form) | Page::FromFile(form) | Page::Paste(form) => form.cursor(form_area(body), screen),
            Page::Shown(_) => None,
        }
    }
}

impl KeyDialog {
    fn view_menu(&self, body: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        for (place, (words, meaning)) in facts(model, body.width).iter().enumerate() {
            slot(buf, row(body, cells(place)), words, *meaning, look);
        }
        self.menu.render(menu_area(body, model), buf, look);
        if let Some(words) = &self.failed {
            let lines = wrap(words, body.width);
            let from = body.height.saturating_sub(cells(lines.len()));
            for (place, line) in lines.iter().enumerate() {
                slot(buf, row(body, from + cells(place)), line, Slot::Bad, look);
            }
        }
    }
}

/// What is known of the key, in lines.
fn facts(model: &Model, width: u16) -> Vec<(String, Slot)> {
    let Some(key) = model.backups.key() else { return Vec::new() };
    let mut facts = Vec::new();
    let mut say = |words: String, meaning: Slot| {
        facts.extend(wrap(&words, width).into_iter().map(|line| (line, meaning)));
    };
    match key.fingerprint.as_str() {
        "" => say("No backup was made yet, so there is no recovery key.".to_owned(), Slot::Text),
        print => say(format!("New backups are encrypted with the key {}.", text::clean(print)), Slot::Text),
    }
    match (key.exported, key.exported_at) {
        (true, Some(at)) => say(format!("It was last exported {} UTC.", at.format("%F %H:%M")), Slot::Good),
        (true, None) => say("It was exported.".to_owned(), Slot::Good),
        (false, _) if key.fingerprint.is_empty() => {}
        (false, _) => say(LOST.to_owned(), Slot::Warn),
    }
    if !key.others.is_empty() {
        let others: Vec<String> = key.others.iter().map(|print| text::clean(print).into_owned()).collect();
        say(
            format!("Further keys here, for older backups or those of other planes: {}.", others.join(", ")),
            Slot::Text,
        );
    }
    facts
}

const LOST: &str = "It was never exported. If this plane is lost, its backups cannot be opened by anyone.";

fn menu_area(body: Rect, model: &Model) -> Rect {
    below(body, cells(facts(model, body.width).len()) + 1)
}

fn form_area(body: Rect) -> Rect {
    Rect { height: body.height.saturating_sub(2), ..body }
}

fn view_key(key: &SecretString, body: Rect, buf: &mut Buffer, look: &Look) {
    let words = "Whoever has this key and the location can read every backup. Keep it where the backups are not.";
    let mut rest = body;
    for line in wrap(words, body.width) {
        slot(buf, row(rest, 0), &line, Slot::Text, look);
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    for line in key.expose_secret().lines().flat_map(|line| wrap(line, body.width)) {
        slot(buf, row(rest, 0), &line, Slot::Title, look);
        rest = below(rest, 1);
    }
}

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(76, 14).hints(hints)
}
