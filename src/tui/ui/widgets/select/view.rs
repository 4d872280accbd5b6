//! How an open list is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, Widget};

use super::{Choice, Select};
use crate::text::clean;
use crate::tui::ui::draw::{after, at, cells, clear, columns, row, slot, spans};
use crate::tui::ui::{Look, Slot};

/// Columns between two columns of an option.
const GAP: u16 = 3;
/// Columns before the name: a space, the marker, a space.
const LEAD: u16 = 3;
/// Columns of the frame and the space before its right side.
const FRAME: u16 = 3;

/// One line of the list.
#[derive(Clone, Copy)]
enum Line<'a> {
    Option(&'a Choice),
    Heading,
    Refused(&'a Choice),
    Nothing,
}

impl Select {
    /// Where the list goes: under its anchor, or above it where there is more room, never outside of `bounds`.
    #[must_use]
    pub fn place(&self, anchor: Rect, bounds: Rect) -> Rect {
        let wanted = cells(self.lines().len()).saturating_add(2);
        let under = bounds.bottom().saturating_sub(anchor.bottom().max(bounds.y));
        let over = anchor.y.min(bounds.bottom()).saturating_sub(bounds.y);
        let (y, height) = if wanted <= under || under >= over {
            (anchor.bottom(), wanted.min(under))
        } else {
            let height = wanted.min(over);
            (anchor.y - height, height)
        };
        let width = self.width().max(anchor.width).min(bounds.width);
        let x = anchor.x.clamp(bounds.x, bounds.right().saturating_sub(width).max(bounds.x));
        Rect { x, y, width, height }.intersection(bounds)
    }

    /// Draws the list beside its anchor, inside of `bounds`.
    pub fn render(&self, anchor: Rect, bounds: Rect, buf: &mut Buffer, look: &Look) {
        let area = self.place(anchor, bounds).intersection(buf.area);
        if area.width < 2 || area.height < 2 {
            return;
        }
        clear(buf, area);
        let frame = Block::bordered().border_set(look.glyphs.frame).border_style(look.theme.style(Slot::Rule));
        let inner = frame.inner(area);
        frame.render(area, buf);
        self.render_filter(row(area, 0), buf, look);
        let widths = self.widths();
        for (place, line) in self.window(inner.height).into_iter().enumerate() {
            self.render_line(line, &widths, row(inner, cells(place)), buf, look);
        }
    }

    /// Where the terminal's cursor belongs: on the highlighted option.
    #[must_use]
    pub fn cursor(&self, anchor: Rect, bounds: Rect) -> Option<Position> {
        let area = self.place(anchor, bounds);
        let inner = Rect::new(
            area.x.saturating_add(1),
            area.y.saturating_add(1),
            area.width.saturating_sub(2),
            area.height.saturating_sub(2),
        );
        let window = self.window(inner.height);
        let place = window.iter().position(|line| self.is_highlighted(line))?;
        at(row(inner, cells(place)), 1)
    }

    fn render_filter(&self, top: Rect, buf: &mut Buffer, look: &Look) {
        let filter = self.filter.value();
        if !filter.is_empty() {
            let inside = Rect { width: top.width.saturating_sub(4), ..after(top, 2) };
            let used = columns(filter).saturating_add(4).min(inside.width);
            buf.set_style(Rect { width: used, ..inside }.intersection(buf.area), Style::reset());
            spans(buf, inside, [(" / ", Slot::Accent), (filter, Slot::Text), (" ", Slot::Text)], look);
        }
    }

    fn render_line(&self, line: Line<'_>, widths: &[u16], area: Rect, buf: &mut Buffer, look: &Look) {
        let words = Rect { width: area.width.saturating_sub(1), ..area };
        match line {
            Line::Heading => {
                slot(buf, after(words, 1), "not eligible", Slot::Muted, look);
            }
            Line::Nothing => {
                slot(buf, after(words, 1), self.nothing(), Slot::Muted, look);
            }
            Line::Refused(choice) => {
                let used = slot(buf, after(words, LEAD), choice.name(), Slot::Muted, look);
                let name = widths.first().copied().unwrap_or(0).max(used);
                let reason = choice.refusal.as_deref().unwrap_or_default();
                slot(buf, after(words, LEAD + name + GAP), reason, Slot::Muted, look);
            }
            Line::Option(choice) => self.render_option(choice, widths, words, buf, look),
        }
    }

    fn render_option(&self, choice: &Choice, widths: &[u16], area: Rect, buf: &mut Buffer, look: &Look) {
        let highlighted = self.is_highlighted(&Line::Option(choice));
        let style = if highlighted { Slot::Selected } else { Slot::Text };
        if highlighted {
            slot(buf, after(area, 1), look.glyphs.marker, Slot::Accent, look);
        }
        let mut rest = after(area, LEAD);
        for (place, (column, width)) in choice.columns.iter().zip(widths).enumerate() {
            slot(buf, rest, column, if place == 0 { style } else { Slot::Text }, look);
            rest = after(rest, width + GAP);
        }
        if self.current.as_ref() == Some(&choice.id) {
            slot(buf, rest, look.glyphs.check, Slot::Good, look);
        }
    }

    /// The lines that a list of `height` rows shows; the highlighted one is always among them.
    fn window(&self, height: u16) -> Vec<Line<'_>> {
        let lines = self.lines();
        let height = usize::from(height);
        let place = lines.iter().position(|line| self.is_highlighted(line)).unwrap_or(0);
        let first = (place + 1).saturating_sub(height);
        lines.into_iter().skip(first).take(height).collect()
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let mut lines: Vec<Line<'_>> = self.eligible().into_iter().map(Line::Option).collect();
        if lines.is_empty() {
            lines.push(Line::Nothing);
        }
        let refused = self.refused();
        if !refused.is_empty() {
            lines.push(Line::Heading);
            lines.extend(refused.into_iter().map(Line::Refused));
        }
        lines
    }

    fn is_highlighted(&self, line: &Line<'_>) -> bool {
        matches!(line, Line::Option(choice) if self.highlighted.as_ref() == Some(&choice.id))
    }

    fn nothing(&self) -> &'static str {
        if self.filter.value().is_empty() { "nothing can be chosen" } else { "nothing eligible matches" }
    }

    /// The width of each column, over all options, so that filtering does not move them.
    fn widths(&self) -> Vec<u16> {
        let mut widths: Vec<u16> = Vec::new();
        for choice in &self.options {
            for (place, column) in choice.columns.iter().enumerate() {
                let wide = columns(&clean(column));
                match widths.get_mut(place) {
                    Some(width) => *width = (*width).max(wide),
                    None => widths.push(wide),
                }
            }
        }
        widths
    }

    /// The width of the whole list with its frame and the sign of the current value.
    fn width(&self) -> u16 {
        let widths = self.widths();
        let all =
            widths.iter().fold(0_u16, |sum, width| sum.saturating_add(width.saturating_add(GAP))).saturating_add(1);
        let name = widths.first().copied().unwrap_or(0).saturating_add(GAP);
        let reasons = self.options.iter().filter_map(|choice| choice.refusal.as_ref());
        let reason = reasons.map(|reason| columns(&clean(reason))).max().unwrap_or(0);
        all.max(name.saturating_add(reason)).max(24).saturating_add(LEAD + FRAME)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::gateways;
    use super::*;
    use crate::tui::ui::testing;

    const ANCHOR: Rect = Rect::new(14, 1, 40, 1);

    fn view(area: Rect, buf: &mut Buffer, look: &Look) {
        gateways().render(ANCHOR, area, buf, look);
    }

    #[test]
    fn views() {
        insta::assert_debug_snapshot!("select", testing::draw(80, 10, view));
        insta::assert_debug_snapshot!(
            "select_plain_filtered",
            testing::draw_plain(70, 8, |area, buf, look| {
                let mut list = gateways();
                list.paste("maas");
                list.render(Rect::new(2, 0, 30, 1), area, buf, look);
            })
        );
    }

    #[test]
    fn it_opens_where_there_is_room() {
        let screen = Rect::new(0, 0, 80, 24);
        let list = gateways();
        assert_eq!(list.place(Rect::new(5, 2, 30, 1), screen).y, 3);
        assert_eq!(list.place(Rect::new(5, 20, 30, 1), screen).bottom(), 20);
        let squeezed = list.place(Rect::new(5, 3, 30, 1), Rect::new(0, 0, 80, 8));
        assert_eq!((squeezed.y, squeezed.height), (4, 4));
        assert_eq!(list.place(Rect::new(70, 2, 9, 1), screen).right(), 80);
    }

    #[test]
    fn the_highlight_is_shown_however_low_the_list() {
        let mut list = gateways();
        list.on_key("end".parse().unwrap());
        let bounds = Rect::new(0, 0, 80, 5);
        let drawn = testing::draw(80, 5, |_, buf, look| list.render(ANCHOR, bounds, buf, look));
        let lines = testing::lines(&drawn);
        let cursor = list.cursor(ANCHOR, bounds).unwrap();
        assert!(lines[usize::from(cursor.y)].contains("▸ kassel-vsphere"), "{lines:?}");
        assert_eq!(drawn[cursor].symbol(), "▸");
    }

    #[test]
    fn any_size_is_fine() {
        testing::sweep(|area, buf, look| gateways().render(Rect::new(area.x, area.y, 5, 1), area, buf, look));
        testing::sweep(view);
        testing::sweep_cursor(|area| gateways().cursor(Rect::new(area.x, area.y, 5, 1), area));
    }
}
