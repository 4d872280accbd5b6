//! What is past its time goes, and what was left behind half-way; once after every backup and once a day.

use std::collections::BTreeSet;

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
        let bad = self.known_bad(&stored.location.name, found).await?;
        let now = self.now();
        let policy = Policy { retention_days: u32::try_from(days).unwrap_or(u32::MAX), min_good: MIN_GOOD, most: MOST };
        // One that a verification found bad must not count as one of the good ones that stay.
        let seen: Vec<_> = found.iter().cloned().map(|found| without_credit(found, &bad)).collect();
        let plan = retention::plan(&seen, &self.identity.get().plane_uid, policy, now);
        let skipped = if stored.location.paused {
            "The location is paused.".to_owned()
        } else {
            retention::distrust(now, stored.last_pass, shelf_clock).unwrap_or_default()
        };
        Ok(Outlook { plan, skipped })
    }

    async fn known_bad(&self, location: &str, found: &[Found]) -> Result<BTreeSet<Place>, Trouble> {
        let places: Vec<_> = found.iter().map(|found| found.place.clone()).collect();
        let location = location.to_owned();
        let bad = self.store.read(move |connection| {
            let mut bad = BTreeSet::new();
            for place in places {
                let folder = backups::Folder { location: &location, owner: &place.plane_uid, uid: place.uid.as_str() };
                if backups::verification(connection, folder)?.is_some_and(|verified| !verified.good) {
                    bad.insert(place);
                }
            }
            Ok(bad)
        });
        Ok(bad.await?)
    }
}

/// How far the server's clock is from ours by what it last said, where it says.
#[must_use]
pub fn skew(shelf: &Shelf) -> Option<TimeDelta> {
    shelf.store.server_clock().map(|clock| clock.server - clock.ours)
}

/// The same by an answer that is not old: what is deleted by age is deleted by no other. A paused location is left in
/// peace.
async fn skew_now(stored: &Stored, shelf: &Shelf) -> Result<Option<TimeDelta>, Trouble> {
    if stored.location.paused {
        return Ok(None);
    }
    let clock = shelf.store.ask_clock().await?;
    Ok(clock.map(|clock| clock.server - clock.ours))
}

fn without_credit(mut found: Found, bad: &BTreeSet<Place>) -> Found {
    if bad.contains(&found.place)
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
    let outlook = plane.outlook(&stored, skew_now(&stored, &shelf).await?, &stock.inventory.found, days).await?;
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
        also: Some(Box::new(move |transaction, now| Ok(locations::passed(transaction, &name, now)?))),
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
    let outlook = plane.outlook(&stored, skew_now(&stored, &shelf).await?, &stock.inventory.found, days).await?;
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
    super::conclude(plane, row, ended, Vec::new()).await;
    plane.backups.desk.close(&uid);
    Ok(())
}
