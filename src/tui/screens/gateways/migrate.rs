//! The migration wizard: what moves, where to, whether anything stands in the way, and the confirmation. Going
//! back keeps every answer; while it is open the gateways behind it stay live.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::destination::Destination;
use crate::ops::migrate::{Plan, PreflightError, eligibility, health_word};
use crate::ops::pcgs::Pcg;
use crate::text;
use crate::tui::jobs::Job;
use crate::tui::layer::{Act, Acts, Layer};
use crate::tui::model::Model;
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{after, below, cells, row, slot, wrap};
use crate::tui::ui::widgets::checklist::{Check, CheckState, Checklist};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::typed_confirm::TypedConfirm;
use crate::tui::ui::{Look, Slot};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Source,
    Destination,
    Preflight,
    Confirm,
}

/// The wizard.
pub struct Wizard {
    source: String,
    name: String,
    step: Step,
    destination: Destination,
    preflight: Option<Result<Box<Plan>, PreflightError>>,
    typed: TypedConfirm,
}

impl Wizard {
    /// A wizard for the gateway with this uid and name.
    #[must_use]
    pub fn new(source: &str, name: &str) -> Self {
        Self {
            source: source.to_owned(),
            name: text::clean(name).into_owned(),
            step: Step::Source,
            destination: Destination::new(source),
            preflight: None,
            typed: TypedConfirm::new(""),
        }
    }

    fn plan(&self) -> Option<&Plan> {
        self.preflight.as_ref()?.as_ref().ok().map(|plan| &**plan)
    }

    fn forward(&mut self, model: &Model) -> Acts {
        match self.step {
            Step::Source if model.pcg(&self.source).is_some_and(|source| hopeless(source).is_none()) => {
                self.step = Step::Destination;
                self.destination.enter(model);
            }
            Step::Destination => return self.look(),
            Step::Preflight => self.confirm(),
            Step::Confirm => return self.begin(model),
            Step::Source => {}
        }
        Acts::new()
    }

    /// Reads everything anew before the person is asked to confirm it.
    fn look(&mut self) -> Acts {
        let Some(target) = self.destination.chosen() else { return Acts::new() };
        self.step = Step::Preflight;
        self.preflight = None;
        let request = Request::MigratePreflight { source: self.source.clone(), target: target.to_owned() };
        vec![Act::Effect(Effect::Ask(request))]
    }

    fn confirm(&mut self) {
        if let Some(plan) = self.plan().filter(|plan| plan.may_proceed()) {
            let word = plan.source.confirmation().to_owned();
            if self.typed.expected() != word {
                self.typed = TypedConfirm::new(word);
            }
            self.step = Step::Confirm;
        }
    }

    fn begin(&mut self, model: &Model) -> Acts {
        if !self.typed.matches() || self.obstacle(model).is_some() {
            return Acts::new();
        }
        let Some(plan) = self.plan().cloned() else { return Acts::new() };
        let progress = super::progress::ProgressDialog::new(&self.source);
        vec![Act::Close, Act::Migrate { plan: Box::new(plan), watch: false }, Act::Open(Box::new(progress))]
    }

    fn back(&mut self) -> Acts {
        self.step = match self.step {
            Step::Source => return vec![Act::Close],
            Step::Destination => Step::Source,
            Step::Preflight => Step::Destination,
            Step::Confirm => Step::Preflight,
        };
        Acts::new()
    }

    /// Why the migration cannot begin any more, although it could when the plan was made.
    fn obstacle(&self, model: &Model) -> Option<String> {
        let plan = self.plan()?;
        if model.jobs.get(&plan.source.uid).is_some_and(Job::is_running) {
            return Some("This migration is already under way; w shows it.".to_owned());
        }
        let gone = |name: &str| format!("{} was deleted by someone meanwhile.", text::clean(name));
        let Some(source) = model.pcg(&plan.source.uid) else { return Some(gone(&plan.source.name)) };
        let Some(target) = model.pcg(&plan.target.uid) else { return Some(gone(&plan.target.name)) };
        let reason = eligibility(source, target).err()?;
        Some(format!("{} cannot receive clusters any more: {reason}.", text::clean(&target.name)))
    }
}

impl Layer for Wizard {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if self.step == Step::Destination && self.destination.on_key(key, model) {
            return Some(Acts::new());
        }
        match key.code {
            KeyCode::Enter => Some(self.forward(model)),
            KeyCode::Esc => Some(self.back()),
            _ if self.step == Step::Confirm => {
                self.typed.on_key(key);
                Some(Acts::new())
            }
            KeyCode::Char('r') if self.step == Step::Preflight => Some(self.look()),
            _ => None,
        }
    }

    fn on_paste(&mut self, text: &str) {
        match self.step {
            Step::Destination => self.destination.on_paste(text),
            Step::Confirm => self.typed.paste(text),
            Step::Source | Step::Preflight => {}
        }
    }

    fn on_answer(&mut self, answer: &Answer, model: &Model) -> Acts {
        match answer {
            Answer::Gateways(Ok(_)) | Answer::Clusters(Ok(_)) | Answer::Clouds(Ok(_)) => self.destination.update(model),
            Answer::MigratePreflight(found) if self.step == Step::Preflight => match found {
                // The session ended: the question is repeated by itself after the login.
                Err(PreflightError::Client(error)) if error.signed_out().is_some() => {}
                found => self.preflight = Some(found.clone()),
            },
            _ => {}
        }
        Acts::new()
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let title = format!("Migrate the clusters of {}", self.name);
        let aside = format!("step {} of 4", self.step as u8 + 1);
        let hints = self.hints(model);
        let body = dialog(&title, &aside, &hints).render(screen, buf, look);
        match self.step {
            Step::Source => self.view_source(body, buf, model),
            Step::Destination => self.destination.view(body, screen, buf, model),
            Step::Preflight => self.view_preflight(body, buf, look),
            Step::Confirm => self.view_confirm(body, buf, model),
        }
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        let body = dialog("", "", &[]).body(screen);
        match self.step {
            Step::Destination => self.destination.cursor(body, screen),
            Step::Confirm => self.typed.cursor(typed_area(body)),
            Step::Source | Step::Preflight => None,
        }
    }
}

impl Wizard {
    fn hints(&self, model: &Model) -> Vec<Hint<'static>> {
        let back = Hint::new("Esc", if self.step == Step::Source { "cancel" } else { "back" });
        if self.step == Step::Source && model.pcg(&self.source).is_none_or(|source| hopeless(source).is_some()) {
            return vec![Hint::new("Esc", "close")];
        }
        let go = match (self.step, self.plan().is_some_and(Plan::may_proceed)) {
            (Step::Destination, _) => return self.destination.hints(),
            (Step::Source, _) | (Step::Preflight, true) => vec![Hint::new("Enter", "next")],
            (Step::Preflight, false) => vec![Hint::new("r", "look again")],
            (Step::Confirm, _) if self.typed.matches() => vec![Hint::new("Enter", "migrate")],
            (Step::Confirm, _) => Vec::new(),
        };
        go.into_iter().chain([back]).collect()
    }

    fn view_source(&self, body: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let Some(source) = model.pcg(&self.source) else {
            slot(buf, row(body, 0), "This gateway was deleted by someone meanwhile.", Slot::Bad, look);
            return;
        };
        let clusters = model.inventory.clusters_of(&self.source);
        let count = clusters.as_ref().map_or_else(|| "…".to_owned(), |found| text::count(found.len(), "cluster"));
        let (sign, meaning) = super::rows::health_sign(&source.health, look.glyphs);
        let facts = format!(
            "{} · {} · {} · heartbeat {} · {count}",
            health_word(&source.health),
            source.cloud_label(),
            source.state,
            super::rows::heartbeat(source, model)
        );
        slot(buf, row(body, 0), sign, meaning, look);
        slot(buf, after(row(body, 0), 2), &facts, Slot::Text, look);
        let mut names: Vec<String> =
            clusters.unwrap_or_default().iter().map(|cluster| text::clean(&cluster.name).into_owned()).collect();
        names.sort();
        let room = usize::from(body.height.saturating_sub(5));
        let listed = if names.is_empty() { "No cluster references it.".to_owned() } else { names.join("   ") };
        let lines = wrap(&listed, body.width);
        slot(buf, row(body, 2), "What moves", Slot::Label, look);
        for (place, line) in lines.iter().take(room).enumerate() {
            slot(buf, row(body, cells(place) + 3), line, Slot::Text, look);
        }
        if lines.len() > room {
            slot(buf, row(body, body.height.saturating_sub(2)), look.glyphs.ellipsis, Slot::Muted, look);
        }
        let (words, meaning) = hopeless(source).map_or((ALL_OR_NONE, Slot::Text), |words| (words, Slot::Bad));
        slot(buf, row(body, body.height.saturating_sub(1)), words, meaning, look);
    }

    fn view_preflight(&self, body: Rect, buf: &mut Buffer, look: &Look) {
        match &self.preflight {
            None => {
                slot(buf, row(body, 0), "Reading both gateways and their clusters anew …", Slot::Muted, look);
            }
            Some(Err(error)) => {
                for (place, line) in wrap(&error.to_string(), body.width).iter().enumerate() {
                    slot(buf, row(body, cells(place)), line, Slot::Bad, look);
                }
            }
            Some(Ok(plan)) => {
                let checks = shown(&plan.checks);
                Checklist(&checks).render(body, buf, look);
                let verdict = below(body, Checklist(&checks).height(body.width) + 1);
                let (words, meaning) = if plan.may_proceed() {
                    ("Nothing stands in the way.", Slot::Text)
                } else {
                    ("It cannot begin. Esc goes back to choose another destination.", Slot::Bad)
                };
                slot(buf, row(verdict, 0), words, meaning, look);
            }
        }
    }

    fn view_confirm(&self, body: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let Some(plan) = self.plan() else { return };
        let target = text::elide(&text::clean(&plan.target.name), 40).into_owned();
        let words = format!(
            "{} will move to {target}. All of them move; Palette cannot move single ones. This cannot be undone.",
            text::count(plan.clusters.len(), "cluster")
        );
        for (place, line) in wrap(&words, body.width).iter().enumerate() {
            slot(buf, row(body, cells(place)), line, Slot::Text, look);
        }
        match self.obstacle(model) {
            Some(reason) => {
                for (place, line) in wrap(&(reason + " Esc goes back."), body.width).iter().enumerate() {
                    slot(buf, row(body, cells(place) + 4), line, Slot::Bad, look);
                }
            }
            None => self.typed.render(typed_area(body), buf, look),
        }
    }
}

/// Why a gateway can never be a source.
fn hopeless(source: &Pcg) -> Option<&'static str> {
    match source.clusters {
        _ if source.is_system => Some("The System Private Gateway keeps its clusters; it cannot be migrated."),
        Some(0) => Some("No cluster references it: there is nothing to migrate."),
        _ => None,
    }
}

pub(super) const ALL_OR_NONE: &str = "All of them move; Palette cannot move single ones. This cannot be undone.";

fn typed_area(body: Rect) -> Rect {
    below(body, 4)
}

fn dialog<'a>(title: &'a str, aside: &'a str, hints: &'a [Hint<'a>]) -> Dialog<'a> {
    Dialog::new(title).aside(aside).size(76, 13).hints(hints)
}

/// Checks as the widget shows them.
pub(super) fn shown(checks: &[crate::ops::Check]) -> Vec<Check> {
    use crate::ops::Verdict;
    let state = |verdict| match verdict {
        Verdict::Pass => CheckState::Passed,
        Verdict::Warn => CheckState::Warned,
        Verdict::Fail => CheckState::Failed,
    };
    checks.iter().map(|check| Check::new(state(check.verdict), &check.what, text::clean(&check.detail))).collect()
}
