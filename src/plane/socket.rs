//! Where the Unix socket of a data directory lives.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use ring::digest;

use super::error::StartError;
use super::uid::hex;

/// Longest path, bytes. The kernel takes 107 on Linux and 103 on macOS.
const LONGEST: usize = 100;
const NAME: &str = "plane.sock";

/// The socket's path: in the data directory where it fits, else in a directory of our own below the
/// system's temporary one, under a name that follows from the data directory.
///
/// # Errors
/// Where that directory is somebody else's or cannot be made.
pub fn path_for(data_dir: &Path) -> Result<PathBuf, StartError> {
    // Another process, in another working directory, reads the path from the lock.
    let inside = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned()).join(NAME);
    if inside.as_os_str().len() <= LONGEST {
        return Ok(inside);
    }
    let failed = |error: io::Error| StartError::Socket { path: inside.clone(), reason: error.to_string() };
    let canonical = fs::canonicalize(data_dir).map_err(failed)?;
    let digest = digest::digest(&digest::SHA256, canonical.as_os_str().as_bytes());
    let name: String = hex(digest.as_ref()).chars().take(16).collect();
    let user = rustix::process::getuid().as_raw();
    let dir = std::env::temp_dir().join(format!("palette-console-{user}"));
    own(&dir, user)?;
    let path = dir.join(name + ".sock");
    if path.as_os_str().len() > LONGEST {
        let reason = "its path is too long; set TMPDIR to a shorter one".to_owned();
        return Err(StartError::Socket { path, reason });
    }
    Ok(path)
}

/// Makes sure that the directory is ours alone. Another user could have made it first, to listen in.
fn own(dir: &Path, user: u32) -> Result<(), StartError> {
    let refused = |reason: String| StartError::Socket { path: dir.to_owned(), reason };
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(refused(error.to_string())),
        _ => {}
    }
    let found = fs::symlink_metadata(dir).map_err(|error| refused(error.to_string()))?;
    if !found.is_dir() {
        return Err(refused("it is not a directory; remove it".to_owned()));
    }
    if found.uid() != user || found.mode() & 0o077 != 0 {
        return Err(refused(
            "it is open to other users; remove it, or set TMPDIR to a directory of your own".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_short_path_stays_inside_and_a_long_one_moves_out() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(path_for(dir.path()).unwrap(), dir.path().join(NAME));
        let long = dir.path().join("x".repeat(120));
        fs::create_dir(&long).unwrap();
        let path = path_for(&long).unwrap();
        assert!(path.as_os_str().len() <= LONGEST);
        assert_eq!(path, path_for(&long).unwrap());
    }

    #[test]
    fn the_path_is_the_same_from_every_working_directory() {
        assert_eq!(path_for(Path::new("data")).unwrap(), std::env::current_dir().unwrap().join("data").join(NAME));
    }

    #[test]
    fn a_directory_that_others_may_enter_and_a_symlink_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let user = rustix::process::getuid().as_raw();
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(own(&open, user).unwrap_err().to_string().contains("other users"));
        let link = dir.path().join("link");
        symlink(dir.path(), &link).unwrap();
        assert!(own(&link, user).unwrap_err().to_string().contains("not a directory"));
        assert!(own(&dir.path().join("fresh"), user).is_ok());
    }
}
