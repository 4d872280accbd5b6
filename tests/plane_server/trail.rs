use serde_json::{Value, json};

use crate::rig::{Rig, code, content};

fn uids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["metadata"]["uid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn nothing_repeats_or_is_skipped_while_entries_arrive() {
    let rig = Rig::new().await;
    let mut expected = Vec::new();
    for offset in (0..).step_by(50) {
        let items = rig.trail(&format!("offset={offset}")).await;
        if items.is_empty() {
            break;
        }
        expected.extend(uids(&items));
    }
    assert_eq!(expected.len(), 1200);

    let (mut found, mut query) = (Vec::new(), String::new());
    loop {
        let (status, page) = rig.get(&format!("/v1/audits?{query}")).await;
        assert_eq!(status, 200);
        found.extend(uids(page["items"].as_array().unwrap()));
        let note = json!({ "userMsg": "seen while reading" });
        let annotated = found.first().unwrap();
        assert_eq!(rig.call("PATCH", &format!("/v1/audits/{annotated}/userMsg"), note).await.0, 204);
        match page["listmeta"]["continue"].as_str().unwrap() {
            "" => break,
            next => {
                assert_eq!(page["listmeta"]["offset"], found.len());
                query = format!("continue={next}");
            }
        }
    }
    assert_eq!(found, expected);
    assert_eq!(rig.get("/v1/audits").await.1["listmeta"]["count"], 1224);
}

#[tokio::test]
async fn a_token_that_someone_made_up_does_no_harm() {
    use base64::Engine as _;
    let rig = Rig::new().await;
    let mark = json!({ "at": i64::MAX, "seq": i64::MAX, "offset": u64::MAX }).to_string();
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(mark);
    let (status, page) = rig.get(&format!("/v1/audits?continue={token}")).await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 50));
}

#[tokio::test]
async fn entries_come_newest_first_and_span_a_year() {
    let rig = Rig::new().await;
    let first = rig.trail("limit=50").await;
    let times: Vec<_> = first.iter().map(|item| item["metadata"]["creationTimestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    assert!(times[0] < "2026-11-22T12:00:00.000Z");
    let oldest = rig.trail("offset=1199").await;
    assert!(oldest[0]["metadata"]["creationTimestamp"].as_str().unwrap() < "2025-12-22");
}

#[tokio::test]
async fn every_filter_narrows_and_agrees_with_the_count() {
    let rig = Rig::new().await;
    let (_, all) = rig.get("/v1/audits?actionType=publish").await;
    let of_person = all["items"][0].clone();
    let user = of_person["spec"]["actor"]["user"]["uid"].as_str().unwrap();
    let gateway = rig.uid("munich-maas-1").await;
    let (_, info) = rig.get("/v1/users/info").await;
    let tenant = info["tenantUid"].as_str().unwrap();
    let (_, deploys) = rig.get("/v1/audits?actionType=deploy").await;
    let project = deploys["items"][0]["spec"]["actor"]["project"]["uid"].as_str().unwrap();
    let cases: [(String, &str, Value); 6] = [
        (format!("projectUid={project}"), "/spec/actor/project/uid", json!(project)),
        ("actionType=delete".into(), "/spec/actionType", json!("delete")),
        (format!("userUid={user}"), "/spec/actor/user/uid", json!(user)),
        ("resourceKind=privategateway".into(), "/spec/resource/kind", json!("privategateway")),
        (format!("resourceUid={gateway}"), "/spec/resource/uid", json!(gateway)),
        (format!("tenantUid={tenant}&actionType=create"), "/spec/actionType", json!("create")),
    ];
    for (query, pointer, expected) in cases {
        let (_, page) = rig.get(&format!("/v1/audits?{query}")).await;
        let count = page["listmeta"]["count"].as_u64().unwrap();
        assert!(count > 0 && count < 1200, "{query}: {count}");
        for item in page["items"].as_array().unwrap() {
            assert_eq!(item.pointer(pointer), Some(&expected), "{query}");
        }
    }
    assert_eq!(rig.trail("tenantUid=another").await, Vec::<Value>::new());
    assert_eq!(rig.trail("projectUid=another").await, Vec::<Value>::new());
    let from = "startTime=2026-03-01T00:00:00Z&endTime=2026-03-02T00:00:00Z";
    for item in rig.trail(from).await {
        assert!(item["metadata"]["creationTimestamp"].as_str().unwrap().starts_with("2026-03-01"));
    }
    assert_eq!(code(&rig.get("/v1/audits?actionType=explode").await), (400, "InvalidRequest"));
}

#[tokio::test]
async fn a_person_may_add_a_note_of_3_to_255_characters() {
    let rig = Rig::new().await;
    let uid = uids(&rig.trail("limit=1").await).remove(0);
    let path = format!("/v1/audits/{uid}");
    for (length, status) in [(2, 400), (3, 204), (255, 204), (256, 400)] {
        let note = json!({ "userMsg": "ü".repeat(length) });
        assert_eq!(rig.call("PATCH", &format!("{path}/userMsg"), note).await.0, status, "{length}");
    }
    let (_, entry) = rig.get(&path).await;
    assert_eq!(entry["spec"]["userMsg"], "ü".repeat(255));
    let (_, told) = rig.get(&format!("{path}/sysMsg")).await;
    assert_eq!(told, json!({ "actionMsg": entry["spec"]["actionMsg"], "contentMsg": entry["spec"]["contentMsg"] }));
    assert_eq!(content(&rig.newest().await), "Refused: A note has 3 to 255 characters.");
    let note = json!({ "userMsg": "nobody's" });
    assert_eq!(rig.call("PATCH", "/v1/audits/none/userMsg", note).await.0, 404);
}

#[tokio::test]
async fn the_history_has_people_services_and_every_kind_of_action() {
    let rig = Rig::new().await;
    for action in ["create", "update", "delete", "publish", "deploy", "activity", "action"] {
        assert!(!rig.trail(&format!("actionType={action}")).await.is_empty(), "{action}");
    }
    let (mut actors, mut people) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for offset in (0..1200).step_by(50) {
        for item in rig.trail(&format!("offset={offset}")).await {
            let text = item.to_string();
            assert!(!text.contains("{name}") && !text.contains("{user}"), "{text}");
            assert!(content(&item).ends_with('.'), "{text}");
            actors.insert(item["spec"]["actor"]["actorType"].as_str().unwrap().to_owned());
            people.extend(item["spec"]["actor"]["user"]["emailId"].as_str().map(str::to_owned));
        }
    }
    assert_eq!(actors.into_iter().collect::<Vec<_>>(), ["service", "system", "user"]);
    assert_eq!(people.len(), 4);
}
