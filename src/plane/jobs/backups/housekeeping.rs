//! What is past its time goes, and what was left behind half-way; once after every backup and once a day.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::ending::{Also, Done, Ended, conclude, unless_it_panics};
use super::outlook::{Outlook, Skip, skew_now};
use crate::api::location::Location;
use crate::api::words::{JobKind, JobState};
use crate::backup::{BackupUid, Found, FoundState, Phase, Place, Progress};
use crate::plane::actor::Actor;
use crate::plane::backups::begin::attempt;
use crate::plane::backups::shelf::Shelf;
use crate::plane::backups::words::Trouble;
use crate::plane::failure::Failure;
use crate::plane::jobs::{Stop, told_to_stop};
use crate::plane::state::{Plane, SharedPlane};
use crate::plane::store::jobs::{self, Row};
use crate::plane::store::locations::{self, Stored};
use crate::plane::store::{audits, backups, housekeeping};
use crate::plane::uid;
use crate::text;

/// What a look at a location found.
struct Look {
    stored: Stored,
    shelf: Arc<Shelf>,
    outlook: Outlook,
    /// Something was left behind half-way.
    remainders: bool,
}

/// Reads a location, however long that takes, and says what a pass would do.
async fn look(plane: &SharedPlane, location: &str) -> Result<Look, Trouble> {
    let (stored, shelf) = plane.shelf(location).await?;
    let stock = plane.read_to_the_end(location).await?;
    let days = stored.location.backup_spec.retention_period;
    let outlook = plane.outlook(&stored, skew_now(&stored, &shelf).await?, &stock.inventory.found, days).await?;
    let own = plane.identity.get().plane_uid.clone();
    let remainder = |found: &Found| {
        found.place.plane_uid == own && matches!(found.state, FoundState::Deleting(_) | FoundState::Incomplete)
    };
    let remainders = stock.inventory.found.iter().any(remainder);
    Ok(Look { stored, shelf, outlook, remainders })
}

/// What is said of a location after a pass that did nothing; a paused one is meant to be left alone.
fn skipped(skip: Skip, now: DateTime<Utc>) -> String {
    match skip {
        Skip::Paused => String::new(),
        _ => format!("Retention deleted nothing on {} UTC. {skip}", now.format("%Y-%m-%d at %H:%M")),
    }
}

/// What is said of a location after a pass that failed.
fn failed(trouble: &Trouble, now: DateTime<Utc>) -> String {
    let words =
        format!("Retention failed on {} UTC: {} {}", now.format("%Y-%m-%d at %H:%M"), trouble.reason, trouble.advice);
    words.trim().to_owned()
}

/// Records with the end of a job that a pass did not happen, and why.
fn saying(location: &str, words: String) -> Also {
    let location = location.to_owned();
    Arc::new(move |transaction, _| Ok(housekeeping::say(transaction, &location, &words)?))
}

/// The pass of a job: a look, then what it asks for. The turn at the location is held.
pub(super) async fn run(plane: &SharedPlane, location: &str, progress: &Progress) -> Ended {
    let done = async { carry_out(plane, location, look(plane, location).await?, progress).await };
    ended(plane, location, done.await)
}

fn ended(plane: &SharedPlane, location: &str, done: Result<Done, Trouble>) -> Ended {
    match done {
        Ok(done) => Ended::Well(done),
        Err(trouble) => {
            let said = saying(location, failed(&trouble, plane.now()));
            Ended::Badly(trouble, Some(said))
        }
    }
}

/// Deletes what is past its time, then sweeps.
async fn carry_out(plane: &SharedPlane, location: &str, look: Look, progress: &Progress) -> Result<Done, Trouble> {
    let Look { stored, shelf, outlook, .. } = look;
    if let Some(skip) = outlook.skipped {
        tracing::warn!(location, reason = %skip, "retention skips a pass");
        let also = Some(saying(location, skipped(skip, plane.now())));
        return Ok(Done { also, ..Done::told(format!("Nothing was deleted in {location}. {skip}")) });
    }
    let days = stored.location.backup_spec.retention_period;
    let vault = plane.vault(shelf.store.clone());
    progress.tell(|moment| moment.phase = Phase::Deleting);
    for place in &outlook.plan.expired {
        vault.delete(place, progress).await?;
        shelf.spoil();
        let why = format!("Deleted the backup {} in {location}, past its {}.", place.uid, days_words(days));
        note_deletion(plane, location, place, why).await?;
    }
    progress.tell(|moment| moment.phase = Phase::CleaningUp);
    let swept = vault.sweep(&alive(plane).await?).await?;
    for place in &swept.finished {
        let why = format!("Finished a deletion that was cut short: the backup {} in {location}.", place.uid);
        note_deletion(plane, location, place, why).await?;
    }
    for place in &swept.removed {
        let why = format!("Removed what was left of the unfinished backup {} in {location}.", place.uid);
        note_deletion(plane, location, place, why).await?;
    }
    swept.failed.map_or(Ok(()), |error| Err(Trouble::from(error)))?;
    let deleted = outlook.plan.expired.len();
    let left = swept.finished.len() + swept.removed.len();
    Ok(Done {
        result: format!(
            "Retention in {location}: deleted {}, cleaned up {}.",
            text::count(deleted, "backup"),
            text::count(left, "remainder")
        ),
        also: Some(passing(location, outlook.remark())),
        made: None,
    })
}

/// Records that a pass went well, and what is to be said all the same.
fn passing(location: &str, remark: String) -> Also {
    let location = location.to_owned();
    Arc::new(move |transaction, now| {
        housekeeping::say(transaction, &location, &remark)?;
        Ok(locations::passed(transaction, &location, now)?)
    })
}

fn days_words(days: i64) -> String {
    text::count(usize::try_from(days).unwrap_or(0), "day")
}

async fn alive(plane: &SharedPlane) -> Result<Vec<BackupUid>, Trouble> {
    let rows = plane.store.read(move |connection| Ok(jobs::unfinished(connection)?)).await?;
    let begun = rows.iter().flat_map(|row| std::iter::once(&row.backup_uid).chain(&row.stale));
    Ok(begun.filter_map(|uid| uid.parse().ok()).collect())
}

async fn note_deletion(plane: &SharedPlane, location: &str, place: &Place, content: String) -> Result<(), Trouble> {
    let row = blank(plane, location, place.uid.as_str(), &place.plane_uid);
    let (name, place, entry) = (location.to_owned(), place.clone(), attempt(&row).entry(content));
    let now = plane.now();
    let written = plane.store.write(move |transaction| {
        let folder = backups::Folder { location: &name, owner: &place.plane_uid, uid: place.uid.as_str() };
        backups::gone(transaction, folder, now)?;
        audits::record(transaction, now, &entry)
    });
    Ok(written.await?)
}

fn blank(plane: &Plane, location: &str, backup_uid: &str, owner: &str) -> Row {
    let now = plane.now();
    Row {
        uid: uid::fresh(),
        kind: JobKind::Retention,
        location: location.to_owned(),
        mode: crate::api::words::Mode::default(),
        backup_uid: backup_uid.to_owned(),
        owner: owner.to_owned(),
        level: crate::api::words::VerifyLevel::Quick,
        state: JobState::Running,
        actor: Actor::plane(),
        slot: None,
        started: now,
        finished: None,
        attempts: 1,
        retry_at: None,
        stale: Vec::new(),
        checks: Vec::new(),
        result: String::new(),
        advice: String::new(),
    }
}

/// The daily pass: waits for its turn first.
pub async fn daily(plane: SharedPlane, location: String, mut stop: Stop) {
    let turn = plane.backups.desk.turn(&location);
    let mut inner = stop.clone();
    tokio::select! {
        biased;
        () = told_to_stop(&mut stop) => return,
        held = turn.lock() => {
            if_due(&plane, &location, &mut inner).await;
            drop(held);
        }
    }
    plane.backups.changed.notify_one();
}

/// A pass where something is to be done; a job of its own only then, so that the list of jobs stays readable. The turn at
/// the location is held.
pub(super) async fn if_due(plane: &SharedPlane, location: &str, stop: &mut Stop) {
    let Some(before) = settled(plane, location).await else { return };
    let looked = tokio::select! {
        biased;
        () = told_to_stop(stop) => return,
        looked = look(plane, location) => looked,
    };
    let also = match looked {
        Ok(look) => match look.outlook.skipped {
            Some(skip) => {
                tracing::warn!(location, reason = %skip, "retention skips a pass");
                saying(location, skipped(skip, plane.now()))
            }
            None if look.outlook.plan.expired.is_empty() && !look.remainders => {
                passing(location, look.outlook.remark())
            }
            None => return as_a_job(plane, location, look, stop).await,
        },
        Err(trouble) => {
            tracing::warn!(location, reason = trouble.reason, "retention could not look");
            saying(location, failed(&trouble, plane.now()))
        }
    };
    let now = plane.now();
    let noted = plane.store.write(
        move |transaction| {
            if is_still(transaction, &before)? { also(transaction, now) } else { Ok(()) }
        },
    );
    if let Err(error) = noted.await {
        tracing::warn!(%error, location, "what retention has to say could not be noted");
    }
}

/// The location before it is read. A prepared one follows its store to another port first, which is nobody's change.
async fn settled(plane: &SharedPlane, location: &str) -> Option<Location> {
    drop(plane.shelf(location).await);
    Some(plane.location(location).await.ok()?.location)
}

/// Whether a location is what it was: while it is read, which may take long, someone may remove or pause it or point it
/// elsewhere.
fn is_still(connection: &Connection, before: &Location) -> Result<bool, Failure> {
    Ok(locations::get(connection, &before.name)?.is_some_and(|now| now.location == *before))
}

async fn as_a_job(plane: &SharedPlane, location: &str, look: Look, stop: &mut Stop) {
    let row = Row { mode: look.stored.location.mode.clone(), ..blank(plane, location, "", "") };
    let (recorded, seen) = (row.clone(), look.stored.location.clone());
    let begun = plane.store.write(move |transaction| {
        if is_still(transaction, &seen)? { jobs::put(transaction, &recorded).map(|()| true) } else { Ok(false) }
    });
    match begun.await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return tracing::warn!(%error, location, "a retention pass could not be recorded"),
    }
    let (progress, moment) = Progress::new();
    drop(plane.backups.desk.open(&row.uid, moment, plane.now(), false));
    let working = async { ended(plane, location, carry_out(plane, location, look, &progress).await) };
    let ended = tokio::select! {
        biased;
        () = told_to_stop(stop) => Ended::Left,
        ended = unless_it_panics(working) => ended,
    };
    let uid = row.uid.clone();
    conclude(plane, row, ended, &progress, stop).await;
    plane.backups.desk.close(&uid);
}

#[cfg(test)]
mod tests;
