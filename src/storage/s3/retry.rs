//! When a call is tried again. Every call of ours may be: an object is written whole, under a name of its own.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use tracing::debug;

use super::S3;
use super::wire::Trouble;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// Tries that even a short patience allows, where each takes its full time.
const AT_LEAST: u32 = 2;

/// How long to wait before try `next` (the second is 1), or `None` where no more is worth it. `jitter` is a random
/// number from 0 to 1: half of the wait is drawn, so that several transfers do not return at the same moment.
fn pause(trouble: &Trouble, next: u32, spent: Duration, patience: Duration, jitter: f64) -> Option<Duration> {
    if !trouble.kind.is_passing() {
        return None;
    }
    let bound = FIRST.saturating_mul(1 << (next - 1).min(8)).min(LONGEST);
    let pause = bound.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    (next < AT_LEAST || spent.saturating_add(pause) <= patience).then_some(pause)
}

/// Tries of one call so far.
pub(super) struct Tries {
    begun: Instant,
    next: u32,
    patience: Duration,
}

impl Tries {
    pub(super) fn new(patience: Duration) -> Self {
        Self { begun: Instant::now(), next: 0, patience }
    }

    /// Waits for the next try; gives the failure back where there is none.
    pub(super) async fn after(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        self.next += 1;
        match pause(&trouble, self.next, self.begun.elapsed(), self.patience, fastrand::f64()) {
            Some(pause) => {
                debug!(reason = trouble.reason, "a call to S3 failed and is tried again");
                tokio::time::sleep(pause).await;
                Ok(())
            }
            None if self.next > 1 && trouble.kind.is_passing() => {
                let reason = format!("{} (after {} tries)", trouble.reason, self.next);
                Err(Trouble { reason, ..trouble })
            }
            None => Err(trouble),
        }
    }
}

impl S3 {
    /// Runs `call` until it goes well, fails for good, or patience is at its end.
    pub(super) async fn patiently<T, F>(&self, patience: Duration, call: impl Fn() -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let mut tries = Tries::new(patience);
        loop {
            match call().await {
                Ok(done) => return Ok(done),
                Err(trouble) => tries.after(trouble).await?,
            }
        }
    }

    /// How long a write is tried again.
    pub(super) fn patience_to_write(&self) -> Duration {
        let proved = self.proved_writing.load(Ordering::Relaxed);
        if proved { self.timeouts.patience } else { self.timeouts.short_patience }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Kind;

    #[test]
    fn only_passing_troubles_are_worth_another_try() {
        let next = |kind| pause(&Trouble::new(kind, "x"), 1, Duration::ZERO, Duration::from_secs(9), 1.0);
        for kind in [Kind::Busy, Kind::Timeout, Kind::Interrupted, Kind::Unreachable] {
            assert_eq!(next(kind), Some(FIRST), "{kind:?}");
        }
        for kind in [Kind::Credentials, Kind::Denied, Kind::Full, Kind::NotFound, Kind::Certificate, Kind::Protocol] {
            assert_eq!(next(kind), None, "{kind:?}");
        }
    }

    #[test]
    fn waits_grow_and_end_with_patience() {
        let busy = Trouble::new(Kind::Busy, "x");
        let patience = Duration::from_secs(20);
        let waits: Vec<_> = (1..8).filter_map(|n| pause(&busy, n, Duration::ZERO, patience, 1.0)).collect();
        assert!(waits.is_sorted() && waits.len() == 7 && waits.last() == Some(&LONGEST), "{waits:?}");
        assert_eq!(pause(&busy, 2, patience, patience, 0.0), None);
        assert!(pause(&busy, 1, patience, patience, 0.0).is_some(), "one try that took all the time is not enough");
    }
}
