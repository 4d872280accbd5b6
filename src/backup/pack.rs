//! Making the segments of a stream: hashed, packed, encrypted, cut. A segment is made when it is asked for, so that no more
//! of them lie in memory than whoever asks holds; nothing waits in a thread while the network is slow.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use age::stream::StreamWriter;
use age::x25519::Recipient;
use bytes::Bytes;
use zstd::stream::write::Encoder;

use super::digest::{Hasher, sha256};
use super::manifest::{Segment, Stream};
use super::sources::Opened;
use super::{Kind, Progress, layout};

/// Bytes that are read at a time.
const READ: usize = 128 << 10;

/// How a stream is stored.
#[derive(Clone)]
pub struct Recipe {
    /// zstd level; `None` packs nothing.
    pub level: Option<i32>,
    /// Whom it is encrypted for; `None` encrypts nothing.
    pub recipient: Option<Recipient>,
    /// Bytes of a segment.
    pub segment_bytes: usize,
}

/// A stream on its way into segments.
pub struct Packing {
    reader: Box<dyn Read + Send>,
    expected: Option<u64>,
    plain: Hasher,
    packer: Option<Packer>,
    cutter: Cutter,
    buffer: Vec<u8>,
    stream: Stream,
    progress: Progress,
}

/// What comes next of a stream.
pub enum Next {
    /// A segment.
    Segment(Segment, Bytes),
    /// There was no more; this is the whole of it.
    End(Stream),
}

impl Packing {
    /// Begins with an opened stream.
    pub fn new(name: &str, opened: Opened, recipe: &Recipe, progress: Progress) -> Result<Self, Kind> {
        let cutter = Cutter::new(recipe.segment_bytes);
        let packer = Packer::new(cutter.clone(), recipe, opened.bytes).map_err(broken)?;
        Ok(Self {
            reader: opened.reader,
            expected: opened.bytes,
            plain: Hasher::new(),
            packer: Some(packer),
            cutter,
            buffer: vec![0; READ],
            stream: Stream {
                name: name.to_owned(),
                plain_bytes: 0,
                plain_sha256: String::new(),
                zstd_level: recipe.level,
                segments: Vec::new(),
            },
            progress,
        })
    }

    /// The next segment, or the end; may block.
    pub fn next(&mut self) -> Result<Next, Kind> {
        loop {
            if let Some(bytes) = self.cutter.take() {
                return self.cut(bytes);
            }
            if self.packer.is_none() {
                return Ok(Next::End(self.stream.clone()));
            }
            self.advance()?;
        }
    }

    fn cut(&mut self, bytes: Vec<u8>) -> Result<Next, Kind> {
        let number = self.stream.segments.len() + 1;
        let name = layout::segment(&self.stream.name, number);
        if number > 99_999 {
            return Err(Kind::Source("the state has too many segments; larger segments are needed".to_owned()));
        }
        let segment = Segment { name, bytes: bytes.len() as u64, sha256: sha256(&bytes) };
        self.stream.segments.push(segment.clone());
        Ok(Next::Segment(segment, bytes.into()))
    }

    /// Reads once and packs what was read; finishes the stream at its end.
    fn advance(&mut self) -> Result<(), Kind> {
        let Some(packer) = &mut self.packer else { return Ok(()) };
        let read = read(&mut self.reader, &mut self.buffer)
            .map_err(|error| Kind::Source(format!("the stream {} cannot be read: {error}", self.stream.name)))?;
        if let Some(bytes) = self.buffer.get(..read).filter(|bytes| !bytes.is_empty()) {
            self.plain.update(bytes);
            self.progress.tell(|moment| moment.plain_done += read as u64);
            return packer.write_all(bytes).map_err(broken);
        }
        self.finish()
    }

    fn finish(&mut self) -> Result<(), Kind> {
        let plain = std::mem::replace(&mut self.plain, Hasher::new());
        self.stream.plain_bytes = plain.bytes();
        self.stream.plain_sha256 = plain.finish();
        if let Some(expected) = self.expected.filter(|expected| *expected != self.stream.plain_bytes) {
            return Err(Kind::Source(format!(
                "the stream {} has {} bytes and not {expected}, as it began with",
                self.stream.name, self.stream.plain_bytes
            )));
        }
        if let Some(packer) = self.packer.take() {
            packer.finish().map_err(broken)?;
        }
        self.cutter.close();
        Ok(())
    }
}

fn broken(error: io::Error) -> Kind {
    Kind::Internal(format!("the stream could not be packed: {error}"))
}

fn read(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

enum Packer {
    Packed(Encoder<'static, Sealer>),
    AsItIs(Sealer),
}

impl Packer {
    fn new(cutter: Cutter, recipe: &Recipe, bytes: Option<u64>) -> io::Result<Self> {
        let sealer = Sealer::new(cutter, recipe.recipient.as_ref())?;
        let Some(level) = recipe.level else { return Ok(Self::AsItIs(sealer)) };
        let mut encoder = Encoder::new(sealer, level)?;
        encoder.include_checksum(true)?;
        if bytes.is_some() {
            encoder.set_pledged_src_size(bytes)?;
        }
        Ok(Self::Packed(encoder))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Packed(encoder) => encoder.write_all(bytes),
            Self::AsItIs(sealer) => sealer.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Packed(encoder) => encoder.finish()?.finish(),
            Self::AsItIs(sealer) => sealer.finish(),
        }
    }
}

enum Sealer {
    Sealed(StreamWriter<Cutter>),
    Open(Cutter),
}

impl Sealer {
    fn new(cutter: Cutter, recipient: Option<&Recipient>) -> io::Result<Self> {
        let Some(recipient) = recipient else { return Ok(Self::Open(cutter)) };
        let recipients = std::iter::once(recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        Ok(Self::Sealed(encryptor.wrap_output(cutter)?))
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Sealed(writer) => writer.finish().map(drop),
            Self::Open(_) => Ok(()),
        }
    }
}

impl Write for Sealer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Sealed(writer) => writer.write(bytes),
            Self::Open(cutter) => cutter.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Cuts what is written to it. The encoders own their writer, so that what they wrote is reached from beside them.
#[derive(Clone)]
struct Cutter(Arc<Mutex<Cut>>);

struct Cut {
    size: usize,
    open: Vec<u8>,
    full: VecDeque<Vec<u8>>,
}

impl Cutter {
    fn new(size: usize) -> Self {
        Self(Arc::new(Mutex::new(Cut { size, open: Vec::new(), full: VecDeque::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, Cut> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.lock().full.pop_front()
    }

    /// The rest becomes the last segment; an empty one is never made.
    fn close(&self) {
        let mut cut = self.lock();
        let rest = std::mem::take(&mut cut.open);
        if !rest.is_empty() {
            cut.full.push_back(rest);
        }
    }
}

impl Write for Cutter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cut = self.lock();
        let mut rest = bytes;
        while !rest.is_empty() {
            if cut.open.capacity() == 0 {
                cut.open = Vec::with_capacity(cut.size);
            }
            let (now, later) = rest.split_at(rest.len().min(cut.size - cut.open.len()));
            cut.open.extend_from_slice(now);
            if cut.open.len() == cut.size {
                let full = std::mem::take(&mut cut.open);
                cut.full.push_back(full);
            }
            rest = later;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(
        reader: impl Read + Send + 'static,
        bytes: Option<u64>,
        recipe: &Recipe,
    ) -> Result<(Stream, Vec<u8>), Kind> {
        let opened = Opened { reader: Box::new(reader), bytes };
        let mut packing = Packing::new("plane", opened, recipe, Progress::new().0)?;
        let mut all = Vec::new();
        loop {
            match packing.next()? {
                Next::Segment(segment, bytes) => {
                    assert_eq!(segment.sha256, sha256(&bytes));
                    all.extend_from_slice(&bytes);
                }
                Next::End(stream) => return Ok((stream, all)),
            }
        }
    }

    const AS_IT_IS: Recipe = Recipe { level: None, recipient: None, segment_bytes: 1000 };

    #[test]
    fn segments_are_equal_but_for_the_last_and_never_empty() {
        for (length, sizes) in [(0, vec![]), (999, vec![999]), (1000, vec![1000]), (2500, vec![1000, 1000, 500])] {
            let plain = vec![7; length];
            let (stream, all) = pack(io::Cursor::new(plain.clone()), Some(length as u64), &AS_IT_IS).unwrap();
            assert_eq!(stream.segments.iter().map(|segment| segment.bytes).collect::<Vec<_>>(), sizes);
            assert_eq!((all == plain, stream.plain_bytes), (true, length as u64));
        }
    }

    #[test]
    fn what_is_packed_and_encrypted_opens_with_the_standard_formats() {
        let identity = age::x25519::Identity::generate();
        let recipe = Recipe { level: Some(1), recipient: Some(identity.to_public()), segment_bytes: 1000 };
        let plain: Vec<u8> = (0..300_000_u32).flat_map(|n| n.to_le_bytes()).collect();
        let (stream, all) = pack(io::Cursor::new(plain.clone()), None, &recipe).unwrap();
        assert!(stream.segments.len() > 100 && stream.bytes() == all.len() as u64);
        let mut packed = Vec::new();
        let decryptor = age::Decryptor::new(all.as_slice()).unwrap();
        decryptor.decrypt(std::iter::once(&identity as _)).unwrap().read_to_end(&mut packed).unwrap();
        assert!(zstd::decode_all(packed.as_slice()).unwrap() == plain);
    }

    #[test]
    fn a_source_that_ends_early_is_no_backup() {
        let error = pack(io::Cursor::new(vec![7; 10]), Some(11), &AS_IT_IS).err().unwrap();
        assert!(error.to_string().contains("10 bytes and not 11"), "{error}");
    }

    #[test]
    fn a_source_that_fails_is_told_with_its_stream() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let error = pack(Failing, None, &AS_IT_IS).err().unwrap();
        assert_eq!(error.to_string(), "the stream plane cannot be read: the disk is gone");
    }
}
