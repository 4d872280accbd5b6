//! How long ago. Coarse on purpose: an age under a minute never changes on the screen.

use chrono::{DateTime, TimeDelta, Utc};

/// `< 1 min`, `31 min`, `5 h`, `3 d`; a time in the future reads as `< 1 min`.
#[must_use]
pub fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    span(now - since)
}

/// The same for a span of time.
#[must_use]
pub fn span(span: TimeDelta) -> String {
    let minutes = span.num_minutes();
    match minutes {
        ..=0 => "< 1 min".to_owned(),
        1..=119 => format!("{minutes} min"),
        120..=2879 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_grow_coarser() {
        let words = |minutes| span(TimeDelta::minutes(minutes));
        assert_eq!(words(-5), "< 1 min");
        assert_eq!(words(0), "< 1 min");
        assert_eq!(words(31), "31 min");
        assert_eq!(words(119), "119 min");
        assert_eq!(words(120), "2 h");
        assert_eq!(words(3 * 1440), "3 d");
    }
}
