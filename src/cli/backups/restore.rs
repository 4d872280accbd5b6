//! Bringing a backup back: the plan, the question, the watch, and signing in again when the accounts have changed.

use serde_json::json;
use tokio::sync::mpsc;

use crate::api::JobKind;
use crate::api::backup::{Backup, RestorePlan};
use crate::api::job::Job;
use crate::cli::connect::{Plane, again};
use crate::cli::failure::{Exit, Failure};
use crate::cli::narrate::{Narrator, ended_badly};
use crate::cli::output::{Output, confirm, say};
use crate::config::Config;
use crate::ops::job::{Progress, noun};
use crate::ops::restore::{self, Outcome};
use crate::ops::{backup, location};
use crate::text;

use super::args::{Recover, Restore};

/// `backups restore`.
pub async fn restore(plane: &Plane, config: &Config, command: &Restore) -> Result<Exit, Failure> {
    let one = &command.backup;
    let target = backup::find(&plane.client, &one.uid, one.location.as_deref()).await?;
    run(plane, config, &target, JobKind::Restore, command.yes, one.output).await
}

/// `backups recover`.
pub async fn recover(plane: &Plane, config: &Config, command: &Recover) -> Result<Exit, Failure> {
    let name = command.location.clone().unwrap_or_else(|| command.mode.to_string());
    let known = location::list(&plane.client).await?.items;
    if !known.iter().any(|view| view.location.name == name && view.location.mode == command.mode) {
        let message = format!(
            "there is no location {name} of mode {}; configure it first: palette-console locations set {}",
            command.mode, command.mode
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let target = backup::find(&plane.client, &command.uid, Some(&name)).await?;
    run(plane, config, &target, JobKind::Recover, command.yes, command.output).await
}

async fn run(
    plane: &Plane,
    config: &Config,
    target: &Backup,
    kind: JobKind,
    yes: bool,
    output: Output,
) -> Result<Exit, Failure> {
    let what = noun(&kind);
    let plan = restore::plan(&plane.client, target, kind).await?;
    tell(&plan, what);
    if !plan.refusals.is_empty() {
        let reasons = plan.refusals.join(" ");
        let message = format!("the {what} cannot be done: {} Nothing was changed", text::sentence(&reasons));
        return Err(Failure::new(Exit::Refused, message));
    }
    confirm(yes, "The state of the plane will be replaced by that of the backup.", &plan.confirm)?;
    match watched(plane, config, &plan, what).await? {
        Outcome::Ended(job) => ended(&plan, &job, what, output),
        Outcome::Accepted => {
            say(restore::ACCEPTED);
            print(&plan, "Accepted", restore::ACCEPTED, "", output)?;
            Ok(Exit::Done)
        }
    }
}

fn tell(plan: &RestorePlan, what: &str) {
    let made = plan.backup.finished.map_or_else(String::new, |at| format!(", made {}", at.format("%F %T UTC")));
    say(format!("The {what} from {} in {}{made}:", plan.backup.uid, plan.backup.location));
    for (place, step) in plan.steps.iter().enumerate() {
        say(format!("  {}. {step}", place + 1));
    }
    for warning in &plan.warnings {
        say(format!("note  {warning}"));
    }
    for refusal in &plan.refusals {
        say(format!("FAIL  {refusal}"));
    }
}

/// Runs the plan. When the plane has swapped its state, the sessions have ended, and the watch is given a new one.
async fn watched(plane: &Plane, config: &Config, plan: &RestorePlan, what: &'static str) -> Result<Outcome, Failure> {
    let (sender, mut progress) = mpsc::unbounded_channel();
    let report = move |progress| {
        let _ = sender.send(progress);
    };
    let work = restore::run(&plane.client, plan, report);
    tokio::pin!(work);
    let mut narrator = Narrator::of(what);
    loop {
        tokio::select! {
            biased;
            Some(progress) = progress.recv() => {
                narrator.tell(&progress);
                if progress == Progress::SignedOut {
                    sign_in_again(plane, config, plan, what).await?;
                }
            }
            outcome = &mut work => return Ok(outcome?),
        }
    }
}

async fn sign_in_again(plane: &Plane, config: &Config, plan: &RestorePlan, what: &str) -> Result<(), Failure> {
    say("That is expected: the accounts in force are the backup's now. Signing in again to read the outcome.");
    let renewed = plan.kind == JobKind::Recover;
    again::sign_in(&plane.client, config, &plane.login, renewed).await.map_err(|failure| {
        let message = format!(
            "{}. Whether the {what} has finished is not known yet; nothing was sent again. Sign in with the accounts of \
             the backup and look: palette-console backups jobs",
            failure.message.trim_end_matches('.')
        );
        Failure::new(failure.exit, message)
    })
}

fn ended(plan: &RestorePlan, job: &Job, what: &str, output: Output) -> Result<Exit, Failure> {
    let state = job.state.to_string();
    print(plan, &state, &job.result, &job.uid, output)?;
    if job.state != crate::api::JobState::Completed {
        return Err(ended_badly(what, job));
    }
    for line in [&job.result, &job.advice].into_iter().filter(|line| !line.is_empty()) {
        say(line);
    }
    Ok(Exit::Done)
}

fn print(plan: &RestorePlan, state: &str, result: &str, job_uid: &str, output: Output) -> Result<(), Failure> {
    let backup = &plan.backup;
    let value = json!({
        "uid": backup.uid,
        "location": backup.location,
        "mode": backup.mode,
        "kind": plan.kind,
        "state": state,
        "result": result,
        "jobUid": job_uid,
    });
    let fields = [
        ("Backup uid", backup.uid.clone()),
        ("Location", backup.location.clone()),
        ("Kind", plan.kind.to_string()),
        ("State", state.to_owned()),
    ];
    output.one(&value, &fields)
}
