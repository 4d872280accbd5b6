//! Every location with what can be done with it, and the way to a further one.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::location::LocationView;
use crate::api::words::Mode;
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{below, cells, row, slot, wrap};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::field::Field;
use crate::tui::ui::widgets::form::{Form, FormEvent};
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::menu::{Item, Menu, MenuEvent};
use crate::tui::ui::widgets::select::Choice;
use crate::tui::ui::{Look, Slot};

use super::todo::{Todo, act};
use super::{confirm, wizard, words};

/// What a line of the list stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Known(String),
    Missing(Mode),
    New,
}

/// The list.
pub(super) struct Locations {
    menu: Menu<Place>,
}

/// Opens the list.
pub(super) fn open(model: &Model) -> Acts {
    vec![Act::Open(Box::new(Locations { menu: Menu::new(items(model)) }))]
}

fn items(model: &Model) -> Vec<Item<Place>> {
    let mut items = Vec::new();
    for mode in [Mode::Ftp, Mode::S3] {
        let mut configured = model.backups.locations().iter().filter(|view| view.location.mode == mode).peekable();
        if configured.peek().is_none() {
            items.push(Item::new(Place::Missing(mode.clone()), mode.label(), words::unconfigured(&mode, model)));
        }
        items.extend(configured.map(|view| {
            let label = words::place(&view.location.name, &mode);
            Item::new(Place::Known(view.location.name.clone()), label, text::clean(&view.status.address))
        }));
    }
    if model.capabilities.backups {
        items.push(Item::new(Place::New, "New location…", "also from a saved configuration"));
    }
    items
}

impl Locations {
    fn chosen(place: &Place, model: &Model) -> Acts {
        match place {
            Place::Known(name) => {
                let mode = model.backups.location(name).map(|view| view.location.mode.clone()).unwrap_or_default();
                wizard::open(name, &mode, model)
            }
            Place::Missing(mode) => wizard::open(mode.as_str(), mode, model),
            Place::New => new(model),
        }
    }

    fn on_named(&self, name: &str, key: Key, model: &Model) -> Option<Acts> {
        match key.code {
            KeyCode::Char('d') | KeyCode::Delete if model.capabilities.backups => Some(confirm::remove(name, model)),
            KeyCode::Char('+' | 'c') => {
                let mut acts = vec![Act::Close];
                acts.extend(act(&Todo::Create(name.to_owned()), model));
                Some(acts)
            }
            _ => None,
        }
    }
}

impl Layer for Locations {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        match self.menu.on_key(key) {
            MenuEvent::Chosen(place) => Some(Self::chosen(&place, model)),
            MenuEvent::Moved => Some(Acts::new()),
            MenuEvent::Ignored => match (key.code, self.menu.focused().map(|item| item.id.clone())) {
                (KeyCode::Esc | KeyCode::Char('q' | 'l'), _) => Some(vec![Act::Close]),
                (KeyCode::Char('n'), _) if model.capabilities.backups => Some(new(model)),
                (_, Some(Place::Known(name))) => self.on_named(&name, key, model),
                _ => None,
            },
        }
    }

    fn on_answer(&mut self, _answer: &crate::tui::msg::Answer, model: &Model) -> Acts {
        self.menu.set(items(model));
        Acts::new()
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let mut hints = vec![Hint::new("Enter", "configure"), Hint::new("+", "back up now")];
        if model.capabilities.backups {
            hints.extend([Hint::new("n", "new"), Hint::new("d", "forget")]);
        }
        hints.push(Hint::new("Esc", "close"));
        let body = dialog("Locations", &hints).render(screen, buf, look);
        let list = self.list(body);
        self.menu.render(list, buf, look);
        let view = match self.menu.focused().map(|item| &item.id) {
            Some(Place::Known(name)) => model.backups.location(name),
            _ => None,
        };
        if let Some(view) = view {
            about(view, below(body, list.height + 1), buf, model);
        }
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.menu.cursor(self.list(dialog("", &[]).body(screen)))
    }
}

impl Locations {
    fn list(&self, body: Rect) -> Rect {
        Rect { height: self.menu.height().min(body.height / 2), ..body }
    }
}

/// The location under the marker, at length.
fn about(view: &LocationView, area: Rect, buf: &mut Buffer, model: &Model) {
    let look: &Look = &model.look();
    let mut rest = area;
    let mut say = |words: &str, meaning: Slot| {
        for line in wrap(words, area.width) {
            slot(buf, row(rest, 0), &line, meaning, look);
            rest = below(rest, 1);
        }
    };
    let status = &view.status;
    say(&text::sentence(&words::schedule_line(&view.location, status.next_run, model)), Slot::Text);
    match status.next_run.filter(|_| !view.location.paused) {
        Some(next) => say(&format!("Next run: {}.", words::moment(next, model)), Slot::Text),
        None => say("The schedule is paused.", Slot::Warn),
    }
    if let Some(at) = status.last_good_at {
        say(&format!("Last good backup: {} UTC, {}.", words::stamp(at), text::clean(&status.last_good)), Slot::Text);
    }
    if !status.last_failure.is_empty() {
        say(&format!("Last failure: {}", text::clean(&status.last_failure)), Slot::Bad);
    }
    for warning in &status.warnings {
        say(&text::clean(warning), Slot::Warn);
    }
    for stranger in model.backups.strangers(&view.location.name) {
        say(&format!("No backup: {}", text::clean(stranger)), Slot::Muted);
    }
}

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(76, 18).hints(hints)
}

/// The name of a further location, and what it begins with.
struct New {
    form: Form,
}

/// Asks for the name of a further location.
pub(super) fn new(model: &Model) -> Acts {
    if !model.capabilities.backups {
        let words = "A Palette has one FTP and one S3 location, without names.".to_owned();
        return vec![Act::Notice(Tone::Info, words)];
    }
    let mut options: Vec<Choice> = model
        .backups
        .locations()
        .iter()
        .map(|view| {
            let label = format!("like {}", words::place(&view.location.name, &view.location.mode));
            Choice::new(view.location.name.as_str(), [label, text::clean(&view.status.address).into_owned()])
        })
        .collect();
    options.extend([
        Choice::new(" ftp", ["an empty FTP configuration"]),
        Choice::new(" s3", ["an empty S3 configuration"]),
    ]);
    let first = options.first().map(|choice| choice.id.clone());
    let form = Form::new([
        Field::text("name", "Name", "")
            .required()
            .check(check_name)
            .help("1 to 32 lower-case letters, digits and inner hyphens, such as offsite."),
        Field::select("like", "Begin with", options, first.as_deref())
            .help("A saved configuration lends its place, options and password or key; change what differs."),
    ]);
    vec![Act::Open(Box::new(New { form }))]
}

fn check_name(name: &str) -> Result<(), String> {
    let name = name.trim();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.len() > 32 || !name.chars().all(plain) || name.starts_with('-') || name.ends_with('-') {
        return Err("1 to 32 lower-case letters, digits and inner hyphens are wanted.".to_owned());
    }
    Ok(())
}

impl New {
    fn submit(&mut self, model: &Model) -> Acts {
        let name = self.form.text("name").to_owned();
        if model.backups.location(&name).is_some() || matches!(name.as_str(), "ftp" | "s3") {
            self.form.set_error("name", "There is a location of that name; ftp and s3 are Palette's own.");
            self.form.focus("name");
            return Acts::new();
        }
        let mut acts = vec![Act::Close];
        acts.extend(match self.form.choice("like") {
            Some(" s3") => wizard::open_new(&name, &Mode::S3, model),
            Some(like) if like != " ftp" => match model.backups.location(like) {
                Some(view) => wizard::open_like(&name, &view.location, model),
                None => Acts::new(),
            },
            _ => wizard::open_new(&name, &Mode::Ftp, model),
        });
        acts
    }
}

impl Layer for New {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if key.code == KeyCode::Esc && !self.form.is_list_open() {
            return Some(vec![Act::Close]);
        }
        match self.form.on_key(key) {
            FormEvent::Ignored => None,
            FormEvent::Submitted => Some(self.submit(model)),
            _ => Some(Acts::new()),
        }
    }

    fn on_paste(&mut self, text: &str) {
        self.form.paste(text);
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let hints = [Hint::new("Enter", "next"), Hint::new("Tab", "next field"), Hint::new("Esc", "cancel")];
        let body = new_dialog(&hints).render(screen, buf, look);
        self.form.render(body, screen, buf, look);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.form.cursor(new_dialog(&[]).body(screen), screen)
    }
}

fn new_dialog<'a>(hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new("New location").size(70, cells(8)).hints(hints)
}
