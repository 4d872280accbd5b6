//! The HTTP side as a whole: every route, and what holds for all of them.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use super::extract::LARGEST_BODY;
use super::failure::{Failure, Refusal, StorageError};
use super::limits;
use super::routes::{self, backup_files::FILE_ROUTE};
use super::state::SharedPlane;
use crate::api::error::code;

/// How long a file of a backup may take: up to 64 MiB come from the location first.
const FILE_WITHIN: Duration = Duration::from_secs(10 * 60);

/// Every operation of a plane.
pub fn router(plane: &SharedPlane) -> Router {
    let mut router = routes::all().fallback(unknown).method_not_allowed_fallback(wrong_method);
    if plane.rate_limits {
        router = router.layer(middleware::from_fn_with_state(limits::Limits::default(), limits::hold_back));
    }
    router
        .layer(middleware::from_fn_with_state(plane.clone(), guard))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(plane.clone())
}

async fn unknown() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "There is no such operation on this plane.")
}

async fn wrong_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, code::INVALID, "This operation does not exist with that method.")
}

/// Bounds a request's time, gives every error the API's body, and logs. The log names the route's template:
/// a path may carry a token.
async fn guard(State(plane): State<SharedPlane>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let template = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    // In a task of its own: who hangs up must not leave a change without what follows it, such as the count of a
    // wrong password or the start of a migration.
    let work = tokio::spawn(next.run(request));
    let within = if template == FILE_ROUTE { FILE_WITHIN.max(plane.request_timeout) } else { plane.request_timeout };
    let response = match tokio::time::timeout(within, work).await {
        Ok(Ok(response)) => in_words(response),
        Ok(Err(error)) => Failure::from(StorageError::Internal(error.to_string())).into_response(),
        Err(_) => Refusal::new(
            StatusCode::GATEWAY_TIMEOUT,
            "Timeout",
            "The plane did not finish in time. It may still have done what was asked; read again before repeating it.",
        )
        .into_response(),
    };
    let elapsed = started.elapsed();
    tracing::debug!(%method, template, status = response.status().as_u16(), ?elapsed, "answered");
    response
}

/// An error that the framework made has no body of the API yet.
fn in_words(response: Response) -> Response {
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let reason = status.canonical_reason().unwrap_or("The request was refused");
    Refusal::new(status, code::INVALID, format!("{reason}.")).into_response()
}
