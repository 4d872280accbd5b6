//! The gateways as a person sees them: what the API calls an overlord, joined with its cloud type and the
//! clusters that reference it, which the API keeps elsewhere.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::api::cluster::{ClusterSummary, overlord_uid};
use crate::api::overlord::{Condition, IpPool, Overlord};
use crate::api::{CloudType, HealthState, PAGE_LIMIT, PcgState};
use crate::client::{Client, Error};
use crate::text;

/// Reads that run at the same time. The client's rate limit holds them back further where the plane wants it.
const AT_ONCE: usize = 8;

/// A gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct Pcg {
    /// Uid of the gateway (not of the cluster that it is).
    pub uid: String,
    /// Name; need not be unique.
    pub name: String,
    /// Infrastructure it serves; `None` while not known.
    pub cloud: Option<CloudType>,
    /// Where it is in its life.
    pub state: PcgState,
    /// How it does.
    pub health: HealthState,
    /// How many clusters reference it; `None` while not known.
    pub clusters: Option<usize>,
    /// Last sign of life.
    pub last_heartbeat: Option<DateTime<Utc>>,
    /// Version of its agent.
    pub agent_version: String,
    /// Address, where it has one.
    pub ip: String,
    /// What is wrong, where anything is.
    pub conditions: Vec<Condition>,
    /// Address pools.
    pub pools: Vec<IpPool>,
    /// The System Private Gateway.
    pub is_system: bool,
    /// Installed on a Kubernetes cluster that already existed.
    pub is_self_hosted: bool,
    /// When it was registered.
    pub created: Option<DateTime<Utc>>,
    /// Uid of the cluster that it is.
    pub spectro_cluster_uid: String,
    /// Cloud account that it made.
    pub cloud_account_uid: String,
}

impl Pcg {
    fn new(overlord: Overlord) -> Self {
        let Overlord { metadata, spec, status, .. } = overlord;
        Self {
            uid: metadata.uid,
            name: metadata.name,
            cloud: None,
            state: status.state,
            health: status.health.state,
            clusters: None,
            last_heartbeat: status.health.last_heartbeat,
            agent_version: status.health.agent_version,
            ip: spec.ip_address,
            conditions: status.health.conditions,
            pools: spec.ip_pools,
            is_system: spec.is_system,
            is_self_hosted: spec.is_self_hosted,
            created: metadata.creation_timestamp,
            spectro_cluster_uid: spec.spectro_cluster_uid,
            cloud_account_uid: spec.cloud_account_uid,
        }
    }

    fn rank(&self) -> (bool, bool, &str, &str) {
        (self.is_system, self.health != HealthState::UnHealthy, &self.name, &self.uid)
    }

    /// What a person types to confirm something irreversible: the name, or the uid where the name cannot be typed
    /// on every keyboard, is hidden in part, or is longer than a line.
    #[must_use]
    pub fn confirmation(&self) -> &str {
        let typable = |c: char| c.is_ascii_graphic() || c == ' ';
        let name = self.name.as_str();
        let plain = !name.is_empty() && name.len() <= 48 && name.trim() == name && name.chars().all(typable);
        if plain { name } else { &self.uid }
    }

    /// The cloud as a person knows it; a dash while it is not known.
    #[must_use]
    pub fn cloud_label(&self) -> &str {
        self.cloud.as_ref().map_or("–", CloudType::label)
    }
}

/// A cluster, as far as gateways are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRef {
    /// Uid of the cluster.
    pub uid: String,
    /// Name of the cluster.
    pub name: String,
    /// Project that owns it; wanted to read the cluster itself.
    pub project: Option<String>,
    /// Gateway that it references.
    pub overlord_uid: Option<String>,
    /// Where it is in its life.
    pub state: PcgState,
}

impl ClusterRef {
    fn new(summary: ClusterSummary) -> Self {
        Self {
            project: summary.project_uid().map(str::to_owned),
            overlord_uid: overlord_uid(&summary.metadata).map(str::to_owned),
            uid: summary.metadata.uid,
            name: summary.metadata.name,
            state: summary.status.state,
        }
    }
}

/// Everything that is known of the gateways. Its parts arrive one after another, the quickest first, so that
/// a screen has rows before the last cluster was counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    gateways: Vec<Overlord>,
    clouds: Clouds,
    clusters: Option<Vec<ClusterRef>>,
}

/// Cloud types by the uid of the cluster that a gateway is. They never change, so each is read once.
pub type Clouds = HashMap<String, CloudType>;

impl Inventory {
    /// Takes a fresh list of gateways.
    pub fn set_gateways(&mut self, gateways: Vec<Overlord>) {
        self.gateways = gateways;
    }

    /// Takes cloud types.
    pub fn add_clouds(&mut self, clouds: Clouds) {
        self.clouds.extend(clouds);
    }

    /// Takes a fresh list of clusters.
    pub fn set_clusters(&mut self, clusters: Vec<ClusterRef>) {
        self.clusters = Some(clusters);
    }

    /// Takes note that one cluster references another gateway now.
    pub fn cluster_moved(&mut self, cluster_uid: &str, to: &str) {
        let mut clusters = self.clusters.iter_mut().flatten();
        if let Some(cluster) = clusters.find(|cluster| cluster.uid == cluster_uid) {
            cluster.overlord_uid = Some(to.to_owned());
        }
    }

    /// The uids whose cloud type is still to be read.
    #[must_use]
    pub fn clouds_wanted(&self) -> Vec<String> {
        let uids = self.gateways.iter().map(|gateway| &gateway.spec.spectro_cluster_uid);
        uids.filter(|uid| !uid.is_empty() && !self.clouds.contains_key(*uid)).cloned().collect()
    }

    /// The clusters that reference a gateway; `None` while not known.
    #[must_use]
    pub fn clusters_of(&self, pcg_uid: &str) -> Option<Vec<&ClusterRef>> {
        let clusters = self.clusters.as_ref()?;
        Some(clusters.iter().filter(|cluster| cluster.overlord_uid.as_deref() == Some(pcg_uid)).collect())
    }

    /// The gateways, joined with what is known so far: those that need someone first, then by name, the System
    /// Private Gateway last.
    #[must_use]
    pub fn pcgs(&self) -> Vec<Pcg> {
        let counts = self.clusters.as_ref().map(|clusters| {
            clusters.iter().filter_map(|cluster| cluster.overlord_uid.as_deref()).fold(
                HashMap::<&str, usize>::new(),
                |mut counts, uid| {
                    *counts.entry(uid).or_default() += 1;
                    counts
                },
            )
        });
        let mut pcgs: Vec<Pcg> = self.gateways.iter().cloned().map(Pcg::new).collect();
        for pcg in &mut pcgs {
            pcg.cloud = self.clouds.get(&pcg.spectro_cluster_uid).cloned();
            pcg.clusters = counts.as_ref().map(|counts| counts.get(pcg.uid.as_str()).copied().unwrap_or(0));
        }
        pcgs.sort_by(|a, b| a.rank().cmp(&b.rank()));
        pcgs
    }
}

/// Reads everything, for callers that have no use for parts.
///
/// # Errors
/// As every read.
pub async fn inventory(client: &Client) -> Result<Inventory, Error> {
    let (gateways, clusters) = futures_util::future::try_join(client.overlords(), clusters(client)).await?;
    let mut inventory = Inventory::default();
    inventory.set_gateways(gateways);
    inventory.set_clusters(clusters);
    inventory.add_clouds(clouds(client, inventory.clouds_wanted()).await?);
    Ok(inventory)
}

/// Reads the cloud types of the clusters that gateways are. A cluster that the plane does not show has none.
///
/// # Errors
/// As every read, except that what is not found or not permitted is left out.
pub async fn clouds(client: &Client, uids: Vec<String>) -> Result<Clouds, Error> {
    let read = |uid: String| async move {
        match client.cluster(&uid, None).await {
            Ok(cluster) => Ok(cluster.spec.cloud_type.map(|cloud| (uid, cloud))),
            Err(error) if error.code().is_some() => Ok(None),
            Err(error) => Err(error),
        }
    };
    stream::iter(uids)
        .map(read)
        .buffer_unordered(AT_ONCE)
        .try_filter_map(|found| async move { Ok(found) })
        .try_collect()
        .await
}

/// Reads all clusters with the gateway that each references. Where the search does not tell it (the API allows
/// annotations there but does not promise them), each cluster is read by itself.
///
/// # Errors
/// As every read.
pub async fn clusters(client: &Client) -> Result<Vec<ClusterRef>, Error> {
    let mut found: Vec<ClusterRef> = Vec::new();
    let first = client.cluster_page(0).await?;
    let total = first.listmeta.count;
    found.extend(first.items.into_iter().map(ClusterRef::new));
    let offsets = (u64::from(PAGE_LIMIT)..total).step_by(PAGE_LIMIT as usize);
    let mut pages = stream::iter(offsets).map(|offset| client.cluster_page(offset)).buffered(AT_ONCE);
    // The count may move while pages are read; a page without clusters is the end whatever it says.
    while let Some(page) = pages.try_next().await?.filter(|page| !page.items.is_empty()) {
        found.extend(page.items.into_iter().map(ClusterRef::new));
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|cluster| seen.insert(cluster.uid.clone()));
    let whole = |mut cluster: ClusterRef| async move {
        if cluster.overlord_uid.is_none() {
            cluster.overlord_uid = reference(client, &cluster).await?.into_uid().filter(|uid| !uid.is_empty());
        }
        Ok(cluster)
    };
    stream::iter(found).map(whole).buffered(AT_ONCE).try_collect().await
}

/// The gateway that a cluster references.
pub(super) enum Reference {
    /// The gateway with this uid.
    To(String),
    /// None: the cluster was not launched through a gateway.
    Nowhere,
    /// The cluster itself is gone.
    ClusterGone,
}

impl Reference {
    /// The uid for a record: empty where there is no gateway, `None` where there is no cluster.
    pub(super) fn into_uid(self) -> Option<String> {
        match self {
            Self::To(uid) => Some(uid),
            Self::Nowhere => Some(String::new()),
            Self::ClusterGone => None,
        }
    }
}

/// Reads which gateway a cluster references.
pub(super) async fn reference(client: &Client, cluster: &ClusterRef) -> Result<Reference, Error> {
    match client.cluster(&cluster.uid, cluster.project.as_deref()).await {
        Ok(read) => Ok(overlord_uid(&read.metadata).map_or(Reference::Nowhere, |uid| Reference::To(uid.to_owned()))),
        Err(error) if error.not_found() => Ok(Reference::ClusterGone),
        Err(error) => Err(error),
    }
}

/// Why a name or uid does not lead to one gateway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Several gateways carry the name.
    #[error("{name:?} is the name of {} gateways; name one by its uid:{}", candidates.len(), listed(candidates))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The gateways that carry the name: uid, cloud, state and health.
        candidates: Vec<(String, String)>,
    },
    /// No gateway carries the name or uid.
    #[error("there is no gateway {name:?}; the gateways are:{}", listed(known))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Uid and name of those that exist, at most ten.
        known: Vec<(String, String)>,
    },
}

fn listed(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(uid, rest)| format!("\n  {}  {}", text::clean(uid), text::clean(rest))).collect()
}

/// Finds a gateway by its uid or its exact name.
///
/// # Errors
/// Where none or several carry the name.
pub fn resolve<'a>(pcgs: &'a [Pcg], wanted: &str) -> Result<&'a Pcg, Unresolved> {
    if let Some(pcg) = pcgs.iter().find(|pcg| pcg.uid == wanted) {
        return Ok(pcg);
    }
    let named: Vec<&Pcg> = pcgs.iter().filter(|pcg| pcg.name == wanted).collect();
    match named.as_slice() {
        [one] => Ok(one),
        [] => {
            let known = pcgs.iter().take(10).map(|pcg| (pcg.uid.clone(), pcg.name.clone()));
            Err(Unresolved::Unknown { name: wanted.to_owned(), known: known.collect() })
        }
        several => {
            let describe =
                |pcg: &&Pcg| (pcg.uid.clone(), format!("{}  {}  {}", pcg.cloud_label(), pcg.state, pcg.health));
            Err(Unresolved::Ambiguous { name: wanted.to_owned(), candidates: several.iter().map(describe).collect() })
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A running, healthy vSphere gateway.
    pub(crate) fn pcg(uid: &str, name: &str) -> Pcg {
        let mut overlord = Overlord::default();
        overlord.metadata.uid = uid.to_owned();
        overlord.metadata.name = name.to_owned();
        overlord.status.state = PcgState::Running;
        overlord.status.health.state = HealthState::Healthy;
        Pcg { cloud: Some(CloudType::Vsphere), clusters: Some(0), ..Pcg::new(overlord) }
    }

    #[test]
    fn parts_join_as_they_arrive() {
        let mut inventory = Inventory::default();
        let mut gateway = Overlord::default();
        gateway.metadata.uid = "g1".into();
        gateway.spec.spectro_cluster_uid = "c1".into();
        inventory.set_gateways(vec![gateway]);
        assert_eq!(inventory.clouds_wanted(), ["c1"]);
        assert_eq!((inventory.pcgs()[0].clusters, inventory.pcgs()[0].cloud_label()), (None, "–"));
        inventory.add_clouds(HashMap::from([("c1".to_owned(), CloudType::Maas)]));
        let cluster = |uid: &str, of: &str| ClusterRef {
            uid: uid.into(),
            name: uid.into(),
            project: None,
            overlord_uid: Some(of.into()),
            state: PcgState::Running,
        };
        inventory.set_clusters(vec![cluster("a", "g1"), cluster("b", "g1"), cluster("c", "other")]);
        let joined = inventory.pcgs();
        assert_eq!((joined[0].clusters, joined[0].cloud_label()), (Some(2), "MAAS"));
        assert!(inventory.clouds_wanted().is_empty());
    }

    #[test]
    fn an_ambiguous_name_lists_the_candidates() {
        let pcgs = [pcg("u1", "edge"), pcg("u2", "edge"), pcg("u3", "core")];
        assert_eq!(resolve(&pcgs, "u2").unwrap().uid, "u2");
        assert_eq!(resolve(&pcgs, "core").unwrap().uid, "u3");
        let words = resolve(&pcgs, "edge").unwrap_err().to_string();
        assert!(words.contains("u1") && words.contains("u2") && !words.contains("u3"), "{words}");
        assert!(resolve(&pcgs, "nope").unwrap_err().to_string().contains("core"));
    }
}
