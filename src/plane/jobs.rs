//! What the plane does by itself: heartbeats, migrations, backups. Every job stops at a safe place when it is told to.

pub mod backups;
pub mod heartbeat;
pub mod migration;
#[cfg(test)]
pub mod rig;
pub mod rotation;
pub mod schedule;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use super::state::SharedPlane;

/// Tells jobs to stop. They also stop where the other end is gone.
pub type Stop = watch::Receiver<bool>;

/// What is ordered while the plane runs.
pub struct Orders {
    /// Numbers of migrations.
    pub migrations: mpsc::UnboundedReceiver<i64>,
    /// Uids of jobs of the backup engine.
    pub backups: mpsc::UnboundedReceiver<String>,
}

/// Whether a job is to stop.
#[must_use]
pub fn stopped(stop: &Stop) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

/// Waits until the job is to stop.
pub async fn told_to_stop(stop: &mut Stop) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// Waits for so long, or until the job is to stop.
pub async fn pause(stop: &mut Stop, pause: std::time::Duration) {
    if pause.is_zero() {
        tokio::task::yield_now().await;
        return;
    }
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Runs the jobs until `stop`, then waits until each has reached a safe place.
pub async fn run(plane: SharedPlane, mut orders: Orders, stop: Stop) {
    let mut jobs = JoinSet::new();
    let mut stopping = stop.clone();
    jobs.spawn(heartbeat::run(plane.clone(), stop.clone()));
    if plane.backups.schedules {
        jobs.spawn(schedule::run(plane.clone(), stop.clone()));
        // Whoever stays serves them to other planes, too; others start them when they need them.
        let own = plane.clone();
        jobs.spawn(async move {
            own.own_stores().await;
        });
    }
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(uid) = orders.backups.recv() => { jobs.spawn(backups::run(plane.clone(), uid, stop.clone())); }
            Some(id) = orders.migrations.recv() => { jobs.spawn(migration::run(plane.clone(), id, stop.clone())); }
            Some(ended) = jobs.join_next() => note_panic(ended),
            else => break,
        }
    }
    while let Some(ended) = jobs.join_next().await {
        note_panic(ended);
    }
}

fn note_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a task of the plane panicked");
    }
}
