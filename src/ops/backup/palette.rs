//! Backups of a plane that knows no jobs: a real Palette. Its list tells a uid, whether it has ended, and words.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::api::backup::{Backup, BackupList, DatabaseBackup};
use crate::api::job::{Job, Started};
use crate::api::{JobKind, JobState, Mode, TransferState};
use crate::client::{Client, Error};
use crate::clock::{Clock, SystemClock};
use crate::ops::job::{JobError, Progress, Sight};
use crate::text;

use super::Done;

/// How long a backup may take before it is called stuck.
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);
/// How long the list may show no sign of an order that the plane took.
const PATIENCE_WITHOUT_SIGN: Duration = Duration::from_secs(5 * 60);
/// How long the list may still show what was deleted.
const PATIENCE_FOR_DELETION: Duration = Duration::from_secs(2 * 60);
/// Palette's own advice (its troubleshooting, "Enterprise Backup Stuck").
const UNSTICK: &str = "Palette's advice for a backup that is stuck: restart the mgmt pod in the namespace hubble-system \
                       (kubectl get pods -n hubble-system | grep mgmt, then delete that pod)";

/// A backup as Palette tells of it. States other than `Error` are not documented, so that what has ended and does not
/// say that it failed counts as complete. The mode is the one that was asked for: the list calls it otherwise.
pub(super) fn backup(mode: &Mode, told: &DatabaseBackup, now: DateTime<Utc>) -> Backup {
    let status = &told.backup_status;
    let word = status.state.to_ascii_lowercase();
    let state = if word.contains("err") || word.contains("fail") {
        TransferState::Error
    } else if word.contains("cancel") {
        TransferState::Cancelled
    } else if status.is_completed {
        TransferState::Completed
    } else {
        TransferState::Running
    };
    let mut note = status.message.join("; ");
    let long = |started| now - started > TimeDelta::from_std(PATIENCE).unwrap_or(TimeDelta::MAX);
    if state == TransferState::Running && status.start_time.is_some_and(long) {
        note = [note.as_str(), UNSTICK].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(". ");
    }
    Backup {
        uid: told.backup_uid.clone(),
        location: mode.as_str().to_owned(),
        mode: mode.clone(),
        state,
        own: true,
        readable: true,
        started: status.start_time,
        finished: status.finish_time.filter(|_| status.is_completed),
        note,
        ..Backup::default()
    }
}

pub(super) async fn list(client: &Client, mode: &Mode, now: DateTime<Utc>) -> Result<BackupList, Error> {
    let told = client.transfers(mode).await?;
    let mut items: Vec<Backup> = told.backups.iter().map(|it| backup(mode, it, now)).collect();
    items.sort_by_key(|it| std::cmp::Reverse(it.started.or(it.finished)));
    Ok(BackupList { items, read_at: Some(now), ..BackupList::default() })
}

async fn read(client: &Client, mode: &Mode) -> Result<Vec<Backup>, Error> {
    Ok(list(client, mode, SystemClock.now()).await?.items)
}

/// What would be said of a job where the plane knew any.
fn told_of(kind: JobKind, backup: &Backup, state: JobState, result: String) -> Job {
    Job {
        kind,
        location: backup.location.clone(),
        mode: backup.mode.clone(),
        backup_uid: backup.uid.clone(),
        state,
        started: backup.started,
        finished: backup.finished,
        result,
        ..Job::default()
    }
}

fn created(backup: Backup) -> Done {
    let (state, result) = match &backup.state {
        TransferState::Completed => (JobState::Completed, format!("The backup {} was made.", backup.uid)),
        TransferState::Cancelled => (JobState::Cancelled, text::sentence(&backup.note)),
        _ => (JobState::Error, text::sentence(&backup.note)),
    };
    Done { job: told_of(JobKind::Create, &backup, state, result), backup: Some(backup) }
}

pub(super) async fn create<R>(client: &Client, mode: &Mode, mut report: R) -> Result<Done, JobError>
where
    R: FnMut(Progress) + Send,
{
    let before = read(client, mode).await.map_err(JobError::NotStarted)?;
    let known: HashSet<String> = before.into_iter().map(|backup| backup.uid).collect();
    report(Progress::Sending);
    let mut lost = None;
    match client.backup_database(mode).await {
        Ok(()) => report(Progress::Accepted(Started::default())),
        Err(error) if error.outcome_unknown() => {
            report(Progress::AnswerLost { reason: error.reason() });
            lost = Some(error.reason());
        }
        Err(error) => return Err(JobError::NotStarted(error)),
    }
    watch(client, mode, &known, lost, report).await
}

/// Reads the list until a backup that was not there before has ended.
async fn watch<R>(
    client: &Client,
    mode: &Mode,
    known: &HashSet<String>,
    lost: Option<String>,
    report: R,
) -> Result<Done, JobError>
where
    R: FnMut(Progress) + Send,
{
    let mut sight = Sight::new(client, "backup", report);
    let begun = Instant::now();
    let mut last: Option<Backup> = None;
    loop {
        match read(client, mode).await {
            Ok(backups) => {
                sight.clear();
                let new = backups.into_iter().find(|backup| !known.contains(&backup.uid));
                if let Some(backup) = &new
                    && last.as_ref() != new.as_ref()
                {
                    sight.report(Progress::Backup(Box::new(backup.clone())));
                }
                match new {
                    Some(backup) if backup.state != TransferState::Running => return Ok(created(backup)),
                    Some(backup) => last = Some(backup),
                    None => {}
                }
            }
            Err(error) => sight.lost(error)?,
        }
        overdue(begun.elapsed(), last.is_some(), lost.as_ref())?;
        sight.rest().await;
    }
}

fn overdue(waited: Duration, seen: bool, lost: Option<&String>) -> Result<(), JobError> {
    let what = "backup";
    match lost {
        Some(reason) if !seen && waited >= PATIENCE_WITHOUT_SIGN => {
            Err(JobError::NoSign { what, reason: reason.clone() })
        }
        None if !seen && waited >= PATIENCE_WITHOUT_SIGN => Err(stuck(what, waited)),
        _ if waited >= PATIENCE => Err(stuck(what, waited)),
        _ => Ok(()),
    }
}

fn stuck(what: &'static str, waited: Duration) -> JobError {
    JobError::Stuck { what, waited: text::count(waited.as_secs() as usize / 60, "minute"), advice: UNSTICK }
}

pub(super) async fn delete<R>(client: &Client, target: &Backup, mut report: R) -> Result<Done, JobError>
where
    R: FnMut(Progress) + Send,
{
    let what = "deletion";
    report(Progress::Sending);
    let mut lost = None;
    match client.delete_transfer(&target.mode, &target.uid).await {
        Ok(()) => report(Progress::Accepted(Started { backup_uid: target.uid.clone(), ..Started::default() })),
        Err(error) if error.outcome_unknown() => {
            report(Progress::AnswerLost { reason: error.reason() });
            lost = Some(error.reason());
        }
        Err(error) => return Err(JobError::NotStarted(error)),
    }
    let mut sight = Sight::new(client, what, report);
    let begun = Instant::now();
    loop {
        match read(client, &target.mode).await {
            Ok(backups) if !backups.iter().any(|backup| backup.uid == target.uid) => {
                let result = format!("The backup {} was deleted.", target.uid);
                return Ok(Done { job: told_of(JobKind::Delete, target, JobState::Completed, result), backup: None });
            }
            Ok(_) => sight.clear(),
            Err(error) => sight.lost(error)?,
        }
        if begun.elapsed() >= PATIENCE_FOR_DELETION {
            return Err(match lost {
                Some(reason) => JobError::NoSign { what, reason },
                None => JobError::Stuck {
                    what,
                    waited: "2 minutes".to_owned(),
                    advice: "The plane took the order and still lists the backup; read the list again later",
                },
            });
        }
        sight.rest().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::backup::DatabaseBackupStatus;

    fn told(state: &str, is_completed: bool, message: &[&str]) -> DatabaseBackup {
        DatabaseBackup {
            backup_uid: "b1".into(),
            mode: "FileSystem".into(),
            backup_status: DatabaseBackupStatus {
                state: state.into(),
                is_completed,
                start_time: "2026-11-22T03:00:00Z".parse().ok(),
                finish_time: "2026-11-22T03:04:00Z".parse().ok(),
                message: message.iter().map(|word| (*word).to_owned()).collect(),
                ..DatabaseBackupStatus::default()
            },
        }
    }

    #[test]
    fn what_has_ended_and_names_no_failure_is_complete_whatever_it_is_called() {
        let now = "2026-11-22T03:30:00Z".parse().unwrap();
        let state = |state, ended| backup(&Mode::S3, &told(state, ended, &[]), now).state;
        assert_eq!(state("Error", true), TransferState::Error);
        assert_eq!(state("error", false), TransferState::Error);
        assert_eq!(state("Success", true), TransferState::Completed);
        assert_eq!(state("", true), TransferState::Completed);
        assert_eq!(state("InProgress", false), TransferState::Running);
        let read = backup(&Mode::S3, &told("", true, &[]), now);
        assert_eq!((read.mode, read.location.as_str()), (Mode::S3, "s3"), "the mode that was asked for");
    }

    #[test]
    fn a_backup_that_never_ends_comes_with_the_way_out() {
        let read = |hour: u32| {
            let now = format!("2026-11-22T{hour:02}:30:00Z").parse().unwrap();
            backup(&Mode::Ftp, &told("Running", false, &["dumping"]), now).note
        };
        assert_eq!(read(4), "dumping");
        assert!(read(9).starts_with("dumping. Palette's advice"), "{}", read(9));
    }

    #[test]
    fn waiting_has_an_end() {
        assert!(overdue(Duration::from_secs(60), false, None).is_ok());
        assert!(overdue(Duration::from_secs(600), true, None).is_ok());
        let lost = "cut".to_owned();
        let error = overdue(Duration::from_secs(600), false, Some(&lost)).unwrap_err();
        assert!(matches!(error, JobError::NoSign { .. }));
        let stuck = overdue(PATIENCE, true, None).unwrap_err().to_string();
        assert!(stuck.contains("120 minutes") && stuck.contains("mgmt pod"), "{stuck}");
    }
}
