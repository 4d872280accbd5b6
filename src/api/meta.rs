//! What every resource carries, and how lists and times are written.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// `metadata` of any resource (`v1ObjectMeta`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMeta {
    /// Name that people gave it; for gateways it need not be unique.
    pub name: String,
    /// 24 hexadecimal digits.
    pub uid: String,
    /// Labels (Palette calls them tags).
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; a cluster's `overlordUid` is one of them.
    #[serde(deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
    /// When it was made.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<DateTime<Utc>>,
    /// When it was last changed.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub last_modified_timestamp: Option<DateTime<Utc>>,
    /// When its removal began.
    #[serde(with = "time", skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<DateTime<Utc>>,
}

/// The part of `metadata` that a person may change (`v1ObjectMetaInputEntity`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectMetaInput {
    /// New name.
    pub name: String,
    /// All labels; those left out are removed.
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
    /// All annotations; those left out are removed.
    #[serde(deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
}

/// Body of a metadata update (`v1ObjectMetaInputEntitySchema`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataUpdate {
    /// The new metadata.
    pub metadata: ObjectMetaInput,
}

/// `listmeta` of a paged list (`v1ListMetaData`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListMeta {
    /// Token of the next page; empty at the end.
    #[serde(rename = "continue")]
    pub next: String,
    /// How many entries there are in all; may move while pages are read.
    pub count: u64,
    /// Size of a page.
    pub limit: u32,
    /// Index at which the next page starts.
    pub offset: u64,
}

/// Reads `null` like an absent field: Palette's fixtures send it for empty maps, lists and objects.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// RFC 3339 with milliseconds and `Z`; the year 1 means "never" (seen in Palette's samples).
pub mod time {
    use chrono::{DateTime, Datelike, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes a time as Palette does.
    #[must_use]
    pub fn format(time: DateTime<Utc>) -> String {
        time.to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// Reads a time; the zero time, an empty string and a malformed one are `None`, since a list must not
    /// fail for one bad timestamp.
    #[must_use]
    pub fn parse(text: &str) -> Option<DateTime<Utc>> {
        let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        (time.year() > 1).then_some(time)
    }

    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(time) => serializer.serialize_str(&format(*time)),
            None => serializer.serialize_none(),
        }
    }

    /// # Errors
    /// Only where the value is not text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.as_deref().and_then(parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zero_time_reads_as_none() {
        let meta: ObjectMeta =
            serde_json::from_str(r#"{"name":"a","uid":"b","deletionTimestamp":"0001-01-01T00:00:00.000Z"}"#).unwrap();
        assert_eq!(meta.deletion_timestamp, None);
    }

    #[test]
    fn null_maps_and_unknown_fields_are_tolerated() {
        let meta: ObjectMeta = serde_json::from_str(r#"{"labels":null,"annotations":null,"brandNew":[1]}"#).unwrap();
        assert_eq!(meta, ObjectMeta::default());
    }

    #[test]
    fn times_are_written_with_milliseconds() {
        let time = time::parse("2026-11-22T12:04:05Z").unwrap();
        assert_eq!(time::format(time), "2026-11-22T12:04:05.000Z");
    }
}
