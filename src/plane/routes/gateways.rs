//! Private Cloud Gateways.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::clusters::SearchBody;
use crate::api::error::code;
use crate::api::meta::{MetadataUpdate, ObjectMetaInput};
use crate::api::overlord::{DeletedMsg, MigrateRequest, Overlord, Overlords};
use crate::api::{ActionType, CloudType};
use crate::plane::auth::session::Tenant;
use crate::plane::extract::{Body, Params};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::jobs::migration;
use crate::plane::page::{self, Paging};
use crate::plane::state::{Attempt, Plane, SharedPlane, kind, resource};
use crate::plane::store::gateways::{self, Gateway};
use crate::plane::store::{clusters, migrations};
use crate::{plane::uid, text};

/// Longest name, characters.
const LONGEST_NAME: usize = 253;

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/v1/overlords", get(list))
        .route("/v1/overlords/migrate", post(migrate))
        .route("/v1/overlords/pairing/code", get(pairing_code))
        .route("/v1/overlords/{uid}", get(show).delete(remove))
        .route("/v1/overlords/{uid}/metadata", put(rename))
        .route("/v1/overlords/{uid}/reset", put(reset))
        .route("/v1/dashboard/pcgs/search", post(search))
        .route("/v1/dashboard/pcgs/search/schema", get(search_schema))
}

fn attempt(caller: Tenant, action: ActionType, title: &'static str, uid: &str) -> Attempt {
    Attempt { actor: caller.0.actor, action, title, resource: resource(kind::GATEWAY, uid) }
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    name: String,
}

async fn list(
    State(plane): State<SharedPlane>,
    Tenant(_): Tenant,
    Params(query): Params<ListQuery>,
) -> Result<Json<Overlords>, Failure> {
    let name = Some(query.name).filter(|name| !name.is_empty());
    let found = plane.store.read(move |connection| Ok(gateways::list(connection, name.as_deref())?)).await?;
    Ok(Json(Overlords { items: to_wire(&plane, &found) }))
}

fn to_wire(plane: &Plane, found: &[Gateway]) -> Vec<Overlord> {
    let now = plane.now();
    found.iter().map(|gateway| gateway.to_wire(&plane.identity.get().tenant_uid, now)).collect()
}

async fn show(
    State(plane): State<SharedPlane>,
    Tenant(_): Tenant,
    Path(uid): Path<String>,
) -> Result<Json<Overlord>, Failure> {
    let found = plane.store.read(move |connection| Plane::gateway(connection, &uid)).await?;
    Ok(Json(found.to_wire(&plane.identity.get().tenant_uid, plane.now())))
}

async fn migrate(
    State(plane): State<SharedPlane>,
    caller: Tenant,
    body: Result<Body<MigrateRequest>, Refusal>,
) -> Result<StatusCode, Failure> {
    let actor = caller.0.actor.clone();
    let source = body.as_ref().map_or("", |Body(body)| body.source_uid.as_str());
    let attempt = attempt(caller, ActionType::Update, migration::TITLE, source);
    let id = plane
        .change(attempt, move |transaction, now| {
            let Body(body) = body?;
            migration::order(transaction, &body.source_uid, &body.target_uid, actor, now)
        })
        .await?;
    // Where the plane is stopping, the next start finds the order in the database.
    let _ = plane.orders.send(id);
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(plane): State<SharedPlane>,
    caller: Tenant,
    Path(uid): Path<String>,
) -> Result<Json<DeletedMsg>, Failure> {
    let attempt = attempt(caller, ActionType::Delete, "Delete private gateway", &uid);
    let name = plane
        .change(attempt, move |transaction, _| {
            let gateway = Plane::gateway(transaction, &uid)?;
            refuse_removal(transaction, &gateway)?;
            gateways::delete(transaction, &uid)?;
            let content = format!("Deleted the private gateway {}.", gateway.name);
            Ok((gateway.name, content))
        })
        .await?;
    Ok(Json(DeletedMsg { msg: format!("Deleted the private gateway {name}.") }))
}

fn refuse_removal(connection: &rusqlite::Connection, gateway: &Gateway) -> Result<(), Failure> {
    if gateway.system {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            code::SYSTEM_GATEWAY,
            format!("{} belongs to the plane and cannot be deleted.", gateway.name),
        )
        .into());
    }
    if let Some(running) = migrations::involving(connection, &gateway.uid)? {
        return Err(migration::in_the_way(&running).into());
    }
    let held = clusters::count_of(connection, &gateway.uid)?;
    if held > 0 {
        let message = format!(
            "{} still has {}. Migrate them to another gateway first, then delete it.",
            gateway.name,
            text::count(held, "cluster")
        );
        return Err(Refusal::new(StatusCode::CONFLICT, code::HAS_CLUSTERS, message)
            .with(json!({ "clusters": held }))
            .into());
    }
    Ok(())
}

async fn rename(
    State(plane): State<SharedPlane>,
    caller: Tenant,
    Path(uid): Path<String>,
    body: Result<Body<MetadataUpdate>, Refusal>,
) -> Result<StatusCode, Failure> {
    let attempt = attempt(caller, ActionType::Update, "Update private gateway", &uid);
    plane
        .change(attempt, move |transaction, now| {
            let before = Plane::gateway(transaction, &uid)?;
            let Body(MetadataUpdate { metadata: new }) = body?;
            check_name(&new)?;
            gateways::update(transaction, &uid, &new, now)?;
            let content = if before.name == new.name {
                format!("Changed the labels of the private gateway {}.", new.name)
            } else {
                format!("Renamed the private gateway {} to {}.", before.name, new.name)
            };
            Ok(((), content))
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check_name(new: &ObjectMetaInput) -> Result<(), Refusal> {
    let length = new.name.trim().chars().count();
    if length == 0 || new.name.chars().count() > LONGEST_NAME {
        return Err(Refusal::invalid(format!("A name has 1 to {LONGEST_NAME} characters.")));
    }
    if new.name.chars().any(char::is_control) {
        return Err(Refusal::invalid("A name holds no control characters."));
    }
    Ok(())
}

async fn reset(
    State(plane): State<SharedPlane>,
    caller: Tenant,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Failure> {
    let attempt = attempt(caller, ActionType::Action, "Reset private gateway", &uid);
    plane
        .change(attempt, move |transaction, _| {
            let gateway = Plane::gateway(transaction, &uid)?;
            Err::<((), String), _>(
                Refusal::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "OverlordResetUnsupported",
                    format!("{} has nothing to reset: the embedded plane keeps no resources of a gateway apart from its clusters.", gateway.name),
                )
                .into(),
            )
        })
        .await?;
    Ok(Json(json!({ "msg": "" })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PairingQuery {
    #[serde(default)]
    cloud_type: String,
}

async fn pairing_code(Tenant(_): Tenant, Params(query): Params<PairingQuery>) -> Result<Json<Value>, Refusal> {
    match CloudType::from(query.cloud_type.as_str()) {
        CloudType::Vsphere | CloudType::Maas | CloudType::CloudStack => {
            Ok(Json(json!({ "pairingCode": uid::fresh() })))
        }
        _ => Err(Refusal::invalid("\"cloudType\" must be vsphere, maas or apache-cloudstack.")),
    }
}

async fn search(
    State(plane): State<SharedPlane>,
    Tenant(_): Tenant,
    Params(paging): Params<Paging>,
    Body(body): Body<SearchBody>,
) -> Result<Json<Value>, Failure> {
    let (limit, offset) = (paging.limit()?, paging.offset()?);
    let mut found = plane.store.read(|connection| Ok(gateways::list(connection, None)?)).await?;
    found.retain(|gateway| body.matches_name(&gateway.name));
    if body.descending() {
        found.reverse();
    }
    let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let items: Vec<_> = found.into_iter().skip(skip).take(usize::try_from(limit).unwrap_or(0)).collect();
    let listmeta = page::listmeta(count, limit, offset, items.len());
    Ok(Json(json!({ "items": to_wire(&plane, &items), "listmeta": listmeta })))
}

async fn search_schema(Tenant(_): Tenant) -> Json<Value> {
    Json(json!({ "schema": { "properties": [
        { "name": "clusterName", "displayName": "Name", "type": "string", "isDeprecated": false },
    ] } }))
}
