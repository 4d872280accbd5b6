//! `backups`: the copies of the plane's state.

mod act;
mod age;
mod args;
mod key;
mod list;
mod restore;
mod status;

use crate::api::backup::Backup;
use crate::config::Config;
use crate::ops::backup::FindError;
use crate::ops::backup::download::DownloadError;
use crate::ops::key::{KeyError, reminder};

use super::connect::Plane;
use super::failure::{Exit, Failure, exit_of};
use super::output::say;

pub use args::{Backups, mode};

impl From<FindError> for Failure {
    fn from(error: FindError) -> Self {
        let exit = match &error {
            FindError::Client(error) => exit_of(error),
            FindError::Nowhere { unread, .. } if !unread.is_empty() => Exit::Unreachable,
            FindError::Nowhere { .. } => Exit::Failed,
            FindError::Several { .. } => Exit::Usage,
        };
        match error {
            FindError::Client(error) => Self::from(error),
            error => Self::new(exit, error),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Client(error) => Self::from(error),
            error => Self::new(Exit::Usage, error),
        }
    }
}

impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        match error {
            DownloadError::Client(error) => Self::from(error),
            DownloadError::InTheWay(_) => Self::new(Exit::Usage, error),
            error => Self::new(Exit::Failed, error),
        }
    }
}

/// Runs a command on backups.
pub async fn run(command: Backups, config: &Config) -> Result<Exit, Failure> {
    let restores = matches!(command, Backups::Restore(_) | Backups::Recover(_));
    let plane = match restores {
        true => Plane::connect_for_restore(config).await?,
        false => Plane::connect_system(config).await?,
    };
    if !matches!(command, Backups::Key(_)) {
        remind(&plane).await;
    }
    let done = dispatch(&plane, command, config).await;
    plane.close().await;
    done
}

async fn dispatch(plane: &Plane, command: Backups, config: &Config) -> Result<Exit, Failure> {
    match command {
        Backups::List(command) => list::run(plane, &command).await,
        Backups::Show(command) => list::show(plane, &command).await,
        Backups::Create(command) => act::create(plane, &command).await,
        Backups::Verify(command) => act::verify(plane, &command).await,
        Backups::Restore(command) => restore::restore(plane, config, &command).await,
        Backups::Recover(command) => restore::recover(plane, config, &command).await,
        Backups::Delete(command) => act::delete(plane, &command).await,
        Backups::Download(command) => act::download(plane, &command).await,
        Backups::Status(command) => status::run(plane, &command).await,
        Backups::Retention(command) => list::retention(plane, &command).await,
        Backups::Jobs(command) => list::jobs(plane, &command).await,
        Backups::Cancel(command) => act::cancel(plane, &command).await,
        Backups::Key(command) => key::run(plane, &command).await,
    }
}

/// Says that the recovery key was not exported, for as long as it is so. A plane that cannot tell is not asked twice: the
/// command itself says what is wrong.
pub async fn remind(plane: &Plane) {
    if !plane.client.capabilities().backups {
        return;
    }
    if let Ok(key) = plane.client.recovery_key().await
        && let Some(sentence) = reminder(&key)
    {
        say(format!("{sentence} Export it: palette-console backups key export --to FILE"));
    }
}

/// Refuses what only a plane of ours can do, in words.
fn ours_alone(plane: &Plane, what: &str) -> Result<(), Failure> {
    if plane.client.capabilities().backups {
        return Ok(());
    }
    let message = format!("this plane is a Palette, which cannot {what}; nothing was changed");
    Err(Failure::new(Exit::Refused, message))
}

/// A backup in a few words for questions.
fn described(backup: &Backup) -> String {
    let made = backup.finished.map_or_else(String::new, |at| format!(" of {}", at.format("%F %T UTC")));
    format!("the backup {}{made} in the location {}", backup.uid, backup.location)
}
