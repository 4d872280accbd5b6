//! The files of a backup, as they lie in its location.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use super::backups::{In, attempt};
use crate::api::backup::BackupFile;
use crate::api::error::code;
use crate::plane::auth::session::System;
use crate::plane::backups::downloads::Download;
use crate::plane::backups::words::Trouble;
use crate::plane::extract::Params;
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::SharedPlane;

/// Where a file of a backup is fetched; it may take longer than other requests.
pub const FILE_ROUTE: &str = "/ext/v1/backups/{uid}/files/{name}";

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new().route("/ext/v1/backups/{uid}/files", get(files)).route(FILE_ROUTE, get(file))
}

async fn files(
    State(plane): State<SharedPlane>,
    System(_): System,
    Path(uid): Path<String>,
    Params(query): Params<In>,
) -> Result<Json<Vec<BackupFile>>, Failure> {
    let name = query.name()?;
    let place = plane.place_of(&name, &uid).await?;
    let (_, shelf) = plane.shelf(&name).await?;
    let files = plane.vault(shelf.store.clone()).files(&place).await.map_err(|error| unusable(error.into()))?;
    Ok(Json(files.into_iter().map(|(name, bytes)| BackupFile { name, bytes }).collect()))
}

async fn file(
    State(plane): State<SharedPlane>,
    System(caller): System,
    Path((uid, file)): Path<(String, String)>,
    Params(query): Params<In>,
) -> Result<impl IntoResponse, Failure> {
    let attempt = attempt(caller.actor, "Download backup", &uid);
    let fetched = async {
        let name = query.name()?;
        let place = plane.place_of(&name, &uid).await?;
        let (_, shelf) = plane.shelf(&name).await?;
        let bytes = plane.vault(shelf.store.clone()).file(&place, &file).await;
        Ok::<_, Failure>((place, bytes.map_err(|error| unusable(error.into()))?))
    };
    match fetched.await {
        Ok((place, bytes)) => {
            let words = format!("Began to download the backup {uid} in {}.", query.location);
            let download = Download { actor: attempt.actor.uid().to_owned(), location: query.location, place };
            if plane.backups.downloads.begins(download, &file, plane.now()) {
                plane.note(attempt, words).await?;
            }
            Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes))
        }
        Err(failure) => {
            plane.note_refusal(attempt, failure.to_string()).await;
            Err(failure)
        }
    }
}

fn unusable(trouble: Trouble) -> Refusal {
    let message = format!("{} {}", trouble.reason, trouble.advice).trim().to_owned();
    Refusal::new(StatusCode::CONFLICT, code::BACKUP_UNUSABLE, message)
}
