use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::backup::BackupUid;

fn now() -> DateTime<Utc> {
    "2026-11-22T03:00:00Z".parse().unwrap()
}

/// A backup of a plane that was finished so many hours ago.
fn backup(plane_uid: &str, number: usize, hours: i64, state: u8) -> Found {
    let completed = now() - TimeDelta::hours(hours);
    let uid: BackupUid = format!("{}-{number:012x}", completed.format("%Y%m%dT%H%M%SZ")).parse().unwrap();
    let manifest = Box::new(Manifest {
        format: 1,
        uid: uid.clone(),
        plane_uid: plane_uid.to_owned(),
        version: String::new(),
        started: completed,
        completed,
        slot: None,
        retention_days: 1,
        encrypted_with: None,
        signed_with: String::new(),
        streams: Vec::new(),
    });
    let state = match state {
        0..=5 => FoundState::Complete(manifest, Authentic::Yes),
        6 => FoundState::Complete(manifest, Authentic::No),
        7 => FoundState::Complete(manifest, Authentic::KeyMissing),
        8 => FoundState::Damaged(Some(manifest), "cut".to_owned()),
        9 => FoundState::Incomplete,
        10 => FoundState::Deleting(Some(manifest)),
        _ => FoundState::Newer(2),
    };
    Found { place: Place { plane_uid: plane_uid.to_owned(), uid }, state, bytes: 0, newest: None }
}

fn is_good(found: &Found) -> bool {
    found.place.plane_uid == "ours" && matches!(found.state, FoundState::Complete(_, Authentic::Yes))
}

const POLICY: Policy = Policy { retention_days: 7, min_good: 3, most: 10 };

#[test]
fn what_is_past_its_time_goes_oldest_first_and_no_minute_earlier() {
    let hours = [1, 24, 48, 7 * 24, 7 * 24 + 1, 9 * 24];
    let found: Vec<Found> = hours.iter().enumerate().map(|(n, hours)| backup("ours", n, *hours, 0)).collect();
    let plan = plan(&found, "ours", POLICY, now());
    assert_eq!(plan, Plan { expired: vec![found[5].place.clone(), found[4].place.clone()], kept: Vec::new() });
}

#[test]
fn the_newest_good_ones_stay_whatever_their_age_and_flawed_ones_do_not_count() {
    let found = [
        backup("ours", 0, 1, 8),
        backup("ours", 1, 300, 6),
        backup("ours", 2, 400, 0),
        backup("ours", 3, 500, 7),
        backup("ours", 4, 600, 0),
        backup("ours", 5, 700, 0),
        backup("ours", 6, 800, 0),
        backup("theirs", 7, 900, 0),
    ];
    let plan = plan(&found, "ours", POLICY, now());
    assert_eq!(plan.expired, [found[6].place.clone()]);
    let kept: Vec<(&Place, &str)> = plan.kept.iter().map(|(place, reason)| (place, reason.as_str())).collect();
    let newest = "it is among the 3 newest good backups, which always stay";
    let expected = [
        (&found[1].place, "its manifest is not authentic; delete it by hand"),
        (&found[2].place, newest),
        (&found[3].place, "its recovery key is not on this plane; delete it by hand"),
        (&found[4].place, newest),
        (&found[5].place, newest),
    ];
    assert_eq!(kept, expected);
}

#[test]
fn a_slip_in_the_settings_deletes_no_more_than_a_pass_may() {
    let found: Vec<Found> = (0..30).map(|n| backup("ours", n, 24 * (n as i64 + 2), 0)).collect();
    let plan = plan(&found, "ours", Policy { retention_days: 1, min_good: 0, most: 10 }, now());
    assert_eq!((plan.expired.len(), plan.kept.len()), (10, 20));
    assert_eq!(plan.expired.first(), Some(&found[29].place));
    assert!(plan.kept.iter().filter(|(_, reason)| reason.starts_with("one pass")).count() == 19);
}

#[test]
fn a_clock_that_is_behind_expires_nothing() {
    let found: Vec<Found> = (0..5).map(|n| backup("ours", n, 24 * n as i64, 0)).collect();
    let policy = Policy { retention_days: 1, min_good: 1, most: 10 };
    assert_eq!(plan(&found, "ours", policy, now() - TimeDelta::days(30)), Plan::default());
}

#[test]
fn nothing_is_deleted_by_a_clock_that_is_in_doubt() {
    let minutes = TimeDelta::minutes;
    for sound in [None, Some(minutes(0)), Some(minutes(10)), Some(minutes(-10))] {
        assert_eq!(distrust(now(), None, sound), None, "{sound:?}");
        assert_eq!(distrust(now(), Some(now()), sound), None, "{sound:?}");
        let back = distrust(now(), Some(now() + TimeDelta::seconds(1)), sound).unwrap().to_string();
        assert!(back.starts_with("The clock of this machine went back"), "{back}");
    }
    for skew in [minutes(10) + TimeDelta::seconds(1), minutes(-11), TimeDelta::days(400), TimeDelta::days(-400)] {
        let words = distrust(now(), Some(now()), Some(skew)).unwrap().to_string();
        assert!(words.contains(&format!("are {} minutes apart", skew.num_minutes().abs())), "{words}");
    }
}

fn any_backup() -> impl Strategy<Value = (bool, i64, u8)> {
    (prop::bool::weighted(0.8), -48..2000_i64, 0..12_u8)
}

proptest! {
    #[test]
    fn enough_good_ones_stay_others_are_never_touched_and_a_second_pass_adds_nothing(
        backups in prop::collection::vec(any_backup(), 0..40),
        retention_days in 1..60_u32,
        min_good in 0..6_usize,
        most in 1..20_usize,
    ) {
        let policy = Policy { retention_days, min_good, most };
        let mut found: Vec<Found> = backups
            .iter()
            .enumerate()
            .map(|(n, (ours, hours, state))| backup(if *ours { "ours" } else { "theirs" }, n, *hours, *state))
            .collect();
        let good = |found: &[Found]| found.iter().filter(|found| is_good(found)).count();
        let before = good(&found);
        let newest = found.iter().filter(|found| is_good(found)).max_by_key(|found| match &found.state {
            FoundState::Complete(manifest, _) => Some((manifest.completed, found.place.clone())),
            _ => None,
        }).cloned();
        // Passes until nothing is left to do: the bounds hold over all of them together.
        for pass in 0.. {
            let plan = plan(&found, "ours", policy, now());
            prop_assert!(plan.expired.len() <= most);
            for place in &plan.expired {
                prop_assert_eq!(&place.plane_uid, "ours");
                let one = found.iter().find(|found| found.place == *place).unwrap();
                prop_assert!(is_good(one));
                let FoundState::Complete(manifest, _) = &one.state else { unreachable!() };
                prop_assert!(now() - manifest.completed > TimeDelta::days(i64::from(retention_days)));
            }
            found.retain(|found| !plan.expired.contains(&found.place));
            if plan.expired.is_empty() {
                break;
            }
            prop_assert!(pass < 100);
        }
        prop_assert!(good(&found) >= before.min(min_good.max(1)));
        prop_assert!(newest.is_none_or(|newest| found.contains(&newest)));
    }
}
