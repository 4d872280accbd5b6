use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::{End, Rig, code, content};

/// Far longer than any test: a migration stands still after its first cluster.
const STILL: Duration = Duration::from_secs(3600);

async fn until_left(rig: &Rig, uid: &str, left: usize) {
    let reached = async {
        while rig.clusters_of(uid).await.len() != left {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached).await.expect("the migration gets there");
}

#[tokio::test]
async fn every_cluster_moves_and_the_trail_tells_of_start_and_end() {
    let rig = Rig::new().await;
    let (source, target) = (rig.uid("berlin-vsphere-1").await, rig.uid("berlin-vsphere-2").await);
    let moving = rig.clusters_of(&source).await;
    assert_eq!((moving.len(), rig.clusters_of(&target).await.len()), (12, 7));
    assert_eq!(rig.migrate(&source, &target).await, (204, Value::Null));
    rig.until_empty(&source).await;
    let after = rig.clusters_of(&target).await;
    assert_eq!(after.len(), 19);
    assert!(moving.iter().all(|name| after.contains(name)));
    let told = rig.trail(&format!("resourceUid={source}&limit=2")).await;
    assert_eq!(content(&told[0]), "Migrated 12 clusters from berlin-vsphere-1 to berlin-vsphere-2.");
    assert_eq!(content(&told[1]), "Started to migrate 12 clusters from berlin-vsphere-1 to berlin-vsphere-2.");
    for entry in &told {
        assert_eq!(entry["spec"]["actionMsg"], "Migrate private gateway");
        assert_eq!(entry["spec"]["actor"]["user"]["emailId"], "admin@acme.example");
    }
    assert_eq!(rig.call("DELETE", &format!("/v1/overlords/{source}"), Value::Null).await.0, 200);
}

#[tokio::test]
async fn orders_that_cannot_be_are_refused_one_by_one() {
    let rig = Rig::new().await;
    let silent = rig.uid("berlin-vsphere-1").await;
    let healthy = rig.uid("berlin-vsphere-2").await;
    let other_cloud = rig.uid("munich-maas-1").await;
    let system = rig.uid("System Private Gateway").await;
    let pending = rig.uid("lab-cloudstack").await;
    let failing = rig.uid("munich-maas-2").await;
    let none = "0".repeat(24);
    let cases = [
        (silent.as_str(), "", 400, "InvalidRequest", "Name both"),
        ("", healthy.as_str(), 400, "InvalidRequest", "Name both"),
        (silent.as_str(), none.as_str(), 404, "ResourceNotFound", "no private gateway"),
        (none.as_str(), healthy.as_str(), 404, "ResourceNotFound", "no private gateway"),
        (healthy.as_str(), healthy.as_str(), 400, "OverlordNotEligible", "to itself"),
        (system.as_str(), healthy.as_str(), 422, "OverlordIsSystem", "cannot be migrated away"),
        (healthy.as_str(), silent.as_str(), 422, "OverlordNotEligible", "no heartbeat for 31 min"),
        (healthy.as_str(), pending.as_str(), 422, "OverlordNotEligible", "its state is Pending"),
        (other_cloud.as_str(), failing.as_str(), 422, "OverlordNotEligible", "97 % full"),
        (
            silent.as_str(),
            other_cloud.as_str(),
            422,
            "OverlordNotEligible",
            "it serves MAAS, and the clusters of berlin-vsphere-1 run on vSphere",
        ),
    ];
    let before = rig.get("/v1/dashboard/spectroclusters/metadata").await;
    for (source, target, status, word, words) in cases {
        let answer = rig.migrate(source, target).await;
        assert_eq!(code(&answer), (status, word), "{answer:?}");
        assert!(answer.1["message"].as_str().unwrap().contains(words), "{answer:?}");
        let told = rig.newest().await;
        assert_eq!(content(&told), format!("Refused: {}", answer.1["message"].as_str().unwrap()));
    }
    assert_eq!(rig.get("/v1/dashboard/spectroclusters/metadata").await, before);
    assert_eq!(rig.call("POST", "/v1/overlords/migrate", json!({})).await.0, 400);
}

#[tokio::test]
async fn a_gateway_takes_part_in_one_migration_at_a_time() {
    let rig = Rig::with(|settings| settings.migration_pace = STILL).await;
    let source = rig.uid("berlin-vsphere-1").await;
    let target = rig.uid("berlin-vsphere-2").await;
    let third = rig.uid("hamburg-vsphere").await;
    assert_eq!(rig.migrate(&source, &target).await.0, 204);
    until_left(&rig, &source, 11).await;
    let details = json!({ "sourceUid": source, "targetUid": target });
    for (from, to) in [(&source, &target), (&source, &third), (&target, &third), (&third, &source)] {
        let answer = rig.migrate(from, to).await;
        assert_eq!(code(&answer), (409, "MigrationInProgress"));
        assert_eq!(answer.1["details"], details);
        assert!(answer.1["message"].as_str().unwrap().contains("1 of 12 clusters moved"), "{answer:?}");
    }
    for uid in [&source, &target] {
        let answer = rig.call("DELETE", &format!("/v1/overlords/{uid}"), Value::Null).await;
        assert_eq!(code(&answer), (409, "MigrationInProgress"));
    }
    assert_eq!(rig.migrate(&third, &target).await.0, 204, "two sources may share a target");
}

#[tokio::test]
async fn a_source_without_clusters_is_done_at_once() {
    let rig = Rig::new().await;
    let (source, target) = (rig.uid("berlin-vsphere-1").await, rig.uid("berlin-vsphere-2").await);
    assert_eq!(rig.migrate(&source, &target).await.0, 204);
    rig.until_empty(&source).await;
    assert_eq!(rig.migrate(&source, &target).await.0, 204);
    let path = format!("resourceUid={source}&limit=1");
    let ended = async {
        while content(&rig.trail(&path).await[0]) != "Migrated 0 clusters from berlin-vsphere-1 to berlin-vsphere-2." {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.expect("it ends");
}

async fn interrupted_by(end: End) {
    let mut rig = Rig::with(|settings| settings.migration_pace = STILL).await;
    let (source, target) = (rig.uid("berlin-vsphere-1").await, rig.uid("berlin-vsphere-2").await);
    assert_eq!(rig.migrate(&source, &target).await.0, 204);
    until_left(&rig, &source, 11).await;
    for left in [10, 9] {
        rig.restart(end).await;
        until_left(&rig, &source, left).await;
    }
    rig.settings.migration_pace = Duration::ZERO;
    rig.restart(end).await;
    rig.until_empty(&source).await;
    assert_eq!(rig.clusters_of(&target).await.len(), 19);
    let told = rig.trail(&format!("resourceUid={source}&startTime=2026-11-22T12:00:00Z")).await;
    let told: Vec<_> = told.iter().map(content).collect();
    assert_eq!(
        told,
        [
            "Migrated 12 clusters from berlin-vsphere-1 to berlin-vsphere-2.",
            "Started to migrate 12 clusters from berlin-vsphere-1 to berlin-vsphere-2."
        ]
    );
    rig.restart(end).await;
    assert_eq!(rig.migrate(&source, &target).await.0, 204, "nothing is left running");
}

#[tokio::test]
async fn a_migration_that_was_stopped_carries_on_and_is_told_of_once() {
    interrupted_by(End::InOrder).await;
}

#[tokio::test]
async fn a_migration_whose_plane_was_killed_carries_on_and_is_told_of_once() {
    interrupted_by(End::AtOnce).await;
}

#[tokio::test]
async fn a_target_that_falls_ill_meanwhile_still_receives() {
    let mut rig = Rig::with(|settings| settings.migration_pace = STILL).await;
    let (source, target) = (rig.uid("berlin-vsphere-1").await, rig.uid("berlin-vsphere-2").await);
    assert_eq!(rig.migrate(&source, &target).await.0, 204);
    let path = format!("/ext/v1/sandbox/heartbeats/{target}");
    assert_eq!(rig.call("PUT", &path, json!({ "beating": false })).await.0, 200);
    rig.clock.advance(chrono::TimeDelta::hours(1));
    rig.settings.migration_pace = Duration::ZERO;
    rig.restart(End::InOrder).await;
    assert_eq!(rig.gateway("berlin-vsphere-2").await["status"]["health"]["state"], "UnHealthy");
    rig.until_empty(&source).await;
}
