//! What a deleted gateway leaves behind: to read, to save, to copy.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ops::delete::{Deleted, checklist};
use crate::text;
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::row;
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::text_view::{StyledLine, TextView};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Save,
    Copy,
    Audits,
    Done,
}

/// The dialog.
pub struct ChecklistDialog {
    deleted: Deleted,
    text: TextView,
    next: Buttons<Next>,
}

impl ChecklistDialog {
    /// The list of a deleted gateway.
    #[must_use]
    pub fn new(deleted: Deleted) -> Self {
        let mut lines = vec![StyledLine::new(LEFT, Slot::Text), StyledLine::default()];
        for item in &deleted.residual {
            lines.push(StyledLine::new(item.what.clone(), Slot::Title));
            lines.push(StyledLine::new(format!("  {}", item.look_for), Slot::Text));
            lines.extend(item.commands.iter().map(|command| StyledLine::new(format!("    {command}"), Slot::Accent)));
            lines.push(StyledLine::default());
        }
        let next = Buttons::new([
            Button::new(Next::Save, "Save the list"),
            Button::new(Next::Copy, "Copy it"),
            Button::new(Next::Audits, "Audit entries"),
            Button::new(Next::Done, "Done"),
        ]);
        Self { deleted, text: TextView::new(lines), next }
    }

    fn pressed(&self, next: Next, model: &Model) -> Acts {
        let pcg = &self.deleted.pcg;
        match next {
            Next::Save => vec![Act::Effect(Effect::Save {
                dir: model.save_dir.clone(),
                name: format!("residual-{}.txt", pcg.uid),
                text: checklist(&self.deleted),
            })],
            Next::Copy => vec![Act::Effect(Effect::Copy(checklist(&self.deleted)))],
            Next::Audits => vec![Act::Close, Act::ShowAudits { uid: pcg.uid.clone(), name: pcg.name.clone() }],
            Next::Done => vec![Act::Close],
        }
    }
}

const LEFT: &str = "The plane has forgotten the gateway. This is left for you to remove; read each command before you \
                    run it.";

impl Layer for ChecklistDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        match self.next.on_key(key) {
            ButtonEvent::Pressed(next) => return Some(self.pressed(next, model)),
            ButtonEvent::Moved => return Some(Acts::new()),
            ButtonEvent::Ignored => {}
        }
        if key.code == KeyCode::Esc {
            return Some(vec![Act::Close]);
        }
        let (text, _) = areas(dialog("", &[]).body(model.screen));
        self.text.on_key(key, text).then(Acts::new)
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let title = format!("{} is deleted", text::elide(&text::clean(&self.deleted.pcg.name), 50));
        let hints = [Hint::new("Enter", "choose"), Hint::new("Tab", "next"), Hint::new("Up Down", "scroll")];
        let (text, buttons) = areas(dialog(&title, &hints).render(screen, buf, look));
        self.text.render(text, buf, look);
        self.next.render(buttons, buf, true, look);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.next.cursor(areas(dialog("", &[]).body(screen)).1)
    }
}

fn areas(body: Rect) -> (Rect, Rect) {
    (Rect { height: body.height.saturating_sub(2), ..body }, row(body, body.height.saturating_sub(1)))
}

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(76, 18).hints(hints)
}
