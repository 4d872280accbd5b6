//! What an earlier owner of the directory left unfinished.

use chrono::{DateTime, Utc};
use rusqlite::Transaction;

use crate::api::words::{JobKind, JobState};
use crate::backup::BackupUid;
use crate::plane::actor::Actor;
use crate::plane::backups::begin::attempt;
use crate::plane::failure::Failure;
use crate::plane::state::Plane;
use crate::plane::store::audits;
use crate::plane::store::jobs::{self, Row};
use crate::plane::uid;

/// Most times that a job is begun; one that ends its process every time must not do so for ever.
const MOST_ATTEMPTS: u32 = 3;

/// Orders again what can be done again, and says of the rest that it was interrupted.
///
/// # Errors
/// Those of the storage.
pub async fn resume(plane: &Plane) -> Result<(), Failure> {
    let now = plane.now();
    let again = plane
        .store
        .write(move |transaction| {
            let mut again = Vec::new();
            for mut row in jobs::unfinished(transaction)? {
                match verdict(&row) {
                    Some(why) => {
                        (row.state, row.finished, row.result) = (JobState::Error, Some(now), why);
                        audits::record(transaction, now, &attempt(&row).entry(format!("Failed: {}", row.result)))?;
                        again.extend(tidying(transaction, &mut row, now)?);
                    }
                    None => {
                        row.attempts += 1;
                        if row.kind == JobKind::Create {
                            row.stale.push(std::mem::replace(&mut row.backup_uid, BackupUid::fresh(now).to_string()));
                        }
                        again.push(row.uid.clone());
                    }
                }
                jobs::put(transaction, &row)?;
            }
            Ok(again)
        })
        .await?;
    for uid in again {
        tracing::info!(uid, "resuming a job");
        let _ = plane.backups.orders.send(uid);
    }
    Ok(())
}

/// A job that removes what one that is not taken up again has left half-made; its uid.
fn tidying(transaction: &Transaction<'_>, row: &mut Row, now: DateTime<Utc>) -> Result<Option<String>, Failure> {
    let stale = std::mem::take(&mut row.stale);
    if stale.is_empty() {
        return Ok(None);
    }
    let tidying = Row {
        uid: uid::fresh(),
        kind: JobKind::Retention,
        backup_uid: String::new(),
        owner: String::new(),
        state: JobState::Running,
        actor: Actor::plane(),
        slot: None,
        started: now,
        finished: None,
        attempts: 1,
        stale,
        result: String::new(),
        ..row.clone()
    };
    jobs::put(transaction, &tidying)?;
    Ok(Some(tidying.uid))
}

/// Why a job cannot be taken up again; none where it can.
fn verdict(row: &Row) -> Option<String> {
    match row.kind {
        JobKind::Validate => Some("The validation was interrupted. Start it again.".to_owned()),
        JobKind::Restore | JobKind::Recover => {
            Some("It was interrupted before anything was changed; the state is the one from before.".to_owned())
        }
        _ if row.attempts >= MOST_ATTEMPTS => {
            Some(format!("It was interrupted {MOST_ATTEMPTS} times and is not tried again."))
        }
        _ => None,
    }
}
