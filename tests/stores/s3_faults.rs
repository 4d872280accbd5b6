//! S3 servers that fail, lie, hang and mumble.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use palette_console::clock::{self, Clock, ManualClock};
use palette_console::storage::probe::{Outcome, Permission, probe};
use palette_console::storage::s3::{self, Settings, Timeouts};
use palette_console::storage::{Error, Kind, ObjectPath, Store};

use crate::s3_scripted::{Reply, Request, Scripted};

pub fn settings(endpoint: &str) -> Settings {
    Settings { folder: "site".to_owned(), ..crate::s3::settings(endpoint) }
}

/// Limits that a test can wait for.
pub fn brief() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(5),
        quiet: Duration::from_millis(400),
        least: Duration::from_secs(20),
        patience: Duration::from_secs(1),
        short_patience: Duration::from_millis(700),
    }
}

fn open(server: &Scripted) -> Arc<dyn Store> {
    s3::open_with(settings(&server.endpoint), brief(), clock::system()).unwrap()
}

pub fn path(text: &str) -> ObjectPath {
    ObjectPath::new(text).unwrap()
}

pub fn bytes() -> Bytes {
    crate::conformance::noise(8, 300_000)
}

pub const KEY: &str = "backups/site/a/b";

/// A server that always answers one verb like this.
async fn always(verb: &'static str, reply: Reply) -> Scripted {
    Scripted::start(move |request, _| (request.verb() == verb).then(|| reply.clone())).await
}

/// A server that answers the first few requests of one verb like this.
async fn first(times: usize, verb: &'static str, reply: Reply) -> Scripted {
    Scripted::start(move |request, before| (request.verb() == verb && before < times).then(|| reply.clone())).await
}

/// The error of one operation where a server always answers it like this.
async fn error(verb: &'static str, reply: Reply) -> Error {
    let server = always(verb, reply).await;
    let store = open(&server);
    let (at, root) = (path("a/b"), ObjectPath::root());
    let error = match verb {
        "put" => store.put(&at, bytes()).await.err(),
        "get" => store.get(&at, 1 << 20).await.err(),
        "head" => store.size(&at).await.err(),
        "delete" => store.delete(&at).await.err(),
        _ => store.list(&root).await.err(),
    };
    let error = error.unwrap_or_else(|| panic!("{verb} went well"));
    assert!(error.place.contains("s3://backups/site at http://127.0.0.1"), "{error:?}");
    assert!(!format!("{error:?}").contains("secret-of-the-test"), "{error:?}");
    error
}

#[tokio::test]
async fn a_storm_of_slow_down_passes() {
    let server = first(3, "put", Reply::error(503, "SlowDown", "Reduce your request rate.")).await;
    let store = s3::open(settings(&server.endpoint), clock::system()).unwrap();
    store.put(&path("a/b"), bytes()).await.unwrap();
    assert_eq!((server.count("put"), server.object(KEY).unwrap().len()), (4, 300_000));
}

#[tokio::test]
async fn a_storm_that_does_not_end_is_told() {
    let error = error("put", Reply::error(503, "SlowDown", "Reduce your request rate.")).await;
    assert_eq!(error.kind, Kind::Busy);
    assert!(error.reason.contains("SlowDown") && error.reason.contains("tries"), "{error:?}");
}

#[tokio::test]
async fn what_hangs_once_is_tried_again() {
    for verb in ["put", "head"] {
        let server = first(1, verb, Reply::Hang).await;
        open(&server).put(&path("a/b"), bytes()).await.unwrap();
        assert_eq!(server.count("put"), 2, "{verb}");
    }
    let server = first(1, "get", Reply::Hang).await;
    server.plant(KEY, b"there");
    assert_eq!(open(&server).get(&path("a/b"), 10).await.unwrap(), "there");
    assert_eq!(server.count("get"), 2);
}

#[tokio::test]
async fn what_hangs_for_good_ends_in_time() {
    for verb in ["put", "get", "head", "list", "delete"] {
        let error = error(verb, Reply::Hang).await;
        assert_eq!(error.kind, Kind::Timeout, "{error:?}");
        assert!(error.reason.contains("silent"), "{error:?}");
    }
}

#[tokio::test]
async fn slow_is_not_silent() {
    let server = always("get", Reply::Drip(Duration::from_millis(200))).await;
    server.plant(KEY, &bytes());
    assert!(open(&server).get(&path("a/b"), 1 << 20).await.unwrap() == bytes());
    assert_eq!(server.count("get"), 1);
}

#[tokio::test]
async fn a_body_that_is_cut_is_read_again_and_never_passes_for_whole() {
    let server = first(1, "get", Reply::Cut).await;
    server.plant(KEY, &bytes());
    assert!(open(&server).get(&path("a/b"), 1 << 20).await.unwrap() == bytes());
    let server = always("get", Reply::Cut).await;
    server.plant(KEY, &bytes());
    let error = open(&server).get(&path("a/b"), 1 << 20).await.unwrap_err();
    assert_eq!(error.kind, Kind::Interrupted, "{error:?}");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_confirmed() {
    let server = first(1, "put", Reply::Lose).await;
    open(&server).put(&path("a/b"), bytes()).await.unwrap();
    assert_eq!((server.count("put"), server.object(KEY).unwrap().len()), (2, 300_000));
}

#[tokio::test]
async fn what_another_wrote_is_left_as_it_is() {
    for other in [b"other".to_vec(), vec![0; 300_000]] {
        let server = Scripted::start(|_, _| None).await;
        server.plant(KEY, &other);
        let error = open(&server).put(&path("a/b"), bytes()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Mismatch, "{error:?}");
        assert_eq!(server.object(KEY).unwrap(), other);
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_guard_serves() {
    let server = Scripted::unguarded().await;
    let store = open(&server);
    store.put(&path("a/b"), bytes()).await.unwrap();
    let checks = probe(&*store, Permission::ReadWrite, clock::system().now(), &mut |_| {}).await;
    assert!(!checks.iter().any(|check| matches!(check.outcome, Outcome::Failed(_))), "{checks:#?}");
}

#[tokio::test]
async fn a_server_that_refuses_the_guard_is_asked_without_it() {
    let refuses = |request: &Request, _| {
        let guarded = request.headers.contains_key("if-none-match");
        guarded.then(|| Reply::error(501, "NotImplemented", "A header implies functionality that is not implemented"))
    };
    let server = Scripted::start(refuses).await;
    let store = open(&server);
    store.put(&path("a/b"), bytes()).await.unwrap();
    store.put(&path("a/c"), bytes()).await.unwrap();
    assert_eq!(server.count("put"), 3, "one refusal is enough");
}

#[tokio::test]
async fn a_size_that_is_not_what_was_sent_fails_the_write() {
    let half = Reply::Answer(200, Vec::new(), "x".repeat(150_000));
    let server = always("head", half).await;
    let error = open(&server).put(&path("a/b"), bytes()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Mismatch);
    assert!(error.reason.contains("150000 bytes of the 300000"), "{error:?}");
    let server = always("head", Reply::empty(404)).await;
    let error = open(&server).put(&path("a/b"), bytes()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Mismatch, "{error:?}");
}

#[tokio::test]
async fn a_head_that_is_forbidden_is_no_absence() {
    let error = error("head", Reply::empty(403)).await;
    assert_eq!(error.kind, Kind::Denied, "{error:?}");
    assert!(error.reason.contains("403 without a reason") && error.advice.contains("s3:ListBucket"), "{error:?}");
    // The size can be had from a listing instead.
    let server = always("head", Reply::empty(403)).await;
    open(&server).put(&path("a/b"), bytes()).await.unwrap();
}

#[tokio::test]
async fn absence_is_told_only_where_it_is_certain() {
    let server = always("list", Reply::error(404, "NoSuchBucket", "The bucket does not exist")).await;
    assert_eq!(open(&server).size(&path("a/b")).await.unwrap_err().kind, Kind::NoSuchPlace);
    let server = always("head", Reply::html(404)).await;
    assert_eq!(open(&server).size(&path("a/b")).await, Ok(None), "the listing confirms it");
    let server = Scripted::start(|_, _| Some(Reply::html(404))).await;
    assert_eq!(open(&server).size(&path("a/b")).await.unwrap_err().kind, Kind::Protocol);
    assert_eq!(error("get", Reply::html(404)).await.kind, Kind::Protocol);
    assert_eq!(error("get", Reply::empty(404)).await.kind, Kind::Protocol);
    assert_eq!(error("get", Reply::error(404, "NoSuchBucket", "gone")).await.kind, Kind::NoSuchPlace);
    assert_eq!(error("get", Reply::error(404, "NoSuchKey", "gone")).await.kind, Kind::NotFound);
    assert_eq!(error("list", Reply::error(404, "NoSuchBucket", "gone")).await.kind, Kind::NoSuchPlace);
    assert_eq!(error("delete", Reply::error(404, "NoSuchBucket", "gone")).await.kind, Kind::NoSuchPlace);
    let server = always("delete", Reply::error(404, "NoSuchKey", "gone")).await;
    open(&server).delete(&path("a/b")).await.unwrap();
}

#[tokio::test]
async fn web_pages_are_told_as_such() {
    for status in [200, 400, 405] {
        let error = error("list", Reply::html(status)).await;
        assert_eq!(error.kind, Kind::Protocol, "{status}: {error:?}");
        assert!(error.reason.contains("web page"), "{error:?}");
    }
    assert_eq!(error("list", Reply::html(502)).await.kind, Kind::Busy);
    assert_eq!(error("put", Reply::html(500)).await.kind, Kind::Busy);
    assert_eq!(error("list", Reply::html(403)).await.kind, Kind::Denied);
}

#[tokio::test]
async fn each_missing_permission_is_named() {
    let cases =
        [("put", "s3:PutObject"), ("get", "s3:GetObject"), ("delete", "s3:DeleteObject"), ("list", "s3:ListBucket")];
    for (verb, permission) in cases {
        let error = error(verb, Reply::error(403, "AccessDenied", "Access Denied.")).await;
        assert_eq!(error.kind, Kind::Denied);
        assert!(error.advice.contains(permission) && error.reason.contains("Access Denied"), "{error:?}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let cases = [
        (403, "InvalidAccessKeyId", "The key does not exist", Kind::Credentials),
        (403, "SignatureDoesNotMatch", "The signature does not match", Kind::Credentials),
        (403, "AccessDenied", "Access Denied because object protected by object lock.", Kind::Locked),
        (400, "InvalidRequest", "Object is WORM protected and cannot be overwritten", Kind::Locked),
        (403, "QuotaExceeded", "Quota exceeded", Kind::Full),
        (507, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold.", Kind::Full),
        (400, "KMS.NotFoundException", "Invalid keyId", Kind::Settings),
        (500, "InternalError", "We encountered an internal error.", Kind::Busy),
        (409, "ConditionalRequestConflict", "Try again", Kind::Busy),
        (405, "MethodNotAllowed", "The method is not allowed", Kind::Protocol),
    ];
    for (status, code, message, kind) in cases {
        let error = error("delete", Reply::error(status, code, message)).await;
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(error.reason.contains(code) && !error.advice.is_empty(), "{error:?}");
    }
}

#[tokio::test]
async fn the_right_region_is_named() {
    let malformed = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the \
                     region 'us-east-1' is wrong; expecting 'eu-central-1'</Message><Region>eu-central-1</Region></Error>";
    let redirect = vec![("x-amz-bucket-region", "eu-central-1".to_owned())];
    let replies = [
        Reply::Answer(400, Vec::new(), malformed.to_owned()),
        Reply::error(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-central-1'"),
        Reply::error(
            400,
            "AuthorizationHeaderMalformed",
            "unexpected scope, expected: 20261122/eu-central-1/s3/aws4_request",
        ),
        Reply::Answer(301, redirect.clone(), "<Error><Code>PermanentRedirect</Code></Error>".to_owned()),
        Reply::Answer(301, redirect, String::new()),
    ];
    for reply in replies {
        let error = error("list", reply).await;
        assert_eq!(error.kind, Kind::Region, "{error:?}");
        assert!(error.advice.contains("eu-central-1") && error.reason.contains("us-east-1"), "{error:?}");
    }
}

#[tokio::test]
async fn clocks_that_are_apart_are_told_by_how_much() {
    let ours = clock::system().now();
    let date = (ours + chrono::TimeDelta::minutes(20)).to_rfc2822();
    let body = "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>";
    let reply = Reply::Answer(403, vec![("date", date)], body.to_owned());
    let server = always("list", reply).await;
    let store = s3::open_with(settings(&server.endpoint), brief(), ManualClock::at(ours)).unwrap();
    let error = store.list(&ObjectPath::root()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Clock);
    assert!(error.reason.contains("20 min behind") && error.advice.contains("NTP"), "{error:?}");
}

#[tokio::test]
async fn a_listing_that_cannot_be_whole_is_an_error_and_no_loop() {
    let page = |more: &str| {
        let body = format!(
            "<ListBucketResult><IsTruncated>true</IsTruncated>{more}<Contents><Key>site/x</Key><Size>1</Size></Contents>\
             </ListBucketResult>"
        );
        Reply::Answer(200, vec![("content-type", "application/xml".to_owned())], body)
    };
    let repeats = error("list", page("<NextContinuationToken>again</NextContinuationToken>")).await;
    assert_eq!(repeats.kind, Kind::Protocol);
    assert!(repeats.reason.contains("repeats a page"), "{repeats:?}");
    let silent = error("list", page("")).await;
    assert!(silent.kind == Kind::Protocol && silent.reason.contains("there is more"), "{silent:?}");
}

#[tokio::test]
async fn names_of_others_are_told_as_strangers_and_harm_nothing() {
    let server = Scripted::start(|_, _| None).await;
    for key in ["site/good", "site/sp ace", "site/f/x", "site/.hidden/y", "site/dir/"] {
        server.plant(&format!("backups/{key}"), if key.ends_with('/') { b"" } else { b"x" });
    }
    let listing = open(&server).list(&ObjectPath::root()).await.unwrap();
    assert_eq!(listing.entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["good"]);
    assert_eq!(listing.folders, ["f"]);
    assert_eq!(listing.strangers, [".hidden", "sp ace"]);
}

#[tokio::test]
async fn what_is_longer_than_allowed_is_not_even_read() {
    let server = Scripted::start(|_, _| None).await;
    server.plant(KEY, &vec![0; 5 << 20]);
    let error = open(&server).get(&path("a/b"), 1 << 20).await.unwrap_err();
    assert_eq!((error.kind, server.count("get")), (Kind::Mismatch, 1), "{error:?}");
}

#[tokio::test]
async fn words_of_a_server_are_made_harmless() {
    let error = error("list", Reply::error(418, "Odd&#x1b;[2J", "evil \u{202e}text")).await;
    assert!(!error.reason.contains(['\u{1b}', '\u{202e}']), "{error:?}");
}

#[tokio::test]
async fn the_servers_clock_is_asked_for_where_the_last_answer_is_old() {
    let ours = ManualClock::at(clock::system().now());
    let theirs = ours.now() + chrono::TimeDelta::minutes(5);
    let date = vec![("date", theirs.to_rfc2822()), ("content-type", "application/xml".to_owned())];
    let page = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>".to_owned();
    let server = always("list", Reply::Answer(200, date, page)).await;
    let store = s3::open_with(settings(&server.endpoint), brief(), ours.clone()).unwrap();
    for (later, lists) in [(0, 1), (10, 1), (1, 2)] {
        ours.advance(chrono::TimeDelta::minutes(later));
        let clock = store.ask_clock().await.unwrap().unwrap();
        assert_eq!((clock.server.timestamp(), server.count("list")), (theirs.timestamp(), lists));
    }
    assert_eq!(store.server_clock().unwrap().ours, ours.now());
}
