//! Deleting a backup.

use std::sync::Arc;

use super::Done;
use crate::backup::Progress;
use crate::plane::backups::words::Trouble;
use crate::plane::state::SharedPlane;
use crate::plane::store::backups;
use crate::plane::store::jobs::Row;

/// Deletes the backup of a job; begun again, it goes on where it stopped.
pub(super) async fn run(plane: &SharedPlane, row: &Row, progress: &Progress) -> Result<Done, Trouble> {
    let place = super::place(row)?;
    let (_, shelf) = plane.shelf(&row.location).await?;
    super::reach(&shelf, progress).await?;
    let deleted = plane.vault(shelf.store.clone()).delete(&place, progress).await;
    shelf.spoil();
    deleted?;
    let (location, owner, uid) = (row.location.clone(), row.owner.clone(), row.backup_uid.clone());
    Ok(Done {
        result: format!("Deleted the backup {uid} in {location}."),
        also: Some(Arc::new(move |transaction, now| {
            let folder = backups::Folder { location: &location, owner: &owner, uid: &uid };
            Ok(backups::gone(transaction, folder, now)?)
        })),
        made: None,
    })
}
