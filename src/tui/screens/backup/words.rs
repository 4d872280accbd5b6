//! What is said of backups, jobs and schedules, once for all screens of the tab.

use chrono::{DateTime, Offset, TimeDelta, Utc};

use crate::api::backup::{Backup, BackupSpec, Verified};
use crate::api::job::Job;
use crate::api::location::Location;
use crate::api::words::{JobKind, JobState, Mode, TransferState};
use crate::schedule::Schedule;
use crate::text;
use crate::tui::model::Model;
use crate::tui::ui::{Glyphs, Slot};

/// The sign, the word and the meaning of a backup's state.
pub(super) fn state(state: &TransferState, glyphs: &Glyphs) -> (&'static str, String, Slot) {
    let (sign, word, meaning) = match state {
        TransferState::Running => (glyphs.marker, "Running", Slot::Accent),
        TransferState::Completed => (glyphs.good, "Completed", Slot::Good),
        TransferState::Error => (glyphs.bad, "Failed", Slot::Bad),
        TransferState::Cancelled => (glyphs.spent, "Cancelled", Slot::Muted),
        TransferState::Deleting => (glyphs.unknown, "Deleting", Slot::Muted),
        TransferState::Incomplete => (glyphs.warn, "Incomplete", Slot::Warn),
        TransferState::Damaged => (glyphs.bad, "Damaged", Slot::Bad),
        TransferState::Newer => (glyphs.warn, "Newer", Slot::Warn),
        TransferState::Unknown => (glyphs.unknown, "Unknown", Slot::Muted),
        TransferState::Other(word) => return (glyphs.unknown, text::clean(word).into_owned(), Slot::Text),
    };
    (sign, word.to_owned(), meaning)
}

/// What a job is doing, as a heading: `Backing up to FTP`.
pub(super) fn doing(job: &Job) -> String {
    doing_kind(&job.kind, &job.location, &job.mode)
}

/// The same before the plane has told of the job.
pub(super) fn doing_kind(kind: &JobKind, location: &str, mode: &Mode) -> String {
    let place = place(location, mode);
    match kind {
        JobKind::Validate => "Trying the location".to_owned(),
        JobKind::Create => format!("Backing up to {place}"),
        JobKind::Verify => format!("Verifying a backup in {place}"),
        JobKind::Restore => format!("Restoring from {place}"),
        JobKind::Recover => format!("Recovering from {place}"),
        JobKind::Delete => format!("Deleting from {place}"),
        JobKind::Retention => format!("Expiring old backups of {place}"),
        JobKind::Other(word) => format!("{} in {place}", text::clean(word)),
    }
}

/// What a job is, within a sentence: `the backup to FTP`.
pub(crate) fn noun(kind: &JobKind) -> &'static str {
    match kind {
        JobKind::Validate => "validation",
        JobKind::Create => "backup",
        JobKind::Verify => "verification",
        JobKind::Restore => "restore",
        JobKind::Recover => "recovery",
        JobKind::Delete => "deletion",
        JobKind::Retention | JobKind::Other(_) => "job",
    }
}

/// `FTP`, `S3`, or `S3 offsite` for a location of another name.
pub(super) fn place(location: &str, mode: &Mode) -> String {
    let label = text::clean(mode.label()).into_owned();
    if location.is_empty() || location == mode.as_str() { label } else { format!("{label} {}", text::clean(location)) }
}

/// What is said of a mode that has no location.
pub(super) fn unconfigured(mode: &Mode, model: &Model) -> &'static str {
    match model.backups.suggested(mode) {
        Some(_) => "not configured; the sandbox's own server is prepared",
        None => "not configured",
    }
}

/// `120 MiB of 412 MiB · 52 MiB/s · 6 s left`; as much of it as is known.
pub(super) fn amounts(job: &Job) -> String {
    let progress = &job.progress;
    let mut words = match progress.plain_total {
        0 => text::size(progress.plain_done),
        total => format!("{} of {}", text::size(progress.plain_done.min(total)), text::size(total)),
    };
    if progress.per_second > 0 {
        words += &format!(" · {}/s", text::size(progress.per_second));
    }
    if progress.remaining_seconds > 0 {
        words += &format!(" · {} left", text::wait(progress.remaining_seconds));
    }
    words
}

/// Done and total for a bar; none where the total is unknown.
pub(super) fn measure(job: &Job) -> Option<(usize, usize)> {
    let part = |bytes: u64| usize::try_from(bytes / 1024).unwrap_or(usize::MAX);
    let progress = &job.progress;
    (progress.plain_total > 0).then(|| (part(progress.plain_done), part(progress.plain_total).max(1)))
}

/// How much it did in all this time, for the end of a job.
pub(super) fn effort(job: &Job) -> Option<String> {
    let took = job.finished? - job.started?;
    let bytes = job.progress.plain_done;
    (bytes > 0).then(|| format!("{} of state in {}", text::size(bytes), lasted(took)))
}

fn lasted(time: TimeDelta) -> String {
    if time.num_seconds() < 1 { "under a second".to_owned() } else { text::wait(time.num_seconds().unsigned_abs()) }
}

/// `data, 2 d ago`; why, where it is not whole.
pub(super) fn verified(verified: &Verified, model: &Model) -> (String, Slot) {
    let age = verified.at.map(|at| format!(", {}", ago(at, model))).unwrap_or_default();
    let level = text::clean(verified.level.as_str()).into_owned();
    match verified.good {
        true => (format!("{level}{age}"), Slot::Text),
        false => (format!("not whole{age}"), Slot::Bad),
    }
}

/// `9 h ago`.
pub(super) fn ago(at: DateTime<Utc>, model: &Model) -> String {
    format!("{} ago", text::age(at, model.now.wall))
}

/// ` (04:00 here)`, where the person's clock is not UTC.
pub(super) fn here(at: DateTime<Utc>, model: &Model) -> String {
    let offset = (model.zone)(at);
    if offset == Utc.fix() {
        return String::new();
    }
    format!(" ({} here)", at.with_timezone(&offset).format("%H:%M"))
}

/// A schedule, where it is within its bounds. `next` is a run that the plane has announced.
pub(super) fn schedule(spec: &BackupSpec, next: Option<DateTime<Utc>>, model: &Model) -> Option<Schedule> {
    if !spec.problems().is_empty() {
        return None;
    }
    let number = |value: i64| u32::try_from(value).ok();
    Some(Schedule {
        interval: number(spec.interval)?,
        hour: number(spec.hour_of_the_day)?,
        retention: number(spec.retention_period)?,
        anchor: next.unwrap_or(model.now.wall).date_naive(),
    })
}

/// `every day at 03:00 UTC (04:00 here) · keep 30 days`.
pub(super) fn schedule_line(location: &Location, next: Option<DateTime<Utc>>, model: &Model) -> String {
    let spec = &location.backup_spec;
    let Some(schedule) = schedule(spec, next, model) else { return "no schedule".to_owned() };
    let days = match schedule.interval {
        1 => "every day".to_owned(),
        n => format!("every {n} days"),
    };
    let slot = next.or_else(|| schedule.next_after(model.now.wall));
    let here = slot.map(|at| here(at, model)).unwrap_or_default();
    let kept = text::count(usize::try_from(schedule.retention).unwrap_or_default(), "day");
    format!("{days} at {:02}:00 UTC{here} · keep {kept}", schedule.hour)
}

/// `Tue 24 Nov, 03:00 UTC (04:00 here)`.
pub(super) fn moment(at: DateTime<Utc>, model: &Model) -> String {
    format!("{} UTC{}", at.format("%a %-d %b, %H:%M"), here(at, model))
}

/// A time to the second, as the tables show it.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.format("%F %T").to_string()
}

/// Whether nothing but its recovery key is missing to bring a backup back.
pub(super) fn lacks_key(backup: &Backup) -> bool {
    backup.state == TransferState::Completed && backup.encrypted && !backup.readable
}

/// Why a backup cannot be brought back; none where it can.
pub(super) fn unusable(backup: &Backup) -> Option<String> {
    Some(match backup.state {
        _ if lacks_key(backup) => "its recovery key is not here; K imports it".to_owned(),
        TransferState::Completed => return None,
        TransferState::Newer => "it was made by a newer version of the program".to_owned(),
        TransferState::Damaged => "it is damaged; Details tells what is wrong".to_owned(),
        TransferState::Running => "it is still being made".to_owned(),
        TransferState::Deleting => "it is being deleted".to_owned(),
        TransferState::Unknown | TransferState::Other(_) => return None,
        _ => "there is no whole backup".to_owned(),
    })
}

/// How a job ended, in a line.
pub(crate) fn outcome(job: &Job) -> String {
    let what = format!("The {} ({})", noun(&job.kind), place(&job.location, &job.mode));
    let result = text::clean(&job.result).into_owned();
    let advice = text::clean(&job.advice);
    let ended = match job.state {
        JobState::Completed => "is done",
        JobState::Cancelled => "was cancelled",
        _ => "failed",
    };
    let words = match result.is_empty() {
        true => format!("{what} {ended}."),
        false => format!("{what} {ended}: {}", text::sentence(&result)),
    };
    format!("{words} {advice}").trim_end().to_owned()
}
