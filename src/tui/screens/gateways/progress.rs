//! A migration as it goes on, and its proof. The dialog may be closed and opened again: the migration itself lives among
//! the jobs.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::delete;
use crate::ops::migrate::{MigrateError, Proof};
use crate::text;
use crate::tui::jobs::{Job, State};
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::model::Model;
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{below, cells, row, slot, spans, wrap};
use crate::tui::ui::widgets::buttons::{Button, ButtonEvent, Buttons};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::progress::Progress;
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
}

impl ProgressDialog {
    /// Shows the migration of the gateway with this uid.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self { source: source.to_owned(), next: Buttons::new([]) }
    }

    /// Shows a migration that may have ended before.
    #[must_use]
    pub fn reopened(job: &Job) -> Self {
        Self { source: job.plan.source.uid.clone(), next: buttons(&job.state) }
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
            ButtonEvent::Ignored => None,
        }
    }

    fn on_answer(&mut self, answer: &crate::tui::msg::Answer, model: &Model) -> Acts {
        if let crate::tui::msg::Answer::MigrationEnded(uid, _) = answer
            && *uid == self.source
            && let Some(job) = model.jobs.get(uid)
        {
            self.next = buttons(&job.state);
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
        let body = dialog(&title, &hints).render(screen, buf, look);
        match &job.state {
            State::Running => running(job, body, buf, look),
            State::Proved(proof) => proved(proof, body, buf, look),
            State::Failed(error) => failed(job, error, body, buf, look),
        }
        self.next.render(bottom(body), buf, true, look);
    }

    fn cursor(&self, screen: Rect, model: &Model) -> Option<Position> {
        model.jobs.get(&self.source).filter(|job| !job.is_running())?;
        self.next.cursor(bottom(dialog("", &[]).body(screen)))
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

fn dialog<'a>(title: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).size(76, 13).hints(hints)
}

fn running(job: &Job, body: Rect, buf: &mut Buffer, look: &Look) {
    slot(buf, row(body, 0), "Moving", Slot::Label, look);
    Progress::new(job.moved.len(), Some(job.total())).render(crate::tui::ui::draw::after(row(body, 0), 8), buf, look);
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

fn proved(proof: &Proof, body: Rect, buf: &mut Buffer, look: &Look) {
    let target = text::elide(&text::clean(&proof.target.name), 30).into_owned();
    let (sign, meaning) =
        if proof.is_whole() { (look.glyphs.check, Slot::Good) } else { (look.glyphs.warn, Slot::Warn) };
    let words = format!(
        "{} of {} now reference {target} (re-read from the plane)",
        proof.moved(),
        text::count(proof.total(), "cluster")
    );
    slot(buf, row(body, 0), sign, meaning, look);
    let mut rest = body;
    for line in wrap(&words, body.width.saturating_sub(2)) {
        slot(buf, crate::tui::ui::draw::after(row(rest, 0), 2), &line, Slot::Text, look);
        rest = below(rest, 1);
    }
    if proof.deleted() > 0 {
        let words = format!("{} deleted by someone meanwhile", text::count(proof.deleted(), "cluster"));
        slot(buf, row(rest, 0), &words, Slot::Warn, look);
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    let room = usize::from(rest.height.saturating_sub(2));
    let shown = if proof.clusters.len() > room { room.saturating_sub(1) } else { room };
    let width = proof.clusters.iter().map(|it| crate::tui::ui::draw::columns(&it.cluster.name)).max().unwrap_or(0);
    for (place, it) in proof.clusters.iter().take(shown).enumerate() {
        let line = row(rest, cells(place));
        let name = Rect { width: width.min(34), ..line };
        slot(buf, name, &it.cluster.name, Slot::Text, look);
        let uid = it.overlord_uid.as_deref().unwrap_or("deleted");
        slot(buf, crate::tui::ui::draw::after(line, name.width + 2), &format!("overlordUid {uid}"), Slot::Muted, look);
    }
    if proof.clusters.len() > shown {
        let more = format!("and {} more", proof.clusters.len() - shown);
        slot(buf, row(rest, cells(shown)), &more, Slot::Muted, look);
    }
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
