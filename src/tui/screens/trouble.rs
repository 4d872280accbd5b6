//! There is no plane: why, and the ways out. The body of every tab then.

use chrono::{DateTime, Utc};
use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::layer::{Act, Acts};
use crate::tui::link::{Order, Trouble};
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, below, cells, row, slot, wrap};
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::{Look, Slot};

/// A way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Retry,
    SetAside,
    Quit,
}

/// The body.
pub struct TroubleScreen {
    trouble: Trouble,
    tried: DateTime<Utc>,
    ways: Buttons<Way>,
}

impl TroubleScreen {
    /// Shows a trouble.
    #[must_use]
    pub fn new(trouble: Trouble, tried: DateTime<Utc>) -> Self {
        let mut ways = vec![Button::new(Way::Retry, "Try again")];
        if trouble.damaged {
            ways.push(Button::new(Way::SetAside, "Keep the file aside and begin anew"));
        }
        ways.push(Button::new(Way::Quit, "Quit"));
        Self { trouble, tried, ways: Buttons::new(ways) }
    }

    /// What a key does.
    pub fn on_key(&mut self, key: Key) -> Option<Acts> {
        match self.ways.on_key(key) {
            ButtonEvent::Pressed(Way::Retry) => Some(vec![Act::Effect(Effect::Order(Order::Retry))]),
            ButtonEvent::Pressed(Way::SetAside) => Some(vec![Act::Effect(Effect::Order(Order::SetAside))]),
            ButtonEvent::Pressed(Way::Quit) => Some(vec![Act::Effect(Effect::Quit)]),
            ButtonEvent::Moved => Some(Acts::new()),
            ButtonEvent::Ignored if key.code == KeyCode::Char('q') => Some(vec![Act::Effect(Effect::Quit)]),
            ButtonEvent::Ignored => None,
        }
    }

    fn inner(area: Rect) -> Rect {
        let narrow = below(after(area, 3), 1);
        Rect { width: narrow.width.saturating_sub(3), ..narrow }
    }

    /// The message's part and the buttons' row, which nothing may cover.
    fn areas(&self, area: Rect) -> (Rect, Rect) {
        let lines = cells(wrap(&self.trouble.message, area.width).len());
        let buttons = (lines + 3).min(area.height.saturating_sub(1));
        let message = below(area, 2);
        let height = buttons.saturating_sub(2).min(message.height);
        (Rect { height, ..message }, row(area, buttons))
    }

    /// Draws the body.
    pub fn view(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let area = Self::inner(area);
        let title = format!("The plane cannot be used (tried at {} UTC)", self.tried.format("%T"));
        slot(buf, row(area, 0), &title, Slot::Title, look);
        let (message, buttons) = self.areas(area);
        for (place, line) in wrap(&self.trouble.message, area.width).iter().enumerate() {
            slot(buf, row(message, cells(place)), line, Slot::Text, look);
        }
        self.ways.render(buttons, buf, true, look);
    }

    /// Where the terminal's cursor belongs.
    #[must_use]
    pub fn cursor(&self, area: Rect) -> Option<Position> {
        self.ways.cursor(self.areas(Self::inner(area)).1)
    }
}
