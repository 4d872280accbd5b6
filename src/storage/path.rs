//! Paths of objects: names that every server takes as they are.

use std::fmt;

/// A path below the root of a location, such as `palbackup/c/6732/b/20261122T030000Z-4f1c9a2b7d3e/manifest.json`.
///
/// Every part is 1 to 64 of `a-z A-Z 0-9 . _ -`, without a leading dot, so that no server rewrites, hides or splits it
/// (ProFTPD and pure-ftpd take `*[]` for patterns, vsftpd hides leading dots).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ObjectPath(String);

/// A part that no path can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" cannot be part of a path in a location")]
pub struct PathError(pub String);

impl ObjectPath {
    /// The root of the location.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// A path from `/`-separated text.
    ///
    /// # Errors
    /// Where a part is none.
    pub fn new(text: &str) -> Result<Self, PathError> {
        text.split('/').try_fold(Self::root(), |path, part| path.join(part))
    }

    /// This path and one part more.
    ///
    /// # Errors
    /// Where the part is none.
    pub fn join(&self, part: &str) -> Result<Self, PathError> {
        let fits = (1..=64).contains(&part.len())
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !fits {
            return Err(PathError(part.to_owned()));
        }
        let joined = if self.0.is_empty() { part.to_owned() } else { format!("{}/{part}", self.0) };
        Ok(Self(joined))
    }

    /// The whole path, without a slash at either end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part; empty at the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Where it lies; the root's own is the root.
    #[must_use]
    pub fn folder(&self) -> Self {
        Self(self.0.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned()))
    }

    /// The parts, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Whether it lies in `folder`, however deep.
    #[must_use]
    pub fn is_below(&self, folder: &Self) -> bool {
        folder.0.is_empty() || self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_every_server_takes_are_parts() {
        for part in ["", ".", "..", ".hidden", "a b", "a/b", "a*", "ü", "a\r\nDELE b", &"a".repeat(65)] {
            assert!(ObjectPath::root().join(part).is_err(), "{part:?}");
        }
        let path = ObjectPath::new("palbackup/c/x-1/manifest.json").unwrap();
        assert_eq!((path.name(), path.folder().as_str()), ("manifest.json", "palbackup/c/x-1"));
        assert!(path.is_below(&ObjectPath::new("palbackup/c").unwrap()));
        assert!(!path.is_below(&ObjectPath::new("palbackup/c/x").unwrap()));
    }
}
