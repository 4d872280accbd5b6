//! What time a server says it is, and when it is asked.

use chrono::TimeDelta;
use palette_console::clock::{Clock, ManualClock};

use super::*;

/// A store whose clock is moved by hand, and that clock.
async fn timed() -> (Scripted, Arc<dyn Store>, Arc<ManualClock>) {
    let server = Scripted::start(None).await;
    let clock = ManualClock::at(clock::system().now());
    let settings = Settings { dir: "/base".to_owned(), ..settings(server.port, Tls::Off, "") };
    let store = open_with(settings, hasty(), clock.clone()).unwrap();
    (server, store, clock)
}

#[tokio::test]
async fn the_servers_clock_is_read_anew_when_the_last_reading_is_old() {
    let (server, store, clock) = timed().await;
    let write = async |name: &str| store.put(&path(name), awkward(5)).await.unwrap();
    let read_at = || store.server_clock().unwrap().ours;
    write("b/1").await;
    let first = clock.now();
    clock.advance(TimeDelta::minutes(10));
    write("b/2").await;
    assert_eq!((read_at(), server.count("MDTM")), (first, 1));
    clock.advance(TimeDelta::seconds(1));
    write("b/3").await;
    assert_eq!((read_at(), server.count("MDTM")), (clock.now(), 2));
    // A clock that went back makes the reading worth nothing, too.
    clock.advance(TimeDelta::hours(-1));
    write("b/4").await;
    assert_eq!((read_at(), server.count("MDTM")), (clock.now(), 3));
}

#[tokio::test]
async fn the_servers_clock_is_asked_for_where_nothing_was_written_for_long() {
    let (server, store, clock) = timed().await;
    put(&*store).await.unwrap();
    clock.advance(TimeDelta::days(3));
    let asked = store.ask_clock().await.unwrap().unwrap();
    assert_eq!((asked.ours, server.count("MDTM")), (clock.now(), 2));
    assert_whole(&server);
    assert_eq!(store.ask_clock().await.unwrap(), Some(asked), "an answer that is not old is good enough");
    assert_eq!(server.count("MDTM"), 2);
    // A server that does not say is asked no more often, and one that breaks off is no server that does not say.
    clock.advance(TimeDelta::hours(1));
    server.twist("MDTM", 1, Act::Say("502 what?"));
    assert_eq!((store.ask_clock().await.unwrap(), store.ask_clock().await.unwrap()), (None, None));
    assert_eq!((store.server_clock(), server.count("MDTM")), (None, 3));
    clock.advance(TimeDelta::hours(1));
    server.twist("MDTM", FOREVER, Act::SayAndClose("421 bye"));
    assert_says(&store.ask_clock().await.unwrap_err(), Kind::Busy, &["ask for the server's time", "421 bye"]);
    assert_whole(&server);
}

#[tokio::test]
async fn a_full_server_that_takes_no_empty_object_goes_by_its_time_of_the_last_day() {
    for act in [Act::Say("552 Quota exceeded"), Act::Lose("452 No space left")] {
        let (server, store, clock) = timed().await;
        put(&*store).await.unwrap();
        let told = store.server_clock();
        server.twist("STOR", FOREVER, act);
        clock.advance(TimeDelta::hours(24));
        assert_eq!(store.ask_clock().await.unwrap(), told, "retention frees space by what is known: {act:?}");
        assert_eq!(store.server_clock(), told);
        clock.advance(TimeDelta::seconds(1));
        let error = store.ask_clock().await.unwrap_err();
        assert_says(&error, Kind::Full, &["ask for the server's time", "no room", "by hand"]);
        // A clock that went back makes the reading worth nothing.
        clock.advance(TimeDelta::days(-2));
        assert_says(&store.ask_clock().await.unwrap_err(), Kind::Full, &["by hand"]);
        assert_whole(&server);
    }
}

#[tokio::test]
async fn asking_for_the_time_where_nothing_can_be_deleted_leaves_one_object_at_most() {
    let (server, store, clock) = timed().await;
    server.twist("DELE", FOREVER, Act::Say("550 Permission denied."));
    for _ in 0..5 {
        let asked = store.ask_clock().await.unwrap().unwrap();
        assert_eq!((asked.ours, server.names().len()), (clock.now(), 1), "{:?}", server.names());
        clock.advance(TimeDelta::hours(1));
    }
}

#[tokio::test]
async fn what_is_written_for_the_time_and_removed_by_another_plane_is_no_server_that_does_not_say() {
    let (server, store, _clock) = timed().await;
    // Between its STOR and our MDTM, someone who asks at the same moment removes it.
    server.state().robbed = 1;
    assert!(store.ask_clock().await.unwrap().is_some());
    assert_eq!((server.count("MDTM"), server.names()), (2, Vec::new()));
}
