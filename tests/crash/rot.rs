//! Every object of a backup, spoilt in every way: a verification names it, a fetch leaves nothing.

use bytes::Bytes;
use palette_console::backup::{Level, Place};
use palette_console::storage::{ObjectPath, Store};

use super::world::{World, quiet};

/// A way to spoil an object; `None` removes it.
fn spoilt(bytes: &Bytes) -> Vec<(&'static str, Option<Vec<u8>>)> {
    let flip = |place: usize| {
        let mut flipped = bytes.to_vec();
        flipped[place] ^= 1;
        Some(flipped)
    };
    let length = bytes.len();
    vec![
        ("its first byte flipped", flip(0)),
        ("a byte in its middle flipped", flip(length / 2)),
        ("its last byte flipped", flip(length - 1)),
        ("its last byte gone", Some(bytes[..length - 1].to_vec())),
        ("half of it gone", Some(bytes[..length / 2].to_vec())),
        ("nothing in it", Some(Vec::new())),
        ("a byte more", Some([bytes, &b"\0"[..]].concat())),
        ("zeros instead of it", Some(vec![0; length])),
        ("it removed", None),
    ]
}

async fn spoil(world: &World, path: &ObjectPath, bytes: Option<Vec<u8>>) {
    match bytes {
        Some(bytes) => world.memory.plant(path.clone(), bytes.into()),
        None => world.memory.delete(path).await.unwrap(),
    }
}

/// Whether rot is seen; the object must be named.
async fn is_seen(world: &World, place: &Place, name: &str, what: &str) {
    for level in [Level::Data, Level::Full] {
        match world.vault().verify(place, level, &quiet()).await {
            Ok(verdict) => {
                let named = verdict.faults.iter().any(|fault| fault.contains(name));
                assert!(named, "{name} with {what}: {level:?} says {:?}", verdict.faults);
            }
            // Without its manifest it is no backup at all; of a manifest that names another key, nothing is said without it.
            Err(error) => assert_eq!(name, "manifest.json", "{name} with {what}: {error}"),
        }
    }
    let target = world.target();
    assert!(world.vault().fetch(place, &target, &quiet()).await.is_err(), "{name} with {what} was fetched");
    assert!(!target.exists(), "{name} with {what}: something stayed");
}

#[tokio::test]
async fn every_spoilt_object_is_named_and_never_restored() {
    let world = World::new();
    let place = world.backup().await;
    let other = world.backup().await;
    let all = world.objects().await;
    let objects: Vec<_> = all.iter().filter(|(path, _)| path.as_str().contains(place.uid.as_str())).collect();
    assert!(objects.len() > 5, "{objects:?}");
    let (mut rotten, mut swapped) = (0, 0);
    for (path, bytes) in &objects {
        for (what, spoilt) in spoilt(bytes) {
            let world = world.copy().await;
            spoil(&world, path, spoilt).await;
            is_seen(&world, &place, path.name(), what).await;
            rotten += 1;
        }
        // Any other object of this backup or of another one in its place.
        for (from, stranger) in all.iter().filter(|(from, stranger)| from != path && stranger != bytes) {
            let world = world.copy().await;
            world.memory.plant((*path).clone(), stranger.clone());
            is_seen(&world, &place, path.name(), &format!("{} in its place", from.as_str())).await;
            swapped += 1;
        }
    }
    let untouched = world.vault().verify(&other, Level::Full, &quiet()).await.unwrap();
    assert!(untouched.faults.is_empty());
    println!("bit rot: {rotten} spoilt objects and {swapped} swapped ones, all named, none fetched");
}

#[tokio::test]
async fn every_flipped_bit_of_a_manifest_is_seen() {
    let world = World::new();
    let place = world.backup().await;
    let path = world.memory.paths().into_iter().find(|path| path.name() == "manifest.json").unwrap();
    let bytes = world.memory.get(&path, usize::MAX).await.unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        world.memory.plant(path.clone(), flipped.into());
        let verdict = world.vault().verify(&place, Level::Quick, &quiet()).await;
        let seen = verdict.is_err() || verdict.is_ok_and(|verdict| !verdict.faults.is_empty());
        assert!(seen, "bit {bit}");
    }
    println!("bit rot: {} flipped bits of a manifest, all seen", bytes.len() * 8);
}
