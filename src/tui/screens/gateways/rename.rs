//! Giving a gateway another name.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ops::pcgs::Pcg;
use crate::ops::rename::validate;
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{row, slot};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::field::Field;
use crate::tui::ui::widgets::form::{Form, FormEvent};
use crate::tui::ui::widgets::hints::Hint;

/// The dialog.
pub struct RenameDialog {
    uid: String,
    name: String,
    form: Form,
    busy: bool,
}

impl RenameDialog {
    /// The dialog for a gateway.
    #[must_use]
    pub fn new(pcg: &Pcg) -> Self {
        let name = text::clean(&pcg.name).into_owned();
        let check = |text: &str| validate(text).map(|_| ()).map_err(|error| error.to_string());
        let form = Form::new([Field::text("name", "New name", &name).required().check(check)]);
        Self { uid: pcg.uid.clone(), name, form, busy: false }
    }
}

impl Layer for RenameDialog {
    fn on_key(&mut self, key: Key, _model: &Model) -> Option<Acts> {
        if key.code == KeyCode::Esc {
            return Some(vec![Act::Close]);
        }
        if self.busy {
            return Some(Acts::new());
        }
        match self.form.on_key(key) {
            FormEvent::Ignored => None,
            FormEvent::Submitted if self.form.text("name") == self.name => {
                self.form.set_error("name", "That is its name already.");
                Some(Acts::new())
            }
            FormEvent::Submitted => {
                self.busy = true;
                let name = self.form.text("name").to_owned();
                Some(vec![Act::Effect(Effect::Ask(Request::Rename { uid: self.uid.clone(), name }))])
            }
            _ => Some(Acts::new()),
        }
    }

    fn on_paste(&mut self, text: &str) {
        self.form.paste(text);
    }

    fn on_answer(&mut self, answer: &Answer, _model: &Model) -> Acts {
        let Answer::Renamed(uid, result) = answer else { return Acts::new() };
        if *uid != self.uid {
            return Acts::new();
        }
        self.busy = false;
        match result {
            Ok(()) => {
                let words = format!("{} is called {} now.", self.name, self.form.text("name"));
                vec![Act::Close, Act::Notice(Tone::Done, words)]
            }
            Err(error) => {
                self.form.set_error("name", error.to_string());
                Acts::new()
            }
        }
    }

    fn follows(&self, uid: &str) -> bool {
        self.busy && self.uid == uid
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let title = format!("Rename {}", self.name);
        let hints = match self.busy {
            true => vec![Hint::new("Esc", "close; the change goes on")],
            false => vec![Hint::new("Enter", "rename"), Hint::new("Esc", "cancel")],
        };
        let body = dialog(&title, &hints).render(screen, buf, look);
        self.form.render(body, screen, buf, look);
        if self.busy {
            slot(buf, row(body, body.height.saturating_sub(1)), "Renaming …", Slot::Muted, look);
        }
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.form.cursor(dialog("", &[]).body(screen), screen)
    }
}

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(66, 6).hints(hints)
}
