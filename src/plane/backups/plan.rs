//! What a restore will do, before it is begun.

use chrono::{DateTime, Utc};

use super::begin::refuse_beside_migrations;
use super::shelf::unreachable;
use super::words::Trouble;
use crate::api::backup::{Backup, RestorePlan};
use crate::api::words::JobKind;
use crate::plane::failure::Failure;
use crate::plane::state::{Plane, SharedPlane};
use crate::text;

impl Plane {
    /// What a restore or a recovery of a backup will do, and why it cannot be done where it cannot.
    ///
    /// # Errors
    /// Where the location cannot be read, or holds no such backup.
    pub async fn restore_plan(
        self: &SharedPlane,
        location: &str,
        uid: &str,
        kind: JobKind,
    ) -> Result<RestorePlan, Failure> {
        let place = self.place_of(location, uid).await?;
        let (stored, shelf) = self.shelf(location).await?;
        let looked = self.vault(shelf.store.clone()).look(&place).await;
        let found = looked.map_err(|error| unreachable(&Trouble::from(error)))?;
        let mut refusals: Vec<_> = self.refusals(&found, &kind).into_iter().map(|refusal| refusal.message).collect();
        match self.store.read(refuse_beside_migrations).await {
            Err(Failure::Refused(refusal)) => refusals.push(refusal.message),
            other => other?,
        }
        let backup = self.backup_view(&stored, &found).await?;
        Ok(RestorePlan {
            steps: steps(&kind, location),
            warnings: warnings(&kind, &backup, self.now()),
            refusals,
            confirm: place.uid.digits().chars().take(4).collect(),
            backup,
            kind,
        })
    }
}

fn steps(kind: &JobKind, location: &str) -> Vec<String> {
    let mut steps = vec![
        "Download the backup beside the database and prove it: authenticity, every hash, decryption, the database's own integrity check. Nothing is changed until then.".to_owned(),
        format!("Make a safety backup of the state as it is now, in {location}. Without it nothing is restored."),
        "Put the backup's database in place of this one, in one step. The old file stays beside it as plane.db.pre-restore-TIME.".to_owned(),
    ];
    if *kind == JobKind::Recover {
        steps.push("Give this plane's owner new passwords for the backup's accounts, in credentials.toml.".to_owned());
    }
    steps.push("End every session: everyone signs in again.".to_owned());
    steps
}

fn warnings(kind: &JobKind, backup: &Backup, now: DateTime<Utc>) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(made) = backup.finished.or(backup.started) {
        told.push(format!(
            "What was changed since {} UTC is lost ({} ago). The safety backup keeps it.",
            made.format("%Y-%m-%d %H:%M"),
            text::span(now - made)
        ));
    }
    match kind {
        JobKind::Recover => told.extend([
            "The accounts in force afterwards are the backup's, with new passwords in credentials.toml.".to_owned(),
            "This plane keeps its own uid. The schedules of all locations come up paused, so that two planes do not expire one folder.".to_owned(),
        ]),
        _ => told.push(
            "The accounts and passwords in force afterwards are the backup's; credentials.toml is not changed."
                .to_owned(),
        ),
    }
    told
}
