//! When locations, backups and jobs are read, and what their answers do to the application.

use std::time::{Duration, Instant};

use crate::api::job::Job;
use crate::api::words::{JobKind, JobState};
use crate::client::{Error, SessionKind, Who};
use crate::text;
use crate::tui::backups::Backups;
use crate::tui::layer::{Act, Acts, Tone};
use crate::tui::link::{Order, Prefill};
use crate::tui::model::{LOOK_AGAIN, REFRESH};
use crate::tui::msg::backup::{Ask, Begin, Failed, Overview, Step, Told};
use crate::tui::msg::{Effect, Request};
use crate::tui::screens::backup::words;

use super::{App, Tab};

/// How often a job is looked at while someone watches.
const LOOK: Duration = Duration::from_millis(500);
/// How often it is looked at while something else is on the screen.
const GLANCE: Duration = Duration::from_secs(2);

/// When the backups are read, and for whom they were.
#[derive(Default)]
pub(super) struct BackupWatch {
    /// The person for whom they were read.
    read_for: Option<Who>,
    /// When locations and backups are read anew by themselves.
    refresh_at: Option<Instant>,
    /// When the jobs under way are looked at.
    look_at: Option<Instant>,
    /// The jobs that were asked for last.
    asked: Vec<String>,
    /// The next lists are to show the locations as they are at that moment: something was changed there.
    fresh: bool,
    /// A restore or recovery goes on, or was the last thing before sessions ended.
    pub(super) restoring: bool,
}

fn ask(ask: Ask) -> Act {
    Act::Effect(Effect::Ask(Request::Backup(ask)))
}

impl App {
    /// The refresh counts only while the tab is shown.
    pub(super) fn backups_deadline(&self) -> Option<Instant> {
        let refresh = self.watch.refresh_at.filter(|_| self.tab == Tab::Backup);
        [refresh, self.watch.look_at].into_iter().flatten().min()
    }

    pub(super) fn wake_backups(&mut self) -> Acts {
        let now = self.model.now.tick;
        let mut acts = Acts::new();
        if !self.is_signed_in(SessionKind::System) {
            self.watch.look_at = None;
            self.watch.refresh_at = None;
            return acts;
        }
        if self.tab == Tab::Backup && self.watch.refresh_at.is_some_and(|at| at <= now) {
            acts.extend(self.reread_backups());
        }
        if self.watch.look_at.take_if(|at| *at <= now).is_some() {
            let uids = self.model.backups.awaited();
            if !uids.is_empty() {
                self.watch.asked.clone_from(&uids);
                acts.push(ask(Ask::Jobs(uids)));
            }
        }
        acts
    }

    /// The same after something was changed, or where someone asks for it.
    pub(super) fn reread_changed_backups(&mut self) -> Acts {
        self.watch.fresh = true;
        self.reread_backups()
    }

    /// Reads locations, backups and jobs anew.
    pub(super) fn reread_backups(&mut self) -> Acts {
        self.model.backups.freshness.loading = true;
        self.watch.refresh_at = None;
        vec![ask(Ask::Overview)]
    }

    /// The tab is shown: what is older than a refresh is read anew.
    pub(super) fn enter_backups(&mut self) -> Acts {
        let due = self.watch.refresh_at.is_none_or(|at| at <= self.model.now.tick);
        if due && !self.model.backups.freshness.loading { self.reread_backups() } else { Acts::new() }
    }

    pub(super) fn forget_backups(&mut self) {
        self.model.backups = Backups::default();
        self.watch = BackupWatch::default();
        self.backup.go_to_newest(&self.model);
    }

    /// The tenant session is the last one to be opened again after a restore.
    pub(super) fn restored_seen(&mut self) {
        self.watch.restoring &= self.model.backups.active().any(|job| is_restore(&job.kind));
    }

    /// Takes note of who is signed in as system administrator now.
    pub(super) fn read_backups_for(&mut self, who: &Who) {
        if self.watch.read_for.as_ref().is_some_and(|before| before != who) {
            self.forget_backups();
        }
        self.watch.read_for = Some(who.clone());
        self.model.backups.denied = None;
    }

    /// A recovery renewed the accounts: cards that nobody signs in with just now are filled anew.
    pub(super) fn on_prefilled(&mut self, prefill: Prefill) -> Acts {
        self.model.prefill = prefill;
        self.cards.tenant.refill(&self.model.prefill);
        self.cards.system.refill(&self.model.prefill);
        for layer in &mut self.layers {
            layer.on_prefill(&self.model.prefill);
        }
        Acts::new()
    }

    pub(super) fn on_backup(&mut self, told: &Told) -> Acts {
        let acts = match told {
            Told::Overview(result) => self.on_overview(result),
            Told::List(name, Ok(list)) => {
                self.model.backups.learn_list(name, (**list).clone());
                Acts::new()
            }
            Told::List(name, Err(error)) => {
                self.model.backups.unread.insert(name.clone(), error.reason());
                Acts::new()
            }
            Told::Jobs(Ok(jobs)) => {
                let asked = std::mem::take(&mut self.watch.asked);
                let ended = self.model.backups.learn_jobs(jobs);
                self.model.backups.forget_jobs(&asked, jobs);
                self.on_ended(&ended)
            }
            Told::Step(begin, step) => self.on_step(begin, step),
            Told::Ended(begin, result) => self.on_job_ended(begin, result),
            Told::Cancelled(_, Ok(())) => {
                self.watch.look_at = Some(self.model.now.tick);
                Acts::new()
            }
            Told::Cancelled(_, Err(error)) => {
                vec![Act::Notice(Tone::Failed, text::sentence(&error.to_string()))]
            }
            Told::Downloaded(which, result) if !self.is_followed(&which.uid) => vec![match result {
                Ok(path) => Act::Notice(Tone::Done, format!("{} is in {}.", which.uid, path.display())),
                Err(error) => Act::Notice(Tone::Failed, format!("{} was not downloaded: {error}", which.uid)),
            }],
            Told::Saved(_, Ok(())) | Told::Removed(_, Ok(())) | Told::KeyImported(Ok(_)) | Told::Key(Ok(_)) => {
                self.reread_changed_backups()
            }
            _ => Acts::new(),
        };
        self.look_later();
        self.backup.refresh(&self.model);
        acts
    }

    fn on_overview(&mut self, result: &Result<Box<Overview>, Error>) -> Acts {
        let now = self.model.now;
        let fresh = std::mem::take(&mut self.watch.fresh);
        let lost = result.as_ref().is_err_and(Error::plane_lost);
        self.watch.refresh_at = Some(now.tick + if lost { LOOK_AGAIN } else { REFRESH });
        let backups = &mut self.model.backups;
        backups.freshness.loading = false;
        match result {
            Ok(overview) => {
                backups.freshness.read_at = Some(now.wall);
                backups.freshness.failed = None;
                backups.denied = None;
                let ended = backups.learn((**overview).clone());
                let names = overview.locations.items.iter().map(|view| view.location.name.clone());
                let mut acts: Acts = names.map(|location| ask(Ask::List { location, fresh })).collect();
                acts.extend(self.tell_ended(&ended));
                acts
            }
            Err(error) => {
                if error.is_forbidden() {
                    backups.denied = Some(text::sentence(&error.reason()));
                }
                backups.freshness.failed = Some(error.reason());
                Acts::new()
            }
        }
    }

    /// Jobs under way are looked at again soon.
    fn look_later(&mut self) {
        let watched = self.tab == Tab::Backup || !self.layers.is_empty();
        if self.watch.look_at.is_none() && !self.model.backups.awaited().is_empty() {
            self.watch.look_at = Some(self.model.now.tick + if watched { LOOK } else { GLANCE });
        }
    }

    fn on_ended(&mut self, ended: &[Job]) -> Acts {
        if ended.is_empty() {
            return Acts::new();
        }
        let mut acts = self.reread_changed_backups();
        acts.extend(self.tell_ended(ended));
        acts
    }

    fn on_step(&mut self, begin: &Begin, step: &Step) -> Acts {
        match step {
            Step::Accepted(started) => {
                self.watch.restoring |= matches!(begin, Begin::Restore(_) | Begin::Recover(_));
                self.model.backups.begun(&started.job_uid);
                if !matches!(begin, Begin::Create(_)) {
                    return Acts::new();
                }
                self.backup.go_to_newest(&self.model);
                self.reread_backups()
            }
            Step::Job(job) => {
                self.model.backups.learn_jobs(std::slice::from_ref(job));
                Acts::new()
            }
            Step::SignedOut => {
                // A recovery renews the passwords; the old ones would only be counted as wrong.
                if matches!(begin, Begin::Recover(_)) {
                    (self.model.prefill.password, self.model.prefill.system_password) = (None, None);
                    self.model.prefill.source = None;
                }
                self.sign_out(SessionKind::System);
                vec![Act::Effect(Effect::Order(Order::Credentials))]
            }
            Step::Note(_) => Acts::new(),
        }
    }

    fn on_job_ended(&mut self, begin: &Begin, result: &Result<Option<Box<Job>>, Failed>) -> Acts {
        let mut acts = self.reread_changed_backups();
        match result {
            Ok(Some(job)) => {
                self.watch.restoring &= job.state == JobState::Completed;
                self.model.backups.learn_jobs(std::slice::from_ref(job));
                self.model.backups.watched(&job.uid);
                // What the other tabs show is of the state before, and so is their session.
                if is_restore(&job.kind) && job.state == JobState::Completed && self.is_signed_in(SessionKind::Tenant) {
                    acts.extend(self.reread());
                }
                if !self.is_followed(&begin.called()) {
                    acts.extend(self.tell_ended(std::slice::from_ref(job)));
                } else if is_recovered(job) {
                    acts.push(Act::Effect(Effect::Order(Order::Credentials)));
                }
            }
            Ok(None) if !self.is_followed(&begin.called()) => {
                let words = format!("The plane accepted the {}.", words::noun(&begin.kind()));
                acts.push(Act::Notice(Tone::Info, words));
            }
            Err(error) if !self.is_followed(&begin.called()) => {
                let words = format!("The {} of {}: {error}", words::noun(&begin.kind()), begin.location());
                acts.push(Act::Notice(Tone::Failed, words));
            }
            _ => {}
        }
        acts
    }

    /// What came of jobs that no dialog shows.
    fn tell_ended(&self, ended: &[Job]) -> Acts {
        let mut acts = Acts::new();
        for job in ended {
            if is_recovered(job) {
                acts.push(Act::Effect(Effect::Order(Order::Credentials)));
            }
            if self.is_followed(&job.uid) || matches!(job.kind, JobKind::Validate | JobKind::Retention) {
                continue;
            }
            let tone = match job.state {
                JobState::Completed => Tone::Done,
                JobState::Cancelled => Tone::Info,
                _ => Tone::Failed,
            };
            acts.push(Act::Notice(tone, words::outcome(job)));
        }
        acts
    }
}

fn is_restore(kind: &JobKind) -> bool {
    matches!(kind, JobKind::Restore | JobKind::Recover)
}

/// The accounts are the backup's now, with fresh passwords.
fn is_recovered(job: &Job) -> bool {
    job.kind == JobKind::Recover && job.state == JobState::Completed
}
