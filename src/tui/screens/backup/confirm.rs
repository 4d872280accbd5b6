//! Questions before something is cancelled, deleted or forgotten. No is focused first.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::backup::Backup;
use crate::api::words::{JobKind, TransferState};
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::msg::backup::{Ask, Begin, Which};
use crate::tui::msg::{Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{below, cells, row, slot, wrap};
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;

use super::{job, words};

/// What is done after a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Then {
    Cancel(String),
    Delete(Which),
    Remove(String),
}

/// The question.
pub(super) struct Confirm {
    title: String,
    paragraphs: Vec<(String, Slot)>,
    buttons: Buttons<bool>,
    then: Then,
}

/// Asks before a backup is deleted.
pub(super) fn delete(backup: &Backup, model: &Model) -> Acts {
    let place = words::place(&backup.location, &backup.mode);
    let size = if backup.bytes == 0 { String::new() } else { format!(": {}", text::size(backup.bytes)) };
    let mut paragraphs = vec![(format!("It leaves {place} for good{size}. This cannot be undone."), Slot::Text)];
    let newest = model.backups.location(&backup.location).is_some_and(|view| view.status.last_good == backup.uid);
    let others = model.backups.rows.iter().filter(|other| {
        other.location == backup.location && other.uid != backup.uid && other.state == TransferState::Completed
    });
    let others = others.count();
    if backup.state == TransferState::Completed && others == 0 {
        paragraphs.push((format!("It is the only good backup in {place}."), Slot::Bad));
    } else if newest {
        paragraphs.push((format!("It is the newest good backup in {place}; {others} older stay."), Slot::Warn));
    }
    if !backup.own {
        paragraphs.push(("It was made by another plane, which may still count on it.".to_owned(), Slot::Bad));
    }
    open(format!("Delete {}?", text::clean(&backup.uid)), paragraphs, ("Keep it", "Delete"), {
        Then::Delete(Which::of(backup))
    })
}

/// Asks before a job is cancelled.
pub(super) fn cancel(uid: &str, model: &Model) -> Acts {
    let Some(job) = model.backups.job(uid).filter(|job| !job.state.ended()) else {
        return vec![Act::Notice(Tone::Info, "It has ended already.".to_owned())];
    };
    if !job.cancellable {
        let words = format!("The {} cannot be cancelled at this point; it ends by itself.", words::noun(&job.kind));
        return vec![Act::Notice(Tone::Info, words)];
    }
    let consequence = match job.kind {
        JobKind::Create => "What was uploaded so far is removed. The next scheduled backup runs as planned.",
        JobKind::Restore | JobKind::Recover => "Nothing has been changed so far; the state stays as it is.",
        JobKind::Delete => "What is deleted stays deleted; the rest is listed as incomplete and can be deleted again.",
        _ => "Nothing is changed by it.",
    };
    let what = words::noun(&job.kind);
    let title = format!("Cancel the {what}?");
    let go_on = format!("Let the {what} go on");
    open(title, vec![(consequence.to_owned(), Slot::Text)], (&go_on, "Cancel it"), Then::Cancel(uid.to_owned()))
}

/// Asks before a location is forgotten.
pub(super) fn remove(name: &str, model: &Model) -> Acts {
    let Some(view) = model.backups.location(name) else { return Acts::new() };
    let kept = model.backups.rows.iter().filter(|backup| backup.location == name).count();
    let address = text::clean(&view.status.address).into_owned();
    let paragraphs = vec![
        (format!("Scheduled backups to {address} end, and its password or key is forgotten."), Slot::Text),
        (format!("What lies there stays: {}.", text::count(kept, "backup")), Slot::Text),
    ];
    let title = format!("Forget the location {}?", text::clean(name));
    open(title, paragraphs, ("Keep it", "Forget it"), Then::Remove(name.to_owned()))
}

fn open(title: String, paragraphs: Vec<(String, Slot)>, (no, yes): (&str, &str), then: Then) -> Acts {
    let buttons = Buttons::new([Button::new(false, no), Button::danger(true, yes)]);
    vec![Act::Open(Box::new(Confirm { title, paragraphs, buttons, then }))]
}

impl Confirm {
    fn yes(&self) -> Acts {
        let ask = |ask| Act::Effect(Effect::Ask(Request::Backup(ask)));
        let mut acts = vec![Act::Close];
        match &self.then {
            Then::Cancel(uid) => acts.push(ask(Ask::Cancel(uid.clone()))),
            Then::Delete(which) => acts.extend(job::begin(Begin::Delete(which.clone()))),
            Then::Remove(name) => acts.push(ask(Ask::Remove(name.clone()))),
        }
        acts
    }

    fn dialog<'a>(&self, title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
        let lines: usize = self.paragraphs.iter().map(|(words, _)| wrap(words, WIDTH).len() + 1).sum();
        Dialog::new(title).size(WIDTH, cells(lines) + 1).hints(hints)
    }
}

/// Columns of the body.
const WIDTH: u16 = 64;

impl Layer for Confirm {
    fn on_key(&mut self, key: Key, _model: &Model) -> Option<Acts> {
        match self.buttons.on_key(key) {
            ButtonEvent::Pressed(true) => Some(self.yes()),
            ButtonEvent::Pressed(false) => Some(vec![Act::Close]),
            ButtonEvent::Moved => Some(Acts::new()),
            ButtonEvent::Ignored => (key.code == KeyCode::Esc).then(|| vec![Act::Close]),
        }
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let hints = [Hint::new("Enter", "choose"), Hint::new("Tab", "next"), Hint::new("Esc", "back")];
        let body = self.dialog(&self.title, &hints).render(screen, buf, look);
        let mut rest = body;
        for (words, meaning) in &self.paragraphs {
            for line in wrap(words, body.width) {
                slot(buf, row(rest, 0), &line, *meaning, look);
                rest = below(rest, 1);
            }
            rest = below(rest, 1);
        }
        self.buttons.render(row(body, body.height.saturating_sub(1)), buf, true, look);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        let body = self.dialog("", &[]).body(screen);
        self.buttons.cursor(row(body, body.height.saturating_sub(1)))
    }
}
