//! Checks one by one, each with its result and the reason: preflights, validations, proofs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::text::clean;
use crate::tui::ui::draw::{after, below, cells, columns, row, slot, wrap};
use crate::tui::ui::{Glyphs, Look, Slot};

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// Good.
    Passed,
    /// Good enough, with something to know.
    Warned,
    /// Not good.
    Failed,
    /// Left out, because an earlier one failed or it does not apply.
    Skipped,
}

impl CheckState {
    /// The state in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Warned => "look at this",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    fn sign(self, glyphs: &Glyphs) -> (&'static str, Slot) {
        match self {
            Self::Waiting => (glyphs.dot, Slot::Muted),
            Self::Running => (glyphs.marker, Slot::Accent),
            Self::Passed => (glyphs.check, Slot::Good),
            Self::Warned => (glyphs.warn, Slot::Warn),
            Self::Failed => (glyphs.bad, Slot::Bad),
            Self::Skipped => (glyphs.none, Slot::Muted),
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// How it stands.
    pub state: CheckState,
    /// What is checked, in a few words.
    pub text: String,
    /// What was found, or why it failed; where it is empty, the state is written in a word.
    pub detail: String,
}

impl Check {
    /// A check that has not begun.
    #[must_use]
    pub fn waiting(text: impl Into<String>) -> Self {
        Self { state: CheckState::Waiting, text: text.into(), detail: String::new() }
    }

    /// A check with its result.
    #[must_use]
    pub fn new(state: CheckState, text: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { state, text: text.into(), detail: detail.into() }
    }

    fn detail(&self) -> &str {
        if self.detail.is_empty() { self.state.word() } else { &self.detail }
    }
}

/// A list of checks.
#[derive(Clone, Copy, Debug)]
pub struct Checklist<'a>(pub &'a [Check]);

/// Columns of the sign and the space after it.
const SIGN: u16 = 2;
/// Columns between what is checked and what was found.
const GAP: u16 = 2;

impl Checklist<'_> {
    /// The rows that the list takes at `width` columns.
    #[must_use]
    pub fn height(&self, width: u16) -> u16 {
        let detail = self.detail_column(width);
        self.0.iter().fold(0, |sum, check| sum.saturating_add(rows(check, width, detail)))
    }

    /// Draws the list from its start; long findings go on under themselves.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let column = self.detail_column(area.width);
        let mut rest = area;
        for check in self.0 {
            let (sign, style) = check.state.sign(look.glyphs);
            slot(buf, row(rest, 0), sign, style, look);
            let name = Rect { width: column.saturating_sub(GAP).min(rest.width), ..rest };
            slot(buf, after(row(name, 0), SIGN), &check.text, Slot::Text, look);
            let words = if check.state == CheckState::Passed { Slot::Muted } else { style };
            for (place, line) in wrap(check.detail(), area.width.saturating_sub(column)).iter().enumerate() {
                slot(buf, after(row(rest, cells(place)), column), line, words, look);
            }
            rest = below(rest, rows(check, area.width, column));
        }
    }

    /// Where the findings begin: after the longest check, but never beyond the middle.
    fn detail_column(&self, width: u16) -> u16 {
        let longest = self.0.iter().map(|check| columns(&clean(&check.text))).max().unwrap_or(0);
        longest.saturating_add(SIGN + GAP).min(width / 2)
    }
}

fn rows(check: &Check, width: u16, column: u16) -> u16 {
    cells(wrap(check.detail(), width.saturating_sub(column)).len()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(CheckState::Passed, "Connect", "ftps://backup.site.local"),
            Check::new(
                CheckState::Failed,
                "Write a file",
                "The directory /palette is read-only for this user. Give it write permission or choose another directory.",
            ),
            Check::new(CheckState::Skipped, "Read it back", ""),
            Check::new(CheckState::Running, "Free space", ""),
            Check::waiting("Delete it"),
        ]
    }

    fn view(area: Rect, buf: &mut Buffer, look: &Look) {
        Checklist(&checks()).render(area, buf, look);
    }

    #[test]
    fn views() {
        insta::assert_debug_snapshot!("checklist", testing::draw(60, 8, view));
        insta::assert_debug_snapshot!("checklist_plain", testing::draw_plain(60, 8, view));
        testing::sweep(view);
    }

    #[test]
    fn the_height_is_what_is_drawn() {
        for width in 8..70 {
            let checks = checks();
            let list = Checklist(&checks);
            let height = list.height(width);
            let drawn = testing::draw(width, height + 3, |area, buf, look| list.render(area, buf, look));
            let lines = testing::lines(&drawn);
            let used = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
            assert_eq!(used, usize::from(height), "{width}");
        }
    }
}
