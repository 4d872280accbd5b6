//! The curated inventory, as `assets/sandbox/inventory.toml` writes it down.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::overlord::{Condition, IpPool, IpPoolSpec, IpPoolStatus, Pool};
use crate::api::{ActionType, ObjectMeta, PcgState};
use crate::plane::uid;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    pub projects: Vec<String>,
    pub users: Vec<User>,
    pub gateways: Vec<GatewayPlan>,
    pub troubles: Vec<Trouble>,
    pub migrations: Vec<PastMigration>,
    pub events: Vec<Event>,
}

/// A person of the trail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub first: String,
    pub last: String,
    pub email: String,
}

/// A gateway and its clusters.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayPlan {
    pub name: String,
    pub cloud: String,
    pub ip: String,
    pub agent: String,
    #[serde(default = "running")]
    pub state: PcgState,
    /// Minutes since its last heartbeat; none where it beats.
    pub silent_minutes: Option<i64>,
    #[serde(default)]
    pub self_hosted: bool,
    #[serde(default)]
    pub system: bool,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub conditions: Vec<Condition>,
    #[serde(default)]
    pub pools: Vec<PoolPlan>,
    pub clusters: Vec<String>,
}

fn running() -> PcgState {
    PcgState::Running
}

/// An address pool within one /24 network.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolPlan {
    pub name: String,
    pub first_octets: String,
    pub from: u8,
    pub to: u8,
    /// Addresses given out, from the first on.
    pub used: u8,
    pub gateway: String,
}

impl PoolPlan {
    /// As the API writes it.
    pub fn to_wire(&self, gateway_uid: &str, rng: &mut fastrand::Rng) -> IpPool {
        let address = |last: u8| format!("{}.{last}", self.first_octets);
        let taken = self.from.saturating_add(self.used);
        IpPool {
            metadata: ObjectMeta { name: self.name.clone(), uid: uid::from_rng(rng), ..ObjectMeta::default() },
            spec: IpPoolSpec {
                pool: Pool {
                    start: address(self.from),
                    end: address(self.to),
                    gateway: self.gateway.clone(),
                    prefix: 24,
                    ..Pool::default()
                },
                private_gateway_uid: gateway_uid.to_owned(),
                restrict_to_single_cluster: false,
            },
            status: IpPoolStatus {
                allotted_ips: (self.from..taken).map(address).collect(),
                available_ips: (taken..=self.to).map(address).collect(),
                associated_clusters: Vec::new(),
                in_use: self.used > 0,
            },
        }
    }
}

/// A cluster that is not simply running and healthy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    pub cluster: String,
    #[serde(default = "running")]
    pub state: PcgState,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub message: String,
}

/// A migration of the past.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastMigration {
    pub days: i64,
    pub from: String,
    pub to: String,
    pub clusters: usize,
}

/// A kind of entry of the trail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub weight: u32,
    pub action: ActionType,
    pub title: String,
    pub content: String,
    pub kind: String,
    /// Resources it is about; empty for the inventory's own of that kind.
    #[serde(default)]
    pub names: Vec<String>,
    /// The service that does it, where no person does.
    pub service: Option<String>,
    /// The plane does it.
    #[serde(default)]
    pub system: bool,
    /// A note that some of them carry.
    #[serde(default)]
    pub note: String,
}

/// Reads the inventory that the binary carries.
///
/// # Errors
/// Where the file is malformed, which the tests rule out.
pub fn read() -> Result<Inventory, toml::de::Error> {
    toml::from_str(include_str!("../../../assets/sandbox/inventory.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Scale;

    #[test]
    fn the_curated_inventory_is_what_the_default_scale_says() {
        let inventory = read().unwrap();
        let clusters: Vec<_> = inventory.gateways.iter().flat_map(|gateway| &gateway.clusters).collect();
        let scale = Scale::default();
        assert_eq!((inventory.gateways.len(), clusters.len()), (scale.pcgs, scale.clusters));
        let distinct: std::collections::BTreeSet<_> = clusters.iter().collect();
        assert_eq!(distinct.len(), clusters.len());
        for trouble in &inventory.troubles {
            assert!(clusters.contains(&&trouble.cluster), "{} is no cluster", trouble.cluster);
        }
    }

    #[test]
    fn a_pool_accounts_for_every_address() {
        let plan = &read().unwrap().gateways[0].pools[0];
        let pool = plan.to_wire("g", &mut fastrand::Rng::with_seed(1));
        assert_eq!(pool.status.allotted_ips.len() + pool.status.available_ips.len(), 32);
        assert_eq!(pool.status.allotted_ips.last().map(String::as_str), Some("10.20.8.32"));
        assert_eq!(pool.spec.pool.end, "10.20.8.41");
    }
}
