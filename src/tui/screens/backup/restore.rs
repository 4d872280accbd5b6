//! Bringing a backup back: the plan with its warnings, the typed confirmation, and then the job.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::backup::{Backup, RestorePlan};
use crate::api::words::JobKind;
use crate::client::Error;
use crate::text;
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::backup::{Ask, Begin, Told, Which};
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{below, cells, row, slot, wrap};
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::text_view::{StyledLine, TextView};
use crate::tui::ui::widgets::typed_confirm::TypedConfirm;
use crate::tui::ui::{Glyphs, Look, Slot};

use super::{job, words};

enum State {
    Looking,
    Unreadable(Error),
    Planned(Box<RestorePlan>),
    /// The plan was read and its word is being typed.
    Confirming(Box<RestorePlan>),
}

/// The dialog.
pub(super) struct RestoreDialog {
    which: Which,
    kind: JobKind,
    state: State,
    text: TextView,
    buttons: Buttons<bool>,
    typed: TypedConfirm,
}

/// Opens the dialog and asks for the plan.
pub(super) fn open(backup: &Backup) -> Acts {
    let kind = if backup.own { JobKind::Restore } else { JobKind::Recover };
    let which = Which::of(backup);
    let dialog = RestoreDialog {
        which: which.clone(),
        kind: kind.clone(),
        state: State::Looking,
        text: TextView::default(),
        buttons: Buttons::new([]),
        typed: TypedConfirm::new(""),
    };
    vec![Act::Open(Box::new(dialog)), Act::Effect(Effect::Ask(Request::Backup(Ask::Plan(which, kind))))]
}

impl RestoreDialog {
    fn verb(&self) -> &'static str {
        if self.kind == JobKind::Recover { "Recover" } else { "Restore" }
    }

    fn planned(&mut self, plan: &RestorePlan, glyphs: &Glyphs) {
        self.text = TextView::new(lines(plan, glyphs));
        self.typed = TypedConfirm::new(plan.confirm.clone());
        self.buttons = match plan.refusals.is_empty() {
            true => Buttons::new([Button::new(false, "Cancel"), Button::danger(true, format!("{}…", self.verb()))]),
            false => Buttons::new([Button::new(false, "Close")]),
        };
        self.state = State::Planned(Box::new(plan.clone()));
    }

    fn confirm(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Looking) {
            State::Planned(plan) => State::Confirming(plan),
            state => state,
        };
    }

    fn back(&mut self) -> Acts {
        self.state = match std::mem::replace(&mut self.state, State::Looking) {
            State::Confirming(plan) => State::Planned(plan),
            state => {
                self.state = state;
                return vec![Act::Close];
            }
        };
        Acts::new()
    }

    fn begin(&self) -> Acts {
        if !self.typed.matches() {
            return Acts::new();
        }
        let which = self.which.clone();
        let begin = if self.kind == JobKind::Recover { Begin::Recover(which) } else { Begin::Restore(which) };
        let mut acts = vec![Act::Close];
        acts.extend(job::begin(begin));
        acts
    }

    fn hints(&self) -> Vec<Hint<'static>> {
        match &self.state {
            State::Planned(_) => {
                vec![
                    Hint::new("Enter", "choose"),
                    Hint::new("Tab", "next"),
                    Hint::new("Up Down", "scroll"),
                    Hint::new("Esc", "close"),
                ]
            }
            State::Confirming(_) if self.typed.matches() => {
                let go = if self.kind == JobKind::Recover { "recover" } else { "restore" };
                vec![Hint::new("Enter", go), Hint::new("Esc", "back")]
            }
            State::Confirming(_) => vec![Hint::new("Esc", "back")],
            State::Looking | State::Unreadable(_) => vec![Hint::new("Esc", "close")],
        }
    }

    fn dialog<'a>(&self, title: &'a str, hints: &'a [Hint<'a>], screen: Rect) -> Dialog<'a> {
        let height = match self.state {
            State::Looking | State::Unreadable(_) | State::Confirming(_) => 10,
            _ => (cells(self.text.height(WIDTH)) + 2).min(screen.height.saturating_sub(6)).max(12),
        };
        Dialog::new(title).size(WIDTH, height).hints(hints)
    }
}

/// Columns of the body.
const WIDTH: u16 = 76;

fn lines(plan: &RestorePlan, glyphs: &Glyphs) -> Vec<StyledLine> {
    let mut lines = Vec::new();
    let backup = &plan.backup;
    let made = backup.started.map_or_else(String::new, |at| format!(", made {} UTC", words::stamp(at)));
    let from = format!("{}{made}, {} in place", words::place(&backup.location, &backup.mode), text::size(backup.bytes));
    lines.push(StyledLine::new("From     ", Slot::Label).and(from, Slot::Text));
    lines.push(StyledLine::default());
    for refusal in &plan.refusals {
        lines.push(StyledLine::new(format!("It cannot be done: {refusal}"), Slot::Bad));
        lines.push(StyledLine::default());
    }
    if !plan.steps.is_empty() {
        lines.push(StyledLine::new("What happens", Slot::Title));
        let step = |(place, words): (usize, &String)| {
            StyledLine::new(words.as_str(), Slot::Text).item(&format!("{}.", place + 1), Slot::Text)
        };
        lines.extend(plan.steps.iter().enumerate().map(step));
        lines.push(StyledLine::default());
    }
    if !plan.warnings.is_empty() {
        lines.push(StyledLine::new("What to know", Slot::Title));
        let warning = |words: &String| StyledLine::new(words.as_str(), Slot::Warn).item(glyphs.warn, Slot::Warn);
        lines.extend(plan.warnings.iter().map(warning));
    }
    lines
}

impl Layer for RestoreDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if key.code == KeyCode::Esc {
            return Some(self.back());
        }
        match &self.state {
            State::Looking => None,
            State::Unreadable(_) => (key.code == KeyCode::Enter).then(|| vec![Act::Close]),
            State::Confirming(_) if key.code == KeyCode::Enter => Some(self.begin()),
            State::Confirming(_) => {
                self.typed.on_key(key);
                Some(Acts::new())
            }
            State::Planned(_) => match self.buttons.on_key(key) {
                ButtonEvent::Pressed(true) => {
                    self.confirm();
                    Some(Acts::new())
                }
                ButtonEvent::Pressed(false) => Some(vec![Act::Close]),
                ButtonEvent::Moved => Some(Acts::new()),
                ButtonEvent::Ignored => {
                    let (text, _) = areas(self.dialog("", &[], model.screen).body(model.screen));
                    self.text.on_key(key, text).then(Acts::new)
                }
            },
        }
    }

    fn on_paste(&mut self, text: &str) {
        if matches!(self.state, State::Confirming(_)) {
            self.typed.paste(text);
        }
    }

    fn on_answer(&mut self, answer: &Answer, model: &Model) -> Acts {
        if let Answer::Backup(Told::Plan(which, result)) = answer
            && *which == self.which
            && matches!(self.state, State::Looking)
        {
            match result {
                Ok(plan) => self.planned(plan, &model.glyphs),
                // The question is repeated by itself after the login.
                Err(error) if error.signed_out().is_some() => {}
                Err(error) => self.state = State::Unreadable(error.clone()),
            }
        }
        Acts::new()
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let title = format!("{} {}", self.verb(), text::clean(&self.which.uid));
        let hints = self.hints();
        let body = self.dialog(&title, &hints, screen).render(screen, buf, look);
        match &self.state {
            State::Looking => {
                paragraph(
                    "Reading the backup's manifest and checking that it is genuine …",
                    Slot::Muted,
                    body,
                    buf,
                    look,
                );
            }
            State::Unreadable(error) => {
                paragraph(&text::sentence(&error.to_string()), Slot::Bad, body, buf, look);
            }
            State::Planned(_) => {
                let (text, buttons) = areas(body);
                self.text.render(text, buf, look);
                self.buttons.render(buttons, buf, true, look);
            }
            State::Confirming(plan) => self.view_confirm(plan, body, buf, look),
        }
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        let body = self.dialog("", &[], screen).body(screen);
        match &self.state {
            State::Planned(_) => self.buttons.cursor(areas(body).1),
            State::Confirming(plan) => self.typed.cursor(typed_area(plan, body)),
            State::Looking | State::Unreadable(_) => None,
        }
    }
}

impl RestoreDialog {
    fn view_confirm(&self, plan: &RestorePlan, body: Rect, buf: &mut Buffer, look: &Look) {
        paragraph(&consequence(plan), Slot::Text, body, buf, look);
        self.typed.render(typed_area(plan, body), buf, look);
    }
}

fn consequence(plan: &RestorePlan) -> String {
    let made = plan.backup.started.map_or_else(String::new, |at| format!(" of {} UTC", at.format("%F %H:%M")));
    format!(
        "The plane's present state gives way to the one{made}. The accounts in force are then the backup's, and every \
         session has to sign in again."
    )
}

fn typed_area(plan: &RestorePlan, body: Rect) -> Rect {
    below(body, cells(wrap(&consequence(plan), body.width).len()) + 1)
}

fn areas(body: Rect) -> (Rect, Rect) {
    (Rect { height: body.height.saturating_sub(2), ..body }, row(body, body.height.saturating_sub(1)))
}

fn paragraph(words: &str, meaning: Slot, area: Rect, buf: &mut Buffer, look: &Look) {
    for (place, line) in wrap(words, area.width).iter().enumerate() {
        slot(buf, row(area, cells(place)), line, meaning, look);
    }
}
