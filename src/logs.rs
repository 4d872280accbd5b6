//! Logs go to a file under the state directory, a new one each day, never to the screen. What level is kept
//! is said by `PALETTE_CONSOLE_LOG` (for example `debug`); without it, warnings and worse.

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

use crate::config::state_dir;

/// Days that are kept.
const KEPT: usize = 7;

/// Begins to log; ends when the guard is dropped. Where no file can be written there are no logs, which is no reason
/// not to work.
#[must_use]
pub fn begin() -> Option<WorkerGuard> {
    let dir = state_dir()?;
    std::fs::create_dir_all(&dir).ok()?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("palette-console")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(dir)
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let filter = EnvFilter::try_from_env("PALETTE_CONSOLE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false).init();
    Some(guard)
}
