//! Backups: list, find, create, verify, delete, download.
//!
//! On a plane that knows jobs each order is a job that is watched to its end. Palette tells of no jobs: there an order is
//! sent, and its list of backups is read until it shows what came of it.

pub mod download;
mod palette;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use crate::api::backup::{Backup, BackupList, Verified};
use crate::api::job::Job;
use crate::api::location::LocationView;
use crate::api::{JobKind, JobState, Mode, TransferState, VerifyLevel};
use crate::client::{Client, Error};
use crate::clock::{Clock, SystemClock};
use crate::text;

use super::job::{self, JobError, Order, Progress};
use super::location;

/// What came of a job on a backup.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The job as it ended. On a plane that tells of no jobs: what would be said of it.
    pub job: Job,
    /// The backup as the plane shows it now; `None` where it shows none, or could not be asked.
    pub backup: Option<Backup>,
}

impl Done {
    /// Whether the job ended well.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.job.state == JobState::Completed
    }

    /// What this very job has found, where it was a verification that could be done.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verified> {
        let verified = self.backup.as_ref()?.verified.as_ref()?;
        (self.job.kind == JobKind::Verify && verified.at >= self.job.started).then_some(verified)
    }

    /// Whether a verification found the backup whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.succeeded() && self.verdict().is_none_or(|verified| verified.good)
    }
}

/// Why a backup cannot be named.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FindError {
    /// No location that was read has it.
    #[error("there is no backup {uid} in {looked_in}{}", unread_words(unread))]
    Nowhere {
        /// What was asked for.
        uid: String,
        /// Where, in words.
        looked_in: String,
        /// Locations that could not be read, each with the reason.
        unread: Vec<String>,
    },
    /// Several locations have it.
    #[error("the backup {uid} is in several locations ({}); choose one with --location", locations.join(", "))]
    Several {
        /// What was asked for.
        uid: String,
        /// The locations.
        locations: Vec<String>,
    },
    /// The plane could not be asked.
    #[error(transparent)]
    Client(#[from] Error),
}

fn unread_words(unread: &[String]) -> String {
    if unread.is_empty() { String::new() } else { format!("; not read: {}", unread.join("; ")) }
}

/// A location and its backups.
#[derive(Clone, Debug, PartialEq)]
pub struct Shelf {
    /// The location and how it fares.
    pub view: LocationView,
    /// Its backups, or why they could not be asked for.
    pub backups: Result<BackupList, Error>,
}

impl Shelf {
    /// Why the location could not be read just now.
    #[must_use]
    pub fn unread(&self) -> Option<String> {
        match &self.backups {
            Ok(list) if list.unread.is_empty() => None,
            Ok(list) => Some(text::clean(list.unread.trim_end_matches('.')).into_owned()),
            Err(error) => Some(error.reason()),
        }
    }

    /// The newest backup of this plane that is good as far as is known.
    #[must_use]
    pub fn newest_good(&self) -> Option<&Backup> {
        let items = self.backups.as_ref().ok()?.items.iter();
        items.filter(|backup| is_good(backup)).max_by_key(|backup| backup.finished)
    }
}

/// Whether a backup of this plane is committed and no verification has found fault with it.
#[must_use]
pub fn is_good(backup: &Backup) -> bool {
    let sound = backup.verified.as_ref().is_none_or(|verified| verified.good);
    backup.own && backup.state == TransferState::Completed && sound
}

/// The backups of one location, newest first. `fresh` reads the location itself.
///
/// # Errors
/// As every read; a location that cannot be read is told in [`BackupList::unread`].
pub async fn list(client: &Client, location: &str, fresh: bool) -> Result<BackupList, Error> {
    if client.capabilities().backups {
        client.backups(location, fresh).await
    } else {
        palette::list(client, &Mode::from(location), SystemClock.now()).await
    }
}

/// The backups of every configured location. One that cannot be read hides no other.
///
/// # Errors
/// Where the locations themselves cannot be read.
pub async fn shelves(client: &Client, fresh: bool) -> Result<Vec<Shelf>, Error> {
    let views = location::list(client).await?.items;
    let read = views.into_iter().map(|view| async move {
        let backups = list(client, &view.location.name, fresh).await;
        Shelf { view, backups }
    });
    Ok(join_all(read).await)
}

/// The backup with a uid: in `location`, or in whichever configured location has it.
///
/// # Errors
/// See [`FindError`].
pub async fn find(client: &Client, uid: &str, location: Option<&str>) -> Result<Backup, FindError> {
    let uid = uid.trim();
    let shelves = match location {
        Some(name) => {
            let mut shelf = Shelf { view: LocationView::default(), backups: Ok(list(client, name, true).await?) };
            shelf.view.location.name = name.to_owned();
            vec![shelf]
        }
        None => shelves(client, true).await?,
    };
    pick(&shelves, uid)
}

fn pick(shelves: &[Shelf], uid: &str) -> Result<Backup, FindError> {
    let name = |shelf: &Shelf| text::clean(&shelf.view.location.name).into_owned();
    let hits: Vec<(&Shelf, &Backup)> = shelves
        .iter()
        .filter_map(|shelf| Some((shelf, shelf.backups.as_ref().ok()?)))
        .filter_map(|(shelf, list)| Some((shelf, list.items.iter().find(|backup| backup.uid == uid)?)))
        .collect();
    match hits.as_slice() {
        [(_, backup)] => Ok((*backup).clone()),
        [] => {
            let looked_in: Vec<String> = shelves.iter().map(name).collect();
            Err(FindError::Nowhere {
                uid: text::clean(uid).into_owned(),
                looked_in: match looked_in.is_empty() {
                    true => "any location, since none is configured".to_owned(),
                    false => format!("the locations that were read: {}", looked_in.join(", ")),
                },
                unread: shelves
                    .iter()
                    .filter_map(|shelf| Some(format!("{} ({})", name(shelf), shelf.unread()?)))
                    .collect(),
            })
        }
        several => Err(FindError::Several {
            uid: text::clean(uid).into_owned(),
            locations: several.iter().map(|(shelf, _)| name(shelf)).collect(),
        }),
    }
}

/// Makes a backup in a location and watches it to its end.
///
/// # Errors
/// See [`JobError`]; a backup that failed is a [`Done`] whose job says so.
pub async fn create(client: &Client, location: &str, report: impl FnMut(Progress) + Send) -> Result<Done, JobError> {
    if !client.capabilities().backups {
        return palette::create(client, &Mode::from(location), report).await;
    }
    let order = Order { kind: JobKind::Create, location, backup_uid: "" };
    let job = job::run(client, order, client.start_backup(location), report).await?;
    Ok(with_backup(client, job).await)
}

/// Proves a backup as far as `level` goes.
///
/// # Errors
/// See [`JobError`]; a backup that is not whole is a [`Done`] that says so.
pub async fn verify(
    client: &Client,
    backup: &Backup,
    level: &VerifyLevel,
    report: impl FnMut(Progress) + Send,
) -> Result<Done, JobError> {
    let order = Order { kind: JobKind::Verify, location: &backup.location, backup_uid: &backup.uid };
    let send = client.start_verification(&backup.location, &backup.uid, level);
    let job = job::run(client, order, send, report).await?;
    Ok(with_backup(client, job).await)
}

/// Deletes a backup.
///
/// # Errors
/// See [`JobError`]; a deletion that failed is a [`Done`] whose job says so.
pub async fn delete(client: &Client, backup: &Backup, report: impl FnMut(Progress) + Send) -> Result<Done, JobError> {
    if !client.capabilities().backups {
        return palette::delete(client, backup, report).await;
    }
    let order = Order { kind: JobKind::Delete, location: &backup.location, backup_uid: &backup.uid };
    let send = client.start_deletion(&backup.location, &backup.uid);
    let job = job::run(client, order, send, report).await?;
    Ok(with_backup(client, job).await)
}

/// The backup that a job worked on, as it is now.
async fn with_backup(client: &Client, job: Job) -> Done {
    let read = client.backups(&job.location, false).await.ok();
    let backup = read.and_then(|list| list.items.into_iter().find(|backup| backup.uid == job.backup_uid));
    Done { job, backup }
}

/// Whether the newest good backup of a location is no older than `most`, and how old it is.
#[must_use]
pub fn is_recent(newest: Option<&Backup>, now: DateTime<Utc>, most: chrono::TimeDelta) -> bool {
    newest.and_then(|backup| backup.finished).is_some_and(|finished| now - finished <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::location::Location;

    fn shelf(name: &str, backups: Vec<Backup>) -> Shelf {
        let view = LocationView {
            location: Location { name: name.to_owned(), ..Location::default() },
            ..LocationView::default()
        };
        Shelf { view, backups: Ok(BackupList { items: backups, ..BackupList::default() }) }
    }

    fn backup(uid: &str, hour: u32) -> Backup {
        let finished = format!("2026-11-22T{hour:02}:00:00Z").parse().ok();
        Backup { uid: uid.into(), own: true, state: TransferState::Completed, finished, ..Backup::default() }
    }

    #[test]
    fn a_uid_is_found_wherever_it_is_and_never_guessed() {
        let shelves = [shelf("ftp", vec![backup("a", 1)]), shelf("s3", vec![backup("b", 1)])];
        assert_eq!(pick(&shelves, "b").map(|found| found.uid), Ok("b".to_owned()));
        let missing = pick(&shelves, "c").unwrap_err().to_string();
        assert_eq!(missing, "there is no backup c in the locations that were read: ftp, s3");
        let twice = [shelf("ftp", vec![backup("a", 1)]), shelf("copy", vec![backup("a", 1)])];
        assert!(pick(&twice, "a").unwrap_err().to_string().contains("(ftp, copy)"));
        let mut unread = shelf("s3", Vec::new());
        unread.backups = Ok(BackupList { unread: "The host refused.".into(), ..BackupList::default() });
        let missing = pick(&[unread], "c").unwrap_err().to_string();
        assert!(missing.ends_with("; not read: s3 (The host refused)"), "{missing}");
    }

    #[test]
    fn an_older_verdict_is_not_taken_for_this_jobs() {
        let at = |hour: u32| format!("2026-11-22T{hour:02}:00:00Z").parse().ok();
        let job = Job { kind: JobKind::Verify, state: JobState::Error, started: at(8), ..Job::default() };
        let told = |hour| Some(Verified { at: at(hour), detail: "cut short".into(), ..Verified::default() });
        let done = |hour| Done { job: job.clone(), backup: Some(Backup { verified: told(hour), ..backup("a", 1) }) };
        assert_eq!(done(7).verdict(), None);
        assert_eq!(done(8).verdict().map(|verdict| verdict.good), Some(false));
        assert!(!done(8).is_whole());
    }

    #[test]
    fn the_newest_good_backup_is_own_complete_and_not_found_faulty() {
        let faulty = Backup { verified: Some(Verified { good: false, ..Verified::default() }), ..backup("faulty", 9) };
        let foreign = Backup { own: false, ..backup("foreign", 8) };
        let failed = Backup { state: TransferState::Error, ..backup("failed", 7) };
        let shelf = shelf("ftp", vec![faulty, foreign, failed, backup("good", 5), backup("older", 3)]);
        let newest = shelf.newest_good().unwrap();
        assert_eq!(newest.uid, "good");
        let now = "2026-11-22T07:00:00Z".parse().unwrap();
        assert!(is_recent(Some(newest), now, chrono::TimeDelta::hours(2)));
        assert!(!is_recent(Some(newest), now, chrono::TimeDelta::minutes(119)));
        assert!(!is_recent(None, now, chrono::TimeDelta::hours(2)));
    }
}
