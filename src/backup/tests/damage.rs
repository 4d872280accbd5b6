use super::rig::{Rig, given};
use crate::backup::*;
use crate::storage;

async fn faults(vault: &Vault, place: &Place, level: Level) -> Vec<String> {
    vault.verify(place, level, &Progress::new().0).await.unwrap().faults
}

/// What happens to the second segment.
enum Rot {
    Flipped,
    Sized(usize),
    InPlaceOfTheThird,
}

impl Rot {
    async fn strike(&self, rig: &Rig, place: &Place) {
        let (second, third) = (rig.path(place, "s-state-00002.seg"), rig.path(place, "s-state-00003.seg"));
        let mut bytes = rig.read(place, "s-state-00002.seg").await.to_vec();
        match self {
            Self::Flipped => bytes[500] ^= 4,
            Self::Sized(length) => bytes.resize(*length, 0),
            Self::InPlaceOfTheThird => return rig.memory.plant(third, bytes.into()),
        }
        rig.memory.plant(second, bytes.into());
    }
}

#[tokio::test]
async fn every_kind_of_rot_is_named_and_nothing_of_it_is_fetched() {
    let rots = [
        (Rot::Flipped, "s-state-00002.seg is not what was written", false),
        (Rot::Sized(999), "s-state-00002.seg has 999 bytes instead of 1000", true),
        (Rot::Sized(1001), "s-state-00002.seg has 1001 bytes instead of 1000", true),
        (Rot::Sized(0), "s-state-00002.seg has 0 bytes", true),
        (Rot::InPlaceOfTheThird, "s-state-00003.seg holds what belongs into s-state-00002.seg", false),
    ];
    for (rot, words, quick_sees_it) in rots {
        let rig = Rig::new();
        let place = rig.backup(5000).await;
        rot.strike(&rig, &place).await;
        for level in [Level::Data, Level::Full] {
            let faults = faults(&rig.vault, &place, level).await;
            assert!(faults.len() == 1 && faults[0].contains(words), "{level:?}: {faults:?} should say {words}");
        }
        assert_eq!(faults(&rig.vault, &place, Level::Quick).await.len(), usize::from(quick_sees_it), "{words}");
        let error = rig.vault.fetch(&place, &rig.target(), &Progress::new().0).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Damaged(_)), "{error}");
        assert!(!rig.target().exists());
    }
}

#[tokio::test]
async fn without_the_key_data_can_be_verified_and_a_fetch_says_so_before_it_reads() {
    let rig = Rig::new();
    let place = rig.backup(5000).await;
    let stranger = rig.other_plane();
    assert_eq!(faults(&stranger, &place, Level::Data).await, Vec::<String>::new());
    let fingerprint = rig.vault.keys.current().unwrap();
    for level in [Level::Quick, Level::Full] {
        let error = stranger.verify(&place, level, &Progress::new().0).await.unwrap_err();
        assert_eq!(error.kind, Kind::KeyMissing(fingerprint.clone()));
    }
    let gets = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = gets.clone();
    let watched = super::outages::Watched::scripted(rig.memory.clone(), move |call, path| {
        if call == "get" && path.name().starts_with("s-") {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        None
    });
    let stranger = Vault { store: std::sync::Arc::new(watched), ..stranger };
    let error = stranger.fetch(&place, &rig.target(), &Progress::new().0).await.unwrap_err();
    assert_eq!(error.kind, Kind::KeyMissing(fingerprint.clone()));
    assert!(error.to_string().contains(&fingerprint) && !rig.target().exists());
    assert_eq!(gets.load(std::sync::atomic::Ordering::SeqCst), 0);
    stranger.keys.import(&rig.vault.keys.export().unwrap()).unwrap();
    stranger.fetch(&place, &rig.target(), &Progress::new().0).await.unwrap();
}

#[tokio::test]
async fn a_forged_manifest_is_told_and_never_opened() {
    let rig = Rig::new();
    let place = rig.backup(5000).await;
    let text = String::from_utf8(rig.read(&place, "manifest.json").await.to_vec()).unwrap();
    let forged = text.replace("\"retention_days\": 7", "\"retention_days\": 1");
    rig.memory.plant(rig.path(&place, "manifest.json"), forged.into());
    let FoundState::Complete(_, authentic) = rig.vault.look(&place).await.unwrap().state else { panic!() };
    assert_eq!(authentic, Authentic::No);
    for level in [Level::Quick, Level::Data, Level::Full] {
        assert!(faults(&rig.vault, &place, level).await[0].starts_with("manifest.json is not authentic"));
    }
    assert_eq!(rig.vault.fetch(&place, &rig.target(), &Progress::new().0).await.unwrap_err().kind, Kind::Forged);
    assert_eq!(rig.vault.files(&place).await.unwrap_err().kind, Kind::Forged);
}

#[tokio::test]
async fn a_whole_backup_made_by_someone_who_knows_only_the_public_key_is_not_believed() {
    let rig = Rig::new();
    rig.vault.keys.current().unwrap();
    let forger = Vault { plane_uid: "plane-1".to_owned(), ..rig.other_plane() };
    let manifest = forger.create(rig.order(), given(100), &Progress::new().0).await.unwrap();
    let place = Place { plane_uid: "plane-1".to_owned(), uid: manifest.uid.clone() };
    let text = String::from_utf8(rig.read(&place, "manifest.json").await.to_vec()).unwrap();
    let ours = rig.vault.keys.current().unwrap();
    let claimed = text.replace(&manifest.signed_with, &ours);
    rig.memory.plant(rig.path(&place, "manifest.json"), claimed.into());
    assert_eq!(rig.vault.fetch(&place, &rig.target(), &Progress::new().0).await.unwrap_err().kind, Kind::Forged);
}

#[tokio::test]
async fn manifests_that_cannot_be_are_shown_beside_the_good_ones() {
    let rig = Rig::new();
    let good = rig.backup(3000).await;
    let broken = rig.backup(3000).await;
    let swapped = rig.backup(3000).await;
    let newer = rig.backup(3000).await;
    let cut = rig.backup(3000).await;
    rig.memory.plant(rig.path(&broken, "manifest.json"), "{\"format\": 1, \u{1b}[2J".into());
    rig.memory.plant(rig.path(&swapped, "manifest.json"), rig.read(&good, "manifest.json").await);
    rig.memory.plant(rig.path(&newer, "manifest.json"), "{\"format\": 2, \"what\": []}".into());
    let removed = rig.path(&cut, "s-state-00001.seg");
    rig.vault.store.delete(&removed).await.unwrap();
    rig.memory.plant(rig.path(&good, "notes.txt"), "hello".into());
    rig.memory.plant(storage::ObjectPath::new("palbackup/c/plane-1/x.txt").unwrap(), "hello".into());
    let inventory = rig.vault.list(Known::new()).await.unwrap();
    let state = |place: &Place| inventory.found.iter().find(|found| found.place == *place).unwrap().state.clone();
    assert!(matches!(state(&good), FoundState::Complete(_, Authentic::Yes)));
    let FoundState::Damaged(None, words) = state(&broken) else { panic!() };
    assert!(words.starts_with("manifest.json cannot be read") && !words.contains('\u{1b}'), "{words}");
    assert_eq!(state(&swapped), FoundState::Damaged(None, "manifest.json is that of another backup".to_owned()));
    assert_eq!(state(&newer), FoundState::Newer(2));
    let FoundState::Damaged(Some(_), words) = state(&cut) else { panic!() };
    assert_eq!(words, "s-state-00001.seg is missing");
    assert_eq!(inventory.strangers.len(), 2, "{:?}", inventory.strangers);
    for (place, kind) in [(&newer, Kind::Newer(2)), (&cut, Kind::Damaged("s-state-00001.seg is missing".to_owned()))] {
        assert_eq!(rig.vault.fetch(place, &rig.target(), &Progress::new().0).await.unwrap_err().kind, kind);
    }
}
