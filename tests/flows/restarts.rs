//! The plane ends in the middle of a migration, the session ends, the plane answers with a page: watching goes on.

use std::time::Duration;

use palette_console::client::{Address, Login};
use palette_console::ops::migrate::{self, MigrateError, Progress};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinHandle;

use crate::proxy::Fault;
use crate::stage::{HELD, NEVER, SICK, SOUND, Stage, plan, trail};

type Watching = (JoinHandle<Result<migrate::Proof, MigrateError>>, UnboundedReceiver<Progress>);

fn watch(client: palette_console::client::Client, plan: migrate::Plan) -> Watching {
    let (tell, told) = mpsc::unbounded_channel();
    let watching =
        tokio::spawn(async move { migrate::run(&client, &plan, |progress| drop(tell.send(progress))).await });
    (watching, told)
}

async fn until(told: &mut UnboundedReceiver<Progress>, wanted: fn(&Progress) -> bool) -> Vec<Progress> {
    let mut seen = Vec::new();
    loop {
        let progress = told.recv().await.unwrap_or_else(|| panic!("it ended after {seen:?}"));
        let found = wanted(&progress);
        seen.push(progress);
        if found {
            return seen;
        }
    }
}

fn moved(progress: &Progress) -> bool {
    matches!(progress, Progress::Moved { .. })
}

#[tokio::test(start_paused = true)]
async fn a_migration_outlives_the_plane_that_was_killed_and_is_proved() {
    let mut stage = Stage::with_pace(NEVER).await;
    let client = stage.client().await;
    let plan = plan(&client, SICK, SOUND).await;
    let (watching, mut told) = watch(client, plan);
    until(&mut told, moved).await;
    stage.kill();
    let lost = until(&mut told, |it| matches!(it, Progress::PlaneLost { .. })).await;
    assert!(
        matches!(lost.last(), Some(Progress::PlaneLost { reason }) if reason.contains("cannot be reached")),
        "{lost:?}"
    );
    stage.start(Duration::ZERO).await;
    until(&mut told, |it| *it == Progress::PlaneBack).await;
    let rest = until(&mut told, |it| *it == Progress::Proving).await;
    assert_eq!(rest.iter().filter(|it| moved(it)).count(), HELD - 1, "{rest:?}");
    let proof = watching.await.unwrap().unwrap();
    assert_eq!((proof.moved(), proof.total()), (HELD, HELD));
    let trail = trail(&stage.client().await).await;
    assert_eq!(trail.iter().filter(|it| it.starts_with("Migrated 12 clusters")).count(), 1, "{trail:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_in_the_middle_is_told_and_watching_goes_on_after_a_login() {
    let mut stage = Stage::with_pace(NEVER).await;
    let client = stage.stranger(Address::Socket(stage.socket()));
    client.login(&stage.password_login()).await.unwrap();
    let plan = plan(&client, SICK, SOUND).await;
    let (watching, mut told) = watch(client.clone(), plan);
    until(&mut told, moved).await;
    stage.clock.advance(chrono::TimeDelta::minutes(16));
    until(&mut told, |it| *it == Progress::SignedOut).await;
    stage.kill();
    stage.start(Duration::ZERO).await;
    client.login(&stage.password_login()).await.unwrap();
    until(&mut told, |it| *it == Progress::PlaneBack).await;
    assert!(watching.await.unwrap().unwrap().is_whole());
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_proxy_in_the_middle_is_the_plane_out_of_sight() {
    for status in [200, 404, 503] {
        let mut stage = Stage::with_pace(NEVER).await;
        let proxy = stage.proxy().await;
        let client = stage.client_through(&proxy).await;
        let plan = plan(&client, SICK, SOUND).await;
        let (watching, mut told) = watch(client, plan);
        until(&mut told, moved).await;
        proxy.times(40, "GET", "/v1/spectroclusters/*", Fault::html(status));
        until(&mut told, |it| matches!(it, Progress::PlaneLost { .. })).await;
        stage.kill();
        stage.start(Duration::ZERO).await;
        until(&mut told, |it| *it == Progress::PlaneBack).await;
        assert!(watching.await.unwrap().unwrap().is_whole());
    }
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_stands_still_is_said_to_with_what_was_last_heard() {
    let stage = Stage::with_pace(NEVER).await;
    let client = stage.client().await;
    let plan = plan(&client, SICK, SOUND).await;
    let error = migrate::run(&client, &plan, |_| ()).await.unwrap_err();
    assert!(matches!(error, MigrateError::Stalled { moved: 1, total: HELD, .. }), "{error:?}");
    let words = error.to_string();
    assert!(
        words.contains("1 of 12 on berlin-vsphere-2") && words.contains("Started to migrate 12 clusters"),
        "{words}"
    );
}

#[tokio::test(start_paused = true)]
async fn watching_that_ends_says_that_the_migration_goes_on() {
    let stage = Stage::with_pace(NEVER).await;
    let proxy = stage.proxy().await;
    let client = stage.client_through(&proxy).await;
    let plan = plan(&client, SICK, SOUND).await;
    let refusal = serde_json::json!({ "code": "Broken", "message": "No.", "ref": "ref-1" });
    proxy.always("GET", "/v1/spectroclusters/*", Fault::json(500, &refusal));
    let error = migrate::run(&client, &plan, |_| ()).await.unwrap_err();
    assert!(matches!(error, MigrateError::Lost(_)), "{error:?}");
    let words = error.to_string();
    assert!(words.contains("The migration may go on by itself") && words.contains("ref-1"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_migration_can_be_watched_again_without_being_sent_again() {
    let mut stage = Stage::with_pace(NEVER).await;
    let proxy = stage.proxy().await;
    let client = stage.client_through(&proxy).await;
    let plan = plan(&client, SICK, SOUND).await;
    migrate::run(&client, &plan, |_| ()).await.unwrap_err();
    stage.kill();
    stage.start(Duration::ZERO).await;
    let proof = migrate::resume(&client, &plan, |_| ()).await.unwrap();
    assert_eq!((proof.moved(), proof.total()), (HELD, HELD));
    assert_eq!(proxy.count("POST", "/v1/overlords/migrate"), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_login_by_api_key_survives_a_restart() {
    let mut stage = Stage::new().await;
    let client = stage.client().await;
    stage.kill();
    stage.start(Duration::ZERO).await;
    assert!(matches!(Login::tenant_of(&stage.credentials()), Some(Login::ApiKey(_))));
    assert_eq!(client.overlords().await.unwrap().len(), 8);
}
