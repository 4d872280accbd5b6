//! What there is: lists of backups and jobs, one backup, what retention will take.

use serde_json::{Value, json};

use crate::api::backup::{Backup, BackupList, Verified};
use crate::api::job::Job;
use crate::api::meta::time;
use crate::cli::connect::Plane;
use crate::cli::failure::{Exit, Failure, exit_of};
use crate::cli::output::{Header, Output, say};
use crate::ops::backup::{self, Shelf};
use crate::text;

use super::args::{List, One, Retention};
use super::ours_alone;

const COLUMNS: Header = &[
    ("BACKUP UID", false),
    ("MODE", false),
    ("LOCATION", false),
    ("STATUS", false),
    ("FINISHED (UTC)", false),
    ("SIZE", true),
    ("VERIFIED", false),
    ("NOTE", false),
];

/// `backups list`.
pub async fn run(plane: &Plane, command: &List) -> Result<Exit, Failure> {
    let one = command.location.clone().or_else(|| command.mode.as_ref().map(ToString::to_string));
    let (items, exit) = match one {
        Some(name) => {
            let list = backup::list(&plane.client, &name, true).await?;
            let exit = remarks(&name, &list);
            (list.items, exit)
        }
        None => everywhere(backup::shelves(&plane.client, true).await?),
    };
    let wanted = |backup: &Backup| command.mode.as_ref().is_none_or(|mode| backup.mode == *mode);
    let items: Vec<Backup> = items.into_iter().filter(wanted).collect();
    let rows: Vec<Vec<String>> = items.iter().map(cells).collect();
    command.output.list(&items, COLUMNS, &rows)?;
    Ok(exit)
}

/// The backups of all locations, newest first, and the exit code where one could not be read.
fn everywhere(shelves: Vec<Shelf>) -> (Vec<Backup>, Exit) {
    if shelves.is_empty() {
        say("No location is configured yet: palette-console locations set ftp|s3 …");
    }
    let (mut items, mut worst) = (Vec::new(), Exit::Done);
    for shelf in shelves {
        let name = text::clean(&shelf.view.location.name).into_owned();
        let exit = match shelf.backups {
            Ok(list) => {
                let exit = remarks(&name, &list);
                items.extend(list.items);
                exit
            }
            Err(error) => {
                say(format!("{name}: {error}"));
                exit_of(&error)
            }
        };
        worst = if worst == Exit::Done { exit } else { worst };
    }
    items.sort_by(|a, b| (b.started.or(b.finished), &b.uid).cmp(&(a.started.or(a.finished), &a.uid)));
    (items, worst)
}

/// Says what is to be said of a location beside its backups. One that cannot be read is not an empty one.
fn remarks(name: &str, list: &BackupList) -> Exit {
    for stranger in &list.strangers {
        say(format!("{name}: no backup, left alone: {stranger}"));
    }
    if list.unread.is_empty() {
        return Exit::Done;
    }
    let as_of = list.read_at.map_or_else(|| "never read".to_owned(), |at| format!("as of {}", at.format("%F %T UTC")));
    say(format!("{name} cannot be read just now: {} What is listed is {as_of}.", text::sentence(&list.unread)));
    Exit::Unreachable
}

fn cells(backup: &Backup) -> Vec<String> {
    vec![
        backup.uid.clone(),
        backup.mode.label().to_owned(),
        backup.location.clone(),
        backup.state.to_string(),
        backup.finished.map_or_else(|| "–".to_owned(), |at| at.format("%F %T").to_string()),
        size(backup.bytes),
        verified(backup.verified.as_ref()),
        note(backup),
    ]
}

fn size(bytes: u64) -> String {
    if bytes == 0 { "–".to_owned() } else { text::size(bytes) }
}

fn verified(verified: Option<&Verified>) -> String {
    let Some(verified) = verified else { return "–".to_owned() };
    let word = if verified.good { verified.level.as_str() } else { "NOT WHOLE" };
    verified.at.map_or_else(|| word.to_owned(), |at| format!("{word} {}", at.format("%F")))
}

fn note(backup: &Backup) -> String {
    let faulty = backup.verified.as_ref().filter(|verified| !verified.good).map(|verified| verified.detail.clone());
    let foreign = (!backup.own).then(|| format!("made by the plane {}", backup.plane_uid));
    let key = &backup.key_fingerprint;
    let locked = (!backup.readable && !key.is_empty() && !backup.note.contains(key.as_str()))
        .then(|| format!("its recovery key {} is not on this plane", backup.key_fingerprint));
    let faulty = faulty.filter(|detail| !backup.note.contains(detail.trim_end_matches('.')));
    let parts = [Some(backup.note.clone()), faulty, foreign, locked];
    let parts = parts.iter().flatten().map(|part| part.trim_end_matches('.')).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("; ")
}

/// `backups show`.
pub async fn show(plane: &Plane, command: &One) -> Result<Exit, Failure> {
    let backup = backup::find(&plane.client, &command.uid, command.location.as_deref()).await?;
    one(command.output, &backup, &backup)?;
    Ok(Exit::Done)
}

/// Prints one backup: `value` as JSON, its fields in words otherwise.
pub fn one(output: Output, backup: &Backup, value: &impl serde::Serialize) -> Result<(), Failure> {
    let at = |moment: Option<chrono::DateTime<chrono::Utc>>| {
        moment.map_or_else(|| "–".to_owned(), |at| at.format("%F %T UTC").to_string())
    };
    let mut fields = vec![
        ("Backup uid", backup.uid.clone()),
        ("Mode", backup.mode.label().to_owned()),
        ("Location", backup.location.clone()),
        ("Status", backup.state.to_string()),
        ("Started", at(backup.started)),
        ("Finished", at(backup.finished)),
        ("Expires", at(backup.expires)),
        ("Size", size(backup.bytes)),
        ("Plain size", size(backup.plain_bytes)),
        ("Encrypted", if backup.encrypted { "yes" } else { "no" }.to_owned()),
        ("Recovery key", backup.key_fingerprint.clone()),
        ("Made by", format!("plane {} with version {}", backup.plane_uid, backup.version)),
        ("Verified", verified(backup.verified.as_ref())),
    ];
    let streams = backup.streams.iter().map(|it| {
        let words = [text::size(it.plain_bytes), text::size(it.bytes), text::count(it.segments, "segment")];
        ("Stream", format!("{}  {} packed to {} in {}", it.name, words[0], words[1], words[2]))
    });
    fields.extend(streams);
    fields.push(("Note", note(backup)));
    output.one(value, &fields)
}

const RETENTION: Header = &[("BACKUP UID", false), ("WHAT", false), ("WHY", false)];

/// `backups retention`.
pub async fn retention(plane: &Plane, command: &Retention) -> Result<Exit, Failure> {
    ours_alone(plane, "tell what its retention will delete")?;
    let preview = plane.client.retention(&command.location).await?;
    if !preview.skipped.is_empty() {
        say(format!("Nothing is deleted: {}", text::sentence(&preview.skipped)));
    }
    let row = |uid: &String, what: &str, why: &str| vec![uid.clone(), what.to_owned(), why.to_owned()];
    let going = preview.expired.iter().map(|uid| row(uid, "will be deleted", "past its time"));
    let staying = preview.kept.iter().map(|kept| row(&kept.uid, "stays", &kept.why));
    let rows: Vec<Vec<String>> = going.chain(staying).collect();
    command.output.list(&preview, RETENTION, &rows)?;
    Ok(Exit::Done)
}

const JOBS: Header = &[
    ("JOB", false),
    ("KIND", false),
    ("LOCATION", false),
    ("STATE", false),
    ("STARTED (UTC)", false),
    ("BY", false),
    ("BACKUP UID", false),
    ("RESULT", false),
];

/// `backups jobs`.
pub async fn jobs(plane: &Plane, output: &Output) -> Result<Exit, Failure> {
    ours_alone(plane, "tell of jobs")?;
    let jobs = plane.client.jobs().await?.items;
    let rows: Vec<Vec<String>> = jobs.iter().map(job_cells).collect();
    output.list(&jobs, JOBS, &rows)?;
    Ok(Exit::Done)
}

fn job_cells(job: &Job) -> Vec<String> {
    vec![
        job.uid.clone(),
        job.kind.to_string(),
        job.location.clone(),
        job.state.to_string(),
        job.started.map_or_else(String::new, |at| at.format("%F %T").to_string()),
        if job.scheduled { "the schedule".to_owned() } else { job.started_by.clone() },
        job.backup_uid.clone(),
        if job.result.is_empty() { job.phase.clone() } else { job.result.clone() },
    ]
}

/// A backup as `-o json` shows it after a job: what the API says of it, and the job's own words.
pub fn after_job(backup: &Backup, job: &Job) -> Value {
    let mut value = serde_json::to_value(backup).unwrap_or_default();
    let seconds = job.started.zip(job.finished).map(|(from, to)| (to - from).num_seconds());
    if let Some(fields) = value.as_object_mut() {
        fields.insert("jobUid".to_owned(), json!(job.uid));
        fields.insert("result".to_owned(), json!(job.result));
        fields.insert("advice".to_owned(), json!(job.advice));
        fields.insert("seconds".to_owned(), json!(seconds));
        fields.insert("jobFinished".to_owned(), json!(job.finished.map(time::format)));
    }
    value
}
