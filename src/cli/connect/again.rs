//! Signing in again after a restore has changed the accounts.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;

use crate::client::{Client, Login, SessionKind};
use crate::config::{Config, Target};
use crate::plane::CREDENTIALS;

use super::{Failure, own_login};
use crate::cli::failure::Exit;

/// How long the plane may take to write down its new accounts, and to answer again.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(250);

/// Opens the system session again; `before` is what it was opened with. `renewed`: the passwords are new ones (a recovery), so that the one used before is not
/// tried, which would only count as a wrong one; the plane writes the new ones into the file of credentials.
pub async fn sign_in(client: &Client, config: &Config, before: &Login, renewed: bool) -> Result<(), Failure> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let now = file(config).map(|path| own_login(&path, SessionKind::System)).transpose()?.flatten();
        let changed = now.as_ref().is_some_and(|now| !same(now, before));
        let usable = if renewed { now.filter(|_| changed) } else { now.or_else(|| Some(before.clone())) };
        let again = match usable {
            Some(login) => match client.login(&login).await {
                Ok(_) => return Ok(()),
                Err(error) if error.plane_lost() || error.is_overload() => Failure::from(error),
                Err(error) => return Err(Failure::new(Exit::NotAuthenticated, error)),
            },
            None => Failure::new(Exit::NotAuthenticated, NO_NEW_ONES),
        };
        if tokio::time::Instant::now() >= deadline {
            return Err(again);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

const NO_NEW_ONES: &str =
    "the accounts of the plane have new passwords, which it has written into its credentials.toml";

/// The file in which new accounts appear: the one that was named, or that of the embedded plane.
fn file(config: &Config) -> Option<PathBuf> {
    let own = matches!(config.target, Target::Embedded).then(|| config.data_dir.join(CREDENTIALS));
    config.credentials_file.clone().or(own)
}

fn same(one: &Login, other: &Login) -> bool {
    match (one, other) {
        (Login::System { username, password }, Login::System { username: name, password: word }) => {
            username == name && password.expose_secret() == word.expose_secret()
        }
        _ => false,
    }
}
