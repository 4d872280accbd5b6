//! The application: messages in, effects out, and a view of itself. No I/O, no clock, no waiting.

mod answers;
mod backups;
#[cfg(test)]
mod backups_scenes;
#[cfg(test)]
mod backups_stage;
#[cfg(test)]
mod backups_test;
#[cfg(test)]
mod backups_wizard_test;
#[cfg(test)]
mod changes_test;
pub mod frame;
mod keys;
#[cfg(test)]
mod snapshots_test;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::command::Scope;
use super::jobs::{Job, Jobs};
use super::layer::{Act, Acts, Layer, Tone};
use super::link::{Order, PlaneEvent, Ready, Trouble};
use super::model::{Freshness, Model, Now, PlaneState, Sessions};
use super::msg::{Answer, Effect, Request};
use super::runtime::input::Input;
use super::screens::audits::Audits;
use super::screens::backup::BackupTab;
use super::screens::errors::ErrorLog;
use super::screens::gateways::Gateways;
use super::screens::login::{Cards, LoginCard, LoginDialog};
use super::screens::trouble::TroubleScreen;
use super::ui::widgets::toast::{ToastKind, Toasts};
use crate::client::{SessionKind, Who};
use crate::ops::Inventory;

use backups::BackupWatch;

/// A tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Private Cloud Gateways.
    #[default]
    Gateways,
    /// Backup/Restore.
    Backup,
    /// Audit Logs.
    Audits,
}

impl Tab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 3] = [Self::Gateways, Self::Backup, Self::Audits];
    /// What stands on them.
    pub const TITLES: [&'static str; 3] = ["Private Cloud Gateways", "Backup/Restore", "Audit Logs"];

    /// Its place from the left, from zero.
    #[must_use]
    pub fn place(self) -> usize {
        self as usize
    }

    /// The session it needs.
    #[must_use]
    pub fn session(self) -> SessionKind {
        match self {
            Self::Gateways | Self::Audits => SessionKind::Tenant,
            Self::Backup => SessionKind::System,
        }
    }

    fn scope(self) -> Scope {
        match self {
            Self::Gateways => Scope::Gateways,
            Self::Backup => Scope::Backup,
            Self::Audits => Scope::Audits,
        }
    }
}

/// Something that happened.
pub enum Msg {
    /// A key, a paste, a new size.
    Input(Input),
    /// News of the plane.
    Plane(PlaneEvent),
    /// What came of a request.
    Answer(Request, Answer),
    /// What came of something that was no request.
    Outcome(Answer),
    /// A deadline has come.
    Wake,
}

/// See the module.
pub struct App {
    /// What every screen may look at.
    pub model: Model,
    tab: Tab,
    gateways: Gateways,
    backup: BackupTab,
    audits: Audits,
    cards: Cards,
    trouble: Option<TroubleScreen>,
    layers: Vec<Box<dyn Layer>>,
    toasts: Toasts,
    errors: ErrorLog,
    /// Reads that failed because a session had ended; repeated after the login.
    pending: Vec<Request>,
    /// The person for whom gateways and entries were read.
    read_for: Option<Who>,
    /// When the gateways are read anew by themselves.
    refresh_at: Option<Instant>,
    /// When the clusters are counted anew by themselves; rarer, since that takes many reads.
    recount_at: Option<Instant>,
    recount_began: Option<Instant>,
    /// The person for whom backups were read, and when they are read anew by themselves.
    watch: BackupWatch,
}

/// How often clusters are counted anew by themselves, at most.
const RECOUNT: Duration = Duration::from_secs(120);
/// Counting may take this part of the time at most: a plane that tells a cluster's gateway only one by one is not
/// asked without end.
const COUNTING: u32 = 10;

impl App {
    /// The application before it knows its plane.
    #[must_use]
    pub fn new(model: Model) -> Self {
        Self {
            cards: Cards::new(&model.prefill),
            model,
            tab: Tab::default(),
            gateways: Gateways::default(),
            backup: BackupTab::default(),
            audits: Audits::default(),
            trouble: None,
            layers: Vec::new(),
            toasts: Toasts::default(),
            errors: ErrorLog::default(),
            pending: Vec::new(),
            read_for: None,
            refresh_at: None,
            recount_at: None,
            recount_began: None,
            watch: BackupWatch::default(),
        }
    }

    /// Takes a message in and says what is to be done.
    pub fn update(&mut self, msg: Msg, now: Now) -> Vec<Effect> {
        self.model.now = now;
        self.toasts.expire(now.tick);
        let acts = match msg {
            Msg::Input(Input::Resize(width, height)) => {
                self.model.screen = Rect::new(0, 0, width, height);
                self.backup.refresh(&self.model);
                Acts::new()
            }
            Msg::Input(Input::Key(key)) => {
                let mut acts = self.on_key(key);
                acts.push(Act::Effect(Effect::Touch));
                acts
            }
            Msg::Input(Input::Paste(text)) => self.on_paste(&text),
            Msg::Input(_) => Acts::new(),
            Msg::Plane(event) => self.on_plane(event),
            Msg::Answer(request, answer) => self.on_answer(Some(request), &answer),
            Msg::Outcome(answer) => self.on_answer(None, &answer),
            Msg::Wake => self.on_wake(),
        };
        self.perform(acts)
    }

    /// When [`Msg::Wake`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let minute = self.model.now.tick + until_next_minute(self.model.now);
        let others = [self.toasts.deadline(), self.gateways.deadline(), self.refresh_at, self.recount_at];
        let others = others.into_iter().chain([self.backups_deadline()]);
        others.flatten().chain([minute]).min()
    }

    fn on_wake(&mut self) -> Acts {
        let mut acts = self.gateways.wake(&self.model);
        let now = self.model.now.tick;
        if self.refresh_at.take_if(|at| *at <= now).is_some() && self.is_signed_in(SessionKind::Tenant) {
            self.model.freshness.loading = true;
            acts.push(Act::Effect(Effect::Ask(Request::Gateways)));
        }
        if self.recount_at.take_if(|at| *at <= now).is_some() && self.is_signed_in(SessionKind::Tenant) {
            acts.push(self.recount());
        }
        acts.extend(self.wake_backups());
        acts
    }

    fn recount(&mut self) -> Act {
        self.recount_at = None;
        self.recount_began = Some(self.model.now.tick);
        Act::Effect(Effect::Ask(Request::Clusters))
    }

    /// Reads gateways and clusters anew.
    fn reread(&mut self) -> Acts {
        self.model.freshness.loading = true;
        self.refresh_at = None;
        vec![Act::Effect(Effect::Ask(Request::Gateways)), self.recount()]
    }

    fn is_signed_in(&self, kind: SessionKind) -> bool {
        self.model.sessions.who(kind).is_some()
    }

    fn on_plane(&mut self, event: PlaneEvent) -> Acts {
        match event {
            PlaneEvent::Ready(ready) => self.on_ready(*ready),
            PlaneEvent::Failed(trouble) => self.fail(trouble),
            PlaneEvent::Prefilled(prefill) => self.on_prefilled(prefill),
            PlaneEvent::TookOver { previous } => {
                let who = previous.map_or_else(String::new, |pid| format!(" (process {pid})"));
                let words = format!("This console runs the plane now; the one before{who} ended or stopped.");
                self.model.place = "embedded plane".to_owned();
                let mut acts = vec![Act::Notice(Tone::Info, words)];
                if self.is_signed_in(SessionKind::Tenant) {
                    acts.extend(self.reread());
                }
                if self.tab == Tab::Backup && self.is_signed_in(SessionKind::System) {
                    acts.extend(self.reread_backups());
                }
                acts
            }
        }
    }

    fn fail(&mut self, trouble: Trouble) -> Acts {
        self.errors.push(self.model.now.wall, &trouble.message);
        self.trouble = Some(TroubleScreen::new(trouble.clone(), self.model.now.wall));
        self.model.plane = PlaneState::Failed(trouble);
        Acts::new()
    }

    fn on_ready(&mut self, ready: Ready) -> Acts {
        // Sessions live in the client; this one has none yet, and its plane may be another.
        self.model.sessions = Sessions::default();
        self.model.version = None;
        self.read_for = None;
        self.forget();
        self.forget_backups();
        self.model.prefill = ready.prefill;
        self.model.place = ready.place;
        self.model.local = ready.local;
        self.model.save_dir = ready.save_dir;
        self.cards = Cards::new(&self.model.prefill);
        let warnings = ready.warnings.into_iter().map(|words| Act::Notice(Tone::Failed, words));
        warnings.chain([Act::Effect(Effect::Ask(Request::Greeting))]).collect()
    }

    /// Drops what was read of another plane or for another person, and the dialogs about it.
    fn forget(&mut self) {
        self.model.learn(|inventory| *inventory = Inventory::default());
        self.model.freshness = Freshness::default();
        self.gateways = Gateways::default();
        self.audits = Audits::default();
        self.layers.clear();
        self.pending.clear();
        (self.refresh_at, self.recount_at, self.recount_began) = (None, None, None);
    }

    /// Takes note of who is signed in as tenant administrator now.
    fn read_for(&mut self, who: &Who) {
        if self.read_for.replace(who.clone()).is_some_and(|before| before != *who) {
            self.forget();
            self.model.jobs = Jobs::default();
        }
    }

    /// Carries acts out: those that are the application's own change it, the others become effects.
    fn perform(&mut self, acts: Acts) -> Vec<Effect> {
        let mut effects = Vec::new();
        for act in acts {
            match act {
                Act::Effect(Effect::Order(order)) => effects.push(self.order(order)),
                Act::Effect(effect) => effects.push(effect),
                Act::Notice(tone, words) => self.notice(tone, &words),
                Act::Open(layer) => self.layers.push(layer),
                Act::Close => {
                    self.layers.pop();
                }
                Act::Migrate { plan, watch } => effects.push(self.migrate(plan, watch)),
                Act::ShowAudits { uid, name } => {
                    self.layers.clear();
                    self.tab = Tab::Audits;
                    let acts = self.audits.show_only(uid, name);
                    effects.extend(self.perform(acts));
                }
            }
        }
        effects
    }

    fn order(&mut self, order: Order) -> Effect {
        if matches!(order, Order::SetAside) {
            self.model.jobs = Jobs::default();
        }
        if matches!(order, Order::Retry | Order::SetAside) {
            self.model.plane = PlaneState::Starting;
            self.trouble = None;
        }
        Effect::Order(order)
    }

    fn migrate(&mut self, plan: Box<crate::ops::migrate::Plan>, watch: bool) -> Effect {
        self.model.jobs.insert(Job::new((*plan).clone(), self.model.now.wall));
        Effect::Ask(if watch { Request::Watch(plan) } else { Request::Migrate(plan) })
    }

    fn notice(&mut self, tone: Tone, words: &str) {
        let kind = match tone {
            Tone::Done => ToastKind::Success,
            Tone::Info => ToastKind::Info,
            Tone::Failed => ToastKind::Error,
        };
        if tone == Tone::Failed {
            self.errors.push(self.model.now.wall, words);
        }
        self.toasts.push(kind, words, self.model.now.tick);
    }

    /// Closes a session that the plane does not accept any more. Over a dialog the login comes as a dialog too, so
    /// that what was typed below stays; else the tab itself shows its card.
    fn sign_out(&mut self, kind: SessionKind) {
        let restored = self.watch.restoring;
        let card = || LoginCard::new(kind, &self.model.prefill).ended().after_restore(restored);
        let (body, dialog) = (card(), card());
        if self.is_signed_in(kind) {
            self.model.sessions.set(kind, None);
            *self.cards.of(kind) = body;
        }
        // Where the login was put off before, it is offered again as soon as a dialog needs it. The dialogs are those
        // of the active tab: the other session's end does not concern them.
        let asked = self.layers.iter().any(|layer| layer.opens_session() == Some(kind));
        if !self.layers.is_empty() && !asked && kind == self.tab.session() {
            self.layers.push(Box::new(LoginDialog(dialog)));
        }
    }
}

fn until_next_minute(now: Now) -> Duration {
    use chrono::Timelike;
    let past = u64::from(now.wall.second()) * 1000 + u64::from(now.wall.timestamp_subsec_millis()).min(999);
    Duration::from_millis(60_000 - past)
}
