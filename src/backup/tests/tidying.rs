use chrono::TimeDelta;

use super::outages::{Fault, Watched};
use super::rig::{Rig, given};
use crate::backup::*;
use crate::clock::Clock;
use crate::storage::{self, Store};

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
    assert_eq!(swept, Swept { removed: vec![place], ..Swept::default() });
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

#[tokio::test]
async fn a_full_server_can_be_emptied() {
    let rig = Rig::new();
    let place = rig.backup(5000).await;
    let full = |call: &str, _: &storage::ObjectPath| (call == "put").then_some(Fault::Before(storage::Kind::Full));
    let vault = rig.through(std::sync::Arc::new(Watched::scripted(rig.memory.clone(), full)));
    vault.delete(&place, &Progress::new().0).await.unwrap();
    assert_eq!(rig.names(), ["format"]);
}

#[tokio::test]
async fn what_a_cut_deletion_leaves_on_a_full_server_never_looks_whole_and_is_swept() {
    let rig = Rig::new();
    let place = rig.backup(5000).await;
    let script = |call: &str, path: &storage::ObjectPath| match call {
        "put" => Some(Fault::Before(storage::Kind::Full)),
        "delete" if path.name() != "manifest.json" => Some(Fault::Before(storage::Kind::Denied)),
        _ => None,
    };
    let vault = rig.through(std::sync::Arc::new(Watched::scripted(rig.memory.clone(), script)));
    assert!(vault.delete(&place, &Progress::new().0).await.is_err());
    assert_eq!(rig.vault.look(&place).await.unwrap().state, FoundState::Incomplete);
    rig.clock.advance(TimeDelta::hours(25));
    assert_eq!(rig.vault.sweep(&[]).await.unwrap().removed, [place]);
    assert_eq!(rig.names(), ["format"]);
}

#[tokio::test]
async fn a_folder_that_may_not_be_entered_is_never_taken_for_an_empty_one() {
    let rig = Rig::new();
    let (hidden, shown) = (rig.backup(3000).await, rig.backup(3000).await);
    let (folder, before) = (layout::folder(&hidden).unwrap(), rig.memory.paths());
    let store = std::sync::Arc::new(Watched::new(rig.memory.clone(), || {}));
    // A server that would remove it whatever lies in it.
    *store.empty.lock().unwrap() = vec![folder.clone()];
    *store.closed.lock().unwrap() = vec![folder.clone()];
    let vault = rig.through(store.clone());
    rig.clock.advance(TimeDelta::days(30));
    let inventory = vault.list(Known::new()).await.unwrap();
    assert_eq!(inventory.found.iter().map(|found| &found.place).collect::<Vec<_>>(), [&shown]);
    assert_eq!((&inventory.strangers, &inventory.closed), (&vec![folder.to_string()], &vec![folder.clone()]));
    let policy = retention::Policy { retention_days: 7, min_good: 1, most: 10 };
    let plan = retention::plan(&inventory.found, "plane-1", policy, rig.clock.now());
    assert!(plan.expired.is_empty(), "what is hidden does not make the other one superfluous: {plan:?}");
    assert_eq!(vault.sweep(&[]).await.unwrap(), Swept::default());
    assert_eq!((store.empty.lock().unwrap().len(), rig.memory.paths()), (1, before));
    // Where it is not closed, the same folder is one that goes.
    store.closed.lock().unwrap().clear();
    rig.memory.delete(&rig.path(&hidden, "manifest.json")).await.unwrap();
    vault.sweep(&[]).await.unwrap();
    assert_eq!(rig.memory.paths().iter().filter(|path| path.is_below(&folder)).count(), 0);
}

#[tokio::test]
async fn what_a_trial_that_was_cut_left_behind_goes_when_it_is_a_day_old() {
    let rig = Rig::new();
    let good = rig.backup(100).await;
    let old = storage::scratch::fresh(rig.clock.now());
    for name in ["blob", "folder/folder/object"] {
        let path = name.split('/').fold(old.clone(), |path, part| path.join(part).unwrap());
        rig.memory.plant(path, "x".into());
    }
    rig.memory.plant(storage::scratch::fresh(rig.clock.now()), "".into());
    let others = ["palbackup/probe-notes/blob", "palbackup/other", "probe-0123456789ab"];
    for other in others {
        rig.memory.plant(storage::ObjectPath::new(other).unwrap(), "x".into());
    }
    let all = rig.memory.paths().len();
    rig.clock.advance(TimeDelta::hours(24));
    rig.vault.sweep(&[]).await.unwrap();
    assert_eq!(rig.memory.paths().len(), all);
    rig.clock.advance(TimeDelta::seconds(1));
    let young = storage::scratch::fresh(rig.clock.now()).join("blob").unwrap();
    rig.memory.plant(young.clone(), "x".into());
    rig.vault.sweep(&[]).await.unwrap();
    let left = rig.memory.paths();
    assert_eq!(left.len(), all + 1 - 3, "{left:?}");
    assert!(left.contains(&young) && others.iter().all(|other| left.iter().any(|path| path.as_str() == *other)));
    assert!(rig.vault.verify(&good, Level::Full, &Progress::new().0).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn a_trial_that_cannot_be_removed_keeps_nobody_from_removing_the_others() {
    let rig = Rig::new();
    let trials: Vec<storage::ObjectPath> =
        (0..2).map(|_| storage::scratch::fresh(rig.clock.now()).join("blob").unwrap()).collect();
    for stays in 0..2 {
        trials.iter().for_each(|path| rig.memory.plant(path.clone(), "x".into()));
        rig.clock.advance(TimeDelta::hours(25));
        let stuck = trials[stays].clone();
        let script = move |call: &str, path: &storage::ObjectPath| {
            (call == "delete" && *path == stuck).then_some(Fault::Before(storage::Kind::Denied))
        };
        let vault = rig.through(std::sync::Arc::new(Watched::scripted(rig.memory.clone(), script)));
        // It is nobody's backup: the pass is a good one all the same.
        assert_eq!(vault.sweep(&[]).await.unwrap(), Swept::default());
        assert_eq!(rig.memory.paths(), [trials[stays].clone()]);
    }
}

#[tokio::test]
async fn trials_are_found_by_one_listing_however_many_they_are() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let rig = Rig::new();
    for _ in 0..5 {
        rig.memory.plant(storage::scratch::fresh(rig.clock.now()).join("blob").unwrap(), "x".into());
        rig.memory.plant(storage::scratch::fresh(rig.clock.now()), "".into());
    }
    rig.clock.advance(TimeDelta::hours(25));
    let listed = std::sync::Arc::new(AtomicUsize::new(0));
    let count = listed.clone();
    let script = move |call: &str, path: &storage::ObjectPath| {
        count.fetch_add(usize::from(call == "list" && path.as_str() == storage::scratch::OURS), Ordering::SeqCst);
        None
    };
    rig.through(std::sync::Arc::new(Watched::scripted(rig.memory.clone(), script))).sweep(&[]).await.unwrap();
    assert_eq!((rig.memory.paths(), listed.load(Ordering::SeqCst)), (Vec::new(), 1));
}

#[tokio::test]
async fn a_remainder_that_cannot_be_swept_is_told_beside_what_was() {
    let rig = Rig::new();
    let places = [half_made(&rig).await, half_made(&rig).await];
    rig.clock.advance(TimeDelta::hours(25));
    let stuck = rig.path(&places[0], "s-state-00001.seg");
    let script = move |call: &str, path: &storage::ObjectPath| {
        (call == "delete" && *path == stuck).then_some(Fault::Before(storage::Kind::Denied))
    };
    let vault = rig.through(std::sync::Arc::new(Watched::scripted(rig.memory.clone(), script)));
    let swept = vault.sweep(&[]).await.unwrap();
    assert_eq!(swept.removed, places[1..]);
    let failed = swept.failed.unwrap();
    assert!(failed.to_string().starts_with("cannot sweep up after earlier backups: "), "{failed}");
    assert!(matches!(failed.kind, Kind::Storage(error) if error.kind == storage::Kind::Denied));
}
