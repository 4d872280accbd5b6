//! Times and JSON, as the columns keep them.

use chrono::{DateTime, Utc};
use rusqlite::Row;
use serde::de::DeserializeOwned;

/// Milliseconds since 1970 as a time.
#[must_use]
pub fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// A time column.
///
/// # Errors
/// Where the column is missing or no integer.
pub fn time_at(row: &Row<'_>, column: &str) -> rusqlite::Result<DateTime<Utc>> {
    row.get(column).map(time)
}

/// A JSON column.
///
/// # Errors
/// Where the column does not hold what it should.
pub fn json_at<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(column)?;
    let text = row.get_ref(index)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error)))
}
