//! Backups as the wire has them: what lies in a location, joined with what jobs and verifications say of it.

use std::collections::HashMap;

use rusqlite::Connection;

use super::shelf::Stock;
use crate::api::backup::{Backup, Stream, Verified};
use crate::api::location::Location;
use crate::api::words::{JobState, TransferState};
use crate::backup::{Authentic, Found, FoundState, Manifest, Place};
use crate::plane::failure::Failure;
use crate::plane::state::Plane;
use crate::plane::store::jobs::{self, Row};
use crate::plane::store::{backups, locations::Stored};
use crate::schedule::Schedule;

/// What a view is drawn from beside the location itself.
struct Sight<'a> {
    location: &'a Location,
    plane_uid: &'a str,
    keys: &'a [String],
    verified: &'a HashMap<Place, Verified>,
}

impl Plane {
    /// Every backup of a location, newest first: those that lie there, and those that are being made or failed.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn backups_in(&self, stored: &Stored, stock: Option<&Stock>) -> Result<Vec<Backup>, Failure> {
        let found = stock.map_or(&[][..], |stock| stock.inventory.found.as_slice());
        let places: Vec<_> = found.iter().map(|found| found.place.clone()).collect();
        let name = stored.location.name.clone();
        let (rows, verified) = self
            .store
            .read(move |connection| Ok((jobs::creates(connection, &name)?, verdicts(connection, &name, places)?)))
            .await?;
        let (plane_uid, keys) = (self.identity.get().plane_uid.clone(), self.backups.keys.fingerprints());
        let sight = Sight { location: &stored.location, plane_uid: &plane_uid, keys: &keys, verified: &verified };
        let mut all: Vec<_> = rows.iter().filter_map(|row| sight.of_job(row, found)).collect();
        let made = |found: &Found| {
            all.iter().any(|backup| backup.uid == found.place.uid.as_str() && backup.plane_uid == found.place.plane_uid)
        };
        let lying: Vec<_> = found.iter().filter(|found| !made(found)).map(|found| sight.of_found(found)).collect();
        all.extend(lying);
        all.sort_by(|one, other| (other.started, &other.uid).cmp(&(one.started, &one.uid)));
        Ok(all)
    }

    /// One backup, as it was found.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn backup_view(&self, stored: &Stored, found: &Found) -> Result<Backup, Failure> {
        let (name, places) = (stored.location.name.clone(), vec![found.place.clone()]);
        let verified = self.store.read(move |connection| Ok(verdicts(connection, &name, places)?)).await?;
        let (plane_uid, keys) = (self.identity.get().plane_uid.clone(), self.backups.keys.fingerprints());
        let sight = Sight { location: &stored.location, plane_uid: &plane_uid, keys: &keys, verified: &verified };
        Ok(sight.of_found(found))
    }
}

/// The newest verification of each folder that has one.
fn verdicts(connection: &Connection, location: &str, places: Vec<Place>) -> rusqlite::Result<HashMap<Place, Verified>> {
    let mut verdicts = HashMap::new();
    for place in places {
        let folder = backups::Folder { location, owner: &place.plane_uid, uid: place.uid.as_str() };
        if let Some(verified) = backups::verification(connection, folder)? {
            verdicts.insert(place, verified);
        }
    }
    Ok(verdicts)
}

impl Sight<'_> {
    fn blank(&self, uid: &str, plane_uid: &str) -> Backup {
        Backup {
            uid: uid.to_owned(),
            location: self.location.name.clone(),
            mode: self.location.mode.clone(),
            plane_uid: plane_uid.to_owned(),
            own: plane_uid == self.plane_uid,
            ..Backup::default()
        }
    }

    /// A backup that is being made, or was not; none where the location itself tells more.
    fn of_job(&self, row: &Row, found: &[Found]) -> Option<Backup> {
        let is = |place: &Place| place.uid.as_str() == row.backup_uid && place.plane_uid == self.plane_uid;
        let lying = found.iter().find(|found| is(&found.place));
        let state = match row.state {
            JobState::Queued | JobState::Running => TransferState::Running,
            JobState::Error => TransferState::Error,
            JobState::Cancelled => TransferState::Cancelled,
            JobState::Completed | JobState::Other(_) => return None,
        };
        if lying.is_some_and(|found| !matches!(found.state, FoundState::Incomplete)) {
            return None;
        }
        Some(Backup {
            state,
            started: Some(row.started),
            finished: row.finished,
            note: format!("{} {}", row.result, row.advice).trim().to_owned(),
            ..self.blank(&row.backup_uid, self.plane_uid)
        })
    }

    fn of_found(&self, found: &Found) -> Backup {
        let uid = found.place.uid.as_str();
        let mut view = Backup { bytes: found.bytes, ..self.blank(uid, &found.place.plane_uid) };
        view.started = started(uid);
        view.verified = self.verified.get(&found.place).cloned();
        let (state, note) = match &found.state {
            FoundState::Complete(manifest, authentic) => {
                self.describe(&mut view, manifest);
                self.complete(&view, *authentic)
            }
            FoundState::Deleting(manifest) => {
                manifest.iter().for_each(|manifest| self.describe(&mut view, manifest));
                (
                    TransferState::Deleting,
                    "It is being deleted; a deletion that was cut short is finished by the next pass.".to_owned(),
                )
            }
            FoundState::Incomplete => (
                TransferState::Incomplete,
                "It was never finished; what is left of it is removed after a day.".to_owned(),
            ),
            FoundState::Damaged(manifest, why) => {
                manifest.iter().for_each(|manifest| self.describe(&mut view, manifest));
                (TransferState::Damaged, format!("It is damaged: {}.", crate::text::clean(why).trim_end_matches('.')))
            }
            FoundState::Newer(format) => (
                TransferState::Newer,
                format!("It has format {format}, which this version of palette-console does not know. Update it."),
            ),
        };
        (view.state, view.note) = (state, note);
        view
    }

    fn describe(&self, view: &mut Backup, manifest: &Manifest) {
        view.started = Some(manifest.started);
        view.finished = Some(manifest.completed);
        let days = u32::try_from(self.location.backup_spec.retention_period).unwrap_or(0);
        view.expires = view.own.then(|| Schedule::expires(manifest.completed, days));
        view.plain_bytes = manifest.streams.iter().map(|stream| stream.plain_bytes).sum();
        view.streams = manifest
            .streams
            .iter()
            .map(|stream| Stream {
                name: crate::text::clean(&stream.name).into_owned(),
                plain_bytes: stream.plain_bytes,
                bytes: stream.bytes(),
                segments: stream.segments.len(),
            })
            .collect();
        view.encrypted = manifest.encrypted_with.is_some();
        let key = manifest.encrypted_with.as_ref().unwrap_or(&manifest.signed_with);
        view.key_fingerprint = crate::text::clean(key).into_owned();
        view.readable = self.keys.contains(key);
        view.version = crate::text::clean(&manifest.version).into_owned();
    }

    fn complete(&self, view: &Backup, authentic: Authentic) -> (TransferState, String) {
        if authentic == Authentic::No {
            let why = "Its manifest is not authentic: it was changed, or written by someone without the recovery key.";
            return (TransferState::Damaged, why.to_owned());
        }
        if let Some(bad) = view.verified.as_ref().filter(|verified| !verified.good) {
            return (TransferState::Damaged, format!("It is damaged: {}", bad.detail));
        }
        let note = if view.readable {
            String::new()
        } else {
            format!("It was made with the recovery key {}, which this plane does not have.", view.key_fingerprint)
        };
        (TransferState::Completed, note)
    }
}

/// A backup's uid begins with the time.
fn started(uid: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let time = uid.split('-').next()?;
    Some(chrono::NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok()?.and_utc())
}
