//! Where the bytes of backups go: one trait over S3, FTP and memory.
//!
//! A store keeps whole objects under paths. What is promised is what every backend can keep: an object is there
//! whole or not at all, a listing tells names and sizes, and nothing else is asked of it. An object is never
//! overwritten by the engine, so nothing depends on what a store does then.

pub mod certificate;
pub mod error;
pub mod faulty;
pub mod ftp;
pub mod memory;
pub mod path;
pub mod probe;
pub mod s3;
pub mod scratch;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;

pub use error::{Error, Kind};
pub use path::ObjectPath;

/// Most bytes of one object. Segments are of this size at most, so that memory stays bounded.
pub const LARGEST_OBJECT: usize = 64 << 20;

/// What a store answers, sooner or later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it lies.
    pub path: ObjectPath,
    /// Bytes; `None` where the listing does not say.
    pub bytes: Option<u64>,
    /// When the server says that it was written; `None` where it does not say.
    pub modified: Option<DateTime<Utc>>,
    /// What changes with its bytes, by the server's own reckoning, such as an ETag; `None` where it does not say.
    pub tag: Option<String>,
}

/// What lies in a folder, not deeper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Objects, by path.
    pub entries: Vec<Entry>,
    /// Folders in it, by name.
    pub folders: Vec<String>,
    /// Lines or names of the answer that could not be read, or that no object of ours can have. Shown to people, cleaned first.
    pub strangers: Vec<String>,
    /// Folders below that are there and that the account may not enter. What lies in them is not known, so none of
    /// them is empty. Each is among the strangers, too.
    pub closed: Vec<ObjectPath>,
}

/// A place for objects. Every operation is bounded in time by the backend. A dropped future leaves the
/// store usable; its own object may then be there or not, never half.
pub trait Store: Send + Sync {
    /// The place in a line for people, without secrets.
    fn address(&self) -> String;

    /// Writes an object that is not there yet. When this returns, the object is there whole and its size was
    /// confirmed by the store.
    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()>;

    /// Reads a whole object of at most `most` bytes.
    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes>;

    /// Size of an object; `None` where there is none.
    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>>;

    /// What lies in a folder. A folder that is missing is an empty one.
    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing>;

    /// Everything below a folder, in any order: what [`Store::list`] finds in it and in the folders below. A backend
    /// that can ask for all of it at once does. Only the folder itself has to be one that can be entered.
    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing>;

    /// Removes an object. One that is not there is removed already.
    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()>;

    /// Removes a folder that is empty, where folders are things of their own; else nothing.
    fn delete_folder<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, ()>;

    /// The steps of a probe that only this backend knows, up to a place that can be listed: look up the host, connect,
    /// TLS, sign in, find the bucket or directory. `false` where one of them failed, so that no more can be tried.
    fn prove_connection<'a>(&'a self, steps: &'a mut probe::Steps<'_>) -> BoxFuture<'a, bool>;

    /// The steps of a probe that only this backend knows and that write, below `scratch`, which is removed afterwards:
    /// renaming on FTP, refusal to overwrite on S3.
    fn prove_writing<'a>(&'a self, steps: &'a mut probe::Steps<'_>, scratch: &'a ObjectPath) -> BoxFuture<'a, bool>;

    /// What stays worth a warning about this place as it is used, such as FTP without TLS; known after the first
    /// operation.
    fn remarks(&self) -> Vec<String>;

    /// What time the server last said it is, and our clock at that moment; `None` where it never says.
    fn server_clock(&self) -> Option<ServerClock>;

    /// The same by an answer that is not old: a server whose last one is gets asked anew, on FTP by writing something
    /// that is removed again; a server too full for that goes by its last answer for a day. Whatever deletes by age goes
    /// by this one.
    fn ask_clock(&self) -> Answer<'_, Option<ServerClock>> {
        Box::pin(async { Ok(self.server_clock()) })
    }

    /// How many transfers at once serve this store best, 1 to 8.
    fn concurrency(&self) -> usize;
}

/// Longest that a reading of a server's clock counts.
const FRESH_FOR: TimeDelta = TimeDelta::minutes(10);

/// Farther apart than this, a server's clock or ours is wrong, and nothing is deleted by its age; S3 itself refuses from 15
/// minutes on.
pub const MOST_SKEW: TimeDelta = TimeDelta::minutes(10);

/// Whether what was read at one moment of our clock still counts at another. A clock that went back makes every reading
/// old.
#[must_use]
pub fn is_fresh(read: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..=FRESH_FOR).contains(&(now - read))
}

/// A server's clock against ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerClock {
    /// What the server said.
    pub server: DateTime<Utc>,
    /// Our clock then.
    pub ours: DateTime<Utc>,
}

impl ServerClock {
    /// How many minutes our clock is ahead of the server's; negative where it is behind.
    #[must_use]
    pub fn minutes_ahead(&self) -> i64 {
        let seconds = (self.ours - self.server).num_seconds();
        (seconds + 30 * seconds.signum()) / 60
    }
}
