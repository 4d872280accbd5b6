//! Answers against JSON written by hand from the API.

use serde_json::{Value, json};

use crate::rig::{As, Rig, code};

#[tokio::test]
async fn an_unhealthy_gateway_reads_as_the_api_writes_it() {
    let rig = Rig::new().await;
    let mut answer = rig.gateway("munich-maas-2").await;
    let own = answer["spec"]["spectroClusterUid"].clone();
    for (parent, field) in [
        ("metadata", "uid"),
        ("metadata", "creationTimestamp"),
        ("metadata", "lastModifiedTimestamp"),
        ("spec", "cloudAccountUid"),
        ("spec", "spectroClusterUid"),
        ("spec", "tenantUid"),
    ] {
        let taken = answer[parent].as_object_mut().unwrap().remove(field);
        assert!(taken.is_some_and(|value| !value.as_str().unwrap().is_empty()), "{field}");
    }
    assert_eq!(
        answer,
        json!({
            "kind": "",
            "metadata": {
                "name": "munich-maas-2",
                "labels": { "site": "munich", "env": "staging" },
                "annotations": {}
            },
            "spec": { "ipAddress": "10.31.2.21", "ipPools": [], "isSelfHosted": false, "isSystem": false },
            "status": {
                "state": "Running",
                "health": {
                    "state": "UnHealthy",
                    "agentVersion": "4.8.5",
                    "lastHeartBeatTimestamp": "2026-11-22T12:00:00.000Z",
                    "conditions": [{
                        "type": "DiskPressure",
                        "message": "/var/lib/containerd is 97 % full on node munich-maas-2-cp-0",
                        "relatedObject": { "kind": "spectrocluster", "name": "munich-maas-2", "uid": own }
                    }]
                },
                "isActive": true,
                "isReady": true,
                "kubectlCommands": []
            }
        })
    );
}

#[tokio::test]
async fn a_silent_gateway_says_for_how_long() {
    let rig = Rig::new().await;
    let health = rig.gateway("berlin-vsphere-1").await["status"]["health"].clone();
    assert_eq!(health["state"], "UnHealthy");
    assert_eq!(health["lastHeartBeatTimestamp"], "2026-11-22T11:29:00.000Z");
    assert_eq!(health["conditions"][0]["type"], "AgentDown");
    assert_eq!(health["conditions"][0]["message"], "no heartbeat for 31 min (limit 10 min)");
}

#[tokio::test]
async fn a_gateway_that_never_reported_is_unknown() {
    let rig = Rig::new().await;
    let status = rig.gateway("lab-cloudstack").await["status"].clone();
    assert_eq!((&status["state"], &status["health"]["state"]), (&json!("Pending"), &json!("Unknown")));
    assert_eq!(status["health"].get("lastHeartBeatTimestamp"), None);
    assert_eq!(status["isReady"], false);
}

#[tokio::test]
async fn every_gateway_leads_to_a_cluster_of_its_cloud() {
    let rig = Rig::new().await;
    let expected = [
        ("System Private Gateway", "vsphere"),
        ("berlin-vsphere-1", "vsphere"),
        ("berlin-vsphere-2", "vsphere"),
        ("hamburg-vsphere", "vsphere"),
        ("lab-cloudstack", "apache-cloudstack"),
        ("munich-maas-1", "maas"),
        ("munich-maas-2", "maas"),
        ("zurich-nutanix", "nutanix"),
    ];
    let (_, list) = rig.get("/v1/overlords").await;
    assert_eq!(list["items"].as_array().unwrap().len(), expected.len());
    for (name, cloud) in expected {
        let own = rig.gateway(name).await["spec"]["spectroClusterUid"].as_str().unwrap().to_owned();
        let (status, cluster) = rig.get(&format!("/v1/spectroclusters/{own}")).await;
        assert_eq!((status, &cluster["spec"]["cloudType"]), (200, &json!(cloud)), "{name}");
        let (_, found) = rig.call("POST", "/v1/dashboard/spectroclusters/search", json!({})).await;
        assert!(found["items"].as_array().unwrap().iter().all(|item| item["metadata"]["uid"] != own));
    }
}

#[tokio::test]
async fn a_page_of_clusters_and_the_cluster_itself() {
    let rig = Rig::new().await;
    let path = "/v1/dashboard/spectroclusters/search?limit=40";
    let (_, page) = rig.call("POST", path, json!({ "filter": {}, "sort": [] })).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 40);
    assert_eq!((&page["listmeta"]["count"], &page["listmeta"]["offset"]), (&json!(42), &json!(40)));
    let next = page["listmeta"]["continue"].as_str().unwrap();
    let (_, last) = rig.call("POST", &format!("{path}&continue={next}"), json!({ "filter": {}, "sort": [] })).await;
    assert_eq!(last["listmeta"], json!({ "continue": "", "count": 42, "limit": 40, "offset": 0 }));
    let names: Vec<_> = [&page, &last].iter().flat_map(|page| page["items"].as_array().unwrap()).collect();
    let mut sorted = names.clone();
    sorted.sort_by_key(|item| item["metadata"]["name"].as_str().unwrap().to_owned());
    assert_eq!((names.len(), &names), (42, &sorted));

    let summary = names.iter().find(|item| item["metadata"]["name"] == "payments-prod").unwrap();
    let gateway = rig.uid("berlin-vsphere-1").await;
    assert_eq!(summary["metadata"]["annotations"], json!({ "overlordUid": gateway }));
    assert_eq!(summary["specSummary"]["cloudConfig"], json!({ "cloudType": "vsphere" }));
    assert_eq!(summary["specSummary"]["projectMeta"]["name"], "payments");
    let project = summary["specSummary"]["projectMeta"]["uid"].as_str().unwrap();
    let path = format!("/v1/spectroclusters/{}", summary["metadata"]["uid"].as_str().unwrap());
    let scoped =
        |project: &str| rig.client.send(rig.client.request(&rig.key, "GET", &path).header("ProjectUid", project));
    let (status, cluster) = scoped(project).await;
    assert_eq!((status, &cluster["kind"], &cluster["apiVersion"]), (200, &json!("SpectroCluster"), &json!("v1")));
    let annotations = &cluster["metadata"]["annotations"];
    assert_eq!((&annotations["overlordUid"], &annotations["projectUid"]), (&json!(gateway), &json!(project)));
    assert_eq!(annotations["scope"], "project");
    assert_eq!(scoped("another").await.0, 404);
    assert_eq!(rig.get(&path).await.0, 200);
}

#[tokio::test]
async fn a_search_follows_name_and_order() {
    let rig = Rig::new().await;
    let by_name = |operator: &str, text: &str| {
        json!({ "filter": { "conjunction": "and", "filterGroups": [{ "conjunction": "and", "filters": [
            { "property": "environment", "type": "string", "condition": { "string": {
                "operator": "eq", "negation": true, "match": { "values": ["nested"] } } } },
            { "property": "clusterName", "type": "string", "condition": { "string": {
                "operator": operator, "match": { "conjunction": "or", "values": [text] } } } },
        ] }] }, "sort": [{ "field": "clusterName", "order": "desc" }] })
    };
    let names = async |body: Value| -> Vec<String> {
        let (status, page) = rig.call("POST", "/v1/dashboard/spectroclusters/search", body).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap().into()).collect()
    };
    assert_eq!(names(by_name("contains", "HAMBURG")).await, ["web-hamburg"]);
    assert_eq!(names(by_name("beginsWith", "ml-")).await, ["ml-training", "ml-sandbox", "ml-inference"]);
    assert_eq!(names(by_name("eq", "ml")).await, Vec::<String>::new());
    assert_eq!(names(by_name("contains", "_")).await, Vec::<String>::new(), "wildcards of SQL are letters here");
}

#[tokio::test]
async fn gateways_can_be_searched_page_by_page() {
    let rig = Rig::new().await;
    let (_, page) = rig.call("POST", "/v1/dashboard/pcgs/search?limit=5", json!({ "filter": {}, "sort": [] })).await;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["listmeta"]["count"]), (5, &json!(8)));
    let next = page["listmeta"]["continue"].as_str().unwrap();
    let (_, rest) = rig.call("POST", &format!("/v1/dashboard/pcgs/search?continue={next}"), json!({})).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 3);
    assert_eq!(rest["listmeta"]["continue"], "");
}

#[tokio::test]
async fn the_plane_tells_what_it_is() {
    let rig = Rig::new().await;
    let (_, capabilities) = rig.client.get(&As::Nobody, "/ext/v1/capabilities").await;
    assert_eq!(capabilities["planeUid"].as_str().unwrap().len(), 24);
    assert_eq!(
        (&capabilities["embedded"], &capabilities["sandbox"], &capabilities["unlimited"]),
        (&json!(true), &json!(true), &json!(true))
    );
    let (_, org) = rig.client.get(&As::Nobody, "/v1/auth/org?orgName=acme").await;
    assert_eq!(org, json!({ "appEnv": "self-hosted", "authType": "password", "orgName": "acme", "redirectUrl": "" }));
    let (_, orgs) = rig.client.get(&As::Nobody, "/v1/auth/orgs").await;
    assert_eq!(orgs, json!({ "organizations": [{ "name": "acme", "authType": "password", "redirectUrl": "" }] }));
    let system = rig.system().await;
    let (_, version) = rig.client.get(&system, "/v1/system/version/installed").await;
    assert_eq!(version, json!({ "version": "4.8.6" }));
}

#[tokio::test]
async fn banners_and_session_length_are_kept_within_their_bounds() {
    let rig = Rig::new().await;
    let system = rig.system().await;
    let (_, empty) = rig.client.get(&As::Nobody, "/v1/system/loginBanner").await;
    assert_eq!(empty, json!({ "Message": "", "isEnabled": false, "title": "" }));
    let banner = json!({ "Message": "Authorised use only.", "isEnabled": true, "title": "Notice" });
    assert_eq!(rig.client.call(&system, "PUT", "/v1/system/loginBanner", banner.clone()).await, (204, Value::Null));
    assert_eq!(rig.client.get(&As::Nobody, "/v1/system/loginBanner").await, (200, banner));
    let path = "/v1/system/authTokenSettings";
    assert_eq!(rig.client.get(&system, path).await.1, json!({ "expiryTimeMinutes": 240 }));
    for (minutes, status) in [(14, 400), (15, 204), (1440, 204), (1441, 400)] {
        let body = json!({ "expiryTimeMinutes": minutes });
        assert_eq!(rig.client.call(&system, "PUT", path, body).await.0, status, "{minutes}");
    }
    assert_eq!(rig.client.get(&system, path).await.1, json!({ "expiryTimeMinutes": 1440 }));
    assert_eq!(crate::rig::content(&rig.newest().await), "Refused: 1441 minutes is out of range; choose 15 to 1440.");
}

#[tokio::test]
async fn every_refusal_has_the_body_of_the_api() {
    let rig = Rig::new().await;
    let plain = |method: &str, path: &str| rig.client.request(&rig.key, method, path);
    let json_header = ("content-type", "application/json");
    let uid = rig.uid("hamburg-vsphere").await;
    let path = format!("/v1/overlords/{uid}/metadata");
    let large = format!("{{\"metadata\":{{\"name\":\"{}\"}}}}", "x".repeat(1 << 20));
    let requests = [
        (plain("GET", "/v1/nothing"), 404),
        (plain("GET", "/"), 404),
        (plain("PATCH", "/v1/overlords"), 405),
        (plain("PUT", &path).header(json_header.0, json_header.1).body("{"), 400),
        (plain("PUT", &path).header(json_header.0, json_header.1).body("[]"), 400),
        (plain("PUT", &path).header(json_header.0, json_header.1).body("{\"metadata\":{\"name\":7}}"), 400),
        (plain("PUT", &path).body("{}"), 415),
        (plain("PUT", &path).header(json_header.0, json_header.1).body(large), 413),
        (plain("GET", "/v1/audits?limit=many"), 400),
        (plain("GET", "/v1/audits?limit=-1"), 400),
        (plain("GET", "/v1/audits?continue=abc"), 400),
        (plain("GET", "/v1/audits?startTime=yesterday"), 400),
        (plain("GET", "/v1/overlords/%FF"), 400),
        (plain("GET", "/v1/overlords/pairing/code?cloudType=aws"), 400),
    ];
    for (request, expected) in requests {
        let what = format!("{request:?}").chars().take(160).collect::<String>();
        let answer = rig.client.send(request).await;
        assert_eq!(answer.0, expected, "{what}");
        assert!(!code(&answer).1.is_empty() && !answer.1["message"].as_str().unwrap().is_empty(), "{what}");
        assert!(answer.1["ref"].as_str().unwrap().starts_with("ref-"), "{what}");
    }
}

#[tokio::test]
async fn a_change_whose_body_cannot_be_read_is_told_of() {
    let rig = Rig::new().await;
    let uid = rig.uid("hamburg-vsphere").await;
    let put = rig.client.request(&rig.key, "PUT", &format!("/v1/overlords/{uid}/metadata"));
    let answer = rig.client.send(put.header("content-type", "application/json").body("{")).await;
    assert_eq!(answer.0, 400);
    let told = rig.newest().await;
    assert_eq!(crate::rig::content(&told), "Refused: The body is not JSON (line 1, column 1).");
    assert_eq!(told["spec"]["resource"]["name"], "hamburg-vsphere");
}

#[tokio::test]
async fn a_refused_body_does_not_repeat_what_was_sent() {
    let rig = Rig::new().await;
    let body = json!({ "username": "admin", "password": { "nested": "hunter2" } });
    let answer = rig.client.call(&As::Nobody, "POST", "/v1/auth/syslogin", body).await;
    assert_eq!(code(&answer), (400, "InvalidRequest"));
    assert!(!answer.1.to_string().contains("hunter2"));
}
