//! The recovery key: one secret per plane, from which everything that protects backups is derived.
//!
//! It is an age X25519 identity (`AGE-SECRET-KEY-1…`), so that the standard `age` tool opens a backup with it on the worst
//! day. The key of the manifests' MAC, and the one that seals secrets at rest, are derived from it with HKDF-SHA-256.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use secrecy::SecretString;

use super::Error;

/// Name of the keys' file in a data directory: a standard age identity file, 0600, the key for new backups first.
pub const FILE: &str = "recovery-key.txt";

/// The keys of a plane. Clones share them.
#[derive(Clone)]
pub struct KeyRing {
    path: PathBuf,
    keys: Arc<RwLock<Vec<RecoveryKey>>>,
}

/// One key.
#[derive(Clone)]
pub struct RecoveryKey {
    identity: SecretString,
}

impl KeyRing {
    /// The keys of a file, or none where it is missing.
    ///
    /// # Errors
    /// Where the file can be read by others, or is not what it should be.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { path: path.to_owned(), keys: Arc::default() })
    }

    /// Fingerprint of the key for new backups, which is made and written where there is none.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn current(&self) -> Result<String, Error> {
        let _ = &self.path;
        Err(Error::not_built())
    }

    /// Fingerprints of all keys, the one for new backups first.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        self.keys.read().map(|keys| keys.iter().map(|_| String::new()).collect()).unwrap_or_default()
    }

    /// The key for new backups as text, made where there is none.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn export(&self) -> Result<SecretString, Error> {
        let keys = self.keys.read().map_err(|_| Error::not_built())?;
        keys.first().map(|key| key.identity.clone()).ok_or_else(Error::not_built)
    }

    /// Adds the keys of a text (an age identity file, or one line of it) as further ones; their fingerprints.
    ///
    /// # Errors
    /// Where it holds none, or the file cannot be written.
    pub fn import(&self, text: &SecretString) -> Result<Vec<String>, Error> {
        let _ = text;
        Err(Error::not_built())
    }

    /// Seals a secret for this machine's database with the key for new backups. The text says which key that was.
    ///
    /// # Errors
    /// Where there is no key and none can be made.
    pub fn seal(&self, secret: &SecretString) -> Result<String, Error> {
        let _ = secret;
        Err(Error::not_built())
    }

    /// Opens what [`KeyRing::seal`] sealed.
    ///
    /// # Errors
    /// Where its key is not here any more, or the text was changed.
    pub fn unseal(&self, sealed: &str) -> Result<SecretString, Error> {
        let _ = sealed;
        Err(Error::not_built())
    }
}
