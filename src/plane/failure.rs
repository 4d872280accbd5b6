//! How the plane says no: refusals of its own, and storage that fails under it. Both become the API's error body.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::ErrorCode;
use serde_json::{Value, json};

use crate::api::ApiError;
use crate::api::error::code;

/// A refusal in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// Word for the kind of refusal.
    pub code: &'static str,
    /// Why, and what to do next.
    pub message: String,
    /// More, in a shape that belongs to the code.
    pub details: Value,
}

impl Refusal {
    /// A refusal without details.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Value::Null }
    }

    /// The body or a parameter is not what the API asks for.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::INVALID, message)
    }

    /// There is no such resource.
    pub fn not_found(what: &str, uid: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code::NOT_FOUND, format!("There is no {what} with the uid \"{uid}\"."))
    }

    /// No session, or one that has ended.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, message)
    }

    /// The same refusal with details.
    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let reference = format!("ref-{:012x}", fastrand::u64(..) >> 16);
        let retry = (self.status == StatusCode::TOO_MANY_REQUESTS).then(|| HeaderValue::from_static("1"));
        let body = ApiError { code: self.code.to_owned(), message: self.message, reference, details: self.details };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

/// Storage that fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The database is not whole.
    #[error("the plane's database is damaged: {0}")]
    Damaged(String),
    /// The disk is full or the directory cannot be written.
    #[error("the plane cannot write its database: {0}")]
    Unwritable(String),
    /// The plane is stopping.
    #[error("the plane is stopping")]
    Closed,
    /// A fault of this program.
    #[error("the plane's storage failed: {0}")]
    Internal(String),
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        let words = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(words),
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::PermissionDenied,
            ) => Self::Unwritable(words),
            _ => Self::Internal(words),
        }
    }
}

/// Why an operation did not happen.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The plane refused it.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Storage(StorageError::Internal(error.to_string()))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let storage = match self {
            Self::Refused(refusal) => return refusal.into_response(),
            Self::Storage(storage) => storage,
        };
        tracing::error!(error = %storage, "a request failed on storage");
        let server = StatusCode::INTERNAL_SERVER_ERROR;
        match storage {
            StorageError::Damaged(reason) => Refusal::new(
                server,
                code::DATABASE_DAMAGED,
                format!("The plane's database is damaged ({reason}). Stop the plane and set the database aside, or restore it."),
            )
            .with(json!({ "reason": reason })),
            StorageError::Unwritable(reason) => Refusal::new(
                server,
                code::STORAGE_UNWRITABLE,
                format!("The plane cannot write its data directory ({reason}). Nothing was changed; free some space or make it writable, then try again."),
            )
            .with(json!({ "reason": reason })),
            StorageError::Closed => {
                Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "Stopping", "The plane is stopping. Try again in a moment.")
            }
            StorageError::Internal(_) => {
                Refusal::new(server, "InternalError", "The plane failed on this request; its log says why.")
            }
        }
        .into_response()
    }
}
