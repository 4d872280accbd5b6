use super::*;
use crate::backup::key::{self, KeyRing};
use crate::backup::pack::{Next, Packing, Recipe};
use crate::backup::sources::Opened;

fn packed(plain: &[u8], recipe: &Recipe) -> (Stream, Vec<Bytes>) {
    let opened = Opened { reader: Box::new(io::Cursor::new(plain.to_vec())), bytes: Some(plain.len() as u64) };
    let mut packing = Packing::new("plane", opened, recipe, Progress::new().0).unwrap();
    let mut segments = Vec::new();
    loop {
        match packing.next().unwrap() {
            Next::Segment(_, bytes) => segments.push(bytes),
            Next::End(stream) => return (stream, segments),
        }
    }
}

fn unpack(stream: &Stream, key: Option<Arc<RecoveryKey>>, segments: Vec<Bytes>) -> Result<Vec<u8>, Wrong> {
    let mut file = tempfile::tempfile().unwrap();
    let target = Target { file: file.try_clone().unwrap(), path: "a/file".into() };
    unpack_to(target, stream, key, segments)?;
    let mut plain = Vec::new();
    io::Seek::rewind(&mut file).unwrap();
    file.read_to_end(&mut plain).unwrap();
    Ok(plain)
}

fn unpack_to(
    target: Target,
    stream: &Stream,
    key: Option<Arc<RecoveryKey>>,
    segments: Vec<Bytes>,
) -> Result<(), Wrong> {
    let mut unpacking = Unpacking::new(stream.clone(), key, target, Progress::new().0).unwrap();
    for segment in segments {
        unpacking.take(segment)?;
    }
    unpacking.finish()
}

fn key() -> Arc<RecoveryKey> {
    let dir = tempfile::tempdir().unwrap();
    KeyRing::open(&dir.path().join(key::FILE)).unwrap().first().unwrap()
}

fn plain() -> Vec<u8> {
    (0..40_000_u32).flat_map(|n| (n / 3).to_le_bytes()).collect()
}

#[test]
fn every_recipe_comes_back_byte_for_byte_in_segments_of_any_size() {
    let key = key();
    for level in [None, Some(1)] {
        for sealed in [false, true] {
            for segment_bytes in [1, 37, 1000, 65_536, 65_552, 1 << 20] {
                let recipe = Recipe { level, recipient: sealed.then(|| key.recipient()), segment_bytes };
                let lengths = if segment_bytes == 1 { vec![0, 1, 100] } else { vec![0, 1, 70_000, 131_072, 160_000] };
                for length in lengths {
                    let plain = plain()[..length].to_vec();
                    let (stream, segments) = packed(&plain, &recipe);
                    let back = unpack(&stream, sealed.then(|| Arc::clone(&key)), segments);
                    assert!(back == Ok(plain), "{level:?} {sealed} {segment_bytes} {length}");
                }
            }
        }
    }
}

#[test]
fn a_stream_that_unpacks_to_more_than_it_says_is_stopped() {
    let bomb = vec![0; 50 << 20];
    let recipe = Recipe { level: Some(1), recipient: None, segment_bytes: 1 << 20 };
    let (mut stream, segments) = packed(&bomb, &recipe);
    assert!(stream.bytes() < 100_000);
    stream.plain_bytes = 1000;
    let error = unpack(&stream, None, segments).unwrap_err();
    assert_eq!(error, Wrong::Fault("the stream plane holds more bytes than the manifest says".to_owned()));
}

#[test]
fn another_key_and_changed_or_missing_bytes_are_told_apart() {
    let key = key();
    let recipe = Recipe { level: Some(1), recipient: Some(key.recipient()), segment_bytes: 3000 };
    let (stream, segments) = packed(&plain(), &recipe);
    assert!(segments.len() > 3, "{}", segments.len());
    let told = |key: &Arc<RecoveryKey>, segments| match unpack(&stream, Some(Arc::clone(key)), segments) {
        Err(Wrong::Fault(words)) => words,
        other => panic!("{other:?}"),
    };
    assert!(told(&self::key(), segments.clone()).contains("cannot be decrypted"));
    let mut cut = segments.clone();
    cut.pop();
    assert!(told(&key, cut).contains("cannot be decrypted"));
    let mut flipped = segments.clone();
    let mut bytes = flipped[1].to_vec();
    bytes[5] ^= 1;
    flipped[1] = bytes.into();
    assert!(told(&key, flipped).contains("cannot be decrypted"));
    let mut wrong = stream.clone();
    wrong.plain_sha256 = "ab".repeat(32);
    let error = unpack(&wrong, Some(Arc::clone(&key)), segments).unwrap_err();
    assert_eq!(error, Wrong::Fault("the stream plane is not what was backed up: its SHA-256 differs".to_owned()));
}

#[test]
fn damage_of_what_is_only_packed_is_told_as_that() {
    let recipe = Recipe { level: Some(1), recipient: None, segment_bytes: 3000 };
    let (stream, mut segments) = packed(&plain(), &recipe);
    segments.pop();
    let Err(Wrong::Fault(words)) = unpack(&stream, None, segments) else { panic!("it was taken") };
    assert!(words.starts_with("the stream plane "), "{words}");
}

#[test]
fn a_disk_that_fills_up_is_named() {
    for level in [None, Some(1)] {
        let (stream, segments) = packed(&plain(), &Recipe { level, recipient: None, segment_bytes: 1000 });
        let file = File::options().write(true).open("/dev/full").unwrap();
        let target = Target { file, path: "/scratch/plane".into() };
        let wrong = unpack_to(target, &stream, None, segments).unwrap_err();
        let words = Kind::from(wrong).to_string();
        assert_eq!(words, "cannot use the disk of this machine: the disk with /scratch/plane is full");
    }
}
