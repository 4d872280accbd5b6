//! Trying a location, check by check.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Done;
use crate::api::location::Check;
use crate::api::words::CheckState;
use crate::backup::{Phase, Progress};
use crate::plane::backups::place;
use crate::plane::backups::secrets::Whole;
use crate::plane::backups::words::{self, Trouble};
use crate::plane::state::{Plane, SharedPlane};
use crate::plane::store::jobs::Row;
use crate::storage::probe::{self, Event, Permission};

/// Longest that a validation may take: below what a request may take.
const WITHIN: Duration = Duration::from_secs(25);

/// Tries what a job was given.
pub(super) async fn run(
    plane: &SharedPlane,
    row: &Row,
    progress: &Progress,
    checks: &Mutex<Vec<Check>>,
) -> Result<Done, Trouble> {
    let trial = plane.backups.desk.trial(&row.uid);
    let trial = trial.ok_or_else(|| Trouble::new("the validation was interrupted; start it again"))?;
    progress.tell(|moment| moment.phase = Phase::Validating);
    plane.try_location(&trial.whole, trial.permission, checks).await?;
    Ok(Done::told("The location is good for backups: every check passed.".to_owned()))
}

impl Plane {
    /// Tries a location; its checks appear in `checks` as they happen.
    ///
    /// # Errors
    /// The first check that failed, or that it took too long.
    pub async fn try_location(
        &self,
        whole: &Whole,
        permission: Permission,
        checks: &Mutex<Vec<Check>>,
    ) -> Result<(), Trouble> {
        let resolved = place::resolve(&whole.location, whole.secret.clone()).map_err(|problems| {
            let first = problems.into_iter().next().map(|(_, why)| why).unwrap_or_default();
            Trouble::new(first)
        })?;
        let store = self.backups.open(resolved)?;
        let mut tell = |event| note(checks, event);
        let probed = probe::probe(store.as_ref(), permission, self.now(), &mut tell);
        if tokio::time::timeout(WITHIN, probed).await.is_err() {
            return Err(cut_short(checks));
        }
        let checks = checks.lock().unwrap_or_else(PoisonError::into_inner);
        match checks.iter().find(|check| check.state == CheckState::Failed) {
            Some(failed) => {
                Err(Trouble { reason: format!("{}: {}", failed.name, failed.detail), advice: failed.fix.clone() })
            }
            None => Ok(()),
        }
    }
}

fn note(checks: &Mutex<Vec<Check>>, event: Event) {
    let mut checks = checks.lock().unwrap_or_else(PoisonError::into_inner);
    match event {
        Event::Begins(name) => checks.push(Check { name: name.to_owned(), ..Check::default() }),
        Event::Ended(check) => {
            let ended = words::check(&check);
            match checks.iter_mut().rfind(|running| running.name == ended.name) {
                Some(running) => *running = ended,
                None => checks.push(ended),
            }
        }
    }
}

fn cut_short(checks: &Mutex<Vec<Check>>) -> Trouble {
    let mut checks = checks.lock().unwrap_or_else(PoisonError::into_inner);
    let why = format!("It was not done after {} seconds.", WITHIN.as_secs());
    let running = checks.iter_mut().find(|check| check.state == CheckState::Running);
    let name = running.map_or_else(String::new, |check| {
        check.state = CheckState::Failed;
        check.detail.clone_from(&why);
        check.fix = "Look for a firewall that drops packets, or a server that is overloaded.".to_owned();
        format!("{}: ", check.name)
    });
    Trouble {
        reason: format!("{name}{why}"),
        advice: "Look for a firewall that drops packets, or a server that is overloaded.".to_owned(),
    }
}
