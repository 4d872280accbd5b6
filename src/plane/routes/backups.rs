//! Backups: Palette's operations on the locations named `ftp` and `s3`, and ours on any of them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;

use crate::api::backup::{
    Backup, BackupList, DatabaseBackup, DatabaseBackupStatus, Kept, RestorePlan, RetentionPreview, TransferStatus,
};
use crate::api::job::Started;
use crate::api::words::{JobKind, Mode, TransferState, VerifyLevel};
use crate::plane::actor::Actor;
use crate::plane::auth::session::System;
use crate::plane::backups::begin::Order;
use crate::plane::backups::shelf::unreachable;
use crate::plane::backups::status::address;
use crate::plane::backups::words::{Trouble, title};
use crate::plane::extract::{Body, Params};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::jobs::backups::outlook::skew;
use crate::plane::state::{Attempt, SharedPlane, kind, named};
use crate::plane::store::jobs;
use crate::text;

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/v1/system/database/backup", patch(create_by_mode))
        .route("/v1/system/database/backups", get(list_by_mode))
        .route("/v1/system/database/backups/{uid}", delete(delete_by_mode))
        .route("/v1/system/database/restore/{uid}", patch(restore_by_mode))
        .route("/v1/system/database/recovery/{uid}/{mode}", patch(recover_by_mode))
        .route("/ext/v1/backups", get(list).post(create))
        .route("/ext/v1/backups/{uid}", delete(remove))
        .route("/ext/v1/backups/{uid}/plan", get(plan))
        .route("/ext/v1/backups/{uid}/verify", post(verify))
        .route("/ext/v1/backups/{uid}/restore", post(restore))
        .route("/ext/v1/backups/{uid}/recover", post(recover))
        .route("/ext/v1/retention", get(retention))
}

/// `?mode=`.
#[derive(Deserialize)]
struct ByMode {
    #[serde(default)]
    mode: String,
}

/// The refusal for a mode that does not exist.
#[must_use]
pub fn unknown_mode(word: &str) -> Refusal {
    Refusal::invalid(format!("\"{}\" is not a mode; choose ftp or s3.", text::elide(&text::clean(word), 40)))
}

/// The name of the location that Palette knows by its mode.
fn location_of(word: &str) -> Result<String, Refusal> {
    mode(word).map(|mode| mode.to_string())
}

/// The mode, which is also the name of its location.
fn mode(word: &str) -> Result<Mode, Refusal> {
    match Mode::from(word) {
        Mode::Other(word) => Err(unknown_mode(&word)),
        mode => Ok(mode),
    }
}

/// Something that is tried with a backup, for the trail.
pub fn attempt(actor: Actor, title: &'static str, uid: &str) -> Attempt {
    let resource = named(kind::BACKUP, &text::elide(&text::clean(uid), 64));
    Attempt { actor, action: crate::api::ActionType::Action, title, resource }
}

/// Begins a job on a backup; a refusal on the way is told to the trail.
async fn begin(
    plane: &SharedPlane,
    actor: Actor,
    kind: JobKind,
    location: Result<String, Refusal>,
    uid: &str,
    level: Result<VerifyLevel, Refusal>,
) -> Result<Started, Failure> {
    let prepared = async {
        let (location, level) = (location?, level?);
        let place = plane.place_of(&location, uid).await?;
        let stored = plane.location(&location).await?;
        if matches!(kind, JobKind::Restore | JobKind::Recover) {
            let (_, shelf) = plane.shelf(&location).await?;
            let found = plane.vault(shelf.store.clone()).look(&place).await;
            let found = found.map_err(|error| unreachable(&Trouble::from(error)))?;
            if let Some(refusal) = plane.refusals(&found, &kind).into_iter().next() {
                return Err(Failure::from(refusal));
            }
        }
        Ok(Order { level, ..Order::new(kind.clone(), &location, &stored.location.mode, actor.clone()).on(place) })
    };
    match prepared.await {
        Ok(order) => plane.begin(order).await,
        Err(failure) => {
            plane.note_refusal(attempt(actor, title(&kind), uid), failure.to_string()).await;
            Err(failure)
        }
    }
}

/// Begins a backup; an order that names no location is told to the trail.
async fn make(plane: &SharedPlane, actor: Actor, location: Result<String, Refusal>) -> Result<Started, Failure> {
    let location = match location {
        Ok(location) => location,
        Err(refusal) => {
            plane.note_refusal(attempt(actor, title(&JobKind::Create), ""), refusal.message.clone()).await;
            return Err(refusal.into());
        }
    };
    // An unknown location is refused, and told of, where the job would be recorded.
    let mode = plane.location(&location).await.map_or_else(|_| Mode::default(), |stored| stored.location.mode);
    plane.begin(Order::new(JobKind::Create, &location, &mode, actor)).await
}

async fn create_by_mode(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Params(query): Params<ByMode>,
) -> Result<StatusCode, Failure> {
    make(&plane, caller.actor, location_of(&query.mode)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_by_mode(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(uid): Path<String>,
    Params(query): Params<ByMode>,
) -> Result<StatusCode, Failure> {
    begin(&plane, caller.actor, JobKind::Delete, location_of(&query.mode), &uid, Ok(VerifyLevel::Quick)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn restore_by_mode(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(uid): Path<String>,
    Params(query): Params<ByMode>,
) -> Result<StatusCode, Failure> {
    begin(&plane, caller.actor, JobKind::Restore, location_of(&query.mode), &uid, Ok(VerifyLevel::Quick)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn recover_by_mode(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path((uid, word)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    begin(&plane, caller.actor, JobKind::Recover, location_of(&word), &uid, Ok(VerifyLevel::Quick)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_by_mode(
    State(plane): State<SharedPlane>,
    System(_): System,
    Params(query): Params<ByMode>,
) -> Result<Json<TransferStatus>, Failure> {
    let mode = mode(&query.mode)?;
    let stored = match plane.location(mode.as_str()).await {
        Ok(stored) => stored,
        Err(Failure::Refused(_)) => return Ok(Json(TransferStatus::default())),
        Err(failure) => return Err(failure),
    };
    let listed = plane.listed(mode.as_str(), false).await?;
    if let (None, Some(trouble)) = (&listed.stock, &listed.unread) {
        return Err(unreachable(trouble).into());
    }
    let backups = plane.backups_in(&stored, listed.stock.as_deref()).await?;
    let active = plane.store.read(move |connection| Ok(jobs::active(connection, mode.as_str())?)).await?;
    let folder = address(&stored);
    let backups = backups.iter().map(|backup| transfer(backup, &folder)).collect();
    Ok(Json(TransferStatus { is_active: active.is_some(), backups }))
}

/// A backup in Palette's words.
fn transfer(backup: &Backup, folder: &str) -> DatabaseBackup {
    let going_on = matches!(backup.state, TransferState::Running | TransferState::Deleting);
    DatabaseBackup {
        backup_uid: backup.uid.clone(),
        mode: if backup.mode == Mode::S3 { "S3" } else { "Ftp" }.to_owned(),
        backup_status: DatabaseBackupStatus {
            state: backup.state.as_str().to_owned(),
            is_completed: !going_on,
            start_time: backup.started,
            finish_time: backup.finished.filter(|_| !going_on),
            folder: folder.to_owned(),
            message: Some(backup.note.clone()).filter(|note| !note.is_empty()).into_iter().collect(),
            status: Vec::new(),
        },
    }
}

/// `?location=` and what goes with it.
#[derive(Deserialize)]
pub struct In {
    #[serde(default)]
    pub location: String,
    #[serde(default)]
    fresh: bool,
    #[serde(default)]
    level: String,
    #[serde(default)]
    kind: String,
}

impl In {
    /// The name of the location.
    ///
    /// # Errors
    /// Where none is named.
    pub fn name(&self) -> Result<String, Refusal> {
        if self.location.is_empty() {
            return Err(Refusal::invalid("Name the location: ?location=NAME."));
        }
        Ok(self.location.clone())
    }
}

async fn list(
    State(plane): State<SharedPlane>,
    System(_): System,
    Params(query): Params<In>,
) -> Result<Json<BackupList>, Failure> {
    let name = query.name()?;
    let stored = plane.location(&name).await?;
    let listed = plane.listed(&name, query.fresh).await?;
    let unread = listed.unread.map_or_else(String::new, |why| format!("{} {}", why.reason, why.advice));
    let strangers = listed.stock.as_ref().map_or_else(Vec::new, |stock| {
        stock.inventory.strangers.iter().map(|words| text::clean(words).into_owned()).collect()
    });
    Ok(Json(BackupList {
        items: plane.backups_in(&stored, listed.stock.as_deref()).await?,
        read_at: listed.stock.as_ref().map(|stock| stock.read_at),
        unread: unread.trim().to_owned(),
        strangers,
    }))
}

#[derive(Deserialize)]
struct CreateBody {
    location: String,
}

async fn create(
    State(plane): State<SharedPlane>,
    System(caller): System,
    body: Result<Body<CreateBody>, Refusal>,
) -> Result<(StatusCode, Json<Started>), Failure> {
    let location = body.map(|Body(CreateBody { location })| location);
    Ok((StatusCode::ACCEPTED, Json(make(&plane, caller.actor, location).await?)))
}

async fn remove(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(uid): Path<String>,
    Params(query): Params<In>,
) -> Result<(StatusCode, Json<Started>), Failure> {
    let started = begin(&plane, caller.actor, JobKind::Delete, query.name(), &uid, Ok(VerifyLevel::Quick)).await?;
    Ok((StatusCode::ACCEPTED, Json(started)))
}

async fn verify(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(uid): Path<String>,
    Params(query): Params<In>,
) -> Result<(StatusCode, Json<Started>), Failure> {
    let started = begin(&plane, caller.actor, JobKind::Verify, query.name(), &uid, level(&query.level)).await?;
    Ok((StatusCode::ACCEPTED, Json(started)))
}

/// How closely a verification looks; at every stored byte where nothing is said.
fn level(word: &str) -> Result<VerifyLevel, Refusal> {
    match VerifyLevel::from(if word.is_empty() { "data" } else { word }) {
        VerifyLevel::Other(word) => {
            let message = format!("\"{}\" is not a level; choose quick, data or full.", text::clean(&word));
            Err(Refusal::invalid(message))
        }
        level => Ok(level),
    }
}

async fn restore(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(uid): Path<String>,
    Params(query): Params<In>,
) -> Result<(StatusCode, Json<Started>), Failure> {
    let started = begin(&plane, caller.actor, JobKind::Restore, query.name(), &uid, Ok(VerifyLevel::Quick)).await?;
    Ok((StatusCode::ACCEPTED, Json(started)))
}

async fn recover(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path(uid): Path<String>,
    Params(query): Params<In>,
) -> Result<(StatusCode, Json<Started>), Failure> {
    let started = begin(&plane, caller.actor, JobKind::Recover, query.name(), &uid, Ok(VerifyLevel::Quick)).await?;
    Ok((StatusCode::ACCEPTED, Json(started)))
}

async fn plan(
    State(plane): State<SharedPlane>,
    System(_): System,
    Path(uid): Path<String>,
    Params(query): Params<In>,
) -> Result<Json<RestorePlan>, Failure> {
    let kind = match JobKind::from(query.kind.as_str()) {
        kind @ (JobKind::Restore | JobKind::Recover) => kind,
        _ => return Err(Refusal::invalid("Say what is planned: ?kind=restore or ?kind=recover.").into()),
    };
    Ok(Json(plane.restore_plan(&query.name()?, &uid, kind).await?))
}

async fn retention(
    State(plane): State<SharedPlane>,
    System(_): System,
    Params(query): Params<In>,
) -> Result<Json<RetentionPreview>, Failure> {
    let name = query.name()?;
    let (stored, shelf) = plane.shelf(&name).await?;
    let listed = plane.listed(&name, true).await?;
    let stock = match (listed.unread, listed.stock) {
        (None, Some(stock)) => stock,
        (trouble, _) => return Err(unreachable(&trouble.unwrap_or_default()).into()),
    };
    let days = stored.location.backup_spec.retention_period;
    let outlook = plane.outlook(&stored, skew(&shelf), &stock.inventory.found, days).await;
    let outlook = outlook.map_err(|trouble| unreachable(&trouble))?;
    let skipped = outlook.skipped.map(|skip| skip.to_string()).unwrap_or_default();
    let (expired, spared) = match outlook.skipped {
        None => (outlook.plan.expired, Vec::new()),
        Some(_) => (Vec::new(), outlook.plan.expired),
    };
    let spared = spared.into_iter().map(|place| (place, skipped.clone()));
    Ok(Json(RetentionPreview {
        expired: expired.iter().map(|place| place.uid.to_string()).collect(),
        kept: spared.chain(outlook.plan.kept).map(|(place, why)| Kept { uid: place.uid.to_string(), why }).collect(),
        skipped,
    }))
}
