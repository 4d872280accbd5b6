//! Gateways.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::stamp::{json_at, time, time_at};
use crate::api::meta::ObjectMetaInput;
use crate::api::overlord::{IpPool, Overlord, OverlordSpec, OverlordStatus, RelatedObject};
use crate::api::{CloudType, ObjectMeta, PcgState};
use crate::plane::failure::Failure;
use crate::plane::health::Report;

/// Every column, with the heartbeat of what is beating taken from the common beat.
const SELECT: &str = "SELECT gateway.*,
    CASE WHEN beating THEN (SELECT at FROM beat) ELSE last_heartbeat END AS heartbeat FROM gateway";

/// A gateway as the plane knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gateway {
    /// Its uid.
    pub uid: String,
    /// Its name; need not be unique.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub modified: DateTime<Utc>,
    /// Infrastructure it serves.
    pub cloud_type: String,
    /// Cloud account it made.
    pub cloud_account_uid: String,
    /// The cluster that it is.
    pub spectro_cluster_uid: String,
    /// Address; may be empty.
    pub ip_address: String,
    /// Address pools.
    pub ip_pools: Vec<IpPool>,
    /// On a Kubernetes cluster that already existed.
    pub self_hosted: bool,
    /// The System Private Gateway.
    pub system: bool,
    /// Whether heartbeats keep coming.
    pub beating: bool,
    /// What it reported.
    pub report: Report,
}

impl Gateway {
    /// The infrastructure it serves.
    #[must_use]
    pub fn cloud(&self) -> CloudType {
        CloudType::from(self.cloud_type.as_str())
    }

    /// As the API writes it.
    #[must_use]
    pub fn to_wire(&self, tenant_uid: &str, now: DateTime<Utc>) -> Overlord {
        let object = RelatedObject {
            kind: "spectrocluster".to_owned(),
            name: self.name.clone(),
            uid: self.spectro_cluster_uid.clone(),
        };
        let running = self.report.state == PcgState::Running;
        Overlord {
            kind: String::new(),
            metadata: ObjectMeta {
                name: self.name.clone(),
                uid: self.uid.clone(),
                labels: self.labels.clone(),
                annotations: self.annotations.clone(),
                creation_timestamp: Some(self.created),
                last_modified_timestamp: Some(self.modified),
                deletion_timestamp: None,
            },
            spec: OverlordSpec {
                cloud_account_uid: self.cloud_account_uid.clone(),
                spectro_cluster_uid: self.spectro_cluster_uid.clone(),
                ip_address: self.ip_address.clone(),
                ip_pools: self.ip_pools.clone(),
                is_self_hosted: self.self_hosted,
                is_system: self.system,
                tenant_uid: tenant_uid.to_owned(),
            },
            status: OverlordStatus {
                state: self.report.state.clone(),
                health: self.report.health(&object, now),
                is_active: running,
                is_ready: running,
                kubectl_commands: Vec::new(),
            },
        }
    }
}

fn gateway(row: &Row<'_>) -> rusqlite::Result<Gateway> {
    Ok(Gateway {
        uid: row.get("uid")?,
        name: row.get("name")?,
        labels: json_at(row, "labels")?,
        annotations: json_at(row, "annotations")?,
        created: time_at(row, "created")?,
        modified: time_at(row, "modified")?,
        cloud_type: row.get("cloud_type")?,
        cloud_account_uid: row.get("cloud_account_uid")?,
        spectro_cluster_uid: row.get("spectro_cluster_uid")?,
        ip_address: row.get("ip_address")?,
        ip_pools: json_at(row, "ip_pools")?,
        self_hosted: row.get("self_hosted")?,
        system: row.get("system")?,
        beating: row.get("beating")?,
        report: report(row)?,
    })
}

/// The report columns, which gateways and clusters share.
///
/// # Errors
/// Where a column is missing or malformed.
pub fn report(row: &Row<'_>) -> rusqlite::Result<Report> {
    let state: String = row.get("state")?;
    Ok(Report {
        state: PcgState::from(state.as_str()),
        agent_version: row.get("agent_version")?,
        last_heartbeat: row.get::<_, Option<i64>>("heartbeat")?.map(time),
        conditions: json_at(row, "conditions")?,
    })
}

/// All gateways by name, or those of exactly this name.
///
/// # Errors
/// Those of the storage.
pub fn list(connection: &Connection, name: Option<&str>) -> rusqlite::Result<Vec<Gateway>> {
    match name {
        None => {
            let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY name, uid"))?;
            statement.query_map([], gateway)?.collect()
        }
        Some(name) => {
            let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE name = ?1 ORDER BY uid"))?;
            statement.query_map([name], gateway)?.collect()
        }
    }
}

/// One gateway.
///
/// # Errors
/// Those of the storage.
pub fn get(connection: &Connection, uid: &str) -> rusqlite::Result<Option<Gateway>> {
    connection.prepare_cached(&format!("{SELECT} WHERE uid = ?1"))?.query_row([uid], gateway).optional()
}

/// Adds a gateway.
///
/// # Errors
/// Those of the storage.
pub fn insert(connection: &Connection, new: &Gateway) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO gateway VALUES (:uid, :name, :labels, :annotations, :created, :modified, :cloud, :account,
             :own, :ip, :pools, :self_hosted, :system, :state, :agent, :beating, :heartbeat, :conditions)",
        )?
        .execute(named_params! {
            ":uid": new.uid, ":name": new.name, ":labels": serde_json::to_string(&new.labels)?,
            ":annotations": serde_json::to_string(&new.annotations)?, ":created": new.created.timestamp_millis(),
            ":modified": new.modified.timestamp_millis(), ":cloud": new.cloud_type, ":account": new.cloud_account_uid,
            ":own": new.spectro_cluster_uid, ":ip": new.ip_address, ":pools": serde_json::to_string(&new.ip_pools)?,
            ":self_hosted": new.self_hosted, ":system": new.system, ":state": new.report.state.as_str(),
            ":agent": new.report.agent_version, ":beating": new.beating,
            ":heartbeat": new.report.last_heartbeat.map(|beat| beat.timestamp_millis()),
            ":conditions": serde_json::to_string(&new.report.conditions)?,
        })?;
    Ok(())
}

/// Gives a gateway new metadata; labels and annotations that are left out are removed.
///
/// # Errors
/// Those of the storage.
pub fn update(connection: &Connection, uid: &str, new: &ObjectMetaInput, now: DateTime<Utc>) -> Result<(), Failure> {
    connection
        .prepare_cached("UPDATE gateway SET name = ?2, labels = ?3, annotations = ?4, modified = ?5 WHERE uid = ?1")?
        .execute(params![
            uid,
            new.name,
            serde_json::to_string(&new.labels)?,
            serde_json::to_string(&new.annotations)?,
            now.timestamp_millis()
        ])?;
    Ok(())
}

/// Removes a gateway and the cluster that it is.
///
/// # Errors
/// Those of the storage; the database refuses while workload clusters reference it.
pub fn delete(connection: &Connection, uid: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM cluster WHERE gateway_uid = ?1 AND role = 'gateway'")?.execute([uid])?;
    connection.prepare_cached("DELETE FROM gateway WHERE uid = ?1")?.execute([uid]).map(drop)
}

/// Everything that is beating gives a sign of life.
///
/// # Errors
/// Those of the storage.
pub fn beat(connection: &Connection, now: DateTime<Utc>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO beat (one, at) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET at = excluded.at")?
        .execute([now.timestamp_millis()])
        .map(drop)
}

/// Lets the heartbeats of a gateway come, from now on, or end with the last one.
///
/// # Errors
/// Those of the storage.
pub fn set_beating(connection: &Connection, uid: &str, beating: bool, now: DateTime<Utc>) -> rusqlite::Result<()> {
    let sql = if beating {
        "UPDATE gateway SET beating = 1 WHERE uid = ?1"
    } else {
        "UPDATE gateway SET beating = 0,
             last_heartbeat = CASE WHEN beating THEN (SELECT at FROM beat) ELSE last_heartbeat END WHERE uid = ?1"
    };
    connection.prepare_cached(sql)?.execute([uid])?;
    if beating { beat(connection, now) } else { Ok(()) }
}
