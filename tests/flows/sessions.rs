//! Wrong passwords, locked accounts and sessions that end.

use chrono::TimeDelta;
use palette_console::client::{Client, Kind, SessionKind};
use palette_console::ops::migrate::{self, MigrateError};

use crate::proxy::Fault;
use crate::stage::{SICK, SOUND, Stage, plan};

const LOGIN: &str = "/v1/auth/authenticate";
const REFRESH: &str = "/v1/auth/refresh/*";

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_sent_once_and_says_how_many_tries_are_left() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = stage.stranger(proxy.url().parse().unwrap());
    let words = client.login(&stage.wrong_login()).await.unwrap_err().to_string();
    assert!(words.starts_with("could not sign in: The user name or the password is wrong"), "{words}");
    assert!(words.contains("4 tries are left") && words.contains("Reference: ref-"), "{words}");
    assert!(!words.contains("not-the-password"), "{words}");
    assert_eq!(proxy.count("POST", LOGIN), (1, 1));
    assert_eq!(client.who(SessionKind::Tenant), None);
}

#[tokio::test(start_paused = true)]
async fn five_wrong_passwords_lock_the_account_for_fifteen_minutes() {
    let stage = Stage::new().await;
    let client = stage.stranger(palette_console::client::Address::Socket(stage.socket()));
    for _ in 0..5 {
        client.login(&stage.wrong_login()).await.unwrap_err();
    }
    let locked = client.login(&stage.password_login()).await.unwrap_err();
    let words = locked.to_string();
    assert!(words.contains("locked") && words.contains("Wait 15 min, then sign in again."), "{words}");
    stage.clock.advance(TimeDelta::minutes(14));
    let words = client.login(&stage.password_login()).await.unwrap_err().to_string();
    assert!(words.contains("Wait 1 min"), "{words}");
    stage.clock.advance(TimeDelta::minutes(1) + TimeDelta::seconds(1));
    client.login(&stage.password_login()).await.unwrap();
    assert_eq!(client.overlords().await.unwrap().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_renewed_while_the_person_is_active() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = stage.stranger(proxy.url().parse().unwrap());
    client.login(&stage.password_login()).await.unwrap();
    for _ in 0..4 {
        stage.clock.advance(TimeDelta::minutes(11));
        client.touch();
        assert_eq!(client.overlords().await.unwrap().len(), 8);
    }
    assert_eq!(proxy.count("GET", REFRESH), (4, 4));
    assert_eq!(proxy.count("POST", LOGIN), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn readers_at_the_same_time_renew_a_session_once() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = stage.stranger(proxy.url().parse().unwrap());
    client.login(&stage.password_login()).await.unwrap();
    stage.clock.advance(TimeDelta::minutes(11));
    client.touch();
    let readers = (0..6).map(|_| client.overlords());
    for read in futures_util::future::join_all(readers).await {
        assert_eq!(read.unwrap().len(), 8);
    }
    assert_eq!(proxy.count("GET", REFRESH), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_ends_and_a_new_login_lets_the_read_pass() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = stage.stranger(proxy.url().parse().unwrap());
    client.login(&stage.password_login()).await.unwrap();
    stage.clock.advance(TimeDelta::minutes(16));
    let ended = client.overlords().await.unwrap_err();
    assert_eq!(ended.signed_out(), Some(SessionKind::Tenant));
    assert!(ended.to_string().contains("Sign in as tenant administrator again; nothing you typed is lost."), "{ended}");
    assert_eq!(proxy.count("POST", LOGIN), (1, 1), "nobody signs in by itself where a person does");
    client.login(&stage.password_login()).await.unwrap();
    assert_eq!(client.overlords().await.unwrap().len(), 8);
}

fn by_itself(stage: &Stage, url: &str, login: palette_console::client::Login) -> Client {
    let options = stage.options(url.parse().unwrap());
    Client::new(palette_console::client::Options { auto_login: Some(login), ..options }).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_command_signs_in_again_by_itself_once_for_all_its_reads() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = by_itself(&stage, proxy.url(), stage.password_login());
    client.login(&stage.password_login()).await.unwrap();
    stage.clock.advance(TimeDelta::minutes(16));
    let readers = (0..6).map(|_| client.overlords());
    for read in futures_util::future::join_all(readers).await {
        assert_eq!(read.unwrap().len(), 8);
    }
    assert_eq!(proxy.count("POST", LOGIN), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_wrong_now_is_not_tried_until_the_account_is_locked() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = by_itself(&stage, proxy.url(), stage.wrong_login());
    client.login(&stage.password_login()).await.unwrap();
    stage.clock.advance(TimeDelta::minutes(16));
    for _ in 0..8 {
        let readers = (0..3).map(|_| client.overlords());
        for read in futures_util::future::join_all(readers).await {
            assert_eq!(read.unwrap_err().signed_out(), Some(SessionKind::Tenant));
        }
    }
    assert_eq!(proxy.count("POST", LOGIN), (2, 2), "the good login and one bad one");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_cannot_sign_in_any_more_stops_watching_at_once() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = by_itself(&stage, proxy.url(), stage.wrong_login());
    client.login(&stage.password_login()).await.unwrap();
    let plan = plan(&client, SICK, SOUND).await;
    stage.clock.advance(TimeDelta::minutes(16));
    let watch = migrate::resume(&client, &plan, |_| ());
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), watch).await.unwrap();
    assert!(matches!(&ended, Err(MigrateError::Lost(error)) if error.signed_out().is_some()), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_plane_will_not_renew_is_used_to_its_end() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always("GET", REFRESH, Fault::html(502));
    let client = stage.stranger(proxy.url().parse().unwrap());
    client.login(&stage.password_login()).await.unwrap();
    stage.clock.advance(TimeDelta::minutes(11));
    client.touch();
    assert_eq!(client.overlords().await.unwrap().len(), 8);
    stage.clock.advance(TimeDelta::minutes(5));
    assert!(client.overlords().await.unwrap_err().signed_out().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_on_the_way_is_tried_again_with_the_next_read() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = stage.stranger(proxy.url().parse().unwrap());
    client.login(&stage.password_login()).await.unwrap();
    proxy.times(1, "GET", REFRESH, Fault::CutBefore);
    for _ in 0..3 {
        stage.clock.advance(TimeDelta::minutes(6));
        client.touch();
        for _ in 0..2 {
            assert_eq!(client.overlords().await.unwrap().len(), 8);
        }
    }
    assert_eq!(proxy.count("GET", REFRESH), (2, 1));
    assert_eq!(proxy.count("POST", LOGIN), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_second_factor_is_said_to_need_a_browser() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always("POST", LOGIN, Fault::Rewrite(|answer| answer["isMfa"] = true.into()));
    let client = stage.stranger(proxy.url().parse().unwrap());
    let error = client.login(&stage.password_login()).await.unwrap_err();
    assert_eq!(error.kind, Kind::NeedsBrowser);
    assert!(error.to_string().contains("Use an API key"), "{error}");
}
