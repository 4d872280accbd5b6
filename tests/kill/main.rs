//! The real binary is killed with `kill -9` at random moments of creating, deleting, expiring and restoring, on real stores; then
//! it starts again, and everything that was committed must still be there, and nothing half-made must be.
//!
//! `KILL_RUNS` says how often on each store (default 10), `KILL_SEED` repeats a run. Counts are printed: `cargo test --test kill -- --nocapture`.

mod ground;
mod oracle;
mod plane;
mod runs;

use runs::runs;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_s3_in_process() {
    runs(ground::in_process_s3().await).await;
}
