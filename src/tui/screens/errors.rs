//! What went wrong so far.

use chrono::{DateTime, Utc};

use super::reading::Reading;
use crate::tui::ui::Slot;
use crate::tui::ui::widgets::text_view::StyledLine;

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

    /// What is in the log, newest first.
    #[must_use]
    pub fn page(&self) -> Reading {
        let mut lines: Vec<StyledLine> = Vec::new();
        for (at, words) in self.0.iter().rev() {
            lines.push(StyledLine::new(format!("{} UTC", at.format("%F %T")), Slot::Muted));
            lines.push(StyledLine::new(words.as_str(), Slot::Text));
            lines.push(StyledLine::default());
        }
        if lines.is_empty() {
            lines.push(StyledLine::new("Nothing went wrong so far.", Slot::Muted));
        }
        Reading::new("What went wrong", lines)
    }
}
