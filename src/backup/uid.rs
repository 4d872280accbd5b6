//! Uids of backups: the time, so that they sort, and random digits, so that no two are alike.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};

const TIME: &str = "%Y%m%dT%H%M%SZ";

/// Such as `20261122T030000Z-4f1c9a2b7d3e`: the begin in UTC, and 12 random hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupUid(String);

/// Not a backup's uid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not the uid of a backup; they look like 20261122T030000Z-4f1c9a2b7d3e")]
pub struct UidError(pub String);

impl BackupUid {
    /// A new one.
    #[must_use]
    pub fn fresh(now: DateTime<Utc>) -> Self {
        Self(format!("{}-{:012x}", now.format(TIME), fastrand::u64(..) >> 16))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The random part, which a person types to confirm.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.rsplit('-').next().unwrap_or_default()
    }
}

impl FromStr for BackupUid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Self, UidError> {
        let parts = text.split_once('-').filter(|(time, digits)| {
            time.len() == 16
                && NaiveDateTime::parse_from_str(time, TIME).is_ok()
                && digits.len() == 12
                && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        parts.map(|_| Self(text.to_owned())).ok_or_else(|| UidError(text.to_owned()))
    }
}

impl fmt::Display for BackupUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
