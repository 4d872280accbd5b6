//! Files that hold secrets: owner only, written whole or not at all, refused where others can read them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Why a secret could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be opened, read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Other users of the machine can read the file.
    #[error("{} can be read by other users; make it yours alone with: chmod 600 '{}'", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file is there but does not say what it should.
    #[error("{} is not a credentials file: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which line or key is wrong; never the secret itself.
        reason: String,
    },
}

/// Accounts of a plane, as `credentials.toml` keeps them.
#[derive(Clone, Deserialize)]
pub struct Credentials {
    /// The tenant administrator.
    pub tenant: Option<TenantAccount>,
    /// The system administrator.
    pub system: Option<SystemAccount>,
}

/// A tenant administrator's account.
#[derive(Clone, Deserialize)]
pub struct TenantAccount {
    /// Tenant.
    #[serde(default)]
    pub org: String,
    /// Address to sign in with.
    pub email: String,
    /// Password.
    pub password: SecretString,
    /// API key, which signs in without a password.
    pub api_key: Option<SecretString>,
}

/// A system administrator's account.
#[derive(Clone, Deserialize)]
pub struct SystemAccount {
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

impl Credentials {
    /// Reads a credentials file.
    ///
    /// # Errors
    /// Where the file is missing, can be read by others, or is not what it should be.
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let text = read(path)?;
        toml::from_str(text.expose_secret())
            .map_err(|error| SecretError::Malformed { path: path.to_owned(), reason: error.message().to_owned() })
    }
}

/// Reads a file that holds one secret or several; the end of the last line is cut off.
///
/// # Errors
/// Where the file is missing or can be read by others.
pub fn read(path: &Path) -> Result<SecretString, SecretError> {
    let failed = |source| SecretError::Io { action: "read", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() && metadata.mode() & 0o077 != 0 {
        return Err(SecretError::Exposed { path: path.to_owned() });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text.into())
}

/// Writes a file only its owner can read: beside it first, then renamed over it, so that a crash leaves the
/// old file or the new one.
///
/// # Errors
/// Where the directory cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), SecretError> {
    let failed = |source| SecretError::Io { action: "write", path: path.to_owned(), source };
    let part = path.with_extension("part");
    let _ = fs::remove_file(&part);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&part, path).map_err(failed)?;
    // The name, too, must outlast a power cut: a database whose passwords are lost is of no use.
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)
}

/// Writes a file only its owner can read where there is none of that name; nothing is ever overwritten. Where it fails,
/// nothing of it stays.
///
/// # Errors
/// Where something of that name is there, or the directory cannot be written.
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), SecretError> {
    let failed = |source| SecretError::Io { action: "write", path: path.to_owned(), source };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(|source| {
        let _ = fs::remove_file(path);
        failed(source)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_written_secret_is_its_owners_alone_and_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write(&path, "one\n").unwrap();
        write(&path, "two\n").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().expose_secret(), "two");
    }

    #[test]
    fn what_is_there_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write_new(&path, b"one").unwrap();
        assert!(write_new(&path, b"two").unwrap_err().to_string().contains("exists"));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_malformed_file_is_named_without_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials.toml");
        write(&path, "[tenant]\nemail = \"a\"\npassword = hunter2\n").unwrap();
        let error = Credentials::read(&path).err().unwrap().to_string();
        assert!(error.contains("credentials.toml") && !error.contains("hunter2"), "{error}");
    }
}
