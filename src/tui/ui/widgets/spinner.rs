//! A sign of life for what takes longer than a moment. It is not seen at all where the answer comes quickly.

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::ui::draw::{after, row, slot};
use crate::tui::ui::{Look, Slot};

/// Something that is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spinner {
    since: Instant,
    motion: Motion,
}

/// Whether things may move on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Motion {
    /// They may.
    #[default]
    Full,
    /// They may not: a still sign is shown.
    Reduced,
}

impl Spinner {
    /// How long nothing is shown.
    pub const DELAY: Duration = Duration::from_millis(400);
    /// How long one frame stays.
    pub const FRAME: Duration = Duration::from_millis(250);

    /// Waiting begins.
    #[must_use]
    pub fn new(since: Instant, motion: Motion) -> Self {
        Self { since, motion }
    }

    /// When the screen must be drawn next because of it; none where it is still and already shown.
    #[must_use]
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        match (self.step(now), self.motion) {
            (None, _) => Some(self.since + Self::DELAY),
            (Some(step), Motion::Full) => Some(self.since + Self::DELAY + Self::FRAME * (step + 1)),
            (Some(_), Motion::Reduced) => None,
        }
    }

    /// The sign to be shown now; none in the first moment.
    #[must_use]
    pub fn sign(&self, now: Instant, look: &Look) -> Option<&'static str> {
        let step = self.step(now)?;
        Some(match self.motion {
            Motion::Full => {
                let frames = look.glyphs.spinner;
                frames.get(step as usize % frames.len()).copied().unwrap_or_default()
            }
            Motion::Reduced => look.glyphs.ellipsis,
        })
    }

    /// Draws the sign and the words; says how many columns that took, which is none in the first moment.
    pub fn render(&self, area: Rect, buf: &mut Buffer, words: &str, now: Instant, look: &Look) -> u16 {
        let Some(sign) = self.sign(now, look) else { return 0 };
        let used = slot(buf, row(area, 0), sign, Slot::Accent, look) + 1;
        used + slot(buf, after(row(area, 0), used), words, Slot::Muted, look)
    }

    fn step(&self, now: Instant) -> Option<u32> {
        let shown = now.saturating_duration_since(self.since).checked_sub(Self::DELAY)?;
        Some(u32::try_from(shown.as_millis() / Self::FRAME.as_millis()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    #[test]
    fn it_appears_late_and_wakes_four_times_a_second() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let spinner = Spinner::new(start, Motion::Full);
        assert_eq!(spinner.sign(at(399), &testing::LOOK), None);
        assert_eq!(spinner.deadline(at(0)), Some(at(400)));
        assert_eq!(spinner.sign(at(400), &testing::LOOK), Some("◐"));
        assert_eq!(spinner.deadline(at(400)), Some(at(650)));
        assert_eq!(spinner.sign(at(650), &testing::LOOK), Some("◓"));
        assert_eq!(spinner.sign(at(1400), &testing::LOOK), Some("◐"));
    }

    #[test]
    fn without_motion_it_is_drawn_once() {
        let start = Instant::now();
        let spinner = Spinner::new(start, Motion::Reduced);
        let shown = start + Spinner::DELAY;
        assert_eq!((spinner.deadline(start), spinner.deadline(shown)), (Some(shown), None));
        assert_eq!(spinner.sign(shown + Duration::from_secs(9), &testing::LOOK), Some("…"));
    }

    #[test]
    fn views() {
        let start = Instant::now();
        let view = |area: Rect, buf: &mut Buffer, look: &Look| {
            Spinner::new(start, Motion::Full).render(area, buf, "Loading gateways", start + Spinner::DELAY, look);
        };
        insta::assert_debug_snapshot!("spinner", testing::draw(20, 1, view));
        insta::assert_debug_snapshot!("spinner_plain", testing::draw_plain(20, 1, view));
        testing::sweep(view);
    }
}
