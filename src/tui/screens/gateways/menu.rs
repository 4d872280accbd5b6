//! What can be done with a gateway, like the three dots at the end of its row in the web console.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{delete, migrate, rename};
use crate::ops::pcgs::Pcg;
use crate::text;
use crate::tui::command::{Command, Entry, TABLE};
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{after, at, cells, row, slot};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;

const ITEMS: [(Command, &str); 5] = [
    (Command::Migrate, "Migrate…"),
    (Command::Delete, "Delete…"),
    (Command::Rename, "Rename…"),
    (Command::History, "Audit entries"),
    (Command::CopyUid, "Copy uid"),
];

/// The menu.
pub struct Menu {
    pcg: Pcg,
    focus: usize,
}

/// What a command on a gateway does.
#[must_use]
pub fn act(command: Command, pcg: &Pcg) -> Acts {
    match command {
        Command::Migrate => vec![Act::Open(Box::new(migrate::Wizard::new(&pcg.uid, &pcg.name)))],
        Command::Delete => delete::open(pcg),
        Command::Rename => vec![Act::Open(Box::new(rename::RenameDialog::new(pcg)))],
        Command::History => vec![Act::ShowAudits { uid: pcg.uid.clone(), name: pcg.name.clone() }],
        Command::CopyUid => vec![Act::Effect(Effect::Copy(pcg.uid.clone()))],
        _ => Acts::new(),
    }
}

impl Menu {
    /// The menu of a gateway.
    #[must_use]
    pub fn new(pcg: &Pcg) -> Self {
        Self { pcg: pcg.clone(), focus: 0 }
    }

    fn choose(&self, command: Command) -> Acts {
        let mut acts = vec![Act::Close];
        acts.extend(act(command, &self.pcg));
        acts
    }

    fn title(&self) -> String {
        text::clean(&self.pcg.name).into_owned()
    }
}

impl Layer for Menu {
    fn on_key(&mut self, key: Key, _model: &Model) -> Option<Acts> {
        let step = |by: usize| (self.focus + by) % ITEMS.len();
        match key.code {
            KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => self.focus = step(1),
            KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => self.focus = step(ITEMS.len() - 1),
            KeyCode::Enter | KeyCode::Char(' ') => {
                return ITEMS.get(self.focus).map(|(command, _)| self.choose(*command));
            }
            KeyCode::Esc | KeyCode::Char('q') => return Some(vec![Act::Close]),
            _ => {
                let named = |entry: &&Entry| {
                    ITEMS.iter().any(|(command, _)| *command == entry.command)
                        && entry.keys.iter().any(|name| name.parse() == Ok(key))
                };
                return TABLE.iter().find(named).map(|entry| self.choose(entry.command));
            }
        }
        Some(Acts::new())
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let hints = [Hint::new("Enter", "choose"), Hint::new("Esc", "close")];
        let title = self.title();
        let body = dialog(&title, &hints).render(screen, buf, look);
        for (place, (command, label)) in ITEMS.iter().enumerate() {
            let line = row(body, cells(place));
            let chosen = place == self.focus;
            if chosen {
                slot(buf, line, look.glyphs.marker, Slot::Accent, look);
            }
            slot(buf, after(line, 2), label, if chosen { Slot::Selected } else { Slot::Text }, look);
            let key = TABLE.iter().find(|entry| entry.command == *command).map(Entry::key).unwrap_or_default();
            slot(buf, after(line, 26), &key, Slot::Muted, look);
        }
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        at(row(dialog("", &[]).body(screen), cells(self.focus)), 0)
    }
}

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(36, cells(ITEMS.len())).hints(hints)
}
