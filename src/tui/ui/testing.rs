//! What the tests of the widgets share: a buffer to draw on, the looks, and the sweep over all small sizes.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Glyphs, Look, Theme};

/// Colours and unicode signs.
pub(crate) const LOOK: Look<'static> = Look { theme: &Theme::ansi(), glyphs: &Glyphs::unicode() };
/// No colours, plain signs.
pub(crate) const PLAIN: Look<'static> = Look { theme: &Theme::mono(), glyphs: &Glyphs::ascii() };

/// Draws on a fresh buffer with colours and unicode signs.
pub(crate) fn draw(width: u16, height: u16, view: impl FnOnce(Rect, &mut Buffer, &Look)) -> Buffer {
    draw_as(&LOOK, width, height, view)
}

/// Draws on a fresh buffer without colours and with plain signs; whatever was drawn must be ASCII.
pub(crate) fn draw_plain(width: u16, height: u16, view: impl FnOnce(Rect, &mut Buffer, &Look)) -> Buffer {
    let buf = draw_as(&PLAIN, width, height, view);
    for line in lines(&buf) {
        assert!(line.is_ascii(), "not plain: {line}");
    }
    buf
}

fn draw_as(look: &Look, width: u16, height: u16, view: impl FnOnce(Rect, &mut Buffer, &Look)) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    view(area, &mut buf, look);
    buf
}

/// The text of a buffer, line by line, without trailing spaces.
pub(crate) fn lines(buf: &Buffer) -> Vec<String> {
    let width = usize::from(buf.area.width).max(1);
    let mut lines = Vec::new();
    for row in buf.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Asks for the cursor at every small size: it lies inside of the area or is not shown.
pub(crate) fn sweep_cursor(cursor: impl Fn(Rect) -> Option<Position>) {
    for width in 0..=20 {
        for height in 0..=10 {
            let area = Rect::new(7, 3, width, height);
            if let Some(position) = cursor(area) {
                assert!(area.contains(position), "{position} outside of {area}");
            }
        }
    }
}

/// Draws at every small size, at the corner and away from it, also half outside of the buffer: nothing may panic.
pub(crate) fn sweep(view: impl Fn(Rect, &mut Buffer, &Look)) {
    for width in 0..=20 {
        for height in 0..=10 {
            for (x, y) in [(0, 0), (7, 3)] {
                for screen in [Rect::new(0, 0, 27, 13), Rect::new(0, 0, width, height)] {
                    let mut buf = Buffer::empty(screen);
                    view(Rect::new(x, y, width, height), &mut buf, &LOOK);
                }
            }
        }
    }
}
