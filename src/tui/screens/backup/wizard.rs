//! The configuration of a location: the documented fields, more of them on a second page, Validate, and Save once
//! Validate has succeeded on exactly the values that are shown.

mod fields;
mod foresight;
mod view;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::location::{Check, Location};
use crate::api::words::Mode;
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::msg::backup::{Ask, Draft, Failed, Told, Tried};
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::widgets::form::{Form, FormEvent};

use super::words;
use fields::Stored;
use foresight::Foresight;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    First,
    More,
    Checks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Save,
    Back,
    Again,
}

/// How the last validation stands.
enum Trial {
    /// There was none.
    None,
    Running(Vec<Check>),
    Over(Tried),
    /// It could not be tried.
    Failed(Failed),
}

/// The wizard.
pub(super) struct Wizard {
    base: Location,
    stored: Stored,
    /// A run that the plane has announced.
    next_run: Option<chrono::DateTime<chrono::Utc>>,
    form: Form,
    page: Page,
    trial: Trial,
    /// What is being tried, or was tried last.
    tried: Option<Draft>,
    /// What can be saved: the draft that was tried well, and the location that was tried for it.
    good: Option<(Draft, Box<Location>)>,
    foresight: Foresight,
    next: Buttons<Next>,
    saving: bool,
    /// Why the last save did not succeed, in words.
    unsaved: Option<String>,
    /// Esc was pressed once over values that are not saved.
    warned: bool,
    extended: bool,
}

/// Opens the wizard on the location of a name: as it was saved, as it was prepared, or empty.
pub(super) fn open(name: &str, mode: &Mode, model: &Model) -> Acts {
    let saved = model.backups.location(name);
    let (base, stored) = match (saved, model.backups.suggested(mode)) {
        (Some(view), _) => {
            let stored = if view.location.has_secret { Stored::Saved } else { Stored::Nothing };
            (view.location.clone(), stored)
        }
        (None, Some(prepared)) => (prepared.clone(), Stored::Prepared),
        (None, None) => (Location { mode: mode.clone(), ..Location::default() }, Stored::Nothing),
    };
    let next_run = saved.and_then(|view| view.status.next_run);
    show(Location { name: name.to_owned(), ..base }, stored, next_run, model)
}

/// Opens the wizard on a further location, with the place, options and secret of another one.
pub(super) fn open_like(name: &str, like: &Location, model: &Model) -> Acts {
    let base = Location { name: name.to_owned(), paused: false, ..like.clone() };
    show(base, Stored::Like(like.name.clone()), None, model)
}

/// Opens the wizard on a further location of a mode.
pub(super) fn open_new(name: &str, mode: &Mode, model: &Model) -> Acts {
    let base = Location { name: name.to_owned(), mode: mode.clone(), ..Location::default() };
    show(base, Stored::Nothing, None, model)
}

fn show(base: Location, stored: Stored, next_run: Option<chrono::DateTime<chrono::Utc>>, model: &Model) -> Acts {
    let mut wizard = Wizard {
        form: fields::form(&base),
        foresight: Foresight::begin(&base),
        base,
        stored,
        next_run,
        page: Page::First,
        trial: Trial::None,
        tried: None,
        good: None,
        next: Buttons::new([]),
        saving: false,
        unsaved: None,
        warned: false,
        extended: model.capabilities.backups,
    };
    wizard.settle();
    let foreseeing = wizard.foresee();
    std::iter::once(Act::Open(Box::new(wizard) as Box<dyn Layer>)).chain(foreseeing).collect()
}

fn ask(ask: Ask) -> Act {
    Act::Effect(Effect::Ask(Request::Backup(ask)))
}

impl Wizard {
    fn draft(&self) -> Draft {
        fields::draft(&self.form, &self.base, &self.stored)
    }

    /// The location that may be saved: the one that was tried well for what is shown.
    fn savable(&self) -> Option<&Location> {
        let (draft, location) = self.good.as_ref()?;
        (*draft == self.draft()).then_some(location)
    }

    /// Why Save is not available.
    fn refusal(&self) -> Option<&'static str> {
        match (&self.trial, &self.good) {
            _ if self.savable().is_some() => None,
            (Trial::Running(_), _) => Some("Validate is under way."),
            (_, Some(_)) => Some("The values were changed after Validate: validate them again."),
            (Trial::None, None) => Some("Save becomes possible once Validate has succeeded on these values."),
            (_, None) => Some("Validate did not succeed: change what it names, and validate again."),
        }
    }

    /// Brings buttons, placeholders and pages in line with the values.
    fn settle(&mut self) {
        let keeps = self.extended;
        fields::explain_secret(&mut self.form, &self.base, &self.stored, keeps);
        fields::show(&mut self.form, self.page == Page::More, self.extended);
        let refusal = self.refusal().map(str::to_owned);
        self.form.refuse("save", refusal);
    }

    /// Asks the plane what the schedule means, wherever it became another one.
    fn foresee(&mut self) -> Option<Act> {
        let draft = self.draft();
        self.foresight.ask(&draft.location).filter(|_| self.extended).map(ask)
    }

    fn turn(&mut self, page: Page) -> Acts {
        self.page = page;
        self.settle();
        Acts::new()
    }

    /// Turns to a page and begins at its top.
    fn show_page(&mut self, page: Page) -> Acts {
        self.turn(page);
        for id in fields::tops(page == Page::More) {
            self.form.focus(id);
        }
        Acts::new()
    }

    /// Both pages must be in order; the focus goes to the first field that is not.
    fn is_in_order(&mut self) -> bool {
        let pages = if self.extended { [self.page_or_first(), self.other()] } else { [Page::First; 2] };
        for page in pages {
            self.turn(page);
            if !self.form.submit() {
                return false;
            }
        }
        self.turn(Page::First);
        true
    }

    fn page_or_first(&self) -> Page {
        if self.page == Page::More { Page::More } else { Page::First }
    }

    fn other(&self) -> Page {
        if self.page == Page::More { Page::First } else { Page::More }
    }

    fn validate(&mut self) -> Acts {
        if matches!(self.trial, Trial::Running(_)) {
            return self.turn(Page::Checks);
        }
        if !self.is_in_order() {
            return Acts::new();
        }
        let draft = self.draft();
        self.tried = Some(draft.clone());
        self.trial = Trial::Running(Vec::new());
        (self.unsaved, self.warned) = (None, false);
        self.next = Buttons::new([Button::new(Next::Back, "Back to the form")]);
        self.turn(Page::Checks);
        vec![ask(Ask::Validate(Box::new(draft)))]
    }

    fn save(&mut self) -> Acts {
        let Some(location) = self.savable().cloned() else { return Acts::new() };
        self.saving = true;
        self.unsaved = None;
        vec![ask(Ask::Save(Box::new(location)))]
    }

    fn on_validated(&mut self, location: &Location, result: &Result<Tried, Failed>) {
        let Some(tried) = self.tried.clone().filter(|tried| is_for(tried, location)) else { return };
        self.trial = match result {
            Ok(found) => {
                if found.ok {
                    self.good = Some((tried, Box::new(location.clone())));
                }
                Trial::Over(found.clone())
            }
            // The question is repeated by itself after the login.
            Err(Failed::Plane(error)) if error.signed_out().is_some() => return,
            Err(Failed::Fields(fields)) => {
                self.field_errors(fields);
                Trial::None
            }
            Err(error) => Trial::Failed(error.clone()),
        };
        let back = Button::new(Next::Back, "Back to the form");
        self.next = match self.savable() {
            Some(_) => Buttons::new([Button::new(Next::Save, "Save"), back]),
            None => Buttons::new([back, Button::new(Next::Again, "Validate again")]),
        };
        self.settle();
    }

    fn field_errors(&mut self, fields: &[(&'static str, String)]) {
        let second = fields.iter().all(|(id, _)| fields::is_more(id));
        self.turn(if second { Page::More } else { Page::First });
        for (id, words) in fields {
            if !self.form.set_error(id, text::sentence(words)) {
                self.unsaved = Some(text::sentence(words));
            }
        }
        if let Some((id, _)) = fields.first() {
            self.form.focus(id);
        }
    }

    fn on_saved(&mut self, result: &Result<(), Failed>, model: &Model) -> Acts {
        self.saving = false;
        match result {
            Ok(()) => {
                let place = words::place(&self.base.name, &self.base.mode);
                let when = words::schedule_line(&self.draft().location, None, model);
                return vec![Act::Close, Act::Notice(Tone::Done, format!("{place} is configured: {when}."))];
            }
            Err(Failed::Fields(fields)) => self.field_errors(fields),
            Err(Failed::Plane(error)) if error.signed_out().is_some() => {
                self.unsaved = Some("The session ended before it was saved: save once more.".to_owned());
            }
            Err(error) => self.unsaved = Some(text::sentence(&error.to_string())),
        }
        Acts::new()
    }

    fn on_form_key(&mut self, key: Key) -> Option<Acts> {
        let event = self.form.on_key(key);
        match event {
            FormEvent::Ignored => return None,
            FormEvent::Changed(_) => {
                self.warned = false;
                self.unsaved = None;
                self.settle();
                return Some(self.foresee().into_iter().collect());
            }
            FormEvent::Pressed("validate") => return Some(self.validate()),
            FormEvent::Pressed("save") => return Some(self.save()),
            FormEvent::Pressed("more") => return Some(self.show_page(Page::More)),
            FormEvent::Pressed("back") => return Some(self.show_page(Page::First)),
            FormEvent::Submitted if self.savable().is_some() => return Some(self.save()),
            FormEvent::Submitted => return Some(self.validate()),
            _ => {}
        }
        Some(Acts::new())
    }

    fn on_checks_key(&mut self, key: Key) -> Option<Acts> {
        match self.next.on_key(key) {
            ButtonEvent::Pressed(Next::Save) => Some(self.save()),
            ButtonEvent::Pressed(Next::Back) => Some(self.show_page(Page::First)),
            ButtonEvent::Pressed(Next::Again) => Some(self.validate()),
            ButtonEvent::Moved => Some(Acts::new()),
            ButtonEvent::Ignored => None,
        }
    }

    /// Values that were typed are not lost by a single key.
    fn leave(&mut self) -> Acts {
        match self.page {
            Page::More | Page::Checks => return self.show_page(Page::First),
            Page::First if self.form.is_touched() && !self.warned && !self.saving => self.warned = true,
            Page::First => return vec![Act::Close],
        }
        Acts::new()
    }
}

/// Whether a location that was tried is the one that a draft stands for; the authorities were read meanwhile.
fn is_for(draft: &Draft, location: &Location) -> bool {
    let ca_pem = draft.location.ca_pem.clone();
    draft.location == Location { ca_pem, ..location.clone() }
}

impl Layer for Wizard {
    fn on_key(&mut self, key: Key, _model: &Model) -> Option<Acts> {
        if key.code == KeyCode::Esc && !self.form.is_list_open() {
            return Some(self.leave());
        }
        if self.saving {
            return Some(Acts::new());
        }
        match self.page {
            Page::Checks => self.on_checks_key(key),
            Page::First | Page::More => self.on_form_key(key),
        }
    }

    fn on_paste(&mut self, text: &str) {
        if self.page != Page::Checks && !self.saving {
            self.form.paste(text);
            self.settle();
        }
    }

    fn on_answer(&mut self, answer: &Answer, model: &Model) -> Acts {
        let Answer::Backup(told) = answer else { return Acts::new() };
        match told {
            Told::Checks(checks) => {
                if let Trial::Running(shown) = &mut self.trial {
                    shown.clone_from(checks);
                }
            }
            Told::Validated(location, result) => self.on_validated(location, result),
            Told::Preview(asked, Ok(Some(preview))) if asked.name == self.base.name => {
                self.foresight.learn(asked, (**preview).clone());
            }
            Told::Saved(name, result) if *name == self.base.name && self.saving => return self.on_saved(result, model),
            _ => {}
        }
        Acts::new()
    }

    fn follows(&self, uid: &str) -> bool {
        self.saving && uid.strip_prefix("save ") == Some(self.base.name.as_str())
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        view::draw(self, screen, buf, model);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        view::cursor(self, screen)
    }
}
