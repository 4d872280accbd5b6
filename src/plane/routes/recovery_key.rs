//! The recovery key: which one protects new backups, taking it out, bringing others in.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use secrecy::{ExposeSecret, SecretString};

use crate::api::ActionType;
use crate::api::backup::{KeyText, RecoveryKey, Sensitive};
use crate::plane::actor::Actor;
use crate::plane::auth::session::System;
use crate::plane::extract::Body;
use crate::plane::failure::{Failure, Refusal, StorageError};
use crate::plane::state::{Attempt, Plane, SharedPlane, kind, named};
use crate::plane::store::backups;

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/ext/v1/recovery-key", get(show))
        .route("/ext/v1/recovery-key/export", post(export))
        .route("/ext/v1/recovery-key/import", post(import))
}

async fn view(plane: &Plane) -> Result<RecoveryKey, Failure> {
    let mut keys = plane.backups.keys.fingerprints().into_iter();
    let fingerprint = keys.next().unwrap_or_default();
    let asked = fingerprint.clone();
    let exported_at = plane.store.read(move |connection| Ok(backups::exported(connection, &asked)?)).await?;
    Ok(RecoveryKey { fingerprint, exported: exported_at.is_some(), exported_at, others: keys.collect() })
}

async fn show(State(plane): State<SharedPlane>, System(_): System) -> Result<Json<RecoveryKey>, Failure> {
    view(&plane).await.map(Json)
}

fn attempt(actor: Actor, title: &'static str) -> Attempt {
    Attempt { actor, action: ActionType::Action, title, resource: named(kind::RECOVERY_KEY, "") }
}

async fn export(State(plane): State<SharedPlane>, System(caller): System) -> Result<Json<KeyText>, Failure> {
    let keys = plane.backups.keys.clone();
    let key = plane
        .change(attempt(caller.actor, "Export recovery key"), move |transaction, now| {
            let unwritable = |error: crate::backup::Error| StorageError::Unwritable(error.to_string());
            let key = keys.export().map_err(unwritable)?;
            let fingerprint = keys.current().map_err(unwritable)?;
            backups::note_export(transaction, &fingerprint, now)?;
            Ok((key, format!("Exported the recovery key {fingerprint}.")))
        })
        .await?;
    Ok(Json(KeyText { key: Sensitive(key.expose_secret().to_owned()) }))
}

async fn import(
    State(plane): State<SharedPlane>,
    System(caller): System,
    body: Result<Body<KeyText>, Refusal>,
) -> Result<Json<RecoveryKey>, Failure> {
    let keys = plane.backups.keys.clone();
    plane
        .change(attempt(caller.actor, "Import recovery key"), move |_, _| {
            let Body(KeyText { key: Sensitive(text) }) = body?;
            let text = SecretString::from(text);
            let added = keys.import(&text).map_err(|error| Refusal::invalid(format!("{error}.")))?;
            Ok(((), format!("Imported the recovery key {}.", added.join(", "))))
        })
        .await?;
    // What was taken for someone else's may be authentic now.
    plane.backups.shelves.spoil();
    view(&plane).await.map(Json)
}
