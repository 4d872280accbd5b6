//! Death at every call to the store, before it, after it and half-way through, of the process and of the network.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use palette_console::backup::retention::{self, Policy};
use palette_console::backup::{Error, FoundState, Known, Place, Vault};
use palette_console::clock::Clock;

use super::mortal::{DEATHS, Death, EFFECTS, Mortal};
use super::world::{World, fetched_whole, quiet, sources};

const POLICY: Policy = Policy { retention_days: 7, min_good: 2, most: 10 };

/// What one dies in.
trait Work {
    /// Does it.
    fn run<'a>(&'a self, world: &'a World, vault: &'a Vault) -> BoxFuture<'a, Result<(), Error>>;
    /// The backups that it may change.
    fn touches(&self) -> Vec<Place>;
    /// Whether it reads only, and leaves every object as it is.
    fn reads_only(&self) -> bool {
        false
    }
}

/// Dies at every point of `work`; how many points there were.
async fn die_everywhere(base: &World, work: &dyn Work) -> usize {
    let mut points = 0;
    let before = base.complete().await.unwrap();
    for death in DEATHS {
        for effect in EFFECTS {
            for at in 1.. {
                let world = base.copy().await;
                let mortal = Mortal::new(world.memory.clone(), at, effect, death);
                let vault = world.process(mortal.clone());
                let ended = mortal.lives(work.run(&world, &vault)).await;
                if !mortal.is_dead() {
                    assert!(ended.is_some_and(|ended| ended.is_ok()), "alive, and yet it failed");
                    assert!(at > 3, "there was hardly anything to die in");
                    break;
                }
                assert!(death == Death::Network || ended.is_none(), "dead, and yet it ended");
                points += usize::from(mortal.struck());
                let what = format!("{death:?} dead at call {at}, {effect:?}");
                holds(base, &before, &world, work, &what).await;
            }
        }
    }
    points
}

/// What must hold whenever one died.
async fn holds(base: &World, before: &BTreeSet<Place>, world: &World, work: &dyn Work, what: &str) {
    let touched = work.touches();
    let complete = world.complete().await.unwrap_or_else(|words| panic!("{what}: {words}"));
    let untouched = |place: &&Place| !touched.contains(place);
    assert!(before.iter().filter(untouched).all(|place| complete.contains(place)), "{what}: a backup is gone");
    let now = world.others(&touched).await;
    let same = base.others(&touched).await.iter().all(|(path, bytes)| now.get(path) == Some(bytes));
    assert!(same, "{what}: another backup was changed");
    if work.reads_only() {
        assert!(world.objects().await == base.objects().await, "{what}: something was written");
    }
    // The next process finds its way from here, at once and after the sweep.
    let next = world.copy().await;
    let again = work.run(&next, &next.vault()).await;
    assert!(again.is_ok(), "{what}: a second run failed: {again:?}");
    world.later(25);
    let swept = world.vault().sweep(&[]).await;
    assert!(swept.as_ref().is_ok_and(|swept| swept.failed.is_none()), "{what}: {swept:?}");
    let orphans = world.orphans().await.unwrap_or_else(|words| panic!("{what}: {words}"));
    assert!(orphans.is_empty(), "{what}: {orphans:?} stay");
    let again = work.run(world, &world.vault()).await;
    assert!(again.is_ok(), "{what}: a run after the sweep failed: {again:?}");
    assert!(world.orphans().await.is_ok_and(|orphans| orphans.is_empty()), "{what}: the second run left something");
}

struct Create;

impl Work for Create {
    fn run<'a>(&'a self, world: &'a World, vault: &'a Vault) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let order = world.order();
            let sources = sources(&order.uid);
            let manifest = vault.create(order, sources, &quiet()).await?;
            let place = super::world::place(&manifest);
            let complete = world.complete().await;
            assert!(complete.is_ok_and(|complete| complete.contains(&place)), "it said that it was done");
            Ok(())
        })
    }
    fn touches(&self) -> Vec<Place> {
        Vec::new()
    }
}

struct Delete(Place);

impl Work for Delete {
    fn run<'a>(&'a self, world: &'a World, vault: &'a Vault) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            vault.delete(&self.0, &quiet()).await?;
            let left = world.memory.paths().into_iter().any(|path| path.as_str().contains(self.0.uid.as_str()));
            assert!(!left, "it said that it was done");
            Ok(())
        })
    }
    fn touches(&self) -> Vec<Place> {
        vec![self.0.clone()]
    }
}

/// What a plane does after a backup and every day.
struct Pass(Vec<Place>);

impl Work for Pass {
    fn run<'a>(&'a self, world: &'a World, vault: &'a Vault) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let inventory = vault.list(Known::new()).await?;
            let plan = retention::plan(&inventory.found, &vault.plane_uid, POLICY, world.clock.now());
            assert!(plan.expired.iter().all(|place| self.0.contains(place)), "{:?}", plan.expired);
            for place in &plan.expired {
                vault.delete(place, &quiet()).await?;
            }
            vault.sweep(&[]).await?.failed.map_or(Ok(()), Err)
        })
    }
    fn touches(&self) -> Vec<Place> {
        self.0.clone()
    }
}

struct Fetch(Place);

impl Work for Fetch {
    fn run<'a>(&'a self, world: &'a World, vault: &'a Vault) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let target = world.target();
            let fetched = fetched_whole(vault, &self.0, &target).await;
            assert!(!target.exists(), "something of it stayed");
            fetched.map(|same| assert!(same, "it said that it was done"))
        })
    }
    fn touches(&self) -> Vec<Place> {
        Vec::new()
    }
    fn reads_only(&self) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn create_dies_everywhere_and_only_what_is_complete_is_shown_as_that() {
    let base = World::new();
    base.backup().await;
    let points = die_everywhere(&base, &Create).await;
    let empty = die_everywhere(&World::new(), &Create).await;
    println!("crash points of create: {points} beside another backup, {empty} in an empty location");
    assert!(points > 60, "{points}");
}

#[tokio::test(start_paused = true)]
async fn delete_dies_everywhere_and_can_always_be_finished() {
    let base = World::new();
    let victim = base.backup().await;
    base.backup().await;
    let points = die_everywhere(&base, &Delete(victim)).await;
    println!("crash points of delete: {points}");
    assert!(points > 40, "{points}");
}

#[tokio::test(start_paused = true)]
async fn retention_and_sweep_die_everywhere_and_enough_good_ones_stay() {
    let base = World::new();
    let mut old = vec![base.backup().await, base.backup().await];
    // One that was never finished, and one whose deletion was cut short.
    for kind in 0..2 {
        let mortal = Mortal::new(base.memory.clone(), 9, EFFECTS[2 * kind], Death::Process);
        let vault = base.process(mortal.clone());
        let place = if kind == 0 {
            let order = base.order();
            let place = Place { plane_uid: vault.plane_uid.clone(), uid: order.uid.clone() };
            let sources = sources(&order.uid);
            assert!(mortal.lives(vault.create(order, sources, &quiet())).await.is_none());
            place
        } else {
            let place = base.backup().await;
            assert!(mortal.lives(vault.delete(&place, &quiet())).await.is_none());
            place
        };
        let state = base.vault().look(&place).await.unwrap().state;
        assert!(matches!(state, FoundState::Incomplete | FoundState::Deleting(_)), "{state:?}");
        old.push(place);
    }
    base.later(8 * 24);
    base.backup().await;
    base.backup().await;
    // Copies carry the time at which they are made; the sweep of what is a day old is what `holds` runs.
    let points = die_everywhere(&base, &Pass(old)).await;
    println!("crash points of retention and sweep: {points}");
    assert!(points > 60, "{points}");
}

#[tokio::test(start_paused = true)]
async fn fetch_dies_everywhere_and_leaves_nothing() {
    let base = World::new();
    let place = base.backup().await;
    let points = die_everywhere(&base, &Fetch(place)).await;
    println!("crash points of fetch: {points}");
    // How many segments there are hangs on the uid.
    assert!(points > 20, "{points}");
    let left = std::fs::read_dir(base.dir.path()).unwrap().count();
    assert_eq!(left, 1, "only the key is left in {:?}", Arc::clone(&base.dir));
}
