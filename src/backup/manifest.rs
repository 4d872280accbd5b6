//! The manifest: the commit marker of a backup, which names, sizes and hashes everything in it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::BackupUid;

/// Version of the format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// `manifest.json`: no secrets, at most 1 MiB.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Version of the format.
    pub format: u32,
    /// The backup.
    pub uid: BackupUid,
    /// Uid of the plane that made it.
    pub plane_uid: String,
    /// Version of the program.
    pub version: String,
    /// Begin.
    pub started: DateTime<Utc>,
    /// End.
    pub completed: DateTime<Utc>,
    /// The slot of the schedule that it fills.
    pub slot: Option<DateTime<Utc>>,
    /// Days that it stays.
    pub retention_days: u32,
    /// Fingerprint of the key that it is encrypted with; `None` where it is not.
    pub encrypted_with: Option<String>,
    /// Fingerprint of the key of its MAC.
    pub signed_with: String,
    /// What it holds.
    pub streams: Vec<Stream>,
}

/// One stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Name.
    pub name: String,
    /// Bytes before compression.
    pub plain_bytes: u64,
    /// SHA-256 of these, hexadecimal.
    pub plain_sha256: String,
    /// zstd level; `None` where nothing is packed.
    pub zstd_level: Option<i32>,
    /// Segments, in their order.
    pub segments: Vec<Segment>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Name in the folder.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of these, hexadecimal.
    pub sha256: String,
}

impl Stream {
    /// Bytes in the location.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}
