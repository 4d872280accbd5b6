//! Manifests that were read before, so that none is read twice.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::Place;
use crate::storage::Entry;

/// Most bytes of manifests that are kept of what is not proved to be written with a key of ours. Whoever can write to the
/// location could fill the memory otherwise.
const MOST_UNPROVED: usize = 16 << 20;

/// Manifests that were read before, by place. They never change, so one that the server still shows as it was is not
/// read again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known(BTreeMap<Place, Remembered>);

/// One manifest.
#[derive(Clone, Debug, PartialEq)]
struct Remembered {
    file: Bytes,
    seen: Seen,
}

/// How the server showed it. A listing that tells neither dates nor tags leaves the size alone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    bytes: Option<u64>,
    modified: Option<DateTime<Utc>>,
    tag: Option<String>,
}

impl Seen {
    fn of(entry: &Entry) -> Self {
        Self { bytes: entry.bytes, modified: entry.modified, tag: entry.tag.clone() }
    }
}

impl Known {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of all of them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.values().map(|remembered| remembered.file.len()).sum()
    }

    /// The file of a manifest that is shown as it was when it was read.
    pub(super) fn unchanged(&self, place: &Place, entry: &Entry) -> Option<Bytes> {
        let remembered = self.0.get(place).filter(|remembered| remembered.seen == Seen::of(entry))?;
        let whole = entry.bytes.is_none_or(|bytes| bytes == remembered.file.len() as u64);
        whole.then(|| remembered.file.clone())
    }

    pub(super) fn remember(&mut self, place: Place, entry: &Entry, file: Bytes) {
        self.0.insert(place, Remembered { file, seen: Seen::of(entry) });
    }
}

/// How much more is kept of what is not proved to be written with a key of ours.
pub(super) struct Allowance(usize);

impl Allowance {
    pub(super) fn new() -> Self {
        Self(MOST_UNPROVED)
    }

    /// Takes room for so many bytes, where there is some.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::BackupUid;
    use crate::storage::ObjectPath;

    #[test]
    fn only_what_the_server_shows_as_it_was_is_known() {
        let now: DateTime<Utc> = "2026-11-22T03:00:00Z".parse().unwrap();
        let place = Place { plane_uid: "p".to_owned(), uid: BackupUid::fresh(now) };
        let path = ObjectPath::new("m").unwrap();
        let shown = |bytes: Option<u64>, modified: Option<DateTime<Utc>>, tag: Option<&str>| Entry {
            path: path.clone(),
            bytes,
            modified,
            tag: tag.map(str::to_owned),
        };
        let mut known = Known::new();
        known.remember(place.clone(), &shown(Some(3), Some(now), Some("a")), Bytes::from_static(b"abc"));
        assert!(known.unchanged(&place, &shown(Some(3), Some(now), Some("a"))).is_some());
        let later = Some(now + chrono::TimeDelta::seconds(1));
        for other in [
            shown(Some(4), Some(now), Some("a")),
            shown(Some(3), later, Some("a")),
            shown(Some(3), Some(now), Some("b")),
            shown(Some(3), None, Some("a")),
            shown(Some(3), Some(now), None),
        ] {
            assert_eq!(known.unchanged(&place, &other), None, "{other:?}");
        }
        // A listing that tells nothing but sizes: that the read file had another one is enough.
        known.remember(place.clone(), &shown(Some(4), None, None), Bytes::from_static(b"abc"));
        assert_eq!(known.unchanged(&place, &shown(Some(4), None, None)), None);
    }
}
