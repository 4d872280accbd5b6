//! Short messages at the bottom right: news goes away by itself, errors wait until they are dismissed.

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::ui::draw::{after, cells, clear, columns, row, slot, wrap};
use crate::tui::ui::{Look, Slot};

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastKind {
    /// Something happened.
    Info,
    /// Something was done.
    Success,
    /// Something failed; stays until it is dismissed.
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Toast {
    kind: ToastKind,
    text: String,
    until: Option<Instant>,
}

/// The messages that are shown, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toasts {
    items: Vec<Toast>,
}

/// Lines of one message; what is longer belongs on the errors screen.
const LINES: usize = 3;
/// Columns of one message with its sign and the blanks around it.
const WIDTH: u16 = 60;

impl Toasts {
    /// The most messages at one time.
    pub const MAX: usize = 3;
    /// How long news stays.
    pub const STAY: Duration = Duration::from_secs(5);

    /// Adds a message. One that is there already is shown anew; where there are too many, the oldest piece of news
    /// goes, or the oldest error where there is none.
    pub fn push(&mut self, kind: ToastKind, text: impl Into<String>, now: Instant) {
        let text = text.into();
        self.items.retain(|toast| toast.kind != kind || toast.text != text);
        if self.items.len() >= Self::MAX {
            let news = self.items.iter().position(|toast| toast.until.is_some()).unwrap_or(0);
            self.items.remove(news);
        }
        let until = (kind != ToastKind::Error).then(|| now + Self::STAY);
        self.items.push(Toast { kind, text, until });
    }

    /// Takes away what is over; says whether anything was.
    pub fn expire(&mut self, now: Instant) -> bool {
        let before = self.items.len();
        self.items.retain(|toast| toast.until.is_none_or(|until| until > now));
        self.items.len() < before
    }

    /// When the next message is over.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.items.iter().filter_map(|toast| toast.until).min()
    }

    /// Takes the newest error away, else all news; says whether there was anything. This is what Esc does.
    pub fn dismiss(&mut self) -> bool {
        match self.items.iter().rposition(|toast| toast.kind == ToastKind::Error) {
            Some(place) => {
                self.items.remove(place);
                true
            }
            None => !std::mem::take(&mut self.items).is_empty(),
        }
    }

    /// Whether nothing is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Draws the messages at the bottom right of `area`, the newest lowest.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let mut bottom = area.bottom();
        for toast in self.items.iter().rev() {
            let room = Rect { height: bottom.saturating_sub(area.y), ..area };
            bottom = bottom.saturating_sub(toast.render(room, buf, look));
        }
    }
}

impl Toast {
    /// Draws at the bottom right of `area`; says how many rows that took.
    fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) -> u16 {
        let (sign, style) = match self.kind {
            ToastKind::Info => (look.glyphs.separator, Slot::Accent),
            ToastKind::Success => (look.glyphs.check, Slot::Good),
            ToastKind::Error => (look.glyphs.bad, Slot::Bad),
        };
        let mut lines = wrap(&self.text, WIDTH.min(area.width).saturating_sub(4));
        if lines.len() > LINES {
            lines.truncate(LINES);
            if let Some(last) = lines.last_mut() {
                last.push_str(look.glyphs.ellipsis);
            }
        }
        let width = lines.iter().map(|line| columns(line)).max().unwrap_or(0).saturating_add(4).min(area.width);
        let height = cells(lines.len()).min(area.height);
        let place = Rect { x: area.right() - width, y: area.bottom() - height, width, height };
        clear(buf, place);
        slot(buf, after(row(place, 0), 1), sign, style, look);
        for (number, line) in lines.iter().enumerate() {
            slot(buf, after(row(place, cells(number)), 3), line, Slot::Text, look);
        }
        height
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    fn shown(toasts: &Toasts) -> Vec<&str> {
        toasts.items.iter().map(|toast| toast.text.as_str()).collect()
    }

    #[test]
    fn news_goes_after_five_seconds_and_errors_stay() {
        let start = Instant::now();
        let mut toasts = Toasts::default();
        toasts.push(ToastKind::Error, "failed", start);
        toasts.push(ToastKind::Info, "copied", start);
        assert_eq!(toasts.deadline(), Some(start + Toasts::STAY));
        assert!(!toasts.expire(start + Duration::from_millis(4999)));
        assert!(toasts.expire(start + Toasts::STAY));
        assert_eq!((shown(&toasts), toasts.deadline()), (vec!["failed"], None));
        assert!(toasts.dismiss() && toasts.is_empty() && !toasts.dismiss());
    }

    #[test]
    fn news_makes_room_before_errors_do() {
        let now = Instant::now();
        let mut toasts = Toasts::default();
        toasts.push(ToastKind::Error, "e1", now);
        toasts.push(ToastKind::Success, "s1", now);
        toasts.push(ToastKind::Error, "e2", now);
        toasts.push(ToastKind::Info, "i1", now);
        assert_eq!(shown(&toasts), ["e1", "e2", "i1"]);
        toasts.push(ToastKind::Error, "e1", now);
        assert_eq!(shown(&toasts), ["e2", "i1", "e1"], "the same message is not shown twice");
        toasts.push(ToastKind::Error, "e3", now);
        toasts.push(ToastKind::Error, "e4", now);
        assert_eq!(shown(&toasts), ["e1", "e3", "e4"]);
    }

    #[test]
    fn escape_takes_the_newest_error_first() {
        let now = Instant::now();
        let mut toasts = Toasts::default();
        toasts.push(ToastKind::Error, "e1", now);
        toasts.push(ToastKind::Error, "e2", now);
        toasts.push(ToastKind::Info, "i", now);
        toasts.dismiss();
        assert_eq!(shown(&toasts), ["e1", "i"]);
        toasts.dismiss();
        toasts.dismiss();
        assert!(toasts.is_empty());
    }

    fn view(area: Rect, buf: &mut Buffer, look: &Look) {
        let now = Instant::now();
        let mut toasts = Toasts::default();
        toasts.push(
            ToastKind::Error,
            "The plane refused to migrate: the gateway berlin-vsphere-2 is not healthy.",
            now,
        );
        toasts.push(ToastKind::Success, "Copied the uid", now);
        toasts.render(area, buf, look);
    }

    #[test]
    fn views() {
        insta::assert_debug_snapshot!("toasts", testing::draw(66, 4, view));
        insta::assert_debug_snapshot!("toasts_plain", testing::draw_plain(40, 4, view));
        testing::sweep(view);
    }
}
