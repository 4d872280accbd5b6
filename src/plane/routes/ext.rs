//! What Palette cannot say.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::api::ActionType;
use crate::api::error::code;
use crate::api::ext::Capabilities;
use crate::plane::auth::session::Tenant;
use crate::plane::extract::Body;
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::{Attempt, Plane, SharedPlane, kind, resource};
use crate::plane::store::gateways;

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/ext/v1/capabilities", get(capabilities))
        .route("/ext/v1/sandbox/heartbeats/{uid}", get(heartbeat).put(set_heartbeat))
}

async fn capabilities(State(plane): State<SharedPlane>) -> Json<Capabilities> {
    Json(Capabilities {
        embedded: true,
        sandbox: plane.identity.get().sandbox,
        unlimited: !plane.rate_limits,
        backups: true,
        plane_uid: plane.identity.get().plane_uid.clone(),
    })
}

#[derive(Serialize, Deserialize)]
struct Heartbeat {
    beating: bool,
}

fn sandbox_only(plane: &Plane) -> Result<(), Refusal> {
    if plane.identity.get().sandbox {
        return Ok(());
    }
    let message = "Heartbeats can be stopped only in a sandbox; this plane is none.";
    Err(Refusal::new(StatusCode::FORBIDDEN, code::FORBIDDEN, message))
}

async fn heartbeat(
    State(plane): State<SharedPlane>,
    Tenant(_): Tenant,
    Path(uid): Path<String>,
) -> Result<Json<Heartbeat>, Failure> {
    sandbox_only(&plane)?;
    let found = plane.store.read(move |connection| Plane::gateway(connection, &uid)).await?;
    Ok(Json(Heartbeat { beating: found.beating }))
}

async fn set_heartbeat(
    State(plane): State<SharedPlane>,
    Tenant(caller): Tenant,
    Path(uid): Path<String>,
    body: Result<Body<Heartbeat>, Refusal>,
) -> Result<Json<Heartbeat>, Failure> {
    let allowed = sandbox_only(&plane);
    let attempt = Attempt {
        actor: caller.actor,
        action: ActionType::Action,
        title: "Change heartbeats",
        resource: resource(kind::GATEWAY, &uid),
    };
    let body = plane
        .change(attempt, move |transaction, now| {
            allowed?;
            let Body(body) = body?;
            let gateway = Plane::gateway(transaction, &uid)?;
            gateways::set_beating(transaction, &uid, body.beating, now)?;
            let verb = if body.beating { "Resumed" } else { "Stopped" };
            Ok((body, format!("{verb} the heartbeats of the private gateway {}.", gateway.name)))
        })
        .await?;
    Ok(Json(body))
}
