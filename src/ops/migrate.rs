//! Migration: preflight, send once, watch, prove.
//!
//! A plane answers a migration before a cluster has moved and returns no job to ask for, so the only proof is each
//! cluster's own annotation, read again (Palette's "Migrate PCG", validation). The order itself is sent
//! once: where its answer is lost, the state is read again and told as it is.

mod watch;

use crate::api::error::code;
use crate::api::overlord::MigrateRequest;
use crate::api::{CloudType, HealthState, PcgState};
use crate::client::{Client, Error};
use crate::text;

use super::pcgs::{ClusterRef, Inventory, Pcg, inventory};

/// Why a gateway cannot receive the clusters of another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ineligible {
    /// It is the source.
    #[error("is the source itself")]
    Source,
    /// It serves another infrastructure.
    #[error("another cloud type ({})", .0.label())]
    OtherCloud(CloudType),
    /// It is not in use.
    #[error("not running ({0})")]
    NotRunning(PcgState),
    /// It does not do well.
    #[error("not healthy ({})", health_word(.0))]
    NotHealthy(HealthState),
}

/// The health as a person reads it.
#[must_use]
pub fn health_word(health: &HealthState) -> &str {
    match health {
        HealthState::Healthy => "Healthy",
        HealthState::UnHealthy => "Unhealthy",
        HealthState::Other(word) if !word.is_empty() => word,
        HealthState::Unknown | HealthState::Other(_) => "Unknown",
    }
}

/// Whether `target` can receive the clusters of `source`: another gateway, running, healthy, and of the same
/// cloud type as far as both are known.
///
/// # Errors
/// The first reason against it.
pub fn eligibility(source: &Pcg, target: &Pcg) -> Result<(), Ineligible> {
    if source.uid == target.uid {
        return Err(Ineligible::Source);
    }
    if let (Some(from), Some(to)) = (&source.cloud, &target.cloud)
        && from != to
    {
        return Err(Ineligible::OtherCloud(to.clone()));
    }
    if target.state != PcgState::Running {
        return Err(Ineligible::NotRunning(target.state.clone()));
    }
    if target.health != HealthState::Healthy {
        return Err(Ineligible::NotHealthy(target.health.clone()));
    }
    Ok(())
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Worth knowing, no obstacle.
    Warn,
    /// An obstacle.
    Fail,
}

/// One check before a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub what: String,
    /// What it came to.
    pub verdict: Verdict,
    /// The finding in words.
    pub detail: String,
}

impl Check {
    pub(super) fn new(what: &str, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self { what: what.to_owned(), verdict, detail: detail.into() }
    }
}

/// A migration that was looked at but not begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Gateway whose clusters move.
    pub source: Pcg,
    /// Gateway that receives them.
    pub target: Pcg,
    /// What moves.
    pub clusters: Vec<ClusterRef>,
    /// What was looked at.
    pub checks: Vec<Check>,
}

impl Plan {
    /// Whether nothing stands in the way.
    #[must_use]
    pub fn may_proceed(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Fail)
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PreflightError {
    /// The plane could not be read.
    #[error(transparent)]
    Client(#[from] Error),
    /// The gateway that should be migrated is gone.
    #[error("the gateway {0} no longer exists; someone may have deleted it. Read the list again")]
    SourceGone(String),
    /// The gateway that should receive the clusters is gone.
    #[error("the gateway {0} no longer exists; choose another destination")]
    TargetGone(String),
}

/// Reads everything anew and looks at it.
///
/// # Errors
/// Where the plane cannot be read or one of the gateways is gone.
pub async fn preflight(client: &Client, source_uid: &str, target_uid: &str) -> Result<Plan, PreflightError> {
    plan(&inventory(client).await?, source_uid, target_uid)
}

/// The plan for what is known of the gateways.
///
/// # Errors
/// Where one of the gateways is gone.
pub fn plan(inventory: &Inventory, source_uid: &str, target_uid: &str) -> Result<Plan, PreflightError> {
    let pcgs = inventory.pcgs();
    let find = |uid: &str| pcgs.iter().find(|pcg| pcg.uid == uid).cloned();
    let source = find(source_uid).ok_or_else(|| PreflightError::SourceGone(source_uid.to_owned()))?;
    let target = find(target_uid).ok_or_else(|| PreflightError::TargetGone(target_uid.to_owned()))?;
    let mut clusters: Vec<ClusterRef> =
        inventory.clusters_of(source_uid).unwrap_or_default().into_iter().cloned().collect();
    clusters.sort_by(|a, b| (&a.name, &a.uid).cmp(&(&b.name, &b.uid)));
    let checks = checks(&source, &target, &clusters);
    Ok(Plan { source, target, clusters, checks })
}

fn checks(source: &Pcg, target: &Pcg, clusters: &[ClusterRef]) -> Vec<Check> {
    let verdict = |good: bool| if good { Verdict::Pass } else { Verdict::Fail };
    let running = target.state == PcgState::Running;
    let healthy = target.health == HealthState::Healthy;
    let mut checks = vec![
        Check::new("Destination is another gateway", verdict(source.uid != target.uid), target.name.clone()),
        Check::new("Destination is running", verdict(running), target.state.to_string()),
        Check::new("Destination is healthy", verdict(healthy), health_word(&target.health)),
        cloud_check(source, target),
    ];
    if source.is_system {
        let detail = "the System Private Gateway keeps its clusters";
        checks.push(Check::new("Source can be migrated", Verdict::Fail, detail));
    }
    let moving = match clusters.len() {
        0 => Check::new("Clusters to move", Verdict::Warn, "none reference the source"),
        n => Check::new("Clusters to move", Verdict::Pass, text::count(n, "cluster")),
    };
    checks.push(moving);
    let unsettled = clusters.iter().filter(|cluster| cluster.state != PcgState::Running).count();
    if unsettled > 0 {
        let detail = format!("{} not in state Running; they move as well", text::count(unsettled, "cluster"));
        checks.push(Check::new("Clusters are settled", Verdict::Warn, detail));
    }
    checks
}

fn cloud_check(source: &Pcg, target: &Pcg) -> Check {
    let (verdict, detail) = match (&source.cloud, &target.cloud) {
        (Some(from), Some(to)) if from == to => (Verdict::Pass, from.label().to_owned()),
        (Some(from), Some(to)) => (Verdict::Fail, format!("{} and {}", from.label(), to.label())),
        _ => (Verdict::Warn, "not known; the plane decides".to_owned()),
    };
    Check::new("Same cloud type", verdict, detail)
}

/// What happens while a migration runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// The order goes out.
    Sending,
    /// The plane took the order.
    Accepted,
    /// The plane says that this very migration is already under way: another console started it.
    AlreadyRunning,
    /// The answer to the order was lost; the state is being read again.
    AnswerLost {
        /// Why.
        reason: String,
    },
    /// A cluster references the target now.
    Moved {
        /// The cluster.
        cluster: ClusterRef,
    },
    /// The plane does not answer; reading goes on.
    PlaneLost {
        /// Why.
        reason: String,
    },
    /// The plane answers again.
    PlaneBack,
    /// The session has ended; reading goes on once someone has signed in.
    SignedOut,
    /// Every cluster has moved; each is being read once more.
    Proving,
}

/// A cluster with the gateway it was last seen to reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The cluster.
    pub cluster: ClusterRef,
    /// The gateway it references; `None` where the cluster was deleted meanwhile.
    pub overlord_uid: Option<String>,
}

/// What a migration came to, read back from the plane cluster by cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Gateway whose clusters moved.
    pub source: Pcg,
    /// Gateway that received them.
    pub target: Pcg,
    /// Every cluster that was to move.
    pub clusters: Vec<Proved>,
}

impl Proof {
    /// How many clusters reference the target.
    #[must_use]
    pub fn moved(&self) -> usize {
        self.clusters.iter().filter(|proved| proved.overlord_uid.as_deref() == Some(&self.target.uid)).count()
    }

    /// How many clusters were deleted by someone meanwhile.
    #[must_use]
    pub fn deleted(&self) -> usize {
        self.clusters.iter().filter(|proved| proved.overlord_uid.is_none()).count()
    }

    /// How many clusters were to move.
    #[must_use]
    pub fn total(&self) -> usize {
        self.clusters.len()
    }

    /// Whether every cluster that still exists references the target.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.moved() + self.deleted() == self.total()
    }
}

/// Why a migration did not come to its end before our eyes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MigrateError {
    /// The plane refused the order, or it never left: nothing was changed.
    #[error(transparent)]
    NotStarted(Error),
    /// The answer was lost and the plane shows no sign of the migration: nothing was sent again.
    #[error(
        "the answer to the migration was lost ({reason}) and the plane still shows 0 of {total} clusters on \
         {target}. Nothing was sent again; look at the audit logs, then start the migration anew"
    )]
    NoSign {
        /// Why the answer was lost.
        reason: String,
        /// Name of the target.
        target: String,
        /// How many clusters were to move.
        total: usize,
    },
    /// No cluster moved for a long time.
    #[error(
        "no cluster has moved for {waited}: the plane shows {moved} of {total} on {target}{}. The migration may go on \
         by itself; watch it again, or look at the audit logs", last_words.as_ref().map_or_else(String::new, |words| format!("; its last words: {words}"))
    )]
    Stalled {
        /// How many clusters reference the target.
        moved: usize,
        /// How many were to move.
        total: usize,
        /// Name of the target.
        target: String,
        /// How long nothing moved, in words.
        waited: String,
        /// The newest audit entry about the source.
        last_words: Option<String>,
    },
    /// Watching ended for a reason of its own.
    #[error("{0} The migration may go on by itself; watch it again, or look at the audit logs")]
    Lost(Error),
}

/// Starts the migration of a plan and watches it to its end.
///
/// # Errors
/// See [`MigrateError`]; after anything but `NotStarted` the migration may be going on.
pub async fn run(client: &Client, plan: &Plan, report: impl FnMut(Progress) + Send) -> Result<Proof, MigrateError> {
    let mut watch = watch::Watch::new(client, plan, report);
    watch.report(Progress::Sending);
    let request = MigrateRequest { source_uid: plan.source.uid.clone(), target_uid: plan.target.uid.clone() };
    match client.migrate(&request).await {
        Ok(()) => watch.report(Progress::Accepted),
        Err(error) if is_the_same_migration(&error, &plan.target.uid) => watch.report(Progress::AlreadyRunning),
        Err(error) if error.outcome_unknown() => watch.answer_lost(error.reason()),
        Err(error) => return Err(MigrateError::NotStarted(error)),
    }
    watch.follow().await
}

/// Watches a migration that was started before, without starting anything.
///
/// # Errors
/// As [`run`].
pub async fn resume(client: &Client, plan: &Plan, report: impl FnMut(Progress) + Send) -> Result<Proof, MigrateError> {
    watch::Watch::new(client, plan, report).follow().await
}

fn is_the_same_migration(error: &Error, target_uid: &str) -> bool {
    error.code() == Some(code::MIGRATION_RUNNING) && error.detail("targetUid") == Some(target_uid)
}

#[cfg(test)]
mod tests {
    use super::super::pcgs::tests::pcg;
    use super::*;

    #[test]
    fn a_target_runs_is_healthy_and_of_the_same_cloud() {
        let source = pcg("s", "source");
        assert_eq!(eligibility(&source, &pcg("t", "target")), Ok(()));
        assert_eq!(eligibility(&source, &source), Err(Ineligible::Source));
        let maas = Pcg { cloud: Some(CloudType::Maas), ..pcg("t", "t") };
        assert_eq!(eligibility(&source, &maas).unwrap_err().to_string(), "another cloud type (MAAS)");
        let pending = Pcg { state: PcgState::Pending, ..pcg("t", "t") };
        assert_eq!(eligibility(&source, &pending).unwrap_err().to_string(), "not running (Pending)");
        let sick = Pcg { health: HealthState::UnHealthy, ..pcg("t", "t") };
        assert_eq!(eligibility(&source, &sick).unwrap_err().to_string(), "not healthy (Unhealthy)");
    }

    #[test]
    fn an_unknown_cloud_leaves_the_decision_to_the_plane() {
        let unknown = Pcg { cloud: None, ..pcg("t", "t") };
        assert_eq!(eligibility(&pcg("s", "s"), &unknown), Ok(()));
        assert_eq!(cloud_check(&pcg("s", "s"), &unknown).verdict, Verdict::Warn);
    }

    #[test]
    fn a_plan_with_a_failed_check_may_not_proceed() {
        let (source, sick) = (pcg("s", "s"), Pcg { health: HealthState::UnHealthy, ..pcg("t", "t") });
        let plan = |target: &Pcg| Plan {
            checks: checks(&source, target, &[]),
            source: source.clone(),
            target: target.clone(),
            clusters: Vec::new(),
        };
        assert!(!plan(&sick).may_proceed());
        assert!(plan(&pcg("t", "t")).may_proceed(), "no clusters is a warning only");
    }

    #[test]
    fn clusters_deleted_meanwhile_do_not_spoil_the_proof() {
        let proved = |to: Option<&str>| Proved {
            cluster: ClusterRef {
                uid: "c".into(),
                name: "c".into(),
                project: None,
                overlord_uid: None,
                state: PcgState::Running,
            },
            overlord_uid: to.map(str::to_owned),
        };
        let proof = |clusters| Proof { source: pcg("s", "s"), target: pcg("t", "t"), clusters };
        assert!(proof(vec![proved(Some("t")), proved(None)]).is_whole());
        assert!(!proof(vec![proved(Some("t")), proved(Some("s"))]).is_whole());
    }
}
