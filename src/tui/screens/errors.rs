//! What went wrong so far, newest first.

use chrono::{DateTime, Utc};
use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::text_view::{StyledLine, TextView};

/// How many are kept.
const KEPT: usize = 100;

/// What went wrong, and when.
#[derive(Debug, Default)]
pub struct ErrorLog(Vec<(DateTime<Utc>, String)>);

impl ErrorLog {
    /// Takes note. The same words again only renew the time.
    pub fn push(&mut self, at: DateTime<Utc>, words: &str) {
        self.0.retain(|(_, known)| known != words);
        self.0.push((at, words.to_owned()));
        if self.0.len() > KEPT {
            self.0.remove(0);
        }
    }
}

/// The dialog that shows them.
pub struct Errors(TextView);

impl Errors {
    /// Shows what is in the log.
    #[must_use]
    pub fn new(log: &ErrorLog) -> Self {
        let mut lines: Vec<StyledLine> = Vec::new();
        for (at, words) in log.0.iter().rev() {
            lines.push(StyledLine::new(format!("{} UTC", at.format("%F %T")), Slot::Muted));
            lines.push(StyledLine::new(words.as_str(), Slot::Text));
            lines.push(StyledLine::default());
        }
        if lines.is_empty() {
            lines.push(StyledLine::new("Nothing went wrong so far.", Slot::Muted));
        }
        Self(TextView::new(lines))
    }
}

impl Layer for Errors {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if matches!(key.code, KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | 'e')) {
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
    Dialog::new("What went wrong").size(92, 24).hints(hints)
}
