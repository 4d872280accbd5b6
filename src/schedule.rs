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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn schedule(interval: u32, hour: u32, anchor: &str) -> Schedule {
        Schedule { interval, hour, retention: 7, anchor: anchor.parse().unwrap() }
    }

    #[test]
    fn the_hour_itself_is_no_longer_ahead() {
        let daily = schedule(1, 3, "2026-11-22");
        assert_eq!(daily.next_after(at("2026-11-22T02:59:59Z")), Some(at("2026-11-22T03:00:00Z")));
        assert_eq!(daily.next_after(at("2026-11-22T03:00:00Z")), Some(at("2026-11-23T03:00:00Z")));
        assert_eq!(daily.last_at(at("2026-11-22T03:00:00Z")), Some(at("2026-11-22T03:00:00Z")));
        assert_eq!(daily.last_at(at("2026-11-22T02:59:59Z")), Some(at("2026-11-21T03:00:00Z")));
    }

    #[test]
    fn days_are_counted_through_leap_days_and_ends_of_years() {
        let third = schedule(3, 0, "2028-02-27");
        assert_eq!(third.next_after(at("2028-02-27T00:00:00Z")), Some(at("2028-03-01T00:00:00Z")));
        let third = schedule(3, 0, "2027-02-27");
        assert_eq!(third.next_after(at("2027-02-27T00:00:00Z")), Some(at("2027-03-02T00:00:00Z")));
        let yearly = schedule(365, 23, "2027-12-31");
        assert_eq!(yearly.next_after(at("2027-12-31T23:00:00Z")), Some(at("2028-12-30T23:00:00Z")));
    }

    #[test]
    fn words_say_what_will_happen() {
        let words =
            |interval, hour, retention| Schedule { interval, hour, retention, anchor: NaiveDate::default() }.words();
        assert_eq!(words(2, 3, 14), "every 2 days at 03:00 UTC, kept 14 days: 7 backups at a time");
        assert_eq!(words(1, 23, 1), "every day at 23:00 UTC, kept 1 day: 1 backup at a time");
        let warned = |interval, retention| {
            !Schedule { interval, hour: 0, retention, anchor: NaiveDate::default() }.warnings().is_empty()
        };
        assert_eq!((warned(2, 3), warned(2, 4)), (true, false));
    }

    fn any_schedule() -> impl Strategy<Value = Schedule> {
        (1..=365_u32, 0..24_u32, 0..20_000_u64).prop_map(|(interval, hour, days)| Schedule {
            interval,
            hour,
            retention: 7,
            anchor: NaiveDate::default() + chrono::Days::new(days),
        })
    }

    fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
        // 1990 to 2060: before and after every anchor.
        (631_152_000..2_840_140_800_i64).prop_map(|second| DateTime::from_timestamp(second, 0).unwrap())
    }

    proptest! {
        #[test]
        fn slots_lie_on_the_hour_an_interval_apart_around_any_time(schedule in any_schedule(), now in any_time()) {
            let (last, next) = (schedule.last_at(now).unwrap(), schedule.next_after(now).unwrap());
            prop_assert!(last <= now && now < next);
            prop_assert_eq!(next - last, TimeDelta::days(i64::from(schedule.interval)));
            prop_assert_eq!(last.time(), chrono::NaiveTime::from_hms_opt(schedule.hour, 0, 0).unwrap());
            prop_assert_eq!((last.date_naive() - schedule.anchor).num_days() % i64::from(schedule.interval), 0);
        }

        #[test]
        fn ten_years_name_every_slot_once_however_the_clock_is_read(
            schedule in any_schedule(),
            begin in any_time(),
            steps in prop::collection::vec((1..400_i64, prop::bool::weighted(0.1)), 1..60),
        ) {
            let end = begin + TimeDelta::days(3653);
            let (mut walked, mut now) = (Vec::new(), begin);
            while let Some(next) = schedule.next_after(now).filter(|next| *next <= end) {
                walked.push(next);
                now = next;
            }
            prop_assert!(walked.is_sorted() && walked.windows(2).all(|pair| pair[0] < pair[1]));
            let days = usize::try_from(schedule.interval).unwrap();
            prop_assert!(walked.len() >= 3653 / days && walked.len() <= 3653 / days + 1);
            // Whoever looks now and then, with a clock that is set back at times, sees only slots of that walk.
            let mut looked = begin;
            for (hours, back) in steps {
                looked += TimeDelta::hours(if back { -hours } else { hours * 24 });
                if let Some(slot) = schedule.last_at(looked).filter(|slot| *slot > begin && *slot <= end) {
                    prop_assert!(walked.binary_search(&slot).is_ok(), "{slot}");
                }
            }
        }
    }
}
