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

/// A reading that takes a minute, and others that are asked for while it goes on.
async fn asked_meanwhile(ground: &Ground, mood: Mood) -> Vec<tokio::task::JoinHandle<Result<Arc<Stock>, Trouble>>> {
    ground.configure("ftp", 1, 13).await;
    ground.place.set(Mood { slow: Duration::from_secs(60), ..mood });
    let mut asked = Vec::new();
    for _ in 0..5 {
        let plane = ground.plane.clone();
        asked.push(tokio::spawn(async move { plane.read_to_the_end("ftp").await }));
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    asked
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_for_a_reading_share_the_next_one() {
    let (ground, _orders) = Ground::new();
    let begun = tokio::time::Instant::now();
    for reading in asked_meanwhile(&ground, Mood::default()).await {
        reading.await.unwrap().unwrap();
    }
    assert_eq!(ground.place.walks.load(Ordering::Relaxed), 2, "one for who came first, one for all who came later");
    assert!(begun.elapsed() < Duration::from_secs(130), "on paused time");
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_for_a_reading_that_fails_share_its_failure() {
    let (ground, _orders) = Ground::new();
    for reading in asked_meanwhile(&ground, Mood { refuses: true, ..Mood::default() }).await {
        assert!(reading.await.unwrap().unwrap_err().reason.contains("told to refuse"));
    }
    assert_eq!(ground.place.walks.load(Ordering::Relaxed), 2);
    ground.place.set(Mood::default());
    ground.plane.read_to_the_end("ftp").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_spoilt_while_it_was_read_is_read_anew_for_those_who_wait() {
    let (ground, _orders) = Ground::new();
    let asked = asked_meanwhile(&ground, Mood::default()).await;
    // The second reading goes on from the first minute to the second.
    tokio::time::sleep(Duration::from_secs(30)).await;
    ground.plane.backups.shelves.spoil();
    for reading in asked {
        reading.await.unwrap().unwrap();
    }
    assert_eq!(ground.place.walks.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn only_what_lies_in_a_closed_folder_is_not_noted_as_gone() {
    let (ground, orders) = Ground::new();
    ground.configure("ftp", 365, 11).await;
    let running = tokio::spawn(jobs::run(ground.plane.clone(), orders, ground.stopping()));
    let (hidden, lost) = (ground.backup("ftp").await, ground.backup("ftp").await);
    let of = |uid: &str| {
        let paths = ground.place.memory.paths();
        let manifest = paths.into_iter().find(|path| path.name() == "manifest.json" && path.as_str().contains(uid));
        manifest.unwrap().folder()
    };
    ground.place.close(of(&hidden));
    let gone = of(&lost);
    for path in ground.place.memory.paths().into_iter().filter(|path| path.is_below(&gone)) {
        ground.place.memory.delete(&path).await.unwrap();
    }
    ground.clock.advance(TimeDelta::minutes(1));
    ground.plane.read_to_the_end("ftp").await.unwrap();
    let known = ground.plane.store.read(|connection| Ok(backups::list(connection, "ftp")?)).await.unwrap();
    let there: Vec<_> = known.into_iter().filter(|seen| seen.gone.is_none()).map(|seen| seen.uid).collect();
    assert_eq!(there, [hidden]);
    ground.stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_old_server_showed_is_not_kept_of_the_new_one() {
    let (ground, _orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    ground.place.set(Mood { slow: Duration::from_secs(60), remark: Some("no TLS"), ..Mood::default() });
    let plane = ground.plane.clone();
    let reading = tokio::spawn(async move { plane.read_to_the_end("ftp").await });
    tokio::time::sleep(Duration::from_secs(30)).await;
    let mut location = ground.plane.location("ftp").await.unwrap().location;
    let ftp = location.ftp.as_mut().unwrap();
    (ftp.server, ftp.password.0) = ("ftp://127.0.0.1:2122".to_owned(), "p".to_owned());
    ground.plane.save_location(Actor::plane(), location).await.unwrap();
    reading.await.unwrap().unwrap();
    let kept = || ground.plane.store.read(|connection| Ok(locations::remarks(connection, "ftp")?));
    assert_eq!(kept().await.unwrap(), Vec::<String>::new());
    ground.plane.read_to_the_end("ftp").await.unwrap();
    assert_eq!(kept().await.unwrap(), ["no TLS"], "what the new one shows is");
}
