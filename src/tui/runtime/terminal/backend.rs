//! What ratatui draws on: it collects the bytes of one frame, and leaves out those that change nothing.

use std::io;

use crossterm::terminal;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Collects a frame. ratatui itself writes a few resets and the state of the cursor with every frame, even where
/// nothing changed; this one writes nothing then, so that an idle console is silent.
#[derive(Debug, Default)]
pub(super) struct FrameBackend {
    frame: Vec<u8>,
    /// Whether the terminal shows its cursor; none where that is not known.
    shown: Option<bool>,
    /// Where the terminal's cursor is; none where that is not known, as after drawing.
    cursor: Option<Position>,
}

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
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.cursor = None;
        self.writer().draw(content)
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
        self.writer().clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = terminal::size()?;
        Ok(Size { width, height })
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
}
