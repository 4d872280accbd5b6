//! Someone else changes things between the look and the order, or gives the same order.

use chrono::TimeDelta;
use palette_console::ops::delete;
use palette_console::ops::migrate::{self, MigrateError, PreflightError, Progress, Verdict};
use tokio::sync::mpsc;

use crate::stage::{HELD, NEVER, SICK, SMALL, SOUND, Stage, pcg, plan, spread};

fn not_started(outcome: Result<migrate::Proof, MigrateError>) -> String {
    match outcome {
        Err(MigrateError::NotStarted(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Empties and deletes the small gateway, as another administrator would.
async fn delete_small(stage: &Stage) {
    let other = stage.client().await;
    let emptying = plan(&other, SMALL, SOUND).await;
    migrate::run(&other, &emptying, |_| ()).await.unwrap();
    let deletion = delete::preflight(&other, &emptying.source.uid).await.unwrap().unwrap();
    delete::run(&other, &deletion).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_target_that_was_deleted_after_the_look_is_refused_and_nothing_moves() {
    let stage = Stage::new().await;
    let client = stage.client().await;
    let plan = plan(&client, SICK, SMALL).await;
    delete_small(&stage).await;
    let words = not_started(migrate::run(&client, &plan, |_| ()).await);
    assert!(words.contains("There is no") && words.contains(&plan.target.uid), "{words}");
    assert!(words.contains("It may have been deleted meanwhile; read the list again."), "{words}");
    assert_eq!(spread(&client).await[SICK], HELD);
    let gone = migrate::preflight(&client, &plan.source.uid, &plan.target.uid).await.unwrap_err();
    assert!(matches!(gone, PreflightError::TargetGone(_)) && gone.to_string().contains("choose another"), "{gone}");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_was_deleted_after_the_look_is_refused() {
    let stage = Stage::new().await;
    let client = stage.client().await;
    let plan = plan(&client, SMALL, SOUND).await;
    delete_small(&stage).await;
    let words = not_started(migrate::run(&client, &plan, |_| ()).await);
    assert!(words.contains(&plan.source.uid) && words.contains("read the list again"), "{words}");
    let gone = migrate::preflight(&client, &plan.source.uid, &plan.target.uid).await.unwrap_err();
    assert!(matches!(gone, PreflightError::SourceGone(_)), "{gone}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_fell_ill_after_the_look_is_refused_with_the_reason() {
    let stage = Stage::new().await;
    let client = stage.client().await;
    let plan = plan(&client, SICK, SOUND).await;
    client.set_heartbeat(&plan.target.uid, false).await.unwrap();
    stage.clock.advance(TimeDelta::minutes(11));
    let words = not_started(migrate::run(&client, &plan, |_| ()).await);
    assert!(words.contains("berlin-vsphere-2 cannot receive clusters: it is not healthy"), "{words}");
    assert!(words.contains("no heartbeat for 11 min"), "{words}");
    assert_eq!(spread(&client).await[SICK], HELD);
    let again = migrate::preflight(&client, &plan.source.uid, &plan.target.uid).await.unwrap();
    assert!(again.checks.iter().any(|check| check.verdict == Verdict::Fail && check.what.contains("healthy")));
}

#[tokio::test(start_paused = true)]
async fn the_same_migration_from_two_clients_is_one_and_both_prove_it() {
    let mut stage = Stage::with_pace(NEVER).await;
    let (first, second) = (stage.client().await, stage.client().await);
    let (plan, same) = (plan(&first, SICK, SOUND).await, plan(&second, SICK, SOUND).await);
    let (tell, mut told) = mpsc::unbounded_channel();
    let watching =
        tokio::spawn(async move { migrate::run(&first, &plan, |progress| tell.send(progress).unwrap()).await });
    while !matches!(told.recv().await.unwrap(), Progress::Moved { .. }) {}
    let (tell_same, mut told_same) = mpsc::unbounded_channel();
    let watching_same =
        tokio::spawn(async move { migrate::run(&second, &same, |progress| tell_same.send(progress).unwrap()).await });
    assert_eq!(told_same.recv().await, Some(Progress::Sending));
    assert_eq!(told_same.recv().await, Some(Progress::AlreadyRunning));
    // Its pace would keep it going for days: the next owner of the plane is quicker.
    stage.kill();
    stage.start(std::time::Duration::ZERO).await;
    for proof in [watching.await.unwrap().unwrap(), watching_same.await.unwrap().unwrap()] {
        assert!(proof.is_whole());
        assert_eq!(proof.moved(), HELD);
    }
    assert_eq!(spread(&stage.client().await).await[SOUND], 7 + HELD);
}

#[tokio::test(start_paused = true)]
async fn another_target_while_a_migration_runs_is_refused_in_words() {
    let stage = Stage::with_pace(NEVER).await;
    let client = stage.client().await;
    let (running, other) = (plan(&client, SICK, SOUND).await, plan(&client, SICK, SMALL).await);
    let order = palette_console::api::overlord::MigrateRequest {
        source_uid: running.source.uid.clone(),
        target_uid: running.target.uid.clone(),
    };
    client.migrate(&order).await.unwrap();
    let words = not_started(migrate::run(&client, &other, |_| ()).await);
    assert!(words.contains("A migration from berlin-vsphere-1 to berlin-vsphere-2 is under way"), "{words}");
    assert!(words.contains("Wait until it has ended"), "{words}");
    let deletion = delete::preflight(&client, &running.target.uid).await.unwrap().unwrap();
    let words = delete::run(&client, &deletion).await.unwrap_err().to_string();
    assert!(words.contains("is under way"), "{words}");
    assert_eq!(pcg(&client, SMALL).await.clusters, Some(2));
}
