//! Two planes whose schedules fill one location.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::schedule::until_ended;
use super::{Stage, memory_for, until};

const DAYS: usize = 6;
/// Good ones that stay whatever their age.
const KEPT: usize = 3;

fn uids<'a>(backups: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    backups.into_iter().map(|backup| backup["uid"].as_str().unwrap().to_owned()).collect()
}

/// Those of this plane, and those of others.
async fn own_and_foreign(stage: &Stage) -> (BTreeSet<String>, BTreeSet<String>) {
    let items = stage.list().await;
    assert!(items.iter().all(|backup| backup["state"] == "Completed"), "{items:#?}");
    let (own, foreign): (Vec<_>, Vec<_>) = items.iter().partition(|backup| backup["own"] == true);
    (uids(own), uids(foreign))
}

/// What this plane says that it has deleted.
async fn deleted(stage: &Stage) -> BTreeSet<String> {
    let told = stage.told("backup").await;
    let words = told.iter().filter_map(|words| words.strip_prefix("Deleted the backup "));
    words.map(|words| words.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_lists_the_others_backups_as_foreign_and_deletes_none_of_them() {
    let first = Stage::with(|settings| settings.schedules = true).await;
    let store = first.store.clone();
    let second = Stage::with(|settings| {
        settings.schedules = true;
        settings.stores_of = memory_for(store);
    })
    .await;
    let mut stages = [first, second];
    for stage in &stages {
        stage.configure(1, 1).await;
    }
    for day in 1..=DAYS {
        for stage in &mut stages {
            stage.rig.clock.advance(TimeDelta::days(1));
            stage.system = stage.rig.system().await;
        }
        for stage in &stages {
            let made = until_ended(stage, "create", day).await;
            assert!(made.iter().all(|job| job["state"] == json!("Completed")), "{made:#?}");
        }
    }
    for stage in &stages {
        until("only those stay that have to", async || (own_and_foreign(stage).await.0.len() == KEPT).then_some(()))
            .await;
    }
    let [first, second] = [own_and_foreign(&stages[0]).await, own_and_foreign(&stages[1]).await];
    assert_eq!((&first.0, &first.1), (&second.1, &second.0), "what is one's own is the other's foreign");
    let [one, other] = [deleted(&stages[0]).await, deleted(&stages[1]).await];
    assert_eq!((one.len(), other.len()), (DAYS - KEPT, DAYS - KEPT));
    assert!(one.is_disjoint(&other), "{one:?} {other:?}");
    for (stage, gone) in [(&stages[0], &one), (&stages[1], &other)] {
        let made = until_ended(stage, "create", DAYS).await;
        let made: BTreeSet<_> = made.iter().map(|job| job["backupUid"].as_str().unwrap().to_owned()).collect();
        assert!(gone.is_subset(&made), "a plane deletes only what it made: {gone:?} {made:?}");
    }
}
