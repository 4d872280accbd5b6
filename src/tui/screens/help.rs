//! What the keys do, from the same table that gives them their meaning.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::command::{Scope, TABLE};
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::runtime::key::Key;
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::text_view::TextView;
use crate::tui::ui::Slot;

/// The help.
pub struct Help(TextView);

impl Help {
    /// Help for a screen: its own keys first.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        let mut lines: Vec<(String, Slot)> = Vec::new();
        let mut scopes = vec![scope];
        scopes.extend([Scope::Gateways, Scope::Audits, Scope::Everywhere].into_iter().filter(|other| *other != scope));
        for scope in scopes {
            lines.push((scope.title().to_owned(), Slot::Title));
            for entry in TABLE.iter().filter(|entry| entry.scope == scope) {
                lines.push((format!("  {:<16}{}", entry.keys.join("  "), entry.help), Slot::Text));
            }
            lines.push((String::new(), Slot::Text));
        }
        lines.push(("In tables".to_owned(), Slot::Title));
        lines.push(("  arrows j k     move; page-up, page-down, home, end".to_owned(), Slot::Text));
        lines.push((String::new(), Slot::Text));
        lines.push(("In dialogs".to_owned(), Slot::Title));
        for line in ["  enter          go on", "  tab            next field or button", "  esc            back"] {
            lines.push((line.to_owned(), Slot::Text));
        }
        Self(TextView::new(lines))
    }
}

impl Layer for Help {
    fn on_key(&mut self, key: Key, _model: &Model) -> Option<Acts> {
        if matches!(key.code, KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?') | KeyCode::F(1)) {
            return Some(vec![Act::Close]);
        }
        self.0.on_key(key).then(Acts::new)
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let hints = [Hint::new("Up Down", "scroll"), Hint::new("Esc", "close")];
        let body = Dialog::new("Help").size(72, 30).hints(&hints).render(screen, buf, &model.look());
        self.0.render(body, buf, &model.look());
    }
}
