//! Clusters: the workload clusters, and the ones that gateways themselves are.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::gateways;
use super::stamp::{json_at, time_at};
use crate::api::cluster::{CloudConfigMeta, ClusterSummary, ProjectMeta, SpecSummary, SummaryStatus};
use crate::api::overlord::RelatedObject;
use crate::api::{CloudType, OVERLORD_UID, ObjectMeta};
use crate::plane::failure::Failure;
use crate::plane::health::Report;

const SELECT: &str = "SELECT cluster.*, project.name AS project_name,
    CASE WHEN beating THEN (SELECT at FROM beat) ELSE last_heartbeat END AS heartbeat
    FROM cluster LEFT JOIN project ON project.uid = cluster.project_uid";

/// What a cluster is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Launched through a gateway.
    #[default]
    Workload,
    /// A gateway itself.
    Gateway,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Gateway => "gateway",
        }
    }
}

/// A cluster as the plane knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// Its uid.
    pub uid: String,
    /// What it is for.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub modified: DateTime<Utc>,
    /// Infrastructure it runs on.
    pub cloud_type: String,
    /// Project that owns it; none at tenant scope.
    pub project: Option<ProjectMeta>,
    /// Gateway that launched it, or that it is.
    pub gateway_uid: String,
    /// Whether heartbeats keep coming.
    pub beating: bool,
    /// What it reported.
    pub report: Report,
}

impl Stored {
    /// As a search shows it.
    #[must_use]
    pub fn to_summary(&self, now: DateTime<Utc>) -> ClusterSummary {
        let object =
            RelatedObject { kind: "spectrocluster".to_owned(), name: self.name.clone(), uid: self.uid.clone() };
        ClusterSummary {
            metadata: self.metadata(BTreeMap::new()),
            spec_summary: SpecSummary {
                cloud_config: Some(CloudConfigMeta { cloud_type: Some(self.cloud()) }),
                project_meta: self.project.clone(),
            },
            status: SummaryStatus { state: self.report.state.clone(), health: self.report.health(&object, now) },
        }
    }

    /// Its metadata, with the annotation that names its gateway and those given.
    #[must_use]
    pub fn metadata(&self, mut annotations: BTreeMap<String, String>) -> ObjectMeta {
        annotations.insert(OVERLORD_UID.to_owned(), self.gateway_uid.clone());
        ObjectMeta {
            name: self.name.clone(),
            uid: self.uid.clone(),
            labels: self.labels.clone(),
            annotations,
            creation_timestamp: Some(self.created),
            last_modified_timestamp: Some(self.modified),
            deletion_timestamp: None,
        }
    }

    /// Infrastructure it runs on.
    #[must_use]
    pub fn cloud(&self) -> CloudType {
        CloudType::from(self.cloud_type.as_str())
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let role: String = row.get("role")?;
    let project_uid: Option<String> = row.get("project_uid")?;
    let project_name: Option<String> = row.get("project_name")?;
    Ok(Stored {
        uid: row.get("uid")?,
        role: if role == Role::Gateway.as_str() { Role::Gateway } else { Role::Workload },
        name: row.get("name")?,
        labels: json_at(row, "labels")?,
        created: time_at(row, "created")?,
        modified: time_at(row, "modified")?,
        cloud_type: row.get("cloud_type")?,
        project: project_uid.map(|uid| ProjectMeta { name: project_name.unwrap_or_default(), uid }),
        gateway_uid: row.get("gateway_uid")?,
        beating: row.get("beating")?,
        report: gateways::report(row)?,
    })
}

/// Adds a cluster.
///
/// # Errors
/// Those of the storage.
pub fn insert(connection: &Connection, new: &Stored) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO cluster VALUES (:uid, :role, :name, :labels, :created, :modified, :cloud, :project,
             :gateway, :state, :agent, :beating, :heartbeat, :conditions)",
        )?
        .execute(named_params! {
            ":uid": new.uid, ":role": new.role.as_str(), ":name": new.name,
            ":labels": serde_json::to_string(&new.labels)?, ":created": new.created.timestamp_millis(),
            ":modified": new.modified.timestamp_millis(), ":cloud": new.cloud_type,
            ":project": new.project.as_ref().map(|project| &project.uid), ":gateway": new.gateway_uid,
            ":state": new.report.state.as_str(), ":agent": new.report.agent_version, ":beating": new.beating,
            ":heartbeat": new.report.last_heartbeat.map(|beat| beat.timestamp_millis()),
            ":conditions": serde_json::to_string(&new.report.conditions)?,
        })?;
    Ok(())
}

/// Adds a project.
///
/// # Errors
/// Those of the storage.
pub fn insert_project(connection: &Connection, project: &ProjectMeta) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO project (uid, name) VALUES (?1, ?2)")?
        .execute(params![project.uid, project.name])
        .map(drop)
}

/// One cluster.
///
/// # Errors
/// Those of the storage.
pub fn get(connection: &Connection, uid: &str) -> rusqlite::Result<Option<Stored>> {
    connection.prepare_cached(&format!("{SELECT} WHERE cluster.uid = ?1"))?.query_row([uid], stored).optional()
}

/// What a search sorts by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortField {
    /// By name.
    #[default]
    Name,
    /// By state.
    State,
    /// By age.
    Created,
    /// By last change.
    Modified,
}

impl SortField {
    fn column(self) -> &'static str {
        match self {
            Self::Name => "cluster.name",
            Self::State => "cluster.state",
            Self::Created => "cluster.created",
            Self::Modified => "cluster.modified",
        }
    }
}

/// What a search asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// `LIKE` pattern of the name, with `\` as its escape.
    pub name_like: Option<String>,
    /// Only this project's.
    pub project_uid: Option<String>,
    /// Order; the uid decides between equals.
    pub sort: SortField,
    /// The other way round.
    pub descending: bool,
    /// How many at most.
    pub limit: u32,
    /// How many to skip.
    pub offset: u64,
}

/// A page of workload clusters, and how many there are in all.
///
/// # Errors
/// Those of the storage.
pub fn search(connection: &Connection, search: &Search) -> rusqlite::Result<(Vec<Stored>, u64)> {
    let filter = "WHERE role = 'workload' AND (?1 IS NULL OR cluster.name LIKE ?1 ESCAPE '\\')
                  AND (?2 IS NULL OR cluster.project_uid = ?2)";
    let count = connection
        .prepare_cached(&format!("SELECT count(*) FROM cluster {filter}"))?
        .query_row(params![search.name_like, search.project_uid], |row| row.get(0))?;
    let order = if search.descending { "DESC" } else { "ASC" };
    let column = search.sort.column();
    let sql = format!("{SELECT} {filter} ORDER BY {column} {order}, cluster.uid {order} LIMIT ?3 OFFSET ?4");
    let mut statement = connection.prepare_cached(&sql)?;
    let offset = i64::try_from(search.offset).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![search.name_like, search.project_uid, search.limit, offset], stored)?;
    Ok((rows.collect::<rusqlite::Result<_>>()?, count))
}

/// Every workload cluster by name.
///
/// # Errors
/// Those of the storage.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<Stored>> {
    let sql = format!("{SELECT} WHERE role = 'workload' ORDER BY cluster.name, cluster.uid");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([], stored)?.collect()
}

/// How many workload clusters reference a gateway.
///
/// # Errors
/// Those of the storage.
pub fn count_of(connection: &Connection, gateway_uid: &str) -> rusqlite::Result<usize> {
    connection
        .prepare_cached("SELECT count(*) FROM cluster WHERE gateway_uid = ?1 AND role = 'workload'")?
        .query_row([gateway_uid], |row| row.get(0))
}

/// Moves the first workload cluster of `source` to `target`; false where none is left.
///
/// # Errors
/// Those of the storage.
pub fn move_next(connection: &Connection, source: &str, target: &str, now: DateTime<Utc>) -> rusqlite::Result<bool> {
    let moved = connection
        .prepare_cached(
            "UPDATE cluster SET gateway_uid = ?2, modified = ?3 WHERE uid =
             (SELECT uid FROM cluster WHERE gateway_uid = ?1 AND role = 'workload' ORDER BY name, uid LIMIT 1)",
        )?
        .execute(params![source, target, now.timestamp_millis()])?;
    Ok(moved > 0)
}
