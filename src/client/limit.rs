//! Staying below Palette's rate limits: per source address and resource prefix, 10 requests a second with
//! a burst of 5, or 50 a second for clusters (Palette's API introduction, "Rate limits").

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// Shared by everything one client does at the same time.
#[derive(Default)]
pub(super) struct Limiter {
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// A token bucket that counts in time: `ready` is when the bucket would be full again.
struct Bucket {
    ready: Instant,
}

/// Requests a second that a prefix bears. A little below the documented figures, since clocks differ.
fn rate(prefix: &str) -> f64 {
    match prefix {
        "spectroclusters" | "cloudconfigs" | "clusterprofiles" => 45.0,
        _ => 9.0,
    }
}

const BURST: f64 = 5.0;

impl Limiter {
    /// Waits until a call to `path` may be sent.
    pub(super) async fn wait(&self, path: &str) {
        let pause = self.reserve(path, Instant::now());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    /// Takes a place in the queue of the path's prefix and tells how long it is.
    fn reserve(&self, path: &str, now: Instant) -> Duration {
        let prefix = path.trim_start_matches("/v1/").split('/').next().unwrap_or_default();
        let step = Duration::from_secs_f64(1.0 / rate(prefix));
        let depth = step.mul_f64(BURST);
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bucket = buckets.entry(prefix.to_owned()).or_insert(Bucket { ready: now });
        bucket.ready = bucket.ready.max(now) + step;
        (bucket.ready - now).saturating_sub(depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_is_spread() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        let pauses: Vec<_> = (0..14).map(|_| limiter.reserve("/v1/overlords", now)).collect();
        assert!(pauses[..5].iter().all(Duration::is_zero), "{pauses:?}");
        assert!(pauses[13] > Duration::from_millis(900), "{pauses:?}");
    }

    #[test]
    fn prefixes_do_not_hold_each_other_up() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        for _ in 0..50 {
            limiter.reserve("/v1/audits?limit=50", now);
        }
        assert!(limiter.reserve("/v1/spectroclusters/abc", now).is_zero());
    }

    #[test]
    fn a_rested_bucket_is_full_again() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        for _ in 0..20 {
            limiter.reserve("/v1/overlords", now);
        }
        assert!(limiter.reserve("/v1/overlords", now + Duration::from_secs(5)).is_zero());
    }
}
