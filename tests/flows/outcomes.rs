//! Changes whose answer is lost, and changes that never arrived: sent once, read again, told as they are.

use palette_console::client::Client;
use palette_console::ops::delete::{self, DeleteError};
use palette_console::ops::migrate::{self, MigrateError, Progress};
use palette_console::ops::rename::{self, RenameError};

use crate::proxy::{Fault, Proxy};
use crate::stage::{HELD, SICK, SMALL, SOUND, Stage, pcg, plan, spread, trail};

const MIGRATE: &str = "/v1/overlords/migrate";
const GATEWAY: &str = "/v1/overlords/*";

/// A gateway without clusters.
async fn emptied(stage: &Stage) -> delete::Plan {
    let client = stage.client().await;
    let plan = plan(&client, SMALL, SOUND).await;
    assert!(migrate::run(&client, &plan, |_| ()).await.unwrap().is_whole());
    delete::preflight(&client, &plan.source.uid).await.unwrap().unwrap()
}

async fn migrated(client: &Client) -> (Result<migrate::Proof, MigrateError>, Vec<Progress>) {
    let plan = plan(client, SICK, SOUND).await;
    let mut told = Vec::new();
    let outcome = migrate::run(client, &plan, |progress| told.push(progress)).await;
    (outcome, told)
}

async fn stage_and_proxy() -> (Stage, Proxy, Client) {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let client = stage.client_through(&proxy).await;
    (stage, proxy, client)
}

#[tokio::test(start_paused = true)]
async fn a_migration_is_sent_once_watched_and_proved() {
    let (_stage, proxy, client) = stage_and_proxy().await;
    let (outcome, told) = migrated(&client).await;
    let proof = outcome.unwrap();
    assert!(proof.is_whole());
    assert_eq!((proof.moved(), proof.deleted(), proof.total()), (HELD, 0, HELD));
    assert_eq!(told[..2], [Progress::Sending, Progress::Accepted]);
    assert_eq!(told.iter().filter(|progress| matches!(progress, Progress::Moved { .. })).count(), HELD);
    assert_eq!(told.last(), Some(&Progress::Proving));
    assert_eq!(proxy.count("POST", MIGRATE), (1, 1));
    for proved in &proof.clusters {
        let reads = proxy.seen("GET", &format!("/v1/spectroclusters/{}", proved.cluster.uid));
        assert!(reads.len() >= 2, "watched, and read once more for the proof");
    }
}

#[tokio::test(start_paused = true)]
async fn a_migration_whose_answer_is_lost_is_found_under_way() {
    for lost in [Fault::CutAfter] {
        let (_stage, proxy, client) = stage_and_proxy().await;
        proxy.always("POST", MIGRATE, lost);
        let (outcome, told) = migrated(&client).await;
        assert_eq!(outcome.unwrap().moved(), HELD);
        assert!(matches!(&told[1], Progress::AnswerLost { reason } if reason.contains("connection broke")), "{told:?}");
        assert_eq!(proxy.count("POST", MIGRATE), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_never_arrived_shows_no_sign_and_is_not_sent_again() {
    for lost in [Fault::CutBefore, Fault::html(504), Fault::html(200)] {
        let (_stage, proxy, client) = stage_and_proxy().await;
        proxy.always("POST", MIGRATE, lost);
        let error = migrated(&client).await.0.unwrap_err();
        assert!(matches!(error, MigrateError::NoSign { total: HELD, .. }), "{error:?}");
        let words = error.to_string();
        assert!(words.contains("0 of 12 clusters on berlin-vsphere-2. Nothing was sent again"), "{words}");
        assert_eq!(proxy.count("POST", MIGRATE), (1, 0));
        assert_eq!(spread(&client).await[SICK], HELD);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_is_lost_is_found_done() {
    let (stage, proxy, client) = stage_and_proxy().await;
    let plan = emptied(&stage).await;
    proxy.always("DELETE", GATEWAY, Fault::CutAfter);
    let deleted = delete::run(&client, &plan).await.unwrap();
    assert!(!deleted.residual.is_empty());
    assert_eq!(proxy.count("DELETE", GATEWAY), (1, 1));
    assert!(!spread(&client).await.contains_key(SMALL));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_done_but_answered_strangely_is_found_done() {
    let (stage, proxy, client) = stage_and_proxy().await;
    let plan = emptied(&stage).await;
    proxy.always("DELETE", GATEWAY, Fault::Rewrite(|answer| *answer = "gone".into()));
    delete::run(&client, &plan).await.unwrap();
    assert_eq!(proxy.count("DELETE", GATEWAY), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_never_arrived_is_told_as_not_done() {
    let (stage, proxy, client) = stage_and_proxy().await;
    let plan = emptied(&stage).await;
    proxy.always("DELETE", GATEWAY, Fault::CutBefore);
    let error = delete::run(&client, &plan).await.unwrap_err();
    assert!(matches!(error, DeleteError::StillThere { .. }), "{error:?}");
    assert!(error.to_string().contains("still shows the gateway. Nothing was sent again"), "{error}");
    assert_eq!(proxy.count("DELETE", GATEWAY), (1, 0));
    assert!(spread(&client).await.contains_key(SMALL));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_nobody_can_look_at_is_told_as_unknown() {
    let (stage, proxy, client) = stage_and_proxy().await;
    let plan = emptied(&stage).await;
    proxy.always("DELETE", GATEWAY, Fault::CutAfter);
    proxy.always("GET", GATEWAY, Fault::CutBefore);
    let error = delete::run(&client, &plan).await.unwrap_err();
    assert!(matches!(error, DeleteError::Unknown { .. }), "{error:?}");
    assert!(error.to_string().contains("whether the gateway is gone cannot be read"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_the_plane_refuses_says_why_and_changes_nothing() {
    let (_stage, proxy, client) = stage_and_proxy().await;
    let uid = pcg(&client, SICK).await.uid;
    let plan = delete::preflight(&client, &uid).await.unwrap().unwrap();
    assert!(!plan.may_proceed());
    let error = delete::run(&client, &plan).await.unwrap_err();
    assert!(matches!(error, DeleteError::Refused(_)), "{error:?}");
    assert!(error.to_string().contains("still has 12 clusters"), "{error}");
    assert_eq!(proxy.count("DELETE", GATEWAY), (1, 1));
    assert_eq!(spread(&client).await[SICK], HELD);
}

#[tokio::test(start_paused = true)]
async fn a_new_name_whose_answer_is_lost_is_found_set() {
    let (_stage, proxy, client) = stage_and_proxy().await;
    let uid = pcg(&client, SICK).await.uid;
    proxy.always("PUT", GATEWAY, Fault::CutAfter);
    rename::run(&client, &uid, "berlin-old").await.unwrap();
    assert_eq!(proxy.count("PUT", GATEWAY), (1, 1));
    let renamed = client.overlord(&uid).await.unwrap().metadata;
    assert_eq!(renamed.name, "berlin-old");
    assert_eq!(renamed.labels["site"], "berlin", "labels stay");
}

#[tokio::test(start_paused = true)]
async fn a_new_name_that_never_arrived_is_told_as_not_set() {
    let (_stage, proxy, client) = stage_and_proxy().await;
    let uid = pcg(&client, SICK).await.uid;
    proxy.always("PUT", GATEWAY, Fault::CutBefore);
    let error = rename::run(&client, &uid, "berlin-old").await.unwrap_err();
    assert!(matches!(&error, RenameError::Unchanged { shown, .. } if shown == SICK), "{error:?}");
    assert!(error.to_string().contains("Nothing was sent again"), "{error}");
    assert_eq!(proxy.count("PUT", GATEWAY), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_new_name_that_nobody_can_look_at_is_told_as_unknown() {
    let (_stage, proxy, client) = stage_and_proxy().await;
    let uid = pcg(&client, SICK).await.uid;
    proxy.always("PUT", GATEWAY, Fault::CutAfter);
    proxy.always("GET", GATEWAY, Fault::CutBefore);
    // The labels and annotations that the new name keeps are read first.
    proxy.times(1, "GET", GATEWAY, Fault::Rewrite(|_| ()));
    let error = rename::run(&client, &uid, "berlin-old").await.unwrap_err();
    let words = error.to_string();
    assert!(words.contains("answer was lost") && words.contains("Nothing was sent again"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn the_trail_tells_a_migration_once() {
    let (_stage, proxy, client) = stage_and_proxy().await;
    proxy.always("POST", MIGRATE, Fault::CutAfter);
    migrated(&client).await.0.unwrap();
    let told = trail(&client).await;
    let ended = told.iter().filter(|it| *it == "Migrated 12 clusters from berlin-vsphere-1 to berlin-vsphere-2.");
    assert_eq!(ended.count(), 1, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_plane_that_never_comes_back_ends_the_watch_in_words() {
    let (_stage, proxy, client) = stage_and_proxy().await;
    let plan = plan(&client, SICK, SOUND).await;
    proxy.always("GET", "/v1/spectroclusters/*", Fault::CutBefore);
    let mut told = Vec::new();
    let error = migrate::run(&client, &plan, |progress| told.push(progress)).await.unwrap_err();
    assert!(matches!(error, MigrateError::Lost(_)), "{error:?}");
    assert!(matches!(told.last(), Some(Progress::PlaneLost { .. })), "{told:?}");
    assert_eq!(proxy.count("POST", MIGRATE), (1, 1));
}
