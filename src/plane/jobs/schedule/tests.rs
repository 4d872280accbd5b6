use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;

use super::*;
use crate::api::words::JobState;
use crate::plane::jobs;
use crate::plane::jobs::rig::{Ground, Mood};

/// Far more than the scheduler sleeps at once, on paused time.
const TICKS: Duration = Duration::from_secs(10 * 60);

#[tokio::test(start_paused = true)]
async fn a_location_where_nothing_can_begin_keeps_no_other_waiting_and_is_not_asked_all_the_time() {
    let (ground, mut orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    ground.configure("other", 1, 13).await;
    ground
        .sql(
            "CREATE TRIGGER full BEFORE INSERT ON job WHEN NEW.location = 'ftp'
              BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
        )
        .await;
    ground.clock.advance(TimeDelta::hours(2));
    let running = tokio::spawn(run(ground.plane.clone(), ground.stopping()));
    let begun = tokio::time::timeout(TICKS, orders.backups.recv()).await.expect("the other one begins").unwrap();
    tokio::time::sleep(TICKS).await;
    let rows = ground.jobs(JobKind::Create).await;
    assert_eq!(rows.iter().map(|row| (&row.uid, row.location.as_str())).collect::<Vec<_>>(), [(&begun, "other")]);
    let tried = ground.count("SELECT count(*) FROM audit WHERE content_msg LIKE 'Refused:%'").await;
    assert!((2..=12).contains(&tried), "tried {tried} times in {TICKS:?}, where a tick is a minute");
    ground.sql("DROP TRIGGER full").await;
    tokio::time::timeout(TICKS, orders.backups.recv()).await.expect("it begins once it can").unwrap();
    ground.stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_database_that_cannot_be_read_is_not_asked_all_the_time() {
    let (ground, mut orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    ground.sql("ALTER TABLE job RENAME TO lost").await;
    ground.clock.advance(TimeDelta::hours(2));
    let before = ground.asked.load(Ordering::Relaxed);
    let running = tokio::spawn(run(ground.plane.clone(), ground.stopping()));
    tokio::time::sleep(TICKS).await;
    let asked = ground.asked.load(Ordering::Relaxed) - before;
    assert!((10..=100).contains(&asked), "looked at the clock {asked} times in {TICKS:?}, where a tick is a minute");
    ground.sql("ALTER TABLE lost RENAME TO job").await;
    tokio::time::timeout(TICKS, orders.backups.recv()).await.expect("it begins once it can").unwrap();
    ground.stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_backup_that_is_kept_is_read_again_in_its_turn_whoever_made_it() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = tokio::spawn(jobs::run(ground.plane.clone(), orders, ground.stopping()));
    let mut made = BTreeSet::new();
    for _ in 0..3 {
        made.insert(ground.backup("ftp").await);
        ground.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(ground.jobs(JobKind::Verify).await.len(), 0);
    for days in 1..=20_usize {
        ground.clock.advance(TimeDelta::days(1));
        tokio::time::sleep(TICKS).await;
        ground.until_idle().await;
        let read = ground.jobs(JobKind::Verify).await;
        assert!(read.len() <= days, "one a day at most");
        let uids = |rows: &[Row]| rows.iter().map(|row| row.backup_uid.clone()).collect::<BTreeSet<_>>();
        if days == 3 {
            assert_eq!(uids(&read), made, "each once");
        }
        if days == 20 {
            assert_eq!((read.len(), uids(&read[..3]), uids(&read[3..6])), (9, made.clone(), made.clone()), "weekly");
        }
    }
    assert_eq!(ground.status("ftp").await.last_verified.unwrap().level, VerifyLevel::Data);
    ground.stop.send_replace(true);
    running.await.unwrap();
}

/// A failed backup of the schedule whose next try is due.
async fn failed(ground: &Ground) -> Row {
    let (now, backup_uid) = (ground.plane.now(), BackupUid::fresh(ground.plane.now()).to_string());
    let (slot, retry_at) = (Some(now), Some(now));
    let row = Row { backup_uid, state: JobState::Error, slot, retry_at, ..ground.row("failed", JobKind::Create) };
    ground.put(&row).await;
    row
}

#[tokio::test]
async fn a_failed_backup_is_tried_again_in_its_turn_only() {
    let (ground, mut orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    let row = failed(&ground).await;
    let person = Row { actor: Actor::stranger("admin", ""), ..ground.row("other", JobKind::Verify) };
    ground.put(&person).await;
    let refused = try_again(&ground.plane, row.clone()).await.unwrap_err();
    assert!(matches!(refused, Failure::Refused(_)), "{refused}");
    assert_eq!(ground.job("failed").await, row, "it waits for a later pass of the schedule");
    ground.put(&Row { state: JobState::Completed, ..person }).await;
    ground.put(&ground.row("own", JobKind::Verify)).await;
    try_again(&ground.plane, row).await.unwrap();
    assert_eq!(ground.job("failed").await.state, JobState::Queued, "behind what the plane does by itself");
    assert_eq!(orders.backups.try_recv().unwrap(), "failed");
}

#[tokio::test]
async fn a_reading_that_may_not_begin_has_not_had_its_turn() {
    let (ground, _orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    let location = ground.plane.location("ftp").await.unwrap().location;
    let turn = Turn { at: ground.plane.now(), uid: BackupUid::fresh(ground.plane.now()).to_string() };
    let other = Row { actor: Actor::stranger("admin", ""), ..ground.row("other", JobKind::Create) };
    ground.put(&other).await;
    let chosen = || ground.plane.store.read(|connection| Ok(housekeeping::chosen(connection, "ftp")?));
    read_again(&ground.plane, &location, &turn).await.unwrap();
    assert_eq!(chosen().await.unwrap(), None);
    ground.put(&Row { state: JobState::Completed, ..other }).await;
    read_again(&ground.plane, &location, &turn).await.unwrap();
    assert_eq!(chosen().await.unwrap(), Some(turn.at));
    assert_eq!(ground.jobs(JobKind::Verify).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_backup_whose_location_is_away_keeps_its_turn_and_is_tried_a_day_later() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = tokio::spawn(jobs::run(ground.plane.clone(), orders, ground.stopping()));
    let uid = ground.backup("ftp").await;
    ground.place.set(Mood { away: true, ..Mood::default() });
    for days in 1..=3 {
        ground.clock.advance(TimeDelta::days(1));
        tokio::time::sleep(TICKS).await;
        ground.until_idle().await;
        let tried = ground.jobs(JobKind::Verify).await;
        assert_eq!(tried.len(), days, "once a day");
        assert!(tried.iter().all(|row| row.state == JobState::Error && row.backup_uid == uid));
    }
    ground.place.set(Mood::default());
    ground.clock.advance(TimeDelta::days(1));
    tokio::time::sleep(TICKS).await;
    ground.until_idle().await;
    assert_eq!(ground.jobs(JobKind::Verify).await[0].state, JobState::Completed);
    ground.stop.send_replace(true);
    running.await.unwrap();
}
