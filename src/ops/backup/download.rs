//! Downloading a backup as it lies in its location, so that it can be kept elsewhere or opened by hand.
//!
//! The manifest is written last: a folder that has it has everything, each file checked against it.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::api::backup::{Backup, BackupFile};
use crate::client::{Client, Error};
use crate::secret::{self, SecretError};
use crate::text;

/// Name of the file that names all others.
const MANIFEST: &str = "manifest.json";

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// The file that was written last.
    pub name: String,
    /// Bytes of the files that were written.
    pub bytes: u64,
    /// Bytes of all files.
    pub total: u64,
}

/// Why a backup was not downloaded whole.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The plane refused, or could not be asked.
    #[error(transparent)]
    Client(#[from] Error),
    /// The directory cannot be made.
    #[error("cannot make the directory {}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of that name is there, or it cannot be written.
    #[error(transparent)]
    File(#[from] SecretError),
    /// Something else is there already.
    #[error("{} is there already; nothing is overwritten, so choose another directory", .0.display())]
    InTheWay(PathBuf),
    /// The plane named a file that cannot be one of a backup.
    #[error("the plane names a file \"{0}\", which cannot be part of a backup; nothing was written")]
    Strange(String),
    /// A file is not what the manifest says.
    #[error("{name} is not what the manifest says ({what}); it was not written. Verify the backup")]
    Altered {
        /// The file.
        name: String,
        /// What differs.
        what: &'static str,
    },
}

/// What the manifest says of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    bytes: Option<u64>,
    sha256: String,
}

/// Writes every file of a backup into `dir` (0700, made where it is missing; the files 0600) and checks each against the
/// manifest. Nothing that is there is overwritten.
///
/// # Errors
/// See [`DownloadError`]; what was written until then stays, without a manifest.
pub async fn run(
    client: &Client,
    backup: &Backup,
    dir: &Path,
    mut report: impl FnMut(Downloaded) + Send,
) -> Result<u64, DownloadError> {
    let files = client.backup_files(&backup.location, &backup.uid).await?;
    prepare(dir, &files)?;
    let manifest = client.backup_file(&backup.location, &backup.uid, MANIFEST).await?;
    let said = said(&manifest);
    let total = files.iter().map(|file| file.bytes).sum();
    let mut bytes = 0;
    let segments = files.iter().filter(|file| file.name != MANIFEST);
    for file in segments {
        let content = client.backup_file(&backup.location, &backup.uid, &file.name).await?;
        check(file, &content, said.get(&file.name))?;
        secret::write_new(&dir.join(&file.name), &content)?;
        bytes += content.len() as u64;
        report(Downloaded { name: file.name.clone(), bytes, total });
    }
    secret::write_new(&dir.join(MANIFEST), &manifest)?;
    bytes += manifest.len() as u64;
    report(Downloaded { name: MANIFEST.to_owned(), bytes, total });
    Ok(bytes)
}

fn prepare(dir: &Path, files: &[BackupFile]) -> Result<(), DownloadError> {
    if let Some(strange) = files.iter().find(|file| !is_plain(&file.name)) {
        return Err(DownloadError::Strange(text::clean(&strange.name).into_owned()));
    }
    let failed = |source| DownloadError::Directory { path: dir.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    let names = files.iter().map(|file| file.name.as_str()).chain([MANIFEST]);
    match names.map(|name| dir.join(name)).find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => Err(DownloadError::InTheWay(path)),
        None => Ok(()),
    }
}

/// Whether a name stays in the directory that it is joined to, on any system.
fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn check(file: &BackupFile, content: &[u8], said: Option<&Said>) -> Result<(), DownloadError> {
    let altered = |what| Err(DownloadError::Altered { name: file.name.clone(), what });
    let length = content.len() as u64;
    if said.and_then(|said| said.bytes).unwrap_or(file.bytes) != length {
        return altered("its size");
    }
    match said {
        Some(said) if said.sha256 != sha256(content) => altered("its SHA-256"),
        _ => Ok(()),
    }
}

fn sha256(content: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every name with a hash, wherever in the manifest it stands: the manifests of newer versions may be laid out otherwise.
fn said(manifest: &[u8]) -> BTreeMap<String, Said> {
    let mut found = BTreeMap::new();
    if let Ok(value) = serde_json::from_slice::<Value>(manifest) {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut BTreeMap<String, Said>) {
    match value {
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            if let (Some(name), Some(sha256)) = (text("name"), text("sha256")) {
                let bytes = fields.get("bytes").and_then(Value::as_u64);
                found.insert(name.to_owned(), Said { bytes, sha256: sha256.to_ascii_lowercase() });
            }
            fields.values().for_each(|inner| collect(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn file(name: &str, bytes: u64) -> BackupFile {
        BackupFile { name: name.to_owned(), bytes }
    }

    #[test]
    fn a_file_is_held_against_the_manifest() {
        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let manifest = format!(
            r#"{{"streams":[{{"name":"plane","segments":[{{"name":"s-plane-00001.seg","bytes":3,"sha256":"{hash}"}}]}}]}}"#
        );
        let said = said(manifest.as_bytes());
        let of = |content: &[u8]| check(&file("s-plane-00001.seg", 3), content, said.get("s-plane-00001.seg"));
        assert!(of(b"abc").is_ok());
        assert!(matches!(of(b"abd"), Err(DownloadError::Altered { what: "its SHA-256", .. })));
        assert!(matches!(of(b"ab"), Err(DownloadError::Altered { what: "its size", .. })));
        assert_eq!(said.len(), 1, "a stream has no hash of its own here");
    }

    #[test]
    fn nothing_leaves_the_directory_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        for name in ["../x", "/etc/x", "a/b", ".hidden", "", "a\nb"] {
            let refused = prepare(&inner, &[file(name, 1)]);
            assert!(matches!(refused, Err(DownloadError::Strange(_))), "{name:?}");
        }
        assert!(!inner.exists());
        prepare(&inner, &[file("s-plane-00001.seg", 1)]).unwrap();
        assert_eq!(inner.metadata().unwrap().mode() & 0o777, 0o700);
        std::fs::write(inner.join("manifest.json"), "mine").unwrap();
        assert!(matches!(prepare(&inner, &[]), Err(DownloadError::InTheWay(_))));
    }
}
