//! What a retention pass would do now, and why it would not.

use std::collections::BTreeSet;
use std::fmt;

use chrono::TimeDelta;

use crate::backup::retention::{self, Doubt, Plan, Policy};
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
    /// Ages cannot be trusted.
    Clocks(Doubt),
}

impl fmt::Display for Skip {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => to.write_str("The location is paused."),
            Self::Clocks(doubt) => doubt.fmt(to),
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
        let bad = self.known_bad(&stored.location.name, found).await?;
        let now = self.now();
        let policy = Policy { retention_days: u32::try_from(days).unwrap_or(u32::MAX), min_good: MIN_GOOD, most: MOST };
        // One that a verification found bad must not count as one of the good ones that stay.
        let seen: Vec<_> = found.iter().cloned().map(|found| without_credit(found, &bad)).collect();
        let plan = retention::plan(&seen, &self.identity.get().plane_uid, policy, now);
        let good: BTreeSet<_> = seen.iter().filter(|found| is_good(found)).map(|found| &found.place).collect();
        let by_hand = plan.kept.iter().filter(|(place, _)| !good.contains(place)).cloned().collect();
        let skipped = if stored.location.paused {
            Some(Skip::Paused)
        } else {
            retention::distrust(now, stored.last_pass, shelf_clock).map(Skip::Clocks)
        };
        Ok(Outlook { plan, skipped, by_hand })
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
///
/// # Errors
/// Where the server does not answer.
pub async fn skew_now(stored: &Stored, shelf: &Shelf) -> Result<Option<TimeDelta>, Trouble> {
    if stored.location.paused {
        return Ok(None);
    }
    let clock = shelf.store.ask_clock().await?;
    Ok(clock.map(|clock| clock.server - clock.ours))
}

fn is_good(found: &Found) -> bool {
    matches!(found.state, FoundState::Complete(_, Authentic::Yes))
}

fn without_credit(mut found: Found, bad: &BTreeSet<Place>) -> Found {
    if bad.contains(&found.place)
        && let FoundState::Complete(manifest, _) = found.state
    {
        found.state = FoundState::Damaged(Some(manifest), "a verification found it damaged".to_owned());
    }
    found
}
