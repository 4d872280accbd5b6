//! Text onto the buffer: cleaned, cut to the columns there are, never outside of the area.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::flow::flow;
use super::{Look, Slot};
use crate::text::clean;

/// The columns that a text takes on the screen; more than `u16::MAX` is clamped.
#[must_use]
pub fn columns(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// A count of rows or columns as the layout wants it, clamped.
#[must_use]
pub fn cells(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// Row `n` of an area; empty where the area has no such row.
#[must_use]
pub fn row(area: Rect, n: u16) -> Rect {
    if n < area.height { Rect { y: area.y + n, height: 1, ..area } } else { Rect { height: 0, ..area } }
}

/// The area without its first `n` columns.
#[must_use]
pub fn after(area: Rect, n: u16) -> Rect {
    let n = n.min(area.width);
    Rect { x: area.x.saturating_add(n), width: area.width - n, ..area }
}

/// The area without its first `n` rows.
#[must_use]
pub fn below(area: Rect, n: u16) -> Rect {
    let n = n.min(area.height);
    Rect { y: area.y.saturating_add(n), height: area.height - n, ..area }
}

/// The position `x` columns into the first row of an area; none where that lies outside.
#[must_use]
pub fn at(area: Rect, x: u16) -> Option<Position> {
    (x < area.width && area.height > 0).then(|| Position::new(area.x + x, area.y))
}

/// Draws a text into the first row of `area`, elided where it does not fit; says how many columns it took.
pub fn text(buf: &mut Buffer, area: Rect, text: &str, style: Style, look: &Look) -> u16 {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return 0;
    }
    let text = clean(text);
    let text = look.glyphs.shown(&text);
    let width = usize::from(area.width);
    if text.width() <= width {
        return buf.set_stringn(area.x, area.y, &text, width, style).0 - area.x;
    }
    let mut used = 0;
    let kept: String = text
        .graphemes(true)
        .take_while(|cluster| {
            used += cluster.width();
            used < width
        })
        .collect();
    let end = buf.set_stringn(area.x, area.y, &kept, width, style).0;
    buf.set_stringn(end, area.y, look.glyphs.ellipsis, 1, style).0 - area.x
}

/// Draws a text in the style of a slot.
pub fn slot(buf: &mut Buffer, area: Rect, words: &str, slot: Slot, look: &Look) -> u16 {
    text(buf, area, words, look.theme.style(slot), look)
}

/// Draws a text at the right end of the first row of `area`; says how many columns are left of it.
pub fn right(buf: &mut Buffer, area: Rect, words: &str, meaning: Slot, look: &Look) -> u16 {
    let width = columns(&clean(words)).min(area.width);
    let room = area.width - width;
    slot(buf, after(area, room), words, meaning, look);
    room
}

/// Draws several texts one after another; says how many columns they took.
pub fn spans<'a>(buf: &mut Buffer, area: Rect, spans: impl IntoIterator<Item = (&'a str, Slot)>, look: &Look) -> u16 {
    spans.into_iter().fold(0, |used, (words, as_slot)| used + slot(buf, after(area, used), words, as_slot, look))
}

/// Empties an area, so that what is drawn there lies over everything else. A wide character that reaches into the
/// area from its left gives way to a space: terminals differ in what they show of one that is cut in half.
pub fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    Clear.render(area, buf);
    let Some(left) = area.x.checked_sub(1) else { return };
    for y in area.top()..area.bottom() {
        if let Some(cell) = buf.cell_mut((left, y))
            && columns(cell.symbol()) > 1
        {
            cell.set_symbol(" ");
        }
    }
}

/// A rule across the first row of `area`.
pub fn rule(buf: &mut Buffer, area: Rect, look: &Look) {
    let area = row(area, 0).intersection(buf.area);
    let style = look.theme.style(Slot::Rule);
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.set_symbol(look.glyphs.rule).set_style(style);
        }
    }
}

/// Takes what is drawn back behind a dialog: everything in `area` becomes less important.
pub fn recede(buf: &mut Buffer, area: Rect, look: &Look) {
    for position in area.intersection(buf.area).positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.set_style(Style::reset().patch(look.theme.style(Slot::Muted)));
        }
    }
}

/// Splits a text into lines of at most `width` columns, at spaces where there are any; line breaks stay.
#[must_use]
pub fn wrap(text: &str, width: u16) -> Vec<String> {
    let joined = |line: Vec<(String, ())>| line.into_iter().map(|(words, ())| words).collect();
    text.lines().flat_map(|line| flow([(line, ())], width)).map(joined).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    #[test]
    fn wide_characters_are_cut_whole_and_escapes_are_seen() {
        let drawn = |words: &str| {
            testing::draw(5, 1, |area, buf, look| {
                text(buf, area, words, Style::new(), look);
            })
        };
        assert_eq!(testing::lines(&drawn("東京都庁"))[0], "東京…");
        assert_eq!(testing::lines(&drawn("a\u{1b}[2J"))[0], "a\u{FFFD}[2J");
        assert_eq!(testing::lines(&drawn("e\u{301}tudes"))[0], "e\u{301}tud…");
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_drawn_outside(words in ".{0,40}", x in 0_u16..30, width in 0_u16..30) {
            let area = Rect::new(x, 0, width, 1);
            let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
            let used = text(&mut buf, area, &words, Style::new(), &testing::LOOK);
            proptest::prop_assert!(used <= width);
        }
    }
}
