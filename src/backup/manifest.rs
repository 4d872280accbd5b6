//! The manifest: the commit marker of a backup, which names, sizes and hashes everything in it.
//!
//! The file is one JSON object whose last key is `mac`: the HMAC-SHA-256 of every byte before the comma in front of it.
//! So nothing depends on how JSON is written again: what is read was signed byte by byte, keys that this version does not know
//! included. Whoever writes the file with another tool breaks its authenticity, which is the point.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::digest::{DIGITS, unhex};
use super::{Authentic, BackupUid, KeyRing, Kind, Place, layout};
use crate::storage::LARGEST_OBJECT;

/// Version of the format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Most bytes of `manifest.json`: some 5 000 segments, 160 GiB of packed state.
pub const LARGEST: usize = 1 << 20;

/// Most streams of a backup.
const MOST_STREAMS: usize = 64;

/// Most columns of why a manifest cannot be right.
const LONGEST_WORDS: usize = 200;

const MAC: &str = ",\n  \"mac\": \"";
const END: &str = "\"\n}\n";

/// `manifest.json`: no secrets, at most 1 MiB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// Why a manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A newer version wrote it; its format.
    Newer(u32),
    /// It cannot be right; in words that name it.
    Damaged(String),
}

impl From<Flaw> for Kind {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Newer(format) => Self::Newer(format),
            Flaw::Damaged(words) => Self::Damaged(words),
        }
    }
}

impl Stream {
    /// Bytes in the location.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).fold(0, u64::saturating_add)
    }
}

impl Manifest {
    /// Every segment of every stream, in order.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.streams.iter().flat_map(|stream| &stream.segments)
    }

    /// Bytes of all segments in the location.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.streams.iter().map(Stream::bytes).fold(0, u64::saturating_add)
    }

    /// Bytes of state.
    #[must_use]
    pub fn plain_bytes(&self) -> u64 {
        self.streams.iter().map(|stream| stream.plain_bytes).fold(0, u64::saturating_add)
    }

    /// The file, signed with the key that it names.
    pub(super) fn encode(&self, keys: &KeyRing) -> Result<Bytes, Kind> {
        let key = keys.find(&self.signed_with).ok_or_else(|| Kind::KeyMissing(self.signed_with.clone()))?;
        let text = serde_json::to_string_pretty(self).map_err(|error| Kind::Internal(error.to_string()))?;
        let body = text.strip_suffix("\n}").ok_or_else(|| Kind::Internal("an odd manifest".to_owned()))?;
        let mac = key.sign(body.as_bytes());
        let file = format!("{body}{MAC}{mac}{END}");
        if file.len() > LARGEST {
            let reason = "the state has too many segments for one backup; larger segments are needed";
            return Err(Kind::Source(reason.to_owned()));
        }
        Ok(file.into())
    }

    /// Reads the file that lies in `place`. It may still be forged: ask [`authentic`].
    pub(super) fn decode(bytes: &[u8], place: &Place) -> Result<Self, Flaw> {
        // What cannot be read is told by its own words, which someone else may have written.
        let damaged = |words: String| {
            Flaw::Damaged(format!("{} {}", layout::MANIFEST, crate::text::elide(&words, LONGEST_WORDS)))
        };
        if bytes.len() > LARGEST {
            return Err(damaged("is larger than any manifest".to_owned()));
        }
        let unreadable =
            |error: serde_json::Error| damaged(format!("cannot be read: {}", crate::text::clean(&error.to_string())));
        let version: Version = serde_json::from_slice(bytes).map_err(unreadable)?;
        if version.format > FORMAT {
            return Err(Flaw::Newer(version.format));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        if manifest.uid != place.uid || manifest.plane_uid != place.plane_uid {
            return Err(damaged("is that of another backup".to_owned()));
        }
        manifest.check().map_err(damaged)?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!("has format {}, which never was", self.format));
        }
        if self.version.len() > 64 || !(1..=MOST_STREAMS).contains(&self.streams.len()) {
            return Err("holds no stream, or too many, or has an odd version".to_owned());
        }
        if !self.encrypted_with.iter().chain([&self.signed_with]).all(|key| is_fingerprint(key)) {
            return Err("names a key that cannot be one".to_owned());
        }
        for (place, stream) in self.streams.iter().enumerate() {
            let repeated = self.streams.iter().take(place).any(|other| other.name == stream.name);
            if repeated || !layout::is_stream(&stream.name) {
                return Err(format!("has a stream that cannot be: {}", crate::text::clean(&stream.name)));
            }
            self.check_stream(stream)?;
        }
        Ok(())
    }

    fn check_stream(&self, stream: &Stream) -> Result<(), String> {
        let name = &stream.name;
        let sizes = 1..=LARGEST_OBJECT as u64;
        for (index, segment) in stream.segments.iter().enumerate() {
            if !layout::is_named_by_place(stream, index, segment) {
                return Err(format!("has a segment of {name} under a wrong name"));
            }
            if !sizes.contains(&segment.bytes) || !is_sha256(&segment.sha256) {
                return Err(format!("has no right size or hash for {}", segment.name));
            }
        }
        if !is_sha256(&stream.plain_sha256) {
            return Err(format!("has no right hash for the stream {name}"));
        }
        let as_it_is = stream.zstd_level.is_none() && self.encrypted_with.is_none();
        if as_it_is && stream.bytes() != stream.plain_bytes || !as_it_is && stream.segments.is_empty() {
            return Err(format!("has sizes that do not fit for the stream {name}"));
        }
        Ok(())
    }
}

/// The part of the file that every format has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// Whether a manifest's file was written by someone who has the key that it names.
pub(super) fn authentic(bytes: &[u8], manifest: &Manifest, keys: &KeyRing) -> Authentic {
    let Some(key) = keys.find(&manifest.signed_with) else { return Authentic::KeyMissing };
    let signed = || {
        let end = bytes.strip_suffix(END.as_bytes())?;
        let (rest, mac) = end.split_at_checked(end.len().checked_sub(DIGITS)?)?;
        let body = rest.strip_suffix(MAC.as_bytes())?;
        Some((body, unhex(str::from_utf8(mac).ok()?)?))
    };
    match signed() {
        Some((body, mac)) if key.has_signed(body, &mac) => Authentic::Yes,
        _ => Authentic::No,
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == DIGITS && unhex(text).is_some()
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 16 && unhex(text).is_some()
}

#[cfg(test)]
mod tests;
