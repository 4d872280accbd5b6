//! Proving a backup.

use std::sync::Arc;

use super::ending::{Also, Done, Ended};
use crate::api::backup::Verified;
use crate::api::words::VerifyLevel;
use crate::backup::{Level, Progress};
use crate::plane::backups::shelf::Shelf;
use crate::plane::backups::words::Trouble;
use crate::plane::state::SharedPlane;
use crate::plane::store::backups;
use crate::plane::store::jobs::{self, Row};
use crate::text;

/// Most faults that are told of.
const TOLD: usize = 5;

/// Proves the backup of a job. One that is not whole fails the job, and the next listing shows it as damaged.
pub(super) async fn run(plane: &SharedPlane, row: &Row, progress: &Progress) -> Ended {
    let shelf = match reached(plane, row, progress).await {
        Ok(shelf) => shelf,
        Err(trouble) => {
            let uid = row.uid.clone();
            let missed: Also = Arc::new(move |transaction, _| Ok(jobs::never_reached(transaction, &uid)?));
            return Ended::Badly(trouble, Some(missed));
        }
    };
    let faults = match look(plane, row, &shelf, progress).await {
        Ok(faults) => faults,
        Err(trouble) => return Ended::Badly(trouble, None),
    };
    let level = row.level.clone();
    let detail = if faults.is_empty() { String::new() } else { detail(&faults) };
    let verified = Verified { level: level.clone(), at: None, good: faults.is_empty(), detail: detail.clone() };
    let (location, owner, uid) = (row.location.clone(), row.owner.clone(), row.backup_uid.clone());
    let also: Also = Arc::new(move |transaction, now| {
        let folder = backups::Folder { location: &location, owner: &owner, uid: &uid };
        Ok(backups::verified(transaction, folder, &Verified { at: Some(now), ..verified.clone() })?)
    });
    if faults.is_empty() {
        let looked = match level {
            VerifyLevel::Quick => "its manifest is authentic and every segment is there in its size",
            VerifyLevel::Data => "every stored byte is what was written",
            VerifyLevel::Full | VerifyLevel::Other(_) => "everything was decrypted, unpacked and checked",
        };
        let result = format!("The backup {} in {} is whole: {looked}.", row.backup_uid, row.location);
        return Ended::Well(Done { result, also: Some(also), made: None });
    }
    let trouble = Trouble {
        reason: format!("The backup {} in {} is not whole: {detail}", row.backup_uid, row.location),
        advice: "Make a new backup now, and find out what changed the location.".to_owned(),
    };
    Ended::Badly(trouble, Some(also))
}

async fn reached(plane: &SharedPlane, row: &Row, progress: &Progress) -> Result<Arc<Shelf>, Trouble> {
    let (_, shelf) = plane.shelf(&row.location).await?;
    super::reach(&shelf, progress).await?;
    Ok(shelf)
}

async fn look(plane: &SharedPlane, row: &Row, shelf: &Shelf, progress: &Progress) -> Result<Vec<String>, Trouble> {
    let place = super::place(row)?;
    let level = match row.level {
        VerifyLevel::Quick => Level::Quick,
        VerifyLevel::Data => Level::Data,
        VerifyLevel::Full | VerifyLevel::Other(_) => Level::Full,
    };
    Ok(plane.vault(shelf.store.clone()).verify(&place, level, progress).await?.faults)
}

/// The faults in one line; names of objects stay as they are.
fn detail(faults: &[String]) -> String {
    let mut told: Vec<_> = faults.iter().take(TOLD).map(|fault| text::clean(fault).into_owned()).collect();
    if faults.len() > TOLD {
        told.push(format!("and {} more", faults.len() - TOLD));
    }
    told.iter().map(|fault| fault.trim_end_matches('.')).collect::<Vec<_>>().join("; ") + "."
}
