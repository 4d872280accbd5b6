//! One kill after the other, and what must hold after each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

use palette_console::api::JobState;
use palette_console::backup::{Level, Manifest, Place};
use palette_console::ops::rename;

use super::ground::Ground;
use super::oracle::{Oracle, Seen};
use super::plane::Plane;
use super::twin::Twin;

const LOCATION: &str = "ground";
/// Longest wait before a kill; jobs on these small states take less.
const LONGEST: Duration = Duration::from_millis(1_500);

/// What is killed in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Create,
    /// A create that is followed by a retention pass with something to delete.
    Expire,
    Delete,
    Restore,
    /// A second plane recovers from the location, with the key of the first.
    Recover,
}

impl Deed {
    /// The deeds by their shares in the runs.
    const SHARES: [Self; 10] = {
        use Deed::{Create, Delete, Expire, Recover, Restore};
        [Create, Create, Create, Expire, Expire, Delete, Delete, Restore, Recover, Recover]
    };

    /// What comes next; `KILL_DEED` names what is done every time.
    fn draw(random: &mut fastrand::Rng) -> Self {
        let drawn = Self::SHARES[random.usize(..Self::SHARES.len())];
        let Ok(word) = std::env::var("KILL_DEED") else { return drawn };
        let wanted = Self::SHARES.iter().find(|deed| format!("{deed:?}").eq_ignore_ascii_case(&word));
        *wanted.unwrap_or_else(|| panic!("KILL_DEED names no deed: {word}"))
    }
}

/// What happened, for the record.
#[derive(Default)]
struct Tally {
    deeds: BTreeMap<Deed, usize>,
    done: usize,
    verified: usize,
}

struct Field {
    ground: Ground,
    home: tempfile::TempDir,
    plane: Plane,
    plane_uid: String,
    twin: Twin,
    oracle: Oracle,
    gateway: String,
    random: fastrand::Rng,
    names: usize,
    /// Those that were deleted, or that retention takes sooner or later.
    may_go: BTreeSet<Place>,
    tally: Tally,
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

pub async fn runs(ground: Ground) {
    let count = setting("KILL_RUNS").unwrap_or(10);
    let seed = setting("KILL_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("KILL_SEED={seed} repeats this run on {}", ground.name);
    let mut field = Field::new(ground, seed).await;
    for run in 0..count {
        field.run(run).await;
    }
    field.finish(count).await;
}

impl Field {
    async fn new(ground: Ground, seed: u64) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let home = tempfile::tempdir().unwrap();
        let plane = Plane::start(home.path()).await;
        plane.client.set_location(&ground.location(LOCATION)).await.unwrap();
        let gateway = plane.client.overlords().await.unwrap().remove(0).metadata.uid;
        let plane_uid = plane.client.capabilities().plane_uid;
        let first = plane.client.start_backup(LOCATION).await.unwrap();
        assert_eq!(plane.job(&first.job_uid).await.state, JobState::Completed);
        let key = plane.client.export_recovery_key().await.unwrap();
        let twin = Twin::start(&ground.location(LOCATION), &key).await;
        let oracle = Oracle::new(ground.store.clone(), home.path(), &plane_uid, &twin.key().await);
        let random = fastrand::Rng::with_seed(seed);
        Self {
            ground,
            home,
            plane,
            plane_uid,
            twin,
            oracle,
            gateway,
            random,
            names: 0,
            may_go: BTreeSet::new(),
            tally: Tally::default(),
        }
    }

    fn choose(&mut self, before: &Seen) -> Deed {
        match Deed::draw(&mut self.random) {
            // One stays to be restored.
            Deed::Delete if self.restorable(before).len() < 2 => Deed::Restore,
            deed => deed,
        }
    }

    async fn run(&mut self, run: u64) {
        let mut before = self.oracle.look().await;
        let deed = self.choose(&before);
        *self.tally.deeds.entry(deed).or_default() += 1;
        if deed == Deed::Expire {
            self.plant_old_ones().await;
            before = self.oracle.look().await;
        }
        let places: Vec<Place> = self.restorable(&before);
        let target = places.get(self.random.usize(..places.len().max(1))).cloned().expect("a backup is there");
        let (was, job) = self.begin(deed, &target).await;
        // The moment is random on purpose: no event marks the places where a process may die.
        tokio::time::sleep(LONGEST.mul_f64(self.random.f64())).await;
        let (killed, home) = match deed {
            Deed::Recover => (&mut self.twin.plane, &self.twin.home),
            _ => (&mut self.plane, &self.home),
        };
        killed.kill();
        *killed = Plane::start(home.path()).await;
        let ended = killed.job(&job).await;
        let after = self.oracle.look_when_settled().await;
        let context =
            format!("run {run}: {deed:?} of {target:?} ended {:?} ({}); {after:?}", ended.state, ended.result);
        assert!(after.others.is_empty(), "something half-made is left; {context}");
        if deed == Deed::Delete {
            assert!(!after.complete.contains_key(&target), "a deletion was not finished; {context}");
            self.may_go.insert(target.clone());
        }
        for (place, manifest) in before.complete.iter().filter(|(place, _)| !self.may_go.contains(place)) {
            assert_eq!(after.complete.get(place), Some(manifest), "a backup was lost or changed; {context}");
        }
        if matches!(deed, Deed::Create | Deed::Expire) {
            assert_eq!(ended.state, JobState::Completed, "{context}");
            assert!(after.complete.keys().any(|place| place.uid.as_str() == ended.backup_uid), "{context}");
        }
        let completed = ended.state == JobState::Completed;
        match deed {
            Deed::Recover => {
                self.twin.is_old_or_new(&was, &self.gateway, completed, &context).await;
                self.twin.recovers_again(LOCATION, &target, &self.gateway, &context).await;
            }
            _ => self.names_hold(deed, &was, completed, &context).await,
        }
        self.tally.done += usize::from(completed);
        self.verify_one(&after).await;
    }

    /// Plants what the next retention pass takes, more of it than always stays. Meanwhile nobody may sweep: half-made and as old as
    /// they say, these look like remainders where the server dates nothing (vsftpd).
    async fn plant_old_ones(&mut self) {
        self.plane.kill();
        for _ in 0..4 {
            let old = self.oracle.plant_an_old_one().await;
            self.may_go.insert(old);
        }
        self.plane = Plane::start(self.home.path()).await;
    }

    /// Those that hold the first plane's state.
    fn restorable(&self, seen: &Seen) -> Vec<Place> {
        let state = |manifest: &Manifest| manifest.streams.iter().any(|stream| stream.name == "plane");
        let own = seen.complete.iter().filter(|(place, _)| place.plane_uid == self.plane_uid);
        own.filter(|(_, manifest)| state(manifest)).map(|(place, _)| place.clone()).collect()
    }

    /// Begins a deed; the gateway's name before it, and the job.
    async fn begin(&mut self, deed: Deed, target: &Place) -> (String, String) {
        let client = &self.plane.client;
        self.names += 1;
        let name = format!("marker-{}", self.names);
        match deed {
            Deed::Recover => self.twin.mark(&name).await,
            _ => rename::run(client, &self.gateway, &name).await.unwrap(),
        }
        let started = match deed {
            Deed::Create | Deed::Expire => client.start_backup(LOCATION).await,
            Deed::Delete => client.start_deletion(LOCATION, target.uid.as_str()).await,
            Deed::Restore => client.start_restore(LOCATION, target.uid.as_str()).await,
            Deed::Recover => self.twin.plane.client.start_recovery(LOCATION, target.uid.as_str()).await,
        };
        (name, started.unwrap().job_uid)
    }

    /// The state is the old one or the new one, and the job tells which.
    async fn names_hold(&self, deed: Deed, was: &str, completed: bool, context: &str) {
        let now = self.plane.name_of(&self.gateway).await;
        if deed == Deed::Restore && completed {
            assert_ne!(now, was, "a restore that completed changed nothing; {context}");
        } else {
            assert_eq!(now, was, "the state changed though nothing was restored; {context}");
        }
    }

    async fn verify_one(&mut self, seen: &Seen) {
        let places: Vec<_> = seen.complete.keys().filter(|place| !self.may_go.contains(place)).collect();
        let place = places.get(self.random.usize(..places.len())).expect("a backup is there");
        let faults = self.oracle.verify(place, Level::Data).await;
        assert!(faults.is_empty(), "{place:?}: {faults:?}");
        self.tally.verified += 1;
    }

    async fn finish(mut self, count: u64) {
        let seen = self.oracle.look().await;
        for place in self.restorable(&seen) {
            let faults = self.oracle.verify(&place, Level::Full).await;
            assert!(faults.is_empty(), "{place:?}: {faults:?}");
            self.tally.verified += 1;
        }
        // Past the test harness, so that the counts are always seen.
        let _ = writeln!(
            std::io::stderr(),
            "kill -9 on {} ({}): {count} runs {:?}, {} jobs completed, {} verifications, nothing lost, nothing half-made",
            self.ground.name,
            self.ground.store.address(),
            self.tally.deeds,
            self.tally.done,
            self.tally.verified
        );
    }
}
