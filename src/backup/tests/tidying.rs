use chrono::TimeDelta;

use super::outages::{Fault, Watched};
use super::rig::{Rig, given};
use crate::backup::*;
use crate::storage;

async fn half_made(rig: &Rig) -> Place {
    let order = rig.order();
    let place = Place { plane_uid: "plane-1".to_owned(), uid: order.uid.clone() };
    let vault = rig.vault.clone();
    // A process that dies: from the third segment on nothing reaches the store any more.
    let script = |call: &str, path: &storage::ObjectPath| {
        let dead = path.name() == "s-state-00003.seg" || call == "delete";
        dead.then_some(Fault::Before(storage::Kind::Denied))
    };
    let store = std::sync::Arc::new(Watched::scripted(rig.memory.clone(), script));
    assert!(Vault { store, ..vault }.create(order, given(9000), &Progress::new().0).await.is_err());
    place
}

#[tokio::test]
async fn a_half_made_backup_is_swept_after_a_day_unless_it_is_alive() {
    let rig = Rig::new();
    let place = half_made(&rig).await;
    rig.clock.advance(TimeDelta::hours(24));
    assert_eq!(rig.vault.sweep(&[]).await.unwrap(), Swept::default());
    rig.clock.advance(TimeDelta::hours(1));
    assert_eq!(rig.vault.sweep(std::slice::from_ref(&place.uid)).await.unwrap(), Swept::default());
    let swept = rig.vault.sweep(&[]).await.unwrap();
    assert_eq!(swept, Swept { removed: vec![place], finished: Vec::new() });
    assert_eq!(rig.memory.paths(), Vec::new());
}

#[tokio::test]
async fn a_sweep_touches_neither_good_backups_nor_strangers_nor_other_planes() {
    let rig = Rig::new();
    rig.backup(3000).await;
    let half = half_made(&rig).await;
    let theirs = Place { plane_uid: "plane-2".to_owned(), uid: half.uid.clone() };
    rig.memory.plant(rig.path(&theirs, "s-state-00001.seg"), "x".into());
    rig.memory.plant(rig.path(&half, "notes.txt"), "hello".into());
    let before = rig.memory.paths();
    rig.clock.advance(TimeDelta::hours(25));
    let swept = rig.vault.sweep(&[]).await.unwrap();
    assert_eq!(swept.removed, vec![half.clone()]);
    let folder = layout::folder(&half).unwrap();
    let notes = rig.path(&half, "notes.txt");
    let stay = |path: &storage::ObjectPath| !path.is_below(&folder) || *path == notes;
    assert_eq!(rig.memory.paths(), before.into_iter().filter(stay).collect::<Vec<_>>());
    let inventory = rig.vault.list(Known::new()).await.unwrap();
    assert_eq!(inventory.strangers, [format!("notes.txt in the backup {}", half.uid)]);
    assert_eq!(inventory.found.len(), 2);
}

#[tokio::test]
async fn a_deletion_that_stops_anywhere_is_finished_and_never_looks_whole() {
    let rig = Rig::new();
    let place = rig.backup(5000).await;
    let script = |_: &str, path: &storage::ObjectPath| {
        (path.name() == "s-state-00003.seg").then_some(Fault::Before(storage::Kind::Denied))
    };
    let vault = rig.through(std::sync::Arc::new(Watched::scripted(rig.memory.clone(), script)));
    assert!(vault.delete(&place, &Progress::new().0).await.is_err());
    let FoundState::Deleting(Some(manifest)) = rig.vault.look(&place).await.unwrap().state else { panic!() };
    assert_eq!(manifest.uid, place.uid);
    assert_eq!(rig.vault.fetch(&place, &rig.target(), &Progress::new().0).await.unwrap_err().kind, Kind::Deleting);
    let swept = rig.vault.sweep(&[]).await.unwrap();
    assert_eq!(swept.finished, vec![place.clone()]);
    assert_eq!(rig.names(), ["format"]);
    rig.vault.delete(&place, &Progress::new().0).await.unwrap();
    assert_eq!(rig.vault.look(&place).await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn leftovers_of_uploads_go_with_their_backup() {
    let rig = Rig::new();
    let place = rig.backup(3000).await;
    rig.memory.plant(rig.path(&place, "s-state-00002.seg.part"), "half".into());
    assert!(matches!(rig.vault.look(&place).await.unwrap().state, FoundState::Complete(_, Authentic::Yes)));
    rig.vault.delete(&place, &Progress::new().0).await.unwrap();
    assert_eq!(rig.names(), ["format"]);
}

#[tokio::test]
async fn a_damaged_backup_can_be_deleted() {
    let rig = Rig::new();
    let place = rig.backup(3000).await;
    rig.memory.plant(rig.path(&place, "manifest.json"), vec![0xff; 2 << 20].into());
    rig.vault.delete(&place, &Progress::new().0).await.unwrap();
    assert_eq!(rig.names(), ["format"]);
}

#[tokio::test]
async fn empty_folders_of_this_plane_go_when_they_are_a_day_old() {
    let rig = Rig::new();
    let kept = rig.backup(100).await;
    let uids: Vec<BackupUid> = (0..2).map(|_| rig.order().uid).collect();
    let place = |plane_uid: &str, uid: &BackupUid| Place { plane_uid: plane_uid.to_owned(), uid: uid.clone() };
    let folder = |plane_uid, uid| layout::folder(&place(plane_uid, uid)).unwrap();
    let store = std::sync::Arc::new(Watched::new(rig.memory.clone(), || {}));
    let odd = storage::ObjectPath::new("palbackup/c/plane-1/b/odd").unwrap();
    let all = [folder("plane-1", &uids[0]), folder("plane-1", &uids[1]), folder("plane-2", &uids[0]), odd.clone()];
    *store.empty.lock().unwrap() = all.to_vec();
    let vault = rig.through(store.clone());
    vault.sweep(&[]).await.unwrap();
    assert_eq!(*store.empty.lock().unwrap(), all);
    rig.clock.advance(TimeDelta::hours(25));
    vault.sweep(&uids[1..]).await.unwrap();
    assert_eq!(*store.empty.lock().unwrap(), all[1..]);
    assert!(vault.verify(&kept, Level::Full, &Progress::new().0).await.unwrap().faults.is_empty());
}
