//! The two configurations that Palette knows: an FTP directory and an S3 bucket, with their schedules.

use std::sync::{Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::api::ActionType;
use crate::api::backup::{FtpConfig, FtpSpec, S3Config, S3Spec};
use crate::api::error::code;
use crate::api::location::{Check, Location};
use crate::api::words::Mode;
use crate::plane::actor::Actor;
use crate::plane::auth::session::System;
use crate::plane::backups::save::configuring;
use crate::plane::extract::{Body, Params};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::{Attempt, Plane, SharedPlane, kind, named};
use crate::storage::probe::Permission;

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/v1/system/config/database/backup/ftp", get(ftp).put(set_ftp))
        .route("/v1/system/config/database/backup/s3", get(s3).put(set_s3))
        .route("/v1/system/config/ftp/validate", post(validate_ftp))
        .route("/v1/system/config/s3/validate", post(validate_s3))
        .route("/v1/system/config/{mode}/validate", post(validate_other))
}

/// What the location of a mode says beyond Palette's configuration: what is stored, or what the sandbox prepared.
async fn base(plane: &Plane, mode: &Mode, user: &str) -> Location {
    let blank = || Location { name: mode.as_str().to_owned(), mode: mode.clone(), ..Location::default() };
    let mut found = match plane.location(mode.as_str()).await {
        Ok(stored) => stored.location,
        Err(_) => plane.prepared(mode, user).await.unwrap_or_else(blank),
    };
    found.name = mode.as_str().to_owned();
    found
}

async fn ftp(State(plane): State<SharedPlane>, System(_): System) -> Result<Json<FtpConfig>, Failure> {
    Ok(Json(match configured(&plane, Mode::Ftp).await? {
        Some(location) => FtpConfig { backup_spec: location.backup_spec, ftp: location.ftp.unwrap_or_default() },
        None => FtpConfig::default(),
    }))
}

async fn s3(State(plane): State<SharedPlane>, System(_): System) -> Result<Json<S3Config>, Failure> {
    Ok(Json(match configured(&plane, Mode::S3).await? {
        Some(location) => S3Config { backup_spec: location.backup_spec, s3: location.s3.unwrap_or_default() },
        None => S3Config::default(),
    }))
}

async fn configured(plane: &Plane, mode: Mode) -> Result<Option<Location>, Failure> {
    match plane.location(mode.as_str()).await {
        Ok(stored) => Ok(Some(stored.location)),
        Err(Failure::Refused(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn set_ftp(
    State(plane): State<SharedPlane>,
    System(caller): System,
    body: Result<Body<FtpConfig>, Refusal>,
) -> Result<StatusCode, Failure> {
    let location = match body {
        Ok(Body(FtpConfig { backup_spec, ftp })) => {
            let base = base(&plane, &Mode::Ftp, &ftp.username).await;
            Ok(Location { backup_spec, ftp: Some(ftp), ..base })
        }
        Err(refusal) => Err(refusal),
    };
    save(&plane, caller.actor, Mode::Ftp, location).await
}

async fn set_s3(
    State(plane): State<SharedPlane>,
    System(caller): System,
    body: Result<Body<S3Config>, Refusal>,
) -> Result<StatusCode, Failure> {
    let location = match body {
        Ok(Body(S3Config { backup_spec, s3 })) => {
            let base = base(&plane, &Mode::S3, &s3.access_key).await;
            Ok(Location { backup_spec, s3: Some(s3), ..base })
        }
        Err(refusal) => Err(refusal),
    };
    save(&plane, caller.actor, Mode::S3, location).await
}

async fn save(
    plane: &Plane,
    actor: Actor,
    mode: Mode,
    location: Result<Location, Refusal>,
) -> Result<StatusCode, Failure> {
    match location {
        Ok(location) => plane.save_location(actor, location).await?,
        Err(refusal) => {
            plane.note_refusal(configuring(actor, mode.as_str()), refusal.message.clone()).await;
            return Err(refusal.into());
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `?permission=`.
#[derive(Deserialize)]
pub struct Permitted {
    #[serde(default)]
    permission: String,
}

impl Permitted {
    /// What is to be proved; everything where nothing is said.
    ///
    /// # Errors
    /// Where the word is unknown.
    pub fn read(&self) -> Result<Permission, Refusal> {
        match self.permission.to_ascii_lowercase().as_str() {
            "" | "readwrite" => Ok(Permission::ReadWrite),
            "read" => Ok(Permission::Read),
            "write" => Ok(Permission::Write),
            other => {
                let message =
                    format!("\"{}\" is not a permission; choose read, write or readwrite.", crate::text::clean(other));
                Err(Refusal::invalid(message))
            }
        }
    }
}

async fn validate_ftp(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Params(query): Params<Permitted>,
    body: Result<Body<FtpSpec>, Refusal>,
) -> Result<Response, Failure> {
    let location = match body {
        Ok(Body(ftp)) => Ok(Location { ftp: Some(ftp.clone()), ..base(&plane, &Mode::Ftp, &ftp.username).await }),
        Err(refusal) => Err(refusal),
    };
    validate(&plane, caller.actor, Mode::Ftp, location, &query).await
}

async fn validate_s3(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Params(query): Params<Permitted>,
    body: Result<Body<S3Spec>, Refusal>,
) -> Result<Response, Failure> {
    let location = match body {
        Ok(Body(s3)) => Ok(Location { s3: Some(s3.clone()), ..base(&plane, &Mode::S3, &s3.access_key).await }),
        Err(refusal) => Err(refusal),
    };
    validate(&plane, caller.actor, Mode::S3, location, &query).await
}

async fn validate_other(System(_): System, Path(mode): Path<String>) -> Refusal {
    super::backups::unknown_mode(&mode)
}

async fn validate(
    plane: &Plane,
    actor: Actor,
    mode: Mode,
    location: Result<Location, Refusal>,
    query: &Permitted,
) -> Result<Response, Failure> {
    let target = named(kind::LOCATION, mode.as_str());
    let attempt = Attempt { actor, action: ActionType::Action, title: "Validate location", resource: target };
    match tried(plane, location, query).await {
        Ok(()) => {
            let told = plane.note(attempt, format!("Validated the {} location: every check passed.", mode.label()));
            let mut headers = HeaderMap::new();
            if let Ok(uid) = HeaderValue::try_from(told.await?) {
                headers.insert("AuditUid", uid);
            }
            Ok((StatusCode::NO_CONTENT, headers).into_response())
        }
        Err(failure) => {
            plane.note_refusal(attempt, failure.to_string()).await;
            Err(failure)
        }
    }
}

async fn tried(plane: &Plane, location: Result<Location, Refusal>, query: &Permitted) -> Result<(), Failure> {
    let permission = query.read()?;
    let whole = plane.complete(location?).await?;
    let checks = Mutex::<Vec<Check>>::default();
    let tried = plane.try_location(&whole, permission, &checks).await;
    let checks = checks.into_inner().unwrap_or_else(PoisonError::into_inner);
    tried.map_err(|trouble| {
        let message = format!("{} {}", trouble.reason, trouble.advice).trim().to_owned();
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, code::LOCATION_INVALID, message)
            .with(json!({ "checks": checks }))
            .into()
    })
}
