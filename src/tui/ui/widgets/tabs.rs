//! `1 Private Cloud Gateways   2 Backup/Restore   3 Audit Logs`, the active one with a heavier rule under it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::ui::draw::{after, columns, row, rule, slot};
use crate::tui::ui::{Look, Slot};

/// The tabs and which one is active.
#[derive(Clone, Copy, Debug)]
pub struct Tabs<'a> {
    titles: &'a [&'a str],
    active: usize,
}

const GAP: u16 = 3;

impl<'a> Tabs<'a> {
    /// The rows that the tabs take with their rule.
    pub const HEIGHT: u16 = 2;

    /// Tabs from left to right, numbered from one; `active` counts from zero.
    #[must_use]
    pub fn new(titles: &'a [&'a str], active: usize) -> Self {
        Self { titles, active }
    }

    /// Draws the titles into the first row and the rule into the second. Where it is narrow, only the active tab
    /// keeps its title. Says how many columns the titles took, so that something may stand to their right.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) -> u16 {
        rule(buf, row(area, 1), look);
        let whole = self.width(|_| true) <= u32::from(area.width);
        let mut used = 1;
        for (place, title) in self.titles.iter().enumerate() {
            let active = place == self.active;
            let number = (place + 1).to_string();
            let label = if whole || active { format!("{number} {title}") } else { number };
            let style = if active { Slot::Title } else { Slot::Text };
            let wide = slot(buf, after(row(area, 0), used), &label, style, look);
            if active {
                let line = after(row(area, 1), used);
                let heavy = look.glyphs.rule_active.repeat(usize::from(wide.min(line.width)));
                slot(buf, line, &heavy, Slot::Accent, look);
            }
            used = used.saturating_add(wide + GAP);
        }
        used.saturating_sub(GAP).min(area.width)
    }

    fn width(&self, titled: impl Fn(usize) -> bool) -> u32 {
        let wide = |(place, title): (usize, &&str)| {
            let title = if titled(place) { u32::from(columns(title)) + 1 } else { 0 };
            title + u32::from(columns(&(place + 1).to_string())) + u32::from(GAP)
        };
        1 + self.titles.iter().enumerate().map(wide).sum::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    const TITLES: [&str; 3] = ["Private Cloud Gateways", "Backup/Restore", "Audit Logs"];

    fn view(area: Rect, buf: &mut Buffer, look: &Look) {
        let used = Tabs::new(&TITLES, 1).render(area, buf, look);
        assert!(used <= area.width);
    }

    #[test]
    fn views() {
        insta::assert_debug_snapshot!("tabs", testing::draw(70, 2, view));
        insta::assert_debug_snapshot!("tabs_plain_narrow", testing::draw_plain(40, 2, view));
        testing::sweep(view);
        testing::sweep(|area, buf, look| {
            Tabs::new(&[], 7).render(area, buf, look);
        });
    }
}
