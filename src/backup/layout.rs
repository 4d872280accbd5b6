//! Where things lie in a location.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::manifest::{Segment, Stream};
use super::{BackupUid, Kind, Place};
use crate::storage::{ObjectPath, scratch};

/// Name of the commit marker.
pub const MANIFEST: &str = "manifest.json";
/// What FTP adds to a name until the object is whole; such a name is never read.
const PART: &str = ".part";

/// What an object in a backup's folder is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Something that was never finished.
    Part,
    /// A segment.
    Segment,
    /// The commit marker.
    Manifest,
    /// Who makes it.
    Begin,
    /// It is being deleted.
    Tomb,
}

impl Role {
    /// What a name stands for; `None` for what is not ours.
    pub fn of(name: &str) -> Option<Self> {
        if let Some(whole) = name.strip_suffix(PART) {
            return Self::of(whole).map(|_| Self::Part);
        }
        let is_json = |prefix| {
            let writer = name.strip_prefix(prefix).and_then(|rest: &str| rest.strip_suffix(".json"));
            writer.is_some_and(|writer| !writer.is_empty())
        };
        match name {
            MANIFEST => Some(Self::Manifest),
            _ if is_json("begin-") => Some(Self::Begin),
            _ if is_json("tomb-") => Some(Self::Tomb),
            _ => is_segment(name).then_some(Self::Segment),
        }
    }
}

fn is_segment(name: &str) -> bool {
    let parts =
        name.strip_prefix("s-").and_then(|rest| rest.strip_suffix(".seg")).and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(stream, number)| {
        is_stream(stream) && number.len() == 5 && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether a stream can have that name: 1 to 16 lower-case letters and digits.
pub fn is_stream(name: &str) -> bool {
    (1..=16).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Name of a segment; the first has number 1.
pub fn segment(stream: &str, number: usize) -> String {
    format!("s-{stream}-{number:05}.seg")
}

/// Name of a segment that the manifest has at this place.
pub fn is_named_by_place(stream: &Stream, index: usize, found: &Segment) -> bool {
    found.name == segment(&stream.name, index + 1)
}

/// Name of the object that says who makes a backup.
pub fn begin(writer: &str) -> String {
    format!("begin-{writer}.json")
}

/// Name of a tombstone.
pub fn tomb(deleter: &str) -> String {
    format!("tomb-{deleter}.json")
}

/// The folder of everything of ours.
pub fn top() -> Result<ObjectPath, Kind> {
    path(&[scratch::OURS])
}

/// The object that says which format the location has.
pub fn format() -> Result<ObjectPath, Kind> {
    path(&[scratch::OURS, "format"])
}

/// Where the folders of all planes lie.
pub fn planes() -> Result<ObjectPath, Kind> {
    path(&[scratch::OURS, "c"])
}

/// Where the backups of a plane lie.
pub fn backups(plane_uid: &str) -> Result<ObjectPath, Kind> {
    path(&[scratch::OURS, "c", plane_uid, "b"])
}

/// The folder of a backup.
pub fn folder(place: &Place) -> Result<ObjectPath, Kind> {
    path(&[scratch::OURS, "c", &place.plane_uid, "b", place.uid.as_str()])
}

/// An object in a folder.
pub fn object(folder: &ObjectPath, name: &str) -> Result<ObjectPath, Kind> {
    folder.join(name).map_err(|error| Kind::Internal(error.to_string()))
}

fn path(parts: &[&str]) -> Result<ObjectPath, Kind> {
    parts
        .iter()
        .try_fold(ObjectPath::root(), |path, part| path.join(part))
        .map_err(|error| Kind::Internal(error.to_string()))
}

/// Which backup an object of the location belongs to; `None` for what is not in any backup's folder.
pub fn place_of(path: &ObjectPath) -> Option<Place> {
    let parts: Vec<&str> = path.parts().collect();
    let [scratch::OURS, "c", plane_uid, "b", uid, _name] = parts.as_slice() else { return None };
    Some(Place { plane_uid: (*plane_uid).to_owned(), uid: uid.parse().ok()? })
}

/// `begin-<writer>.json`.
#[derive(Serialize, Deserialize)]
pub struct Begin {
    /// The backup.
    pub uid: BackupUid,
    /// Who makes it.
    pub writer: String,
    /// Version of the program.
    pub version: String,
    /// Since when, by the writer's clock.
    pub started: DateTime<Utc>,
    /// What it will hold.
    pub streams: Vec<String>,
}

/// `tomb-<deleter>.json`.
#[derive(Serialize, Deserialize)]
pub struct Tomb {
    /// The backup.
    pub uid: BackupUid,
    /// Who deletes it.
    pub deleter: String,
    /// Since when, by the deleter's clock.
    pub started: DateTime<Utc>,
    /// The text of the manifest, where there was one.
    pub manifest: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_by_what_they_are() {
        for (name, role) in [
            (MANIFEST, Some(Role::Manifest)),
            ("manifest.json.part", Some(Role::Part)),
            ("s-plane-00001.seg", Some(Role::Segment)),
            ("s-plane-00001.seg.part", Some(Role::Part)),
            ("begin-4f1c.json", Some(Role::Begin)),
            ("tomb-4f1c.json", Some(Role::Tomb)),
            ("tomb-.json", None),
            ("s-plane-1.seg", None),
            ("s-Plane-00001.seg", None),
            ("s--00001.seg", None),
            ("s-plane-0000x.seg", None),
            ("notes.txt", None),
            ("notes.txt.part", None),
        ] {
            assert_eq!(Role::of(name), role, "{name}");
        }
        assert_eq!(Role::of(&segment("plane", 7)), Some(Role::Segment));
        assert_eq!((Role::of(&begin("w")), Role::of(&tomb("w"))), (Some(Role::Begin), Some(Role::Tomb)));
    }

    #[test]
    fn only_objects_right_in_a_backups_folder_belong_to_it() {
        let uid: BackupUid = "20261122T030000Z-4f1c9a2b7d3e".parse().unwrap();
        let place = Place { plane_uid: "p1".to_owned(), uid };
        let folder = folder(&place).unwrap();
        assert_eq!(folder.as_str(), "palbackup/c/p1/b/20261122T030000Z-4f1c9a2b7d3e");
        assert_eq!(place_of(&object(&folder, MANIFEST).unwrap()), Some(place));
        for path in ["palbackup/format", "palbackup/c/p1/b/nonsense/manifest.json", "palbackup/c/p1/x"] {
            assert_eq!(place_of(&ObjectPath::new(path).unwrap()), None, "{path}");
        }
        assert_eq!(place_of(&object(&object(&folder, "deeper").unwrap(), MANIFEST).unwrap()), None);
    }
}
