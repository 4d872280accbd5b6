//! Private Cloud Gateways, which the API calls overlords.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::meta::{ObjectMeta, null_as_default, time};
use super::words::{HealthState, PcgState};

/// A list of gateways; never paged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overlords {
    /// The gateways, in no promised order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub items: Vec<Overlord>,
}

/// One gateway (`v1Overlord`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overlord {
    /// Not documented; empty in every sample.
    pub kind: String,
    /// Name, uid, times.
    pub metadata: ObjectMeta,
    /// What it is.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: OverlordSpec,
    /// How it does.
    #[serde(deserialize_with = "null_as_default")]
    pub status: OverlordStatus,
}

/// `v1OverloadSpec` (sic).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OverlordSpec {
    /// Cloud account that the gateway made.
    pub cloud_account_uid: String,
    /// Uid of the cluster that the gateway itself is; differs from the gateway's own uid.
    pub spectro_cluster_uid: String,
    /// Address, where it has one.
    pub ip_address: String,
    /// Address pools it manages.
    #[serde(deserialize_with = "null_as_default")]
    pub ip_pools: Vec<IpPool>,
    /// Installed on a Kubernetes cluster that already existed.
    pub is_self_hosted: bool,
    /// The System Private Gateway, which runs inside the management cluster.
    pub is_system: bool,
    /// Tenant that owns it.
    pub tenant_uid: String,
}

/// An address pool (`v1IpPoolEntity`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IpPool {
    /// Name and uid.
    pub metadata: ObjectMeta,
    /// Range.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: IpPoolSpec,
    /// Use.
    #[serde(deserialize_with = "null_as_default")]
    pub status: IpPoolStatus,
}

/// Range of an address pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IpPoolSpec {
    /// The range.
    #[serde(deserialize_with = "null_as_default")]
    pub pool: Pool,
    /// The API misspells "private" here.
    #[serde(rename = "priavetGatewayUid")]
    pub private_gateway_uid: String,
    /// One cluster at a time.
    pub restrict_to_single_cluster: bool,
}

/// A range of addresses (`v1Pool`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pool {
    /// First address.
    pub start: String,
    /// Last address.
    pub end: String,
    /// Subnet, where the pool is given by one.
    pub subnet: String,
    /// Default route.
    pub gateway: String,
    /// Length of the network prefix, bits.
    pub prefix: u32,
}

/// Use of an address pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IpPoolStatus {
    /// Addresses given out.
    #[serde(deserialize_with = "null_as_default")]
    pub allotted_ips: Vec<String>,
    /// Clusters that use it.
    #[serde(deserialize_with = "null_as_default")]
    pub associated_clusters: Vec<String>,
    /// Addresses still free.
    #[serde(deserialize_with = "null_as_default")]
    pub available_ips: Vec<String>,
    /// Whether any cluster uses it.
    pub in_use: bool,
}

/// `v1OverloadStatus` (sic).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OverlordStatus {
    /// Where it is in its life.
    #[serde(deserialize_with = "null_as_default")]
    pub state: PcgState,
    /// How it does; null on planes that never heard of it.
    #[serde(deserialize_with = "null_as_default")]
    pub health: Health,
    /// Meaning not documented; a running gateway may carry false.
    pub is_active: bool,
    /// Meaning not documented; a running gateway may carry false.
    pub is_ready: bool,
    /// Commands that install a self-hosted gateway.
    #[serde(deserialize_with = "null_as_default")]
    pub kubectl_commands: Vec<String>,
}

/// `v1SpectroClusterHealthStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Health {
    /// The verdict.
    #[serde(deserialize_with = "null_as_default")]
    pub state: HealthState,
    /// Version of the agent that reports.
    pub agent_version: String,
    /// Last sign of life. The API writes a capital B.
    #[serde(rename = "lastHeartBeatTimestamp", with = "time", skip_serializing_if = "Option::is_none")]
    pub last_heartbeat: Option<DateTime<Utc>>,
    /// What is wrong, where anything is.
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
}

/// One thing that is wrong (`v1SpectroClusterHealthCondition`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// Kind of trouble.
    #[serde(rename = "type")]
    pub kind: String,
    /// The trouble in words.
    pub message: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_object: Option<RelatedObject>,
}

/// What a condition is about (`v1RelatedObject`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RelatedObject {
    /// `spectrocluster`, `machine` and so on; there is no word for a gateway.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// Body of a migration (`v1OverlordMigrateEntity`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MigrateRequest {
    /// Gateway whose clusters all move.
    pub source_uid: String,
    /// Gateway that receives them.
    pub target_uid: String,
}

/// Answer to a deletion (`v1DeletedMsg`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeletedMsg {
    /// What was deleted, in words.
    pub msg: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_with_null_health_and_pools_reads() {
        let read: Overlord = serde_json::from_str(
            r#"{"kind":"","metadata":{"name":"pcg","uid":"u"},"spec":{"ipPools":null},"status":{"state":"Running","health":null}}"#,
        )
        .unwrap();
        assert_eq!(read.status.state, PcgState::Running);
        assert_eq!(read.status.health.state, HealthState::Unknown);
    }

    #[test]
    fn an_empty_health_word_is_kept_apart_from_healthy() {
        let read: Health = serde_json::from_str(r#"{"state":""}"#).unwrap();
        assert_eq!(read.state, HealthState::Other(String::new()));
    }
}
