//! Jobs that are under way in this process: how far they are, how to cancel them, whose turn it is.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use super::secrets::Whole;
use crate::api::job::JobProgress;
use crate::api::location::Check;
use crate::backup::progress::Moment;
use crate::storage::probe::Permission;

/// Throughput is taken over so much time.
const WINDOW: TimeDelta = TimeDelta::seconds(8);
/// Readings closer to each other than this are one.
const APART: TimeDelta = TimeDelta::milliseconds(200);

/// Someone wants a job to end, and waits for its answer: whether it does.
pub type Wish = oneshot::Sender<bool>;

/// See the module.
#[derive(Default)]
pub struct Desk {
    live: Mutex<HashMap<String, Live>>,
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    trials: Mutex<HashMap<String, Trial>>,
}

/// A job under way.
struct Live {
    moment: watch::Receiver<Moment>,
    checks: Arc<Mutex<Vec<Check>>>,
    wishes: Option<mpsc::UnboundedSender<Wish>>,
    samples: VecDeque<(DateTime<Utc>, u64)>,
}

impl Live {
    fn is_cancellable(&self) -> bool {
        self.wishes.is_some() && self.moment.borrow().phase.can_be_cancelled()
    }
}

/// A location to try that need not be saved.
pub struct Trial {
    /// The location.
    pub whole: Whole,
    /// What is to be proved.
    pub permission: Permission,
}

/// What a job shows of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Glance {
    /// What it does just now.
    pub phase: String,
    /// How far it is.
    pub progress: JobProgress,
    /// Its checks so far.
    pub checks: Vec<Check>,
    /// It can be cancelled now.
    pub cancellable: bool,
}

/// What a job's own task holds of it.
pub struct Seat {
    /// Wishes to cancel the job; none come where nobody can.
    pub wishes: mpsc::UnboundedReceiver<Wish>,
    /// Checks of a validation.
    pub checks: Arc<Mutex<Vec<Check>>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// A job begins.
    #[must_use]
    pub fn open(&self, uid: &str, moment: watch::Receiver<Moment>, begun: DateTime<Utc>, cancellable: bool) -> Seat {
        let (sender, wishes) = mpsc::unbounded_channel();
        let checks = Arc::<Mutex<Vec<Check>>>::default();
        let live = Live {
            moment,
            checks: checks.clone(),
            wishes: cancellable.then_some(sender),
            samples: VecDeque::from([(begun, 0)]),
        };
        held(&self.live).insert(uid.to_owned(), live);
        Seat { wishes, checks }
    }

    /// It has ended.
    pub fn close(&self, uid: &str) {
        held(&self.live).remove(uid);
        held(&self.trials).remove(uid);
    }

    /// Wishes it cancelled; whether it is. Only the job itself can say, since what it begins to commit stays.
    pub async fn cancel(&self, uid: &str) -> bool {
        let wishes = held(&self.live).get(uid).and_then(|live| live.wishes.clone());
        let (wish, answer) = oneshot::channel();
        wishes.is_some_and(|wishes| wishes.send(wish).is_ok()) && answer.await.unwrap_or(false)
    }

    /// Whether a job gives in to a wish, asked by the job between two steps of its work. If so, nobody cancels it again.
    #[must_use]
    pub fn gives_in(&self, uid: &str) -> bool {
        let mut live = held(&self.live);
        live.get_mut(uid).filter(|live| live.is_cancellable()).is_some_and(|live| live.wishes.take().is_some())
    }

    /// From now on it cannot be cancelled; false where it was just before.
    pub fn commit(&self, uid: &str) -> bool {
        held(&self.live).get_mut(uid).and_then(|live| live.wishes.take()).is_some()
    }

    /// How far it is; none where it is not under way here.
    #[must_use]
    pub fn glance(&self, uid: &str, now: DateTime<Utc>) -> Option<Glance> {
        let mut live = held(&self.live);
        let live = live.get_mut(uid)?;
        let moment = live.moment.borrow().clone();
        let per_second = rate(&mut live.samples, now, moment.plain_done);
        let total = moment.plain_total.unwrap_or(0);
        let left = total.saturating_sub(moment.plain_done);
        let progress = JobProgress {
            plain_done: moment.plain_done,
            plain_total: total,
            stored_done: moment.stored_done,
            stored_total: moment.stored_total.unwrap_or(0),
            per_second,
            remaining_seconds: left.checked_div(per_second).map_or(0, |seconds| seconds.max(u64::from(left > 0))),
        };
        let checks = held(&live.checks).clone();
        let phase = if moment.unanswered { "Waiting for the server" } else { moment.phase.as_str() };
        Some(Glance { phase: phase.to_owned(), progress, checks, cancellable: live.is_cancellable() })
    }

    /// Whose turn it is at a location: one job at a time.
    #[must_use]
    pub fn turn(&self, location: &str) -> Arc<tokio::sync::Mutex<()>> {
        held(&self.turns).entry(location.to_owned()).or_default().clone()
    }

    /// Keeps what a job tries; secrets of what is not saved stay in memory.
    pub fn keep(&self, uid: &str, trial: Trial) {
        held(&self.trials).insert(uid.to_owned(), trial);
    }

    /// Takes it out again.
    #[must_use]
    pub fn trial(&self, uid: &str) -> Option<Trial> {
        held(&self.trials).remove(uid)
    }
}

/// Bytes a second over the last seconds, from what was read before and now.
fn rate(samples: &mut VecDeque<(DateTime<Utc>, u64)>, now: DateTime<Utc>, done: u64) -> u64 {
    if samples.back().is_none_or(|(at, _)| now - *at >= APART) {
        samples.push_back((now, done));
    }
    while samples.len() > 2 && samples.get(1).is_some_and(|(at, _)| now - *at >= WINDOW) {
        samples.pop_front();
    }
    let Some((begin, before)) = samples.front() else { return 0 };
    let millis = u64::try_from((now - *begin).num_milliseconds()).unwrap_or(0);
    (done.saturating_sub(*before) * 1000).checked_div(millis).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Phase;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn throughput_is_that_of_the_last_seconds_and_tells_how_long_is_left() {
        let desk = Desk::default();
        let (progress, moment) = crate::backup::Progress::new();
        let _seat = desk.open("j", moment, at(0), true);
        let mut seen = Vec::new();
        // Ten seconds at 100 bytes a second, then at 10.
        for second in 1..=30u64 {
            let done = if second <= 10 { second * 100 } else { 1000 + (second - 10) * 10 };
            progress.tell(|moment| (moment.plain_done, moment.plain_total) = (done, Some(2000)));
            seen.push(desk.glance("j", at(second as i64)).unwrap().progress);
        }
        assert_eq!((seen[4].per_second, seen[4].remaining_seconds), (100, 15));
        assert_eq!((seen[29].per_second, seen[29].remaining_seconds), (10, 80));
        desk.close("j");
        assert_eq!(desk.glance("j", at(31)), None);
    }

    /// Serves the first wish as a job does.
    async fn wished(desk: &Desk, uid: &str, seat: &mut Seat) -> bool {
        let job = async {
            if let Some(wish) = seat.wishes.recv().await {
                wish.send(desk.gives_in(uid)).unwrap();
            }
        };
        tokio::join!(desk.cancel(uid), job).0
    }

    #[tokio::test]
    async fn a_job_is_cancelled_once_and_never_after_it_has_committed() {
        let desk = Desk::default();
        let (_progress, moment) = crate::backup::Progress::new();
        let mut seat = desk.open("j", moment.clone(), at(0), true);
        assert!(desk.glance("j", at(1)).unwrap().cancellable);
        assert!(wished(&desk, "j", &mut seat).await);
        assert!(!desk.cancel("j").await && !desk.commit("j"));
        let mut seat = desk.open("k", moment.clone(), at(0), true);
        assert!(desk.commit("k") && !wished(&desk, "k", &mut seat).await);
        assert!(!desk.glance("k", at(1)).unwrap().cancellable);
        let mut seat = desk.open("l", moment, at(0), false);
        assert!(!wished(&desk, "l", &mut seat).await, "a deletion cannot be cancelled");
    }

    #[tokio::test]
    async fn a_wish_that_comes_while_a_backup_is_committed_is_refused_and_a_later_one_may_be_granted() {
        let desk = Desk::default();
        let (progress, moment) = crate::backup::Progress::new();
        let mut seat = desk.open("j", moment, at(0), true);
        progress.tell(|moment| moment.phase = Phase::Committing);
        assert!(!wished(&desk, "j", &mut seat).await);
        assert!(!desk.glance("j", at(1)).unwrap().cancellable);
        // A restore goes on after its safety backup.
        progress.tell(|moment| moment.phase = Phase::Preparing);
        assert!(wished(&desk, "j", &mut seat).await);
    }
}
