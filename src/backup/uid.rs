//! Uids of backups: the time, so that they sort, and random digits, so that no two are alike.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

const TIME: &str = "%Y%m%dT%H%M%SZ";

/// Such as `20261122T030000Z-4f1c9a2b7d3e`: the begin in UTC, and 12 random hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

    /// When it was begun, to the second, by the clock of the plane that made it.
    #[must_use]
    pub fn time(&self) -> Option<DateTime<Utc>> {
        let (time, _) = self.0.split_once('-')?;
        Some(NaiveDateTime::parse_from_str(time, TIME).ok()?.and_utc())
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

impl TryFrom<String> for BackupUid {
    type Error = UidError;

    fn try_from(text: String) -> Result<Self, UidError> {
        text.parse()
    }
}

impl From<BackupUid> for String {
    fn from(uid: BackupUid) -> Self {
        uid.0
    }
}

impl fmt::Display for BackupUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_one_reads_back_with_its_time() {
        let now = "2026-11-22T03:00:09Z".parse().unwrap();
        let uid = BackupUid::fresh(now);
        assert!(uid.as_str().starts_with("20261122T030009Z-"));
        assert_eq!((uid.as_str().parse(), uid.time()), (Ok(uid.clone()), Some(now)));
        assert_eq!((uid.digits().len(), BackupUid::fresh(now) == uid), (12, false));
    }

    #[test]
    fn others_are_refused() {
        for text in ["", "x", "20261122T030000Z-4F1C9A2B7D3E", "20261322T030000Z-4f1c9a2b7d3e", "20261122T030000Z-4f1c"]
        {
            assert!(text.parse::<BackupUid>().is_err(), "{text}");
        }
    }
}
