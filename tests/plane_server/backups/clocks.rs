//! Nothing is deleted by a clock that cannot be relied on.

use std::sync::Arc;

use chrono::TimeDelta;
use palette_console::clock::ManualClock;
use palette_console::storage::memory::Memory;

use super::{Stage, memory_for, until};
use crate::rig::noon;

/// Six good backups, each eight days after the last; a pass follows every one of them.
const MADE: usize = 6;

async fn skipped(stage: &Stage) -> String {
    stage.get("/ext/v1/retention?location=ftp").await.1["skipped"].as_str().unwrap().to_owned()
}

/// Three good ones stay whatever their age.
async fn until_only_the_newest_are_left(stage: &Stage) {
    until("deleted", async || (stage.list().await.len() == 3).then_some(())).await;
}

#[tokio::test]
async fn nothing_is_deleted_while_the_clocks_are_apart() {
    let theirs = ManualClock::at(noon() + TimeDelta::minutes(11));
    let store_clock = theirs.clone();
    let stage = Stage::with(move |settings| {
        settings.stores_of = memory_for(Arc::new(Memory::apart(store_clock, settings.clock.clone())));
    })
    .await;
    stage.configure(1, 7).await;
    for _ in 0..MADE {
        stage.rig.clock.advance(TimeDelta::days(8));
        theirs.advance(TimeDelta::days(8));
        stage.backup().await;
    }
    // Each pass is over when the next backup begins: at least three have left what is past its time.
    assert_eq!(stage.list().await.len(), MADE);
    assert!(skipped(&stage).await.contains("11 minutes apart"));
    theirs.advance(TimeDelta::minutes(-11));
    stage.backup().await;
    until_only_the_newest_are_left(&stage).await;
    assert_eq!(skipped(&stage).await, "");
}

#[tokio::test]
async fn nothing_is_deleted_by_a_clock_that_went_back() {
    let stage = Stage::new().await;
    stage.configure(1, 90).await;
    for _ in 0..MADE {
        stage.rig.clock.advance(TimeDelta::days(8));
        stage.backup().await;
    }
    // The pass after the last one may still go on; those before it are over.
    let back = TimeDelta::days(8) + TimeDelta::hours(1);
    stage.rig.clock.advance(-back);
    stage.configure(1, 7).await;
    until("noticed", async || skipped(&stage).await.contains("went back").then_some(())).await;
    for _ in 0..2 {
        stage.backup().await;
    }
    assert_eq!(stage.list().await.len(), MADE + 2);
    stage.rig.clock.advance(back + TimeDelta::hours(1));
    stage.backup().await;
    until_only_the_newest_are_left(&stage).await;
}
