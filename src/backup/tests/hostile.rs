//! Someone who can write to the location, and has no key.

use super::rig::{Rig, given, start};
use crate::backup::manifest::{Segment, Stream};
use crate::backup::*;

/// A manifest that nobody signed, nearly as large as one may be.
fn forged(rig: &Rig, place: &Place, segments: usize) -> Vec<u8> {
    let sha256 = "0".repeat(64);
    let segment = |n| Segment { name: layout::segment("state", n), bytes: 1, sha256: sha256.clone() };
    let stream = Stream {
        name: "state".to_owned(),
        plain_bytes: 1,
        plain_sha256: sha256.clone(),
        zstd_level: Some(1),
        segments: (1..=segments).map(segment).collect(),
    };
    let manifest = Manifest {
        format: 1,
        uid: place.uid.clone(),
        plane_uid: place.plane_uid.clone(),
        version: String::new(),
        started: start(),
        completed: start(),
        slot: None,
        retention_days: 1,
        encrypted_with: None,
        signed_with: rig.vault.keys.current().unwrap(),
        streams: vec![stream],
    };
    serde_json::to_vec(&manifest).unwrap()
}

fn plant(rig: &Rig, plane_uid: &str, name: &str, wrap: impl Fn(Vec<u8>) -> Vec<u8>) -> (Place, usize) {
    let place = Place { plane_uid: plane_uid.to_owned(), uid: BackupUid::fresh(start()) };
    let file = wrap(forged(rig, &place, 8000));
    let bytes = file.len();
    rig.memory.plant(rig.path(&place, name), file.into());
    (place, bytes)
}

#[tokio::test]
async fn forged_manifests_fill_no_memory_and_hide_nothing() {
    const MOST: usize = 16 << 20;
    let rig = Rig::new();
    let mut good = vec![rig.backup(3000).await];
    let planted: Vec<_> = (0..20).map(|n| plant(&rig, ["plane-1", "plane-2"][n % 2], "manifest.json", |m| m)).collect();
    let all: usize = planted.iter().map(|(_, bytes)| bytes).sum();
    assert!(planted.iter().all(|(_, bytes)| *bytes <= manifest::LARGEST) && all > MOST + (1 << 20), "{all}");
    rig.clock.advance(chrono::TimeDelta::hours(1));
    good.push(rig.backup(3000).await);
    let mut known = Known::new();
    for _ in 0..2 {
        let inventory = rig.vault.list(known).await.unwrap();
        let own: usize = good.iter().map(|_| 4 << 10).sum();
        assert!((1 << 20..MOST + own).contains(&inventory.known.bytes()), "{}", inventory.known.bytes());
        assert_eq!(inventory.found.len(), 22);
        for found in &inventory.found {
            let complete = matches!(found.state, FoundState::Complete(_, Authentic::Yes));
            assert_eq!(complete, good.contains(&found.place), "{:?}", found.place);
            assert!(complete || matches!(found.state, FoundState::Damaged(..)), "{:?}", found.place);
        }
        let parsed = inventory.found.iter().filter(|found| matches!(found.state, FoundState::Damaged(Some(_), _)));
        assert!((1..=MOST / planted[0].1).contains(&parsed.count()));
        known = inventory.known;
    }
    // Any of them can be looked at by itself.
    for (place, _) in &planted[..2] {
        assert!(matches!(rig.vault.look(place).await.unwrap().state, FoundState::Damaged(Some(_), _)));
    }
}

#[tokio::test]
async fn forged_tombstones_fill_no_memory_either() {
    let rig = Rig::new();
    let tomb = |manifest: Vec<u8>| {
        let tomb = layout::Tomb {
            uid: rig.order().uid,
            deleter: "x".to_owned(),
            started: start(),
            manifest: Some(String::from_utf8(manifest).unwrap()),
        };
        serde_json::to_vec(&tomb).unwrap()
    };
    for _ in 0..20 {
        plant(&rig, "plane-2", "tomb-x.json", tomb);
    }
    let inventory = rig.vault.list(Known::new()).await.unwrap();
    let parsed = inventory.found.iter().filter(|found| matches!(found.state, FoundState::Deleting(Some(_)))).count();
    let bare = inventory.found.iter().filter(|found| matches!(found.state, FoundState::Deleting(None))).count();
    assert!(parsed + bare == 20 && (1..20).contains(&parsed), "{parsed} {bare}");
    assert!(inventory.known.is_empty());
}

#[tokio::test]
async fn what_is_no_manifest_is_told_in_few_words() {
    let rig = Rig::new();
    let place = rig.backup(100).await;
    let path = rig.path(&place, "manifest.json");
    let long = "x".repeat(900_000);
    let odd = [
        format!("{{\"format\":\"{long}\"}}"),
        format!("{{\"format\":1,\"uid\":\"{long}\"}}"),
        "x".repeat(manifest::LARGEST + 1),
    ];
    for file in odd {
        rig.memory.plant(path.clone(), file.into());
        let found = rig.vault.list(Known::new()).await.unwrap().found.remove(0);
        let FoundState::Damaged(None, words) = found.state else { panic!("{found:?}") };
        assert!(words.len() < 400, "{} bytes", words.len());
    }
}

#[tokio::test]
async fn what_is_signed_is_kept_however_much_it_is() {
    let rig = Rig::new();
    for _ in 0..20 {
        let order = Order { segment_bytes: 1, encrypted: false, level: None, ..rig.order() };
        rig.vault.create(order, given(900), &Progress::new().0).await.unwrap();
    }
    let inventory = rig.vault.list(Known::new()).await.unwrap();
    assert_eq!(inventory.known.len(), 20);
}
