//! Restore and recovery: plan, order once, watch.
//!
//! When the plane has swapped its state, every session ends: the accounts in force are the backup's. So a refused token in
//! the middle is expected. Watching then waits until someone has signed in and reads the outcome from the job, which the
//! new state has. The order itself is never repeated.

use crate::api::backup::{Backup, RestorePlan};
use crate::api::job::{Job, Started};
use crate::api::{JobKind, TransferState};
use crate::client::{Client, Error};

use super::job::{self, JobError, Order, Progress};

/// What came of a restore.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The plane's job has ended, well or not: see its state and result.
    Ended(Box<Job>),
    /// The plane took the order and tells no more of it, as Palette does.
    Accepted,
}

/// What Palette's outcome means, for people: its documentation says nothing of what follows a restore.
pub const ACCEPTED: &str = "The plane accepted it and tells no more. Expect it to be away for some minutes and every \
                            session to end; then sign in again and look at what it shows.";

/// What a restore of a backup on the plane that made it, or a recovery on another one, will do. Nothing is changed.
///
/// # Errors
/// As every read.
pub async fn plan(client: &Client, backup: &Backup, kind: JobKind) -> Result<RestorePlan, Error> {
    if client.capabilities().backups {
        return client.restore_plan(&backup.location, &backup.uid, &kind).await;
    }
    Ok(palettes_plan(backup, kind))
}

/// Palette plans nothing, so that what is known is said here.
fn palettes_plan(backup: &Backup, kind: JobKind) -> RestorePlan {
    let what = if kind == JobKind::Recover { "recovers" } else { "restores" };
    let refusals = match backup.state {
        TransferState::Completed => Vec::new(),
        ref state => vec![format!("The backup is not complete ({state})")],
    };
    RestorePlan {
        steps: vec![format!("Palette {what} its database from the backup {}.", backup.uid)],
        warnings: vec![
            "Everything that was changed after the backup is lost.".to_owned(),
            "Palette does not say how long this takes nor what happens to sessions: expect it to be away, and sign in \
             again afterwards. The accounts in force are then the backup's."
                .to_owned(),
        ],
        refusals,
        confirm: confirmation(&backup.uid),
        backup: backup.clone(),
        kind,
    }
}

/// The last part of a uid, short enough to be typed.
fn confirmation(uid: &str) -> String {
    let tail = uid.rsplit('-').next().unwrap_or(uid);
    let typable: String = tail.chars().filter(char::is_ascii_alphanumeric).collect();
    let start = typable.len().saturating_sub(6);
    typable.get(start..).unwrap_or_default().to_owned()
}

/// Orders what a plan says and watches it to its end. [`Progress::SignedOut`] is expected once the state was swapped: the
/// watch goes on as soon as someone has signed in to the system session of `client`.
///
/// # Errors
/// See [`JobError`]; a restore that failed is a [`Job`] that says so.
pub async fn run(
    client: &Client,
    plan: &RestorePlan,
    mut report: impl FnMut(Progress) + Send,
) -> Result<Outcome, JobError> {
    let Backup { uid, location, mode, .. } = &plan.backup;
    let recover = plan.kind == JobKind::Recover;
    if client.capabilities().backups {
        let order = Order { kind: plan.kind.clone(), location, backup_uid: uid };
        let send = async {
            match recover {
                true => client.start_recovery(location, uid).await,
                false => client.start_restore(location, uid).await,
            }
        };
        return job::run(client, order, send, report).await.map(|job| Outcome::Ended(Box::new(job)));
    }
    report(Progress::Sending);
    let sent = match recover {
        true => client.recover_database(mode, uid).await,
        false => client.restore_database(mode, uid).await,
    };
    let what = job::noun(&plan.kind);
    match sent {
        Ok(()) => {
            report(Progress::Accepted(Started { backup_uid: uid.clone(), ..Started::default() }));
            Ok(Outcome::Accepted)
        }
        Err(error) if error.outcome_unknown() => Err(JobError::Lost { what, error }),
        Err(error) => Err(JobError::NotStarted(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palettes_plan_says_what_is_known_and_refuses_what_is_not_whole() {
        let backup = Backup { uid: "64f1c9a2b7d3e".into(), state: TransferState::Completed, ..Backup::default() };
        let plan = palettes_plan(&backup, JobKind::Restore);
        assert_eq!((plan.refusals.len(), plan.confirm.as_str()), (0, "2b7d3e"));
        assert!(plan.warnings.iter().any(|warning| warning.contains("accounts in force are then the backup's")));
        let broken = Backup { state: TransferState::Error, ..backup };
        assert_eq!(palettes_plan(&broken, JobKind::Restore).refusals, ["The backup is not complete (Error)"]);
    }

    #[test]
    fn what_is_typed_is_short_and_typable() {
        assert_eq!(confirmation("20261122T030000Z-4f1c9a2b7d3e"), "2b7d3e");
        assert_eq!(confirmation("ü-\u{202e}ab"), "ab");
    }
}
