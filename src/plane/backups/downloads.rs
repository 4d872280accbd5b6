//! Which downloads of backups are under way, so that the trail tells of each once and not of every file.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::backup::{MANIFEST, Place};

/// After a pause this long, the next file belongs to another download.
const PAUSE: TimeDelta = TimeDelta::hours(1);

/// Who downloads what from where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Download {
    /// Uid of the account.
    pub actor: String,
    /// Name of the location.
    pub location: String,
    /// The backup.
    pub place: Place,
}

/// Downloads by when their last file was handed out.
#[derive(Default)]
pub struct Downloads(Mutex<BTreeMap<Download, DateTime<Utc>>>);

impl Downloads {
    /// Whether a download begins with this file: the manifest is what every download asks for first.
    pub fn begins(&self, download: Download, file: &str, now: DateTime<Utc>) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, last| (now - *last).abs() < PAUSE);
        open.insert(download, now).is_none() || file == MANIFEST
    }
}
