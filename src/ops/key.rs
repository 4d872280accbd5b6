//! The recovery key: without it no backup can be brought back on another plane.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::api::backup::{KeyText, RecoveryKey, Sensitive};
use crate::client::{Client, Error};
use crate::secret::{self, SecretError};

/// What every line of age's own begins with. What is wrong with one of them the plane can say best; anything else, such as
/// a private key of another kind that was named by mistake, is not sent at all.
const AGE: &str = "AGE";

/// Why a key was not exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The plane refused, or could not be asked.
    #[error(transparent)]
    Client(#[from] Error),
    /// The file cannot be written or read.
    #[error(transparent)]
    File(#[from] SecretError),
    /// Something of that name is there.
    #[error("{0} is there already; nothing is overwritten, so choose another name")]
    InTheWay(String),
    /// What was given is no key.
    #[error("that is not a recovery key: a line that begins with AGE-SECRET-KEY-1 is wanted")]
    NotAKey,
}

/// What must be said as long as the key was not exported; `None` where it was, or where the plane has no such key.
#[must_use]
pub fn reminder(key: &RecoveryKey) -> Option<&'static str> {
    (!key.exported).then_some(
        "The recovery key has not been exported yet: without it no backup can be brought back on another plane.",
    )
}

/// Takes the key out of the plane, as text that the standard age tools read.
///
/// # Errors
/// As every call.
pub async fn export(client: &Client) -> Result<SecretString, Error> {
    let text = client.export_recovery_key().await?.key;
    Ok(SecretString::from(text.0.trim_end().to_owned() + "\n"))
}

/// Takes the key out of the plane into a file of its owner's alone. Looks first whether there is room for it: the plane
/// notes that it was exported.
///
/// # Errors
/// See [`KeyError`]; nothing is overwritten.
pub async fn export_to(client: &Client, path: &Path) -> Result<(), KeyError> {
    if path.symlink_metadata().is_ok() {
        return Err(KeyError::InTheWay(path.display().to_string()));
    }
    let key = export(client).await?;
    Ok(secret::write_new(path, key.expose_secret().as_bytes())?)
}

/// Gives the plane a key: the text of a file that the export wrote, or the bare line.
///
/// # Errors
/// See [`KeyError`]; text that holds no key is not sent.
pub async fn import(client: &Client, text: &SecretString) -> Result<RecoveryKey, KeyError> {
    let mut lines = text.expose_secret().lines().map(str::trim);
    if !lines.any(|line| line.get(..AGE.len()).is_some_and(|start| start.eq_ignore_ascii_case(AGE))) {
        return Err(KeyError::NotAKey);
    }
    let key = KeyText { key: Sensitive(text.expose_secret().trim().to_owned()) };
    Ok(client.import_recovery_key(&key).await?)
}

/// Reads a key from a file, its owner's alone, and gives it to the plane.
///
/// # Errors
/// See [`KeyError`].
pub async fn import_from(client: &Client, path: &Path) -> Result<RecoveryKey, KeyError> {
    import(client, &secret::read(path)?).await
}
