//! Text that is longer than its place: wrapped to the width, scrolled by the usual keys.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, cells, columns, row, slot, spans};
use crate::tui::ui::flow::flow;
use crate::tui::ui::{Look, Slot};

/// One line, in pieces with their meaning. It holds no line break.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StyledLine {
    pieces: Vec<(String, Slot)>,
    /// Columns that its further rows are indented by, where it is wrapped.
    hang: u16,
}

impl StyledLine {
    /// A line of one meaning.
    #[must_use]
    pub fn new(text: impl Into<String>, slot: Slot) -> Self {
        Self { pieces: vec![(text.into(), slot)], hang: 0 }
    }

    /// The same line with another piece at its end.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>, slot: Slot) -> Self {
        self.pieces.push((text.into(), slot));
        self
    }

    /// The same line as an item of a list: `sign` stands before it, and where it is wrapped it goes on under itself.
    #[must_use]
    pub fn item(mut self, sign: &str, slot: Slot) -> Self {
        let sign = format!("{sign} ");
        self.hang = columns(&sign);
        self.pieces.insert(0, (sign, slot));
        self
    }

    fn rows(&self, width: u16) -> Vec<Vec<(String, Slot)>> {
        let pieces = || self.pieces.iter().map(|(text, slot)| (text.as_str(), *slot));
        if self.hang == 0 || self.hang >= width {
            return flow(pieces(), width);
        }
        let gap = (" ".repeat(usize::from(self.hang)), Slot::Text);
        let sign = self.pieces.first().unwrap_or(&gap);
        let rows = flow(pieces().skip(1), width - self.hang).into_iter().enumerate();
        rows.map(|(place, row)| [vec![if place == 0 { sign } else { &gap }.clone()], row].concat()).collect()
    }
}

/// A text and how far it is scrolled.
#[derive(Clone, Debug, Default)]
pub struct TextView {
    lines: Vec<StyledLine>,
    /// Wrapped lines above the first one shown; larger than there are means the end.
    offset: usize,
}

impl TextView {
    /// A text of these lines.
    #[must_use]
    pub fn new(lines: Vec<StyledLine>) -> Self {
        Self { lines, offset: 0 }
    }

    /// A text without any style; line breaks part the lines.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self::new(text.lines().map(|line| StyledLine::new(line, Slot::Text)).collect())
    }

    /// Replaces the text and keeps the place.
    pub fn set(&mut self, lines: Vec<StyledLine>) {
        self.lines = lines;
    }

    /// The rows that the whole text takes at `width` columns.
    #[must_use]
    pub fn height(&self, width: u16) -> usize {
        self.wrapped(width).len()
    }

    /// Scrolls: arrows, page keys, space, home, end, `j`, `k`, `g`, `G`. `area` is where the text is drawn. Says
    /// whether the key was one of these.
    pub fn on_key(&mut self, key: Key, area: Rect) -> bool {
        let page = usize::from(area.height).saturating_sub(1).max(1);
        let last = self.last_offset(area);
        let now = self.offset.min(last);
        let to = match (key.code, key.modifiers.is_empty()) {
            (KeyCode::Up | KeyCode::Char('k'), true) => now.saturating_sub(1),
            (KeyCode::Down | KeyCode::Char('j'), true) => now + 1,
            (KeyCode::PageUp, true) => now.saturating_sub(page),
            (KeyCode::PageDown | KeyCode::Char(' '), true) => now + page,
            (KeyCode::Home | KeyCode::Char('g'), true) => 0,
            (KeyCode::End | KeyCode::Char('G'), true) => last,
            _ => return false,
        };
        self.offset = to.min(last);
        true
    }

    /// Draws the text; signs at the right edge say that there is more.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let wrapped = self.wrapped(area.width);
        let height = usize::from(area.height);
        let last = wrapped.len().saturating_sub(height);
        let first = self.offset.min(last);
        for (place, line) in wrapped.iter().skip(first).take(height).enumerate() {
            let pieces = line.iter().map(|(text, slot)| (text.as_str(), *slot));
            spans(buf, row(area, cells(place)), pieces, look);
        }
        let edge = after(area, area.width.saturating_sub(1));
        if first > 0 {
            slot(buf, row(edge, 0), look.glyphs.up, Slot::Muted, look);
        }
        if first < last {
            slot(buf, row(edge, area.height.saturating_sub(1)), look.glyphs.down, Slot::Muted, look);
        }
    }

    fn last_offset(&self, area: Rect) -> usize {
        self.height(area.width).saturating_sub(usize::from(area.height))
    }

    /// One column is kept free for the signs at the edge.
    fn wrapped(&self, width: u16) -> Vec<Vec<(String, Slot)>> {
        let width = width.saturating_sub(1);
        self.lines.iter().flat_map(|line| line.rows(width)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    fn text() -> TextView {
        let mut lines = vec![
            StyledLine::new("Conditions  ", Slot::Label)
                .and("AgentDown", Slot::Bad)
                .and(" palette-agent stopped reporting", Slot::Text),
        ];
        lines.extend((1..=9).map(|n| StyledLine::new(format!("line {n}"), Slot::Text)));
        TextView::new(lines)
    }

    fn first_line(view: &TextView, area: Rect) -> String {
        testing::lines(&testing::draw(area.width, area.height, |area, buf, look| view.render(area, buf, look)))[0]
            .trim_end_matches(['▴', ' '])
            .to_owned()
    }

    #[test]
    fn scrolling_stops_at_both_ends() {
        let area = Rect::new(0, 0, 34, 4);
        let mut view = text();
        assert_eq!(view.height(34), 11);
        let mut press = |keys: &str| {
            assert!(keys.split(' ').all(|key| view.on_key(key.parse().unwrap(), area)));
            first_line(&view, area)
        };
        assert_eq!(press("down down"), "line 1");
        assert_eq!(press("page-down"), "line 4");
        assert_eq!(press("end down"), "line 6");
        assert_eq!(press("up"), "line 5");
        assert_eq!(press("home up"), "Conditions  AgentDown");
        assert!(!view.on_key("enter".parse().unwrap(), area));
    }

    #[test]
    fn a_text_that_grew_shorter_shows_its_end() {
        let area = Rect::new(0, 0, 34, 4);
        let mut view = text();
        view.on_key("end".parse().unwrap(), area);
        view.set(vec![StyledLine::new("only", Slot::Text)]);
        assert_eq!(first_line(&view, area), "only");
    }

    #[test]
    fn an_item_of_a_list_goes_on_under_itself() {
        let item = StyledLine::new("every hash is compared", Slot::Text).item("2.", Slot::Label);
        let view = TextView::new(vec![item]);
        assert_eq!(view.height(18), 2);
        let drawn = testing::draw(18, 3, |area, buf, look| view.render(area, buf, look));
        assert_eq!(testing::lines(&drawn), ["2. every hash is", "   compared", ""]);
        testing::sweep(|area, buf, look| view.render(area, buf, look));
    }

    #[test]
    fn views() {
        let view = |area: Rect, buf: &mut Buffer, look: &Look| text().render(area, buf, look);
        insta::assert_debug_snapshot!("text_view", testing::draw(34, 4, view));
        insta::assert_debug_snapshot!("text_view_plain", testing::draw_plain(34, 4, view));
        testing::sweep(view);
        testing::sweep(|area, _, _| assert!(text().on_key("page-down".parse().unwrap(), area)));
    }
}
