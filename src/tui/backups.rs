//! What is known of locations, backups and the jobs that work on them. Only the application changes it.

use std::collections::BTreeMap;

use super::model::Freshness;
use super::msg::backup::{Overview, Which};
use crate::api::backup::{Backup, BackupList, RecoveryKey};
use crate::api::job::Job;
use crate::api::location::{Location, LocationView};
use crate::api::words::{JobKind, Mode};

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Backups {
    /// Locations and the recovery key, as last read.
    pub overview: Option<Overview>,
    /// Backups by the name of their location.
    lists: BTreeMap<String, BackupList>,
    /// Why a location could not be read the last time, by its name.
    pub unread: BTreeMap<String, String>,
    /// Every backup, newest first; kept beside the lists since every frame looks at them.
    pub rows: Vec<Backup>,
    jobs: Vec<Job>,
    /// Jobs that this console began and watches.
    begun: Vec<String>,
    /// How fresh all this is.
    pub freshness: Freshness,
    /// The plane does not let this account look, in words.
    pub denied: Option<String>,
}

impl Backups {
    /// Takes over an overview; tells which jobs have ended since the last one.
    pub fn learn(&mut self, overview: Overview) -> Vec<Job> {
        let known = |name: &String| overview.locations.items.iter().any(|view| view.location.name == *name);
        self.lists.retain(|name, _| known(name));
        self.unread.retain(|name, _| known(name));
        self.jobs.retain(|job| !job.state.ended());
        let ended = self.learn_jobs(&overview.jobs);
        self.overview = Some(overview);
        self.join();
        ended
    }

    /// Takes over the backups of a location.
    pub fn learn_list(&mut self, name: &str, list: BackupList) {
        match list.unread.is_empty() {
            true => self.unread.remove(name),
            false => self.unread.insert(name.to_owned(), list.unread.clone()),
        };
        self.lists.insert(name.to_owned(), list);
        self.join();
    }

    /// Takes over how jobs fare; tells which of them were known to go on and have ended. Of those that this console
    /// began, whoever watches them tells.
    pub fn learn_jobs(&mut self, jobs: &[Job]) -> Vec<Job> {
        let mut ended = Vec::new();
        for job in jobs.iter().filter(|job| !job.uid.is_empty()) {
            let before = self.jobs.iter_mut().find(|known| known.uid == job.uid);
            let went_on = before.as_ref().is_some_and(|known| !known.state.ended());
            match before {
                Some(known) => known.clone_from(job),
                None => self.jobs.push(job.clone()),
            }
            if went_on && job.state.ended() && !self.begun.contains(&job.uid) {
                ended.push(job.clone());
            }
        }
        self.jobs.sort_by_key(|job| std::cmp::Reverse(job.started));
        ended
    }

    /// Remembers a job that this console began and watches.
    pub fn begun(&mut self, uid: &str) {
        if !uid.is_empty() && !self.begun.iter().any(|known| known == uid) {
            self.begun.push(uid.to_owned());
        }
    }

    /// Nobody watches that job any more.
    pub fn watched(&mut self, uid: &str) {
        self.begun.retain(|known| known != uid);
    }

    /// Jobs that the plane does not know any more are waited for no longer.
    pub fn forget_jobs(&mut self, asked: &[String], answered: &[Job]) {
        let gone = |uid: &String| asked.contains(uid) && !answered.iter().any(|job| job.uid == *uid);
        self.jobs.retain(|job| job.state.ended() || !gone(&job.uid));
    }

    fn join(&mut self) {
        self.rows = self.lists.values().flat_map(|list| list.items.iter().cloned()).collect();
        self.rows.sort_by(|a, b| (b.started.or(b.finished), &b.uid).cmp(&(a.started.or(a.finished), &a.uid)));
    }

    /// The locations, `ftp` and `s3` first.
    #[must_use]
    pub fn locations(&self) -> &[LocationView] {
        self.overview.as_ref().map_or(&[], |overview| &overview.locations.items)
    }

    /// The location of a name.
    #[must_use]
    pub fn location(&self, name: &str) -> Option<&LocationView> {
        self.locations().iter().find(|view| view.location.name == name)
    }

    /// What was prepared for the first configuration of a mode.
    #[must_use]
    pub fn suggested(&self, mode: &Mode) -> Option<&Location> {
        self.overview.as_ref()?.locations.suggested.iter().find(|location| location.mode == *mode)
    }

    /// The recovery key, where the plane has such a thing.
    #[must_use]
    pub fn key(&self) -> Option<&RecoveryKey> {
        self.overview.as_ref()?.key.as_ref()
    }

    /// A backup in a location.
    #[must_use]
    pub fn backup(&self, which: &Which) -> Option<&Backup> {
        self.rows.iter().find(|backup| backup.uid == which.uid && backup.location == which.location)
    }

    /// Whether the backups of every location were read, or could not be.
    #[must_use]
    pub fn are_read(&self) -> bool {
        self.overview.is_some()
            && self.locations().iter().all(|view| {
                self.lists.contains_key(&view.location.name) || self.unread.contains_key(&view.location.name)
            })
    }

    /// What was found in a location that is no backup, in words.
    #[must_use]
    pub fn strangers(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], |list| &list.strangers)
    }

    /// A job.
    #[must_use]
    pub fn job(&self, uid: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.uid == uid)
    }

    /// Jobs that go on, newest first; trying a location is not one of them.
    pub fn active(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| !job.state.ended() && job.kind != JobKind::Validate)
    }

    /// The job that goes on in a location.
    #[must_use]
    pub fn active_in(&self, name: &str) -> Option<&Job> {
        self.active().find(|job| job.location == name)
    }

    /// The newest job.
    #[must_use]
    pub fn latest_job(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| !matches!(job.kind, JobKind::Validate | JobKind::Retention))
    }

    /// Uids of the jobs that must be looked at again, since nobody else watches them.
    #[must_use]
    pub fn awaited(&self) -> Vec<String> {
        self.active().filter(|job| !self.begun.contains(&job.uid)).map(|job| job.uid.clone()).collect()
    }
}

impl Which {
    /// The backup of a row.
    #[must_use]
    pub fn of(backup: &Backup) -> Self {
        Self { location: backup.location.clone(), uid: backup.uid.clone() }
    }
}
