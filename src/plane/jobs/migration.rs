//! Migration: every cluster of one gateway is repointed to another, one transaction each, so that it can be
//! stopped or killed between any two and carries on where it was.

use std::time::Duration;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use rusqlite::Transaction;
use serde_json::json;

use super::{Stop, pause, stopped};
use crate::api::error::code;
use crate::api::overlord::RelatedObject;
use crate::api::{ActionType, HealthState, PcgState};
use crate::plane::actor::Actor;
use crate::plane::failure::{Failure, Refusal, StorageError};
use crate::plane::state::{Plane, SharedPlane, kind, resource};
use crate::plane::store::audits::{self, Entry};
use crate::plane::store::clusters;
use crate::plane::store::gateways::Gateway;
use crate::plane::store::migrations::{self, End, Migration};
use crate::text;

/// What the trail calls it.
pub const TITLE: &str = "Migrate private gateway";
/// Pause before another try where the disk is full.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Checks an order and records it; returns its number and the sentence for the trail.
///
/// # Errors
/// A refusal in words, or the storage.
pub fn order(
    transaction: &Transaction<'_>,
    source_uid: &str,
    target_uid: &str,
    actor: Actor,
    now: DateTime<Utc>,
) -> Result<(i64, String), Failure> {
    if source_uid.is_empty() || target_uid.is_empty() {
        return Err(Refusal::invalid("Name both gateways: \"sourceUid\" and \"targetUid\".").into());
    }
    let source = Plane::gateway(transaction, source_uid)?;
    let target = Plane::gateway(transaction, target_uid)?;
    check(&source, &target, migrations::conflicting(transaction, source_uid, target_uid)?.as_ref(), now)?;
    let total = clusters::count_of(transaction, source_uid)?;
    let content =
        format!("Started to migrate {} from {} to {}.", text::count(total, "cluster"), source.name, target.name);
    let new = Migration {
        id: 0,
        source_uid: source.uid,
        source_name: source.name,
        target_uid: target.uid,
        target_name: target.name,
        actor,
        total,
        moved: 0,
    };
    Ok((migrations::insert(transaction, &new, now)?, content))
}

fn check(source: &Gateway, target: &Gateway, running: Option<&Migration>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let refused = |status, code, message: String| Err(Refusal::new(status, code, message));
    if source.uid == target.uid {
        return refused(
            StatusCode::BAD_REQUEST,
            code::INELIGIBLE_TARGET,
            format!("{} cannot be migrated to itself; choose another gateway as the target.", source.name),
        );
    }
    if source.system {
        return refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            code::SYSTEM_GATEWAY,
            format!("{} belongs to the plane and cannot be migrated away.", source.name),
        );
    }
    if let Some(running) = running {
        return Err(in_the_way(running));
    }
    match unfit(source, target, now) {
        Some(why) => refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            code::INELIGIBLE_TARGET,
            format!("{} cannot receive clusters: {why}.", target.name),
        ),
        None => Ok(()),
    }
}

/// Why the target cannot take the source's clusters.
fn unfit(source: &Gateway, target: &Gateway, now: DateTime<Utc>) -> Option<String> {
    if target.report.state != PcgState::Running {
        return Some(format!("its state is {}, and it must be Running", target.report.state));
    }
    let health = target.report.health(&RelatedObject::default(), now);
    if health.state != HealthState::Healthy {
        let why = health.conditions.first().map_or("it has never reported", |condition| condition.message.as_str());
        return Some(format!("it is not healthy ({why})"));
    }
    let (serves, wanted) = (target.cloud(), source.cloud());
    (serves != wanted)
        .then(|| format!("it serves {}, and the clusters of {} run on {}", serves.label(), source.name, wanted.label()))
}

/// The refusal that names the migration which is under way.
#[must_use]
pub fn in_the_way(running: &Migration) -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        code::MIGRATION_RUNNING,
        format!(
            "A migration from {} to {} is under way ({} of {} moved). Wait until it has ended.",
            running.source_name,
            running.target_name,
            running.moved,
            text::count(running.total, "cluster")
        ),
    )
    .with(json!({ "sourceUid": running.source_uid, "targetUid": running.target_uid }))
}

/// What one step of a migration led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Moved,
    Ended,
}

/// Runs a recorded migration until it has ended or is told to stop.
pub async fn run(plane: SharedPlane, id: i64, mut stop: Stop) {
    while !stopped(&stop) {
        let now = plane.now();
        match plane.store.write(move |transaction| step(transaction, id, now)).await {
            Ok(Step::Moved) => pause(&mut stop, plane.migration_pace).await,
            Ok(Step::Ended) | Err(Failure::Storage(StorageError::Closed)) => return,
            Err(Failure::Storage(StorageError::Unwritable(error))) => {
                tracing::warn!(%error, id, "a migration waits until the disk can be written");
                pause(&mut stop, RETRY_AFTER).await;
            }
            Err(failure) => return give_up(&plane, id, &failure).await,
        }
    }
}

fn step(transaction: &Transaction<'_>, id: i64, now: DateTime<Utc>) -> Result<Step, Failure> {
    let Some(migration) = migrations::running_by_id(transaction, id)? else { return Ok(Step::Ended) };
    let (source, target) = (&migration.source_uid, &migration.target_uid);
    let moved = clusters::move_next(transaction, source, target, now)?;
    if moved {
        migrations::advance(transaction, id)?;
    }
    if clusters::count_of(transaction, source)? > 0 {
        return Ok(Step::Moved);
    }
    let count = migration.moved + usize::from(moved);
    migrations::finish(transaction, id, End::Done, now)?;
    let content = format!(
        "Migrated {} from {} to {}.",
        text::count(count, "cluster"),
        migration.source_name,
        migration.target_name
    );
    audits::record(transaction, now, &entry(&migration, content))?;
    Ok(Step::Ended)
}

async fn give_up(plane: &Plane, id: i64, failure: &Failure) {
    tracing::error!(error = %failure, id, "a migration failed");
    let (now, why) = (plane.now(), failure.to_string());
    let recorded = plane
        .store
        .write(move |transaction| {
            let Some(migration) = migrations::running_by_id(transaction, id)? else { return Ok(()) };
            migrations::finish(transaction, id, End::Failed, now)?;
            let content = format!(
                "The migration from {} to {} failed after {} of {}: {why}.",
                migration.source_name,
                migration.target_name,
                migration.moved,
                text::count(migration.total, "cluster")
            );
            audits::record(transaction, now, &entry(&migration, content))
        })
        .await;
    if let Err(error) = recorded {
        tracing::error!(%error, id, "the failure of a migration could not be recorded; the next start tries again");
    }
}

fn entry(migration: &Migration, content: String) -> Entry {
    let mut gateway = resource(kind::GATEWAY, &migration.source_uid);
    gateway.name.clone_from(&migration.source_name);
    gateway.label.clone_from(&migration.source_name);
    Entry {
        action: ActionType::Update,
        title: TITLE.to_owned(),
        content,
        actor: migration.actor.clone(),
        resource: gateway,
    }
}
