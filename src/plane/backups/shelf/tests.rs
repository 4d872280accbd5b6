use super::*;
use crate::plane::actor::Actor;
use crate::plane::jobs::{self, rig::Ground, rig::Mood};

#[tokio::test(start_paused = true)]
async fn what_was_read_at_the_old_place_is_not_noted_of_the_new_one() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = tokio::spawn(jobs::run(ground.plane.clone(), orders, ground.stopping()));
    let uid = ground.backup("ftp").await;
    ground.place.set(Mood { slow: Duration::from_secs(60), ..Mood::default() });
    let plane = ground.plane.clone();
    let reading = tokio::spawn(async move { plane.read_to_the_end("ftp").await });
    tokio::time::sleep(Duration::from_secs(30)).await;
    let mut location = ground.plane.location("ftp").await.unwrap().location;
    location.ftp.as_mut().unwrap().dir = "elsewhere".to_owned();
    assert_eq!(ground.status("ftp").await.last_good, uid);
    ground.plane.save_location(Actor::plane(), location).await.unwrap();
    assert_eq!(reading.await.unwrap().unwrap().inventory.found.len(), 1, "it read the old place");
    assert_eq!(ground.status("ftp").await.last_good, "");
    ground.stop.send_replace(true);
    running.await.unwrap();
}
