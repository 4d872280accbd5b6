use super::*;
use crate::backup::key;

fn place() -> Place {
    Place { plane_uid: "p1".to_owned(), uid: "20261122T030000Z-4f1c9a2b7d3e".parse().unwrap() }
}

fn signed() -> (tempfile::TempDir, KeyRing, Manifest, String) {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyRing::open(&dir.path().join(key::FILE)).unwrap();
    let key = keys.current().unwrap();
    let segment = |number, bytes| Segment { name: layout::segment("plane", number), bytes, sha256: "ab".repeat(32) };
    let manifest = Manifest {
        format: FORMAT,
        uid: place().uid,
        plane_uid: "p1".to_owned(),
        version: "0.1.0".to_owned(),
        started: "2026-11-22T03:00:00Z".parse().unwrap(),
        completed: "2026-11-22T03:00:09.5Z".parse().unwrap(),
        slot: None,
        retention_days: 7,
        encrypted_with: Some(key.clone()),
        signed_with: key,
        streams: vec![Stream {
            name: "plane".to_owned(),
            plain_bytes: 4096,
            plain_sha256: "cd".repeat(32),
            zstd_level: Some(1),
            segments: vec![segment(1, 1000), segment(2, 7)],
        }],
    };
    let text = String::from_utf8(manifest.encode(&keys).unwrap().to_vec()).unwrap();
    (dir, keys, manifest, text)
}

fn look(text: &str, keys: &KeyRing) -> Result<Authentic, Flaw> {
    Manifest::decode(text.as_bytes(), &place()).map(|manifest| authentic(text.as_bytes(), &manifest, keys))
}

#[test]
fn what_is_written_reads_back_and_is_authentic() {
    let (_dir, keys, manifest, text) = signed();
    assert_eq!(Manifest::decode(text.as_bytes(), &place()).unwrap(), manifest);
    assert_eq!(look(&text, &keys), Ok(Authentic::Yes));
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
}

#[test]
fn the_fields_of_the_format_keep_their_names_and_order() {
    let (_dir, _, _, text) = signed();
    let keys: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect();
    let expected = [
        "format",
        "uid",
        "plane_uid",
        "version",
        "started",
        "completed",
        "slot",
        "retention_days",
        "encrypted_with",
        "signed_with",
        "streams",
        "mac",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn every_changed_byte_is_noticed() {
    let (_dir, keys, _, text) = signed();
    for place in 0..text.len() {
        for flip in [1, 0x20] {
            let mut changed = text.clone().into_bytes();
            changed[place] ^= flip;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            let found = look(&changed, &keys);
            assert_ne!(found, Ok(Authentic::Yes), "byte {place} of {changed}");
        }
    }
}

#[test]
fn unknown_fields_are_read_over_but_were_not_signed() {
    let (_dir, keys, _, text) = signed();
    let added = text.replace("  \"uid\"", "  \"more\": 1,\n  \"uid\"");
    assert_eq!(look(&added, &keys), Ok(Authentic::No));
    let twice = text.replace("  \"uid\"", "  \"mac\": \"\",\n  \"uid\"");
    assert_ne!(look(&twice, &keys), Ok(Authentic::Yes));
}

#[test]
fn without_its_key_nothing_is_said_of_its_authenticity() {
    let (_dir, _, _, text) = signed();
    let (_other, foreign, ..) = signed();
    assert_eq!(look(&text, &foreign), Ok(Authentic::KeyMissing));
}

#[test]
fn a_newer_format_is_told_whatever_else_it_holds() {
    let (_dir, keys, ..) = signed();
    assert_eq!(look(r#"{"format": 7, "uid": {"new": true}}"#, &keys), Err(Flaw::Newer(7)));
}

#[test]
fn a_manifest_of_another_backup_or_plane_is_refused() {
    let (_dir, _, _, text) = signed();
    let other = Place { plane_uid: "p2".to_owned(), ..place() };
    let error = Manifest::decode(text.as_bytes(), &other).unwrap_err();
    assert_eq!(error, Flaw::Damaged("manifest.json is that of another backup".to_owned()));
    let other = Place { uid: "20261122T030000Z-000000000000".parse().unwrap(), ..place() };
    assert!(matches!(Manifest::decode(text.as_bytes(), &other), Err(Flaw::Damaged(_))));
}

#[test]
fn what_cannot_be_is_refused_even_when_it_is_signed() {
    let (_dir, keys, good, _) = signed();
    let changes: [&dyn Fn(&mut Manifest); 11] = [
        &|manifest| manifest.format = 0,
        &|manifest| manifest.streams.clear(),
        &|manifest| manifest.streams.push(manifest.streams[0].clone()),
        &|manifest| manifest.streams[0].name = "../x".to_owned(),
        &|manifest| manifest.streams[0].segments[0].name = "../../other/s-plane-00001.seg".to_owned(),
        &|manifest| manifest.streams[0].segments.swap(0, 1),
        &|manifest| manifest.streams[0].segments[1].bytes = 0,
        &|manifest| manifest.streams[0].segments[1].bytes = 1 << 40,
        &|manifest| manifest.streams[0].segments[1].sha256.make_ascii_uppercase(),
        &|manifest| manifest.streams[0].segments.clear(),
        &|manifest| manifest.encrypted_with = Some("\u{1b}[2J".to_owned()),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut manifest = good.clone();
        change(&mut manifest);
        let bytes = manifest.encode(&keys).unwrap();
        assert!(matches!(Manifest::decode(&bytes, &place()), Err(Flaw::Damaged(_))), "{number}");
    }
}

#[test]
fn sizes_of_a_stream_that_is_stored_as_it_is_must_fit() {
    let (_dir, keys, mut manifest, _) = signed();
    manifest.encrypted_with = None;
    manifest.streams[0].zstd_level = None;
    assert!(Manifest::decode(&manifest.encode(&keys).unwrap(), &place()).is_err());
    manifest.streams[0].plain_bytes = 1007;
    assert!(Manifest::decode(&manifest.encode(&keys).unwrap(), &place()).is_ok());
}

#[test]
fn one_that_grows_too_large_is_refused_when_it_is_made() {
    let (_dir, keys, mut manifest, _) = signed();
    let segment = manifest.streams[0].segments[0].clone();
    manifest.streams[0].segments = vec![segment; 9000];
    assert!(manifest.encode(&keys).unwrap_err().to_string().contains("larger segments"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_fail_badly(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        proptest::prop_assert!(Manifest::decode(&bytes, &place()).is_err());
    }
}
