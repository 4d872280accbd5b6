//! Questions about backups, asked of the plane.

use std::path::{Path, PathBuf};

use futures_util::future::join_all;

use crate::api::JobKind;
use crate::api::backup::{Backup, RestorePlan};
use crate::api::job::Job;
use crate::api::words::Mode;
use crate::client::{Client, Error, Permission};
use crate::ops::backup::{self, Done, download};
use crate::ops::job::{JobError, Progress};
use crate::ops::key::{self, KeyError};
use crate::ops::location::{self, SaveError};
use crate::ops::restore;
use crate::tui::msg::backup::{Ask, Begin, Draft, ExportedKey, Failed, KeyFrom, Overview, Step, Told, Tried, Which};

/// Asks, and tells what came of it; `tell` takes what happens on the way.
pub(super) async fn answer(client: &Client, ask: Ask, tell: impl Fn(Told) + Send + Sync) -> Told {
    match ask {
        Ask::Overview => Told::Overview(overview(client).await.map(Box::new)),
        Ask::List { location, fresh } => {
            let list = backup::list(client, &location, fresh).await.map(Box::new);
            Told::List(location, list)
        }
        Ask::Jobs(uids) => Told::Jobs(jobs(client, &uids).await),
        Ask::Begin(begin) => run_and_tell(client, begin, tell).await,
        Ask::Cancel(uid) => {
            let done = client.cancel_job(&uid).await;
            Told::Cancelled(uid, done)
        }
        Ask::Validate(draft) => validate(client, *draft, tell).await,
        Ask::Save(location) => {
            let done = location::save(client, &location).await.map_err(Failed::from);
            Told::Saved(location.name, done)
        }
        Ask::Remove(name) => {
            let done = location::remove(client, &name).await.map_err(Failed::from);
            Told::Removed(name, done)
        }
        Ask::Preview(location) => {
            let preview = location::preview(client, &location).await.map(|it| it.map(Box::new));
            Told::Preview(location, preview)
        }
        Ask::Plan(which, kind) => {
            let plan = restore::plan(client, &of(&which), kind).await.map(Box::new);
            Told::Plan(which, plan)
        }
        Ask::ExportKey(path) => Told::Key(export(client, path).await),
        Ask::ImportKey(from) => Told::KeyImported(import(client, from).await),
        Ask::Download(which, dir) => copy_files(client, which, &dir, tell).await,
    }
}

async fn run_and_tell(client: &Client, begin: Begin, tell: impl Fn(Told) + Send + Sync) -> Told {
    let report = |progress| {
        if let Some(step) = step(progress) {
            tell(Told::Step(begin.clone(), step));
        }
    };
    let ended = run(client, &begin, report).await;
    Told::Ended(begin, ended.map_err(Failed::from))
}

async fn copy_files(client: &Client, which: Which, dir: &Path, tell: impl Fn(Told) + Send + Sync) -> Told {
    let dir = at_home(dir);
    let report = |it: download::Downloaded| tell(Told::Downloading(which.clone(), it.bytes, it.total));
    let done = download::run(client, &of(&which), &dir, report).await;
    Told::Downloaded(which, done.map(|_| dir).map_err(Failed::from))
}

/// As much of a backup as an order needs. Palette's locations are called as their modes.
fn of(which: &Which) -> Backup {
    let mode = Mode::from(which.location.as_str());
    Backup {
        uid: which.uid.clone(),
        location: which.location.clone(),
        mode,
        state: crate::api::words::TransferState::Completed,
        ..Backup::default()
    }
}

async fn overview(client: &Client) -> Result<Overview, Error> {
    let locations = location::list(client).await?;
    if !client.capabilities().backups {
        return Ok(Overview { locations, jobs: Vec::new(), key: None });
    }
    let jobs = client.jobs().await?.items;
    let key = Some(client.recovery_key().await?);
    Ok(Overview { locations, jobs, key })
}

/// Jobs that the plane does not know any more are left out.
async fn jobs(client: &Client, uids: &[String]) -> Result<Vec<Job>, Error> {
    let read = join_all(uids.iter().map(|uid| client.job(uid))).await;
    read.into_iter().filter(|job| !job.as_ref().is_err_and(Error::not_found)).collect()
}

async fn run(
    client: &Client,
    begin: &Begin,
    report: impl FnMut(Progress) + Send,
) -> Result<Option<Box<Job>>, JobError> {
    let ended = |done: Done| Some(Box::new(done.job));
    match begin {
        Begin::Create(name) => backup::create(client, name, report).await.map(ended),
        Begin::Verify(which, level) => backup::verify(client, &of(which), level, report).await.map(ended),
        Begin::Delete(which) => backup::delete(client, &of(which), report).await.map(ended),
        Begin::Restore(which) => bring_back(client, which, JobKind::Restore, report).await,
        Begin::Recover(which) => bring_back(client, which, JobKind::Recover, report).await,
    }
}

async fn bring_back(
    client: &Client,
    which: &Which,
    kind: JobKind,
    report: impl FnMut(Progress) + Send,
) -> Result<Option<Box<Job>>, JobError> {
    let plan = RestorePlan { kind, backup: of(which), ..RestorePlan::default() };
    Ok(match restore::run(client, &plan, report).await? {
        restore::Outcome::Ended(job) => Some(job),
        restore::Outcome::Accepted => None,
    })
}

fn step(progress: Progress) -> Option<Step> {
    Some(match progress {
        Progress::Sending => return None,
        Progress::Accepted(started) => Step::Accepted(started),
        Progress::Job(job) => Step::Job(job),
        Progress::Backup(backup) => Step::Note(format!("The plane lists {}: {}.", backup.uid, backup.state)),
        Progress::AnswerLost { reason } => Step::Note(format!(
            "The answer was lost: {reason}. Nothing is sent again; what the plane shows is being read."
        )),
        Progress::PlaneLost { reason } => Step::Note(format!("Lost sight of the plane: {reason}.")),
        Progress::PlaneBack => Step::Note("The plane answers again.".to_owned()),
        Progress::SignedOut => Step::SignedOut,
    })
}

async fn validate(client: &Client, draft: Draft, tell: impl Fn(Told) + Send + Sync) -> Told {
    let Draft { mut location, ca_file } = draft;
    if let Some(path) = ca_file {
        match read_ca(&at_home(&path)) {
            Ok(pem) => location.ca_pem = pem,
            Err(words) => return Told::Validated(Box::new(location), Err(Failed::Fields(vec![("caFile", words)]))),
        }
    }
    let problems = location::problems(&location);
    if !problems.is_empty() {
        return Told::Validated(Box::new(location), Err(Failed::Fields(problems)));
    }
    let found = location::validate(client, &location, Permission::ReadWrite, |checks| {
        tell(Told::Checks(checks.to_vec()));
    });
    let found = found.await.map(|it| Tried { ok: it.ok, checks: it.checks, result: it.result });
    Told::Validated(Box::new(location), found.map_err(Failed::from))
}

/// More than this is no list of authorities.
const MOST: u64 = 1024 * 1024;

fn read_ca(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let length = std::fs::metadata(path).map_err(|error| format!("cannot read {shown}: {error}"))?.len();
    if length > MOST {
        return Err(format!("{shown} is too large to be a list of certificates"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(format!("{shown} holds no certificate in PEM"));
    }
    Ok(text)
}

async fn export(client: &Client, path: Option<PathBuf>) -> Result<ExportedKey, Failed> {
    let Some(path) = path.map(|path| at_home(&path)) else {
        return Ok(ExportedKey::Text(key::export(client).await?));
    };
    key::export_to(client, &path).await?;
    Ok(ExportedKey::File(path))
}

async fn import(client: &Client, from: KeyFrom) -> Result<Box<crate::api::backup::RecoveryKey>, Failed> {
    let key = match from {
        KeyFrom::File(path) => key::import_from(client, &at_home(&path)).await?,
        KeyFrom::Text(text) => key::import(client, &text).await?,
    };
    Ok(Box::new(key))
}

/// A path as it was typed: `~` is the home of whoever runs the console.
fn at_home(path: &Path) -> PathBuf {
    let home = || std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    match path.strip_prefix("~").ok().and_then(|rest| Some(home()?.join(rest))) {
        Some(path) => path,
        None => path.to_owned(),
    }
}

impl From<JobError> for Failed {
    fn from(error: JobError) -> Self {
        match error {
            JobError::NotStarted(error) => Self::Plane(error),
            other => Self::Here(other.to_string()),
        }
    }
}

impl From<SaveError> for Failed {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Invalid(fields) => Self::Fields(fields),
            SaveError::Refused(error) => Self::Plane(error),
            other => Self::Here(other.to_string()),
        }
    }
}

impl From<KeyError> for Failed {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Client(error) => Self::Plane(error),
            other => Self::Here(other.to_string()),
        }
    }
}

impl From<download::DownloadError> for Failed {
    fn from(error: download::DownloadError) -> Self {
        match error {
            download::DownloadError::Client(error) => Self::Plane(error),
            other => Self::Here(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_no_certificate_is_named_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        assert!(read_ca(&path).unwrap_err().contains("ca.pem"));
        std::fs::write(&path, "hello").unwrap();
        assert!(read_ca(&path).unwrap_err().contains("no certificate"));
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n").unwrap();
        assert!(read_ca(&path).is_ok());
    }

    #[test]
    fn only_a_leading_tilde_is_a_home() {
        assert_eq!(at_home(Path::new("a/~/b")), Path::new("a/~/b"));
        assert_eq!(at_home(Path::new("/x")), Path::new("/x"));
        assert!(!at_home(Path::new("~/x")).starts_with("~"));
    }
}
