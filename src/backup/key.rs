//! The recovery key: one secret per plane, from which everything that protects backups is derived.
//!
//! It is an age X25519 identity (`AGE-SECRET-KEY-1…`), so that the standard `age` tool opens a backup with it on the worst
//! day. The key of the manifests' MAC, and the one that seals secrets at rest, are derived from it with HKDF-SHA-256.

mod derived;
mod text;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};

use super::{Error, Kind};
use crate::secret::{self, SecretError};

pub use derived::RecoveryKey;

/// Name of the keys' file in a data directory: a standard age identity file, 0600, the key for new backups first.
pub const FILE: &str = "recovery-key.txt";

/// The keys of a plane. Clones share them.
#[derive(Clone)]
pub struct KeyRing {
    path: PathBuf,
    keys: Arc<RwLock<Vec<Arc<RecoveryKey>>>>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("path", &self.path).field("fingerprints", &self.fingerprints()).finish()
    }
}

impl KeyRing {
    /// The keys of a file, or none where it is missing.
    ///
    /// # Errors
    /// Where the file can be read by others, or is not what it should be.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let keys = read(path).map_err(|kind| failed("read the recovery keys", kind))?;
        Ok(Self { path: path.to_owned(), keys: Arc::new(RwLock::new(keys)) })
    }

    /// Fingerprint of the key for new backups, which is made and written where there is none.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn current(&self) -> Result<String, Error> {
        Ok(self.first()?.fingerprint().to_owned())
    }

    /// Fingerprints of all keys, the one for new backups first.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        self.read().iter().map(|key| key.fingerprint().to_owned()).collect()
    }

    /// The key for new backups as text, made where there is none.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn export(&self) -> Result<SecretString, Error> {
        Ok(self.first()?.text())
    }

    /// Adds the keys of a text (an age identity file, or one line of it) as further ones; their fingerprints.
    /// Where this plane has no key of its own yet, it is made first, so that the one for new backups is never another
    /// plane's.
    ///
    /// # Errors
    /// Where it holds none, or the file cannot be written.
    pub fn import(&self, text: &SecretString) -> Result<Vec<String>, Error> {
        let refused = |kind| failed("import recovery keys", kind);
        let imported = text::parse(text.expose_secret()).map_err(|reason| refused(Kind::Keys(reason)))?;
        let imported = derived(imported).map_err(refused)?;
        self.first()?;
        let mut keys = self.write();
        let mut all = keys.clone();
        for key in &imported {
            if !all.iter().any(|known| known.fingerprint() == key.fingerprint()) {
                all.push(Arc::clone(key));
            }
        }
        if all.len() > keys.len() {
            save(&self.path, &all).map_err(refused)?;
            *keys = all;
        }
        Ok(imported.iter().map(|key| key.fingerprint().to_owned()).collect())
    }

    /// Seals a secret for this machine's database with the key for new backups. The text says which key that was.
    ///
    /// # Errors
    /// Where there is no key and none can be made.
    pub fn seal(&self, secret: &SecretString) -> Result<String, Error> {
        self.first()?.seal(secret).map_err(|kind| failed("seal a secret", kind))
    }

    /// Opens what [`KeyRing::seal`] sealed.
    ///
    /// # Errors
    /// Where its key is not here any more, or the text was changed.
    pub fn unseal(&self, sealed: &str) -> Result<SecretString, Error> {
        let refused = |reason: &str| failed("open a sealed secret", Kind::Keys(reason.to_owned()));
        let mut parts = sealed.splitn(3, ':');
        let (Some("v1"), Some(fingerprint), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(refused("it was sealed by another version of this program"));
        };
        let Some(key) = self.find(fingerprint) else {
            let fingerprint = crate::text::clean(fingerprint);
            return Err(refused(&format!("the recovery key {fingerprint}, which sealed it, is not on this plane")));
        };
        key.unseal(body).ok_or_else(|| refused("it was changed since it was sealed"))
    }

    /// The key of that fingerprint.
    pub(super) fn find(&self, fingerprint: &str) -> Option<Arc<RecoveryKey>> {
        self.read().iter().find(|key| key.fingerprint() == fingerprint).cloned()
    }

    /// The key for new backups, made where there is none.
    pub(super) fn first(&self) -> Result<Arc<RecoveryKey>, Error> {
        if let Some(key) = self.read().first() {
            return Ok(Arc::clone(key));
        }
        let refused = |kind| failed("make a recovery key", kind);
        let mut keys = self.write();
        if keys.is_empty() {
            // Someone may have put a file there since: a key that is overwritten is lost with all its backups.
            *keys = read(&self.path).map_err(refused)?;
        }
        if let Some(key) = keys.first() {
            return Ok(Arc::clone(key));
        }
        let made = derived(vec![Identity::generate()]).map_err(refused)?;
        save(&self.path, &made).map_err(refused)?;
        *keys = made;
        keys.first().map(Arc::clone).ok_or_else(|| refused(Kind::Internal("no key was made".to_owned())))
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<RecoveryKey>>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<RecoveryKey>>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(operation: &str, kind: Kind) -> Error {
    Error { operation: operation.to_owned(), kind }
}

fn derived(identities: Vec<Identity>) -> Result<Vec<Arc<RecoveryKey>>, Kind> {
    identities.into_iter().map(|identity| RecoveryKey::new(identity).map(Arc::new)).collect()
}

fn read(path: &Path) -> Result<Vec<Arc<RecoveryKey>>, Kind> {
    let text = match secret::read(path) {
        Ok(text) => text,
        Err(SecretError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Kind::Keys(error.to_string())),
    };
    let unusable = |reason| Kind::Keys(format!("{} cannot be used: {reason}", path.display()));
    derived(text::parse(text.expose_secret()).map_err(unusable)?)
}

fn save(path: &Path, keys: &[Arc<RecoveryKey>]) -> Result<(), Kind> {
    let text = text::file(keys);
    secret::write(path, text.expose_secret()).map_err(|error| Kind::Keys(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn ring() -> (tempfile::TempDir, KeyRing) {
        let dir = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(&dir.path().join(FILE)).unwrap();
        (dir, ring)
    }

    #[test]
    fn a_key_is_made_on_first_use_and_found_again() {
        let (dir, ring) = ring();
        assert!(ring.fingerprints().is_empty());
        let made = ring.current().unwrap();
        assert!(made.len() == 16 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
        let path = dir.path().join(FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = KeyRing::open(&path).unwrap();
        assert_eq!((again.current().unwrap(), again.fingerprints()), (made.clone(), vec![made]));
        assert_eq!(again.export().unwrap().expose_secret(), ring.export().unwrap().expose_secret());
        assert!(!format!("{again:?}").contains("SECRET"));
    }

    #[test]
    fn a_file_that_appeared_meanwhile_is_never_overwritten() {
        let (dir, late) = ring();
        let early = KeyRing::open(&dir.path().join(FILE)).unwrap();
        let made = early.current().unwrap();
        assert_eq!(late.current().unwrap(), made);
    }

    #[test]
    fn imported_keys_come_after_the_own_one_and_only_once() {
        let (_one, ours) = ring();
        let (other, theirs) = ring();
        let foreign = theirs.current().unwrap();
        let file = secret::read(&other.path().join(FILE)).unwrap();
        assert_eq!(ours.import(&file).unwrap(), vec![foreign.clone()]);
        assert_eq!(ours.import(&theirs.export().unwrap()).unwrap(), vec![foreign.clone()]);
        let all = ours.fingerprints();
        assert_eq!((all.len(), all.last()), (2, Some(&foreign)));
        assert_ne!(ours.current().unwrap(), foreign);
        assert_eq!(KeyRing::open(&ours.path).unwrap().fingerprints(), all);
    }

    #[test]
    fn what_cannot_be_imported_says_why_without_repeating_it() {
        let (_dir, ring) = ring();
        let (_other, theirs) = self::ring();
        let key = theirs.export().unwrap().expose_secret().to_owned();
        let public = Identity::generate().to_public().to_string();
        for (text, reason) in [
            (String::new(), "no recovery key"),
            ("# only a comment".to_owned(), "no recovery key"),
            (public, "public key"),
            ("age-encryption.org/v1\n-> scrypt x 18\n".to_owned(), "passphrase"),
            ("-----BEGIN AGE ENCRYPTED FILE-----".to_owned(), "passphrase"),
            ("AGE-SECRET-KEY-PQ-1QQQ".to_owned(), "another kind"),
            ("AGE-PLUGIN-YUBIKEY-1QQQ".to_owned(), "another kind"),
            (key[..key.len() - 3].to_owned(), "line 1 is not a whole recovery key"),
            (format!("# hello\n{}\n", key.replace("KEY-1", "KEY-1Q")), "line 2 is not a whole recovery key"),
            ("hunter2".to_owned(), "line 1 is not a recovery key"),
        ] {
            let error = ring.import(&text.clone().into()).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(!error.contains("hunter2") && !error.contains("KEY-1Q"), "{error}");
        }
        assert!(ring.fingerprints().is_empty(), "a refused import makes nothing");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let (dir, ring) = ring();
        ring.current().unwrap();
        let path = dir.path().join(FILE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(KeyRing::open(&path).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn sealed_secrets_open_with_their_key_only_and_not_when_changed() {
        let (_dir, ring) = ring();
        let (_other, theirs) = self::ring();
        let sealed = ring.seal(&"hunter2".into()).unwrap();
        assert!(sealed.starts_with(&format!("v1:{}:", ring.current().unwrap())) && !sealed.contains("hunter2"));
        assert_ne!(sealed, ring.seal(&"hunter2".into()).unwrap(), "each has its own nonce");
        assert_eq!(ring.unseal(&sealed).unwrap().expose_secret(), "hunter2");
        assert!(theirs.unseal(&sealed).unwrap_err().to_string().contains("is not on this plane"));
        let mut changed = sealed.clone().into_bytes();
        let place = changed.len() - 6;
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(ring.unseal(&changed).unwrap_err().to_string().contains("changed"));
        for text in ["", "v1", "v2:a:b", "v1:a"] {
            assert!(ring.unseal(text).is_err(), "{text}");
        }
        theirs.import(&ring.export().unwrap()).unwrap();
        assert_eq!(theirs.unseal(&sealed).unwrap().expose_secret(), "hunter2");
    }
}
