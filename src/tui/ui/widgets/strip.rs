//! `·●●●✕●●●●`: one sign for each day, the oldest first. What it means stands beside it in words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::ui::draw::{row, slot, spans};
use crate::tui::ui::{Glyphs, Look, Slot};

/// What became of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing was to happen.
    Nothing,
    /// It went well.
    Good,
    /// It went well, and what it left is gone as it should be.
    Spent,
    /// It did not go well.
    Bad,
    /// Nothing happened although something was to.
    Missed,
}

impl Mark {
    fn sign(self, glyphs: &Glyphs) -> (&'static str, Slot) {
        match self {
            Self::Nothing => (glyphs.dot, Slot::Muted),
            Self::Good => (glyphs.good, Slot::Good),
            Self::Spent => (glyphs.spent, Slot::Muted),
            Self::Bad => (glyphs.bad, Slot::Bad),
            Self::Missed => (glyphs.warn, Slot::Warn),
        }
    }
}

/// The days, the oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Strip<'a>(pub &'a [Mark]);

impl Strip<'_> {
    /// The strip as text in pieces, as few as there are changes.
    #[must_use]
    pub fn pieces(&self, glyphs: &Glyphs) -> Vec<(String, Slot)> {
        let mut pieces: Vec<(String, Slot)> = Vec::new();
        for mark in self.0 {
            let (sign, meaning) = mark.sign(glyphs);
            match pieces.last_mut() {
                Some((text, same)) if *same == meaning => text.push_str(sign),
                _ => pieces.push((sign.to_owned(), meaning)),
            }
        }
        pieces
    }

    /// Draws the strip into the first row of `area`; where it is too narrow, the newest days are shown. Says how many
    /// columns it took.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) -> u16 {
        let skipped = self.0.len().saturating_sub(usize::from(area.width));
        if area.width == 0 {
            return slot(buf, row(area, 0), "", Slot::Text, look);
        }
        let newest = Strip(self.0.get(skipped..).unwrap_or_default()).pieces(look.glyphs);
        spans(buf, row(area, 0), newest.iter().map(|(text, meaning)| (text.as_str(), *meaning)), look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    const DAYS: [Mark; 6] = [Mark::Nothing, Mark::Spent, Mark::Good, Mark::Good, Mark::Bad, Mark::Missed];

    #[test]
    fn views() {
        let view = |area: Rect, buf: &mut Buffer, look: &Look| {
            Strip(&DAYS).render(area, buf, look);
        };
        assert_eq!(testing::lines(&testing::draw(10, 1, view)), ["·○●●✕▲"]);
        assert_eq!(testing::lines(&testing::draw_plain(10, 1, view)), ["-,oox!"]);
        assert_eq!(testing::lines(&testing::draw(3, 1, view)), ["●✕▲"], "the newest days stay");
        testing::sweep(view);
    }
}
