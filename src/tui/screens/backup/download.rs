//! Copying the files of a backup into a directory, to be kept or opened by hand.

use std::path::{Path, PathBuf};

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::backup::Backup;
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::msg::backup::{Ask, Told, Which};
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{cells, row, slot, wrap};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::field::Field;
use crate::tui::ui::widgets::form::{Form, FormEvent};
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::progress::Progress;

/// The dialog.
pub(super) struct DownloadDialog {
    which: Which,
    bytes: u64,
    form: Form,
    /// Bytes that are copied, and all of them, while it goes on.
    busy: Option<(u64, u64)>,
}

/// Opens the dialog.
pub(super) fn open(backup: &Backup, model: &Model) -> Acts {
    let dir = model.save_dir.join(text::clean(&backup.uid).as_ref());
    let field = Field::path("dir", "Directory", &dir.display().to_string()).required().help(HELP);
    let dialog = DownloadDialog { which: Which::of(backup), bytes: backup.bytes, form: Form::new([field]), busy: None };
    vec![Act::Open(Box::new(dialog))]
}

const HELP: &str = "It is made where it is missing; nothing in it is overwritten. The files stay encrypted: the README shows \
                    how to open them with age and zstd.";

impl Layer for DownloadDialog {
    fn on_key(&mut self, key: Key, _model: &Model) -> Option<Acts> {
        if key.code == KeyCode::Esc {
            let goes_on = Act::Notice(Tone::Info, "The download goes on.".to_owned());
            return Some([Some(Act::Close), self.busy.map(|_| goes_on)].into_iter().flatten().collect());
        }
        if self.busy.is_some() {
            return Some(Acts::new());
        }
        match self.form.on_key(key) {
            FormEvent::Ignored => None,
            FormEvent::Submitted => {
                self.busy = Some((0, self.bytes));
                let dir = PathBuf::from(self.form.text("dir"));
                Some(vec![Act::Effect(Effect::Ask(Request::Backup(Ask::Download(self.which.clone(), dir))))])
            }
            _ => Some(Acts::new()),
        }
    }

    fn on_paste(&mut self, text: &str) {
        self.form.paste(text);
    }

    fn on_answer(&mut self, answer: &Answer, _model: &Model) -> Acts {
        match answer {
            Answer::Backup(Told::Downloading(which, done, total)) if *which == self.which => {
                self.busy = Some((*done, *total));
            }
            Answer::Backup(Told::Downloaded(which, result)) if *which == self.which => {
                self.busy = None;
                match result {
                    Ok(path) => return vec![Act::Close, Act::Notice(Tone::Done, done(path))],
                    Err(error) => {
                        self.form.set_error("dir", text::sentence(&error.to_string()));
                    }
                }
            }
            _ => {}
        }
        Acts::new()
    }

    fn follows(&self, uid: &str) -> bool {
        self.busy.is_some() && uid == self.which.uid
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let title = format!("Download {}", text::clean(&self.which.uid));
        let hints = match self.busy {
            Some(_) => vec![Hint::new("Esc", "close; it goes on")],
            None => vec![Hint::new("Enter", "download"), Hint::new("Esc", "cancel")],
        };
        let body = dialog(&title, &hints).render(screen, buf, look);
        let Some((done, total)) = self.busy else { return self.form.render(body, screen, buf, look) };
        let to = format!("To {}", self.form.text("dir"));
        for (place, line) in wrap(&to, body.width).iter().take(3).enumerate() {
            slot(buf, row(body, cells(place)), line, Slot::Text, look);
        }
        let words = format!("{} of {}", text::size(done), text::size(total));
        let part = |bytes: u64| usize::try_from(bytes / 1024).unwrap_or(usize::MAX);
        Progress::new(part(done), Some(part(total).max(1))).words(&words).render(row(body, 4), buf, look);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.busy.is_none().then(|| self.form.cursor(dialog("", &[]).body(screen), screen)).flatten()
    }
}

fn done(path: &Path) -> String {
    format!("The backup is in {}.", path.display())
}

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(72, 8).hints(hints)
}
