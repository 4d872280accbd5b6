//! Gateways, clusters and projects of a sandbox: the curated ones first, then as many more as the scale asks for.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Transaction;

use super::inventory::{GatewayPlan, Inventory};
use crate::api::PcgState;
use crate::api::cluster::ProjectMeta;
use crate::api::overlord::Condition;
use crate::plane::failure::Failure;
use crate::plane::health::Report;
use crate::plane::settings::Scale;
use crate::plane::store::clusters::{self, Role, Stored};
use crate::plane::store::gateways::{self, Gateway};
use crate::plane::uid;

const CITIES: [&str; 16] = [
    "aachen",
    "basel",
    "bremen",
    "cologne",
    "dresden",
    "essen",
    "frankfurt",
    "graz",
    "hanover",
    "kiel",
    "leipzig",
    "linz",
    "mainz",
    "potsdam",
    "stuttgart",
    "vienna",
];
const CLOUDS: [(&str, &str); 4] =
    [("vsphere", "vsphere"), ("maas", "maas"), ("cloudstack", "apache-cloudstack"), ("nutanix", "nutanix")];
const TEAMS: [&str; 6] = ["payments", "web", "edge", "data", "ml", "platform"];
const STAGES: [&str; 4] = ["prod", "stage", "test", "dev"];

/// Everything that a sandbox holds beside its history.
pub struct World {
    pub(super) projects: Vec<ProjectMeta>,
    pub(super) gateways: Vec<Gateway>,
    pub(super) clusters: Vec<Stored>,
}

/// Makes up a world of the wanted size.
pub fn world(curated: &Inventory, scale: Scale, rng: &mut fastrand::Rng, now: DateTime<Utc>) -> World {
    let projects: Vec<_> =
        curated.projects.iter().map(|name| ProjectMeta { name: name.clone(), uid: uid::from_rng(rng) }).collect();
    let mut world = World { projects, gateways: Vec::new(), clusters: Vec::new() };
    for plan in &curated.gateways {
        world.add_gateway(plan, rng, now);
    }
    for number in curated.gateways.len()..scale.pcgs {
        let plan = more(number, rng);
        world.add_gateway(&plan, rng, now);
    }
    world.add_clusters(scale.clusters, rng, now);
    for trouble in &curated.troubles {
        for cluster in world.clusters.iter_mut().filter(|cluster| cluster.name == trouble.cluster) {
            cluster.report.state = trouble.state.clone();
            cluster.beating = trouble.state == PcgState::Running;
            cluster.report.conditions.extend(trouble.kind.iter().map(|kind| Condition {
                kind: kind.clone(),
                message: trouble.message.clone(),
                related_object: None,
            }));
        }
    }
    world
}

/// One gateway more, of which every tenth is in some kind of trouble.
fn more(number: usize, rng: &mut fastrand::Rng) -> GatewayPlan {
    let city = CITIES.get(number % CITIES.len()).copied().unwrap_or("site");
    let (word, cloud) = CLOUDS.get(rng.usize(..CLOUDS.len())).copied().unwrap_or(("vsphere", "vsphere"));
    let trouble =
        Condition { kind: "NodeNotReady".into(), message: "1 of 3 nodes is not ready".into(), related_object: None };
    let fate = rng.u32(..20);
    GatewayPlan {
        name: format!("{city}-{word}-{number}"),
        cloud: cloud.to_owned(),
        ip: format!("10.{}.{}.11", 100 + number / 250, number % 250),
        agent: "4.8.6".to_owned(),
        state: PcgState::Running,
        silent_minutes: (fate == 0).then(|| rng.i64(12..3000)),
        self_hosted: cloud == "nutanix",
        system: false,
        labels: BTreeMap::from([("site".to_owned(), city.to_owned())]),
        conditions: if fate == 1 { vec![trouble] } else { Vec::new() },
        pools: Vec::new(),
        clusters: Vec::new(),
    }
}

/// The cluster that a gateway itself is.
fn own_cluster(gateway: &Gateway) -> Stored {
    Stored {
        uid: gateway.spectro_cluster_uid.clone(),
        role: Role::Gateway,
        name: gateway.name.clone(),
        created: gateway.created,
        modified: gateway.modified,
        cloud_type: gateway.cloud_type.clone(),
        gateway_uid: gateway.uid.clone(),
        beating: gateway.beating,
        report: gateway.report.clone(),
        ..Stored::default()
    }
}

impl World {
    fn add_gateway(&mut self, plan: &GatewayPlan, rng: &mut fastrand::Rng, now: DateTime<Utc>) {
        let uid = uid::from_rng(rng);
        let created = now - TimeDelta::minutes(rng.i64(300 * 1440..700 * 1440));
        let beating = plan.silent_minutes.is_none() && plan.state == PcgState::Running;
        let report = Report {
            state: plan.state.clone(),
            agent_version: plan.agent.clone(),
            last_heartbeat: plan.silent_minutes.map(|minutes| now - TimeDelta::minutes(minutes)),
            conditions: plan.conditions.clone(),
        };
        let gateway = Gateway {
            name: plan.name.clone(),
            labels: plan.labels.clone(),
            annotations: BTreeMap::new(),
            created,
            modified: created,
            cloud_type: plan.cloud.clone(),
            cloud_account_uid: uid::from_rng(rng),
            spectro_cluster_uid: uid::from_rng(rng),
            ip_address: plan.ip.clone(),
            ip_pools: plan.pools.iter().map(|pool| pool.to_wire(&uid, rng)).collect(),
            self_hosted: plan.self_hosted,
            system: plan.system,
            beating,
            report,
            uid,
        };
        self.clusters.push(own_cluster(&gateway));
        for name in &plan.clusters {
            self.add_cluster(name.clone(), &gateway, rng, now);
        }
        self.gateways.push(gateway);
    }

    fn add_clusters(&mut self, wanted: usize, rng: &mut fastrand::Rng, now: DateTime<Utc>) {
        let open: Vec<_> =
            self.gateways.iter().filter(|gateway| gateway.report.state == PcgState::Running).cloned().collect();
        let curated = self.clusters.iter().filter(|cluster| cluster.role == Role::Workload).count();
        for number in curated..wanted {
            let pick = |words: &[&str], rng: &mut fastrand::Rng| {
                words.get(rng.usize(..words.len())).copied().unwrap_or("web").to_owned()
            };
            let name = format!("{}-{}-{number}", pick(&TEAMS, rng), pick(&STAGES, rng));
            if let Some(gateway) = open.get(rng.usize(..open.len().max(1))) {
                self.add_cluster(name, gateway, rng, now);
            }
        }
    }

    fn add_cluster(&mut self, name: String, gateway: &Gateway, rng: &mut fastrand::Rng, now: DateTime<Utc>) {
        let project = self.projects.iter().find(|project| name.starts_with(&project.name)).or(self.projects.first());
        let created = now - TimeDelta::minutes(rng.i64(1440..290 * 1440));
        let stage = STAGES.into_iter().find(|stage| name.split('-').any(|word| word == *stage)).unwrap_or("prod");
        let cluster = Stored {
            uid: uid::from_rng(rng),
            role: Role::Workload,
            labels: BTreeMap::from([("stage".to_owned(), stage.to_owned())]),
            created,
            modified: created + TimeDelta::minutes(rng.i64(0..1440)),
            cloud_type: gateway.cloud_type.clone(),
            project: project.cloned(),
            gateway_uid: gateway.uid.clone(),
            beating: true,
            report: Report {
                state: PcgState::Running,
                agent_version: if rng.u32(..6) == 0 { "4.8.5" } else { "4.8.6" }.to_owned(),
                ..Report::default()
            },
            name,
        };
        self.clusters.push(cluster);
    }
}

/// Writes a world into an empty database.
///
/// # Errors
/// Those of the storage.
pub fn insert(transaction: &Transaction<'_>, world: &World) -> Result<(), Failure> {
    for project in &world.projects {
        clusters::insert_project(transaction, project)?;
    }
    for gateway in &world.gateways {
        gateways::insert(transaction, gateway)?;
    }
    world.clusters.iter().try_for_each(|cluster| clusters::insert(transaction, cluster))
}
