//! The schedule: each slot of each location has one job, however often the process begins anew; a slot that was missed is
//! run as soon as the process is back.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;

use super::backups::housekeeping::daily;
use super::rotation::{self, Turn};
use super::{Stop, stopped};
use crate::api::location::Location;
use crate::api::words::{JobKind, VerifyLevel};
use crate::backup::{BackupUid, Place};
use crate::plane::actor::Actor;
use crate::plane::backups::begin::{Order, attempt, standing};
use crate::plane::backups::status::schedule;
use crate::plane::failure::Failure;
use crate::plane::state::SharedPlane;
use crate::plane::store::jobs::{self, Row};
use crate::plane::store::locations::{self, Stored};
use crate::plane::store::{audits, backups, housekeeping};

/// Between two retention passes of a location where no backup is made.
const DAILY: TimeDelta = TimeDelta::hours(24);
/// Between two tries of one that failed.
const TRY_PASS_AGAIN: TimeDelta = TimeDelta::hours(1);

/// What is to be done at a location, as the database has it.
struct Due {
    stored: Stored,
    /// The slot whose time has come and that has no job.
    slot: Option<DateTime<Utc>>,
    /// A failed job to try again.
    retry: Option<Row>,
    /// The next backup to read again.
    reading: Option<Turn>,
    busy: bool,
}

/// Begins what is due until it is told to stop.
pub async fn run(plane: SharedPlane, mut stop: Stop) {
    let mut passes = JoinSet::new();
    let mut tried = HashMap::new();
    while !stopped(&stop) {
        let next = pass(&plane, &mut passes, &mut tried, &stop).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the schedule could not be read");
            Some(a_tick_from(&plane, plane.now()))
        });
        // Clocks are set and machines sleep: the next slot is looked at anew at least once a tick.
        let pause = next.map(|at| (at - plane.now()).to_std().unwrap_or_default().min(plane.backups.tick));
        let wake = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause.max(MOMENT)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = plane.backups.changed.notified() => {}
            () = wake => {}
        }
    }
    while passes.join_next().await.is_some() {}
}

fn a_tick_from(plane: &SharedPlane, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::from_std(plane.backups.tick).unwrap_or(DAILY)
}

/// Shortest sleep: what is due and cannot begin yet must not spin.
const MOMENT: std::time::Duration = std::time::Duration::from_millis(5);

/// Begins what is due now; when to look again, none where nothing is scheduled.
async fn pass(
    plane: &SharedPlane,
    passes: &mut JoinSet<()>,
    tried: &mut HashMap<String, DateTime<Utc>>,
    stop: &Stop,
) -> Result<Option<DateTime<Utc>>, Failure> {
    let now = plane.now();
    let mut next = None;
    let own = plane.identity.get().plane_uid.clone();
    for due in plane.store.read(move |connection| due(connection, &own, now)).await? {
        let name = due.stored.location.name.clone();
        // What fails at one location keeps no other one waiting, and is not tried again at once.
        let failed = if due.busy { None } else { begin(plane, &due).await.err() };
        if let Some(error) = &failed {
            tracing::warn!(%error, location = name, "a scheduled backup could not begin");
        }
        let waits = due.busy && (due.slot.is_some() || due.retry.is_some());
        let slot = schedule(&due.stored).and_then(|schedule| schedule.next_after(now));
        let retry = due.retry.as_ref().and_then(|row| row.retry_at).filter(|at| *at > now);
        let last = due.stored.last_pass.unwrap_or(due.stored.created);
        let again = tried.get(&name).map_or(last + DAILY, |tried| (last + DAILY).max(*tried + TRY_PASS_AGAIN));
        if now >= again && !due.busy && due.slot.is_none() {
            tried.insert(name.clone(), now);
            passes.spawn(daily(plane.clone(), name, stop.clone()));
        }
        let busy = (waits || failed.is_some()).then(|| a_tick_from(plane, now));
        let reading = due.reading.as_ref().map(|turn| if turn.at > now { turn.at } else { a_tick_from(plane, now) });
        let again = Some(again.max(now + TimeDelta::seconds(1)));
        next = [next, slot, retry, again, busy, reading].into_iter().flatten().min();
    }
    while passes.try_join_next().is_some() {}
    Ok(next)
}

fn due(connection: &rusqlite::Connection, own: &str, now: DateTime<Utc>) -> Result<Vec<Due>, Failure> {
    let retries = jobs::to_retry(connection)?;
    let mut all = Vec::new();
    for stored in locations::list(connection)?.into_iter().filter(|stored| !stored.location.paused) {
        let name = &stored.location.name;
        let slot = schedule(&stored).and_then(|schedule| schedule.last_at(now)).filter(|slot| *slot > stored.since);
        let slot = match slot {
            Some(slot) if !jobs::slot_is_taken(connection, name, slot)? => Some(slot),
            _ => None,
        };
        let retry = retries.iter().find(|row| row.location == *name).cloned();
        let busy = jobs::active(connection, name)?.is_some();
        let chosen = housekeeping::chosen(connection, name)?;
        let reading = rotation::next(&backups::readings(connection, name, own)?, chosen, now);
        all.push(Due { stored, slot, retry, reading, busy });
    }
    Ok(all)
}

async fn begin(plane: &SharedPlane, due: &Due) -> Result<(), Failure> {
    let location = &due.stored.location;
    if let Some(slot) = due.slot {
        if let Some(row) = due.retry.clone() {
            // A later slot takes the place of another try for an earlier one.
            let given_up = Row { retry_at: None, ..row };
            plane.store.write(move |transaction| jobs::put(transaction, &given_up)).await?;
        }
        let order = Order::new(JobKind::Create, &location.name, &location.mode, Actor::plane());
        return plane.begin(Order { slot: Some(slot), ..order }).await.map(drop).or_else(unless_refused);
    }
    if let Some(row) = due.retry.clone().filter(|row| row.retry_at.is_some_and(|at| at <= plane.now())) {
        return try_again(plane, row).await.or_else(unless_refused);
    }
    match due.reading.as_ref().filter(|turn| turn.at <= plane.now()) {
        Some(turn) => read_again(plane, location, turn).await,
        None => Ok(()),
    }
}

/// Reads a backup whole again; once that has begun, it has had its turn.
async fn read_again(plane: &SharedPlane, location: &Location, turn: &Turn) -> Result<(), Failure> {
    let Ok(uid) = turn.uid.parse() else { return Ok(()) };
    let place = Place { plane_uid: plane.identity.get().plane_uid.clone(), uid };
    let order = Order::new(JobKind::Verify, &location.name, &location.mode, Actor::plane()).on(place);
    if let Err(failure) = plane.begin(Order { level: VerifyLevel::Data, ..order }).await {
        return unless_refused(failure);
    }
    let (name, now) = (location.name.clone(), plane.now());
    plane.store.write(move |transaction| Ok(housekeeping::choose(transaction, &name, now)?)).await
}

/// That another job began in between is no failure: the next pass looks again.
fn unless_refused(failure: Failure) -> Result<(), Failure> {
    match failure {
        Failure::Refused(_) => Ok(()),
        storage => Err(storage),
    }
}

/// Begins a failed backup anew, in its turn: since the schedule was read, someone else may have begun something there.
async fn try_again(plane: &SharedPlane, mut row: Row) -> Result<(), Failure> {
    let now = plane.now();
    let uid = row.uid.clone();
    row.stale.push(std::mem::replace(&mut row.backup_uid, BackupUid::fresh(now).to_string()));
    row.attempts += 1;
    (row.started, row.finished, row.retry_at) = (now, None, None);
    (row.result, row.advice) = Default::default();
    let content = format!("Started the scheduled backup {} in {} again.", row.backup_uid, row.location);
    let entry = attempt(&row).entry(content);
    plane
        .store
        .write(move |transaction| {
            row.state = standing(transaction, &row)?;
            jobs::put(transaction, &row)?;
            audits::record(transaction, now, &entry)
        })
        .await?;
    let _ = plane.backups.orders.send(uid);
    Ok(())
}

#[cfg(test)]
mod tests;
