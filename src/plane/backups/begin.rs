//! Beginning a job, and looking at one.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use rusqlite::Transaction;

use super::desk::Trial;
use super::words::{doing, in_the_way, not_configured, title};
use crate::api::ActionType;
use crate::api::error::code;
use crate::api::job::{Job, Started};
use crate::api::words::{JobKind, JobState, Mode, VerifyLevel};
use crate::backup::{BackupUid, Place};
use crate::plane::actor::Actor;
use crate::plane::failure::{Failure, Refusal};
use crate::plane::jobs::migration;
use crate::plane::state::{Attempt, Plane, kind, named};
use crate::plane::store::jobs::{self, Row};
use crate::plane::store::{locations, migrations};
use crate::plane::uid;

/// A job to begin.
pub struct Order {
    /// What it does.
    pub kind: JobKind,
    /// Name of the location.
    pub location: String,
    /// Its mode.
    pub mode: Mode,
    /// The backup that it works on; a create makes its own.
    pub backup: Option<Place>,
    /// How closely a verification looks.
    pub level: VerifyLevel,
    /// The slot of the schedule that it fills.
    pub slot: Option<DateTime<Utc>>,
    /// Who begins it.
    pub actor: Actor,
    /// What a validation tries.
    pub trial: Option<Trial>,
}

impl Order {
    /// A job in a location.
    #[must_use]
    pub fn new(kind: JobKind, location: &str, mode: &Mode, actor: Actor) -> Self {
        Self {
            kind,
            location: location.to_owned(),
            mode: mode.clone(),
            backup: None,
            level: VerifyLevel::Quick,
            slot: None,
            actor,
            trial: None,
        }
    }

    /// The same on a backup.
    #[must_use]
    pub fn on(mut self, place: Place) -> Self {
        self.backup = Some(place);
        self
    }

    /// What is recorded of it on the plane `own`.
    fn into_row(self, now: DateTime<Utc>, own: &str) -> Row {
        let (backup_uid, owner) = match (&self.kind, self.backup) {
            (JobKind::Create, _) => (BackupUid::fresh(now).to_string(), own.to_owned()),
            (_, Some(place)) => (place.uid.to_string(), place.plane_uid),
            (_, None) => Default::default(),
        };
        let restores = matches!(self.kind, JobKind::Restore | JobKind::Recover);
        Row {
            uid: uid::fresh(),
            kind: self.kind,
            location: self.location,
            mode: self.mode,
            backup_uid,
            owner,
            level: self.level,
            state: JobState::Running,
            actor: self.actor,
            slot: self.slot,
            started: now,
            finished: None,
            attempts: 1,
            retry_at: None,
            stale: restores.then(|| BackupUid::fresh(now).to_string()).into_iter().collect(),
            checks: Vec::new(),
            result: String::new(),
            advice: String::new(),
        }
    }
}

/// Whether the plane does this by itself, so that a person's job waits for it instead of being refused.
fn is_housekeeping(row: &Row) -> bool {
    row.actor == Actor::plane() && matches!(row.kind, JobKind::Retention | JobKind::Verify)
}

/// What a job is about, for the trail.
fn subject(row: &Row) -> crate::api::audit::AuditResource {
    if row.backup_uid.is_empty() { named(kind::LOCATION, &row.location) } else { named(kind::BACKUP, &row.backup_uid) }
}

/// What the trail says of a job: who, what, to what.
#[must_use]
pub fn attempt(row: &Row) -> Attempt {
    let action = match row.kind {
        JobKind::Create => ActionType::Create,
        JobKind::Delete | JobKind::Retention => ActionType::Delete,
        JobKind::Restore | JobKind::Recover => ActionType::Update,
        _ => ActionType::Action,
    };
    Attempt { actor: row.actor.clone(), action, title: title(&row.kind), resource: subject(row) }
}

fn begun(row: &Row) -> String {
    let (what, location) = (doing(&row.kind), &row.location);
    let planned = if row.slot.is_some() { "scheduled " } else { "" };
    match row.kind {
        JobKind::Create => format!("Started the {planned}backup {} in {location}.", row.backup_uid),
        JobKind::Validate if location.is_empty() => "Started to validate a location that is not saved.".to_owned(),
        JobKind::Validate | JobKind::Retention => format!("Started the {what} in {location}."),
        _ => format!("Started the {what} of the backup {} in {location}.", row.backup_uid),
    }
}

impl Plane {
    /// Records a job and sets it to work.
    ///
    /// # Errors
    /// Where another job has the location, or a migration is in the way of a restore; told to the trail.
    pub async fn begin(&self, mut order: Order) -> Result<Started, Failure> {
        let trial = order.trial.take();
        let row = order.into_row(self.now(), &self.identity.get().plane_uid);
        let started = Started { job_uid: row.uid.clone(), backup_uid: row.backup_uid.clone() };
        if let Some(trial) = trial {
            self.backups.desk.keep(&row.uid, trial);
        }
        let (attempt, job_uid) = (attempt(&row), row.uid.clone());
        let recorded = self.change(attempt, move |transaction, _| record(transaction, row)).await;
        if let Err(failure) = recorded {
            drop(self.backups.desk.trial(&job_uid));
            return Err(failure);
        }
        // Where the plane is stopping, the next start finds the job in the database.
        let _ = self.backups.orders.send(job_uid);
        Ok(started)
    }

    /// A job as the wire has it.
    #[must_use]
    pub fn job_view(&self, row: &Row) -> Job {
        let glance = self.backups.desk.glance(&row.uid, self.now()).unwrap_or_default();
        let live = !row.state.ended();
        let person = row.actor.0.user.as_ref();
        Job {
            uid: row.uid.clone(),
            kind: row.kind.clone(),
            location: row.location.clone(),
            mode: row.mode.clone(),
            backup_uid: row.backup_uid.clone(),
            state: row.state.clone(),
            phase: if live { glance.phase } else { String::new() },
            scheduled: row.slot.is_some(),
            started_by: person.map_or_else(|| "the plane".to_owned(), |user| user.email_id.clone()),
            started: Some(row.started),
            finished: row.finished,
            progress: glance.progress,
            checks: if live { glance.checks } else { row.checks.clone() },
            result: row.result.clone(),
            advice: row.advice.clone(),
            cancellable: live && glance.cancellable,
        }
    }
}

/// The job that a new one is refused for, among those that have not ended at its location. It waits behind what the plane
/// does by itself, and only one of each kind does.
fn refused_for<'a>(before: &'a [Row], new: &Row) -> Option<&'a Row> {
    let active = before.first().filter(|active| !is_housekeeping(active) || is_housekeeping(new));
    active.or_else(|| before.iter().find(|waiting| waiting.kind == new.kind && !is_housekeeping(waiting)))
}

/// How a job begins at its location: at once, or behind what the plane does there by itself.
///
/// # Errors
/// Where the location is not configured, or the job is refused for another one.
pub fn standing(transaction: &Transaction<'_>, row: &Row) -> Result<JobState, Failure> {
    if locations::get(transaction, &row.location)?.is_none() {
        return Err(not_configured(&row.location).into());
    }
    let before = jobs::in_turn(transaction, &row.location)?;
    match refused_for(&before, row) {
        Some(other) => Err(in_the_way(other).into()),
        None if before.is_empty() => Ok(JobState::Running),
        None => Ok(JobState::Queued),
    }
}

fn record(transaction: &Transaction<'_>, mut row: Row) -> Result<((), String), Failure> {
    // A validation writes beside everything else.
    if row.kind != JobKind::Validate {
        row.state = standing(transaction, &row)?;
    }
    let brings_back = |kind: &JobKind| matches!(kind, JobKind::Restore | JobKind::Recover);
    if brings_back(&row.kind) {
        refuse_beside_migrations(transaction)?;
        if let Some(other) = jobs::unfinished(transaction)?.iter().find(|other| brings_back(&other.kind)) {
            return Err(in_the_way(other).into());
        }
    }
    jobs::put(transaction, &row)?;
    Ok(((), begun(&row)))
}

/// A restore would take the clusters away under a migration.
///
/// # Errors
/// Where one is running.
pub fn refuse_beside_migrations(connection: &rusqlite::Connection) -> Result<(), Failure> {
    match migrations::running(connection)?.first() {
        Some(running) => {
            let why = migration::in_the_way(running);
            let message = format!("Nothing is restored while clusters move. {}", why.message);
            Err(Refusal::new(StatusCode::CONFLICT, code::MIGRATION_RUNNING, message).with(why.details).into())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
