//! `███████░░░ 8 of 12`: how far something is, as a bar and in words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::text::grouped;
use crate::tui::ui::draw::{after, columns, row, slot};
use crate::tui::ui::{Look, Slot};

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    done: usize,
    total: Option<usize>,
    words: Option<&'a str>,
}

/// The widest bar, so that the words stay near it.
const BAR: u16 = 40;

impl<'a> Progress<'a> {
    /// `done` of `total`; more than all counts as all. Without a total there is no bar.
    #[must_use]
    pub fn new(done: usize, total: Option<usize>) -> Self {
        Self { done, total, words: None }
    }

    /// The same bar with other words than `8 of 12`, for instance `3.1 of 4.0 GiB`.
    #[must_use]
    pub fn words(self, words: &'a str) -> Self {
        Self { words: Some(words), ..self }
    }

    /// Draws the bar and the words into the first row of `area`.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let line = row(area, 0);
        let words = self.words.map_or_else(|| self.count(), str::to_owned);
        let Some(total) = self.total else {
            slot(buf, line, &words, Slot::Text, look);
            return;
        };
        let room = line.width.saturating_sub(columns(&words) + 1).min(BAR);
        let filled = filled(self.done, total, usize::from(room));
        let used = slot(buf, line, &look.glyphs.bar.repeat(filled), Slot::Accent, look);
        let open = usize::from(room).saturating_sub(filled);
        let used = used + slot(buf, after(line, used), &look.glyphs.track.repeat(open), Slot::Muted, look);
        let gap = u16::from(used > 0);
        slot(buf, after(line, used + gap), &words, Slot::Text, look);
    }

    fn count(&self) -> String {
        match self.total {
            Some(total) => format!("{} of {}", grouped(self.done), grouped(total)),
            None => grouped(self.done),
        }
    }
}

/// The bar is full only when everything is done, and not empty as soon as something is.
fn filled(done: usize, total: usize, room: usize) -> usize {
    match (done, total) {
        _ if done >= total => room,
        (0, _) => 0,
        _ => {
            let share = done as u128 * room as u128 / total as u128;
            usize::try_from(share).unwrap_or(room).clamp(1.min(room), room.saturating_sub(1).max(1.min(room)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    #[test]
    fn a_bar_is_full_only_at_the_end() {
        assert_eq!(filled(0, 12, 10), 0);
        assert_eq!(filled(1, 1000, 10), 1);
        assert_eq!(filled(999, 1000, 10), 9);
        assert_eq!(filled(12, 12, 10), 10);
        assert_eq!(filled(13, 12, 10), 10);
        assert_eq!(filled(0, 0, 10), 10);
        assert_eq!(filled(usize::MAX - 1, usize::MAX, 10), 9);
    }

    #[test]
    fn views() {
        let view = |area: Rect, buf: &mut Buffer, look: &Look| Progress::new(8, Some(12)).render(area, buf, look);
        insta::assert_debug_snapshot!("progress", testing::draw(20, 1, view));
        insta::assert_debug_snapshot!("progress_plain", testing::draw_plain(20, 1, view));
        testing::sweep(view);
        testing::sweep(|area, buf, look| Progress::new(1204, None).render(area, buf, look));
    }
}
