//! Locations: what is configured, saving, trying and removing them.
//!
//! Palette itself knows two, named `ftp` and `s3`; there the rest is told to be impossible before anything is sent.

mod check;

use crate::api::backup::{FtpConfig, S3Config};
use crate::api::job::Job;
use crate::api::location::{
    Check, FtpOptions, Location, LocationList, LocationStatus, LocationView, Packing, S3Options, SchedulePreview,
};
use crate::api::{CheckState, JobKind, JobState, Mode};
use crate::client::{Client, Error, Permission};
use crate::schedule::Schedule;

use super::job::{self, JobError, Order, Progress};

pub use check::problems;

/// Why a location was not saved or removed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SaveError {
    /// Fields that will not do: each with a sentence. Nothing was sent.
    #[error("{}", sentences(.0))]
    Invalid(Vec<(&'static str, String)>),
    /// The plane knows no such thing. Nothing was sent.
    #[error("this plane cannot do that: {0}. Nothing was changed")]
    NotHere(&'static str),
    /// The plane refused, or the order never left: nothing was changed.
    #[error(transparent)]
    Refused(Error),
    /// The answer was lost, and the plane shows what it showed before.
    #[error("the answer was lost ({reason}) and the plane does not show the change. Nothing was sent again")]
    NotDone {
        /// Why the answer was lost.
        reason: String,
    },
    /// The answer was lost, and the plane cannot be asked.
    #[error("the answer was lost ({reason}), and whether the change was made cannot be read: {again}")]
    Unknown {
        /// Why the answer was lost.
        reason: String,
        /// Why the state cannot be read.
        again: String,
    },
}

fn sentences(problems: &[(&'static str, String)]) -> String {
    problems.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join(". ")
}

/// The locations that were configured, and how they fare as far as the plane tells.
///
/// # Errors
/// As every read.
pub async fn list(client: &Client) -> Result<LocationList, Error> {
    if client.capabilities().backups {
        return client.locations().await;
    }
    let (ftp, s3) = (client.ftp_config().await?, client.s3_config().await?);
    let items = [of_ftp(ftp), of_s3(s3)].into_iter().flatten().map(seen).collect();
    Ok(LocationList { items, suggested: Vec::new(), daemon: true })
}

fn of_ftp(config: FtpConfig) -> Option<Location> {
    let FtpConfig { backup_spec, ftp } = config;
    let configured = !ftp.server.is_empty();
    configured.then(|| Location {
        name: Mode::Ftp.to_string(),
        mode: Mode::Ftp,
        backup_spec,
        has_secret: true,
        ftp: Some(ftp),
        ..Location::default()
    })
}

fn of_s3(config: S3Config) -> Option<Location> {
    let S3Config { backup_spec, s3 } = config;
    let configured = !s3.bucket.is_empty();
    configured.then(|| Location {
        name: Mode::S3.to_string(),
        mode: Mode::S3,
        backup_spec,
        has_secret: true,
        s3: Some(s3),
        ..Location::default()
    })
}

fn seen(location: Location) -> LocationView {
    let status = LocationStatus { address: address(&location), ..LocationStatus::default() };
    LocationView { location, status }
}

/// The place in a line, without secrets.
#[must_use]
pub fn address(location: &Location) -> String {
    let inside = |folder: &str| match folder.trim_matches('/') {
        "" => String::new(),
        folder => format!("/{folder}"),
    };
    match (&location.ftp, &location.s3) {
        (Some(ftp), _) if location.mode == Mode::Ftp => {
            format!("{}{}", ftp.server.trim_end_matches('/'), inside(&ftp.dir))
        }
        (_, Some(s3)) => format!("s3://{}{}", s3.bucket, inside(&s3.folder)),
        _ => String::new(),
    }
}

/// The schedule of a location, for words and next runs; `None` where it is out of bounds. `anchor` is a day on which a run
/// is due.
#[must_use]
pub fn schedule(location: &Location, anchor: chrono::NaiveDate) -> Option<Schedule> {
    let spec = &location.backup_spec;
    let number = |value: i64| u32::try_from(value).ok();
    let (interval, hour, retention) =
        (number(spec.interval)?, number(spec.hour_of_the_day)?, number(spec.retention_period)?);
    spec.problems().is_empty().then_some(Schedule { interval, hour, retention, anchor })
}

/// Saves a location under its name. Whether it can be reached is asked by [`validate`]. The order is sent once; where its
/// answer is lost, the location is read again.
///
/// # Errors
/// See [`SaveError`].
pub async fn save(client: &Client, location: &Location) -> Result<(), SaveError> {
    let problems = problems(location);
    if !problems.is_empty() {
        return Err(SaveError::Invalid(problems));
    }
    let extended = client.capabilities().backups;
    if !extended {
        fits_palette(location)?;
    }
    let sent = match (extended, &location.mode) {
        (true, _) => client.set_location(location).await,
        (false, Mode::S3) => client.set_s3_config(&s3_config(location)).await,
        (false, _) => client.set_ftp_config(&ftp_config(location)).await,
    };
    match sent {
        Ok(()) => Ok(()),
        Err(error) if error.outcome_unknown() => {
            let shows = |list: &LocationList| list.items.iter().any(|view| is_kept(&view.location, location));
            read_back(client, &error, shows).await
        }
        Err(error) => Err(SaveError::Refused(error)),
    }
}

fn ftp_config(location: &Location) -> FtpConfig {
    FtpConfig { backup_spec: location.backup_spec, ftp: location.ftp.clone().unwrap_or_default() }
}

fn s3_config(location: &Location) -> S3Config {
    S3Config { backup_spec: location.backup_spec, s3: location.s3.clone().unwrap_or_default() }
}

/// Refuses what Palette's configurations cannot say. Whether Palette keeps a secret that is sent empty is not documented,
/// so that it is always wanted there.
fn fits_palette(location: &Location) -> Result<(), SaveError> {
    let secret = match (&location.mode, &location.ftp, &location.s3) {
        (Mode::Ftp, Some(ftp), _) => &ftp.password.0,
        (Mode::S3, _, Some(s3)) => &s3.secret_key.0,
        _ => return Err(SaveError::NotHere("a Palette knows FTP and S3 only")),
    };
    let has_more = location.ftp_options != FtpOptions::default()
        || location.s3_options != S3Options::default()
        || location.packing != Packing::default()
        || !location.ca_pem.is_empty();
    if location.name != location.mode.as_str() || !location.like.is_empty() {
        return Err(SaveError::NotHere("a Palette has one FTP and one S3 location, without names"));
    }
    if has_more || location.paused {
        return Err(SaveError::NotHere(
            "a Palette knows no TLS settings, endpoints, certificates, packing or pauses of a location",
        ));
    }
    if secret.is_empty() {
        let words = "The password or secret key is wanted: a Palette may not keep the one it has".to_owned();
        return Err(SaveError::Invalid(vec![("password", words)]));
    }
    Ok(())
}

/// Whether what is read is what was sent, as far as a plane gives it back.
fn is_kept(found: &Location, sent: &Location) -> bool {
    let place = match sent.mode {
        Mode::S3 => match (&found.s3, &sent.s3) {
            (Some(found), Some(sent)) => {
                (&found.bucket, &found.folder, &found.region) == (&sent.bucket, &sent.folder, &sent.region)
            }
            _ => !sent.like.is_empty(),
        },
        _ => match (&found.ftp, &sent.ftp) {
            (Some(found), Some(sent)) => {
                (&found.server, &found.dir, &found.username) == (&sent.server, &sent.dir, &sent.username)
            }
            _ => !sent.like.is_empty(),
        },
    };
    found.name == sent.name && found.backup_spec == sent.backup_spec && found.paused == sent.paused && place
}

async fn read_back(client: &Client, lost: &Error, shows: impl Fn(&LocationList) -> bool) -> Result<(), SaveError> {
    let reason = lost.reason();
    match list(client).await {
        Ok(list) if shows(&list) => Ok(()),
        Ok(_) => Err(SaveError::NotDone { reason }),
        Err(error) => Err(SaveError::Unknown { reason, again: error.to_string() }),
    }
}

/// Forgets a location. The backups in it stay where they are.
///
/// # Errors
/// See [`SaveError`].
pub async fn remove(client: &Client, name: &str) -> Result<(), SaveError> {
    if !client.capabilities().backups {
        return Err(SaveError::NotHere("a Palette keeps its configurations for ever"));
    }
    match client.delete_location(name).await {
        Ok(()) => Ok(()),
        Err(error) if error.outcome_unknown() => {
            read_back(client, &error, |list| list.items.iter().all(|view| view.location.name != name)).await
        }
        Err(error) => Err(SaveError::Refused(error)),
    }
}

/// What a validation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// The location can be used.
    pub ok: bool,
    /// What was tried, in its order.
    pub checks: Vec<Check>,
    /// What came of it, in a sentence; may be empty.
    pub result: String,
}

/// Tries a location, saved or not: its secrets may be empty where the plane has them. `report` gets every list of checks
/// that is longer or has changed.
///
/// # Errors
/// Where it could not be tried; a location that does not work is a [`Validation`] that says so.
pub async fn validate(
    client: &Client,
    location: &Location,
    permission: Permission,
    mut report: impl FnMut(&[Check]) + Send,
) -> Result<Validation, JobError> {
    if !client.capabilities().backups {
        return validate_by_palette(client, location, permission).await;
    }
    let order = Order { kind: JobKind::Validate, location: "", backup_uid: "" };
    let mut shown = Vec::new();
    let tell = |progress| {
        if let Progress::Job(job) = progress
            && job.checks != shown
        {
            report(&job.checks);
            shown = job.checks;
        }
    };
    let job = job::run(client, order, client.start_validation(location, permission), tell).await?;
    Ok(validation(job))
}

fn validation(job: Job) -> Validation {
    let failed = job.checks.iter().any(|check| check.state == CheckState::Failed);
    Validation { ok: job.state == JobState::Completed && !failed, checks: job.checks, result: job.result }
}

/// Palette answers with yes or no: one check.
async fn validate_by_palette(
    client: &Client,
    location: &Location,
    permission: Permission,
) -> Result<Validation, JobError> {
    let answer = match (&location.mode, &location.ftp, &location.s3) {
        (Mode::S3, _, Some(s3)) => client.validate_s3(s3, permission).await,
        (_, Some(ftp), _) => client.validate_ftp(ftp, permission).await,
        _ => client.validate_ftp(&Default::default(), permission).await,
    };
    let check = |state, detail, fix| Check { name: "Palette's own check".to_owned(), state, detail, fix, millis: 0 };
    match answer {
        Ok(()) => {
            let passed = check(CheckState::Passed, String::new(), String::new());
            Ok(Validation { ok: true, checks: vec![passed], result: String::new() })
        }
        Err(error) if error.code().is_some() && !error.outcome_unknown() && !error.is_forbidden() => {
            let failed = check(CheckState::Failed, error.reason(), error.advice());
            Ok(Validation { ok: false, checks: vec![failed], result: error.reason() })
        }
        Err(error) => Err(JobError::NotStarted(error)),
    }
}

/// What the schedule of a location means: next runs, warnings, what retention would delete. `None` where the plane cannot
/// tell.
///
/// # Errors
/// As every read.
pub async fn preview(client: &Client, location: &Location) -> Result<Option<SchedulePreview>, Error> {
    if !client.capabilities().backups {
        return Ok(None);
    }
    client.preview_schedule(location).await.map(Some)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::api::backup::{BackupSpec, FtpSpec, S3Spec, Sensitive};

    pub(in crate::ops) fn ftp(name: &str) -> Location {
        Location {
            name: name.to_owned(),
            backup_spec: BackupSpec { hour_of_the_day: 3, interval: 1, retention_period: 7 },
            ftp: Some(FtpSpec {
                server: "ftp://backup.site.local:2121".into(),
                dir: "/palette/".into(),
                username: "u".into(),
                password: Sensitive("p".into()),
            }),
            ..Location::default()
        }
    }

    #[test]
    fn palette_is_not_asked_for_what_it_cannot_keep() {
        assert_eq!(fits_palette(&ftp("ftp")), Ok(()));
        assert!(matches!(fits_palette(&ftp("second")), Err(SaveError::NotHere(_))));
        let paused = Location { paused: true, ..ftp("ftp") };
        assert!(matches!(fits_palette(&paused), Err(SaveError::NotHere(_))));
        let mut silent = ftp("ftp");
        silent.ftp = silent.ftp.map(|place| FtpSpec { password: Sensitive::default(), ..place });
        assert!(fits_palette(&silent).unwrap_err().to_string().contains("secret key is wanted"));
    }

    #[test]
    fn a_place_is_one_line_without_secrets() {
        assert_eq!(address(&ftp("ftp")), "ftp://backup.site.local:2121/palette");
        let s3 = S3Spec { bucket: "b".into(), secret_key: Sensitive("s".into()), ..S3Spec::default() };
        let location = Location { mode: Mode::S3, s3: Some(s3), ..Location::default() };
        assert_eq!(address(&location), "s3://b");
    }
}
