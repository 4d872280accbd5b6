//! Locations beyond Palette's two configurations.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};

use super::backup_configs::Permitted;
use crate::api::ActionType;
use crate::api::job::Started;
use crate::api::location::{Location, LocationList, SchedulePreview};
use crate::api::words::JobKind;
use crate::plane::auth::session::System;
use crate::plane::backups::begin::Order;
use crate::plane::backups::desk::Trial;
use crate::plane::backups::place;
use crate::plane::backups::save::{configuring, same_place};
use crate::plane::backups::status::schedule;
use crate::plane::extract::{Body, Params};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::jobs::backups::outlook::skew;
use crate::plane::state::{Attempt, SharedPlane, kind, named};
use crate::plane::store::locations::{self, Stored};

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/ext/v1/locations", get(list))
        .route("/ext/v1/locations/validate", post(validate))
        .route("/ext/v1/locations/preview", post(preview))
        .route("/ext/v1/locations/{name}", put(save).delete(remove))
}

async fn list(State(plane): State<SharedPlane>, System(_): System) -> Result<Json<LocationList>, Failure> {
    let suggested = plane.suggested().await;
    let stored = plane.store.read(|connection| Ok(locations::list(connection)?)).await?;
    let mut items = Vec::with_capacity(stored.len());
    for stored in &stored {
        items.push(plane.location_view(stored).await?);
    }
    Ok(Json(LocationList { items, suggested, daemon: plane.backups.daemon }))
}

async fn save(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(name): Path<String>,
    body: Result<Body<Location>, Refusal>,
) -> Result<StatusCode, Failure> {
    match body {
        Ok(Body(location)) => plane.save_location(caller.actor, Location { name, ..location }).await?,
        Err(refusal) => {
            plane.note_refusal(configuring(caller.actor, &name), refusal.message.clone()).await;
            return Err(refusal.into());
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    plane.remove_location(caller.actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn validate(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Params(query): Params<Permitted>,
    body: Result<Body<Location>, Refusal>,
) -> Result<(StatusCode, Json<Started>), Failure> {
    let prepared = async {
        let permission = query.read()?;
        let Body(location) = body?;
        let whole = plane.complete(location).await?;
        Ok::<_, Failure>(Trial { whole, permission })
    };
    match prepared.await {
        Ok(trial) => {
            let location = &trial.whole.location;
            let order = Order::new(JobKind::Validate, &location.name, &location.mode, caller.actor);
            let started = plane.begin(Order { trial: Some(trial), ..order }).await?;
            Ok((StatusCode::ACCEPTED, Json(started)))
        }
        Err(failure) => {
            let target = named(kind::LOCATION, "");
            let title = "Validate location";
            let attempt = Attempt { actor: caller.actor, action: ActionType::Action, title, resource: target };
            plane.note_refusal(attempt, failure.to_string()).await;
            Err(failure)
        }
    }
}

async fn preview(
    State(plane): State<SharedPlane>,
    System(_): System,
    body: Result<Body<Location>, Refusal>,
) -> Result<Json<SchedulePreview>, Failure> {
    let Body(location) = body?;
    let problems = location.backup_spec.problems();
    if !problems.is_empty() {
        return Err(place::refusal(&problems).into());
    }
    let now = plane.now();
    let existing = plane.location(&location.name).await.ok();
    let blank = || Stored {
        location: Location::default(),
        sealed: String::new(),
        created: now,
        since: now,
        last_pass: None,
        prepared: false,
    };
    let mut wanted = existing.clone().unwrap_or_else(blank);
    wanted.location.backup_spec = location.backup_spec;
    wanted.location.paused = location.paused;
    let Some(schedule) = schedule(&wanted) else { return Ok(Json(SchedulePreview::default())) };
    let mut next_runs = Vec::new();
    if !location.paused {
        let runs = std::iter::successors(schedule.next_after(now), |slot| schedule.next_after(*slot));
        next_runs.extend(runs.take(3));
    }
    let mut shown =
        SchedulePreview { words: schedule.words(), next_runs, warnings: schedule.warnings(), would_delete: Vec::new() };
    // At another place lies nothing that is known.
    let names_place = location.ftp.is_some() || location.s3.is_some();
    if existing.is_some_and(|existing| !names_place || same_place(&existing.location, &location)) {
        foresee(&plane, &wanted, &mut shown).await;
    }
    Ok(Json(shown))
}

/// What retention would do at a location under a schedule: what would go, or why nothing would.
async fn foresee(plane: &SharedPlane, wanted: &Stored, shown: &mut SchedulePreview) {
    let name = &wanted.location.name;
    // What was read last is good enough here: a preview follows every key.
    let Some(stock) = plane.backups.shelves.last(name) else { return };
    let Ok((_, shelf)) = plane.shelf(name).await else { return };
    let days = wanted.location.backup_spec.retention_period;
    let Ok(outlook) = plane.outlook(wanted, skew(&shelf), &stock.inventory.found, days).await else { return };
    match outlook.skipped {
        Some(skip) => shown.warnings.push(format!("Retention deletes nothing now. {skip}")),
        None => shown.would_delete.extend(outlook.plan.expired.iter().map(|place| place.uid.to_string())),
    }
}
