//! The operations, one file per resource.

mod audits;
mod auth;
mod backup_configs;
pub mod backup_files;
pub mod backups;
mod clusters;
mod ext;
mod gateways;
mod jobs;
mod locations;
mod recovery_key;
mod system;

use axum::Router;

use super::state::SharedPlane;

/// Every route.
pub fn all() -> Router<SharedPlane> {
    Router::new()
        .merge(auth::routes())
        .merge(system::routes())
        .merge(gateways::routes())
        .merge(clusters::routes())
        .merge(audits::routes())
        .merge(backup_configs::routes())
        .merge(backups::routes())
        .merge(backup_files::routes())
        .merge(locations::routes())
        .merge(jobs::routes())
        .merge(recovery_key::routes())
        .merge(ext::routes())
}
