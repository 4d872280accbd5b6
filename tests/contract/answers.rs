//! What the embedded plane answers: status, body, and the error body, as the API writes them.

use std::sync::Arc;
use std::time::Duration;

use palette_console::clock::ManualClock;
use palette_console::plane::{self, CREDENTIALS, Door, Running, Settings};
use palette_console::secret::Credentials;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

struct Plane {
    _dir: tempfile::TempDir,
    running: Running,
    credentials: Credentials,
    http: reqwest::Client,
}

async fn plane() -> Plane {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap());
    let settings =
        Settings { clock: Arc::clone(&clock) as _, migration_pace: Duration::ZERO, ..Settings::sandbox(dir.path()) };
    let running = plane::start(settings, Door::Tcp("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let credentials = Credentials::read(&dir.path().join(CREDENTIALS)).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Plane { _dir: dir, running, credentials, http }
}

impl Plane {
    fn key(&self) -> String {
        self.credentials.tenant.as_ref().unwrap().api_key.as_ref().unwrap().expose_secret().to_owned()
    }

    async fn ask(&self, method: &str, path: &str, header: (&str, &str), body: Value) -> (u16, Value) {
        let url = self.running.url().unwrap() + path;
        let request = self.http.request(method.parse().unwrap(), url).header(header.0, header.1);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
    }

    async fn with_key(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask(method, path, ("ApiKey", &self.key()), body).await
    }

    async fn uid(&self, name: &str) -> String {
        let list = self.with_key("GET", "/v1/overlords", Value::Null).await.1;
        let found = list["items"].as_array().unwrap().iter().find(|it| it["metadata"]["name"] == name).unwrap();
        found["metadata"]["uid"].as_str().unwrap().to_owned()
    }
}

/// Takes what differs from run to run out of a body, after a look at its shape.
fn take(body: &mut Value, pointer: &str) -> String {
    body.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")).take().as_str().unwrap().to_owned()
}

fn is_uid(text: &str) -> bool {
    text.len() == 24 && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[tokio::test]
async fn a_sign_in_answers_with_the_raw_token_that_every_call_carries() {
    let plane = plane().await;
    let tenant = plane.credentials.tenant.as_ref().unwrap();
    let body = json!({ "emailId": tenant.email, "org": tenant.org, "password": tenant.password.expose_secret() });
    let (status, mut answer) =
        plane.ask("POST", "/v1/auth/authenticate?setCookie=false", ("accept", "*/*"), body).await;
    let token = take(&mut answer, "/Authorization");
    assert_eq!((status, answer), (200, json!({ "Authorization": null, "isMfa": false })));
    assert_eq!(token.split('.').count(), 3);
    let (status, _) = plane.ask("GET", "/v1/overlords", ("Authorization", &token), Value::Null).await;
    assert_eq!(status, 200);
    let bearer = format!("Bearer {token}");
    let (status, mut refusal) = plane.ask("GET", "/v1/overlords", ("Authorization", &bearer), Value::Null).await;
    assert!(take(&mut refusal, "/ref").starts_with("ref-"));
    assert_eq!((status, &refusal["code"]), (401, &json!("Unauthenticated")));
}

#[tokio::test]
async fn errors_carry_code_message_and_reference() {
    let plane = plane().await;
    let (status, mut refusal) = plane.with_key("GET", "/v1/overlords/000000000000000000000000", Value::Null).await;
    assert!(take(&mut refusal, "/ref").starts_with("ref-"));
    assert_eq!(status, 404);
    assert_eq!(
        refusal,
        json!({
            "code": "ResourceNotFound", "ref": null,
            "message": "There is no private gateway with the uid \"000000000000000000000000\"."
        })
    );
    let held = plane.uid("berlin-vsphere-1").await;
    let (status, refusal) = plane.with_key("DELETE", &format!("/v1/overlords/{held}"), Value::Null).await;
    assert_eq!((status, &refusal["code"]), (409, &json!("OverlordHasClusters")));
    assert_eq!(refusal["details"], json!({ "clusters": 12 }));
}

#[tokio::test]
async fn changes_answer_with_nothing_or_with_a_word() {
    let plane = plane().await;
    let (source, target) = (plane.uid("hamburg-vsphere").await, plane.uid("berlin-vsphere-2").await);
    let order = json!({ "sourceUid": source, "targetUid": target });
    assert_eq!(plane.with_key("POST", "/v1/overlords/migrate", order).await, (204, Value::Null));
    let name = json!({ "metadata": { "name": "hamburg", "labels": { "a": "b" }, "annotations": {} } });
    assert_eq!(plane.with_key("PUT", &format!("/v1/overlords/{source}/metadata"), name).await, (204, Value::Null));
    let renamed = plane.with_key("GET", &format!("/v1/overlords/{source}"), Value::Null).await.1;
    assert_eq!(
        (&renamed["metadata"]["name"], &renamed["metadata"]["labels"]),
        (&json!("hamburg"), &json!({ "a": "b" }))
    );
}

#[tokio::test]
async fn a_search_tells_of_each_cluster_what_the_api_says() {
    let plane = plane().await;
    let filter = json!({ "filter": {}, "sort": [{ "field": "clusterName", "order": "asc" }] });
    let (status, page) = plane.with_key("POST", "/v1/dashboard/spectroclusters/search?limit=1&offset=0", filter).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&page["listmeta"]["count"], &page["listmeta"]["limit"], &page["listmeta"]["offset"]),
        (&json!(42), &json!(1), &json!(1))
    );
    let mut cluster = page["items"][0].clone();
    assert!(is_uid(&take(&mut cluster, "/metadata/uid")));
    assert!(is_uid(&take(&mut cluster, "/specSummary/projectMeta/uid")));
    assert_eq!(take(&mut cluster, "/metadata/annotations/overlordUid"), plane.uid("munich-maas-1").await);
    assert_eq!(cluster["metadata"]["name"], "backup-target");
    assert_eq!(cluster["specSummary"]["cloudConfig"]["cloudType"], "maas");
    assert_eq!(
        (&cluster["status"]["state"], &cluster["status"]["health"]["state"]),
        (&json!("Running"), &json!("Healthy"))
    );
    let (status, last) = plane.with_key("POST", "/v1/dashboard/spectroclusters/search?limit=50", json!({})).await;
    assert_eq!((status, &last["listmeta"]["continue"], last["items"].as_array().unwrap().len()), (200, &json!(""), 42));
}

#[tokio::test]
async fn one_cluster_names_its_gateway_and_is_seen_from_its_project_alone() {
    let plane = plane().await;
    let page = plane.with_key("POST", "/v1/dashboard/spectroclusters/search?limit=1", json!({})).await.1;
    let summary = &page["items"][0];
    let path = format!("/v1/spectroclusters/{}", summary["metadata"]["uid"].as_str().unwrap());
    let (status, whole) = plane.with_key("GET", &path, Value::Null).await;
    assert_eq!((status, &whole["apiVersion"], &whole["kind"]), (200, &json!("v1"), &json!("SpectroCluster")));
    let (told, found) = (&summary["metadata"]["annotations"], &whole["metadata"]["annotations"]);
    assert_eq!(found["overlordUid"], told["overlordUid"]);
    assert_eq!(
        (&found["scope"], &found["projectUid"]),
        (&json!("project"), &summary["specSummary"]["projectMeta"]["uid"])
    );
    let url = plane.running.url().unwrap() + &path;
    let elsewhere = plane.http.get(url).header("ApiKey", plane.key()).header("ProjectUid", "ffffffffffffffffffffffff");
    assert_eq!(elsewhere.send().await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn an_entry_of_the_trail_reads_as_the_api_writes_it() {
    let plane = plane().await;
    let uid = plane.uid("lab-cloudstack").await;
    assert_eq!(plane.with_key("DELETE", &format!("/v1/overlords/{uid}"), Value::Null).await.0, 200);
    let (status, page) = plane.with_key("GET", "/v1/audits?limit=1", Value::Null).await;
    assert_eq!((status, &page["listmeta"]["limit"]), (200, &json!(1)));
    let mut entry = page["items"][0].clone();
    assert!(is_uid(&take(&mut entry, "/metadata/uid")) && is_uid(&take(&mut entry, "/spec/actor/user/uid")));
    assert_eq!(entry["metadata"]["creationTimestamp"], "2026-11-22T12:00:00.000Z");
    assert_eq!(
        entry["spec"],
        json!({
            "actionType": "delete",
            "actionMsg": "Delete private gateway",
            "contentMsg": "Deleted the private gateway lab-cloudstack.",
            "userMsg": "",
            "actor": {
                "actorType": "user", "serviceName": "",
                "user": {
                    "uid": null, "firstName": "Tenant", "lastName": "Admin",
                    "emailId": "admin@acme.example", "org": "acme"
                }
            },
            "resource": { "uid": uid, "kind": "privategateway", "name": "lab-cloudstack", "label": "lab-cloudstack" }
        })
    );
}

#[tokio::test]
async fn our_extension_is_announced_without_a_session() {
    let plane = plane().await;
    let (status, mut answer) = plane.ask("GET", "/ext/v1/capabilities", ("accept", "*/*"), Value::Null).await;
    assert!(is_uid(&take(&mut answer, "/planeUid")));
    assert_eq!(
        (status, answer),
        (200, json!({ "embedded": true, "sandbox": true, "unlimited": true, "backups": true, "planeUid": null }))
    );
}
