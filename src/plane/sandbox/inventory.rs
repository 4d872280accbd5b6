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
    pub(super) projects: Vec<String>,
    pub(super) users: Vec<User>,
    pub(super) gateways: Vec<GatewayPlan>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) migrations: Vec<PastMigration>,
    pub(super) events: Vec<Event>,
}

/// A person of the trail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub(super) first: String,
    pub(super) last: String,
    pub(super) email: String,
}

/// A gateway and its clusters.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayPlan {
    pub(super) name: String,
    pub(super) cloud: String,
    pub(super) ip: String,
    pub(super) agent: String,
    #[serde(default = "running")]
    pub(super) state: PcgState,
    /// Minutes since its last heartbeat; none where it beats.
    pub(super) silent_minutes: Option<i64>,
    #[serde(default)]
    pub(super) self_hosted: bool,
    #[serde(default)]
    pub(super) system: bool,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) conditions: Vec<Condition>,
    #[serde(default)]
    pub(super) pools: Vec<PoolPlan>,
    pub(super) clusters: Vec<String>,
}

fn running() -> PcgState {
    PcgState::Running
}

/// An address pool within one /24 network.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolPlan {
    pub(super) name: String,
    pub(super) first_octets: String,
    pub(super) from: u8,
    pub(super) to: u8,
    /// Addresses given out, from the first on.
    pub(super) used: u8,
    pub(super) gateway: String,
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
    pub(super) cluster: String,
    #[serde(default = "running")]
    pub(super) state: PcgState,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) message: String,
}

/// A migration of the past.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastMigration {
    pub(super) days: i64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) clusters: usize,
}

/// A kind of entry of the trail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub(super) weight: u32,
    pub(super) action: ActionType,
    pub(super) title: String,
    pub(super) content: String,
    pub(super) kind: String,
    /// Resources it is about; empty for the inventory's own of that kind.
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// The service that does it, where no person does.
    pub(super) service: Option<String>,
    /// The plane does it.
    #[serde(default)]
    pub(super) system: bool,
    /// A note that some of them carry.
    #[serde(default)]
    pub(super) note: String,
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
