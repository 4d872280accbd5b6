//! The arithmetic of schedules: every so many days at an hour UTC, kept so many days. Pure, and a leaf, so that the plane
//! that runs them and the screens that explain them reckon alike.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::text;

/// A schedule within its bounds: interval 1 to 365 days, hour 0 to 23, retention 1 to 3650 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Days from one run to the next.
    pub interval: u32,
    /// Hour of the day, UTC.
    pub hour: u32,
    /// Days that a backup stays.
    pub retention: u32,
    /// A day on which a run is due; the others follow from it.
    pub anchor: NaiveDate,
}

/// The beginning of a run: its time names it, so that no slot is run twice.
pub type Slot = DateTime<Utc>;

impl Schedule {
    fn slot_on(&self, day: NaiveDate) -> Option<Slot> {
        Some(day.and_hms_opt(self.hour, 0, 0)?.and_utc())
    }

    fn is_due_on(&self, day: NaiveDate) -> bool {
        let days = i64::from(day.num_days_from_ce()) - i64::from(self.anchor.num_days_from_ce());
        days.rem_euclid(i64::from(self.interval.max(1))) == 0
    }

    /// The first slot strictly after `now`; `None` only at the end of the calendar.
    #[must_use]
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<Slot> {
        let today = now.date_naive();
        (0..=u64::from(self.interval))
            .filter_map(|ahead| today.checked_add_days(chrono::Days::new(ahead)))
            .filter(|day| self.is_due_on(*day))
            .filter_map(|day| self.slot_on(day))
            .find(|slot| *slot > now)
    }

    /// The newest slot at or before `now`; `None` only at the beginning of the calendar.
    #[must_use]
    pub fn last_at(&self, now: DateTime<Utc>) -> Option<Slot> {
        let today = now.date_naive();
        (0..=u64::from(self.interval))
            .filter_map(|back| today.checked_sub_days(chrono::Days::new(back)))
            .filter(|day| self.is_due_on(*day))
            .filter_map(|day| self.slot_on(day))
            .find(|slot| *slot <= now)
    }

    /// How many backups there are at a time, once the first has expired.
    #[must_use]
    pub fn backups_at_a_time(&self) -> u32 {
        self.retention.div_ceil(self.interval.max(1))
    }

    /// When a backup that was finished at `finished` is past its time.
    #[must_use]
    pub fn expires(finished: DateTime<Utc>, retention_days: u32) -> DateTime<Utc> {
        finished.checked_add_signed(TimeDelta::days(i64::from(retention_days))).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Such as "every 2 days at 03:00 UTC, kept 14 days: 7 backups at a time".
    #[must_use]
    pub fn words(&self) -> String {
        let interval =
            if self.interval == 1 { "every day".to_owned() } else { format!("every {} days", self.interval) };
        let at_a_time = text::count(self.backups_at_a_time() as usize, "backup");
        let kept = text::count(self.retention as usize, "day");
        format!("{interval} at {:02}:00 UTC, kept {kept}: {at_a_time} at a time", self.hour)
    }

    /// What the person should know about it; empty as a rule.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        if self.retention >= 2 * self.interval {
            return Vec::new();
        }
        let sentence = "Backups expire before two newer ones exist, so that often only one is there. Keep them at least \
                        twice as long as the interval.";
        vec![sentence.to_owned()]
    }
}
