//! Undoing the segments of a stream: decrypted, unpacked, hashed again, written to a file. Segments are handed in one by
//! one, each with its hash already checked; nothing waits in a thread while the network is slow.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use age::Decryptor;
use age::stream::StreamReader;
use bytes::{Buf, Bytes};
use zstd::stream::write::Decoder;

use super::digest::Hasher;
use super::key::RecoveryKey;
use super::manifest::Stream;
use super::{Kind, Progress};

/// Bytes that hold the whole header of an age file for one recipient, which cannot be read in pieces.
const HEADER: usize = 1 << 10;
const READ: usize = 128 << 10;

/// A stream on its way out of segments.
pub struct Unpacking {
    stream: Stream,
    feed: Feed,
    sealed: Sealed,
    packed: Packed,
    buffer: Vec<u8>,
    failure: Failure,
}

/// What went wrong.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The stream is not what the manifest says; in words that name it.
    Fault(String),
    /// This machine's disk.
    Disk(String),
}

impl From<Wrong> for Kind {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Fault(words) => Self::Damaged(words),
            Wrong::Disk(words) => Self::Disk(words),
        }
    }
}

impl Unpacking {
    /// Begins; `key` is the one that it was encrypted with.
    pub fn new(stream: Stream, key: Option<Arc<RecoveryKey>>, target: Target, progress: Progress) -> io::Result<Self> {
        let failure = Failure::default();
        let out = Out { target, plain: Hasher::new(), most: stream.plain_bytes, failure: failure.clone(), progress };
        Ok(Self {
            packed: if stream.zstd_level.is_some() { Packed::Zstd(Decoder::new(out)?) } else { Packed::AsItIs(out) },
            sealed: key.map_or(Sealed::Open, Sealed::Header),
            feed: Feed::default(),
            buffer: vec![0; READ],
            stream,
            failure,
        })
    }

    /// Takes in a segment; may block.
    pub fn take(&mut self, segment: Bytes) -> Result<(), Wrong> {
        self.feed.lock().segments.push_back(segment);
        self.advance()
    }

    /// Ends the stream and compares it with the manifest; the file is on disk then. May block.
    pub fn finish(mut self) -> Result<(), Wrong> {
        self.feed.lock().ended = true;
        self.advance()?;
        let (name, failure) = (self.stream.name, self.failure);
        let out = match self.packed {
            Packed::AsItIs(out) => Ok(out),
            Packed::Zstd(mut decoder) => decoder.flush().and_then(|()| decoder.finish()),
        };
        let out = out.map_err(|error| failure.explain(&name, "unpacked", &error))?;
        out.target.file.sync_all().map_err(|error| disk(&out.target.path, &error))?;
        let (bytes, sha256) = (out.plain.bytes(), out.plain.finish());
        if bytes != self.stream.plain_bytes {
            let expected = self.stream.plain_bytes;
            return Err(Wrong::Fault(format!("the stream {name} has {bytes} bytes instead of {expected}")));
        }
        if sha256 != self.stream.plain_sha256 {
            return Err(Wrong::Fault(format!("the stream {name} is not what was backed up: its SHA-256 differs")));
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<(), Wrong> {
        let name = &self.stream.name;
        loop {
            let read = match self.sealed.read(&mut self.feed, &mut self.buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(self.failure.explain(name, "decrypted", &error)),
            };
            let bytes = self.buffer.get(..read).unwrap_or_default();
            self.packed.write_all(bytes).map_err(|error| self.failure.explain(name, "unpacked", &error))?;
        }
    }
}

/// What kept something at a path from being used.
pub(super) fn disk(path: &Path, error: &io::Error) -> Wrong {
    let path = path.display();
    Wrong::Disk(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!("the disk with {path} is full"),
        _ => format!("{path}: {error}"),
    })
}

/// The file that a stream is written to.
pub struct Target {
    /// It, open for writing.
    pub file: File,
    /// Where it lies.
    pub path: PathBuf,
}

/// Segments that were handed in and not yet read.
#[derive(Clone, Default)]
struct Feed(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    segments: VecDeque<Bytes>,
    ended: bool,
}

impl Feed {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds_a_header(&self) -> bool {
        let waiting = self.lock();
        waiting.ended || waiting.segments.iter().map(Bytes::len).sum::<usize>() >= HEADER
    }
}

impl Read for Feed {
    /// Would block, where more may be handed in.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        loop {
            let Some(first) = waiting.segments.front_mut() else {
                return if waiting.ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
            };
            let read = first.len().min(buffer.len());
            if let Some(space) = buffer.get_mut(..read).filter(|space| !space.is_empty()) {
                first.copy_to_slice(space);
                return Ok(read);
            }
            waiting.segments.pop_front();
        }
    }
}

enum Sealed {
    /// Nothing is encrypted.
    Open,
    /// The header was not read yet.
    Header(Arc<RecoveryKey>),
    /// It was. A read that would block can be repeated: it loses nothing.
    Body(Box<StreamReader<Feed>>),
}

impl Sealed {
    fn read(&mut self, feed: &mut Feed, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Header(key) = self {
            if !feed.holds_a_header() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let decryptor = Decryptor::new(feed.clone()).map_err(io::Error::other)?;
            let body = decryptor.decrypt(std::iter::once(key.identity() as &dyn age::Identity));
            *self = Self::Body(Box::new(body.map_err(io::Error::other)?));
        }
        match self {
            Self::Body(reader) => reader.read(buffer),
            _ => feed.read(buffer),
        }
    }
}

enum Packed {
    AsItIs(Out),
    Zstd(Decoder<'static, Out>),
}

impl Packed {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::AsItIs(out) => out.write_all(bytes),
            Self::Zstd(decoder) => decoder.write_all(bytes),
        }
    }
}

/// Where the plain bytes go. No more of them are taken than the manifest says, whatever a forged stream unpacks to.
struct Out {
    target: Target,
    plain: Hasher,
    most: u64,
    failure: Failure,
    progress: Progress,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.plain.bytes() + bytes.len() as u64 > self.most {
            self.failure.set(Wrong::Fault("holds more bytes than the manifest says".to_owned()));
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if let Err(error) = self.target.file.write_all(bytes) {
            self.failure.set(disk(&self.target.path, &error));
            return Err(error);
        }
        self.plain.update(bytes);
        self.progress.tell(|moment| moment.plain_done += bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why [`Out`] took no more: the decoder in between tells of it as if it were its own error.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<Wrong>>>);

impl Failure {
    fn set(&self, wrong: Wrong) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(wrong);
    }

    fn explain(&self, stream: &str, done: &str, error: &io::Error) -> Wrong {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(Wrong::Fault(words)) => Wrong::Fault(format!("the stream {stream} {words}")),
            Some(wrong) => wrong,
            None => {
                let reason = crate::text::clean(&error.to_string()).into_owned();
                Wrong::Fault(format!("the stream {stream} cannot be {done}: {reason}"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
