use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::rig::{End, Rig, code, content};

#[tokio::test]
async fn a_gateway_that_has_clusters_cannot_be_deleted() {
    let rig = Rig::new().await;
    let uid = rig.uid("hamburg-vsphere").await;
    let answer = rig.call("DELETE", &format!("/v1/overlords/{uid}"), Value::Null).await;
    assert_eq!(code(&answer), (409, "OverlordHasClusters"));
    assert_eq!(answer.1["details"], json!({ "clusters": 2 }));
    assert!(answer.1["message"].as_str().unwrap().contains("2 clusters"));
    assert_eq!(rig.get(&format!("/v1/overlords/{uid}")).await.0, 200);
    let told = rig.newest().await;
    assert!(content(&told).starts_with("Refused: hamburg-vsphere still has 2 clusters."), "{told}");
    assert_eq!(told["spec"]["actionType"], "delete");
    assert_eq!(
        told["spec"]["resource"],
        json!({ "uid": uid, "kind": "privategateway", "name": "hamburg-vsphere", "label": "hamburg-vsphere" })
    );
}

#[tokio::test]
async fn an_empty_gateway_is_deleted_with_the_cluster_that_it_is() {
    let rig = Rig::new().await;
    let gateway = rig.gateway("lab-cloudstack").await;
    let path = format!("/v1/overlords/{}", gateway["metadata"]["uid"].as_str().unwrap());
    let own = format!("/v1/spectroclusters/{}", gateway["spec"]["spectroClusterUid"].as_str().unwrap());
    assert_eq!(rig.get(&own).await.0, 200);
    let answer = rig.call("DELETE", &path, Value::Null).await;
    assert_eq!(answer, (200, json!({ "msg": "Deleted the private gateway lab-cloudstack." })));
    assert_eq!(code(&rig.get(&path).await), (404, "ResourceNotFound"));
    assert_eq!(rig.get(&own).await.0, 404);
    assert_eq!(rig.call("DELETE", &path, Value::Null).await.0, 404);
    let told = rig.trail("limit=2&actionType=delete").await;
    assert_eq!(content(&told[1]), "Deleted the private gateway lab-cloudstack.");
    assert_eq!(told[1]["spec"]["resource"]["name"], "lab-cloudstack");
    assert!(content(&told[0]).starts_with("Refused: There is no private gateway"));
}

#[tokio::test]
async fn the_system_gateway_stays() {
    let rig = Rig::new().await;
    let uid = rig.uid("System Private Gateway").await;
    let answer = rig.call("DELETE", &format!("/v1/overlords/{uid}"), Value::Null).await;
    assert_eq!(code(&answer), (422, "OverlordIsSystem"));
}

#[tokio::test]
async fn metadata_is_replaced_as_given() {
    let rig = Rig::new().await;
    let uid = rig.uid("zurich-nutanix").await;
    let path = format!("/v1/overlords/{uid}");
    let new = json!({ "metadata": { "name": "zürich \u{202E}nx", "labels": { "tier": "1" }, "annotations": { "note": "x" } } });
    assert_eq!(rig.call("PUT", &format!("{path}/metadata"), new).await, (204, Value::Null));
    let metadata = rig.get(&path).await.1["metadata"].clone();
    assert_eq!(metadata["name"], "zürich \u{202E}nx");
    assert_eq!(metadata["labels"], json!({ "tier": "1" }));
    assert_eq!(metadata["annotations"], json!({ "note": "x" }));
    assert_eq!(metadata["lastModifiedTimestamp"], "2026-11-22T12:00:00.000Z");
    for name in ["", "   ", "a\u{1b}[2J", &"x".repeat(254)] {
        let answer = rig.call("PUT", &format!("{path}/metadata"), json!({ "metadata": { "name": name } })).await;
        assert_eq!(code(&answer), (400, "InvalidRequest"), "{name:?}");
    }
    let same = json!({ "metadata": { "name": "munich-maas-1" } });
    assert_eq!(rig.call("PUT", &format!("{path}/metadata"), same).await.0, 204, "names need not be unique");
}

#[tokio::test]
async fn there_is_nothing_to_reset() {
    let rig = Rig::new().await;
    let uid = rig.uid("zurich-nutanix").await;
    let answer = rig.call("PUT", &format!("/v1/overlords/{uid}/reset"), Value::Null).await;
    assert_eq!(code(&answer), (422, "OverlordResetUnsupported"));
    assert!(content(&rig.newest().await).starts_with("Refused: zurich-nutanix has nothing to reset"));
}

#[tokio::test]
async fn a_stopped_heartbeat_makes_a_gateway_die_and_a_plane_that_slept_wakes_healthy() {
    let mut rig = Rig::new().await;
    let uid = rig.uid("hamburg-vsphere").await;
    let path = format!("/ext/v1/sandbox/heartbeats/{uid}");
    assert_eq!(rig.get(&path).await, (200, json!({ "beating": true })));
    assert_eq!(rig.call("PUT", &path, json!({ "beating": false })).await.0, 200);
    assert_eq!(rig.get(&path).await.1, json!({ "beating": false }));
    assert_eq!(rig.gateway("hamburg-vsphere").await["status"]["health"]["state"], "Healthy");
    rig.clock.advance(TimeDelta::hours(9));
    rig.restart(End::InOrder).await;
    let health = rig.gateway("hamburg-vsphere").await["status"]["health"].clone();
    assert_eq!(health["state"], "UnHealthy");
    assert_eq!(health["conditions"][0]["message"], "no heartbeat for 9 h (limit 10 min)");
    assert_eq!(rig.gateway("berlin-vsphere-2").await["status"]["health"]["state"], "Healthy");
    assert_eq!(rig.call("PUT", &path, json!({ "beating": true })).await.0, 200);
    assert_eq!(rig.gateway("hamburg-vsphere").await["status"]["health"]["state"], "Healthy");
    assert_eq!(rig.call("PUT", &path, json!({})).await.0, 400);
    assert_eq!(rig.get("/ext/v1/sandbox/heartbeats/none").await.0, 404);
}

#[tokio::test]
async fn a_plane_that_is_no_sandbox_is_empty_and_its_heartbeats_are_its_own() {
    let rig = Rig::with(|settings| settings.sandbox = None).await;
    assert_eq!(rig.get("/v1/overlords").await, (200, json!({ "items": [] })));
    assert_eq!(rig.get("/ext/v1/capabilities").await.1["sandbox"], false);
    assert_eq!(code(&rig.get("/ext/v1/sandbox/heartbeats/any").await), (403, "Forbidden"));
    assert_eq!(rig.trail("").await, Vec::<Value>::new());
}
