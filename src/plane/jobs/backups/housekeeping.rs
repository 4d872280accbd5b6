//! What is past its time goes, and what was left behind half-way; once after every backup and once a day.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::Done;
use crate::api::words::{JobKind, JobState};
use crate::backup::retention::{self, Plan, Policy};
use crate::backup::{BackupUid, Found, FoundState, Place, Progress};
use crate::plane::actor::Actor;
use crate::plane::backups::begin::attempt;
use crate::plane::backups::shelf::Shelf;
use crate::plane::backups::words::Trouble;
use crate::plane::jobs::{Stop, told_to_stop};
use crate::plane::state::{Plane, SharedPlane};
use crate::plane::store::jobs::{self, Row};
use crate::plane::store::locations::{self, Stored};
use crate::plane::store::{audits, backups};
use crate::plane::uid;
use crate::text;

/// Good backups that stay whatever their age.
const MIN_GOOD: usize = 3;
/// Most that one pass deletes.
const MOST: usize = 10;
/// Farther apart than this, one of the clocks is wrong, and nothing is deleted by them.
const MOST_SKEW: TimeDelta = TimeDelta::minutes(10);

/// What retention would do now.
pub struct Outlook {
    /// What would go and what stays.
    pub plan: Plan,
    /// Why no pass happens; empty where one does.
    pub skipped: String,
}

impl Plane {
    /// What retention would do to a listing under `days` of retention.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn outlook(
        &self,
        stored: &Stored,
        shelf_clock: Option<TimeDelta>,
        found: &[Found],
        days: i64,
    ) -> Result<Outlook, Trouble> {
        let bad = self.known_bad(found).await?;
        let now = self.now();
        let policy = Policy { retention_days: u32::try_from(days).unwrap_or(u32::MAX), min_good: MIN_GOOD, most: MOST };
        // One that a verification found bad must not count as one of the good ones that stay.
        let seen: Vec<_> = found.iter().cloned().map(|found| without_credit(found, &bad)).collect();
        let plan = retention::plan(&seen, &self.identity.get().plane_uid, policy, now);
        let skipped = if stored.location.paused {
            "The location is paused.".to_owned()
        } else if stored.last_pass.is_some_and(|last| last > now) {
            "The clock of this machine went back since the last pass. Set it right; nothing is deleted by a wrong clock."
                .to_owned()
        } else if let Some(skew) = shelf_clock.filter(|skew| skew.abs() > MOST_SKEW) {
            format!(
                "The server's clock and this machine's are {} minutes apart. Set them right; nothing is deleted by a wrong clock.",
                skew.num_minutes().abs()
            )
        } else {
            String::new()
        };
        Ok(Outlook { plan, skipped })
    }

    async fn known_bad(&self, found: &[Found]) -> Result<BTreeSet<String>, Trouble> {
        let uids: Vec<_> = found.iter().map(|found| found.place.uid.to_string()).collect();
        let bad = self.store.read(move |connection| {
            let mut bad = BTreeSet::new();
            for uid in uids {
                if backups::verification(connection, &uid)?.is_some_and(|verified| !verified.good) {
                    bad.insert(uid);
                }
            }
            Ok(bad)
        });
        Ok(bad.await?)
    }
}

/// How far the server's clock is from ours, where it says.
#[must_use]
pub fn skew(shelf: &Shelf) -> Option<TimeDelta> {
    shelf.store.server_clock().map(|clock| clock.server - clock.ours)
}

fn without_credit(mut found: Found, bad: &BTreeSet<String>) -> Found {
    if bad.contains(found.place.uid.as_str())
        && let FoundState::Complete(manifest, _) = found.state
    {
        found.state = FoundState::Damaged(Some(manifest), "a verification found it damaged".to_owned());
    }
    found
}

/// One pass: deletes what is past its time, then sweeps. The turn at the location is held.
pub(super) async fn run(plane: &SharedPlane, location: &str, progress: &Progress) -> Result<Done, Trouble> {
    let (stored, shelf) = plane.shelf(location).await?;
    let listed = plane.listed(location, true).await?;
    let stock = match (listed.unread, listed.stock) {
        (None, Some(stock)) => stock,
        (trouble, _) => return Err(trouble.unwrap_or_default()),
    };
    let days = stored.location.backup_spec.retention_period;
    let outlook = plane.outlook(&stored, skew(&shelf), &stock.inventory.found, days).await?;
    if !outlook.skipped.is_empty() {
        tracing::warn!(location, reason = outlook.skipped, "retention skips a pass");
        return Ok(Done::told(format!("Nothing was deleted in {location}. {}", outlook.skipped)));
    }
    let vault = plane.vault(shelf.store.clone());
    progress.tell(|moment| moment.phase = "Deleting");
    for place in &outlook.plan.expired {
        vault.delete(place, progress).await?;
        shelf.spoil();
        let why = format!("Deleted the backup {} in {location}, past its {}.", place.uid, days_words(days));
        note_deletion(plane, location, place, why).await?;
    }
    progress.tell(|moment| moment.phase = "Cleaning up");
    let swept = vault.sweep(&alive(plane).await?).await?;
    for place in &swept.finished {
        let why = format!("Finished a deletion that was cut short: the backup {} in {location}.", place.uid);
        note_deletion(plane, location, place, why).await?;
    }
    for place in &swept.removed {
        let why = format!("Removed what was left of the unfinished backup {} in {location}.", place.uid);
        note_deletion(plane, location, place, why).await?;
    }
    let (name, deleted) = (location.to_owned(), outlook.plan.expired.len());
    let left = swept.finished.len() + swept.removed.len();
    Ok(Done {
        result: format!(
            "Retention in {location}: deleted {}, cleaned up {}.",
            text::count(deleted, "backup"),
            text::count(left, "remainder")
        ),
        also: Some(Arc::new(move |transaction, now| Ok(locations::passed(transaction, &name, now)?))),
        made: None,
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
    let (name, uid, entry) = (location.to_owned(), place.uid.to_string(), attempt(&row).entry(content));
    let now = plane.now();
    let written = plane.store.write(move |transaction| {
        backups::gone(transaction, &name, &uid, now)?;
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
    let passed = tokio::select! {
        biased;
        () = told_to_stop(&mut stop) => return,
        held = turn.lock() => {
            let passed = if_due(&plane, &location, &mut inner).await;
            drop(held);
            passed
        }
    };
    if let Err(trouble) = passed {
        tracing::warn!(location, reason = trouble.reason, "retention could not look");
    }
    plane.backups.changed.notify_one();
}

/// A pass where something is to be done; a job of its own only then, so that the list of jobs stays readable.
pub(super) async fn if_due(plane: &SharedPlane, location: &str, stop: &mut Stop) -> Result<(), Trouble> {
    let (stored, shelf) = plane.shelf(location).await?;
    let listed = plane.listed(location, true).await?;
    let Some(stock) = listed.stock.filter(|_| listed.unread.is_none()) else {
        return Err(listed.unread.unwrap_or_default());
    };
    let days = stored.location.backup_spec.retention_period;
    let outlook = plane.outlook(&stored, skew(&shelf), &stock.inventory.found, days).await?;
    if !outlook.skipped.is_empty() {
        tracing::warn!(location, reason = outlook.skipped, "retention skips a pass");
        return Ok(());
    }
    let own = plane.identity.get().plane_uid.clone();
    let remainder = |found: &Found| {
        found.place.plane_uid == own && matches!(found.state, FoundState::Deleting(_) | FoundState::Incomplete)
    };
    if outlook.plan.expired.is_empty() && !stock.inventory.found.iter().any(remainder) {
        let (name, now) = (location.to_owned(), plane.now());
        let passed = plane.store.write(move |transaction| Ok(locations::passed(transaction, &name, now)?));
        return Ok(passed.await?);
    }
    let row = Row { mode: stored.location.mode.clone(), ..blank(plane, location, "", "") };
    let recorded = row.clone();
    plane.store.write(move |transaction| jobs::put(transaction, &recorded)).await?;
    let (progress, moment) = Progress::new();
    drop(plane.backups.desk.open(&row.uid, moment, plane.now(), false));
    let ended = tokio::select! {
        biased;
        () = told_to_stop(stop) => super::Ended::Left,
        done = run(plane, location, &progress) => match done {
            Ok(done) => super::Ended::Well(done),
            Err(trouble) => super::Ended::Badly(trouble, None),
        },
    };
    let uid = row.uid.clone();
    super::conclude(plane, row, ended, &progress, stop).await;
    plane.backups.desk.close(&uid);
    Ok(())
}
