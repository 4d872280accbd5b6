//! What a retention pass would do now, and why it would not.

use std::collections::BTreeSet;
use std::fmt;

use chrono::TimeDelta;

use crate::backup::retention::{self, Plan, Policy};
use crate::backup::{Authentic, Found, FoundState, Place};
use crate::plane::backups::shelf::Shelf;
use crate::plane::backups::words::Trouble;
use crate::plane::state::Plane;
use crate::plane::store::backups;
use crate::plane::store::locations::Stored;
use crate::text;

/// Good backups that stay whatever their age.
const MIN_GOOD: usize = 3;
/// Most that one pass deletes.
const MOST: usize = 10;
/// Farther apart than this, one of the clocks is wrong, and nothing is deleted by them.
const MOST_SKEW: TimeDelta = TimeDelta::minutes(10);
/// Most backups that are told of by name.
const TOLD: usize = 3;

/// What retention would do now.
pub struct Outlook {
    /// What would go and what stays.
    pub plan: Plan,
    /// Why no pass happens; none where one does.
    pub skipped: Option<Skip>,
    /// Past their time, and left to a person.
    by_hand: Vec<(Place, String)>,
}

/// Why no pass happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// The location is paused.
    Paused,
    /// The last pass was later than now.
    ClockWentBack,
    /// So far is the server's clock from ours.
    ClocksApart(TimeDelta),
}

impl fmt::Display for Skip {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => to.write_str("The location is paused."),
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

impl Outlook {
    /// What is to be said after a pass that went well, for as long as it is so; empty as a rule.
    #[must_use]
    pub fn remark(&self) -> String {
        let told = |(place, why): &(Place, String)| format!("{} ({why})", place.uid);
        let mut named: Vec<_> = self.by_hand.iter().take(TOLD).map(told).collect();
        match self.by_hand.len() {
            0 => return String::new(),
            all if all > TOLD => named.push(format!("and {} more", all - TOLD)),
            _ => {}
        }
        let count = text::count(self.by_hand.len(), "backup");
        format!("Retention leaves {count} past its time in place: {}.", named.join("; "))
    }
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
        let good: BTreeSet<_> = seen.iter().filter(|found| is_good(found)).map(|found| &found.place).collect();
        let by_hand = plan.kept.iter().filter(|(place, _)| !good.contains(place)).cloned().collect();
        let skipped = if stored.location.paused {
            Some(Skip::Paused)
        } else if stored.last_pass.is_some_and(|last| last > now) {
            Some(Skip::ClockWentBack)
        } else {
            shelf_clock.filter(|skew| skew.abs() > MOST_SKEW).map(Skip::ClocksApart)
        };
        Ok(Outlook { plan, skipped, by_hand })
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

fn is_good(found: &Found) -> bool {
    matches!(found.state, FoundState::Complete(_, Authentic::Yes))
}

fn without_credit(mut found: Found, bad: &BTreeSet<String>) -> Found {
    if bad.contains(found.place.uid.as_str())
        && let FoundState::Complete(manifest, _) = found.state
    {
        found.state = FoundState::Damaged(Some(manifest), "a verification found it damaged".to_owned());
    }
    found
}
