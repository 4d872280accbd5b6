//! The command line: everything the screens do, for scripts and screen readers. Data goes to stdout,
//! progress and messages to stderr; exit codes are those of [`Exit`].

mod audits;
mod backups;
mod connect;
mod failure;
mod locations;
mod narrate;
mod output;
mod pcgs;
mod sandbox;
mod secrets;
mod serve;

use clap::{Parser, Subcommand};

use crate::config::{Config, Flags};

pub use connect::{open, open_to_stay};
pub use failure::{Exit, Failure, complain};

/// The Day-2 work of a self-hosted Palette's enterprise cluster, in a terminal.
///
/// Without a command the full-screen console opens, on the embedded plane unless --url names another.
#[derive(Parser, Debug)]
#[command(name = "palette-console", version, max_term_width = 100)]
pub struct Args {
    #[command(flatten)]
    /// How to reach a plane.
    pub flags: Flags,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// What to do; the console where there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A noun of the command line.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Private Cloud Gateways: list, show, migrate, delete, rename
    #[command(subcommand)]
    Pcgs(pcgs::Pcgs),
    /// Audit logs: list, show
    #[command(subcommand)]
    Audits(audits::Audits),
    /// Backups of the plane: list, create, verify, restore, recover, delete, download, status, keys
    #[command(subcommand)]
    Backups(backups::Backups),
    /// Where backups go: list, show, set, validate, policy, remove
    #[command(subcommand)]
    Locations(locations::Locations),
    /// Run the embedded plane as a daemon
    Serve(serve::Serve),
    /// Rehearse: stop a gateway's heartbeat, start the sandbox anew
    #[command(subcommand)]
    Sandbox(sandbox::Sandbox),
}

/// Runs a command to its end.
///
/// # Errors
/// What went wrong, with the exit code that says so.
pub async fn run(command: Command, config: Config) -> Result<Exit, Failure> {
    match command {
        Command::Pcgs(command) => pcgs::run(command, &config).await,
        Command::Audits(command) => audits::run(command, &config).await,
        Command::Backups(command) => backups::run(command, &config).await,
        Command::Locations(command) => locations::run(command, &config).await,
        Command::Serve(command) => serve::run(command, &config).await,
        Command::Sandbox(command) => sandbox::run(command, &config).await,
    }
}
