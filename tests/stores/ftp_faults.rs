//! FTP servers that misbehave, and what becomes of it.

mod time;

use std::sync::Arc;
use std::time::Duration;

use palette_console::clock;
use palette_console::storage::ftp::{Passive, Patience, Settings, Tls, open_with};
use palette_console::storage::probe::{Event, Outcome, Steps};
use palette_console::storage::{Error, Kind, ObjectPath, Store};

use crate::ftp::{awkward, path, settings};
use crate::scripted::{Act, Scripted};
use crate::servers::PASSWORD;

const SIZE: usize = 5000;
const FOREVER: usize = usize::MAX;

fn hasty() -> Patience {
    let short = Duration::from_millis(400);
    Patience {
        connect: short,
        command: short,
        open: short,
        idle: short,
        finish: short,
        pause: Duration::from_millis(5),
        ..Patience::default()
    }
}

fn with(server: &Scripted, change: impl FnOnce(&mut Settings)) -> Arc<dyn Store> {
    let mut settings = settings(server.port, Tls::Off, "");
    settings.dir = "/base".to_owned();
    change(&mut settings);
    open_with(settings, hasty(), clock::system()).unwrap()
}

async fn server() -> (Scripted, Arc<dyn Store>) {
    let server = Scripted::start(None).await;
    let store = with(&server, |_| {});
    (server, store)
}

async fn put(store: &dyn Store) -> Result<(), Error> {
    store.put(&path("b/one.seg"), awkward(SIZE)).await
}

/// The object is there, whole, and nothing else is.
fn assert_whole(server: &Scripted) {
    assert_eq!(server.names(), ["/base/b/one.seg"]);
    assert!(server.state().files.get("/base/b/one.seg").unwrap() == &awkward(SIZE));
}

fn assert_says(error: &Error, kind: Kind, words: &[&str]) {
    let text = format!("{error}; {}", error.advice);
    assert_eq!(error.kind, kind, "{text}");
    for words in words {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
    assert!(!text.contains(PASSWORD) && !format!("{error:?}").contains(PASSWORD), "{text}");
}

#[tokio::test]
async fn an_announced_private_address_is_not_believed() {
    let (server, store) = server().await;
    put(&*store).await.unwrap();
    assert_whole(&server);
    assert_eq!(server.count("EPSV"), 0);
}

#[tokio::test]
async fn listings_go_by_what_the_server_knows() {
    for refused in [&[][..], &["MLSD"], &["MLSD", "LIST"]] {
        let (server, store) = server().await;
        for verb in refused {
            server.twist(verb, FOREVER, Act::Say("502 not implemented"));
        }
        put(&*store).await.unwrap();
        store.put(&path("b/c/two.seg"), awkward(7)).await.unwrap();
        let listing = store.list(&path("b")).await.unwrap();
        let seen: Vec<_> = listing.entries.iter().map(|e| (e.path.as_str(), e.bytes)).collect();
        assert_eq!(seen, [("b/one.seg", Some(SIZE as u64))], "{refused:?}");
        assert_eq!(listing.folders, ["c"]);
        assert_eq!(store.walk(&ObjectPath::root()).await.unwrap().entries.len(), 2);
        assert!(store.list(&path("none")).await.unwrap().entries.is_empty());
    }
}

#[tokio::test]
async fn foreign_names_are_told_and_hidden_ones_are_not() {
    let (server, store) = server().await;
    put(&*store).await.unwrap();
    for name in ["my notes.txt", "\u{1b}[2J", ".hidden", "x.seg.part"] {
        server.state().files.insert(format!("/base/b/{name}"), vec![1]);
    }
    let listing = store.list(&path("b")).await.unwrap();
    let names: Vec<&str> = listing.entries.iter().map(|entry| entry.path.name()).collect();
    assert_eq!(names, ["one.seg", "x.seg.part"]);
    assert_eq!(listing.strangers, ["\u{FFFD}[2J", "my notes.txt"]);
}

#[tokio::test]
async fn a_server_that_forbids_renaming_is_written_directly() {
    for verb in ["RNFR", "RNTO"] {
        let (server, store) = server().await;
        server.twist(verb, FOREVER, Act::Say("550 Sorry, no"));
        put(&*store).await.unwrap();
        assert_whole(&server);
        store.put(&path("b/two.seg"), awkward(9)).await.unwrap();
        assert_eq!(server.count("RNFR"), 1, "asked once");
        assert!(store.remarks().iter().any(|remark| remark.contains("forbids renaming")), "{:?}", store.remarks());
    }
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_size() {
    for verb in ["STOR", "RNTO", "SIZE"] {
        let (server, store) = server().await;
        server.twist(verb, 1, Act::DoAndClose);
        put(&*store).await.unwrap();
        assert_whole(&server);
        if verb != "SIZE" {
            assert_eq!(server.count("STOR"), 1, "{verb}: what is there is not sent again");
        }
    }
}

#[tokio::test]
async fn an_upload_that_was_cut_and_called_good_is_repeated() {
    let (server, store) = server().await;
    server.twist("STOR", 2, Act::Cut(100));
    put(&*store).await.unwrap();
    assert_whole(&server);
    assert_eq!(server.count("STOR"), 3);
}

#[tokio::test]
async fn an_upload_that_is_always_cut_fails_and_leaves_nothing() {
    let (server, store) = server().await;
    server.twist("STOR", FOREVER, Act::Cut(100));
    let error = put(&*store).await.unwrap_err();
    assert_says(&error, Kind::Interrupted, &["write b/one.seg", "holds 100 of 5000 bytes"]);
    assert_eq!((server.count("STOR"), server.names()), (3, Vec::new()));
}

#[tokio::test]
async fn a_download_that_was_cut_and_called_good_is_repeated() {
    let (server, store) = server().await;
    put(&*store).await.unwrap();
    server.twist("RETR", 2, Act::Cut(100));
    assert!(store.get(&path("b/one.seg"), SIZE).await.unwrap() == awkward(SIZE));
    server.twist("RETR", FOREVER, Act::Cut(100));
    let error = store.get(&path("b/one.seg"), SIZE).await.unwrap_err();
    assert_says(&error, Kind::Interrupted, &["only 100 of 5000 bytes"]);
}

#[tokio::test]
async fn a_listing_that_was_cut_is_repeated() {
    let (server, store) = server().await;
    put(&*store).await.unwrap();
    server.twist("MLSD", 1, Act::Cut(20));
    assert_eq!(store.list(&path("b")).await.unwrap().entries.len(), 1);
    assert_eq!(server.count("MLSD"), 2);
}

#[tokio::test]
async fn a_session_that_is_ended_or_dropped_is_replaced() {
    for act in [Act::SayAndClose("421 Timeout"), Act::DoAndClose] {
        for verb in ["CWD", "PASV", "STOR", "SIZE", "MKD"] {
            let (server, store) = server().await;
            server.twist(verb, 1, act);
            put(&*store).await.unwrap_or_else(|error| panic!("{verb} {act:?}: {error}"));
            assert_whole(&server);
        }
    }
}

#[tokio::test]
async fn silence_is_a_timeout_that_names_the_step() {
    let (server, store) = server().await;
    server.twist("SIZE", FOREVER, Act::Hang);
    let error = store.size(&path("b/one.seg")).await.unwrap_err();
    assert_says(&error, Kind::Timeout, &["look at b/one.seg", "SIZE", "400 ms"]);
    let (server, store) = self::server().await;
    server.twist("STOR", 1, Act::Hang);
    put(&*store).await.unwrap();
    assert_whole(&server);
}

#[tokio::test]
async fn a_full_disk_is_told_once() {
    for act in [
        Act::Say("552 Quota exceeded"),
        Act::Lose("451 Failure writing to local file."),
        Act::Lose("452 No space left"),
    ] {
        let (server, store) = server().await;
        server.twist("STOR", FOREVER, act);
        let error = put(&*store).await.unwrap_err();
        assert_says(&error, Kind::Full, &["Free space"]);
        assert_eq!((server.count("STOR"), server.names()), (1, Vec::new()), "{act:?}");
    }
}

#[tokio::test]
async fn sizes_come_from_the_listing_where_they_must() {
    let (server, store) = server().await;
    server.twist("SIZE", FOREVER, Act::Say("502 not implemented"));
    put(&*store).await.unwrap();
    assert_whole(&server);
    assert_eq!(store.size(&path("b/one.seg")).await.unwrap(), Some(SIZE as u64));
    assert_eq!(store.size(&path("b/two.seg")).await.unwrap(), None);
    server.twist("MLSD", FOREVER, Act::Say("502 no")).twist("LIST", FOREVER, Act::Say("502 no"));
    let error = store.put(&path("b/two.seg"), awkward(5)).await.unwrap_err();
    assert_says(&error, Kind::Protocol, &["no upload can be confirmed", "SIZE or MLSD"]);
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_and_never_shown() {
    let server = Scripted::start(None).await;
    let store = with(&server, |settings| settings.password = "not the password".into());
    let error = put(&*store).await.unwrap_err();
    assert_says(&error, Kind::Credentials, &["user name or the password", "********"]);
    assert!(!format!("{error:?}").contains("not the password"));
    assert_eq!((server.count("USER"), server.count("PASS")), (1, 1));
}

#[tokio::test]
async fn fewer_sessions_are_used_where_the_server_wants_that() {
    let (server, store) = server().await;
    server.state().most_sessions = 1;
    assert_eq!(store.concurrency(), 2);
    let (one, two) = (path("b/1"), path("b/2"));
    let (first, second) = tokio::join!(store.put(&one, awkward(SIZE)), store.put(&two, awkward(SIZE)));
    first.and(second).unwrap();
    assert_eq!((store.concurrency(), server.names().len()), (1, 2));
    let (server, store) = self::server().await;
    server.state().most_sessions = 0;
    assert_says(&put(&*store).await.unwrap_err(), Kind::Busy, &["421 Too many connections"]);
}

#[tokio::test]
async fn the_other_way_of_passive_mode_is_tried_once() {
    for act in [Act::Say("500 no PASV"), Act::Say("227 Entering Passive Mode (127,0,0,1,0,1)")] {
        let (server, store) = server().await;
        server.twist("PASV", FOREVER, act);
        put(&*store).await.unwrap();
        store.put(&path("b/two.seg"), awkward(5)).await.unwrap();
        assert_eq!(server.count("PASV"), 1, "remembered");
        let store = with(&server, |settings| settings.passive = Passive::Pasv);
        let error = store.put(&path("b/three.seg"), awkward(5)).await.unwrap_err();
        assert_says(&error, error.kind, &["passive"]);
        assert!(matches!(error.kind, Kind::Protocol | Kind::Unreachable), "{error:?}");
    }
}

#[tokio::test]
async fn missing_and_forbidden_are_told_apart() {
    let (server, store) = server().await;
    put(&*store).await.unwrap();
    server.twist("RETR", FOREVER, Act::Say("550 Failed to open file."));
    assert_says(&store.get(&path("b/one.seg"), SIZE).await.unwrap_err(), Kind::Denied, &["550 Failed to open file."]);
    assert_says(&store.get(&path("b/two.seg"), SIZE).await.unwrap_err(), Kind::NotFound, &["no such object"]);
    server.twist("DELE", FOREVER, Act::Say("550 Permission denied."));
    assert_says(&store.delete(&path("b/one.seg")).await.unwrap_err(), Kind::Denied, &["delete b/one.seg"]);
    store.delete(&path("b/two.seg")).await.unwrap();
    server.twist("STOR", FOREVER, Act::Say("553 Could not create file."));
    let error = store.put(&path("b/two.seg"), awkward(5)).await.unwrap_err();
    assert_says(&error, Kind::Denied, &["553 Could not create file.", "what the account may do"]);
}

#[tokio::test]
async fn a_port_without_a_server_and_a_name_without_an_address_are_told() {
    let server = Scripted::start(None).await;
    let store = with(&server, |settings| settings.port = crate::servers::free_port());
    assert_says(&put(&*store).await.unwrap_err(), Kind::Unreachable, &["nothing listens on port"]);
    let store = with(&server, |settings| settings.host = "no-such-host.invalid".to_owned());
    assert_says(&put(&*store).await.unwrap_err(), Kind::NoSuchHost, &["no-such-host.invalid has no address"]);
}

#[tokio::test]
async fn a_probe_stops_where_it_fails_and_says_what_it_left_out() {
    let server = Scripted::start(None).await;
    let store = with(&server, |settings| settings.password = "wrong".into());
    let mut tell = |_: Event| {};
    let mut steps = Steps::new(&mut tell);
    assert!(!store.prove_connection(&mut steps).await);
    let checks = steps.finish();
    let names: Vec<_> = checks.iter().map(|check| check.name).collect();
    assert_eq!(names, ["Look up the server", "Connect", "TLS", "Sign in", "Directory"]);
    let outcomes: Vec<_> = checks.into_iter().map(|check| check.outcome).collect();
    assert!(matches!(&outcomes[2], Outcome::Warning(words) if words.contains("clear text")), "{outcomes:?}");
    assert!(matches!(&outcomes[3], Outcome::Failed(error) if error.kind == Kind::Credentials), "{outcomes:?}");
    assert!(matches!(&outcomes[4], Outcome::Skipped(_)), "{outcomes:?}");
    assert!(!["STOR", "MKD"].iter().any(|verb| server.count(verb) > 0));
}

#[tokio::test]
async fn a_folder_that_may_not_be_entered_is_a_stranger_and_hides_nothing() {
    let (server, store) = server().await;
    put(&*store).await.unwrap();
    store.put(&path("b/closed/two.seg"), awkward(7)).await.unwrap();
    store.put(&path("b/open/three.seg"), awkward(7)).await.unwrap();
    server.state().closed.insert("/base/b/closed".to_owned());
    let listing = store.walk(&path("b")).await.unwrap();
    let seen: Vec<_> = listing.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(seen, ["b/one.seg", "b/open/three.seg"]);
    assert_eq!(listing.strangers, ["b/closed (the account may not enter it)"]);
    // What was asked for itself stays an error: it must not pass for empty.
    let error = store.walk(&path("b/closed")).await.unwrap_err();
    assert_says(&error, Kind::Denied, &["list b/closed", "may not enter"]);
}

#[tokio::test]
async fn a_password_that_lies_across_the_cut_is_struck_out_whole() {
    for before in 150..260 {
        let server = Scripted::start(None).await;
        let words = format!("530 {}{PASSWORD} was not taken", "x".repeat(before));
        server.twist("PASS", FOREVER, Act::Say(Box::leak(words.into_boxed_str())));
        let error = put(&*with(&server, |_| {})).await.unwrap_err();
        assert!(!error.reason.contains(&PASSWORD[..3]), "{}", error.reason);
        assert!(error.reason.len() < 400, "{}", error.reason);
    }
}

#[tokio::test]
async fn a_folder_that_may_not_be_read_and_is_called_empty_is_told_where_the_server_can_be_caught_at_it() {
    for shows_dots in [true, false] {
        let (server, store) = server().await;
        server.state().features.retain(|feature| !feature.starts_with("MLST"));
        server.state().shows_dots = shows_dots;
        put(&*store).await.unwrap();
        store.put(&path("b/secret/two.seg"), awkward(7)).await.unwrap();
        store.put(&path("b/empty/three.seg"), awkward(7)).await.unwrap();
        store.delete(&path("b/empty/three.seg")).await.unwrap();
        server.state().unreadable.insert("/base/b/secret".to_owned());
        let seen = store.walk(&path("b")).await.unwrap();
        assert_eq!(seen.entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["b/one.seg"]);
        assert_eq!(seen.closed, if shows_dots { vec![path("b/secret")] } else { Vec::new() });
        assert_eq!(store.list(&path("b/secret")).await.is_err(), shows_dots);
        assert!(store.list(&path("b/empty")).await.unwrap().entries.is_empty());
    }
}
