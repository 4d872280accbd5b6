//! What a deleted gateway leaves behind: to read, to save, to copy.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ops::delete::{Deleted, checklist};
use crate::ops::pcgs::Pcg;
use crate::text;
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{cells, row, slot};
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

/// Whether the list is anywhere but here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Nowhere,
    /// Nowhere, and the person knows that it does not come back.
    NowhereAndTold,
    /// Saved or copied.
    Somewhere,
}

/// The dialog.
pub struct ChecklistDialog {
    deleted: Deleted,
    text: TextView,
    next: Buttons<Next>,
    kept: Kept,
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
        Self { deleted, text: TextView::new(lines), next, kept: Kept::Nowhere }
    }

    /// As high as the list, where the screen is.
    fn dialog<'a>(&self, title: &'a str, hints: &'a [Hint<'a>], screen: Rect) -> Dialog<'a> {
        let height = cells(self.text.height(WIDTH)) + 3;
        Dialog::new(title).size(WIDTH, height.min(screen.height.saturating_sub(AROUND))).hints(hints)
    }

    fn pressed(&mut self, next: Next, model: &Model) -> Acts {
        match (next, self.kept) {
            (Next::Save | Next::Copy, _) => self.kept = Kept::Somewhere,
            (Next::Done | Next::Audits, Kept::Nowhere) => {
                self.kept = Kept::NowhereAndTold;
                return Acts::new();
            }
            _ => {}
        }
        let pcg = &self.deleted.pcg;
        match next {
            Next::Save => vec![Act::Effect(Effect::Save {
                dir: model.save_dir.clone(),
                name: format!("residual-{}.txt", file_name(pcg)),
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

const LAST_LOOK: &str = "It is not shown again. Save it, copy it, or leave once more.";

impl Layer for ChecklistDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        match self.next.on_key(key) {
            ButtonEvent::Pressed(next) => return Some(self.pressed(next, model)),
            ButtonEvent::Moved => return Some(Acts::new()),
            ButtonEvent::Ignored => {}
        }
        if key.code == KeyCode::Esc {
            return Some(self.pressed(Next::Done, model));
        }
        let (text, _) = areas(self.dialog("", &[], model.screen).body(model.screen));
        self.text.on_key(key, text).then(Acts::new)
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let title = format!("{} is deleted", text::elide(&text::clean(&self.deleted.pcg.name), 50));
        let hints = [
            Hint::new("Enter", "choose"),
            Hint::new("Tab", "next"),
            Hint::new("Up Down", "scroll"),
            Hint::new("Esc", "done"),
        ];
        let (text, buttons) = areas(self.dialog(&title, &hints, screen).render(screen, buf, look));
        self.text.render(text, buf, look);
        let told = Rect { y: buttons.y.saturating_sub(1), ..buttons };
        if self.kept == Kept::NowhereAndTold && text.bottom() <= told.y {
            slot(buf, told, LAST_LOOK, Slot::Warn, look);
        }
        self.next.render(buttons, buf, true, look);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.next.cursor(areas(self.dialog("", &[], screen).body(screen)).1)
    }
}

/// The gateway's name as part of a file's name, or its uid where that would not do.
fn file_name(pcg: &Pcg) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if pcg.name.chars().all(plain) && (1..=64).contains(&pcg.name.len()) { &pcg.name } else { &pcg.uid }
}

fn areas(body: Rect) -> (Rect, Rect) {
    (Rect { height: body.height.saturating_sub(3), ..body }, row(body, body.height.saturating_sub(1)))
}

/// Columns of the list.
const WIDTH: u16 = 76;
/// Rows of the list's frame and buttons.
const AROUND: u16 = 9;
