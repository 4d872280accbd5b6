//! `audits`: the audit logs.

use clap::{Args, Subcommand};

use crate::api::ActionType;
use crate::api::audit::{Audit, AuditQuery};
use crate::api::meta::time;
use crate::config::Config;
use crate::ops::audits::newest;

use super::connect::Plane;
use super::failure::{Exit, Failure};
use super::output::{Header, Output};

/// What to do with the audit logs.
#[derive(Subcommand, Debug)]
pub enum Audits {
    /// List the newest entries
    List(List),
    /// Show one entry whole
    Show(Show),
}

/// `audits list`.
#[derive(Args, Debug)]
pub struct List {
    /// How many entries at the most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
    /// Only this kind of action: create, update, delete, publish, deploy, activity or action
    #[arg(long, value_name = "TYPE", value_parser = action_type)]
    action: Option<ActionType>,
    /// Only entries about this kind of resource
    #[arg(long, value_name = "KIND")]
    resource_kind: Option<String>,
    /// Only entries about the resource with this uid
    #[arg(long, value_name = "UID")]
    resource_uid: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// `audits show`.
#[derive(Args, Debug)]
pub struct Show {
    /// Uid of the entry
    uid: String,
    #[command(flatten)]
    output: Output,
}

fn action_type(word: &str) -> Result<ActionType, String> {
    let read = ActionType::from(word);
    if ActionType::KNOWN.contains(&read) {
        return Ok(read);
    }
    let known: Vec<&str> = ActionType::KNOWN.iter().map(ActionType::as_str).collect();
    Err(format!("the kinds of action are {}", known.join(", ")))
}

/// Runs a command on the audit logs.
pub async fn run(command: Audits, config: &Config) -> Result<Exit, Failure> {
    let plane = Plane::connect(config).await?;
    let done = match command {
        Audits::List(command) => list(&plane, command).await,
        Audits::Show(command) => show(&plane, &command).await,
    };
    plane.close().await;
    done
}

const COLUMNS: Header = &[
    ("TIME (UTC)", false),
    ("USER", false),
    ("ACTION", false),
    ("RESOURCE", false),
    ("MESSAGE", false),
    ("UID", false),
];

async fn list(plane: &Plane, command: List) -> Result<Exit, Failure> {
    let query = AuditQuery {
        action_type: command.action,
        resource_kind: command.resource_kind,
        resource_uid: command.resource_uid,
        ..AuditQuery::default()
    };
    let entries = newest(&plane.client, query, command.limit).await?;
    let rows: Vec<Vec<String>> = entries.iter().map(cells).collect();
    command.output.list(&entries, COLUMNS, &rows)?;
    Ok(Exit::Done)
}

fn cells(entry: &Audit) -> Vec<String> {
    let spec = &entry.spec;
    vec![
        entry.metadata.creation_timestamp.map_or_else(String::new, |at| at.format("%F %T").to_string()),
        entry.who().to_owned(),
        spec.action_type.as_ref().map_or_else(String::new, ToString::to_string),
        format!("{} {}", spec.resource.kind, spec.resource.name).trim().to_owned(),
        spec.content_msg.clone(),
        entry.metadata.uid.clone(),
    ]
}

async fn show(plane: &Plane, command: &Show) -> Result<Exit, Failure> {
    let entry = plane.client.audit(&command.uid).await?;
    let spec = &entry.spec;
    let resource = &spec.resource;
    let fields = [
        ("Time", entry.metadata.creation_timestamp.map_or_else(String::new, time::format)),
        ("User", entry.who().to_owned()),
        ("Action", spec.action_type.as_ref().map_or_else(String::new, ToString::to_string)),
        ("Resource", format!("{} {} {}", resource.kind, resource.name, resource.uid).trim().to_owned()),
        ("Message", spec.action_msg.clone()),
        ("Detail", spec.content_msg.clone()),
        ("Note", spec.user_msg.clone()),
        ("Uid", entry.metadata.uid.clone()),
    ];
    command.output.one(&entry, &fields)?;
    Ok(Exit::Done)
}
