use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::api::words::{Mode, VerifyLevel};
use crate::plane::actor::Actor;
use crate::plane::backups::begin::Order;
use crate::plane::jobs::rig::{Ground, Mood};
use crate::plane::jobs::{self as all, Orders};
use crate::plane::store::jobs::Row;

async fn begin_create(ground: &Ground) -> String {
    let order = Order::new(JobKind::Create, "ftp", &Mode::Ftp, Actor::stranger("admin", ""));
    ground.plane.begin(order).await.unwrap().job_uid
}

fn serving(ground: &Ground, orders: Orders) -> tokio::task::JoinHandle<()> {
    tokio::spawn(all::run(ground.plane.clone(), orders, ground.stopping()))
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_an_earlier_attempt_filled_has_the_backup_of_that_attempt_read_whole() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = serving(&ground, orders);
    let made = ground.backup("ftp").await;
    let fresh = BackupUid::fresh(ground.plane.now()).to_string();
    let (slot, stale) = (Some(ground.plane.now()), vec![made.clone()]);
    ground.put(&Row { backup_uid: fresh, slot, stale, attempts: 2, ..ground.row("again", JobKind::Create) }).await;
    ground.plane.backups.orders.send("again".to_owned()).unwrap();
    ground.until_idle().await;
    let read = async {
        while ground.jobs(JobKind::Verify).await.is_empty() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), read).await.expect("it is read");
    ground.until_idle().await;
    assert_eq!(ground.job("again").await.backup_uid, made);
    let verified = ground.jobs(JobKind::Verify).await.remove(0);
    assert_eq!((verified.backup_uid, verified.state), (made, JobState::Completed), "{}", verified.result);
    ground.stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_work_panics_ends_in_words_and_gives_its_location_back() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = serving(&ground, orders);
    ground.place.set(Mood { panics: true, ..Mood::default() });
    let uid = begin_create(&ground).await;
    ground.until_idle().await;
    let row = ground.job(&uid).await;
    assert_eq!(row.state, JobState::Error);
    assert!(row.result.contains("fault of this program"), "{}", row.result);
    assert!(row.advice.contains("log"), "{}", row.advice);
    ground.place.set(Mood::default());
    ground.backup("ftp").await;
    ground.stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_read_just_now_is_run_once_it_can() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let uid = begin_create(&ground).await;
    ground.sql("ALTER TABLE job RENAME TO lost").await;
    let running = serving(&ground, orders);
    tokio::time::sleep(Duration::from_secs(60)).await;
    ground.sql("ALTER TABLE lost RENAME TO job").await;
    ground.until_idle().await;
    assert_eq!(ground.job(&uid).await.state, JobState::Completed);
    ground.stop.send_replace(true);
    running.await.unwrap();
}

/// A restore that has fetched its backup and cannot write the safety backup.
async fn half_way(ground: &Ground) -> String {
    let uid = ground.backup("ftp").await;
    ground.place.set(Mood { stuck: true, ..Mood::default() });
    let place = Place { plane_uid: ground.plane.identity.get().plane_uid.clone(), uid: uid.parse().unwrap() };
    let order = Order::new(JobKind::Restore, "ftp", &Mode::Ftp, Actor::stranger("admin", "")).on(place);
    let started = ground.plane.begin(Order { level: VerifyLevel::Full, ..order }).await.unwrap();
    let fetched = async {
        while ground.place.stuck.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(600), fetched).await.expect("it comes to the safety backup");
    assert_eq!(left(ground), 1);
    started.job_uid
}

/// How many fetched databases lie about.
fn left(ground: &Ground) -> usize {
    let entries = std::fs::read_dir(&ground.plane.backups.scratch).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("restore-")).count()
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_is_cancelled_leaves_no_database_behind() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = serving(&ground, orders);
    let uid = half_way(&ground).await;
    assert!(ground.plane.backups.desk.cancel(&uid).await);
    ground.until_idle().await;
    assert_eq!((ground.job(&uid).await.state, left(&ground)), (JobState::Cancelled, 0));
    ground.stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_stops_with_its_plane_leaves_no_database_behind() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = serving(&ground, orders);
    half_way(&ground).await;
    ground.stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(left(&ground), 0);
}
