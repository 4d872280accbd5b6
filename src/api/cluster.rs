//! Workload clusters.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::OVERLORD_UID;
use super::meta::{ListMeta, ObjectMeta, null_as_default};
use super::overlord::Health;
use super::words::{CloudType, PcgState};

/// Body of a search for every cluster in sight.
#[must_use]
pub fn search_all() -> Value {
    json!({ "filter": {}, "sort": [] })
}

/// A page of cluster summaries (`v1SpectroClustersSummary`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterPage {
    /// The clusters of this page.
    #[serde(default, deserialize_with = "null_as_default")]
    pub items: Vec<ClusterSummary>,
    /// Where the next page starts.
    #[serde(default)]
    pub listmeta: ListMeta,
}

/// What a search tells of a cluster (`v1SpectroClusterSummary`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterSummary {
    /// Name, uid; annotations are allowed here but not promised.
    pub metadata: ObjectMeta,
    /// Cloud and project.
    #[serde(deserialize_with = "null_as_default")]
    pub spec_summary: SpecSummary,
    /// State and health.
    #[serde(deserialize_with = "null_as_default")]
    pub status: SummaryStatus,
}

/// Cloud and project of a summarised cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SpecSummary {
    /// Carries the cloud type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_config: Option<CloudConfigMeta>,
    /// Project that owns the cluster; its uid is wanted as a header when the cluster itself is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_meta: Option<ProjectMeta>,
}

/// `v1CloudConfigMeta`, as far as it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CloudConfigMeta {
    /// Cloud that the cluster runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_type: Option<CloudType>,
}

/// `v1ProjectMeta`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectMeta {
    /// Name of the project.
    pub name: String,
    /// Uid of the project.
    pub uid: String,
}

/// State and health of a summarised cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SummaryStatus {
    /// Where it is in its life.
    #[serde(deserialize_with = "null_as_default")]
    pub state: PcgState,
    /// How it does.
    #[serde(deserialize_with = "null_as_default")]
    pub health: Health,
}

impl ClusterSummary {
    /// Uid of the cluster's project, where the plane told it.
    #[must_use]
    pub fn project_uid(&self) -> Option<&str> {
        self.spec_summary.project_meta.as_ref().map(|project| project.uid.as_str()).filter(|uid| !uid.is_empty())
    }
}

/// One cluster (`v1SpectroCluster`), as far as it is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cluster {
    /// `v1`.
    pub api_version: String,
    /// `SpectroCluster`.
    pub kind: String,
    /// Name, uid and the annotation that names its gateway.
    pub metadata: ObjectMeta,
    /// Cloud.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: ClusterSpec,
    /// State.
    #[serde(deserialize_with = "null_as_default")]
    pub status: ClusterStatus,
}

/// `v1SpectroClusterSpec`, as far as it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterSpec {
    /// Cloud that the cluster runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_type: Option<CloudType>,
}

/// `v1SpectroClusterStatus`, as far as it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterStatus {
    /// Where it is in its life.
    #[serde(deserialize_with = "null_as_default")]
    pub state: PcgState,
}

/// The gateway that the annotations of a cluster name.
#[must_use]
pub fn overlord_uid(metadata: &ObjectMeta) -> Option<&str> {
    metadata.annotations.get(OVERLORD_UID).map(String::as_str).filter(|uid| !uid.is_empty())
}
