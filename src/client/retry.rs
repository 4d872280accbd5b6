//! When a read is tried again, and after how long. Mutations never come here.

use std::time::Duration;

use super::error::{Error, Kind};

/// Attempts at one read, the first included.
const ATTEMPTS: u32 = 4;
/// After this long no further attempt is begun.
const BUDGET: Duration = Duration::from_secs(20);
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(4);

/// How long to wait before attempt `next` (the second is 1), or `None` where the failure is final.
/// `jitter` is a random number from 0 to 1: the wait is drawn evenly below an exponential bound ("full
/// jitter"), so that many consoles do not return at the same moment.
pub(super) fn pause(error: &Error, next: u32, spent: Duration, jitter: f64) -> Option<Duration> {
    let asked = match &error.kind {
        Kind::Unreachable { .. } | Kind::TimedOut { .. } | Kind::Broken { .. } => None,
        Kind::Refused { status: 429 | 502..=504, retry_after, .. } => *retry_after,
        Kind::NotTheApi { status: 429 | 502..=504, .. } => None,
        _ => return None,
    };
    let bound = FIRST.saturating_mul(1 << (next - 1).min(8)).min(LONGEST);
    let pause = asked.unwrap_or_else(|| bound.mul_f64(jitter.clamp(0.0, 1.0)));
    (next < ATTEMPTS && spent.saturating_add(pause) <= BUDGET).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ApiError;

    fn refused(status: u16, retry_after: Option<Duration>) -> Error {
        Error::new("read", Kind::Refused { status, error: Box::new(ApiError::default()), retry_after })
    }

    #[test]
    fn only_passing_troubles_are_tried_again() {
        for status in [429, 502, 503, 504] {
            assert!(pause(&refused(status, None), 1, Duration::ZERO, 0.5).is_some(), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 500] {
            assert!(pause(&refused(status, None), 1, Duration::ZERO, 0.5).is_none(), "{status}");
        }
    }

    #[test]
    fn the_plane_may_name_the_wait_within_the_budget() {
        let wait = |seconds| pause(&refused(429, Some(Duration::from_secs(seconds))), 1, Duration::ZERO, 0.0);
        assert_eq!(wait(3), Some(Duration::from_secs(3)));
        assert_eq!(wait(60), None);
        assert_eq!(wait(u64::MAX), None);
    }

    #[test]
    fn waits_grow_and_end() {
        let broken = Error::new("read", Kind::Broken { reason: "reset".into() });
        let waits: Vec<_> = (1..5).map(|next| pause(&broken, next, Duration::ZERO, 1.0)).collect();
        assert_eq!(waits[0], Some(Duration::from_millis(250)));
        assert_eq!(waits[2], Some(Duration::from_secs(1)));
        assert_eq!(waits[3], None);
        assert_eq!(pause(&broken, 1, Duration::from_secs(21), 0.0), None);
    }
}
