//! Deleting a gateway: looked at first, confirmed by typing its name, ended by the list of what is left to clean.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::checklist::ChecklistDialog;
use super::migrate::shown;
use crate::client::Error;
use crate::ops::delete::{DeleteError, Plan};
use crate::ops::pcgs::Pcg;
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{below, cells, row, slot, wrap};
use crate::tui::ui::widgets::checklist::Checklist;
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::typed_confirm::TypedConfirm;

enum State {
    Looking,
    Unreadable(Error),
    Looked(Box<Plan>),
    Deleting(Box<Plan>),
    Failed(DeleteError),
}

/// The dialog.
pub struct DeleteDialog {
    uid: String,
    name: String,
    state: State,
    typed: TypedConfirm,
}

/// Opens the dialog and looks at the gateway.
#[must_use]
pub fn open(pcg: &Pcg) -> Acts {
    let dialog = DeleteDialog {
        uid: pcg.uid.clone(),
        name: text::clean(&pcg.name).into_owned(),
        state: State::Looking,
        typed: TypedConfirm::new(pcg.confirmation()),
    };
    vec![Act::Open(Box::new(dialog)), Act::Effect(Effect::Ask(Request::DeletePreflight(pcg.uid.clone())))]
}

impl DeleteDialog {
    fn submit(&mut self) -> Acts {
        match &self.state {
            State::Looked(plan) if plan.may_proceed() && self.typed.matches() => {
                let plan = plan.clone();
                let request = Request::Delete(plan.clone());
                self.state = State::Deleting(plan);
                vec![Act::Effect(Effect::Ask(request))]
            }
            State::Failed(_) | State::Unreadable(_) => vec![Act::Close],
            _ => Acts::new(),
        }
    }

    /// Where only the session had ended, everything is as it was and Enter deletes after the login.
    fn failed(&mut self, error: &DeleteError) {
        let signed_out = matches!(error, DeleteError::Refused(error) if error.signed_out().is_some());
        self.state = match std::mem::replace(&mut self.state, State::Looking) {
            State::Deleting(plan) if signed_out => State::Looked(plan),
            _ => State::Failed(error.clone()),
        };
    }

    fn can_type(&self) -> bool {
        matches!(&self.state, State::Looked(plan) if plan.may_proceed())
    }

    fn hints(&self) -> Vec<Hint<'static>> {
        match &self.state {
            State::Looked(plan) if plan.may_proceed() => {
                let delete = self.typed.matches().then(|| Hint::new("Enter", "delete"));
                delete.into_iter().chain([Hint::new("Esc", "cancel")]).collect()
            }
            State::Deleting(_) => vec![Hint::new("Esc", "close; the deletion goes on")],
            _ => vec![Hint::new("Esc", "close")],
        }
    }

    fn typed_area(&self, body: Rect) -> Rect {
        let State::Looked(plan) = &self.state else { return below(body, body.height) };
        below(body, Checklist(&shown(&plan.checks)).height(body.width) + 5)
    }
}

impl Layer for DeleteDialog {
    fn on_key(&mut self, key: Key, _model: &Model) -> Option<Acts> {
        match key.code {
            KeyCode::Esc => Some(vec![Act::Close]),
            KeyCode::Enter => Some(self.submit()),
            _ if self.can_type() => {
                self.typed.on_key(key);
                Some(Acts::new())
            }
            _ => None,
        }
    }

    fn on_paste(&mut self, text: &str) {
        if self.can_type() {
            self.typed.paste(text);
        }
    }

    fn on_answer(&mut self, answer: &Answer, _model: &Model) -> Acts {
        match answer {
            Answer::DeletePreflight(found) if matches!(self.state, State::Looking) => match found {
                Ok(Some(plan)) if plan.pcg.uid == self.uid => self.state = State::Looked(plan.clone()),
                Ok(Some(_)) => {}
                Ok(None) => {
                    let words = format!("{} is deleted already, by someone else.", self.name);
                    return vec![Act::Close, Act::Notice(Tone::Info, words)];
                }
                Err(error) if error.signed_out().is_some() => {}
                Err(error) => self.state = State::Unreadable(error.clone()),
            },
            Answer::Deleted(uid, result) if *uid == self.uid => match result {
                Ok(deleted) => {
                    return vec![Act::Close, Act::Open(Box::new(ChecklistDialog::new((**deleted).clone())))];
                }
                Err(error) => self.failed(error),
            },
            _ => {}
        }
        Acts::new()
    }

    fn follows(&self, uid: &str) -> bool {
        self.uid == uid && matches!(self.state, State::Deleting(_))
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let title = format!("Delete {}", self.name);
        let hints = self.hints();
        let body = dialog(&title, &hints).render(screen, buf, look);
        let lines = |words: &str, meaning: Slot, area: Rect, buf: &mut Buffer| {
            let wrapped = wrap(words, area.width);
            for (place, line) in wrapped.iter().enumerate() {
                slot(buf, row(area, cells(place)), line, meaning, look);
            }
            cells(wrapped.len())
        };
        match &self.state {
            State::Looking => {
                lines("Reading the gateway and its clusters anew …", Slot::Muted, body, buf);
            }
            State::Unreadable(error) => {
                lines(&error.to_string(), Slot::Bad, body, buf);
            }
            State::Deleting(_) => {
                lines("Deleting …", Slot::Muted, body, buf);
            }
            State::Failed(error) => {
                lines(&error.to_string(), Slot::Bad, body, buf);
            }
            State::Looked(plan) => {
                let checks = shown(&plan.checks);
                Checklist(&checks).render(body, buf, look);
                let rest = below(body, Checklist(&checks).height(body.width) + 1);
                let words = if plan.may_proceed() { CONSEQUENCE } else { REFUSED };
                lines(words, Slot::Text, rest, buf);
                if plan.may_proceed() {
                    self.typed.render(self.typed_area(body), buf, look);
                }
            }
        }
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.can_type().then(|| self.typed.cursor(self.typed_area(dialog("", &[]).body(screen)))).flatten()
    }
}

const CONSEQUENCE: &str = "The plane forgets this gateway. Its machines stay: the next page lists what must be removed \
                           by hand. This cannot be undone.";
const REFUSED: &str = "It cannot be deleted as it is. Nothing was changed.";

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(70, 12).hints(hints)
}
