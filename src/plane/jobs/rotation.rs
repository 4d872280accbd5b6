//! Which backup is read whole again: the newest every week and the others in turn, whoever made them, so that one that
//! rots is found while there are others.

use chrono::{DateTime, TimeDelta, Utc};

use crate::plane::store::backups::Reading;

/// A backup that was never read whole is, a day after it was made.
const UNREAD: TimeDelta = TimeDelta::days(1);
/// Nothing is read more often than this.
const AGAIN: TimeDelta = TimeDelta::days(7);
/// Within this the rotation comes round to every backup that is kept.
const ROUND: TimeDelta = TimeDelta::days(28);
/// Farthest that two readings are apart while one is due.
const APART: TimeDelta = TimeDelta::days(1);

/// The next reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: DateTime<Utc>,
    /// Uid of the backup.
    pub uid: String,
}

/// The next reading of `kept`, newest first; `chosen` is when the rotation last chose one. What is said to have happened
/// after `now` was told by a wrong clock and does not count.
#[must_use]
pub fn next(kept: &[Reading], chosen: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Turn> {
    let past = |at: Option<DateTime<Utc>>| at.filter(|at| *at <= now);
    let due = |reading: &Reading| past(reading.looked).map_or(reading.finished + UNREAD, |looked| looked + AGAIN);
    let first = kept.iter().min_by_key(|reading| due(reading))?;
    let pause = i32::try_from(kept.len()).map_or(TimeDelta::zero(), |count| APART.min(ROUND / count.max(1)));
    let at = past(chosen).map_or(due(first), |chosen| due(first).max(chosen + pause));
    let newest = kept.first().filter(|newest| due(newest) <= now);
    Some(Turn { at, uid: newest.unwrap_or(first).uid.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn reading(uid: usize, finished: i64, looked: Option<i64>) -> Reading {
        Reading { uid: uid.to_string(), finished: at(finished), looked: looked.map(at) }
    }

    #[test]
    fn the_newest_comes_every_week_and_the_rest_by_the_time_they_waited() {
        let kept = [reading(3, 300, Some(300)), reading(2, 200, None), reading(1, 100, Some(120))];
        assert_eq!(next(&kept, None, at(210)), Some(Turn { at: at(224), uid: "2".into() }), "a day after it was made");
        assert_eq!(next(&kept, Some(at(290)), at(310)), Some(Turn { at: at(314), uid: "2".into() }));
        assert_eq!(next(&kept, None, at(300 + 7 * 24)).map(|turn| turn.uid), Some("3".into()), "the newest goes first");
        assert_eq!(next(&kept, Some(at(9000)), at(310)).map(|turn| turn.at), Some(at(224)), "chosen by a wrong clock");
        assert_eq!(next(&[], None, at(0)), None);
    }

    #[test]
    fn the_rotation_comes_round_to_every_backup_in_a_month_however_many_are_kept() {
        for count in [1, 7, 30, 365] {
            let mut kept: Vec<_> = (0..count).map(|uid| reading(uid, 0, None)).collect();
            let (mut now, mut chosen) = (at(0), None);
            let mut readings = 0;
            while now < at(35 * 24) {
                let turn = next(&kept, chosen, now).unwrap();
                now = now.max(turn.at);
                let read = kept.iter_mut().find(|reading| reading.uid == turn.uid).unwrap();
                assert!(read.looked.is_none_or(|looked| now - looked >= AGAIN), "none is read too often");
                (read.looked, chosen) = (Some(now), Some(now));
                readings += 1;
            }
            assert!(kept.iter().all(|reading| reading.looked.is_some()), "{count} kept, {readings} readings");
        }
    }
}
