//! Heartbeats of the gateways and clusters that are beating. Agents of a real plane send them; here nobody else does.

use std::time::Duration;

use super::{Stop, pause, stopped};
use crate::plane::state::SharedPlane;
use crate::plane::store::gateways;

/// Between two heartbeats; a twentieth of what counts as silence.
const EVERY: Duration = Duration::from_secs(30);

/// Beats until it is told to stop. The first beat came before the plane began to serve.
pub async fn run(plane: SharedPlane, mut stop: Stop) {
    loop {
        pause(&mut stop, EVERY).await;
        if stopped(&stop) {
            return;
        }
        let now = plane.now();
        if let Err(error) = plane.store.write(move |transaction| Ok(gateways::beat(transaction, now)?)).await {
            tracing::warn!(%error, "heartbeats could not be recorded");
        }
    }
}
