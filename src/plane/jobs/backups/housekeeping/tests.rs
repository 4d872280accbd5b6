use std::time::Duration;

use chrono::TimeDelta;

use super::*;
use crate::plane::jobs::rig::{Ground, Mood};
use crate::storage::Store;

async fn pass(ground: &Ground) {
    daily(ground.plane.clone(), "ftp".to_owned(), ground.stopping()).await;
}

async fn last_pass(ground: &Ground) -> Option<DateTime<Utc>> {
    ground.plane.location("ftp").await.unwrap().last_pass
}

#[tokio::test(start_paused = true)]
async fn a_location_that_takes_long_to_read_is_waited_for() {
    let (ground, _orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    ground.place.set(Mood { slow: Duration::from_secs(600), ..Mood::default() });
    pass(&ground).await;
    assert_eq!(last_pass(&ground).await, Some(ground.plane.now()));
    assert_eq!(ground.said("ftp").await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_takes_long_ends_where_the_plane_stops() {
    let (ground, _orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    ground.place.set(Mood { slow: Duration::from_secs(600), ..Mood::default() });
    let begun = tokio::time::Instant::now();
    let passing = tokio::spawn(daily(ground.plane.clone(), "ftp".to_owned(), ground.stopping()));
    tokio::time::sleep(Duration::from_secs(60)).await;
    ground.stop.send_replace(true);
    passing.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(61), "on paused time");
    assert_eq!(last_pass(&ground).await, None);
}

#[tokio::test(start_paused = true)]
async fn what_keeps_retention_from_its_work_is_in_the_status_until_a_pass_goes_well() {
    let (ground, _orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    ground.place.set(Mood { refuses: true, ..Mood::default() });
    pass(&ground).await;
    let said = ground.said("ftp").await.concat();
    assert!(said.starts_with("Retention failed on 2026-11-22 at 12:00 UTC: "), "{said}");
    assert!(said.contains("it was told to refuse") && said.ends_with("Ask it nicely."), "{said}");
    ground.place.set(Mood { ahead: TimeDelta::minutes(20), ..Mood::default() });
    pass(&ground).await;
    let said = ground.said("ftp").await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("deleted nothing") && said[0].contains("20 minutes apart"), "{said:?}");
    ground.place.set(Mood::default());
    pass(&ground).await;
    assert_eq!(ground.said("ftp").await, Vec::<String>::new());
    ground.clock.advance(TimeDelta::hours(-1));
    pass(&ground).await;
    assert!(ground.said("ftp").await.concat().contains("went back"));
}

/// A pass over a location that takes a minute to read; half-way it is moved or removed.
async fn passed_by(mood: Mood, moved: bool) -> Ground {
    let (ground, _orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    ground.place.set(Mood { slow: Duration::from_secs(60), ..mood });
    let passing = tokio::spawn(daily(ground.plane.clone(), "ftp".to_owned(), ground.stopping()));
    tokio::time::sleep(Duration::from_secs(30)).await;
    if moved {
        let mut location = ground.plane.location("ftp").await.unwrap().location;
        location.ftp.as_mut().unwrap().dir = "elsewhere".to_owned();
        ground.plane.save_location(Actor::plane(), location).await.unwrap();
    } else {
        ground.plane.remove_location(Actor::plane(), "ftp").await.unwrap();
    }
    passing.await.unwrap();
    ground
}

#[tokio::test(start_paused = true)]
async fn what_retention_found_at_the_old_place_is_not_said_of_the_new_one() {
    let ground = passed_by(Mood::default(), true).await;
    assert_eq!(last_pass(&ground).await, None);
    for mood in [Mood { refuses: true, ..Mood::default() }, Mood { ahead: TimeDelta::minutes(20), ..Mood::default() }] {
        let ground = passed_by(mood, true).await;
        assert_eq!(ground.said("ftp").await, Vec::<String>::new());
        let ground = passed_by(mood, false).await;
        assert_eq!(ground.count("SELECT count(*) FROM housekeeping").await, 0, "nothing is kept of a removed one");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_panics_ends_in_words() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = tokio::spawn(crate::plane::jobs::run(ground.plane.clone(), orders, ground.stopping()));
    let uid = ground.backup("ftp").await;
    let half = ground.place.memory.paths().into_iter().find(|path| path.name() == "manifest.json").unwrap();
    ground.place.memory.delete(&half).await.unwrap();
    ground.place.set(Mood { panics: true, ..Mood::default() });
    ground.clock.advance(TimeDelta::days(3));
    pass(&ground).await;
    let passes = ground.jobs(JobKind::Retention).await;
    assert_eq!((passes.len(), &passes[0].state), (1, &JobState::Error), "{uid}: {}", passes[0].result);
    ground.stop.send_replace(true);
    running.await.unwrap();
}
