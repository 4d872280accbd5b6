//! Trying a location before it is used: every step that a backup will need, in its order, each with the reason and the
//! remedy where it fails. Leaves nothing behind.

use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::scratch::{self, OURS};
use super::{Error, Kind, Listing, MOST_SKEW, ObjectPath, Store};
use crate::text;

/// Bytes of the object that is written: enough for several packets and pieces, little enough for a slow line.
const BLOB: usize = 1 << 20;
/// Longest time for one step. A backend that tries again on passing errors would go on for much longer.
const LONGEST_STEP: Duration = Duration::from_secs(90);

/// How one step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Good; what was found.
    Passed(String),
    /// Works, with a remark that stays: plain FTP, an object lock, a clock that is off.
    Warning(String),
    /// Does not work.
    Failed(Error),
    /// Not tried, and why.
    Skipped(String),
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was tried, such as `Sign in`.
    pub name: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// What is to be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// That the place can be read; writes nothing.
    Read,
    /// That it can be written, listed and cleaned up.
    Write,
    /// Both.
    ReadWrite,
}

/// A step begins, or has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This step begins.
    Begins(&'static str),
    /// It has ended.
    Ended(Check),
}

/// The checks of a probe as they happen: each is told when it begins and when it has ended.
pub struct Steps<'a> {
    done: Vec<Check>,
    tell: &'a mut (dyn FnMut(Event) + Send),
}

impl<'a> Steps<'a> {
    /// No step yet.
    pub fn new(tell: &'a mut (dyn FnMut(Event) + Send)) -> Self {
        Self { done: Vec::new(), tell }
    }

    /// Runs one step and notes how it went; whether it went well enough to go on.
    pub async fn step(&mut self, name: &'static str, work: impl Future<Output = Outcome> + Send) -> bool {
        (self.tell)(Event::Begins(name));
        let begin = Instant::now();
        let check = Check { name, outcome: work.await, took: begin.elapsed() };
        (self.tell)(Event::Ended(check.clone()));
        let goes_on = !matches!(check.outcome, Outcome::Failed(_));
        self.done.push(check);
        goes_on
    }

    /// Notes a step that is not tried.
    pub fn skip(&mut self, name: &'static str, why: &str) {
        let check = Check { name, outcome: Outcome::Skipped(why.to_owned()), took: Duration::ZERO };
        (self.tell)(Event::Ended(check.clone()));
        self.done.push(check);
    }

    /// Every check so far.
    #[must_use]
    pub fn finish(self) -> Vec<Check> {
        self.done
    }
}

/// Tries a store; tells of every step as it happens. Good where no check failed. What is written is named after `now`.
pub async fn probe(
    store: &dyn Store,
    permission: Permission,
    now: DateTime<Utc>,
    tell: &mut (dyn FnMut(Event) + Send),
) -> Vec<Check> {
    let mut steps = Steps::new(tell);
    let trial = Trial::new(store, permission, now);
    if store.prove_connection(&mut steps).await {
        trial.run(&mut steps).await;
    } else {
        for name in trial.names() {
            steps.skip(name, "an earlier step failed");
        }
    }
    steps.finish()
}

/// The steps that are the same everywhere.
struct Trial<'a> {
    store: &'a dyn Store,
    permission: Permission,
    /// Everything that is written lies in it.
    scratch: ObjectPath,
    blob: ObjectPath,
    nested: ObjectPath,
    bytes: Bytes,
}

impl<'a> Trial<'a> {
    fn new(store: &'a dyn Store, permission: Permission, now: DateTime<Utc>) -> Self {
        let mut random = vec![0; BLOB];
        fastrand::fill(&mut random);
        // Every part is one: `below` cannot fail.
        let below = |folder: &ObjectPath, path: &str| {
            path.split('/').fold(folder.clone(), |path, part| path.join(part).unwrap_or(path))
        };
        let scratch = scratch::fresh(now);
        let (blob, nested) = (below(&scratch, "blob"), below(&scratch, "folder/folder/object"));
        Self { store, permission, scratch, blob, nested, bytes: random.into() }
    }

    /// The steps in their order.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let (reads, writes) = (self.permission != Permission::Write, self.permission != Permission::Read);
        let all = [
            ("List", true),
            ("Write", writes),
            ("Size", writes),
            ("Read back", reads && writes),
            ("Find in the listing", writes),
            ("Nested folders", writes),
            ("Missing object", reads),
            ("Delete", writes),
            ("Clock", true),
        ];
        all.into_iter().filter_map(|(name, wanted)| wanted.then_some(name))
    }

    async fn run(&self, steps: &mut Steps<'_>) {
        let mut fresh = false;
        steps.step("List", limited(self.store, "list the location", self.list(&mut fresh))).await;
        if self.permission == Permission::Read {
            steps.step("Missing object", limited(self.store, "read", self.miss())).await;
        } else {
            self.write_and_clean(steps, fresh).await;
        }
        steps.step("Clock", async { self.clock() }).await;
    }

    /// Whatever happens between, what was written is removed again.
    async fn write_and_clean(&self, steps: &mut Steps<'_>, fresh: bool) {
        let written = steps.step("Write", limited(self.store, "write", self.write())).await;
        if written {
            self.look(steps).await;
            self.store.prove_writing(steps, &self.scratch).await;
        } else {
            for name in self.names().skip(2).filter(|name| !matches!(*name, "Delete" | "Clock")) {
                steps.skip(name, "nothing could be written");
            }
        }
        let cleaned = limited(self.store, "delete", self.clean(fresh));
        if written {
            steps.step("Delete", cleaned).await;
        } else {
            // A write that failed may have left something all the same, such as one whose answer was lost.
            cleaned.await;
            steps.skip("Delete", "nothing could be written");
        }
    }

    /// Each of these stands for itself: a person learns of every missing permission at once.
    async fn look(&self, steps: &mut Steps<'_>) {
        steps.step("Size", limited(self.store, "look at the object", self.size())).await;
        if self.permission == Permission::ReadWrite {
            steps.step("Read back", limited(self.store, "read", self.read_back())).await;
        }
        steps.step("Find in the listing", limited(self.store, "list", self.find())).await;
        steps.step("Nested folders", limited(self.store, "write", self.nest())).await;
        if self.permission == Permission::ReadWrite {
            steps.step("Missing object", limited(self.store, "read", self.miss())).await;
        }
    }

    async fn list(&self, fresh: &mut bool) -> Result<Outcome, Error> {
        let Listing { entries, folders, strangers, .. } = self.store.list(&ObjectPath::root()).await?;
        *fresh = !folders.iter().any(|name| name == OURS);
        if entries.is_empty() && folders.is_empty() && strangers.is_empty() {
            return Ok(Outcome::Passed("the location is empty".to_owned()));
        }
        let found = [(entries.len(), "object"), (folders.len(), "folder"), (strangers.len(), "other name")];
        let ours = if *fresh { "no backups yet" } else { "backups were written here before" };
        let words: Vec<String> = found.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| text::count(*n, noun)).collect();
        Ok(Outcome::Passed(format!("{}; {ours}", words.join(", "))))
    }

    async fn write(&self) -> Result<Outcome, Error> {
        self.store.put(&self.blob, self.bytes.clone()).await?;
        Ok(Outcome::Passed("1 MiB".to_owned()))
    }

    async fn size(&self) -> Result<Outcome, Error> {
        match self.store.size(&self.blob).await? {
            Some(size) if size == BLOB as u64 => Ok(Outcome::Passed(format!("{size} bytes, as written"))),
            Some(size) => Err(self.mismatch("look at the object", format!("it has {size} bytes instead of {BLOB}"))),
            None => Err(self.mismatch("look at the object", "it is not there although it was written".to_owned())),
        }
    }

    async fn read_back(&self) -> Result<Outcome, Error> {
        let read = self.store.get(&self.blob, BLOB).await?;
        if read == self.bytes {
            return Ok(Outcome::Passed("the same bytes".to_owned()));
        }
        Err(self.mismatch("read back what was written", "other bytes came back than were written".to_owned()))
    }

    async fn find(&self) -> Result<Outcome, Error> {
        let listing = self.store.list(&self.scratch).await?;
        match listing.entries.iter().find(|entry| entry.path == self.blob) {
            Some(entry) if entry.bytes.is_none_or(|size| size == BLOB as u64) => {
                Ok(Outcome::Passed("it is there".to_owned()))
            }
            Some(_) => Err(self.mismatch("list the folder", "the listing tells another size".to_owned())),
            None => Err(self.mismatch("list the folder", "the listing does not show what was written".to_owned())),
        }
    }

    async fn nest(&self) -> Result<Outcome, Error> {
        self.store.put(&self.nested, Bytes::from_static(b"palette-console tries this location\n")).await?;
        let listing = self.store.walk(&self.scratch).await?;
        if listing.entries.iter().any(|entry| entry.path == self.nested) {
            return Ok(Outcome::Passed("an object three folders down is found".to_owned()));
        }
        Err(self.mismatch("list nested folders", "what lies in a folder of a folder is not found".to_owned()))
    }

    async fn miss(&self) -> Result<Outcome, Error> {
        let Ok(missing) = self.scratch.join("missing") else { return Ok(Outcome::Skipped(String::new())) };
        match self.store.get(&missing, 1).await {
            Err(error) if error.kind == Kind::NotFound => Ok(Outcome::Passed("it is told as missing".to_owned())),
            Err(error) => Err(error),
            Ok(_) => Err(self.mismatch("read a name that does not exist", "the server answers with bytes".to_owned())),
        }
    }

    async fn clean(&self, fresh: bool) -> Result<Outcome, Error> {
        // What cannot be listed is deleted by name.
        let found = self.store.walk(&self.scratch).await.unwrap_or_default();
        let mut paths: Vec<ObjectPath> = found.entries.into_iter().map(|entry| entry.path).collect();
        paths.extend([self.blob.clone(), self.nested.clone()]);
        let mut failed = None;
        for path in &paths {
            if let Err(error) = self.store.delete(path).await {
                failed = Some(error);
            }
        }
        if let Some(mut error) = failed {
            error.advice = format!("{} What was written lies in {}.", error.advice, self.scratch).trim().to_owned();
            return Err(error);
        }
        self.clean_folders(fresh).await;
        for path in [&self.blob, &self.nested] {
            if self.store.size(path).await?.is_some() {
                return Err(self.mismatch("delete", format!("{path} is still there after it was deleted")));
            }
        }
        Ok(Outcome::Passed("nothing is left behind".to_owned()))
    }

    /// Innermost first. A folder that stays is no harm: it is empty.
    async fn clean_folders(&self, fresh: bool) {
        let (inner, outer) = (self.nested.folder(), self.nested.folder().folder());
        let ours = self.scratch.folder();
        for folder in [&inner, &outer, &self.scratch].into_iter().chain(fresh.then_some(&ours)) {
            let _ = self.store.delete_folder(folder).await;
        }
    }

    fn clock(&self) -> Outcome {
        let Some(clock) = self.store.server_clock() else {
            return Outcome::Skipped("the server does not tell its time".to_owned());
        };
        let ahead = clock.minutes_ahead();
        let (way, minutes) = if ahead < 0 { ("behind", -ahead) } else { ("ahead of", ahead) };
        match minutes {
            0 => Outcome::Passed("the clocks agree".to_owned()),
            minutes if (clock.ours - clock.server).abs() <= MOST_SKEW => {
                Outcome::Passed(format!("this machine's clock is {minutes} min {way} the server's"))
            }
            minutes => Outcome::Warning(format!(
                "this machine's clock is {minutes} min {way} the server's: retention goes by it, and S3 refuses from 15 \
                 minutes on; set both clocks right (NTP)"
            )),
        }
    }

    fn mismatch(&self, operation: &str, reason: String) -> Error {
        Error {
            operation: operation.to_owned(),
            place: self.store.address(),
            kind: Kind::Mismatch,
            reason,
            advice: "Backups cannot be relied on there; check the server's disks and its log.".to_owned(),
        }
    }
}

/// One step within its time.
async fn limited(store: &dyn Store, operation: &str, work: impl Future<Output = Result<Outcome, Error>>) -> Outcome {
    let late = || Error {
        operation: operation.to_owned(),
        place: store.address(),
        kind: Kind::Timeout,
        reason: format!("it was not done within {} s", LONGEST_STEP.as_secs()),
        advice: "Check that the server is well, and how fast the network is.".to_owned(),
    };
    let done = tokio::time::timeout(LONGEST_STEP, work).await;
    done.unwrap_or_else(|_| Err(late())).unwrap_or_else(Outcome::Failed)
}
