//! Two planes on one store, each with backups, deaths, retention and sweeps of its own, at the same time: neither touches
//! what is the other's, ever.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use fastrand::Rng;
use palette_console::backup::retention::{self, Policy};
use palette_console::backup::{Authentic, FoundState, KeyRing, Known, Level, Place, Vault};
use palette_console::clock::Clock;
use palette_console::storage::ObjectPath;
use palette_console::storage::faulty::{Call, Faulty};

use super::mortal::{Death, EFFECTS, Effect, Mortal};
use super::world::{World, place, quiet, sources};

const POLICY: Policy = Policy { retention_days: 5, min_good: 2, most: 10 };
const ROUNDS: usize = 30;
const SEEDS: u64 = 8;

/// What a plane does in a round.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Create,
    DieCreating,
    DieDeleting,
    Pass,
}

const DEEDS: [Deed; 6] = [Deed::Create, Deed::Create, Deed::Create, Deed::DieCreating, Deed::DieDeleting, Deed::Pass];

/// One of the planes.
struct Plane<'a> {
    world: &'a World,
    uid: &'static str,
    keys: KeyRing,
    random: Rng,
    /// Backups that were said to be made, and whose deletion was not begun.
    made: BTreeSet<Place>,
    expired: usize,
    swept: usize,
}

impl<'a> Plane<'a> {
    fn new(world: &'a World, uid: &'static str, seed: u64) -> Self {
        let keys = KeyRing::open(&world.dir.path().join(format!("{uid}-key.txt"))).unwrap();
        Self { world, uid, keys, random: Rng::with_seed(seed), made: BTreeSet::new(), expired: 0, swept: 0 }
    }

    /// A process that dies at a call, over a log of every call. Each call lets the other plane go on.
    fn process(&self, dies_at: usize, effect: Effect) -> (Vault, Arc<Mortal>, Arc<Faulty>) {
        let mortal = Mortal::new(self.world.memory.clone(), dies_at, effect, Death::Process);
        let log = Arc::new(Faulty::new(mortal.clone()));
        let vault =
            Vault { plane_uid: self.uid.to_owned(), keys: self.keys.clone(), ..self.world.process(log.clone()) };
        (vault, mortal, log)
    }

    async fn act(&mut self) {
        let deed = DEEDS[self.random.usize(..DEEDS.len())];
        let effect = EFFECTS[self.random.usize(..EFFECTS.len())];
        let dies_at = match deed {
            Deed::Create | Deed::Pass => usize::MAX,
            Deed::DieCreating => self.random.usize(2..25),
            Deed::DieDeleting => self.random.usize(2..14),
        };
        let (vault, mortal, log) = self.process(dies_at, effect);
        match deed {
            Deed::Create | Deed::DieCreating => {
                let order = self.world.order();
                let sources = sources(&order.uid);
                if let Some(made) = mortal.lives(vault.create(order, sources, &quiet())).await {
                    self.made.insert(place(&made.unwrap()));
                }
            }
            Deed::DieDeleting => {
                if let Some(victim) = self.made.pop_first() {
                    mortal.lives(vault.delete(&victim, &quiet())).await;
                }
            }
            Deed::Pass => self.pass(&vault).await,
        }
        self.touched_only_its_own(&log, deed);
    }

    async fn pass(&mut self, vault: &Vault) {
        let inventory = vault.list(Known::new()).await.unwrap();
        let plan = retention::plan(&inventory.found, self.uid, POLICY, self.world.clock.now());
        for victim in plan.expired {
            self.made.remove(&victim);
            self.expired += 1;
            vault.delete(&victim, &quiet()).await.unwrap();
        }
        let swept = vault.sweep(&[]).await.unwrap();
        assert_eq!(swept.failed, None);
        self.swept += swept.removed.len() + swept.finished.len();
        assert!(swept.removed.iter().chain(&swept.finished).all(|place| place.plane_uid == self.uid));
    }

    fn touched_only_its_own(&self, log: &Faulty, deed: Deed) {
        let own = ObjectPath::new(&format!("palbackup/c/{}", self.uid)).unwrap();
        for (call, path) in log.log() {
            let changes = matches!(call, Call::Put | Call::Delete | Call::DeleteFolder);
            let format = call == Call::Put && path.as_str() == "palbackup/format";
            assert!(!changes || format || path.is_below(&own), "{} touched {path} ({call:?}, {deed:?})", self.uid);
        }
    }

    /// Everything that was made is there, and whole.
    async fn keeps_what_it_made(&self, level: Level) {
        let (vault, ..) = self.process(usize::MAX, Effect::Before);
        let found = vault.list(Known::new()).await.unwrap().found;
        for place in &self.made {
            let state = found.iter().find(|found| found.place == *place).map(|found| &found.state);
            assert!(matches!(state, Some(FoundState::Complete(_, Authentic::Yes))), "{place:?} is {state:?}");
            if level != Level::Quick {
                assert!(vault.verify(place, level, &quiet()).await.unwrap().faults.is_empty(), "{place:?}");
            }
        }
    }
}

#[tokio::test]
async fn two_planes_on_one_store_never_touch_what_is_the_others() {
    let (mut made, mut expired, mut swept) = (0, 0, 0);
    for seed in 0..SEEDS {
        let world = World::new();
        let (mut one, mut two) = (Plane::new(&world, "plane-1", seed), Plane::new(&world, "plane-2", seed + 1000));
        let mut hours = Rng::with_seed(seed);
        for _ in 0..ROUNDS {
            tokio::join!(one.act(), two.act());
            for plane in [&one, &two] {
                plane.keeps_what_it_made(Level::Quick).await;
            }
            world.clock.advance(TimeDelta::hours(hours.i64(0..36)));
        }
        for plane in [one, two] {
            plane.keeps_what_it_made(Level::Full).await;
            made += plane.made.len();
            expired += plane.expired;
            swept += plane.swept;
        }
    }
    // Otherwise nothing was tried.
    assert!(made > 20 && expired > 20 && swept > 20, "{made} made, {expired} expired, {swept} swept");
}
