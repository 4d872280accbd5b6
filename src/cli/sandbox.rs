//! `sandbox`: rehearsing on the embedded plane.

use clap::{Args, Subcommand};

use crate::clock;
use crate::config::Config;
use crate::ops::pcgs::{inventory, resolve};
use crate::plane;
use crate::text;

use super::connect::Plane;
use super::failure::{Exit, Failure};
use super::output::{confirm, say};

/// What to do with the sandbox.
#[derive(Subcommand, Debug)]
pub enum Sandbox {
    /// Let a gateway die: its heartbeats stop, and ten minutes later it is unhealthy
    StopHeartbeat(Gateway),
    /// Let a gateway's heartbeats come again
    StartHeartbeat(Gateway),
    /// Move the plane's database aside, so that the next start begins anew; nothing is deleted
    Reset(Reset),
}

/// A gateway of the sandbox.
#[derive(Args, Debug)]
pub struct Gateway {
    /// Name or uid of the gateway
    name: String,
}

/// `sandbox reset`.
#[derive(Args, Debug)]
pub struct Reset {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs a command on the sandbox.
pub async fn run(command: Sandbox, config: &Config) -> Result<Exit, Failure> {
    match command {
        Sandbox::StopHeartbeat(gateway) => beat(config, &gateway.name, false).await,
        Sandbox::StartHeartbeat(gateway) => beat(config, &gateway.name, true).await,
        Sandbox::Reset(command) => reset(config, command.yes),
    }
}

async fn beat(config: &Config, name: &str, beating: bool) -> Result<Exit, Failure> {
    let plane = Plane::connect(config).await?;
    let done = async {
        let pcgs = inventory(&plane.client).await?.pcgs();
        let pcg = resolve(&pcgs, name)?;
        plane.client.set_heartbeat(&pcg.uid, beating).await?;
        let name = text::clean(&pcg.name);
        say(if beating {
            format!("{name} beats again.")
        } else {
            format!("{name} has stopped beating; in ten minutes it counts as unhealthy.")
        });
        Ok(Exit::Done)
    };
    let done = done.await;
    plane.close().await;
    done
}

fn reset(config: &Config, yes: bool) -> Result<Exit, Failure> {
    let question =
        format!("The plane in {} will begin anew; its database is kept beside it.", config.data_dir.display());
    confirm(yes, &question, "reset")?;
    let kept = plane::set_aside(&config.data_dir, &clock::system())?;
    say(format!("The database is kept as {}; the next start begins anew.", kept.display()));
    Ok(Exit::Done)
}
