//! What the keys do, from the same table that gives them their meaning.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::command::{Scope, TABLE};
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::text_view::{StyledLine, TextView};

/// The help.
pub struct Help(TextView);

impl Help {
    /// Help for a screen: its own keys first.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        let mut lines: Vec<StyledLine> = Vec::new();
        let mut scopes = vec![scope];
        scopes.extend([Scope::Gateways, Scope::Audits, Scope::Everywhere].into_iter().filter(|other| *other != scope));
        for scope in scopes {
            lines.push(StyledLine::new(scope.title().to_owned(), Slot::Title));
            for entry in TABLE.iter().filter(|entry| entry.scope == scope) {
                lines.push(StyledLine::new(format!("  {:<16}{}", entry.keys.join("  "), entry.help), Slot::Text));
            }
            lines.push(StyledLine::default());
        }
        lines.push(StyledLine::new("In tables", Slot::Title));
        lines.push(StyledLine::new("  arrows j k     move; page-up, page-down, home, end", Slot::Text));
        lines.push(StyledLine::default());
        lines.push(StyledLine::new("In dialogs", Slot::Title));
        for line in ["  enter          go on", "  tab            next field or button", "  esc            back"] {
            lines.push(StyledLine::new(line, Slot::Text));
        }
        Self(TextView::new(lines))
    }
}

impl Layer for Help {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if matches!(key.code, KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?') | KeyCode::F(1)) {
            return Some(vec![Act::Close]);
        }
        self.0.on_key(key, dialog(&[]).body(model.screen)).then(Acts::new)
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let hints = [Hint::new("Up Down", "scroll"), Hint::new("Esc", "close")];
        let body = dialog(&hints).render(screen, buf, &model.look());
        self.0.render(body, buf, &model.look());
    }
}

fn dialog<'a>(hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new("Help").size(72, 30).hints(hints)
}
