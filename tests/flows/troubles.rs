//! Planes that are away, slow, overloaded, or not a plane at all.

use std::time::Duration;

use palette_console::api::overlord::MigrateRequest;
use palette_console::client::{Address, Client, Kind, Login, Options};
use palette_console::clock;
use serde_json::json;
use tokio::time::Instant;

use crate::proxy::{Fault, Proxy};

const LIST: &str = "/v1/overlords";
const MIGRATE: &str = "/v1/overlords/migrate";

async fn client_of(url: &str) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new(Options::new(url.parse().unwrap(), clock::system())).unwrap();
    // Whether the plane can be asked for the key is not what these tests look at.
    drop(client.login(&Login::ApiKey("key".into())).await);
    client
}

fn empty() -> Fault {
    Fault::json(200, &json!({ "items": [] }))
}

fn order() -> MigrateRequest {
    MigrateRequest { source_uid: "s".to_owned(), target_uid: "t".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_plane_is_named_with_what_to_check() {
    let (_kept, nobody) = crate::proxy::nobody();
    let client = client_of(&format!("http://{nobody}")).await;
    let error = client.overlords().await.unwrap_err();
    assert!(matches!(error.kind, Kind::Unreachable { .. }), "{error:?}");
    let words = error.to_string();
    assert!(words.contains(&nobody.to_string()) && words.contains("Check the address and the network"), "{words}");
    assert!(error.plane_lost() && !error.outcome_unknown());
}

#[tokio::test(start_paused = true)]
async fn a_missing_socket_is_named() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address = Address::Socket("/nowhere/plane.sock".into());
    let client = Client::new(Options::new(address, clock::system())).unwrap();
    let error = client.read_capabilities().await.unwrap_err();
    assert!(matches!(error.kind, Kind::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("/nowhere/plane.sock"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_slowly_is_not_begun_again_beyond_its_budget() {
    let proxy = Proxy::alone().await;
    proxy.always("GET", LIST, Fault::Late(Duration::from_secs(12)));
    let begun = Instant::now();
    let error = client_of(proxy.url()).await.overlords().await.unwrap_err();
    assert!(matches!(error.kind, Kind::Broken { .. }), "{error:?}");
    assert_eq!(proxy.count("GET", LIST).0, 2);
    assert!((24..26).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn ten_seconds_an_answer_are_waited_for() {
    let stage = crate::stage::Stage::new().await;
    let proxy = stage.proxy().await;
    let client = stage.client_through(&proxy).await;
    proxy.always("GET", LIST, Fault::Late(Duration::from_secs(10)));
    let begun = Instant::now();
    assert_eq!(client.overlords().await.unwrap().len(), 8);
    assert!((10..12).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(proxy.count("GET", LIST), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn no_answer_in_time_is_said_with_the_time() {
    let proxy = Proxy::alone().await;
    proxy.always("GET", LIST, Fault::Late(Duration::from_secs(3600)));
    let error = client_of(proxy.url()).await.overlords().await.unwrap_err();
    assert!(error.to_string().contains("did not answer within 30 s"), "{error}");
    assert_eq!(proxy.count("GET", LIST).0, 1, "after 30 s the budget of a read is spent");
}

#[tokio::test(start_paused = true)]
async fn a_web_page_is_not_taken_for_the_api() {
    for (status, tries) in [(200, 1), (404, 1), (502, 4)] {
        let proxy = Proxy::alone().await;
        proxy.always("GET", LIST, Fault::html(status));
        let error = client_of(proxy.url()).await.overlords().await.unwrap_err();
        let words = error.to_string();
        assert!(words.contains(&format!("(HTTP {status}) is a web page, not the Palette API")), "{words}");
        assert!(words.contains("Check the address") && !words.contains("Maintenance"), "{words}");
        assert_eq!(proxy.count("GET", LIST).0, tries, "{status}");
        assert!(!error.not_found(), "a page that is missing is no gateway that is missing");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_shape_is_said_to_be_one() {
    let proxy = Proxy::alone().await;
    proxy.always("GET", LIST, Fault::json(200, &json!({ "items": "none" })));
    let words = client_of(proxy.url()).await.overlords().await.unwrap_err().to_string();
    assert!(words.contains("of another shape") && words.contains("not the Palette API"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_with_500_shows_message_code_and_reference_and_is_not_repeated() {
    let proxy = Proxy::alone().await;
    let body =
        json!({ "code": "OverlordFailure", "message": "The\u{1b}[2J gateway store is away.", "ref": "ref-77ab" });
    proxy.always("GET", LIST, Fault::json(500, &body));
    let words = client_of(proxy.url()).await.overlords().await.unwrap_err().to_string();
    assert!(words.contains("gateway store is away (OverlordFailure)"), "{words}");
    assert!(words.ends_with("Reference: ref-77ab."), "{words}");
    assert!(!words.contains('\u{1b}'), "{words:?}");
    assert_eq!(proxy.count("GET", LIST).0, 1);
}

fn too_many(headers: &'static [(&'static str, &'static str)]) -> Fault {
    Fault::Answer { status: 429, headers, body: String::new() }
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_plane_is_read_again_when_it_says() {
    let proxy = Proxy::alone().await;
    proxy.always("GET", LIST, empty());
    proxy.times(2, "GET", LIST, too_many(&[("retry-after", "3")]));
    let begun = Instant::now();
    assert_eq!(client_of(proxy.url()).await.overlords().await.unwrap(), []);
    assert!((6..8).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(proxy.count("GET", LIST).0, 3);
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_plane_that_names_no_time_is_read_again_soon() {
    let proxy = Proxy::alone().await;
    proxy.always("GET", LIST, empty());
    proxy.times(3, "GET", LIST, too_many(&[]));
    let begun = Instant::now();
    assert_eq!(client_of(proxy.url()).await.overlords().await.unwrap(), []);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_read_gives_up_in_words_where_the_plane_asks_for_more_than_it_may() {
    let proxy = Proxy::alone().await;
    proxy.always("GET", LIST, too_many(&[("retry-after", "60")]));
    let words = client_of(proxy.url()).await.overlords().await.unwrap_err().to_string();
    assert!(words.contains("too many requests") && words.contains("Wait 60 s"), "{words}");
    assert_eq!(proxy.count("GET", LIST).0, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_end_is_cut_off() {
    let proxy = Proxy::alone().await;
    let body = format!("[{}]", " ".repeat(65 << 20));
    proxy.always("GET", LIST, Fault::Answer { status: 200, headers: &[], body });
    let words = client_of(proxy.url()).await.overlords().await.unwrap_err().to_string();
    assert!(words.contains("longer than 64 MiB"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_change_is_never_repeated_whatever_happens_to_it() {
    for fault in
        [too_many(&[("retry-after", "1")]), Fault::html(502), Fault::json(503, &json!({"code":"X"})), Fault::CutBefore]
    {
        let proxy = Proxy::alone().await;
        proxy.always("POST", MIGRATE, fault);
        client_of(proxy.url()).await.migrate(&order()).await.unwrap_err();
        assert_eq!(proxy.count("POST", MIGRATE).0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_times_out_leaves_its_outcome_open() {
    let proxy = Proxy::alone().await;
    proxy.always("POST", MIGRATE, Fault::Late(Duration::from_secs(3600)));
    let error = client_of(proxy.url()).await.migrate(&order()).await.unwrap_err();
    assert!(error.outcome_unknown() && error.to_string().contains("it may have been carried out"), "{error}");
    assert_eq!(proxy.count("POST", MIGRATE).0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_answered_by_something_else_leaves_its_outcome_open() {
    let proxy = Proxy::alone().await;
    proxy.always("POST", MIGRATE, Fault::html(200));
    let error = client_of(proxy.url()).await.migrate(&order()).await.unwrap_err();
    assert!(error.outcome_unknown(), "{error}");
}
