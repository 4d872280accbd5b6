//! Rate limits as a hosted Palette applies them: per source address and resource, in a bucket that refills.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::failure::Refusal;
use super::listen::Peer;
use crate::api::error::code;

/// Requests per second that a resource allows; bursts may hold five times as many.
const BURST: f64 = 5.0;
const RATES: [(&str, f64); 13] = [
    ("/v1/auth/authenticate", 10.0),
    ("/v1/auth", 10.0),
    ("/v1/overlords", 10.0),
    ("/v1/audits", 10.0),
    ("/v1/dashboard", 10.0),
    ("/v1/system", 10.0),
    ("/v1/users", 10.0),
    ("/v1/tenants", 10.0),
    ("/v1/projects", 10.0),
    ("/v1/cloudaccounts", 10.0),
    ("/v1/spectroclusters", 50.0),
    ("/v1/cloudconfigs", 50.0),
    ("/v1/clusterprofiles", 50.0),
];
/// Sources that are remembered at once; a full table is emptied, which lets everyone start anew.
const MOST_SOURCES: usize = 10_000;

struct Bucket {
    tokens: f64,
    filled: Instant,
}

type Buckets = HashMap<(Option<IpAddr>, &'static str), Bucket>;

/// What every source has left.
#[derive(Clone, Default)]
pub struct Limits(Arc<Mutex<Buckets>>);

impl Limits {
    fn allows(&self, source: Option<IpAddr>, path: &str, now: Instant) -> bool {
        let Some(&(prefix, rate)) = RATES
            .iter()
            .find(|(prefix, _)| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        else {
            return true;
        };
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_SOURCES {
            buckets.clear();
        }
        let most = rate * BURST;
        let bucket = buckets.entry((source, prefix)).or_insert(Bucket { tokens: most, filled: now });
        let earned = now.saturating_duration_since(bucket.filled).as_secs_f64() * rate;
        bucket.tokens = (bucket.tokens + earned).min(most);
        bucket.filled = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        allowed
    }
}

/// Answers 429 where a source asks too often.
pub async fn hold_back(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let source = match request.extensions().get::<Peer>() {
        Some(Peer::Remote(address)) => Some(address.ip()),
        Some(Peer::Local) | None => None,
    };
    if limits.allows(source, request.uri().path(), Instant::now()) {
        return next.run(request).await;
    }
    Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        code::TOO_MANY_REQUESTS,
        "Too many requests from this address. Try again in a second.",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn spend(limits: &Limits, path: &str, now: Instant) -> usize {
        (0..1000).take_while(|_| limits.allows(None, path, now)).count()
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let (limits, start) = (Limits::default(), Instant::now());
        assert_eq!(spend(&limits, "/v1/overlords/abc", start), 50);
        assert_eq!(spend(&limits, "/v1/overlords", start + Duration::from_secs(1)), 10);
        assert_eq!(spend(&limits, "/v1/spectroclusters/abc", start), 250);
    }

    #[test]
    fn resources_and_sources_do_not_share_a_bucket() {
        let (limits, start) = (Limits::default(), Instant::now());
        spend(&limits, "/v1/auth/authenticate", start);
        assert!(limits.allows(None, "/v1/auth/org", start));
        assert!(limits.allows(Some(IpAddr::from([127, 0, 0, 1])), "/v1/auth/authenticate", start));
    }

    #[test]
    fn what_palette_does_not_limit_is_free() {
        let limits = Limits::default();
        assert_eq!(spend(&limits, "/ext/v1/capabilities", Instant::now()), 1000);
        assert_eq!(spend(&limits, "/v1/overlordsx", Instant::now()), 1000);
    }
}
