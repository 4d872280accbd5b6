//! Deleting a gateway, and what that leaves behind.

use crate::api::{CloudType, PcgState};
use crate::client::{Client, Error};
use crate::text;

use super::migrate::{Check, Verdict};
use super::pcgs::{Pcg, inventory};

/// A deletion that was looked at but not begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The gateway.
    pub pcg: Pcg,
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

/// Reads the gateway anew and looks at it; `None` where it is gone already.
///
/// # Errors
/// Where the plane cannot be read.
pub async fn preflight(client: &Client, uid: &str) -> Result<Option<Plan>, Error> {
    let found = inventory(client).await?.pcgs().into_iter().find(|pcg| pcg.uid == uid);
    Ok(found.map(|pcg| Plan { checks: checks(&pcg), pcg }))
}

fn checks(pcg: &Pcg) -> Vec<Check> {
    let clusters = match pcg.clusters.unwrap_or(0) {
        0 => Check::new("No cluster needs it", Verdict::Pass, ""),
        n => {
            let need = if n == 1 { "needs" } else { "need" };
            let detail = format!("{} still {need} it; migrate them first", text::count(n, "cluster"));
            Check::new("No cluster needs it", Verdict::Fail, detail)
        }
    };
    let system = match pcg.is_system {
        true => Check::new("Not the System Private Gateway", Verdict::Fail, "the plane itself needs it"),
        false => Check::new("Not the System Private Gateway", Verdict::Pass, ""),
    };
    let mut checks = vec![clusters, system];
    if pcg.state == PcgState::Deleting {
        checks.push(Check::new("Nobody is deleting it", Verdict::Warn, "it is in state Deleting already"));
    }
    checks
}

/// What came of a deletion.
#[derive(Clone, Debug, PartialEq)]
pub struct Deleted {
    /// The gateway as it was.
    pub pcg: Pcg,
    /// What a person must remove now.
    pub residual: Vec<Residual>,
}

/// Why a gateway was not deleted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DeleteError {
    /// The plane refused, or the order never left: nothing was changed.
    #[error(transparent)]
    Refused(Error),
    /// The answer was lost, and the gateway is still there.
    #[error(
        "the answer to the deletion was lost ({reason}) and the plane still shows the gateway. Nothing was sent \
         again; look at it once more before you repeat the deletion"
    )]
    StillThere {
        /// Why the answer was lost.
        reason: String,
    },
    /// The answer was lost, and the plane cannot be asked.
    #[error("the answer to the deletion was lost ({reason}), and whether the gateway is gone cannot be read: {again}")]
    Unknown {
        /// Why the answer was lost.
        reason: String,
        /// Why the state cannot be read.
        again: String,
    },
}

/// Deletes the gateway of a plan. The order is sent once; where its answer is lost, the gateway is read again.
///
/// # Errors
/// See [`DeleteError`].
pub async fn run(client: &Client, plan: &Plan) -> Result<Deleted, DeleteError> {
    let done = || Deleted { residual: residual(&plan.pcg), pcg: plan.pcg.clone() };
    let lost = match client.delete_overlord(&plan.pcg.uid).await {
        Ok(_) => return Ok(done()),
        Err(error) if error.outcome_unknown() => error.reason(),
        Err(error) => return Err(DeleteError::Refused(error)),
    };
    match client.overlord(&plan.pcg.uid).await {
        Err(error) if error.not_found() => Ok(done()),
        Ok(_) => Err(DeleteError::StillThere { reason: lost }),
        Err(error) => Err(DeleteError::Unknown { reason: lost, again: error.to_string() }),
    }
}

/// Something that deleting a gateway leaves behind and a person must remove.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Residual {
    /// What it is.
    pub what: String,
    /// Where and by which name to look for it.
    #[serde(rename = "lookFor")]
    pub look_for: String,
    /// Commands that find or remove it; to be read before they are run.
    pub commands: Vec<String>,
}

impl Residual {
    fn new(what: &str, look_for: String, command: Option<String>) -> Self {
        Self { what: what.to_owned(), look_for, commands: command.into_iter().collect() }
    }
}

/// What a deleted gateway leaves behind (Palette's "Delete a PCG" and "PCG troubleshooting"): Palette removes its
/// own record and services, never machines, and the machines carry the gateway's name as a prefix.
#[must_use]
pub fn residual(pcg: &Pcg) -> Vec<Residual> {
    let name = text::clean(&pcg.name).into_owned();
    let mut left = if pcg.is_self_hosted { namespaces() } else { machines(pcg.cloud.as_ref(), &name) };
    let account = match pcg.cloud_account_uid.as_str() {
        "" => format!("Tenant Settings > Cloud Accounts: the account that {name} made"),
        uid => format!("Tenant Settings > Cloud Accounts: the account {uid}, made by {name}"),
    };
    left.push(Residual::new("Cloud account", account, None));
    if !pcg.pools.is_empty() {
        let pools: Vec<String> = pcg.pools.iter().map(|pool| text::clean(&pool.metadata.name).into_owned()).collect();
        let entries = format!("DHCP, DNS and firewall entries for its pools: {}", pools.join(", "));
        left.push(Residual::new("Address reservations", entries, None));
    }
    left
}

fn namespaces() -> Vec<Residual> {
    vec![
        Residual {
            what: "Namespaces of the gateway".to_owned(),
            look_for: "on the Kubernetes cluster it was installed on".to_owned(),
            commands: vec![
                "kubectl delete namespace jet-system".to_owned(),
                "kubectl delete namespace --selector spectrocloud.com/hostMode=self-hosted-pcg".to_owned(),
            ],
        },
        Residual {
            what: "Namespaces that stay in Terminating".to_owned(),
            look_for: "resources with finalizers in cluster-* namespaces".to_owned(),
            commands: vec!["kubectl get namespaces --field-selector status.phase=Terminating".to_owned()],
        },
    ]
}

fn machines(cloud: Option<&CloudType>, name: &str) -> Vec<Residual> {
    let pattern = quoted(&format!("{name}*"));
    match cloud {
        Some(CloudType::Vsphere) => vec![
            Residual::new(
                "Virtual machines",
                format!("VMs in vCenter whose names begin with {name}; another gateway's may begin alike, check each"),
                Some(format!("govc find / -type m -name {pattern}")),
            ),
            Residual::new(
                "Deployment zones of clusters made before 4.7",
                "stale VSphereDeploymentZone and VSphereFailureDomain objects".to_owned(),
                Some("kubectl get vspheredeploymentzones,vspherefailuredomains".to_owned()),
            ),
        ],
        Some(CloudType::Maas) => vec![Residual::new(
            "Machines",
            format!("machines deployed under names that begin with {name}; release them in MAAS"),
            Some(format!(
                "maas PROFILE machines read | jq -r '.[].hostname' | grep -- {}",
                quoted(&format!("^{}", literal(name)))
            )),
        )],
        Some(CloudType::CloudStack) => vec![Residual::new(
            "Virtual machines",
            format!("instances whose names begin with {name}"),
            Some(format!("cmk list virtualmachines keyword={} filter=id,name,state", quoted(name))),
        )],
        Some(CloudType::OpenStack) => vec![Residual::new(
            "Virtual machines, load balancers and networks",
            format!("servers, load balancers and networks whose names begin with {name}"),
            Some(format!("openstack server list --name {}", quoted(&format!("^{}", literal(name))))),
        )],
        _ => vec![Residual::new(
            "Machines",
            format!("machines whose names begin with {name} in the infrastructure"),
            None,
        )],
    }
}

/// A word that a POSIX shell reads as it stands.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A name as a regular expression that matches it alone.
fn literal(name: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        if r"\.^$*+?()[]{}|".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// The residual resources as a checklist to keep or to print.
#[must_use]
pub fn checklist(deleted: &Deleted) -> String {
    let name = text::clean(&deleted.pcg.name);
    let mut out = format!(
        "Residual resources of the deleted Private Cloud Gateway {name} (uid {}, {})\n\n\
         Palette removed its own record. What follows is left for a person; read each command before you run it.\n",
        deleted.pcg.uid,
        deleted.pcg.cloud_label(),
    );
    for item in &deleted.residual {
        out += &format!("\n[ ] {}\n    {}\n", item.what, item.look_for);
        for command in &item.commands {
            out += &format!("      {command}\n");
        }
    }
    text::clean_lines(&out) + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::pcgs::tests::pcg;
    use super::*;

    #[test]
    fn a_gateway_with_clusters_may_not_be_deleted() {
        let plan = |pcg: Pcg| Plan { checks: checks(&pcg), pcg };
        assert!(plan(pcg("u", "n")).may_proceed());
        assert!(!plan(Pcg { clusters: Some(3), ..pcg("u", "n") }).may_proceed());
        assert!(!plan(Pcg { is_system: true, ..pcg("u", "n") }).may_proceed());
    }

    #[test]
    fn commands_carry_names_that_a_shell_cannot_misread() {
        let evil = pcg("u", "a'; rm -rf / #");
        let commands: Vec<String> = residual(&evil).into_iter().flat_map(|item| item.commands).collect();
        assert!(commands[0].contains(r"'a'\''; rm -rf / #*'"), "{commands:?}");
    }

    #[test]
    fn a_self_hosted_gateway_leaves_namespaces_others_leave_machines() {
        let hosted = Pcg { is_self_hosted: true, ..pcg("u", "hosted") };
        assert!(checklist(&Deleted { residual: residual(&hosted), pcg: hosted }).contains("jet-system"));
        let plain = pcg("u", "plain");
        let text = checklist(&Deleted { residual: residual(&plain), pcg: plain });
        assert!(text.contains("'plain*'") && !text.contains("jet-system"), "{text}");
    }
}
