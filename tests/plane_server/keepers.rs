//! One data directory, several consoles.

use std::fs;
use std::time::Duration;

use palette_console::plane::embedded::{Keeper, KeeperEvent};
use palette_console::plane::{self, Door, StartError};
use serde_json::json;

use crate::rig::{Client, api_key, settings};

async fn event(keeper: &mut Keeper) -> KeeperEvent {
    tokio::time::timeout(Duration::from_secs(30), keeper.next_event()).await.expect("the guest takes over")
}

/// Asks until somebody listens on the socket.
async fn until_bound(socket: &std::path::Path) {
    let bound = async {
        while tokio::net::UnixStream::connect(socket).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), bound).await.expect("somebody listens");
}

async fn rename(client: &Client, dir: &std::path::Path, name: &str) -> String {
    let key = api_key(dir);
    let (_, found) = client.get(&key, "/v1/overlords?name=hamburg-vsphere").await;
    let uid = found["items"][0]["metadata"]["uid"].as_str().unwrap().to_owned();
    let body = json!({ "metadata": { "name": name } });
    assert_eq!(client.call(&key, "PUT", &format!("/v1/overlords/{uid}/metadata"), body).await.0, 204);
    uid
}

#[tokio::test]
async fn a_guest_uses_the_owners_plane_and_takes_over_what_it_left() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let mut owner = Keeper::open(settings.clone()).await.unwrap();
    let mut guest = Keeper::open(settings).await.unwrap();
    assert!(owner.owns() && !guest.owns());
    assert_eq!(guest.owner_pid(), Some(std::process::id()));
    assert_eq!(owner.socket(), guest.socket());
    let uid = rename(&Client::of(guest.socket()), dir.path(), "renamed by the guest").await;
    owner.release().await;
    assert!(!owner.owns());
    assert!(
        matches!(event(&mut guest).await, KeeperEvent::TookOver { previous: Some(pid) } if pid == std::process::id())
    );
    assert!(guest.owns());
    let path = format!("/v1/overlords/{uid}");
    let (status, found) = Client::of(guest.socket()).get(&api_key(dir.path()), &path).await;
    assert_eq!((status, &found["metadata"]["name"]), (200, &json!("renamed by the guest")));

    owner.resume().await.unwrap();
    assert!(!owner.owns(), "who comes back finds the directory taken");
    guest.release().await;
    assert!(matches!(event(&mut owner).await, KeeperEvent::TookOver { .. }));
    guest.resume().await.unwrap();
    assert!(!guest.owns());
}

#[tokio::test]
async fn an_owner_that_ends_without_a_word_is_followed_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let owner = Keeper::open(settings.clone()).await.unwrap();
    let mut guest = Keeper::open(settings).await.unwrap();
    let uid = rename(&Client::of(owner.socket()), dir.path(), "renamed by the owner").await;
    drop(owner);
    assert!(matches!(event(&mut guest).await, KeeperEvent::TookOver { .. }));
    let (_, found) = Client::of(guest.socket()).get(&api_key(dir.path()), &format!("/v1/overlords/{uid}")).await;
    assert_eq!(found["metadata"]["name"], "renamed by the owner");
}

#[tokio::test]
async fn a_guest_serves_though_nobody_asks_it_for_events() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let mut owner = Keeper::open(settings.clone()).await.unwrap();
    let guest = Keeper::open(settings.clone()).await.unwrap();
    owner.release().await;
    until_bound(guest.socket()).await;
    let third = Keeper::open(settings).await.unwrap();
    assert!(!third.owns());
    let (status, _) = Client::of(third.socket()).get(&api_key(dir.path()), "/v1/overlords").await;
    assert_eq!(status, 200);
    drop(guest);
}

#[tokio::test]
async fn dropping_the_wait_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let mut owner = Keeper::open(settings.clone()).await.unwrap();
    let mut guest = Keeper::open(settings).await.unwrap();
    for _ in 0..3 {
        tokio::select! {
            biased;
            event = guest.next_event() => panic!("nothing has happened yet: {event:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    owner.release().await;
    assert!(matches!(event(&mut guest).await, KeeperEvent::TookOver { .. }));
}

#[tokio::test]
async fn a_guest_that_let_go_does_not_take_over() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let mut owner = Keeper::open(settings.clone()).await.unwrap();
    let mut asleep = Keeper::open(settings.clone()).await.unwrap();
    let mut awake = Keeper::open(settings).await.unwrap();
    asleep.release().await;
    owner.release().await;
    assert!(matches!(event(&mut awake).await, KeeperEvent::TookOver { .. }));
    assert!(!asleep.owns());
}

#[tokio::test]
async fn a_guest_that_lets_go_while_it_takes_over_gives_the_directory_back_first() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let owner = Keeper::open(settings.clone()).await.unwrap();
    let mut guest = Keeper::open(settings.clone()).await.unwrap();
    drop(owner);
    until_bound(guest.socket()).await;
    guest.release().await;
    assert!(Keeper::open(settings).await.unwrap().owns());
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_suspended_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let socket = dir.path().join("plane.sock");
    let lock = fs::File::create(dir.path().join("lock")).unwrap();
    lock.try_lock().unwrap();
    fs::write(dir.path().join("lock"), format!("4711\n{}\n", socket.display())).unwrap();
    // The kernel accepts for it, and nobody ever reads.
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let asked = tokio::time::Instant::now();
    let error = Keeper::open(settings).await.err().unwrap();
    let text = error.to_string();
    assert!(matches!(error, StartError::OwnerSilent { pid: Some(4711), .. }), "{text}");
    assert!(text.contains("process 4711") && text.contains("suspended"), "{text}");
    assert_eq!(asked.elapsed().as_secs(), 15);
}

#[tokio::test]
async fn a_takeover_that_fails_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let owner = Keeper::open(settings.clone()).await.unwrap();
    let mut guest = Keeper::open(settings).await.unwrap();
    // The owner's own writes must not mend the file, so the damage waits beside it.
    let broken = dir.path().join("broken");
    fs::write(&broken, "x".repeat(8192)).unwrap();
    fs::rename(&broken, dir.path().join("plane.db")).unwrap();
    drop(owner);
    assert!(matches!(event(&mut guest).await, KeeperEvent::Failed(StartError::Damaged { .. })));
    assert!(!guest.owns());
}

#[tokio::test]
async fn a_dead_owners_socket_and_lock_file_are_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    drop(std::os::unix::net::UnixListener::bind(dir.path().join("plane.sock")).unwrap());
    fs::write(dir.path().join("lock"), "999999\n/nowhere/plane.sock\n").unwrap();
    let keeper = Keeper::open(settings).await.unwrap();
    assert!(keeper.owns());
    assert_eq!(keeper.socket(), dir.path().join("plane.sock"));
}

#[tokio::test]
async fn a_data_directory_with_a_long_path_is_served_from_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("d".repeat(100)).join("e".repeat(100));
    let (settings, _) = settings(&long);
    let owner = Keeper::open(settings.clone()).await.unwrap();
    assert!(owner.socket().as_os_str().len() <= 100 && !owner.socket().starts_with(dir.path()));
    let guest = Keeper::open(settings).await.unwrap();
    assert_eq!(guest.socket(), owner.socket());
    let (status, _) = Client::of(guest.socket()).get(&api_key(&long), "/v1/overlords").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_daemon_on_the_directory_is_joined_by_consoles_and_refuses_a_second_one() {
    let dir = tempfile::tempdir().unwrap();
    let (settings, _) = settings(dir.path());
    let door = Door::Tcp("127.0.0.1:0".parse().unwrap());
    let daemon = plane::start(settings.clone(), door.clone()).await.unwrap();
    let console = Keeper::open(settings.clone()).await.unwrap();
    assert!(!console.owns());
    assert_eq!(Client::of(console.socket()).get(&api_key(dir.path()), "/v1/overlords").await.0, 200);
    let error = plane::start(settings, door).await.err().unwrap();
    let text = error.to_string();
    assert!(text.contains(&format!("process {}", std::process::id())) && text.contains("--data-dir"), "{text}");
    daemon.stop().await;
}
