//! `Enter actions   / filter   ? help`: what the keys do here, the least important left out where it is narrow.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::ui::draw::{after, columns, slot, spans};
use crate::tui::ui::{Look, Slot};

/// One key and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint<'a> {
    /// The key as it is shown: `Enter`, `/`, `Ctrl-L`.
    pub key: Cow<'a, str>,
    /// One or two words.
    pub label: Cow<'a, str>,
    /// What goes first where there is no room: the highest number. Zero stays the longest.
    pub priority: u8,
}

impl<'a> Hint<'a> {
    /// A hint of the highest importance.
    #[must_use]
    pub fn new(key: impl Into<Cow<'a, str>>, label: impl Into<Cow<'a, str>>) -> Self {
        Self { key: key.into(), label: label.into(), priority: 0 }
    }

    /// The same hint, left out earlier.
    #[must_use]
    pub fn priority(self, priority: u8) -> Self {
        Self { priority, ..self }
    }

    fn width(&self) -> u16 {
        columns(&self.key).saturating_add(columns(&self.label)).saturating_add(1)
    }
}

/// A line of hints.
#[derive(Clone, Copy, Debug)]
pub struct Hints<'a>(pub &'a [Hint<'a>]);

const GAP: u16 = 3;

impl Hints<'_> {
    /// The hints that fit into `width` columns, in their order.
    #[must_use]
    pub fn fitting(&self, width: u16) -> Vec<&Hint<'_>> {
        let mut kept: Vec<&Hint<'_>> = self.0.iter().collect();
        while total(&kept) > u32::from(width) {
            let last = kept.iter().enumerate().max_by_key(|(place, hint)| (hint.priority, *place));
            let Some((place, _)) = last else { break };
            kept.remove(place);
        }
        kept
    }

    /// Draws the line.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let mut rest = area;
        for hint in self.fitting(area.width) {
            let used = spans(buf, rest, [(hint.key.as_ref(), Slot::Accent), (" ", Slot::Text)], look);
            let used = used + slot(buf, after(rest, used), &hint.label, Slot::Text, look);
            rest = after(rest, used + GAP);
        }
    }
}

fn total(hints: &[&Hint<'_>]) -> u32 {
    let words: u32 = hints.iter().map(|hint| u32::from(hint.width())).sum();
    words + u32::from(GAP) * u32::try_from(hints.len().saturating_sub(1)).unwrap_or(u32::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    fn hints() -> Vec<Hint<'static>> {
        vec![
            Hint::new("Enter", "actions"),
            Hint::new("/", "filter"),
            Hint::new("s", "sort").priority(5),
            Hint::new("a", "audit entries").priority(5),
            Hint::new("?", "help"),
        ]
    }

    #[test]
    fn what_matters_least_goes_first() {
        let labels = |width| hints_at(width).join(" ");
        fn hints_at(width: u16) -> Vec<String> {
            Hints(&hints()).fitting(width).iter().map(|hint| hint.label.to_string()).collect()
        }
        assert_eq!(labels(200), "actions filter sort audit entries help");
        assert_eq!(labels(46), "actions filter sort help");
        assert_eq!(labels(36), "actions filter help");
        assert_eq!(labels(24), "actions filter");
        assert_eq!(labels(3), "");
    }

    #[test]
    fn views() {
        insta::assert_debug_snapshot!(
            "hints",
            testing::draw(44, 1, |area, buf, look| Hints(&hints()).render(area, buf, look))
        );
        insta::assert_debug_snapshot!(
            "hints_plain",
            testing::draw_plain(44, 1, |area, buf, look| Hints(&hints()).render(area, buf, look))
        );
        testing::sweep(|area, buf, look| Hints(&hints()).render(area, buf, look));
    }
}
