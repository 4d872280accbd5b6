//! The frame of every dialog: a title, what stands to its right, a body, the hints, two rules. Nothing boxed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::hints::{Hint, Hints};
use crate::tui::ui::draw::{after, clear, columns, right, row, rule, slot};
use crate::tui::ui::{Look, Slot};

/// A dialog's frame. Its geometry is pure, so that update, view and cursor agree on where the body is.
#[derive(Clone, Copy, Debug)]
pub struct Dialog<'a> {
    title: &'a str,
    aside: &'a str,
    hints: &'a [Hint<'a>],
    width: u16,
    height: u16,
}

/// Blank columns at each side, so that what lies behind does not run into the text.
const MARGIN: u16 = 2;
/// Rows that are not the body: a blank one, title, rule, rule, hints, a blank one.
/// Fewer columns than these beside a dialog show nothing worth seeing.
const SLIVER: u16 = 16;
const CHROME: u16 = 6;

impl<'a> Dialog<'a> {
    /// A dialog of 72 by 12.
    #[must_use]
    pub fn new(title: &'a str) -> Self {
        Self { title, aside: "", hints: &[], width: 72, height: 12 }
    }

    /// The wanted columns and rows of the body; less is given where the screen is smaller.
    #[must_use]
    pub fn size(self, width: u16, height: u16) -> Self {
        Self { width, height, ..self }
    }

    /// Words at the right end of the title, such as `step 2 of 4`.
    #[must_use]
    pub fn aside(self, aside: &'a str) -> Self {
        Self { aside, ..self }
    }

    /// What the keys do.
    #[must_use]
    pub fn hints(self, hints: &'a [Hint<'a>]) -> Self {
        Self { hints, ..self }
    }

    /// The area that the dialog takes.
    #[must_use]
    pub fn outer(&self, screen: Rect) -> Rect {
        let width = self.width.saturating_add(2 * MARGIN);
        // Slivers of the screen below on both sides would only disturb.
        let width = if width + SLIVER > screen.width { screen.width } else { width };
        let height = self.height.saturating_add(CHROME).min(screen.height);
        let x = screen.x + (screen.width - width) / 2;
        let y = screen.y + (screen.height - height) / 2;
        Rect { x, y, width, height }
    }

    /// The area of the body; on a very small screen it may be empty.
    #[must_use]
    pub fn body(&self, screen: Rect) -> Rect {
        let inner = self.inner(screen);
        let used = self.head(inner) + self.foot(inner);
        Rect { y: inner.y + self.head(inner), height: inner.height.saturating_sub(used), ..inner }
    }

    /// Clears the area, draws the frame and says where the body goes.
    pub fn render(&self, screen: Rect, buf: &mut Buffer, look: &Look) -> Rect {
        clear(buf, self.outer(screen));
        let inner = self.inner(screen);
        if self.head(inner) > 0 {
            let room = right(buf, row(inner, 0), self.aside, Slot::Muted, look);
            let title = Rect { width: room.saturating_sub(u16::from(columns(self.aside) > 0)), ..inner };
            slot(buf, row(title, 0), self.title, Slot::Title, look);
            rule(buf, row(inner, 1), look);
        }
        let foot = self.foot(inner);
        if foot > 0 {
            rule(buf, row(inner, inner.height - foot), look);
            Hints(self.hints).render(row(inner, inner.height - 1), buf, look);
        }
        self.body(screen)
    }

    fn inner(&self, screen: Rect) -> Rect {
        let outer = self.outer(screen);
        let margin = if outer.width > 20 { MARGIN } else { 0 };
        let blank = u16::from(outer.height > CHROME);
        let narrow = after(outer, margin);
        Rect {
            y: narrow.y + blank,
            height: narrow.height.saturating_sub(2 * blank),
            width: narrow.width.saturating_sub(margin),
            ..narrow
        }
    }

    fn head(&self, inner: Rect) -> u16 {
        if inner.height >= 3 { 2 } else { 0 }
    }

    fn foot(&self, inner: Rect) -> u16 {
        if inner.height >= 5 { 2 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    fn behind(area: Rect, buf: &mut Buffer, look: &Look) {
        for y in 0..area.height {
            slot(buf, row(area, y), &"x".repeat(80), Slot::Text, look);
        }
    }

    fn view(area: Rect, buf: &mut Buffer, look: &Look) {
        let hints = [Hint::new("Enter", "choose"), Hint::new("Esc", "back")];
        let dialog = Dialog::new("Migrate the clusters of berlin-vsphere-1").aside("step 2 of 4").hints(&hints);
        let body = dialog.size(60, 2).render(area, buf, look);
        slot(buf, row(body, 0), "All 12 clusters move.", Slot::Text, look);
    }

    #[test]
    fn views() {
        insta::assert_debug_snapshot!(
            "dialog",
            testing::draw(91, 10, |area, buf, look| {
                behind(area, buf, look);
                view(area, buf, look);
            })
        );
        insta::assert_debug_snapshot!("dialog_plain_narrow", testing::draw_plain(40, 8, view));
        testing::sweep(view);
    }

    #[test]
    fn no_half_of_a_wide_character_is_left_beside_the_dialog() {
        let buf = testing::draw(59, 9, |area, buf, look| {
            for y in 0..area.height {
                slot(buf, row(area, y), &"東".repeat(30), Slot::Text, look);
            }
            Dialog::new("t").size(32, 1).render(area, buf, look);
        });
        assert_eq!(buf[(10, 3)].symbol(), " ");
        assert_eq!(buf[(8, 3)].symbol(), "東");
    }

    #[test]
    fn the_body_is_where_render_says_and_inside_of_the_screen() {
        for (width, height) in [(0, 0), (3, 3), (20, 5), (80, 24), (200, 60)] {
            let screen = Rect::new(0, 0, width, height);
            let dialog = Dialog::new("t").size(60, 10);
            let mut buf = Buffer::empty(screen);
            let body = dialog.render(screen, &mut buf, &testing::LOOK);
            assert_eq!(body, dialog.body(screen));
            assert_eq!(body.intersection(screen), body);
        }
    }
}
