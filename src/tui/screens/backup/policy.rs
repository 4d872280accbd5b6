//! The two IAM policies that S3 backups need, filled with the bucket: to read, to copy, to save.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::words::Mode;
use crate::ops::policy::{Policy, policies};
use crate::text;
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::below;
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::field::Field;
use crate::tui::ui::widgets::form::{Form, FormEvent};
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::text_view::{StyledLine, TextView};

/// The dialog.
pub(super) struct PolicyDialog {
    form: Form,
    text: TextView,
}

/// Opens the dialog, with the bucket that is configured.
pub(super) fn open(model: &Model) -> Acts {
    let bucket = |location: &crate::api::location::Location| location.s3.as_ref().map(|s3| s3.bucket.clone());
    let configured = model.backups.locations().iter().map(|view| &view.location);
    let mut found = configured.chain(model.backups.suggested(&Mode::S3)).filter(|it| it.mode == Mode::S3);
    let bucket = found.find_map(bucket).unwrap_or_default();
    let form = Form::new([
        Field::text("bucket", "Bucket", &bucket),
        Field::button("copy-s3", "Copy S3-Policy"),
        Field::button("copy-ec2", "Copy EC2-Policy"),
        Field::button("save", "Save both"),
        Field::button("done", "Done"),
    ]);
    let mut dialog = PolicyDialog { form, text: TextView::default() };
    dialog.refresh();
    if !bucket.is_empty() {
        dialog.form.focus("copy-s3");
    }
    vec![Act::Open(Box::new(dialog))]
}

impl PolicyDialog {
    fn policies(&self) -> Option<[Policy; 2]> {
        policies(self.form.text("bucket")).ok()
    }

    fn refresh(&mut self) {
        let bucket = self.form.text("bucket").to_owned();
        let (lines, refusal) = match policies(&bucket) {
            Ok(policies) => (policies.iter().flat_map(lines).collect(), None),
            Err(_) if bucket.is_empty() => {
                let words = "Type the name of the bucket: the policies are filled with it.";
                (vec![StyledLine::new(words, Slot::Muted)], Some("A bucket is wanted first.".to_owned()))
            }
            Err(error) => {
                let words = text::sentence(&error.to_string());
                (vec![StyledLine::new(words.clone(), Slot::Bad)], Some(words))
            }
        };
        self.text.set(lines);
        for id in ["copy-s3", "copy-ec2", "save"] {
            self.form.refuse(id, refusal.clone());
        }
    }

    fn pressed(&self, id: &str, model: &Model) -> Acts {
        let Some([s3, ec2]) = self.policies() else {
            return if id == "done" { vec![Act::Close] } else { Acts::new() };
        };
        let save = |policy: Policy| {
            let (dir, name) = (model.save_dir.clone(), policy.file.to_owned());
            Act::Effect(Effect::Save { dir, name, text: policy.text })
        };
        match id {
            "copy-s3" => vec![Act::Effect(Effect::Copy(s3.text))],
            "copy-ec2" => vec![Act::Effect(Effect::Copy(ec2.text))],
            "save" => vec![save(s3), save(ec2)],
            _ => vec![Act::Close],
        }
    }
}

fn lines(policy: &Policy) -> Vec<StyledLine> {
    let mut lines = vec![StyledLine::new(policy.name, Slot::Title).and(format!("  {}", policy.purpose), Slot::Muted)];
    lines.extend(policy.text.lines().map(|line| StyledLine::new(line, Slot::Text)));
    lines.push(StyledLine::default());
    lines
}

impl Layer for PolicyDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        let (text, _) = areas(dialog(&[], model.screen).body(model.screen));
        match key.code {
            KeyCode::Esc => return Some(vec![Act::Close]),
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
                self.text.on_key(key, text);
                return Some(Acts::new());
            }
            _ => {}
        }
        match self.form.on_key(key) {
            FormEvent::Ignored => None,
            FormEvent::Changed(_) => {
                self.refresh();
                Some(Acts::new())
            }
            FormEvent::Pressed(id) => Some(self.pressed(id, model)),
            _ => Some(Acts::new()),
        }
    }

    fn on_paste(&mut self, text: &str) {
        self.form.paste(text);
        self.refresh();
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let hints = [
            Hint::new("Enter", "choose"),
            Hint::new("Tab", "next"),
            Hint::new("Up Down", "scroll"),
            Hint::new("Esc", "close"),
        ];
        let (text, form) = areas(dialog(&hints, screen).render(screen, buf, look));
        self.text.render(text, buf, look);
        self.form.render(form, screen, buf, look);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.form.cursor(areas(dialog(&[], screen).body(screen)).1, screen)
    }
}

/// The text above, the bucket and the buttons below.
fn areas(body: Rect) -> (Rect, Rect) {
    let form = FORM.min(body.height);
    let text = Rect { height: body.height.saturating_sub(form + 1), ..body };
    (text, below(body, body.height - form))
}

/// Rows of the bucket, a blank one, the buttons.
const FORM: u16 = 3;

fn dialog<'a>(hints: &'a [Hint<'a>], screen: Rect) -> Dialog<'a> {
    Dialog::new("IAM policies for S3 backups").size(76, screen.height.saturating_sub(6).min(44)).hints(hints)
}
