//! Jobs of the backup engine.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::api::ActionType;
use crate::api::error::code;
use crate::api::job::{Job, JobList};
use crate::plane::auth::session::System;
use crate::plane::backups::begin::attempt;
use crate::plane::backups::words::doing;
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::{Attempt, Plane, SharedPlane};
use crate::plane::store::jobs::{self, Row};

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/ext/v1/jobs", get(list))
        .route("/ext/v1/jobs/{uid}", get(show))
        .route("/ext/v1/jobs/{uid}/cancel", post(cancel))
}

async fn list(State(plane): State<SharedPlane>, System(_): System) -> Result<Json<JobList>, Failure> {
    let rows = plane.store.read(|connection| Ok(jobs::list(connection)?)).await?;
    Ok(Json(JobList { items: rows.iter().map(|row| plane.job_view(row)).collect() }))
}

async fn row(plane: &Plane, uid: String) -> Result<Row, Failure> {
    let asked = uid.clone();
    let found = plane.store.read(move |connection| Ok(jobs::get(connection, &asked)?)).await?;
    found.ok_or_else(|| Refusal::not_found("job", &crate::text::clean(&uid)).into())
}

async fn show(
    State(plane): State<SharedPlane>,
    System(_): System,
    Path(uid): Path<String>,
) -> Result<Json<Job>, Failure> {
    Ok(Json(plane.job_view(&row(&plane, uid).await?)))
}

async fn cancel(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(uid): Path<String>,
) -> Result<StatusCode, Failure> {
    let row = row(&plane, uid).await?;
    let attempt = Attempt { actor: caller.actor, action: ActionType::Action, title: "Cancel job", ..attempt(&row) };
    let what = format!("the {} in {}", doing(&row.kind), row.location);
    if !row.state.ended() && plane.backups.desk.cancel(&row.uid).await {
        // Tidying up may take a while, and the plane may stop in it; the next one must not begin the job again.
        plane
            .change(attempt, move |transaction, _| {
                Ok((jobs::want_cancel(transaction, &row.uid)?, format!("Cancelled {what}.")))
            })
            .await?;
        return Ok(StatusCode::ACCEPTED);
    }
    let why = if row.state.ended() { "has ended already" } else { "cannot be cancelled now" };
    let refusal = Refusal::new(StatusCode::CONFLICT, code::JOB_RUNNING, format!("It is too late: {what} {why}."));
    plane.note_refusal(attempt, refusal.message.clone()).await;
    Err(refusal.into())
}
