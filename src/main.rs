//! The binary: arguments to configuration to dispatch to exit code.

use std::process::ExitCode;

use clap::Parser;
use palette_console::cli::{self, Args, Exit, Failure};
use palette_console::config::Config;
use palette_console::tui::runtime::{Appearance, Ended, terminal};
use palette_console::{console, logs};

fn main() -> ExitCode {
    let args = Args::parse();
    let _logs = logs::begin();
    match run(args) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            cli::complain(&failure);
            failure.exit.into()
        }
    }
}

fn run(args: Args) -> Result<Exit, Failure> {
    let config = Config::load(&args.flags)?;
    let unable = |error| Failure::new(Exit::Failed, format!("this machine gives no thread to work in: {error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(unable)?;
    let done = match args.command {
        Some(command) => runtime.block_on(cli::run(command, config)),
        None => full_screen(&runtime, config, Appearance::detect(args.ascii)),
    };
    runtime.shutdown_background();
    done
}

fn full_screen(runtime: &tokio::runtime::Runtime, config: Config, appearance: Appearance) -> Result<Exit, Failure> {
    terminal::refuse_unfit().map_err(|unfit| Failure::new(Exit::Usage, unfit))?;
    color_eyre::install().map_err(|error| Failure::new(Exit::Failed, error))?;
    terminal::install_panic_hook();
    let lost = |error| Failure::new(Exit::Failed, format!("cannot use this terminal: {error}"));
    terminal::watch_for_hangup().map_err(lost)?;
    match runtime.block_on(console::run(config, appearance)).map_err(lost)? {
        Ended::Left => Ok(Exit::Done),
        Ended::Signalled => Ok(Exit::Failed),
    }
}
