//! A migration as it goes on, and its proof. The dialog may be closed and opened again: the migration itself lives among
//! the jobs.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::delete;
use crate::ops::migrate::{MigrateError, Proof, Proved};
use crate::text;
use crate::tui::jobs::{Job, State};
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, below, cells, columns, row, slot, spans, wrap};
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::progress::Progress;
use crate::tui::ui::widgets::text_view::{StyledLine, TextView};
use crate::tui::ui::{Look, Slot};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Done,
    Delete,
    Audits,
    WatchAgain,
    TryAgain,
}

/// The dialog.
pub struct ProgressDialog {
    source: String,
    next: Buttons<Next>,
    list: TextView,
}

impl ProgressDialog {
    /// Shows the migration of the gateway with this uid.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self { source: source.to_owned(), next: Buttons::new([]), list: TextView::default() }
    }

    /// Shows a migration that may have ended before.
    #[must_use]
    pub fn reopened(job: &Job) -> Self {
        let mut dialog = Self::new(&job.plan.source.uid);
        dialog.ended(&job.state);
        dialog
    }

    /// Takes over how the migration ended, where it has.
    fn ended(&mut self, state: &State) {
        self.next = buttons(state);
        if let State::Proved(proof) = state {
            self.list = listed(proof);
        }
    }

    /// As high as the list of the proof, where the screen is.
    fn dialog<'a>(&self, title: &'a str, hints: &'a [Hint<'a>], screen: Rect) -> Dialog<'a> {
        let list = cells(self.list.height(WIDTH)) + 4;
        let height = list.min(screen.height.saturating_sub(AROUND)).max(13);
        Dialog::new(title).size(WIDTH, height).hints(hints)
    }

    fn pressed(&self, next: Next, model: &Model) -> Acts {
        let mut acts = vec![Act::Close];
        let Some(job) = model.jobs.get(&self.source) else { return acts };
        let source = &job.plan.source;
        match next {
            Next::Done => {}
            Next::Audits => acts.push(Act::ShowAudits { uid: source.uid.clone(), name: source.name.clone() }),
            Next::Delete => match model.pcg(&source.uid) {
                Some(pcg) => acts.extend(delete::open(pcg)),
                None => acts.push(Act::Notice(Tone::Info, "The source is deleted already.".to_owned())),
            },
            Next::WatchAgain | Next::TryAgain => {
                acts.push(Act::Migrate { plan: Box::new(job.plan.clone()), watch: next == Next::WatchAgain });
                acts.push(Act::Open(Box::new(Self::new(&self.source))));
            }
        }
        acts
    }
}

fn buttons(state: &State) -> Buttons<Next> {
    match state {
        State::Running => Buttons::new([]),
        State::Proved(_) => Buttons::new([
            Button::new(Next::Done, "Done"),
            Button::new(Next::Delete, "Delete the source…"),
            Button::new(Next::Audits, "Audit entries"),
        ]),
        State::Failed(MigrateError::NotStarted(_)) => {
            Buttons::new([Button::new(Next::Done, "Close"), Button::new(Next::TryAgain, "Try again")])
        }
        State::Failed(_) => Buttons::new([
            Button::new(Next::WatchAgain, "Watch again"),
            Button::new(Next::Audits, "Audit entries"),
            Button::new(Next::Done, "Close"),
        ]),
    }
}

impl Layer for ProgressDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if key.code == KeyCode::Esc {
            let running = model.jobs.get(&self.source).is_some_and(Job::is_running);
            let goes_on = Act::Notice(Tone::Info, "The migration goes on; w shows it again.".to_owned());
            return Some([Some(Act::Close), running.then_some(goes_on)].into_iter().flatten().collect());
        }
        match self.next.on_key(key) {
            ButtonEvent::Pressed(next) => Some(self.pressed(next, model)),
            ButtonEvent::Moved => Some(Acts::new()),
            ButtonEvent::Ignored => {
                let area = list_area(self.dialog("", &[], model.screen).body(model.screen));
                self.list.on_key(key, area).then(Acts::new)
            }
        }
    }

    fn on_answer(&mut self, answer: &crate::tui::msg::Answer, model: &Model) -> Acts {
        if let crate::tui::msg::Answer::MigrationEnded(uid, _) = answer
            && *uid == self.source
            && let Some(job) = model.jobs.get(uid)
        {
            self.ended(&job.state);
        }
        Acts::new()
    }

    fn follows(&self, uid: &str) -> bool {
        self.source == uid
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let Some(job) = model.jobs.get(&self.source) else { return };
        let (title, hints) = (title(job, look), hints(&job.state));
        let body = self.dialog(&title, &hints, screen).render(screen, buf, look);
        match &job.state {
            State::Running => running(job, body, buf, look),
            State::Proved(proof) => proved(proof, &self.list, body, buf, look),
            State::Failed(error) => failed(job, error, body, buf, look),
        }
        self.next.render(bottom(body), buf, true, look);
    }

    fn cursor(&self, screen: Rect, model: &Model) -> Option<Position> {
        model.jobs.get(&self.source).filter(|job| !job.is_running())?;
        self.next.cursor(bottom(self.dialog("", &[], screen).body(screen)))
    }
}

fn bottom(body: Rect) -> Rect {
    row(body, body.height.saturating_sub(1))
}

fn title(job: &Job, look: &Look) -> String {
    let name = |name: &str| text::elide(&text::clean(name), 26).into_owned();
    format!("{} {} {}", name(&job.plan.source.name), look.glyphs.separator, name(&job.plan.target.name))
}

fn hints(state: &State) -> Vec<Hint<'static>> {
    match state {
        State::Running => vec![Hint::new("Esc", "close; the migration goes on")],
        State::Proved(_) | State::Failed(_) => {
            vec![Hint::new("Enter", "choose"), Hint::new("Tab", "next"), Hint::new("Esc", "close")]
        }
    }
}

/// Columns of the body.
const WIDTH: u16 = 76;
/// Rows of the screen that are not the body's.
const AROUND: u16 = 6;

fn running(job: &Job, body: Rect, buf: &mut Buffer, look: &Look) {
    slot(buf, row(body, 0), "Moving", Slot::Label, look);
    Progress::new(job.moved.len(), Some(job.total())).render(after(row(body, 0), 8), buf, look);
    let notes = notes(job, below(body, 2), 4, buf, look);
    let rest = below(body, 2 + notes);
    let room = usize::from(rest.height);
    for (place, name) in job.moved.iter().rev().take(room).enumerate() {
        let line = row(rest, cells(place));
        spans(buf, line, [(look.glyphs.check, Slot::Good), (" ", Slot::Text), (name.as_str(), Slot::Text)], look);
    }
}

/// The newest notes, at most `most` rows; tells how many rows they took, with a blank one after them.
fn notes(job: &Job, area: Rect, most: usize, buf: &mut Buffer, look: &Look) -> u16 {
    let mut lines: Vec<String> = Vec::new();
    for (at, words) in &job.notes {
        lines.extend(wrap(&format!("{} UTC  {words}", at.format("%T")), area.width));
    }
    let skipped = lines.len().saturating_sub(most);
    for (place, line) in lines.iter().skip(skipped).enumerate() {
        slot(buf, row(area, cells(place)), line, Slot::Muted, look);
    }
    match lines.len().min(most) {
        0 => 0,
        n => cells(n) + 1,
    }
}

fn proved(proof: &Proof, list: &TextView, body: Rect, buf: &mut Buffer, look: &Look) {
    let target = text::elide(&text::clean(&proof.target.name), 30).into_owned();
    let (sign, meaning) =
        if proof.is_whole() { (look.glyphs.check, Slot::Good) } else { (look.glyphs.warn, Slot::Warn) };
    let gone = match proof.deleted() {
        0 => String::new(),
        n => format!("; {} deleted by someone meanwhile", text::count(n, "cluster")),
    };
    let words = format!(
        "{} of {} now reference {target} (re-read from the plane){gone}",
        proof.moved(),
        text::count(proof.total(), "cluster")
    );
    slot(buf, row(body, 0), sign, meaning, look);
    for (place, line) in wrap(&words, body.width.saturating_sub(2)).iter().take(2).enumerate() {
        slot(buf, after(row(body, cells(place)), 2), line, Slot::Text, look);
    }
    list.render(list_area(body), buf, look);
}

/// The part of the body that the proof's list has.
fn list_area(body: Rect) -> Rect {
    let rest = below(body, 2);
    Rect { height: rest.height.saturating_sub(2), ..rest }
}

/// Every cluster with the gateway that it references.
fn listed(proof: &Proof) -> TextView {
    let width = proof.clusters.iter().map(|it| columns(&it.cluster.name)).max().unwrap_or(0).min(34);
    let line = |it: &Proved| {
        let name = text::elide(&text::clean(&it.cluster.name), usize::from(width)).into_owned();
        let gap = " ".repeat(usize::from(width.saturating_sub(columns(&name))) + 2);
        let uid = match it.overlord_uid.as_deref() {
            None => "deleted".to_owned(),
            Some("") => "references no gateway".to_owned(),
            Some(uid) => format!("overlordUid {}", text::clean(uid)),
        };
        StyledLine::new(name + &gap, Slot::Text).and(uid, Slot::Muted)
    };
    TextView::new(proof.clusters.iter().map(line).collect())
}

fn failed(job: &Job, error: &MigrateError, body: Rect, buf: &mut Buffer, look: &Look) {
    let head = match error {
        MigrateError::NotStarted(_) => "The migration did not begin. Nothing was changed.".to_owned(),
        _ => format!("{} of {} were seen to move.", job.moved.len(), text::count(job.total(), "cluster")),
    };
    slot(buf, row(body, 0), &head, Slot::Bad, look);
    let mut rest = below(body, 2);
    for line in wrap(&error.to_string(), body.width).iter().take(6) {
        slot(buf, row(rest, 0), line, Slot::Text, look);
        rest = below(rest, 1);
    }
    let room = usize::from(rest.height.saturating_sub(3));
    notes(job, below(rest, 1), room, buf, look);
}
