//! A job as it goes on and how it ends. The dialog may be closed and opened again: the job goes on at the plane.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::api::job::Job;
use crate::api::words::{JobKind, JobState, Mode, VerifyLevel};
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::msg::backup::{Ask, Begin, Failed, Step, Told, Which};
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, below, cells, row, slot, spans, wrap};
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::progress::Progress;
use crate::tui::ui::{Look, Slot};

use super::{confirm, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Done,
    Verify,
    TryAgain,
}

/// How far the dialog knows the job.
enum Seen {
    /// The order is on its way, or was taken.
    Asked,
    /// The job goes on, or has ended, as the model tells.
    Known(String),
    /// How it ended on a plane that keeps no jobs.
    Told(Box<Job>),
    /// The plane took the order and tells no more.
    Accepted,
    /// It was not begun, or is out of sight.
    Failed(Failed),
}

/// The dialog.
pub(super) struct JobDialog {
    /// What was asked for, where this dialog asked.
    begin: Option<Begin>,
    seen: Seen,
    /// The newest news of the way.
    note: Option<String>,
    next: Buttons<Next>,
}

/// Asks the plane to begin a job, and shows it.
pub(super) fn begin(begin: Begin) -> Acts {
    let dialog = JobDialog { begin: Some(begin.clone()), seen: Seen::Asked, note: None, next: Buttons::new([]) };
    vec![Act::Open(Box::new(dialog)), Act::Effect(Effect::Ask(Request::Backup(Ask::Begin(begin))))]
}

impl JobDialog {
    /// Shows a job that the plane told of.
    pub(super) fn watching(uid: &str, model: &Model) -> Self {
        let mut dialog = Self { begin: None, seen: Seen::Known(uid.to_owned()), note: None, next: Buttons::new([]) };
        dialog.settle(model);
        dialog
    }

    fn job<'a>(&'a self, model: &'a Model) -> Option<&'a Job> {
        match &self.seen {
            Seen::Known(uid) => model.backups.job(uid),
            Seen::Told(job) => Some(job),
            _ => None,
        }
    }

    fn is_running(&self, model: &Model) -> bool {
        match &self.seen {
            Seen::Asked => true,
            // Its first news is on its way.
            Seen::Known(_) => self.job(model).is_none_or(|job| !job.state.ended()),
            Seen::Told(_) | Seen::Accepted | Seen::Failed(_) => false,
        }
    }

    /// Buttons for how it ended.
    fn settle(&mut self, model: &Model) {
        if self.is_running(model) || self.next.focused().is_some() {
            return;
        }
        let done = Button::new(Next::Done, "Done");
        self.next = match (self.job(model), &self.seen) {
            (Some(job), _) if job.kind == JobKind::Create && job.state == JobState::Completed => {
                Buttons::new([done, Button::new(Next::Verify, "Verify it")])
            }
            (Some(job), _) if job.state == JobState::Error && self.begin.is_some() && again(&job.kind) => {
                Buttons::new([Button::new(Next::Done, "Close"), Button::new(Next::TryAgain, "Try again")])
            }
            (_, Seen::Failed(_)) if self.begin.as_ref().is_some_and(|begin| again(&begin.kind())) => {
                Buttons::new([Button::new(Next::Done, "Close"), Button::new(Next::TryAgain, "Try again")])
            }
            _ => Buttons::new([done]),
        };
    }

    fn pressed(&self, next: Next, model: &Model) -> Acts {
        let mut acts = vec![Act::Close];
        match (next, self.job(model), &self.begin) {
            (Next::Verify, Some(job), _) => {
                let which = Which { location: job.location.clone(), uid: job.backup_uid.clone() };
                acts.extend(begin(Begin::Verify(which, VerifyLevel::Data)));
            }
            (Next::TryAgain, _, Some(asked)) => acts.extend(begin(asked.clone())),
            _ => {}
        }
        acts
    }

    fn leave(&self, model: &Model) -> Acts {
        let mut acts = vec![Act::Close];
        if self.is_running(model) {
            acts.push(Act::Notice(Tone::Info, "It goes on; w shows it again.".to_owned()));
        }
        acts
    }

    fn on_told(&mut self, told: &Told) {
        match told {
            Told::Step(begin, step) if Some(begin) == self.begin.as_ref() => match step {
                Step::Accepted(started) if !started.job_uid.is_empty() => {
                    self.seen = Seen::Known(started.job_uid.clone());
                }
                Step::Job(job) if !job.uid.is_empty() => self.seen = Seen::Known(job.uid.clone()),
                Step::Note(words) => self.note = Some(words.clone()),
                Step::SignedOut => self.note = Some(SIGNED_OUT.to_owned()),
                Step::Accepted(_) | Step::Job(_) => {}
            },
            Told::Ended(begin, result) if Some(begin) == self.begin.as_ref() => match result {
                Ok(Some(job)) if !job.uid.is_empty() => self.seen = Seen::Known(job.uid.clone()),
                Ok(Some(job)) => self.seen = Seen::Told(job.clone()),
                Ok(None) => self.seen = Seen::Accepted,
                Err(error) => self.seen = Seen::Failed(error.clone()),
            },
            _ => {}
        }
    }

    fn title(&self, model: &Model) -> String {
        match (self.job(model), &self.begin) {
            (Some(job), _) => words::doing(job),
            (None, Some(begin)) => {
                let mode = model.backups.location(begin.location()).map(|view| view.location.mode.clone());
                words::doing_kind(
                    &begin.kind(),
                    begin.location(),
                    &mode.unwrap_or_else(|| Mode::from(begin.location())),
                )
            }
            (None, None) => "A job".to_owned(),
        }
    }

    fn hints(&self, model: &Model) -> Vec<Hint<'static>> {
        if !self.is_running(model) {
            return vec![Hint::new("Enter", "choose"), Hint::new("Tab", "next"), Hint::new("Esc", "close")];
        }
        let cancel = self.job(model).filter(|job| job.cancellable).map(|_| Hint::new("c", "cancel"));
        cancel.into_iter().chain([Hint::new("Esc", "close; it goes on")]).collect()
    }
}

/// What may be asked for again just so: it changes nothing, or makes something new.
fn again(kind: &JobKind) -> bool {
    matches!(kind, JobKind::Create | JobKind::Verify)
}

const SIGNED_OUT: &str =
    "The session has ended, as it does when the plane changes its state; sign in to see the outcome.";

impl Layer for JobDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if key.code == KeyCode::Esc {
            return Some(self.leave(model));
        }
        if self.is_running(model) {
            return match (key.code, self.job(model)) {
                (KeyCode::Char('c' | 'x'), Some(job)) => Some(confirm::cancel(&job.uid, model)),
                _ => Some(Acts::new()),
            };
        }
        match self.next.on_key(key) {
            ButtonEvent::Pressed(next) => Some(self.pressed(next, model)),
            ButtonEvent::Moved => Some(Acts::new()),
            ButtonEvent::Ignored => None,
        }
    }

    fn on_answer(&mut self, answer: &Answer, model: &Model) -> Acts {
        if let Answer::Backup(told) = answer {
            self.on_told(told);
        }
        self.settle(model);
        Acts::new()
    }

    fn follows(&self, uid: &str) -> bool {
        matches!(&self.seen, Seen::Known(known) if known == uid)
            || self.begin.as_ref().is_some_and(|begin| begin.called() == uid)
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let (title, hints) = (self.title(model), self.hints(model));
        let body = dialog(&title, &hints).render(screen, buf, look);
        match (&self.seen, self.job(model)) {
            (Seen::Known(_) | Seen::Told(_), Some(job)) if job.state.ended() => ended(job, body, buf, look),
            (Seen::Known(_), Some(job)) => self.view_running(job, body, buf, model),
            (Seen::Failed(error), _) => failed(error, body, buf, look),
            (Seen::Accepted, _) => paragraph(ACCEPTED, Slot::Text, body, buf, look),
            _ => paragraph("Asking the plane …", Slot::Muted, body, buf, look),
        }
        self.next.render(bottom(body), buf, true, look);
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        self.next.focused()?;
        self.next.cursor(bottom(dialog("", &[]).body(screen)))
    }
}

const ACCEPTED: &str = "The plane accepted it and tells no more. The list shows what came of it. After a restore the plane \
                        may be away for some minutes, and every session has to sign in again.";

impl JobDialog {
    fn view_running(&self, job: &Job, body: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let waits = job.state == JobState::Queued;
        let phase = match () {
            () if waits => "Waits for another job in this location".to_owned(),
            () if job.phase.is_empty() => "Working".to_owned(),
            () => text::clean(&job.phase).into_owned(),
        };
        slot(buf, row(body, 0), &phase, Slot::Title, look);
        if !waits && job.progress.plain_done + job.progress.plain_total > 0 {
            let amounts = words::amounts(job);
            let (done, total) = words::measure(job).map_or((0, None), |(done, total)| (done, Some(total)));
            Progress::new(done, total).words(&amounts).render(row(body, 1), buf, look);
        }
        let mut rest = below(body, 3);
        let mut fact = |label: &str, words: &str| {
            slot(buf, row(rest, 0), label, Slot::Label, look);
            slot(buf, after(row(rest, 0), 12), words, Slot::Text, look);
            rest = below(rest, 1);
        };
        if !job.backup_uid.is_empty() {
            fact("Backup", &job.backup_uid);
        }
        if job.progress.stored_done > 0 {
            fact("In place", &format!("{} acknowledged by the location", text::size(job.progress.stored_done)));
        }
        if let Some(started) = job.started {
            let by = match (job.scheduled, job.started_by.is_empty()) {
                (true, _) => ", by the schedule".to_owned(),
                (false, true) => String::new(),
                (false, false) => format!(", by {}", text::clean(&job.started_by)),
            };
            fact("Begun", &format!("{} UTC{by}", started.format("%T")));
        }
        if let Some(note) = &self.note {
            paragraph(note, Slot::Warn, below(rest, 1), buf, look);
        }
    }
}

fn paragraph(words: &str, meaning: Slot, area: Rect, buf: &mut Buffer, look: &Look) {
    for (place, line) in wrap(words, area.width).iter().enumerate() {
        slot(buf, row(area, cells(place)), line, meaning, look);
    }
}

fn failed(error: &Failed, body: Rect, buf: &mut Buffer, look: &Look) {
    let head = match error {
        Failed::Plane(_) | Failed::Fields(_) => " It was not begun",
        Failed::Here(_) => " Its end is not known",
    };
    spans(buf, row(body, 0), [(look.glyphs.bad, Slot::Bad), (head, Slot::Bad)], look);
    let words = text::sentence(&error.to_string());
    paragraph(&words, Slot::Text, below(body, 2), buf, look);
}

fn ended(job: &Job, body: Rect, buf: &mut Buffer, look: &Look) {
    let (sign, word, meaning) = match job.state {
        JobState::Completed => (look.glyphs.check, "Done", Slot::Good),
        JobState::Cancelled => (look.glyphs.spent, "Cancelled", Slot::Muted),
        _ => (look.glyphs.bad, "Failed", Slot::Bad),
    };
    let effort = words::effort(job).filter(|_| job.state == JobState::Completed);
    let effort = effort.map_or_else(String::new, |effort| format!("   {effort}"));
    let head = [(sign, meaning), (" ", Slot::Text), (word, meaning), (effort.as_str(), Slot::Muted)];
    spans(buf, row(body, 0), head, look);
    let mut rest = below(body, 2);
    for words in [&job.result, &job.advice].into_iter().filter(|words| !words.is_empty()) {
        let words = text::sentence(&text::clean(words));
        let lines = wrap(&words, body.width);
        paragraph(&words, Slot::Text, rest, buf, look);
        rest = below(rest, cells(lines.len()) + 1);
    }
    if !job.backup_uid.is_empty() && !job.result.contains(&job.backup_uid) {
        spans(buf, row(rest, 0), [("Backup  ", Slot::Label), (job.backup_uid.as_str(), Slot::Text)], look);
        rest = below(rest, 2);
    }
    if matches!(job.kind, JobKind::Restore | JobKind::Recover)
        && job.state == JobState::Completed
        && !job.result.contains("accounts")
    {
        paragraph(ACCOUNTS, Slot::Warn, rest, buf, look);
    }
}

const ACCOUNTS: &str = "The accounts in force now are the backup's. Every session has to sign in again.";

fn bottom(body: Rect) -> Rect {
    row(body, body.height.saturating_sub(1))
}

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(72, 13).hints(hints)
}
