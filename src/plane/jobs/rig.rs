//! A plane for tests of its jobs: nobody is served, its clock is moved by hand, and its locations lie in memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::{Orders, Stop};
use crate::api::backup::{BackupSpec, FtpSpec, Sensitive};
use crate::api::location::{Location, LocationStatus};
use crate::api::words::{JobKind, JobState, Mode, VerifyLevel};
use crate::clock::{Clock, ManualClock};
use crate::plane::actor::Actor;
use crate::plane::backups::begin::Order;
use crate::plane::running::unserved;
use crate::plane::settings::Settings;
use crate::plane::state::SharedPlane;
use crate::plane::store::jobs::{self, Row};
use crate::storage::memory::Memory;
use crate::storage::probe::Steps;
use crate::storage::{Answer, Error, Kind, Listing, ObjectPath, ServerClock, Store};

/// See the module.
pub struct Ground {
    pub plane: SharedPlane,
    pub clock: Arc<ManualClock>,
    /// How often the plane asked what time it is.
    pub asked: Arc<AtomicUsize>,
    pub place: Arc<Odd>,
    pub stop: watch::Sender<bool>,
    _dir: tempfile::TempDir,
}

impl Ground {
    /// A plane, and what is ordered of it.
    pub fn new() -> (Self, Orders) {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap());
        let place = Arc::new(Odd::new(clock.clone()));
        let (mut settings, store) = (Settings::sandbox(dir.path()), place.clone());
        let asked = Arc::<AtomicUsize>::default();
        settings.clock = Arc::new(Counted { clock: clock.clone(), asked: asked.clone() });
        settings.segment_bytes = 64 << 10;
        settings.schedules = true;
        settings.stores_of = Arc::new(move |_, _| Ok(store.clone() as Arc<dyn Store>));
        let (plane, orders) = unserved(settings);
        (Self { plane, clock, asked, place, stop: watch::channel(false).0, _dir: dir }, orders)
    }

    pub fn stopping(&self) -> Stop {
        self.stop.subscribe()
    }

    /// Configures a location with a backup every so many days from today on, at an hour; the clock begins at 12.
    pub async fn configure(&self, name: &str, interval: i64, hour: i64) {
        let location = Location {
            name: name.to_owned(),
            mode: Mode::Ftp,
            backup_spec: BackupSpec { hour_of_the_day: hour, interval, retention_period: 90 },
            ftp: Some(FtpSpec {
                server: "ftp://127.0.0.1:2121".to_owned(),
                dir: name.to_owned(),
                username: "u".to_owned(),
                password: Sensitive("p".to_owned()),
            }),
            ..Location::default()
        };
        self.plane.save_location(Actor::plane(), location).await.unwrap();
    }

    pub async fn status(&self, name: &str) -> LocationStatus {
        let stored = self.plane.location(name).await.unwrap();
        self.plane.location_view(&stored).await.unwrap().status
    }

    /// What the status says of retention.
    pub async fn said(&self, name: &str) -> Vec<String> {
        let warnings = self.status(name).await.warnings;
        warnings.into_iter().filter(|words| words.starts_with("Retention")).collect()
    }

    /// Changes the database past the plane.
    pub async fn sql(&self, sql: &'static str) {
        self.plane.store.write(move |transaction| Ok(transaction.execute_batch(sql)?)).await.unwrap();
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        self.plane.store.read(move |connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).await.unwrap()
    }

    pub async fn jobs(&self, kind: JobKind) -> Vec<Row> {
        let all = self.plane.store.read(|connection| Ok(jobs::list(connection)?)).await.unwrap();
        all.into_iter().filter(|row| row.kind == kind).collect()
    }

    /// A job in `ftp` as it lies in the database, begun now by the plane.
    pub fn row(&self, uid: &str, kind: JobKind) -> Row {
        Row {
            uid: uid.to_owned(),
            kind,
            location: "ftp".to_owned(),
            mode: Mode::Ftp,
            backup_uid: String::new(),
            owner: self.plane.identity.get().plane_uid.clone(),
            level: VerifyLevel::Data,
            state: JobState::Running,
            actor: Actor::plane(),
            slot: None,
            started: self.plane.now(),
            finished: None,
            attempts: 1,
            retry_at: None,
            stale: Vec::new(),
            checks: Vec::new(),
            result: String::new(),
            advice: String::new(),
        }
    }

    pub async fn put(&self, row: &Row) {
        let row = row.clone();
        self.plane.store.write(move |transaction| jobs::put(transaction, &row)).await.unwrap();
    }

    pub async fn job(&self, uid: &str) -> Row {
        let uid = uid.to_owned();
        self.plane.store.read(move |connection| Ok(jobs::get(connection, &uid)?)).await.unwrap().expect("the job")
    }

    /// Waits, on tokio's paused time, until nothing is under way any more.
    pub async fn until_idle(&self) {
        let idle = async {
            while !self.plane.store.read(|connection| Ok(jobs::unfinished(connection)?)).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(3600), idle).await.expect("every job ends");
    }

    /// Makes a backup as a person does; its uid.
    pub async fn backup(&self, location: &str) -> String {
        let person = Actor::stranger("admin", "");
        let started = self.plane.begin(Order::new(JobKind::Create, location, &Mode::Ftp, person)).await.unwrap();
        self.until_idle().await;
        let made = self.jobs(JobKind::Create).await.into_iter().find(|row| row.uid == started.job_uid).unwrap();
        assert_eq!(made.state, JobState::Completed, "{}", made.result);
        made.backup_uid
    }
}

/// A clock that counts who looks at it.
struct Counted {
    clock: Arc<ManualClock>,
    asked: Arc<AtomicUsize>,
}

impl Clock for Counted {
    fn now(&self) -> DateTime<Utc> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.clock.now()
    }
}

/// A place in memory with moods.
pub struct Odd {
    pub memory: Memory,
    clock: Arc<ManualClock>,
    mood: Mutex<Mood>,
    /// Folders that may not be entered.
    closed: Mutex<Vec<ObjectPath>>,
    /// How often it was read whole.
    pub walks: AtomicUsize,
    /// How many writes did not arrive.
    pub stuck: AtomicUsize,
}

/// How a place behaves.
#[derive(Clone, Copy, Default)]
pub struct Mood {
    /// How long it takes to read it whole.
    pub slow: Duration,
    /// It cannot be read whole.
    pub refuses: bool,
    /// How far its clock is ahead.
    pub ahead: TimeDelta,
    /// Nothing that is written arrives.
    pub stuck: bool,
    /// It does not answer at all.
    pub away: bool,
    /// Who asks it meets a fault of the program.
    pub panics: bool,
    /// What it shows of itself.
    pub remark: Option<&'static str>,
}

impl Odd {
    fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            memory: Memory::new(clock.clone()),
            clock,
            mood: Mutex::default(),
            closed: Mutex::default(),
            walks: AtomicUsize::default(),
            stuck: AtomicUsize::default(),
        }
    }

    /// From now on nobody may enter this folder.
    pub fn close(&self, folder: ObjectPath) {
        self.closed.lock().unwrap().push(folder);
    }

    fn refusal(&self, operation: &str, kind: Kind) -> Error {
        let (reason, advice) = ("it was told to refuse".to_owned(), "Ask it nicely.".to_owned());
        Error { operation: operation.to_owned(), place: self.address(), kind, reason, advice }
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

impl Store for Odd {
    fn address(&self) -> String {
        "memory".to_owned()
    }

    fn put<'a>(&'a self, path: &'a ObjectPath, bytes: Bytes) -> Answer<'a, ()> {
        Box::pin(async move {
            if self.mood().stuck {
                self.stuck.fetch_add(1, Ordering::Relaxed);
                std::future::pending::<()>().await;
            }
            self.memory.put(path, bytes).await
        })
    }

    fn get<'a>(&'a self, path: &'a ObjectPath, most: usize) -> Answer<'a, Bytes> {
        self.memory.get(path, most)
    }

    fn size<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, Option<u64>> {
        self.memory.size(path)
    }

    fn list<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(async move {
            let mood = self.mood();
            assert!(!mood.panics, "told to panic");
            if mood.away { Err(self.refusal("list", Kind::Unreachable)) } else { self.memory.list(folder).await }
        })
    }

    fn walk<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, Listing> {
        Box::pin(async move {
            let mood = self.mood();
            tokio::time::sleep(mood.slow).await;
            self.walks.fetch_add(1, Ordering::Relaxed);
            if mood.refuses {
                return Err(self.refusal("list everything", Kind::Denied));
            }
            let mut listing = self.memory.walk(folder).await?;
            listing.closed = self.closed.lock().unwrap().clone();
            listing.entries.retain(|entry| !listing.closed.iter().any(|closed| entry.path.is_below(closed)));
            Ok(listing)
        })
    }

    fn delete<'a>(&'a self, path: &'a ObjectPath) -> Answer<'a, ()> {
        Box::pin(async move {
            assert!(!self.mood().panics, "told to panic");
            self.memory.delete(path).await
        })
    }

    fn delete_folder<'a>(&'a self, folder: &'a ObjectPath) -> Answer<'a, ()> {
        self.memory.delete_folder(folder)
    }

    fn prove_connection<'a>(&'a self, steps: &'a mut Steps<'_>) -> BoxFuture<'a, bool> {
        self.memory.prove_connection(steps)
    }

    fn prove_writing<'a>(&'a self, steps: &'a mut Steps<'_>, scratch: &'a ObjectPath) -> BoxFuture<'a, bool> {
        self.memory.prove_writing(steps, scratch)
    }

    fn remarks(&self) -> Vec<String> {
        self.mood().remark.iter().map(|&words| words.to_owned()).collect()
    }

    fn server_clock(&self) -> Option<ServerClock> {
        let ours = self.now();
        Some(ServerClock { server: ours + self.mood().ahead, ours })
    }

    fn concurrency(&self) -> usize {
        2
    }
}
