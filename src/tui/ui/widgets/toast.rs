//! Short messages on one line: news goes away by itself, errors wait until they are dismissed.

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::ui::draw::{after, clear, right, row, slot};
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

    /// Draws the newest message into the first row of `area`, which is all it takes: a message must not lie on what the
    /// person is doing.
    pub fn render(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let Some(toast) = self.items.last() else { return };
        let (sign, style) = match toast.kind {
            ToastKind::Info => (look.glyphs.separator, Slot::Accent),
            ToastKind::Success => (look.glyphs.check, Slot::Good),
            ToastKind::Error => (look.glyphs.bad, Slot::Bad),
        };
        let line = row(area, 0);
        clear(buf, line);
        slot(buf, after(line, 1), sign, style, look);
        let mut room = after(line, 3);
        if toast.until.is_none() {
            room.width = right(buf, room, DISMISS, Slot::Muted, look).saturating_sub(2);
        }
        slot(buf, room, &toast.text, Slot::Text, look);
    }
}

/// What to do with an error.
const DISMISS: &str = "E reads it, Esc dismisses ";

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
