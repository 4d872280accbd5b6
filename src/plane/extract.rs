//! Bodies and parameters, refused in the API's own words where they are not what it asks for.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::failure::Refusal;
use crate::api::error::code;

/// Largest body, bytes.
pub const LARGEST_BODY: usize = 1 << 20;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                code::INVALID,
                "Send the body as JSON, with \"Content-Type: application/json\".",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                code::INVALID,
                format!("The body is larger than {LARGEST_BODY} bytes."),
            ),
            _ => Refusal::invalid("The body did not arrive whole. Send it again."),
        })?;
        // The parser's own words would repeat what was sent, and that may be a password.
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let what = match error.classify() {
                Category::Data => "does not have the fields and types that this operation asks for",
                Category::Io | Category::Syntax | Category::Eof => "is not JSON",
            };
            Refusal::invalid(format!("The body {what} (line {}, column {}).", error.line(), error.column()))
        })
    }
}

/// The query's parameters.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(_) => Err(Refusal::invalid("A parameter of the query is not what this operation asks for.")),
        }
    }
}
