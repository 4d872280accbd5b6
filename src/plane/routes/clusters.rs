//! Clusters.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::PROJECT_UID;
use crate::api::cluster::{Cluster, ClusterPage, ClusterSpec, ClusterStatus};
use crate::plane::auth::session::Tenant;
use crate::plane::extract::{Body, Params};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::page::{self, Paging};
use crate::plane::state::{Plane, SharedPlane};
use crate::plane::store::clusters::{self, Search, SortField, Stored};

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/v1/dashboard/spectroclusters/search", post(search))
        .route("/v1/dashboard/spectroclusters/metadata", get(metadata))
        .route("/v1/spectroclusters/{uid}", get(show))
}

/// Body of a search (`v1SearchFilterSummarySpec`), as far as the plane follows it: the name, and the order.
/// Every cluster of this plane is a host cluster that is not deleted, so the filters that clients always
/// send hold for all of them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SearchBody {
    filter: Option<FilterSpec>,
    sort: Option<Vec<Sort>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FilterSpec {
    filter_groups: Option<Vec<Group>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    filters: Option<Vec<Condition>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Condition {
    property: String,
    condition: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sort {
    field: String,
    order: String,
}

/// How a name is compared.
enum Compare {
    Equals,
    Begins,
    Contains,
}

impl SearchBody {
    fn name(&self) -> Option<(Compare, String)> {
        let groups = self.filter.as_ref()?.filter_groups.as_ref()?;
        let found = groups
            .iter()
            .flat_map(|group| group.filters.iter().flatten())
            .find(|condition| condition.property == "clusterName")?;
        let string = found.condition.as_ref()?.get("string")?;
        let wanted = string.pointer("/match/values/0")?.as_str().filter(|text| !text.is_empty())?;
        let compare = match string.get("operator").and_then(Value::as_str) {
            Some("eq") => Compare::Equals,
            Some("beginsWith") => Compare::Begins,
            _ => Compare::Contains,
        };
        Some((compare, wanted.to_lowercase()))
    }

    /// Whether the search wants a thing of this name.
    #[must_use]
    pub fn matches_name(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        match self.name() {
            None => true,
            Some((Compare::Equals, wanted)) => name == wanted,
            Some((Compare::Begins, wanted)) => name.starts_with(&wanted),
            Some((Compare::Contains, wanted)) => name.contains(&wanted),
        }
    }

    /// Whether the search wants the last first.
    #[must_use]
    pub fn descending(&self) -> bool {
        self.first_sort().is_some_and(|sort| sort.order == "desc")
    }

    fn first_sort(&self) -> Option<&Sort> {
        self.sort.as_ref()?.first()
    }

    fn name_like(&self) -> Option<String> {
        let (compare, wanted) = self.name()?;
        let text = wanted.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        Some(match compare {
            Compare::Equals => text,
            Compare::Begins => format!("{text}%"),
            Compare::Contains => format!("%{text}%"),
        })
    }

    fn sort_field(&self) -> SortField {
        match self.first_sort().map(|sort| sort.field.as_str()) {
            Some("clusterState") => SortField::State,
            Some("creationTimestamp") => SortField::Created,
            Some("lastModifiedTimestamp") => SortField::Modified,
            _ => SortField::Name,
        }
    }
}

fn project(headers: &HeaderMap) -> Option<String> {
    headers.get(PROJECT_UID).and_then(|uid| uid.to_str().ok()).filter(|uid| !uid.is_empty()).map(str::to_owned)
}

async fn search(
    State(plane): State<SharedPlane>,
    Tenant(_): Tenant,
    headers: HeaderMap,
    Params(paging): Params<Paging>,
    Body(body): Body<SearchBody>,
) -> Result<Json<ClusterPage>, Failure> {
    let (limit, offset) = (paging.limit()?, paging.offset()?);
    let wanted = Search {
        name_like: body.name_like(),
        project_uid: project(&headers),
        sort: body.sort_field(),
        descending: body.descending(),
        limit,
        offset,
    };
    let (found, count) = plane.store.read(move |connection| Ok(clusters::search(connection, &wanted)?)).await?;
    let now = plane.now();
    let items: Vec<_> = found.iter().map(|cluster| cluster.to_summary(now)).collect();
    let listmeta = page::listmeta(count, limit, offset, items.len());
    Ok(Json(ClusterPage { items, listmeta }))
}

async fn metadata(State(plane): State<SharedPlane>, Tenant(_): Tenant) -> Result<Json<Value>, Failure> {
    let found = plane.store.read(|connection| Ok(clusters::all(connection)?)).await?;
    let items: Vec<_> = found.iter().map(|cluster| cluster.metadata(BTreeMap::new())).collect();
    Ok(Json(json!({ "items": items })))
}

async fn show(
    State(plane): State<SharedPlane>,
    Tenant(caller): Tenant,
    headers: HeaderMap,
    Path(uid): Path<String>,
) -> Result<Json<Cluster>, Failure> {
    let wanted = uid.clone();
    let found = plane.store.read(move |connection| Ok(clusters::get(connection, &wanted)?)).await?;
    // A project sees its own clusters; a gateway's cluster belongs to no project and is seen from all.
    let scope = project(&headers);
    let visible = found.filter(|cluster| match (&cluster.project, &scope) {
        (Some(owner), Some(scope)) => owner.uid == *scope,
        _ => true,
    });
    let cluster = visible.ok_or_else(|| Refusal::not_found("cluster", &uid))?;
    let annotations = annotations(&plane, &cluster, &caller.account.uid);
    Ok(Json(Cluster {
        api_version: "v1".to_owned(),
        kind: "SpectroCluster".to_owned(),
        metadata: cluster.metadata(annotations),
        spec: ClusterSpec { cloud_type: Some(cluster.cloud()) },
        status: ClusterStatus { state: cluster.report.state },
    }))
}

/// What Palette writes beside a cluster's gateway.
fn annotations(plane: &Plane, cluster: &Stored, owner: &str) -> BTreeMap<String, String> {
    let scope = if cluster.project.is_some() { "project" } else { "tenant" };
    let project = cluster.project.as_ref().map_or("", |project| project.uid.as_str());
    [
        ("ownerUid", owner),
        ("permissions", "cluster.create,cluster.delete,cluster.get,cluster.list,cluster.update"),
        ("projectUid", project),
        ("scope", scope),
        ("scopeVisibility", scope),
        ("tenantUid", &plane.identity.get().tenant_uid),
        ("spectroComponentsUpgradeForbidden", "false"),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}
