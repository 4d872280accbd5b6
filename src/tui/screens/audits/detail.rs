//! One audit entry at length.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::api::audit::Audit;
use crate::api::meta::time;
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::text_view::{StyledLine, TextView};

/// The dialog.
pub struct EntryDialog {
    entry: Audit,
    text: TextView,
}

impl EntryDialog {
    /// Shows an entry.
    #[must_use]
    pub fn new(entry: Audit) -> Self {
        let text = TextView::new(lines(&entry));
        Self { entry, text }
    }
}

fn lines(entry: &Audit) -> Vec<StyledLine> {
    let spec = &entry.spec;
    let resource = &spec.resource;
    let person = spec.actor.user.as_ref().map_or_else(String::new, |user| {
        format!("{} {} {}", user.first_name, user.last_name, user.uid).trim().to_owned()
    });
    let project = spec.actor.project.as_ref().map_or_else(String::new, |project| project.name.clone());
    let word = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let fields = [
        ("Time", entry.metadata.creation_timestamp.map_or_else(String::new, time::format)),
        ("User", entry.who().to_owned()),
        ("", person),
        ("Actor", word(spec.actor.actor_type.as_ref().map(|kind| kind.as_str()))),
        ("Project", project),
        ("Action", word(spec.action_type.as_ref().map(|action| action.as_str()))),
        ("Resource", format!("{} {}", resource.kind, resource.name).trim().to_owned()),
        ("", resource.uid.clone()),
        ("Uid", entry.metadata.uid.clone()),
    ];
    let mut lines: Vec<StyledLine> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| StyledLine::new(format!("{label:<10}"), Slot::Label).and(value, Slot::Text))
        .collect();
    let messages = [("Message", &spec.action_msg), ("Detail", &spec.content_msg), ("Note", &spec.user_msg)];
    for (label, text) in messages.into_iter().filter(|(_, text)| !text.is_empty()) {
        lines.push(StyledLine::default());
        lines.push(StyledLine::new(label, Slot::Label));
        lines.extend(text.lines().map(|line| StyledLine::new(line, Slot::Text)));
    }
    lines
}

impl Layer for EntryDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Some(vec![Act::Close]),
            KeyCode::Char('y') => Some(vec![Act::Effect(Effect::Copy(self.entry.metadata.uid.clone()))]),
            _ => self.text.on_key(key, dialog(&[]).body(model.screen)).then(Acts::new),
        }
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let hints = [Hint::new("Up Down", "scroll"), Hint::new("y", "copy uid"), Hint::new("Esc", "close")];
        let body = dialog(&hints).render(screen, buf, &model.look());
        self.text.render(body, buf, &model.look());
    }
}

fn dialog<'a>(hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new("Audit entry").size(76, 18).hints(hints)
}
