//! `serve`: the embedded plane as a daemon.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::config::Config;
use crate::plane::{self, Door, Scale, Settings};

use super::failure::{Exit, Failure};

/// `serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// Fill a fresh plane with sample inventory and keep its heartbeats coming
    #[arg(long)]
    sandbox: bool,
    /// Address to listen on; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:9191", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Also run an FTP server and an S3 server for backups, on this machine alone
    #[arg(long, requires = "sandbox")]
    stores: bool,
    /// Size of the sample inventory, such as pcgs=200,clusters=5000,audits=100000
    #[arg(long, value_name = "SIZES", requires = "sandbox")]
    scale: Option<Scale>,
    /// Certificate chain in PEM; wanted for any address beyond this machine
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Milliseconds between two clusters of a migration, to rehearse a slow one
    #[arg(long, value_name = "MS")]
    migration_pace: Option<u64>,
    /// Limit requests as Palette does
    #[arg(long, value_name = "WHOSE", value_parser = ["palette", "none"], default_value = "none")]
    rate_limits: String,
}

/// Serves until the process is told to end.
pub async fn run(command: Serve, config: &Config) -> Result<Exit, Failure> {
    let defaults = Settings::new(config.data_dir.clone());
    let settings = Settings {
        sandbox: command.sandbox.then(|| command.scale.unwrap_or_default()),
        migration_pace: command.migration_pace.map_or(defaults.migration_pace, Duration::from_millis),
        rate_limits: command.rate_limits == "palette",
        stores: command.stores,
        schedules: true,
        daemon: true,
        ..defaults
    };
    let door = match (command.tls_cert, command.tls_key) {
        (Some(cert), Some(key)) => Door::Tls { address: command.listen, cert, key },
        _ => Door::Tcp(command.listen),
    };
    let running = plane::start(settings, door).await?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", running.url().unwrap_or_default()).and_then(|()| out.flush())?;
    told_to_end().await?;
    running.stop().await;
    Ok(Exit::Done)
}

async fn told_to_end() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
        done = tokio::signal::ctrl_c() => done?,
    }
    Ok(())
}
