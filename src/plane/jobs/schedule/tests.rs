use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;

use super::*;
use crate::plane::jobs::{self, rig::Ground};

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
