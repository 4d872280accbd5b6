//! Making a backup, and what follows it: a close look at those of the schedule, and a retention pass.

use std::sync::Arc;
use std::time::Duration;

use super::{Done, housekeeping};
use crate::api::backup::Verified;
use crate::api::location::Location;
use crate::api::words::{Compression, JobKind, VerifyLevel};
use crate::backup::sources::database::Database;
use crate::backup::{Authentic, BackupUid, Found, FoundState, Manifest, Order, Place, Progress, Source};
use crate::plane::actor::Actor;
use crate::plane::backups::begin;
use crate::plane::backups::words::Trouble;
use crate::plane::jobs::{Stop, stopped};
use crate::plane::state::SharedPlane;
use crate::plane::store::backups;
use crate::plane::store::jobs::Row;
use crate::plane::store::open::FILE as DATABASE;
use crate::text;

/// Longest that cleaning up behind a cancelled backup may take; the sweep does the rest.
const CLEAN_UP_WITHIN: Duration = Duration::from_secs(60);

/// Makes the backup of a job.
pub(super) async fn run(plane: &SharedPlane, row: &Row, progress: &Progress) -> Result<Done, Trouble> {
    if let Some(manifest) = made_before(plane, row).await {
        return Ok(done(row, &manifest));
    }
    clean_up(plane, &row.location, &row.stale).await;
    let manifest = make(plane, &row.location, &row.backup_uid, row.slot, progress).await?;
    Ok(done(row, &manifest))
}

fn done(row: &Row, manifest: &Manifest) -> Done {
    let (plain, stored) = (text::size(manifest.plain_bytes()), text::size(manifest.bytes()));
    let result = format!("Made the backup {} in {}: {plain} of state, {stored} stored.", manifest.uid, row.location);
    Done { result, also: Some(made(&row.location, manifest)), made: Some(manifest.uid.to_string()) }
}

/// The backup of an earlier attempt that was committed before its process ended: a slot must not be filled twice.
async fn made_before(plane: &SharedPlane, row: &Row) -> Option<Manifest> {
    let (_, shelf) = plane.shelf(&row.location).await.ok()?;
    let vault = plane.vault(shelf.store.clone());
    for uid in row.stale.iter().rev().filter_map(|uid| uid.parse().ok()) {
        let place = Place { plane_uid: row.owner.clone(), uid };
        if let Ok(Found { state: FoundState::Complete(manifest, Authentic::Yes), .. }) = vault.look(&place).await {
            return Some(*manifest);
        }
    }
    None
}

/// What the database remembers of a backup that was just made: it was read back, so it counts as verified.
pub(super) fn made(location: &str, manifest: &Manifest) -> super::Also {
    let (location, uid) = (location.to_owned(), manifest.uid.to_string());
    let (owner, completed) = (manifest.plane_uid.clone(), manifest.completed);
    Arc::new(move |transaction, now| {
        let folder = backups::Folder { location: &location, owner: &owner, uid: &uid };
        backups::note(transaction, folder, completed)?;
        let verified = Verified { level: VerifyLevel::Quick, at: Some(now), good: true, detail: String::new() };
        Ok(backups::verified(transaction, folder, &verified)?)
    })
}

/// Makes a backup of the plane's state as it is now.
pub(super) async fn make(
    plane: &SharedPlane,
    location: &str,
    uid: &str,
    slot: Option<chrono::DateTime<chrono::Utc>>,
    progress: &Progress,
) -> Result<Manifest, Trouble> {
    let (stored, shelf) = plane.shelf(location).await?;
    let uid: BackupUid = uid.parse().map_err(|error| Trouble::new(format!("{error}")))?;
    let order = Order {
        uid,
        slot,
        retention_days: u32::try_from(stored.location.backup_spec.retention_period).unwrap_or(0),
        encrypted: stored.location.packing.encrypted,
        level: level(&stored.location),
        segment_bytes: plane.backups.segment_bytes,
    };
    super::reach(&shelf, progress).await?;
    let database: Box<dyn Source> = Box::new(Database { path: plane.backups.data_dir.join(DATABASE) });
    let made = plane.vault(shelf.store.clone()).create(order, vec![database], progress).await;
    shelf.spoil();
    Ok(made?)
}

fn level(location: &Location) -> Option<i32> {
    match location.packing.compression {
        Compression::Off => None,
        Compression::Fast | Compression::Other(_) => Some(1),
        Compression::Balanced => Some(3),
        Compression::Small => Some(9),
    }
}

/// Removes what backups that will never be finished left behind, as far as that goes. One that was committed stays.
pub(super) async fn clean_up(plane: &SharedPlane, location: &str, uids: &[String]) {
    for uid in uids {
        let Ok(parsed) = uid.parse::<BackupUid>() else { continue };
        let Ok((_, shelf)) = plane.shelf(location).await else { return };
        let vault = plane.vault(shelf.store.clone());
        let abandoned = tokio::time::timeout(CLEAN_UP_WITHIN, vault.abandon(&parsed)).await;
        if !matches!(abandoned, Ok(Ok(()))) {
            tracing::warn!(backup = uid, "a half-made backup stays until the sweep finds it");
        }
    }
}

/// A backup of the schedule is read whole the same day, so that a bad one is noticed; then what is past its time goes.
/// The turn is still held.
pub(super) async fn afterwards(plane: &SharedPlane, row: &Row, stop: &mut Stop) {
    if !stopped(stop) {
        housekeeping::if_due(plane, &row.location, stop).await;
    }
    if row.slot.is_some()
        && !stopped(stop)
        && let Ok(place) = super::place(row)
    {
        let order = begin::Order::new(JobKind::Verify, &row.location, &row.mode, Actor::plane()).on(place);
        if let Err(error) = plane.begin(begin::Order { level: VerifyLevel::Data, ..order }).await {
            tracing::warn!(%error, "the verification of a scheduled backup could not begin");
        }
    }
}
