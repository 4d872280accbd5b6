//! What is done with one backup: create, verify, delete, download, and cancelling what is under way.

use serde_json::json;

use crate::api::backup::Backup;
use crate::api::job::Job;
use crate::api::meta::time;
use crate::api::{JobState, TransferState};
use crate::cli::connect::Plane;
use crate::cli::failure::{Exit, Failure};
use crate::cli::narrate::{Narrator, ended_badly};
use crate::cli::output::{confirm, say};
use crate::ops::backup::{self, Done, download};
use crate::ops::location;
use crate::text;

use super::args::{Cancel, Create, Delete, Download, Verify};
use super::{described, list, ours_alone};

/// `backups create`.
pub async fn create(plane: &Plane, command: &Create) -> Result<Exit, Failure> {
    let mode = &command.mode;
    let name = command.location.clone().unwrap_or_else(|| mode.to_string());
    if command.location.is_some() {
        let known = location::list(&plane.client).await?.items;
        if let Some(view) = known.iter().find(|view| view.location.name == name && view.location.mode != *mode) {
            let message = format!("the location {name} is of mode {}, not {mode}", view.location.mode);
            return Err(Failure::new(Exit::Usage, message));
        }
    }
    let mut narrator = Narrator::of("backup");
    let done = backup::create(&plane.client, &name, |progress| narrator.tell(&progress)).await?;
    let succeeded = done.succeeded();
    let Done { job, backup } = done;
    let backup = backup.unwrap_or_else(|| from_job(&job));
    list::one(command.output, &backup, &list::after_job(&backup, &job))?;
    if !succeeded {
        return Err(ended_badly("backup", &job));
    }
    if !job.result.is_empty() {
        say(&job.result);
    }
    Ok(Exit::Done)
}

/// What a job tells of its backup, where the list does not show it.
fn from_job(job: &Job) -> Backup {
    let state = match job.state {
        JobState::Completed => TransferState::Completed,
        JobState::Cancelled => TransferState::Cancelled,
        _ => TransferState::Error,
    };
    Backup {
        uid: job.backup_uid.clone(),
        location: job.location.clone(),
        mode: job.mode.clone(),
        state,
        own: true,
        started: job.started,
        finished: job.finished,
        bytes: job.progress.stored_done,
        plain_bytes: job.progress.plain_done,
        note: job.result.clone(),
        ..Backup::default()
    }
}

/// `backups verify`.
pub async fn verify(plane: &Plane, command: &Verify) -> Result<Exit, Failure> {
    ours_alone(plane, "verify a backup")?;
    let one = &command.backup;
    let target = backup::find(&plane.client, &one.uid, one.location.as_deref()).await?;
    let mut narrator = Narrator::of("verification");
    let report = |progress| narrator.tell(&progress);
    let done = backup::verify(&plane.client, &target, &command.level, report).await?;
    let good = done.is_whole();
    let verdict = done.verdict().filter(|verdict| !verdict.detail.is_empty());
    let detail = verdict.map_or_else(|| done.job.result.clone(), |verdict| verdict.detail.clone());
    let value = json!({
        "uid": target.uid,
        "location": target.location,
        "mode": target.mode,
        "level": command.level,
        "good": good,
        "detail": detail,
        "at": done.job.finished.map(time::format),
        "jobUid": done.job.uid,
    });
    let fields = [
        ("Backup uid", target.uid.clone()),
        ("Location", target.location.clone()),
        ("Level", command.level.to_string()),
        ("Whole", if good { "yes" } else { "NO" }.to_owned()),
        ("Detail", detail.clone()),
    ];
    one.output.one(&value, &fields)?;
    if good {
        return Ok(Exit::Done);
    }
    if done.verdict().is_none() {
        return Err(ended_badly("verification", &done.job));
    }
    let detail = text::clean(detail.trim_end_matches('.')).into_owned();
    let message = format!("the backup {} is not whole: {detail}. {}", target.uid, text::clean(&done.job.advice));
    Err(Failure::new(Exit::Failed, message.trim_end()))
}

/// `backups delete`.
pub async fn delete(plane: &Plane, command: &Delete) -> Result<Exit, Failure> {
    let one = &command.backup;
    let target = backup::find(&plane.client, &one.uid, one.location.as_deref()).await?;
    let question = format!("{} will be deleted for ever.", text::sentence(&described(&target)).trim_end_matches('.'));
    let typed = target.uid.rsplit('-').next().unwrap_or(&target.uid).to_owned();
    confirm(command.yes, &question, &typed)?;
    let mut narrator = Narrator::of("deletion");
    let done = backup::delete(&plane.client, &target, |progress| narrator.tell(&progress)).await?;
    if !done.succeeded() {
        return Err(ended_badly("deletion", &done.job));
    }
    let value = json!({
        "uid": target.uid,
        "location": target.location,
        "mode": target.mode,
        "deleted": true,
        "jobUid": done.job.uid,
    });
    let fields = [("Deleted", target.uid.clone()), ("Location", target.location.clone())];
    one.output.one(&value, &fields)?;
    Ok(Exit::Done)
}

/// `backups download`.
pub async fn download(plane: &Plane, command: &Download) -> Result<Exit, Failure> {
    ours_alone(plane, "hand out the files of a backup; fetch them from the location itself")?;
    let one = &command.backup;
    let target = backup::find(&plane.client, &one.uid, one.location.as_deref()).await?;
    let mut files = Vec::new();
    let report = |done: download::Downloaded| {
        say(format!("{}  {} of {}", done.name, text::size(done.bytes), text::size(done.total)));
        files.push(done.name);
    };
    let bytes = download::run(&plane.client, &target, &command.to, report).await?;
    let value = json!({
        "uid": target.uid,
        "location": target.location,
        "directory": command.to,
        "files": files,
        "bytes": bytes,
    });
    let fields = [
        ("Backup uid", target.uid.clone()),
        ("Directory", command.to.display().to_string()),
        ("Files", files.len().to_string()),
        ("Bytes", bytes.to_string()),
    ];
    one.output.one(&value, &fields)?;
    if target.encrypted {
        let print = text::clean(&target.key_fingerprint).into_owned();
        say(format!("It is encrypted with the recovery key {print}; keep that key elsewhere."));
    }
    Ok(Exit::Done)
}

/// `backups cancel`.
pub async fn cancel(plane: &Plane, command: &Cancel) -> Result<Exit, Failure> {
    ours_alone(plane, "cancel a job")?;
    plane.client.cancel_job(&command.job).await?;
    say("The job is being cancelled; what it had written is removed.");
    Ok(Exit::Done)
}
