//! The audit trail.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, patch};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::api::audit::{Audit, AuditMsgUpdate, AuditPage, AuditSysMsg};
use crate::api::{ActionType, ListMeta};
use crate::plane::auth::session::Tenant;
use crate::plane::extract::{Body, Params};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::page::{self, Paging};
use crate::plane::state::{Attempt, SharedPlane, kind, resource};
use crate::plane::store::audits::{self, Filter, Place, Start};

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/v1/audits", get(list))
        .route("/v1/audits/{uid}", get(show))
        .route("/v1/audits/{uid}/sysMsg", get(system_message))
        .route("/v1/audits/{uid}/userMsg", patch(annotate))
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TrailQuery {
    start_time: Option<String>,
    end_time: Option<String>,
    user_uid: Option<String>,
    project_uid: Option<String>,
    tenant_uid: Option<String>,
    resource_kind: Option<String>,
    resource_uid: Option<String>,
    action_type: Option<String>,
    limit: Option<i64>,
    offset: Option<i64>,
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// What a token of the trail says: the entry that the page ended with, and how many came before it.
#[derive(Serialize, Deserialize)]
struct Mark {
    at: i64,
    seq: i64,
    offset: u64,
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn moment(name: &str, text: Option<String>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let read = |text: String| {
        DateTime::parse_from_rfc3339(&text)
            .map(|time| time.to_utc())
            .map_err(|_| Refusal::invalid(format!("\"{name}\" must be a date and time such as 2026-11-22T12:00:00Z.")))
    };
    given(text).map(read).transpose()
}

fn action(word: Option<String>) -> Result<Option<ActionType>, Refusal> {
    match given(word).map(|word| ActionType::from(word.as_str())) {
        Some(ActionType::Other(_)) => {
            Err(Refusal::invalid("\"actionType\" must be create, update, delete, publish, deploy, activity or action."))
        }
        known => Ok(known),
    }
}

async fn list(
    State(plane): State<SharedPlane>,
    Tenant(_): Tenant,
    Params(query): Params<TrailQuery>,
) -> Result<Json<AuditPage>, Failure> {
    let paging = Paging { limit: query.limit, offset: query.offset, next: query.next };
    let limit = paging.limit()?;
    let (start, before) = match paging.token().map(page::decode::<Mark>).transpose()? {
        Some(mark) => (Start::After(Place { at: mark.at, seq: mark.seq }), mark.offset),
        None => (Start::Skip(paging.skip()?), paging.skip()?),
    };
    let filter = Filter {
        from: moment("startTime", query.start_time)?,
        to: moment("endTime", query.end_time)?,
        user_uid: given(query.user_uid),
        project_uid: given(query.project_uid),
        resource_kind: given(query.resource_kind),
        resource_uid: given(query.resource_uid),
        action: action(query.action_type)?,
    };
    if given(query.tenant_uid).is_some_and(|uid| uid != plane.identity.get().tenant_uid) {
        let listmeta = ListMeta { limit, ..ListMeta::default() };
        return Ok(Json(AuditPage { items: Vec::new(), listmeta }));
    }
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = plane.store.read(move |connection| Ok(audits::page(connection, &filter, start, size)?)).await?;
    // The number in a token is the client's word.
    let offset = before.saturating_add(u64::try_from(found.items.len()).unwrap_or(u64::MAX));
    let listmeta = match found.next {
        Some(Place { at, seq }) => {
            ListMeta { next: page::encode(&Mark { at, seq, offset }), count: found.count, limit, offset }
        }
        None => ListMeta { next: String::new(), count: found.count, limit, offset: 0 },
    };
    Ok(Json(AuditPage { items: found.items, listmeta }))
}

async fn entry(plane: &SharedPlane, uid: String) -> Result<Audit, Failure> {
    plane
        .store
        .read(move |connection| {
            audits::get(connection, &uid)?.ok_or_else(|| Refusal::not_found("audit entry", &uid).into())
        })
        .await
}

async fn show(
    State(plane): State<SharedPlane>,
    Tenant(_): Tenant,
    Path(uid): Path<String>,
) -> Result<Json<Audit>, Failure> {
    entry(&plane, uid).await.map(Json)
}

async fn system_message(
    State(plane): State<SharedPlane>,
    Tenant(_): Tenant,
    Path(uid): Path<String>,
) -> Result<Json<AuditSysMsg>, Failure> {
    let spec = entry(&plane, uid).await?.spec;
    Ok(Json(AuditSysMsg { action_msg: spec.action_msg, content_msg: spec.content_msg }))
}

async fn annotate(
    State(plane): State<SharedPlane>,
    Tenant(caller): Tenant,
    Path(uid): Path<String>,
    body: Result<Body<AuditMsgUpdate>, Refusal>,
) -> Result<StatusCode, Failure> {
    let attempt = Attempt {
        actor: caller.actor,
        action: ActionType::Update,
        title: "Annotate audit entry",
        resource: resource(kind::AUDIT, &uid),
    };
    plane
        .change(attempt, move |transaction, _| {
            let Body(body) = body?;
            if !(3..=255).contains(&body.user_msg.chars().count()) {
                return Err(Refusal::invalid("A note has 3 to 255 characters.").into());
            }
            if !audits::annotate(transaction, &uid, &body.user_msg)? {
                return Err(Refusal::not_found("audit entry", &uid).into());
            }
            Ok(((), "Changed the note of an audit entry.".to_owned()))
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
