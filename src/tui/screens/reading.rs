//! A page to read: the help, the errors, an audit entry.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::text_view::{StyledLine, TextView};

/// See the module.
pub struct Reading {
    title: &'static str,
    text: TextView,
    /// The uid that `y` copies.
    uid: Option<String>,
}

impl Reading {
    /// A page with a title.
    #[must_use]
    pub fn new(title: &'static str, lines: Vec<StyledLine>) -> Self {
        Self { title, text: TextView::new(lines), uid: None }
    }

    /// The same page about something whose uid can be copied.
    #[must_use]
    pub fn about(self, uid: String) -> Self {
        Self { uid: Some(uid), ..self }
    }

    fn dialog<'a>(&self, hints: &'a [Hint<'a>]) -> Dialog<'a> {
        Dialog::new(self.title).size(76, 24).hints(hints)
    }
}

impl Layer for Reading {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        match (key.code, &self.uid) {
            (KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?') | KeyCode::F(1), _) => Some(vec![Act::Close]),
            (KeyCode::Char('y'), Some(uid)) => Some(vec![Act::Effect(Effect::Copy(uid.clone()))]),
            _ => {
                let body = self.dialog(&[]).body(model.screen);
                self.text.on_key(key, body).then(Acts::new)
            }
        }
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let copy = self.uid.as_ref().map(|_| Hint::new("y", "copy uid"));
        let hints: Vec<Hint> =
            [Hint::new("Up Down", "scroll")].into_iter().chain(copy).chain([Hint::new("Esc", "close")]).collect();
        let body = self.dialog(&hints).render(screen, buf, &model.look());
        self.text.render(body, buf, &model.look());
    }
}
