//! What ratatui draws on: it collects the bytes of one frame, and leaves out those that change nothing.

use std::collections::HashMap;
use std::io;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthStr;

/// Collects a frame. ratatui itself writes a few resets and the state of the cursor with every frame, even where
/// nothing changed; this one writes nothing then, so that an idle console is silent.
#[derive(Debug, Default)]
pub(super) struct FrameBackend {
    frame: Vec<u8>,
    /// Whether the terminal shows its cursor; none where that is not known.
    shown: Option<bool>,
    /// Where the terminal's cursor is; none where that is not known, as after drawing.
    cursor: Option<Position>,
    /// What the terminal shows where it was drawn on, by row and column.
    known: HashMap<(u16, u16), Cell>,
}

/// Placing the cursor costs about this many bytes; a gap of fewer unchanged cells is printed over instead.
const PLACING: u16 = 8;
/// The size of a terminal that does not tell it.
const USUAL: Size = Size { width: 80, height: 24 };

impl FrameBackend {
    /// The bytes since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.frame)
    }

    /// Something else may have written to the terminal.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    fn writer(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.frame)
    }

    /// The changed cells, and between them the unchanged ones that are cheaper to print than to jump over.
    fn bridged<'a>(&'a self, changed: &[(u16, u16, &'a Cell)]) -> Vec<(u16, u16, &'a Cell)> {
        let mut out: Vec<(u16, u16, &Cell)> = Vec::with_capacity(changed.len());
        for &(x, y, cell) in changed {
            if let Some(&(last, row, before)) = out.last()
                && row == y
                && last < x
            {
                out.extend(self.bridge(last + 1, x, y, before).unwrap_or_default());
            }
            out.push((x, y, cell));
        }
        out
    }

    /// The unchanged cells from column `from` up to `to`, where printing them needs no change of style.
    fn bridge(&self, from: u16, to: u16, y: u16, before: &Cell) -> Option<Vec<(u16, u16, &Cell)>> {
        if to - from >= PLACING || before.symbol().width() != 1 {
            return None;
        }
        let same = |cell: &&Cell| cell.symbol().width() == 1 && cell.style() == before.style();
        (from..to).map(|x| self.known.get(&(y, x)).filter(same).map(|cell| (x, y, cell))).collect()
    }

    fn remember(&mut self, changed: &[(u16, u16, &Cell)]) {
        for &(x, y, cell) in changed {
            self.known.insert((y, x), cell.clone());
            if cell.symbol().width() > 1 {
                self.known.remove(&(y, x + 1));
            }
        }
    }

    fn show(&mut self, shown: bool) -> io::Result<()> {
        if self.shown == Some(shown) {
            return Ok(());
        }
        self.shown = Some(shown);
        if shown { self.writer().show_cursor() } else { self.writer().hide_cursor() }
    }
}

impl Backend for FrameBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let changed: Vec<(u16, u16, &Cell)> = content.collect();
        if changed.is_empty() {
            return Ok(());
        }
        self.cursor = None;
        let mut frame = std::mem::take(&mut self.frame);
        let drawn = CrosstermBackend::new(&mut frame).draw(self.bridged(&changed).into_iter());
        self.frame = frame;
        self.remember(&changed);
        drawn
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.show(false)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.show(true)
    }

    /// Never asks the terminal: the answer might not come.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor == Some(position) {
            return Ok(());
        }
        self.cursor = Some(position);
        self.writer().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.cursor = None;
        self.known.clear();
        self.writer().clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        let told = tcgetwinsize(io::stdout()).map(|told| Size { width: told.ws_col, height: told.ws_row });
        Ok(told.ok().filter(|size| size.width > 0 && size.height > 0).unwrap_or(USUAL))
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::default() })
    }

    /// The frame is sent as a whole by whoever takes it.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

    use super::*;

    fn frame(terminal: &mut Terminal<FrameBackend>, view: impl FnOnce(&mut Frame<'_>)) -> String {
        terminal.draw(view).unwrap();
        String::from_utf8(terminal.backend_mut().take()).unwrap()
    }

    fn terminal() -> Terminal<FrameBackend> {
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 20, 2)) };
        Terminal::with_options(FrameBackend::default(), options).unwrap()
    }

    #[test]
    fn a_frame_that_changes_nothing_is_empty() {
        let mut terminal = terminal();
        assert!(frame(&mut terminal, |frame| frame.render_widget("hello", frame.area())).contains("hello"));
        assert_eq!(frame(&mut terminal, |frame| frame.render_widget("hello", frame.area())), "");
    }

    #[test]
    fn a_still_cursor_is_not_placed_again_and_a_drawn_over_one_is() {
        let mut terminal = terminal();
        let mut at = |words: &str, x: u16| {
            frame(&mut terminal, |frame| {
                frame.render_widget(words, frame.area());
                frame.set_cursor_position((x, 1));
            })
        };
        assert!(at("a", 3).ends_with("\u{1b}[?25h\u{1b}[2;4H"));
        assert_eq!(at("a", 3), "");
        assert_eq!(at("a", 4), "\u{1b}[2;5H");
        assert!(at("b", 4).ends_with("\u{1b}[2;5H"));
        assert!(frame(&mut terminal, |frame| frame.render_widget("b", frame.area())).ends_with("\u{1b}[?25l"));
    }

    #[test]
    fn after_a_clear_the_frame_is_whole_again() {
        let mut terminal = terminal();
        frame(&mut terminal, |frame| frame.render_widget("hello", frame.area()));
        terminal.clear().unwrap();
        assert!(frame(&mut terminal, |frame| frame.render_widget("hello", frame.area())).contains("hello"));
    }

    #[test]
    fn small_gaps_are_printed_over_and_large_ones_jumped() {
        let mut terminal = terminal();
        let mut at = |words: &'static str| frame(&mut terminal, |frame| frame.render_widget(words, frame.area()));
        at("a.b..............c");
        assert!(at("x.y..............c").contains("x.y"), "one run");
        assert!(!at("z.y..............d").contains(".........."), "two runs");
    }

    proptest::proptest! {
        #[test]
        fn the_terminal_shows_the_last_frame(
            frames in proptest::collection::vec(proptest::collection::vec(("[ab 東é]{0,10}", 0_u8..3), 2), 1..6)
        ) {
            use ratatui::style::Style;
            let mut terminal = terminal();
            let mut shown = vt100::Parser::new(2.try_into().unwrap(), 20.try_into().unwrap(), 0);
            let styles = [Style::new(), Style::new().bold(), Style::new().red()];
            for lines in &frames {
                let bytes = frame(&mut terminal, |frame| {
                    for (y, (words, style)) in (0..).zip(lines) {
                        frame.buffer_mut().set_string(0, y, words, styles[usize::from(*style)]);
                    }
                });
                shown.process(bytes.as_bytes());
                for (y, (words, style)) in (0_u16..).zip(lines) {
                    let row = shown.screen().rows(0, 20).nth(usize::from(y)).unwrap();
                    proptest::prop_assert_eq!(row.trim_end(), words.trim_end());
                    if words.starts_with(['a', 'b']) {
                        let cell = shown.screen().cell(y, 0).unwrap();
                        proptest::prop_assert_eq!(cell.bold(), *style == 1);
                        proptest::prop_assert_eq!(cell.fgcolor() == vt100::Color::Idx(1), *style == 2);
                    }
                }
            }
        }
    }
}
