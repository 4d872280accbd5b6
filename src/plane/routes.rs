//! The operations, one file per resource.

mod audits;
mod auth;
mod clusters;
mod ext;
mod gateways;
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
        .merge(ext::routes())
}
