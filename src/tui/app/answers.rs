//! What answers do to the application.

use std::time::Duration;

use crate::api::error::code;
use crate::client::{Error, SessionKind, Who};
use crate::ops::delete::{DeleteError, Deleted};
use crate::ops::migrate::{MigrateError, PreflightError, Progress};
use crate::ops::pcgs::ClusterRef;
use crate::ops::rename::RenameError;
use crate::text;
use crate::tui::jobs::State;
use crate::tui::layer::{Act, Acts, Tone};
use crate::tui::link::Trouble;
use crate::tui::model::{LOOK_AGAIN, PlaneState, REFRESH};
use crate::tui::msg::{Answer, Effect, Greeting, Request};
use crate::tui::screens::gateways::checklist::ChecklistDialog;

use super::{App, COUNTING, RECOUNT};

impl App {
    pub(super) fn on_answer(&mut self, request: Option<Request>, answer: &Answer) -> Acts {
        let mut acts = self.learn(answer);
        if let Some(error) = failure(answer) {
            self.on_failure(request, error);
        }
        acts.extend(self.audits.on_answer(answer));
        self.gateways.on_answer(answer);
        self.cards.tenant.on_answer(answer);
        self.cards.system.on_answer(answer);
        acts.extend(self.tell_layers(answer));
        acts
    }

    /// Dialogs may close themselves at an answer, also those that are not on top.
    fn tell_layers(&mut self, answer: &Answer) -> Acts {
        let mut rest = Acts::new();
        let mut kept = Vec::with_capacity(self.layers.len());
        for mut layer in std::mem::take(&mut self.layers) {
            let acts = layer.on_answer(answer, &self.model);
            let closes = acts.iter().any(|act| matches!(act, Act::Close));
            rest.extend(acts.into_iter().filter(|act| !matches!(act, Act::Close)));
            if !closes {
                kept.push(layer);
            }
        }
        self.layers = kept;
        rest
    }

    fn on_failure(&mut self, request: Option<Request>, error: &Error) {
        self.errors.push(self.model.now.wall, &error.to_string());
        if self.model.local && error.code() == Some(code::DATABASE_DAMAGED) {
            self.layers.clear();
            self.fail(Trouble { message: text::sentence(&error.reason()), damaged: true });
        }
        let Some(kind) = error.signed_out() else { return };
        self.sign_out(kind);
        if let Some(request) = request.filter(|request| !request.is_change()) {
            self.pending.retain(|other| other.kind() != request.kind());
            self.pending.push(request);
        }
    }

    fn learn(&mut self, answer: &Answer) -> Acts {
        match answer {
            Answer::Greeting(result) => self.on_greeting(result),
            Answer::Version(Ok(version)) => {
                self.model.version = Some(text::clean(version).into_owned());
                Acts::new()
            }
            Answer::Login(kind, Ok(who)) => self.on_login(*kind, who),
            Answer::Login(SessionKind::System, Err(error)) if !error.plane_lost() => {
                // Not sent along with the next tenant login: five wrong ones lock the account.
                self.model.prefill.system_password = None;
                Acts::new()
            }
            Answer::Gateways(result) => self.on_gateways(result),
            Answer::Clouds(Ok(clouds)) => self.on_parts(|inventory| inventory.add_clouds(clouds.clone())),
            Answer::Clusters(result) => self.on_clusters(result),
            Answer::Migration(uid, progress) => self.on_migration(uid, progress),
            Answer::MigrationEnded(uid, result) => self.on_migration_ended(uid, result),
            Answer::Deleted(uid, result) => self.on_deleted(uid, result),
            Answer::Renamed(uid, result) => self.on_renamed(uid, result),
            Answer::Backup(told) => self.on_backup(told),
            Answer::Saved(Ok(path)) => vec![Act::Notice(Tone::Done, format!("Saved as {}", path.display()))],
            Answer::Saved(Err(words)) => vec![Act::Notice(Tone::Failed, words.clone())],
            Answer::Copied(words) => vec![Act::Notice(Tone::Info, words.clone())],
            _ => Acts::new(),
        }
    }

    fn on_greeting(&mut self, result: &Result<Greeting, Error>) -> Acts {
        match result {
            Ok(greeting) => {
                self.model.banner.clone_from(&greeting.banner);
                self.model.capabilities = greeting.capabilities.clone();
                self.model.plane = PlaneState::Ready;
                self.trouble = None;
                Acts::new()
            }
            Err(error) => {
                let message = format!("{} {}", text::sentence(&error.reason()), error.advice());
                self.fail(Trouble { message, damaged: false })
            }
        }
    }

    fn on_login(&mut self, kind: SessionKind, who: &Who) -> Acts {
        match kind {
            SessionKind::Tenant => {
                self.restored_seen();
                self.read_for(who);
            }
            SessionKind::System => self.read_backups_for(who),
        }
        self.model.sessions.set(kind, Some(who.clone()));
        self.after_login(kind)
    }

    fn after_login(&mut self, kind: SessionKind) -> Acts {
        let mut acts = match kind {
            SessionKind::Tenant => {
                let mut acts = self.reread();
                if self.tab == super::Tab::Audits {
                    acts.extend(self.audits.enter());
                }
                acts
            }
            SessionKind::System => {
                let mut acts = vec![Act::Effect(Effect::Ask(Request::Version))];
                if self.tab == super::Tab::Backup {
                    acts.extend(self.reread_backups());
                }
                acts
            }
        };
        let (again, later) =
            std::mem::take(&mut self.pending).into_iter().partition(|request| request.session() == kind);
        self.pending = later;
        let again: Vec<Request> = again;
        let asked = |acts: &Acts, wanted: &Request| {
            acts.iter().any(|act| matches!(act, Act::Effect(Effect::Ask(request)) if request.kind() == wanted.kind()))
        };
        for request in again {
            if !asked(&acts, &request) {
                acts.push(Act::Effect(Effect::Ask(request)));
            }
        }
        acts
    }

    fn on_gateways(&mut self, result: &Result<Vec<crate::api::overlord::Overlord>, Error>) -> Acts {
        let lost = result.as_ref().is_err_and(Error::plane_lost);
        self.refresh_at = Some(self.model.now.tick + if lost { LOOK_AGAIN } else { REFRESH });
        self.model.freshness.loading = false;
        match result {
            Ok(gateways) => {
                self.model.freshness.read_at = Some(self.model.now.wall);
                self.model.freshness.failed = None;
                let mut acts = self.on_parts(|inventory| inventory.set_gateways(gateways.clone()));
                let wanted = self.model.inventory.clouds_wanted();
                if !wanted.is_empty() {
                    acts.push(Act::Effect(Effect::Ask(Request::Clouds(wanted))));
                }
                acts
            }
            Err(error) => {
                self.model.freshness.failed = Some(error.reason());
                Acts::new()
            }
        }
    }

    fn on_clusters(&mut self, result: &Result<Vec<ClusterRef>, Error>) -> Acts {
        let now = self.model.now.tick;
        let took = self.recount_began.take().map_or(Duration::ZERO, |began| now - began);
        match result {
            Ok(clusters) => {
                self.recount_at = Some(now + RECOUNT.max(took * COUNTING));
                self.on_parts(|inventory| inventory.set_clusters(clusters.clone()))
            }
            // How long a plane was out of reach says nothing of how long counting takes.
            Err(_) => {
                self.recount_at = Some(now + RECOUNT);
                Acts::new()
            }
        }
    }

    fn on_parts(&mut self, change: impl FnOnce(&mut crate::ops::Inventory)) -> Acts {
        self.model.learn(change);
        self.gateways.refresh(&self.model)
    }

    fn on_migration(&mut self, uid: &str, progress: &Progress) -> Acts {
        let Some(job) = self.model.jobs.get_mut(uid) else { return Acts::new() };
        job.note(progress, self.model.now.wall);
        if let Progress::Moved { cluster } = progress {
            let target = job.plan.target.uid.clone();
            return self.on_parts(|inventory| inventory.cluster_moved(&cluster.uid, &target));
        }
        if *progress == Progress::SignedOut {
            self.sign_out(SessionKind::Tenant);
        }
        Acts::new()
    }

    fn on_migration_ended(
        &mut self,
        uid: &str,
        result: &Result<Box<crate::ops::migrate::Proof>, MigrateError>,
    ) -> Acts {
        let Some(job) = self.model.jobs.get_mut(uid) else { return Acts::new() };
        let name = text::elide(&text::clean(&job.plan.source.name), 32).into_owned();
        let notice = match result {
            Ok(proof) => {
                job.state = State::Proved(proof.clone());
                let words =
                    format!("{} of {} moved from {name}.", proof.moved(), text::count(proof.total(), "cluster"));
                Act::Notice(Tone::Done, words)
            }
            Err(error) => {
                job.state = State::Failed(error.clone());
                Act::Notice(Tone::Failed, format!("The migration of {name}: {error}"))
            }
        };
        let mut acts = self.reread();
        if !self.is_followed(uid) {
            acts.push(notice);
        }
        acts
    }

    pub(super) fn is_followed(&self, uid: &str) -> bool {
        self.layers.iter().any(|layer| layer.follows(uid))
    }

    /// Where the dialog was closed meanwhile, what is left behind waits below the dialogs that are open.
    fn on_deleted(&mut self, uid: &str, result: &Result<Box<Deleted>, DeleteError>) -> Acts {
        let followed = self.is_followed(uid);
        match result {
            Ok(deleted) => {
                if !followed {
                    self.layers.insert(0, Box::new(ChecklistDialog::new((**deleted).clone())));
                }
                self.reread()
            }
            Err(error) if !followed => {
                vec![Act::Notice(Tone::Failed, format!("The deletion of {}: {error}", self.name(uid)))]
            }
            Err(_) => Acts::new(),
        }
    }

    /// A gateway's name as it was last read, for a message.
    fn name(&self, uid: &str) -> String {
        let name = self.model.pcg(uid).map_or("a gateway", |pcg| pcg.name.as_str());
        text::elide(&text::clean(name), 32).into_owned()
    }

    fn on_renamed(&self, uid: &str, result: &Result<(), RenameError>) -> Acts {
        let followed = self.is_followed(uid);
        let mut acts = Acts::new();
        match result {
            Ok(()) => {
                acts.push(Act::Effect(Effect::Ask(Request::Gateways)));
                if !followed {
                    acts.push(Act::Notice(Tone::Done, format!("{} was renamed.", self.name(uid))));
                }
            }
            Err(error) if !followed => {
                acts.push(Act::Notice(Tone::Failed, format!("The new name of {}: {error}", self.name(uid))))
            }
            Err(_) => {}
        }
        acts
    }
}

/// The client's error in an answer, where there is one.
fn failure(answer: &Answer) -> Option<&Error> {
    match answer {
        Answer::Greeting(Err(error))
        | Answer::Gateways(Err(error))
        | Answer::Clouds(Err(error))
        | Answer::Clusters(Err(error))
        | Answer::History(_, Err(error))
        | Answer::Audits(_, Err(error))
        | Answer::Version(Err(error))
        | Answer::DeletePreflight(Err(error))
        | Answer::Deleted(_, Err(crate::ops::delete::DeleteError::Refused(error)))
        | Answer::Renamed(_, Err(crate::ops::rename::RenameError::Client(error)))
        | Answer::MigratePreflight(Err(PreflightError::Client(error)))
        | Answer::MigrationEnded(_, Err(MigrateError::NotStarted(error) | MigrateError::Lost(error))) => Some(error),
        Answer::Backup(told) => told.error(),
        _ => None,
    }
}
