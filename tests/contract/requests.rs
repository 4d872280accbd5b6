//! What the client sends: method, path, query, headers and body as the API wants them.

use palette_console::api::audit::AuditQuery;
use palette_console::api::meta::{MetadataUpdate, ObjectMetaInput};
use palette_console::api::overlord::MigrateRequest;
use palette_console::api::{ActionType, CloudType, HealthState, PcgState};
use palette_console::client::{Client, Login, Options, SessionKind};
use palette_console::clock;
use palette_console::ops::pcgs::inventory;
use serde_json::{Value, json};

use crate::recorder::{Recorder, Seen};

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln";
const SIGN_IN: (&str, u16, &str) = (
    "POST /v1/auth/authenticate",
    200,
    r#"{"Authorization":"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln","isMfa":false}"#,
);

fn client(recorder: &Recorder) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(Options::new(recorder.url.parse().unwrap(), clock::system())).unwrap()
}

async fn signed_in(recorder: &Recorder) -> Client {
    let client = client(recorder);
    let (email, password) = ("ada@acme.example".to_owned(), "correct horse".into());
    client.login(&Login::Tenant { org: "acme".to_owned(), email, password }).await.unwrap();
    client
}

/// The token as it is, at tenant scope, and nothing else that would say who asks.
fn assert_tenant_scope(seen: &Seen) {
    assert_eq!(seen.header("Authorization"), Some(TOKEN), "the raw token, without Bearer");
    for absent in ["ApiKey", "ProjectUid", "Cookie"] {
        assert_eq!(seen.header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn a_tenant_signs_in_without_a_cookie() {
    let recorder = Recorder::start(&[SIGN_IN]).await;
    signed_in(&recorder).await;
    let seen = recorder.last();
    assert_eq!(seen.line, "POST /v1/auth/authenticate?setCookie=false");
    assert_eq!(seen.body, json!({ "emailId": "ada@acme.example", "org": "acme", "password": "correct horse" }));
    assert_eq!((seen.header("Authorization"), seen.header("content-type")), (None, Some("application/json")));
    assert!(seen.header("user-agent").unwrap().starts_with("palette-console/"));
}

#[tokio::test]
async fn a_system_administrator_signs_in_and_asks_with_that_session() {
    let recorder = Recorder::start(&[
        (
            "POST /v1/auth/syslogin",
            200,
            r#"{"Authorization":"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln","IsPasswordReset":true}"#,
        ),
        ("GET /v1/system/version/installed", 200, r#"{"version":"4.8.6"}"#),
    ])
    .await;
    let client = client(&recorder);
    let who = client.login(&Login::System { username: "admin".to_owned(), password: "secret".into() }).await.unwrap();
    assert_eq!(who.kind, SessionKind::System);
    let seen = recorder.last();
    assert_eq!(seen.line, "POST /v1/auth/syslogin");
    assert_eq!(seen.body, json!({ "username": "admin", "password": "secret" }));
    client.version().await.unwrap();
    assert_eq!(recorder.last().line, "GET /v1/system/version/installed");
    assert_tenant_scope(&recorder.last());
    assert!(
        client.overlords().await.unwrap_err().signed_out().is_some(),
        "the tenant's work needs the tenant's session"
    );
}

#[tokio::test]
async fn an_api_key_and_a_pasted_token_need_no_sign_in_and_can_be_tried_out() {
    let recorder = Recorder::start(&[
        ("GET /v1/users/info", 200, r#"{"orgName":"acme","tenantUid":"t1","userUid":"u1"}"#),
        ("GET /v1/overlords", 200, r#"{"items":null}"#),
    ])
    .await;
    let client = client(&recorder);
    let who = client.login(&Login::ApiKey("key-1".into())).await.unwrap();
    assert!(recorder.seen().is_empty(), "a command spends no request on it");
    client.try_out(&who).await.unwrap();
    let asked = recorder.last();
    assert_eq!((asked.line.as_str(), asked.header("ApiKey")), ("GET /v1/users/info", Some("key-1")));
    assert_eq!(client.overlords().await.unwrap(), []);
    assert_eq!(recorder.last().line, "GET /v1/overlords");
    assert_eq!((recorder.last().header("ApiKey"), recorder.last().header("Authorization")), (Some("key-1"), None));
    let token = format!("Bearer {TOKEN}\n").into();
    client.login(&Login::Pasted { kind: SessionKind::Tenant, token }).await.unwrap();
    client.overlords().await.unwrap();
    assert_tenant_scope(&recorder.last());
    assert!(recorder.seen().iter().all(|seen| seen.line.starts_with("GET ")), "nobody signs in");
}

#[tokio::test]
async fn gateways_are_changed_as_the_api_says() {
    let recorder = Recorder::start(&[
        SIGN_IN,
        ("POST /v1/overlords/migrate", 204, ""),
        ("DELETE /v1/overlords/6732677ce46389af646d517a", 200, r#"{"msg":"deleted"}"#),
        ("PUT /v1/overlords/6732677ce46389af646d517a/metadata", 204, ""),
    ])
    .await;
    let client = signed_in(&recorder).await;
    let uid = "6732677ce46389af646d517a";
    let order = MigrateRequest { source_uid: uid.to_owned(), target_uid: "t".to_owned() };
    client.migrate(&order).await.unwrap();
    assert_eq!(recorder.last().line, "POST /v1/overlords/migrate");
    assert_eq!(recorder.last().body, json!({ "sourceUid": uid, "targetUid": "t" }));
    assert_tenant_scope(&recorder.last());
    client.delete_overlord(uid).await.unwrap();
    assert_eq!(
        (recorder.last().line.as_str(), recorder.last().body),
        ("DELETE /v1/overlords/6732677ce46389af646d517a", Value::Null)
    );
    let labels = [("site".to_owned(), "berlin".to_owned())].into();
    let metadata = ObjectMetaInput { name: "new".to_owned(), labels, ..ObjectMetaInput::default() };
    client.update_overlord(uid, &MetadataUpdate { metadata }).await.unwrap();
    assert_eq!(recorder.last().line, "PUT /v1/overlords/6732677ce46389af646d517a/metadata");
    assert_eq!(
        recorder.last().body,
        json!({ "metadata": { "name": "new", "labels": { "site": "berlin" }, "annotations": {} } })
    );
}

#[tokio::test]
async fn a_cluster_is_read_in_its_project_or_at_tenant_scope() {
    let recorder =
        Recorder::start(&[SIGN_IN, ("GET /v1/spectroclusters/c1", 200, r#"{"metadata":{"uid":"c1"}}"#)]).await;
    let client = signed_in(&recorder).await;
    client.cluster("c1", Some("p1")).await.unwrap();
    assert_eq!(
        (recorder.last().line.as_str(), recorder.last().header("ProjectUid")),
        ("GET /v1/spectroclusters/c1", Some("p1"))
    );
    client.cluster("c1", None).await.unwrap();
    assert_tenant_scope(&recorder.last());
}

#[tokio::test]
async fn a_uid_that_was_typed_stays_in_its_place_of_the_path() {
    let recorder = Recorder::start(&[SIGN_IN]).await;
    let client = signed_in(&recorder).await;
    client.overlord("../users/info?x=1#y").await.unwrap_err();
    assert_eq!(recorder.last().line, "GET /v1/overlords/..%2Fusers%2Finfo%3Fx%3D1%23y");
}

#[tokio::test]
async fn clusters_are_searched_page_by_page() {
    let recorder =
        Recorder::start(&[SIGN_IN, ("POST /v1/dashboard/spectroclusters/search", 200, r#"{"items":[]}"#)]).await;
    let client = signed_in(&recorder).await;
    client.cluster_page(100).await.unwrap();
    assert_eq!(recorder.last().line, "POST /v1/dashboard/spectroclusters/search?limit=50&offset=100");
    assert_eq!(recorder.last().body, json!({ "filter": {}, "sort": [] }));
    assert_tenant_scope(&recorder.last());
}

#[tokio::test]
async fn the_trail_is_asked_for_with_the_filters_of_the_api() {
    let recorder = Recorder::start(&[
        SIGN_IN,
        ("GET /v1/audits", 200, r#"{"items":[],"listmeta":{"continue":"","count":0,"limit":50,"offset":0}}"#),
        ("PATCH /v1/audits/a1/userMsg", 204, ""),
    ])
    .await;
    let client = signed_in(&recorder).await;
    let query = AuditQuery {
        start_time: Some("2026-11-22T12:00:00.000Z".to_owned()),
        resource_kind: Some("spectrocluster".to_owned()),
        action_type: Some(ActionType::Delete),
        limit: Some(50),
        next: Some("a+b/c=".to_owned()),
        ..AuditQuery::default()
    };
    client.audits(&query).await.unwrap();
    assert_eq!(
        recorder.last().line,
        "GET /v1/audits?startTime=2026-11-22T12%3A00%3A00.000Z&resourceKind=spectrocluster&actionType=delete&limit=50&continue=a%2Bb%2Fc%3D"
    );
    client.annotate_audit("a1", "seen").await.unwrap();
    assert_eq!(recorder.last().line, "PATCH /v1/audits/a1/userMsg");
    assert_eq!(recorder.last().body, json!({ "userMsg": "seen" }));
}

#[tokio::test]
async fn what_is_open_to_everyone_is_asked_without_a_token() {
    let recorder = Recorder::start(&[
        SIGN_IN,
        ("GET /v1/system/loginBanner", 200, r#"{"Message":"be kind","isEnabled":true,"title":"Notice"}"#),
    ])
    .await;
    let client = signed_in(&recorder).await;
    assert!(client.login_banner().await.is_some());
    client.read_capabilities().await.unwrap();
    for seen in &recorder.seen()[1..] {
        assert_eq!((seen.header("Authorization"), seen.header("ApiKey")), (None, None), "{}", seen.line);
    }
}

/// Answers as the documents of Palette show them, with the nulls and empty strings of its samples.
#[tokio::test]
async fn the_answers_of_a_real_palette_are_understood() {
    let recorder = Recorder::start(&[
        SIGN_IN,
        (
            "GET /v1/overlords",
            200,
            r#"{"items":[
              {"kind":"","metadata":{"name":"edge","uid":"o1","labels":null,"deletionTimestamp":"0001-01-01T00:00:00.000Z"},
               "spec":{"cloudAccountUid":"","spectroClusterUid":"s1","ipPools":null,"isSystem":false},
               "status":{"state":"Running","isActive":false,"isReady":false,"health":{"state":"Healthy","agentVersion":"4.8.6",
                 "lastHeartBeatTimestamp":"2026-11-22T11:59:58.120Z","conditions":null},"notifications":{"isAvailable":false}}},
              {"metadata":{"name":"new","uid":"o2"},"spec":{"spectroClusterUid":""},"status":{"state":"Rebalancing","health":null}}]}"#,
        ),
        ("GET /v1/spectroclusters/s1", 200, r#"{"apiVersion":"v1","kind":"SpectroCluster","metadata":{"uid":"s1"},"spec":{"cloudType":"apache-cloudstack"}}"#),
        (
            "POST /v1/dashboard/spectroclusters/search",
            200,
            r#"{"items":[{"metadata":{"name":"a","uid":"c1","annotations":{"overlordUid":"o1"}},"specSummary":{"projectMeta":{"name":"P","uid":"p1"}},
                          "status":{"state":"Running"}},
                         {"metadata":{"name":"b","uid":"c2"},"specSummary":{"projectMeta":{"uid":"p1"}}}],
                "listmeta":{"continue":"","count":2,"limit":50,"offset":0}}"#,
        ),
        ("GET /v1/spectroclusters/c2", 200, r#"{"metadata":{"name":"b","uid":"c2","annotations":{"overlordUid":"o1","scope":"project"}}}"#),
    ])
    .await;
    let client = signed_in(&recorder).await;
    let pcgs = inventory(&client).await.unwrap().pcgs();
    let (edge, new) = (&pcgs[0], &pcgs[1]);
    assert_eq!((edge.clusters, &edge.cloud), (Some(2), &Some(CloudType::CloudStack)));
    assert_eq!(
        (&edge.health, edge.last_heartbeat.unwrap().timestamp_millis()),
        (&HealthState::Healthy, 1_795_348_798_120)
    );
    assert_eq!((&new.state, &new.health), (&PcgState::Other("Rebalancing".to_owned()), &HealthState::Unknown));
    assert_eq!((&new.cloud, new.clusters, new.last_heartbeat), (&None, Some(0), None));
}
