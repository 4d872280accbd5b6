//! The question before leaving while a migration or a job of the backups goes on.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::screens::backup;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{cells, row, slot, wrap};
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;

/// The question.
pub struct Leave(Buttons<bool>);

impl Default for Leave {
    fn default() -> Self {
        Self(Buttons::new([Button::new(false, "Stay"), Button::danger(true, "Leave")]))
    }
}

fn words(model: &Model) -> String {
    if model.jobs.running().next().is_some() {
        return migration(model).to_owned();
    }
    let what = noun(model);
    if model.capabilities.embedded {
        format!(
            "A {what} is going on. It goes on where another console or `palette-console serve` keeps this plane; otherwise \
             it is cut short, and the next start takes it up again or tells what became of it."
        )
    } else {
        format!("A {what} is going on. The plane finishes it without this console.")
    }
}

fn noun(model: &Model) -> &'static str {
    match model.backups.active().next() {
        Some(job) if model.jobs.running().next().is_none() => backup::words::noun(&job.kind),
        _ => "migration",
    }
}

fn migration(model: &Model) -> &'static str {
    if model.capabilities.embedded {
        "A migration is going on. It goes on where another console or `palette-console serve` keeps this plane; \
         otherwise it rests, and is finished at the next start. The audit logs tell how it ended."
    } else {
        "A migration is going on. The plane finishes it without this console; the audit logs tell how it ended."
    }
}

impl Layer for Leave {
    fn on_key(&mut self, key: Key, _model: &Model) -> Option<Acts> {
        match self.0.on_key(key) {
            ButtonEvent::Pressed(true) => Some(vec![Act::Effect(Effect::Quit)]),
            ButtonEvent::Pressed(false) => Some(vec![Act::Close]),
            ButtonEvent::Ignored if key.code == KeyCode::Esc => Some(vec![Act::Close]),
            ButtonEvent::Ignored | ButtonEvent::Moved => Some(Acts::new()),
        }
    }

    fn asks_to_leave(&self) -> bool {
        true
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let hints = [Hint::new("Enter", "choose"), Hint::new("Tab", "next"), Hint::new("Esc", "stay")];
        let title = format!("Leave while a {} goes on?", noun(model));
        let body = dialog(&title, &hints).render(screen, buf, look);
        for (place, line) in wrap(&words(model), body.width).iter().enumerate() {
            slot(buf, row(body, cells(place)), line, Slot::Text, look);
        }
        self.0.render(row(body, body.height.saturating_sub(1)), buf, true, look);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        let body = dialog("", &[]).body(screen);
        self.0.cursor(row(body, body.height.saturating_sub(1)))
    }
}

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(66, 6).hints(hints)
}
