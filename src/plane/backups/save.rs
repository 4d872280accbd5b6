//! Saving a location, and taking it out of use.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use rusqlite::Transaction;

use super::place;
use super::secrets::Whole;
use super::status::{address, schedule};
use super::words::{in_the_way, not_configured};
use crate::api::ActionType;
use crate::api::error::code;
use crate::api::location::Location;
use crate::api::words::Mode;
use crate::backup::KeyRing;
use crate::plane::actor::Actor;
use crate::plane::failure::{Failure, Refusal, StorageError};
use crate::plane::state::{Attempt, Plane, kind, named};
use crate::plane::store::jobs;
use crate::plane::store::locations::{self, Stored};

impl Plane {
    /// Saves a location, new or changed.
    ///
    /// # Errors
    /// What cannot be right, field by field; told to the trail.
    pub async fn save_location(&self, actor: Actor, location: Location) -> Result<(), Failure> {
        let name = location.name.clone();
        let attempt = configuring(actor, &name);
        let whole = self.checked(location).await;
        let keys = self.backups.keys.clone();
        self.change(attempt, move |transaction, now| put(transaction, whole?, &keys, now)).await?;
        self.backups.shelves.forget(&name);
        self.backups.changed.notify_one();
        Ok(())
    }

    async fn checked(&self, location: Location) -> Result<Whole, Failure> {
        check_name(&location)?;
        let mut problems = location.backup_spec.problems();
        if !problems.is_empty() {
            problems.extend(place::problems(&location));
            return Err(place::refusal(&problems).into());
        }
        let whole = self.complete(location).await?;
        let resolved = place::resolve(&whole.location, whole.secret.clone()).map_err(|found| place::refusal(&found))?;
        self.backups.open(resolved).map_err(|error| Refusal::invalid(format!("{error}. {}", error.advice)))?;
        Ok(whole)
    }

    /// Takes a location out of use. Its backups stay where they are.
    ///
    /// # Errors
    /// Where there is none, or a job is under way there; told to the trail.
    pub async fn remove_location(&self, actor: Actor, name: &str) -> Result<(), Failure> {
        let attempt = Attempt {
            actor,
            action: ActionType::Delete,
            title: "Remove backup location",
            resource: named(kind::LOCATION, name),
        };
        let gone = name.to_owned();
        self.change(attempt, move |transaction, _| {
            let stored = locations::get(transaction, &gone)?.ok_or_else(|| not_configured(&gone))?;
            if let Some(active) = jobs::active(transaction, &gone)? {
                return Err(in_the_way(&active).into());
            }
            locations::delete(transaction, &gone)?;
            let content = format!("Removed the location {gone}. Its backups stay in {}.", address(&stored));
            Ok(((), content))
        })
        .await?;
        self.backups.shelves.forget(name);
        self.backups.changed.notify_one();
        Ok(())
    }
}

/// Someone configures a location, for the trail.
#[must_use]
pub fn configuring(actor: Actor, name: &str) -> Attempt {
    Attempt {
        actor,
        action: ActionType::Update,
        title: "Configure backup location",
        resource: named(kind::LOCATION, &crate::text::elide(&crate::text::clean(name), 32)),
    }
}

fn check_name(location: &Location) -> Result<(), Refusal> {
    if !place::is_name(&location.name) {
        let message = "A location's name has 1 to 32 lower-case letters, digits and inner hyphens.";
        return Err(Refusal::invalid(message));
    }
    let fixed = Mode::KNOWN.iter().find(|mode| mode.as_str() == location.name);
    match fixed.filter(|mode| **mode != location.mode) {
        Some(mode) => {
            let message = format!("The location named \"{mode}\" is always of that mode; choose another name.");
            Err(Refusal::invalid(message))
        }
        None => Ok(()),
    }
}

/// Whether backups of both would lie in the same folder, as far as their settings tell.
#[must_use]
pub fn same_place(one: &Location, other: &Location) -> bool {
    let ftp = |location: &Location| {
        let ftp = location.ftp.as_ref()?;
        let (host, port, _) = place::server(&ftp.server).ok()?;
        Some((host.to_ascii_lowercase(), port, ftp.username.clone(), ftp.dir.trim_matches('/').to_owned()))
    };
    let s3 = |location: &Location| {
        let s3 = location.s3.as_ref()?;
        let endpoint = location.s3_options.endpoint.trim_end_matches('/').to_ascii_lowercase();
        Some((endpoint, s3.bucket.clone(), s3.folder.trim_matches('/').to_owned()))
    };
    match (&one.mode, &other.mode) {
        (Mode::Ftp, Mode::Ftp) => ftp(one).is_some() && ftp(one) == ftp(other),
        (Mode::S3, Mode::S3) => s3(one).is_some() && s3(one) == s3(other),
        _ => false,
    }
}

/// Whether a server would show itself the same under both.
#[must_use]
pub fn is_reached_alike(one: &Location, other: &Location) -> bool {
    let (one, other) = (locations::bare(one), locations::bare(other));
    (one.ftp, one.ftp_options) == (other.ftp, other.ftp_options)
        && (one.s3, one.s3_options) == (other.s3, other.s3_options)
}

/// What was known of the place that a location leads to no more is forgotten; what works there is not left in mid-air.
fn leave_place(transaction: &Transaction<'_>, name: &str) -> Result<(), Failure> {
    if let Some(active) = jobs::active(transaction, name)? {
        let mut refusal = in_the_way(&active);
        refusal.message = format!("The location {name} cannot be moved to another place now. {}", refusal.message);
        return Err(refusal.into());
    }
    Ok(locations::forget_backups(transaction, name)?)
}

/// Two locations on one place would delete each other's backups.
fn refuse_shared_place(transaction: &Transaction<'_>, location: &Location) -> Result<(), Failure> {
    let mut others = locations::list(transaction)?.into_iter().map(|other| other.location);
    let Some(other) = others.find(|other| other.name != location.name && same_place(other, location)) else {
        return Ok(());
    };
    let message = format!(
        "The location {} is at the same place. Give this one a directory or folder of its own: what is past its time in one would be deleted from the other.",
        other.name
    );
    Err(Refusal::new(StatusCode::CONFLICT, code::INVALID, message).into())
}

fn put(
    transaction: &Transaction<'_>,
    whole: Whole,
    keys: &KeyRing,
    now: DateTime<Utc>,
) -> Result<((), String), Failure> {
    let before = locations::get(transaction, &whole.location.name)?;
    if before.as_ref().is_some_and(|before| before.location.mode != whole.location.mode) {
        let message = "A location keeps its mode; save this one under another name.";
        return Err(Refusal::new(StatusCode::CONFLICT, code::INVALID, message).into());
    }
    refuse_shared_place(transaction, &whole.location)?;
    let moved = before.as_ref().is_some_and(|before| !same_place(&before.location, &whole.location));
    if moved {
        leave_place(transaction, &whole.location.name)?;
    }
    let sealed = keys.seal(&whole.secret).map_err(|error| StorageError::Unwritable(error.to_string()))?;
    // Slots from before a change are none of the new schedule: it owes nothing for them.
    let same = before.as_ref().filter(|before| {
        let before = &before.location;
        before.backup_spec == whole.location.backup_spec && before.paused == whole.location.paused && !moved
    });
    let stored = Stored {
        sealed,
        created: before.as_ref().map_or(now, |before| before.created),
        since: same.map_or(now, |same| same.since),
        last_pass: before.as_ref().filter(|_| !moved).and_then(|before| before.last_pass),
        prepared: whole.prepared,
        location: whole.location,
    };
    locations::put(transaction, &stored)?;
    if before.is_none_or(|before| !is_reached_alike(&before.location, &stored.location)) {
        // What another server showed says nothing of this one.
        locations::remember_remarks(transaction, &stored.location.name, &[])?;
    }
    let words = schedule(&stored).map(|schedule| schedule.words()).unwrap_or_default();
    let paused = if stored.location.paused { "; paused" } else { "" };
    Ok(((), format!("Configured the location {} ({}): {words}{paused}.", stored.location.name, address(&stored))))
}
