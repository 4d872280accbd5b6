//! Thirty simulated days of a plane with three locations, a store call in twenty failing, processes dying, schedules and
//! retention going on. What was promised must hold after every action.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use futures_util::future::BoxFuture;
use palette_console::backup::retention::{self, Policy};
use palette_console::backup::{BackupUid, Error, FoundState, Known, Level, Order, Place};
use palette_console::clock::Clock;
use palette_console::schedule::Schedule;
use palette_console::storage::memory::Memory;
use palette_console::storage::probe::Steps;
use palette_console::storage::{self, Answer, Kind, Listing, ObjectPath, ServerClock, Store};

use super::mortal::{Death, EFFECTS, Mortal};
use super::world::{World, fetched_whole, place, quiet, sources};

const DAYS: i64 = 30;
const POLICY: Policy = Policy { retention_days: 5, min_good: 3, most: 10 };

/// A store where one call in twenty fails, most of the time in a way that passes.
struct Unlucky {
    inner: Arc<Memory>,
    luck: Mutex<Rng>,
    faults: Mutex<usize>,
}

impl Unlucky {
    fn run<'a, T: Send + 'a>(&'a self, work: Answer<'a, T>) -> Answer<'a, T> {
        let (strikes, passes, after) = {
            let mut luck = self.luck.lock().unwrap();
            (luck.u8(..20) == 0, luck.u8(..10) > 0, luck.bool())
        };
        Box::pin(async move {
            tokio::task::yield_now().await;
            if !strikes {
                return work.await;
            }
            *self.faults.lock().unwrap() += 1;
            if after {
                drop(work.await);
            }
            Err(storage::Error {
                operation: "do that".to_owned(),
                place: "memory".to_owned(),
                kind: if passes { Kind::Busy } else { Kind::Denied },
                reason: "bad luck".to_owned(),
                advice: String::new(),
            })
        })
    }
}

impl Store for Unlucky {
    fn address(&self) -> String {
        self.inner.address()
    }
    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        self.run(Box::pin(async move { self.inner.put(path, bytes).await }))
    }
    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        self.run(self.inner.get(path, most))
    }
    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        self.run(self.inner.size(path))
    }
    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        self.run(self.inner.list(folder))
    }
    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        self.run(self.inner.walk(folder))
    }
    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        self.run(Box::pin(async move { self.inner.delete(path).await }))
    }
    fn delete_folder<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, ()> {
        self.run(Box::pin(async move { self.inner.delete_folder(folder).await }))
    }
    fn prove_connection<'a>(&'a self, steps: &'a mut Steps<'_>) -> BoxFuture<'a, bool> {
        self.inner.prove_connection(steps)
    }
    fn prove_writing<'a>(&'a self, steps: &'a mut Steps<'_>, scratch: &'a ObjectPath) -> BoxFuture<'a, bool> {
        self.inner.prove_writing(steps, scratch)
    }
    fn remarks(&self) -> Vec<String> {
        self.inner.remarks()
    }
    fn server_clock(&self) -> Option<ServerClock> {
        self.inner.server_clock()
    }
    fn concurrency(&self) -> usize {
        self.inner.concurrency()
    }
}

/// One location, and what its plane was promised of it.
struct Location {
    world: World,
    unlucky: Arc<Unlucky>,
    schedule: Schedule,
    /// Backups that were said to be made, and not deleted since.
    made: Vec<Place>,
    /// Backups whose deletion was begun: they may be there, half there or gone.
    going: Vec<Place>,
    known: Known,
}

#[derive(Default)]
struct Counts(BTreeMap<&'static str, usize>);

impl Counts {
    fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

impl Location {
    fn new(interval: u32, seed: u64) -> Self {
        let world = World::new();
        let luck = Mutex::new(Rng::with_seed(seed));
        let unlucky = Arc::new(Unlucky { inner: world.memory.clone(), luck, faults: Mutex::default() });
        let anchor = world.clock.now().date_naive();
        let schedule = Schedule { interval, hour: 3, retention: POLICY.retention_days, anchor };
        Self { world, unlucky, schedule, made: Vec::new(), going: Vec::new(), known: Known::new() }
    }

    fn now(&self) -> DateTime<Utc> {
        self.world.clock.now()
    }

    fn order(&self, slot: Option<DateTime<Utc>>) -> Order {
        Order { slot, ..self.world.order() }
    }

    async fn create(&mut self, order: Order, counts: &mut Counts) {
        let uid = order.uid.clone();
        match self.world.process(self.unlucky.clone()).create(order, sources(&uid), &quiet()).await {
            Ok(manifest) => {
                counts.add("backups made");
                self.made.push(place(&manifest));
            }
            Err(_) => counts.add("backups that failed"),
        }
    }

    /// A process that dies at some moment of a create.
    async fn die_creating(&mut self, random: &mut Rng, counts: &mut Counts) {
        let effect = EFFECTS[random.usize(..3)];
        let mortal = Mortal::new(self.world.memory.clone(), random.usize(1..30), effect, Death::Process);
        let vault = self.world.process(mortal.clone());
        let order = self.order(None);
        let uid = order.uid.clone();
        match mortal.lives(vault.create(order, sources(&uid), &quiet())).await {
            Some(made) => self.made.push(place(&made.unwrap())),
            None => {
                counts.add("deaths while creating");
                self.restart(uid, random).await;
            }
        }
    }

    /// The next process knows of the job; sometimes it dies, too, before it has cleared up.
    async fn restart(&mut self, uid: BackupUid, random: &mut Rng) {
        let vault = self.world.process(self.unlucky.clone());
        if random.bool() {
            let _ = vault.abandon(&uid).await;
        }
        let place = Place { plane_uid: vault.plane_uid, uid };
        let committed = self.world.complete().await.unwrap().contains(&place);
        if committed {
            self.made.push(place);
        }
    }

    async fn delete(&mut self, victim: Place, dies: Option<&mut Rng>, counts: &mut Counts) {
        self.made.retain(|place| *place != victim);
        self.going.push(victim.clone());
        let deleted = match dies {
            Some(random) => {
                let effect = EFFECTS[random.usize(..3)];
                let mortal = Mortal::new(self.world.memory.clone(), random.usize(1..14), effect, Death::Process);
                let vault = self.world.process(mortal.clone());
                counts.add("deletions that may have died");
                mortal.lives(vault.delete(&victim, &quiet())).await.is_some_and(|deleted| deleted.is_ok())
            }
            None => self.world.process(self.unlucky.clone()).delete(&victim, &quiet()).await.is_ok(),
        };
        if deleted {
            counts.add("deletions");
            self.going.retain(|place| *place != victim);
            let gone = self.world.vault().look(&victim).await;
            assert!(gone.is_err(), "{} was said to be deleted: {gone:?}", victim.uid);
        }
    }

    async fn pass(&mut self, counts: &mut Counts) {
        let vault = self.world.process(self.unlucky.clone());
        let Ok(inventory) = vault.list(std::mem::take(&mut self.known)).await else { return };
        self.known = inventory.known;
        let plan = retention::plan(&inventory.found, &vault.plane_uid, POLICY, self.now());
        let before = self.made.len();
        for victim in plan.expired {
            counts.add("expired");
            self.delete(victim, None, counts).await;
        }
        assert!(self.made.len() >= before.min(POLICY.min_good), "retention left {} of {before}", self.made.len());
        if let Ok(swept) = vault.sweep(&[]).await {
            *counts.0.entry("swept").or_default() += swept.finished.len() + swept.removed.len();
            match swept.failed {
                None => counts.add("sweeps"),
                Some(error) => assert_bad_luck(&error),
            }
        }
    }

    async fn prove_one(&self, random: &mut Rng, counts: &mut Counts) {
        let Some(one) = random.choice(&self.made) else { return };
        let vault = self.world.process(self.unlucky.clone());
        if random.bool() {
            let level = [Level::Quick, Level::Data, Level::Full][random.usize(..3)];
            match vault.verify(one, level, &quiet()).await {
                Ok(verdict) => {
                    counts.add("verified");
                    assert!(verdict.faults.is_empty(), "{}: {:?}", one.uid, verdict.faults);
                }
                Err(error) => assert_bad_luck(&error),
            }
            return;
        }
        match fetched_whole(&vault, one, &self.world.target()).await {
            Ok(same) => {
                counts.add("fetched");
                assert!(same, "{} came back as something else", one.uid);
            }
            Err(error) => assert_bad_luck(&error),
        }
    }

    /// The scheduler, as it begins anew: the newest slot is run unless a backup names it.
    async fn tick(&mut self, begin: DateTime<Utc>, counts: &mut Counts) {
        let Some(slot) = self.schedule.last_at(self.now()).filter(|slot| *slot > begin) else { return };
        let slots = self.slots().await;
        if !slots.contains(&slot) && self.now() - slot < TimeDelta::days(i64::from(self.schedule.interval)) {
            counts.add("slots run");
            let order = self.order(Some(slot));
            self.create(order, counts).await;
        }
    }

    async fn slots(&self) -> Vec<DateTime<Utc>> {
        let inventory = self.world.vault().list(Known::new()).await.unwrap();
        let slots = inventory.found.into_iter().filter_map(|found| match found.state {
            FoundState::Complete(manifest, _) => manifest.slot,
            FoundState::Deleting(manifest) => manifest?.slot,
            _ => None,
        });
        slots.collect()
    }

    /// What must hold at any time.
    async fn holds(&self, counts: &mut Counts) {
        counts.add("checks");
        let inventory = self.world.vault().list(Known::new()).await.unwrap();
        let good = |place: &Place| {
            let state = inventory.found.iter().find(|found| found.place == *place).map(|found| &found.state);
            matches!(state, Some(FoundState::Complete(..)))
        };
        for place in &self.made {
            assert!(good(place), "{} was made and is not there", place.uid);
        }
        for found in &inventory.found {
            let known = self.made.contains(&found.place) || self.going.contains(&found.place);
            let is_half = matches!(found.state, FoundState::Incomplete | FoundState::Deleting(_));
            // A create whose tidying up failed may have been committed after it was said to have failed.
            let late = matches!(found.state, FoundState::Complete(..));
            assert!(known || is_half || late, "{found:?}");
        }
        let mut slots = self.slots().await;
        slots.sort();
        assert!(slots.windows(2).all(|pair| pair[0] < pair[1]), "a slot was run twice: {slots:?}");
    }

    /// All is calm for two days: nothing stays that nobody owns, and everything promised is whole.
    async fn calm(&mut self, counts: &mut Counts) {
        self.world.later(48);
        assert_eq!(self.world.vault().sweep(&[]).await.unwrap().failed, None);
        let orphans = self.world.orphans().await.unwrap();
        assert!(orphans.is_empty(), "{orphans:?}");
        let complete = self.world.complete().await.unwrap();
        assert!(self.made.iter().all(|place| complete.contains(place)));
        *counts.0.entry("whole at the end").or_default() += complete.len();
    }
}

fn assert_bad_luck(error: &Error) {
    assert!(error.to_string().contains("bad luck"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn thirty_days_of_bad_luck_lose_nothing() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    println!("endurance: SEED={seed}");
    let (mut random, mut counts) = (Rng::with_seed(seed), Counts::default());
    let mut locations: Vec<Location> = (0..3).map(|n| Location::new(n + 1, seed + u64::from(n))).collect();
    let begin = locations[0].now();
    while locations[0].now() < begin + TimeDelta::days(DAYS) {
        let minutes = random.i64(20..240);
        locations.iter().for_each(|location| location.world.clock.advance(TimeDelta::minutes(minutes)));
        for location in &mut locations {
            location.tick(begin, &mut counts).await;
        }
        let location = &mut locations[random.usize(..3)];
        counts.add("actions");
        match random.u8(..100) {
            0..20 => location.create(location.order(None), &mut counts).await,
            20..30 => location.die_creating(&mut random, &mut counts).await,
            30..55 => location.pass(&mut counts).await,
            55..85 => location.prove_one(&mut random, &mut counts).await,
            roll => {
                // The newest good ones are never deleted by hand here, so that retention alone answers for them.
                let old = location.made.len().saturating_sub(POLICY.min_good);
                if let Some(victim) = random.choice(&location.made[..old]).cloned() {
                    let dies = (roll < 93).then_some(&mut random);
                    location.delete(victim, dies, &mut counts).await;
                }
            }
        }
        location.holds(&mut counts).await;
    }
    for location in &mut locations {
        location.calm(&mut counts).await;
    }
    let faults: usize = locations.iter().map(|location| *location.unlucky.faults.lock().unwrap()).sum();
    println!("endurance: {DAYS} days, 3 locations, {faults} faults, 0 violations; {:?}", counts.0);
    assert!(faults > 200 && counts.0["backups made"] > 60, "{faults} {:?}", counts.0);
}
