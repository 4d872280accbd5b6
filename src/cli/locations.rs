//! `locations`: where backups go.

mod args;
mod set;
mod show;

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::api::location::Check;
use crate::api::{CheckState, Mode};
use crate::client::Permission;
use crate::config::Config;
use crate::ops::location::{self, SaveError};
use crate::ops::policy::{Policy, policies};
use crate::secret;
use crate::text;

use super::backups::remind;
use super::connect::Plane;
use super::failure::{Exit, Failure};
use super::narrate::mark;
use super::output::{Format, Output, confirm, say};

pub use args::Locations;
use args::{PolicyOf, Remove, Validate};

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Refused(error) => Self::from(error),
            SaveError::Invalid(problems) => {
                let words: Vec<String> = problems.into_iter().map(|(_, sentence)| sentence).collect();
                Self::new(Exit::Usage, format!("{}. Nothing was sent", words.join(". ")))
            }
            SaveError::NotHere(_) => Self::new(Exit::Refused, error),
            SaveError::NotDone { .. } | SaveError::Unknown { .. } => Self::new(Exit::Partial, error),
        }
    }
}

/// Runs a command on locations.
pub async fn run(command: Locations, config: &Config) -> Result<Exit, Failure> {
    let command = match command {
        Locations::Policy(command) => return policy(&command),
        other => other,
    };
    let plane = Plane::connect_system(config).await?;
    remind(&plane).await;
    let done = match command {
        Locations::List(output) => show::list(&plane, output).await,
        Locations::Show(command) => show::run(&plane, &command).await,
        Locations::Set(command) => set::run(&plane, command).await,
        Locations::Validate(command) => validate(&plane, &command).await,
        Locations::Remove(command) => remove(&plane, &command).await,
        Locations::Policy(command) => policy(&command),
    };
    plane.close().await;
    done
}

fn default_name(mode: &Mode, name: Option<&String>) -> String {
    name.cloned().unwrap_or_else(|| mode.to_string())
}

fn permission(word: &str) -> Permission {
    match word {
        "read" => Permission::Read,
        "write" => Permission::Write,
        _ => Permission::ReadWrite,
    }
}

async fn validate(plane: &Plane, command: &Validate) -> Result<Exit, Failure> {
    let name = default_name(&command.mode, command.location.as_ref());
    let list = location::list(&plane.client).await?;
    let saved = list.items.into_iter().map(|view| view.location).find(|it| it.name == name);
    let prepared = || list.suggested.into_iter().find(|it| it.name == name && it.mode == command.mode);
    let target = match saved {
        Some(saved) if saved.mode != command.mode => {
            let message = format!("the location {name} is of mode {}, not {}", saved.mode, command.mode);
            return Err(Failure::new(Exit::Usage, message));
        }
        Some(saved) => saved,
        None => {
            let prepared = prepared().ok_or_else(|| not_configured(&name, &command.mode))?;
            say(format!("{name} is not configured yet; trying the place that is prepared for it."));
            prepared
        }
    };
    let mut told = 0;
    let report = |checks: &[Check]| tell_ended(checks, &mut told);
    let found = location::validate(&plane.client, &target, permission(&command.permission), report).await?;
    tell_ended(&found.checks, &mut told);
    let value = json!({ "ok": found.ok, "location": target.name, "mode": target.mode, "checks": found.checks });
    print_checks(command.output, &value, &found.checks, found.ok)?;
    if found.ok {
        return Ok(Exit::Done);
    }
    let failed = found.checks.iter().find(|check| check.state == CheckState::Failed);
    let reason = failed.map_or(found.result.clone(), |check| format!("{}: {}", check.name, check.detail));
    let reason = text::clean(reason.trim_end_matches('.')).into_owned();
    Err(Failure::new(Exit::Failed, format!("the location {name} cannot be used: {reason}")))
}

fn not_configured(name: &str, mode: &Mode) -> Failure {
    let named = if name == mode.as_str() { String::new() } else { format!(" --name {name}") };
    let message = format!("there is no location {name}; configure it: palette-console locations set {mode}{named} …");
    Failure::new(Exit::Failed, message)
}

/// Says each check once, when it has ended.
fn tell_ended(checks: &[Check], told: &mut usize) {
    let ended = checks.iter().take_while(|check| check.state != CheckState::Running).count();
    for check in checks.iter().take(ended).skip(*told) {
        say(line_of(check));
    }
    *told = ended.max(*told);
}

fn line_of(check: &Check) -> String {
    let mut line = format!("{} {}", mark(&check.state), text::clean(&check.name));
    if !check.detail.is_empty() {
        line += &format!(": {}", text::clean(&check.detail));
    }
    if check.millis > 0 {
        line += &format!("  ({} ms)", check.millis);
    }
    if !check.fix.is_empty() && matches!(check.state, CheckState::Failed | CheckState::Warning) {
        line += &format!("\n       {}", text::clean(&check.fix));
    }
    line
}

const CHECKS: super::output::Header =
    &[("CHECK", false), ("STATE", false), ("MS", true), ("DETAIL", false), ("FIX", false)];

/// As a table the checks were told already, one by one.
fn print_checks(output: Output, value: &Value, checks: &[Check], ok: bool) -> Result<(), Failure> {
    let row = |it: &Check| {
        vec![it.name.clone(), it.state.to_string(), it.millis.to_string(), it.detail.clone(), it.fix.clone()]
    };
    let rows: Vec<Vec<String>> = checks.iter().map(row).collect();
    match output.output {
        Format::Table if ok => output.one(value, &[("Usable", "yes".to_owned())]),
        Format::Table => output.one(value, &[("Usable", "NO".to_owned())]),
        Format::Json | Format::Csv => output.list(value, CHECKS, &rows),
    }
}

async fn remove(plane: &Plane, command: &Remove) -> Result<Exit, Failure> {
    let known = location::list(&plane.client).await?.items;
    let view = known.iter().find(|view| view.location.name == command.name);
    let view = view.ok_or_else(|| {
        let name = text::clean(&command.name);
        Failure::new(Exit::Failed, format!("there is no location {name}; nothing was changed"))
    })?;
    let name = &view.location.name;
    let question = format!(
        "The location {name} ({}) will be forgotten with its schedule. The backups in it stay where they are.",
        view.status.address
    );
    confirm(command.yes, &question, name)?;
    location::remove(&plane.client, name).await?;
    say(format!("The location {name} is forgotten; its backups stay where they are."));
    Ok(Exit::Done)
}

/// Both policies: no plane is asked for them.
fn policy(command: &PolicyOf) -> Result<Exit, Failure> {
    let both = policies(&command.bucket).map_err(|error| Failure::new(Exit::Usage, error))?;
    if let Some(dir) = &command.to {
        return save(dir, &both);
    }
    let parsed = |policy: &Policy| serde_json::from_str::<Value>(&policy.text).unwrap_or_default();
    let value: Map<String, Value> = both.iter().map(|it| (it.name.to_owned(), parsed(it))).collect();
    let rows: Vec<Vec<String>> = both.iter().map(|it| vec![it.name.to_owned(), it.text.clone()]).collect();
    let text: Vec<String> = both.iter().map(|it| format!("{}: {}\n{}", it.name, it.purpose, it.text)).collect();
    command.output.report(&value, &[("POLICY", false), ("TEXT", false)], &rows, text.join("\n").trim_end())?;
    Ok(Exit::Done)
}

fn save(dir: &Path, both: &[Policy]) -> Result<Exit, Failure> {
    for policy in both {
        let path = dir.join(policy.file);
        secret::write_new(&path, policy.text.as_bytes()).map_err(|error| Failure::new(Exit::Failed, error))?;
        say(format!("{} is in {}.", policy.name, path.display()));
    }
    Ok(Exit::Done)
}
