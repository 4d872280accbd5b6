//! What is past its time and may go. Pure: the plan is made from a listing and carried out elsewhere.

use std::cmp::Reverse;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Authentic, Found, FoundState, Manifest, Place};
use crate::schedule::Schedule;
use crate::storage::MOST_SKEW;

/// What retention goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Days that a backup stays after it was finished.
    pub retention_days: u32,
    /// Good backups that stay whatever their age, at least 1.
    pub min_good: usize,
    /// Most that one pass deletes, so that a slip in the settings is noticed before all is gone.
    pub most: usize,
}

/// What a pass would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To delete, oldest first.
    pub expired: Vec<Place>,
    /// Past their time, and why they stay.
    pub kept: Vec<(Place, String)>,
}

/// Why ages cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The last pass was later than now.
    ClockWentBack,
    /// So far is the server's clock from ours.
    ClocksApart(TimeDelta),
}

impl fmt::Display for Doubt {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockWentBack => to.write_str(
                "The clock of this machine went back since the last pass. Set it right; nothing is deleted by a wrong clock.",
            ),
            Self::ClocksApart(skew) => write!(
                to,
                "The server's clock and this machine's are {} minutes apart. Set them right; nothing is deleted by a wrong clock.",
                skew.num_minutes().abs()
            ),
        }
    }
}

/// Why nothing may be deleted by age now: our clock went back since the pass at `last`, or the server's is `skew` ahead of
/// it, so that one of them is wrong. `None` where they can be relied on, as far as the server tells.
#[must_use]
pub fn distrust(now: DateTime<Utc>, last: Option<DateTime<Utc>>, skew: Option<TimeDelta>) -> Option<Doubt> {
    if last.is_some_and(|last| last > now) {
        return Some(Doubt::ClockWentBack);
    }
    skew.filter(|skew| skew.abs() > MOST_SKEW).map(Doubt::ClocksApart)
}

/// What a pass at `now` would do to the backups of the plane `plane_uid`; those of others are never touched. A good backup
/// is complete and authentic; what is not is left to a person.
#[must_use]
pub fn plan(found: &[Found], plane_uid: &str, policy: Policy, now: DateTime<Utc>) -> Plan {
    let mut backups: Vec<Backup<'_>> =
        found.iter().filter(|found| found.place.plane_uid == plane_uid).filter_map(Backup::of).collect();
    backups.sort_by_key(|backup| Reverse((backup.manifest.completed, backup.place)));
    let stays = policy.min_good.max(1);
    let (mut plan, mut good) = (Plan::default(), 0);
    for (rank, backup) in backups.iter().enumerate() {
        good += usize::from(backup.flaw.is_none());
        if now <= Schedule::expires(backup.manifest.completed, policy.retention_days) {
            continue;
        }
        let reason = match backup.flaw {
            Some(flaw) => Some(flaw.to_owned()),
            None if good <= stays => Some(format!("it is among the {stays} newest good backups, which always stay")),
            None if rank == 0 => Some("it is the newest backup".to_owned()),
            None => None,
        };
        match reason {
            Some(reason) => plan.kept.push((backup.place.clone(), reason)),
            None => plan.expired.push(backup.place.clone()),
        }
    }
    plan.expired.reverse();
    let later = plan.expired.split_off(plan.expired.len().min(policy.most));
    let reason = format!("one pass deletes at most {}; the next one goes on", policy.most);
    plan.kept.extend(later.into_iter().map(|place| (place, reason.clone())));
    plan
}

/// A backup that has a time.
struct Backup<'a> {
    place: &'a Place,
    manifest: &'a Manifest,
    /// Why it does not count as good, and is not deleted by itself.
    flaw: Option<&'static str>,
}

impl<'a> Backup<'a> {
    fn of(found: &'a Found) -> Option<Self> {
        let (manifest, flaw) = match &found.state {
            FoundState::Complete(manifest, Authentic::Yes) => (manifest, None),
            FoundState::Complete(manifest, Authentic::No) => {
                (manifest, Some("its manifest is not authentic; delete it by hand"))
            }
            FoundState::Complete(manifest, Authentic::KeyMissing) => {
                (manifest, Some("its recovery key is not on this plane; delete it by hand"))
            }
            FoundState::Damaged(Some(manifest), _) => (manifest, Some("it is damaged; delete it by hand")),
            _ => return None,
        };
        Some(Self { place: &found.place, manifest, flaw })
    }
}

#[cfg(test)]
mod tests;
