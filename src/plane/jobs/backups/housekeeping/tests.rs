use std::time::Duration;

use chrono::TimeDelta;

use super::*;
use crate::plane::jobs::rig::{Ground, Mood};

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
