//! What an earlier owner of the directory left unfinished.

use chrono::{DateTime, Utc};
use rusqlite::Transaction;

use super::ending::CANCELLED;
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
                match verdict(&row, jobs::cancel_wanted(transaction, &row.uid)?) {
                    Verdict::Ends(state, result) => {
                        let failed = if state == JobState::Error { "Failed: " } else { "" };
                        (row.state, row.finished, row.result) = (state, Some(now), result);
                        audits::record(transaction, now, &attempt(&row).entry(format!("{failed}{}", row.result)))?;
                        again.extend(tidying(transaction, &mut row, now)?);
                    }
                    Verdict::GoesOn => {
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

/// A job that removes what one that is not taken up again has left half-made; its uid. Such a job is not itself tidied up
/// after, or they would follow each other for ever: what it could not remove is left to the sweep.
fn tidying(transaction: &Transaction<'_>, row: &mut Row, now: DateTime<Utc>) -> Result<Option<String>, Failure> {
    if row.kind == JobKind::Retention {
        return Ok(None);
    }
    let mut stale = std::mem::take(&mut row.stale);
    if row.kind == JobKind::Create {
        stale.push(row.backup_uid.clone());
    }
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

/// What becomes of a job that an earlier process left.
enum Verdict {
    /// It is taken up again.
    GoesOn,
    /// It ends like this.
    Ends(JobState, String),
}

fn verdict(row: &Row, cancelled: bool) -> Verdict {
    let failed = |why: String| Verdict::Ends(JobState::Error, why);
    match row.kind {
        _ if cancelled => Verdict::Ends(JobState::Cancelled, CANCELLED.to_owned()),
        JobKind::Validate => failed("The validation was interrupted. Start it again.".to_owned()),
        JobKind::Restore | JobKind::Recover => {
            failed("It was interrupted before anything was changed; the state is the one from before.".to_owned())
        }
        _ if row.attempts >= MOST_ATTEMPTS => {
            failed(format!("It was interrupted {MOST_ATTEMPTS} times and is not tried again."))
        }
        _ => Verdict::GoesOn,
    }
}

#[cfg(test)]
mod tests;
