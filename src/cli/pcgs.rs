//! `pcgs`: the gateways.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use crate::api::meta::time;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::ops::delete::{self, DeleteError, Deleted, Residual};
use crate::ops::migrate::{self, MigrateError, Plan, Progress, Proof, Verdict, health_word};
use crate::ops::pcgs::{Inventory, Pcg, Unresolved, inventory, resolve};
use crate::ops::rename::{self, RenameError};
use crate::text;

use super::connect::Plane;
use super::failure::{Exit, Failure, exit_of};
use super::output::{Header, Output, confirm, say};

/// What to do with gateways.
#[derive(Subcommand, Debug)]
pub enum Pcgs {
    /// List all gateways with their health
    List(Output),
    /// Show one gateway with its conditions and clusters
    Show(Show),
    /// Move all clusters of one gateway to another; waits until each has moved
    Migrate(Migrate),
    /// Delete a gateway that has no clusters, and tell what is left to clean by hand
    Delete(Delete),
    /// Give a gateway another name
    Rename(Rename),
}

/// `pcgs show`.
#[derive(Args, Debug)]
pub struct Show {
    /// Name or uid of the gateway
    name: String,
    #[command(flatten)]
    output: Output,
}

/// `pcgs migrate`.
#[derive(Args, Debug)]
pub struct Migrate {
    /// Name or uid of the gateway whose clusters move
    source: String,
    /// Name or uid of the gateway that receives them
    #[arg(long, value_name = "TARGET")]
    to: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    output: Output,
}

/// `pcgs delete`.
#[derive(Args, Debug)]
pub struct Delete {
    /// Name or uid of the gateway
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    output: Output,
}

/// `pcgs rename`.
#[derive(Args, Debug)]
pub struct Rename {
    /// Name or uid of the gateway
    name: String,
    /// Its new name
    new_name: String,
}

impl From<Unresolved> for Failure {
    fn from(error: Unresolved) -> Self {
        Self::new(Exit::Failed, error)
    }
}

/// Runs a command on gateways.
pub async fn run(command: Pcgs, config: &Config) -> Result<Exit, Failure> {
    let plane = Plane::connect(config).await?;
    let done = match command {
        Pcgs::List(output) => list(&plane, output).await,
        Pcgs::Show(command) => show(&plane, &command).await,
        Pcgs::Migrate(command) => migrate(&plane, &command).await,
        Pcgs::Delete(command) => delete(&plane, &command).await,
        Pcgs::Rename(command) => rename(&plane, &command).await,
    };
    plane.close().await;
    done
}

/// A gateway as `-o json` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    uid: &'a str,
    name: &'a str,
    cloud: Option<&'a str>,
    state: &'a str,
    health: &'a str,
    clusters: Option<usize>,
    last_heartbeat: Option<String>,
    agent_version: &'a str,
    ip_address: &'a str,
    is_system: bool,
    is_self_hosted: bool,
    conditions: &'a [crate::api::overlord::Condition],
}

impl<'a> Row<'a> {
    fn new(pcg: &'a Pcg) -> Self {
        Self {
            uid: &pcg.uid,
            name: &pcg.name,
            cloud: pcg.cloud.as_ref().map(|cloud| cloud.as_str()),
            state: pcg.state.as_str(),
            health: pcg.health.as_str(),
            clusters: pcg.clusters,
            last_heartbeat: pcg.last_heartbeat.map(time::format),
            agent_version: &pcg.agent_version,
            ip_address: &pcg.ip,
            is_system: pcg.is_system,
            is_self_hosted: pcg.is_self_hosted,
            conditions: &pcg.conditions,
        }
    }
}

const COLUMNS: Header = &[
    ("NAME", false),
    ("CLOUD", false),
    ("STATE", false),
    ("HEALTH", false),
    ("CLUSTERS", true),
    ("HEARTBEAT", false),
    ("AGENT", false),
    ("UID", false),
];

async fn list(plane: &Plane, output: Output) -> Result<Exit, Failure> {
    let pcgs = inventory(&plane.client).await?.pcgs();
    let rows: Vec<Vec<String>> = pcgs.iter().map(cells).collect();
    let values: Vec<Row> = pcgs.iter().map(Row::new).collect();
    output.list(&values, COLUMNS, &rows)?;
    Ok(Exit::Done)
}

fn cells(pcg: &Pcg) -> Vec<String> {
    vec![
        pcg.name.clone(),
        pcg.cloud_label().to_owned(),
        pcg.state.to_string(),
        health_word(&pcg.health).to_owned(),
        pcg.clusters.map_or_else(|| "–".to_owned(), |n| n.to_string()),
        heartbeat(pcg),
        pcg.agent_version.clone(),
        pcg.uid.clone(),
    ]
}

fn heartbeat(pcg: &Pcg) -> String {
    pcg.last_heartbeat.map_or_else(|| "never".to_owned(), |last| text::age(last, clock::SystemClock.now()))
}

async fn show(plane: &Plane, command: &Show) -> Result<Exit, Failure> {
    let inventory = inventory(&plane.client).await?;
    let pcgs = inventory.pcgs();
    let pcg = resolve(&pcgs, &command.name)?;
    let clusters = inventory.clusters_of(&pcg.uid).unwrap_or_default();
    let mut value = serde_json::to_value(Row::new(pcg)).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        let list = clusters.iter().map(|it| json!({"uid": it.uid, "name": it.name, "state": it.state}));
        fields.insert("clusterList".to_owned(), list.collect());
    }
    let titles = ["Name", "Cloud", "State", "Health", "Clusters", "Heartbeat", "Agent", "Uid"];
    let mut fields: Vec<(&str, String)> = titles.into_iter().zip(cells(pcg)).collect();
    fields.push(("Address", pcg.ip.clone()));
    fields.extend(pcg.conditions.iter().map(|it| ("Condition", format!("{}: {}", it.kind, it.message))));
    fields.extend(clusters.iter().map(|it| ("Cluster", format!("{}  {}  {}", it.name, it.state, it.uid))));
    command.output.one(&value, &fields)?;
    Ok(Exit::Done)
}

async fn migrate(plane: &Plane, command: &Migrate) -> Result<Exit, Failure> {
    let inventory = inventory(&plane.client).await?;
    let plan = plan(&inventory, command)?;
    let (source, target) = (text::clean(&plan.source.name), text::clean(&plan.target.name));
    for check in &plan.checks {
        let word = match check.verdict {
            Verdict::Pass => "ok   ",
            Verdict::Warn => "note ",
            Verdict::Fail => "FAIL ",
        };
        say(format!("{word} {}: {}", check.what, text::clean(&check.detail)));
    }
    if !plan.may_proceed() {
        return Err(Failure::new(
            Exit::Refused,
            format!("{source} cannot be migrated to {target}; nothing was changed"),
        ));
    }
    let moving = text::count(plan.clusters.len(), "cluster");
    let question = format!("{moving} of {source} will move to {target}. This cannot be undone.");
    confirm(command.yes, &question, plan.source.confirmation())?;
    let mut moved = 0;
    let total = plan.clusters.len();
    let report = |progress| say(words(&progress, &mut moved, total));
    match migrate::run(&plane.client, &plan, report).await {
        Ok(proof) => proved(&proof, command.output),
        Err(error) => Err(Failure::new(migration_exit(&error), error)),
    }
}

fn plan(inventory: &Inventory, command: &Migrate) -> Result<Plan, Failure> {
    let pcgs = inventory.pcgs();
    let (source, target) = (resolve(&pcgs, &command.source)?, resolve(&pcgs, &command.to)?);
    migrate::plan(inventory, &source.uid, &target.uid).map_err(|error| Failure::new(Exit::Failed, error))
}

fn words(progress: &Progress, moved: &mut usize, total: usize) -> String {
    match progress {
        Progress::Sending => "Starting the migration.".to_owned(),
        Progress::Accepted => "The plane accepted it.".to_owned(),
        Progress::AlreadyRunning => "This migration is already under way, started elsewhere; watching it.".to_owned(),
        Progress::AnswerLost { reason } => {
            format!("The answer was lost: {reason}. Nothing is sent again; reading what the plane shows.")
        }
        Progress::Moved { cluster } => {
            *moved += 1;
            format!("{moved} of {}  {}", total.max(*moved), text::clean(&cluster.name))
        }
        Progress::PlaneLost { reason } => format!("Lost sight of the plane: {reason}. Waiting for it."),
        Progress::PlaneBack => "The plane answers again.".to_owned(),
        Progress::SignedOut => "The session has ended; signing in again did not help yet.".to_owned(),
        Progress::Proving => "Reading every cluster once more.".to_owned(),
    }
}

fn migration_exit(error: &MigrateError) -> Exit {
    match error {
        MigrateError::NotStarted(error) => exit_of(error),
        MigrateError::Lost(_) | MigrateError::Stalled { .. } => Exit::Partial,
        MigrateError::NoSign { .. } => Exit::Unreachable,
    }
}

fn proved(proof: &Proof, output: Output) -> Result<Exit, Failure> {
    let gateway = |pcg: &Pcg| json!({"uid": pcg.uid, "name": pcg.name});
    let clusters: Vec<_> = proof
        .clusters
        .iter()
        .map(|it| json!({"uid": it.cluster.uid, "name": it.cluster.name, "overlordUid": it.overlord_uid}))
        .collect();
    let value = json!({
        "source": gateway(&proof.source),
        "target": gateway(&proof.target),
        "clusters": clusters,
        "moved": proof.moved(),
        "total": proof.total(),
    });
    let fields = [
        ("Source", proof.source.name.clone()),
        ("Target", proof.target.name.clone()),
        ("Moved", format!("{} of {} clusters, re-read from the plane", proof.moved(), proof.total())),
    ];
    output.one(&value, &fields)?;
    Ok(if proof.is_whole() { Exit::Done } else { Exit::Partial })
}

async fn delete(plane: &Plane, command: &Delete) -> Result<Exit, Failure> {
    let pcgs = inventory(&plane.client).await?.pcgs();
    let uid = resolve(&pcgs, &command.name)?.uid.clone();
    let Some(plan) = delete::preflight(&plane.client, &uid).await? else {
        return Err(Failure::new(Exit::Failed, format!("the gateway {uid} is gone already")));
    };
    let name = text::clean(&plan.pcg.name).into_owned();
    if let Some(check) = plan.checks.iter().find(|check| check.verdict == Verdict::Fail) {
        let message = format!("{name} cannot be deleted: {}. Nothing was changed", check.detail);
        return Err(Failure::new(Exit::Refused, message));
    }
    let question = format!("{name} will be deleted from the plane. Its machines stay and must be removed by hand.");
    confirm(command.yes, &question, plan.pcg.confirmation())?;
    let deleted = delete::run(&plane.client, &plan).await.map_err(|error| {
        let exit = match &error {
            DeleteError::Refused(error) => exit_of(error),
            DeleteError::StillThere { .. } | DeleteError::Unknown { .. } => Exit::Partial,
        };
        Failure::new(exit, error)
    })?;
    left_behind(&deleted, command.output)?;
    Ok(Exit::Done)
}

const RESIDUAL: Header =
    &[("DELETED", false), ("UID", false), ("WHAT", false), ("LOOK FOR", false), ("COMMANDS", false)];

fn left_behind(deleted: &Deleted, output: Output) -> Result<(), Failure> {
    let Deleted { pcg, residual } = deleted;
    let value = json!({"deleted": {"uid": pcg.uid, "name": pcg.name}, "residual": residual});
    let row = |it: &Residual| {
        vec![pcg.name.clone(), pcg.uid.clone(), it.what.clone(), it.look_for.clone(), it.commands.join("; ")]
    };
    let rows: Vec<Vec<String>> = residual.iter().map(row).collect();
    output.report(&value, RESIDUAL, &rows, &delete::checklist(deleted))
}

async fn rename(plane: &Plane, command: &Rename) -> Result<Exit, Failure> {
    let pcgs = inventory(&plane.client).await?.pcgs();
    let pcg = resolve(&pcgs, &command.name)?;
    rename::run(&plane.client, &pcg.uid, &command.new_name).await.map_err(|error| {
        let exit = match &error {
            RenameError::Empty | RenameError::TooLong(_) | RenameError::Control => Exit::Usage,
            RenameError::Client(error) => exit_of(error),
            RenameError::Unchanged { .. } | RenameError::Unknown { .. } => Exit::Partial,
        };
        Failure::new(exit, error)
    })?;
    say(format!("{} is called {} now.", text::clean(&pcg.name), text::clean(&command.new_name)));
    Ok(Exit::Done)
}
