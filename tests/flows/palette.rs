//! A plane that knows no extension of ours, and one that tells less than it might, work as plain Palette.

use palette_console::api::audit::AuditQuery;
use palette_console::api::ext::Capabilities;
use palette_console::client::Client;
use palette_console::ops::audits::newest;
use palette_console::ops::migrate;
use palette_console::ops::pcgs::inventory;
use serde_json::{Value, json};

use crate::proxy::{Fault, Proxy};
use crate::stage::{HELD, SICK, SOUND, Stage, pcg, plan, spread};

const EXT: &str = "/ext/*";
const SEARCH: &str = "/v1/dashboard/spectroclusters/search";

async fn without_ext(answer: Fault) -> (Stage, Proxy, Client) {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always("GET", EXT, answer);
    let client = stage.client_through(&proxy).await;
    (stage, proxy, client)
}

#[tokio::test(start_paused = true)]
async fn a_plane_without_the_extension_has_palettes_own_abilities() {
    let refusal = json!({ "code": "ResourceNotFound", "message": "no such route", "ref": "ref-1" });
    for answer in [Fault::json(404, &refusal), Fault::html(404), Fault::html(200), Fault::json(401, &refusal)] {
        let (_stage, _proxy, client) = without_ext(answer).await;
        assert_eq!(client.capabilities(), Capabilities::default());
        let plan = plan(&client, SICK, SOUND).await;
        let proof = migrate::run(&client, &plan, |_| ()).await.unwrap();
        assert_eq!(proof.moved(), HELD);
    }
}

#[tokio::test(start_paused = true)]
async fn the_abilities_are_not_guessed_where_the_plane_is_in_trouble() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always("GET", EXT, Fault::html(502));
    let client = stage.stranger(proxy.url().parse().unwrap());
    assert!(client.read_capabilities().await.is_err());
}

fn without_annotations(answer: &mut Value) {
    for cluster in answer["items"].as_array_mut().unwrap() {
        cluster["metadata"].as_object_mut().unwrap().remove("annotations");
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_that_tells_no_gateway_is_made_up_by_reading_each_cluster_in_its_project() {
    let stage = Stage::new().await;
    let told = spread(&stage.client().await).await;
    let proxy = stage.proxy().await;
    proxy.always("POST", SEARCH, Fault::Rewrite(without_annotations));
    let client = stage.client_through(&proxy).await;
    assert_eq!(spread(&client).await, told);
    let reads = proxy.seen("GET", "/v1/spectroclusters/*");
    let (of_projects, of_tenant): (Vec<_>, Vec<_>) = reads.iter().partition(|seen| seen.header("ProjectUid").is_some());
    assert_eq!((of_projects.len(), of_tenant.len()), (42, 8), "clusters in their projects, gateways at tenant scope");
}

#[tokio::test(start_paused = true)]
async fn a_search_that_tells_no_project_is_read_at_tenant_scope() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always(
        "POST",
        SEARCH,
        Fault::Rewrite(|answer| {
            without_annotations(answer);
            for cluster in answer["items"].as_array_mut().unwrap() {
                cluster["specSummary"]["projectMeta"] = Value::Null;
            }
        }),
    );
    let client = stage.client_through(&proxy).await;
    assert_eq!(pcg(&client, SICK).await.clusters, Some(HELD));
    assert!(proxy.seen("GET", "/v1/spectroclusters/*").iter().all(|seen| seen.header("ProjectUid").is_none()));
}

#[tokio::test(start_paused = true)]
async fn lists_end_where_their_pages_do_whatever_the_plane_counts() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always("POST", SEARCH, Fault::Rewrite(|answer| answer["listmeta"]["count"] = u64::MAX.into()));
    let client = stage.client_through(&proxy).await;
    assert_eq!(pcg(&client, SICK).await.clusters, Some(HELD));
    assert!(proxy.seen("POST", SEARCH).len() < 20);
    let empty = |answer: &mut Value| {
        answer["items"] = json!([]);
        answer["listmeta"]["continue"] = json!(answer["listmeta"].to_string() + "x");
    };
    proxy.always("GET", "/v1/audits", Fault::Rewrite(empty));
    assert_eq!(newest(&client, AuditQuery::default(), 100).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_whose_cloud_nobody_tells_is_listed_without_it() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let own = pcg(&stage.client().await, SICK).await.spectro_cluster_uid;
    let refusal = json!({ "code": "Forbidden", "message": "not yours", "ref": "ref-1" });
    proxy.always("GET", &format!("/v1/spectroclusters/{own}"), Fault::json(403, &refusal));
    let client = stage.client_through(&proxy).await;
    let pcgs = inventory(&client).await.unwrap().pcgs();
    let unknown: Vec<&str> = pcgs.iter().filter(|pcg| pcg.cloud.is_none()).map(|pcg| pcg.name.as_str()).collect();
    assert_eq!(unknown, [SICK]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_deleted_while_it_is_looked_for_is_left_out_of_the_count() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always("POST", SEARCH, Fault::Rewrite(without_annotations));
    let one = plan(&stage.client().await, SICK, SOUND).await.clusters.remove(0);
    let gone = json!({ "code": "ResourceNotFound", "message": "gone", "ref": "ref-1" });
    proxy.always("GET", &format!("/v1/spectroclusters/{}", one.uid), Fault::json(404, &gone));
    let client = stage.client_through(&proxy).await;
    assert_eq!(pcg(&client, SICK).await.clusters, Some(HELD - 1));
}
