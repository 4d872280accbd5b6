use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::ExposeSecret;

use super::rig::{Given, Rig, given, noise};
use crate::backup::*;

#[tokio::test]
async fn two_streams_come_back_as_they_were() {
    let rig = Rig::new();
    let streams = [("objects", noise(7777)), ("volumes", vec![0; 100_000])];
    let sources = streams.iter().map(|(name, bytes)| Box::new(Given(name, bytes.clone())) as Box<dyn Source>).collect();
    let (progress, moment) = Progress::new();
    let manifest = rig.vault.create(rig.order(), sources, &progress).await.unwrap();
    assert_eq!(manifest.streams.iter().map(|stream| stream.name.as_str()).collect::<Vec<_>>(), ["objects", "volumes"]);
    let moment = moment.borrow().clone();
    assert_eq!((moment.phase, moment.plain_done, moment.plain_total), (Phase::Done, 107_777, Some(107_777)));
    assert_eq!(moment.stored_done, manifest.bytes());
    assert!(!rig.names().iter().any(|name| name.starts_with("begin-")), "{:?}", rig.names());

    let place = Place { plane_uid: "plane-1".to_owned(), uid: manifest.uid.clone() };
    for level in [Level::Quick, Level::Data, Level::Full] {
        assert_eq!(rig.vault.verify(&place, level, &Progress::new().0).await.unwrap(), Verdict::default());
    }
    let (progress, moment) = Progress::new();
    let fetched = rig.vault.fetch(&place, &rig.target(), &progress).await.unwrap();
    assert_eq!(fetched.manifest, manifest);
    for (name, bytes) in streams {
        let file = &fetched.files[name];
        assert!(std::fs::read(file).unwrap() == bytes, "{name}");
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let moment = moment.borrow().clone();
    assert_eq!((moment.plain_done, moment.stored_done), (107_777, manifest.bytes()));
}

#[tokio::test]
async fn every_way_to_store_a_stream_comes_back() {
    let rig = Rig::new();
    for (encrypted, level) in [(false, None), (false, Some(9)), (true, None), (true, Some(3))] {
        for bytes in [0, 1, 5000] {
            let order = Order { encrypted, level, ..rig.order() };
            let manifest = rig.vault.create(order, given(bytes), &Progress::new().0).await.unwrap();
            let place = Place { plane_uid: manifest.plane_uid.clone(), uid: manifest.uid };
            let into = rig.dir.path().join(place.uid.as_str());
            let fetched = rig.vault.fetch(&place, &into, &Progress::new().0).await.unwrap();
            assert!(std::fs::read(&fetched.files["state"]).unwrap() == noise(bytes), "{encrypted} {level:?} {bytes}");
            assert_eq!(rig.vault.verify(&place, Level::Full, &Progress::new().0).await.unwrap().faults.len(), 0);
        }
    }
    let objects = rig.vault.list(Known::new()).await.unwrap();
    assert_eq!((objects.found.len(), objects.strangers.len()), (12, 0));
}

#[tokio::test]
async fn a_folder_opens_by_hand_with_age_and_zstd() {
    let rig = Rig::new();
    let place = rig.backup(20_000).await;
    let files = rig.vault.files(&place).await.unwrap();
    assert_eq!(files[0].0, "manifest.json");
    let mut sealed = Vec::new();
    for (name, bytes) in &files[1..] {
        let file = rig.vault.file(&place, name).await.unwrap();
        assert_eq!(file.len() as u64, *bytes);
        sealed.extend_from_slice(&file);
    }
    let identity: age::x25519::Identity = rig.vault.keys.export().unwrap().expose_secret().parse().unwrap();
    let mut packed = Vec::new();
    let decryptor = age::Decryptor::new(sealed.as_slice()).unwrap();
    decryptor.decrypt(std::iter::once(&identity as _)).unwrap().read_to_end(&mut packed).unwrap();
    assert!(zstd::decode_all(packed.as_slice()).unwrap() == noise(20_000));
}

#[tokio::test]
#[ignore = "needs age zstd"]
async fn a_folder_opens_by_hand_with_age_and_zstd_themselves() {
    let rig = Rig::new();
    let place = rig.backup(20_000).await;
    let dir = rig.dir.path();
    for (name, _) in rig.vault.files(&place).await.unwrap() {
        std::fs::write(dir.join(&name), rig.vault.file(&place, &name).await.unwrap()).unwrap();
    }
    let command = format!("cat s-state-*.seg | age -d -i {} | zstd -d > state", key::FILE);
    let done = std::process::Command::new("bash").args(["-o", "pipefail", "-c", &command]).current_dir(dir).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(std::fs::read(dir.join("state")).unwrap() == noise(20_000));
}

#[tokio::test]
async fn what_is_written_holds_nothing_of_the_state_and_no_key() {
    let rig = Rig::new();
    let secret = b"hunter2 hunter2 hunter2".to_vec();
    let order = Order { level: None, ..rig.order() };
    rig.vault.create(order, vec![Box::new(Given("state", secret))], &Progress::new().0).await.unwrap();
    for path in rig.memory.paths() {
        let bytes = rig.vault.store.get(&path, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("hunter2") && !text.contains("AGE-SECRET"), "{path:?}");
    }
}

#[tokio::test]
async fn a_listing_shows_every_plane_newest_first() {
    let rig = Rig::new();
    let mut places = Vec::new();
    for _ in 0..3 {
        places.push(rig.backup(3000).await);
        rig.clock.advance(chrono::TimeDelta::hours(1));
    }
    let other = rig.other_plane();
    let theirs = other.create(rig.order(), given(10), &Progress::new().0).await.unwrap();
    let inventory = rig.vault.list(Known::new()).await.unwrap();
    let listed: Vec<&str> = inventory.found.iter().map(|found| found.place.uid.as_str()).collect();
    let expected: Vec<&str> =
        std::iter::once(theirs.uid.as_str()).chain(places.iter().rev().map(|place| place.uid.as_str())).collect();
    assert_eq!(listed, expected);
    assert!(matches!(inventory.found[0].state, FoundState::Complete(_, Authentic::KeyMissing)));
    let FoundState::Complete(manifest, Authentic::Yes) = &inventory.found[1].state else { panic!() };
    let overhead = rig.read(&places[2], "manifest.json").await.len() as u64;
    assert_eq!(inventory.found[1].bytes, manifest.bytes() + overhead);

    rig.vault.keys.import(&other.keys.export().unwrap()).unwrap();
    let now = rig.vault.list(inventory.known).await.unwrap();
    assert!(matches!(now.found[0].state, FoundState::Complete(_, Authentic::Yes)), "an imported key counts at once");
}

#[tokio::test]
async fn no_manifest_is_read_twice_unless_the_server_shows_that_one_was_written_since() {
    let rig = Rig::new();
    let (first, _) = (rig.backup(3000).await, rig.backup(3000).await);
    let reads = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = reads.clone();
    let watched = super::outages::Watched::scripted(rig.memory.clone(), move |call, path| {
        if call == "get" {
            noted.lock().unwrap().push(path.clone());
        }
        None
    });
    let vault = rig.through(std::sync::Arc::new(watched));
    let once = vault.list(Known::new()).await.unwrap();
    assert_eq!(std::mem::take(&mut *reads.lock().unwrap()).len(), 2);
    let twice = vault.list(once.known).await.unwrap();
    assert_eq!((twice.found, reads.lock().unwrap().len()), (once.found, 0));
    // Another of the same size is told by its date alone.
    rig.clock.advance(chrono::TimeDelta::seconds(1));
    let path = rig.path(&first, "manifest.json");
    let bytes = rig.read(&first, "manifest.json").await.len();
    rig.memory.plant(path.clone(), vec![b' '; bytes].into());
    let found = vault.list(twice.known).await.unwrap().found;
    assert_eq!(*reads.lock().unwrap(), [path]);
    let replaced = found.iter().find(|found| found.place == first).unwrap();
    assert!(matches!(replaced.state, FoundState::Damaged(None, _)), "{replaced:?}");
}

#[tokio::test]
async fn a_uid_that_is_taken_is_refused_and_nothing_of_it_is_touched() {
    let rig = Rig::new();
    let place = rig.backup(3000).await;
    let before = rig.memory.paths();
    let order = Order { uid: place.uid.clone(), ..rig.order() };
    let error = rig.vault.create(order, given(10), &Progress::new().0).await.unwrap_err();
    assert!(error.to_string().contains("something lies in its folder"), "{error}");
    assert_eq!(rig.memory.paths(), before);
}

#[tokio::test]
async fn a_source_that_fails_leaves_nothing_behind() {
    struct Failing;
    impl Source for Failing {
        fn stream(&self) -> &str {
            "bad"
        }
        fn open(&mut self, _: &std::path::Path) -> Result<sources::Opened, String> {
            Ok(sources::Opened { reader: Box::new(std::io::Cursor::new(noise(9000))), bytes: Some(9001) })
        }
    }
    let rig = Rig::new();
    let sources: Vec<Box<dyn Source>> = vec![Box::new(Given("state", noise(5000))), Box::new(Failing)];
    let error = rig.vault.create(rig.order(), sources, &Progress::new().0).await.unwrap_err();
    assert!(error.to_string().ends_with("the stream bad has 9000 bytes and not 9001, as it began with"), "{error}");
    assert_eq!(rig.memory.paths(), Vec::new());
}

#[tokio::test]
async fn a_location_of_a_newer_version_is_left_alone() {
    let rig = Rig::new();
    rig.memory.plant(layout::format().unwrap(), "{\"format\": 2}".into());
    let error = rig.vault.create(rig.order(), given(10), &Progress::new().0).await.unwrap_err();
    assert_eq!(error.kind, Kind::Newer(2));
    assert_eq!(rig.memory.paths().len(), 1);
}

/// A source of 200 times 1000 bytes, and how many of them were read.
struct Counting(Arc<AtomicUsize>);

impl Source for Counting {
    fn stream(&self) -> &str {
        "state"
    }
    fn open(&mut self, _: &std::path::Path) -> Result<sources::Opened, String> {
        Ok(sources::Opened { reader: Box::new(Reader(self.0.clone(), 200)), bytes: None })
    }
}

struct Reader(Arc<AtomicUsize>, usize);

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.1 == 0 {
            return Ok(0);
        }
        self.1 -= 1;
        self.0.fetch_add(1000, Ordering::SeqCst);
        buffer[..1000].fill(7);
        Ok(1000)
    }
}

#[tokio::test]
async fn the_largest_number_of_segments_in_memory_is_bounded() {
    // What a source was read to, against what a slow store has taken: never more than the segments that may wait.
    let rig = Rig::new();
    let read = Arc::new(AtomicUsize::new(0));
    let (progress, moment) = Progress::new();
    let order = Order { encrypted: false, level: None, ..rig.order() };
    let most = Arc::new(AtomicUsize::new(0));
    let store = super::outages::Watched::new(rig.memory.clone(), {
        let (read, most) = (read.clone(), most.clone());
        move || {
            let waiting = read.load(Ordering::SeqCst) - moment.borrow().stored_done as usize;
            most.fetch_max(waiting, Ordering::SeqCst);
        }
    });
    let vault = rig.through(Arc::new(store));
    vault.create(order, vec![Box::new(Counting(read.clone()))], &progress).await.unwrap();
    let most = most.load(Ordering::SeqCst);
    assert_eq!(read.load(Ordering::SeqCst), 200_000);
    assert!((2000..=6000).contains(&most), "{most}");
}

#[tokio::test]
async fn fields_that_decide_are_in_the_manifest() {
    let rig = Rig::new();
    let slot = Some(super::rig::start());
    let order = Order { slot, retention_days: 31, ..rig.order() };
    let manifest = rig.vault.create(order, given(10), &Progress::new().0).await.unwrap();
    let fingerprint = rig.vault.keys.current().unwrap();
    assert_eq!((manifest.slot, manifest.retention_days), (slot, 31));
    assert_eq!((manifest.encrypted_with, manifest.signed_with), (Some(fingerprint.clone()), fingerprint));
    let known = rig.vault.list(Known::new()).await.unwrap().known;
    assert_eq!(known.len(), 1);
}

#[tokio::test]
async fn every_job_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let rig = Rig::new();
    let place = rig.backup(100).await;
    let (vault, (progress, _watch)) = (&rig.vault, Progress::new());
    is_send(&vault.create(rig.order(), given(1), &progress));
    is_send(&vault.list(Known::new()));
    is_send(&vault.look(&place));
    is_send(&vault.verify(&place, Level::Full, &progress));
    is_send(&vault.fetch(&place, &rig.target(), &progress));
    is_send(&vault.files(&place));
    is_send(&vault.file(&place, ""));
    is_send(&vault.delete(&place, &progress));
    is_send(&vault.abandon(&place.uid));
    is_send(&vault.sweep(&[]));
}
