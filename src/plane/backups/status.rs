//! How a location fares: next run, newest good backup, newest failure, and the strip of the last thirty days.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::words::NOT_EXPORTED;
use crate::api::backup::Verified;
use crate::api::location::{Day, LocationStatus, LocationView};
use crate::api::words::{DayState, JobState};
use crate::plane::failure::Failure;
use crate::plane::state::Plane;
use crate::plane::store::backups::{self, Seen};
use crate::plane::store::housekeeping;
use crate::plane::store::jobs::{self, Row};
use crate::plane::store::locations::{self, Stored};
use crate::schedule::Schedule;

const DAYS: u64 = 30;

/// The schedule of a location; none where it is out of bounds.
#[must_use]
pub fn schedule(stored: &Stored) -> Option<Schedule> {
    let spec = stored.location.backup_spec;
    if !spec.problems().is_empty() {
        return None;
    }
    let number = |value: i64| u32::try_from(value).ok();
    Some(Schedule {
        interval: number(spec.interval)?,
        hour: number(spec.hour_of_the_day)?,
        retention: number(spec.retention_period)?,
        anchor: stored.created.date_naive(),
    })
}

/// What the database knows of a location.
struct Record {
    seen: Vec<Seen>,
    verified: HashMap<String, Verified>,
    creates: Vec<Row>,
    active: Option<Row>,
    /// What the last retention pass had to say.
    said: String,
}

impl Record {
    fn is_good(&self, seen: &Seen) -> bool {
        self.verified.get(&seen.uid).is_none_or(|verified| verified.good)
    }

    /// The newest failure that no good backup followed: a job, or a backup that a verification found damaged.
    fn failure(&self, last_good: Option<DateTime<Utc>>) -> Option<(DateTime<Utc>, String)> {
        let later = |at: DateTime<Utc>| last_good.is_none_or(|good| at > good);
        let failed = self.creates.iter().filter(|row| row.state == JobState::Error);
        let jobs = failed.filter_map(|row| Some((row.finished?, row.result.clone()))).filter(|(at, _)| later(*at));
        let there = self.seen.iter().filter(|seen| seen.gone.is_none() && later(seen.finished));
        let bad = there.filter_map(|seen| self.verified.get(&seen.uid)).filter(|verified| !verified.good);
        let bad = bad.filter_map(|verified| Some((verified.at?, verified.detail.clone())));
        jobs.chain(bad).max_by_key(|(at, _)| *at)
    }
}

impl Plane {
    /// A location and how it fares, from the database and from what is known of its place; the place itself is not asked.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn location_view(&self, stored: &Stored) -> Result<LocationView, Failure> {
        let (name, plane_uid) = (stored.location.name.clone(), self.identity.get().plane_uid.clone());
        let record = self
            .store
            .read(move |connection| {
                let mut seen = backups::list(connection, &name)?;
                seen.retain(|seen| seen.owner == plane_uid);
                let mut verified = HashMap::new();
                for seen in &seen {
                    let folder = backups::Folder { location: &name, owner: &seen.owner, uid: &seen.uid };
                    if let Some(found) = backups::verification(connection, folder)? {
                        verified.insert(seen.uid.clone(), found);
                    }
                }
                let creates = jobs::creates(connection, &name)?;
                let (active, said) = (jobs::active(connection, &name)?, housekeeping::said(connection, &name)?);
                Ok(Record { seen, verified, creates, active, said })
            })
            .await?;
        let status = self.status(stored, &record).await?;
        Ok(LocationView { location: stored.location.clone(), status })
    }

    async fn status(&self, stored: &Stored, record: &Record) -> Result<LocationStatus, Failure> {
        let now = self.now();
        let good = record.seen.iter().find(|seen| seen.gone.is_none() && record.is_good(seen));
        let failure = record.failure(good.map(|good| good.finished));
        let schedule = schedule(stored);
        let running = schedule.filter(|_| !stored.location.paused);
        let days = match &schedule {
            Some(schedule) => days(stored, record, schedule, now),
            None => Vec::new(),
        };
        Ok(LocationStatus {
            address: address(stored),
            next_run: running.and_then(|schedule| schedule.next_after(now)),
            last_good: good.map(|good| good.uid.clone()).unwrap_or_default(),
            last_good_at: good.map(|good| good.finished),
            last_verified: good.and_then(|good| record.verified.get(&good.uid).cloned()),
            last_failure_at: failure.as_ref().map(|(at, _)| *at),
            last_failure: failure.map(|(_, why)| why).unwrap_or_default(),
            active: record.active.as_ref().map(|row| self.job_view(row)),
            days,
            warnings: self.warnings(stored, schedule.as_ref(), &record.said).await?,
        })
    }

    async fn warnings(&self, stored: &Stored, schedule: Option<&Schedule>, said: &str) -> Result<Vec<String>, Failure> {
        let mut warnings = self.key_warning().await?.into_iter().collect::<Vec<_>>();
        warnings.extend(self.remarks(&stored.location.name).await?);
        if !said.is_empty() && !stored.location.paused {
            warnings.push(said.to_owned());
        }
        warnings.extend(schedule.map(Schedule::warnings).unwrap_or_default());
        if !stored.location.packing.encrypted {
            warnings.push(
                "Backups are not encrypted: whoever can read the location can read the plane's state.".to_owned(),
            );
        }
        Ok(warnings)
    }

    /// What stays worth a warning about a location's place. Before the first reading it is what the settings tell and what the
    /// server last showed.
    async fn remarks(&self, name: &str) -> Result<Vec<String>, Failure> {
        // A place that cannot be opened is told of wherever it is used.
        let shelf = self.shelf(name).await.ok().map(|(_, shelf)| shelf);
        let mut remarks = shelf.as_ref().map_or_else(Vec::new, |shelf| shelf.store.remarks());
        if self.backups.shelves.last(name).is_none() {
            let asked = name.to_owned();
            let last = self.store.read(move |connection| Ok(locations::remarks(connection, &asked)?)).await?;
            remarks.extend(last.into_iter().filter(|words| !remarks.contains(words)).collect::<Vec<_>>());
        }
        Ok(remarks)
    }

    /// What is to be said for as long as the key for new backups was never exported.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn key_warning(&self) -> Result<Option<String>, Failure> {
        let first = self.backups.keys.fingerprints().into_iter().next();
        let exported = match first {
            Some(key) => self.store.read(move |connection| Ok(backups::exported(connection, &key)?)).await?.is_some(),
            None => false,
        };
        Ok((!exported).then(|| NOT_EXPORTED.to_owned()))
    }
}

/// The place in a line.
#[must_use]
pub fn address(stored: &Stored) -> String {
    let location = &stored.location;
    if let Some(ftp) = &location.ftp {
        let server = ftp.server.trim_end_matches('/');
        let server = if server.contains("://") { server.to_owned() } else { format!("ftp://{server}") };
        return format!("{server}/{}", ftp.dir.trim_start_matches('/'));
    }
    location.s3.as_ref().map_or_else(String::new, |s3| {
        let folder = s3.folder.trim_matches('/');
        let at = &location.s3_options.endpoint;
        let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
        format!("s3://{}/{folder}{at}", s3.bucket)
    })
}

fn days(stored: &Stored, record: &Record, schedule: &Schedule, now: DateTime<Utc>) -> Vec<Day> {
    let today = now.date_naive();
    let dates = (0..DAYS).rev().filter_map(|back| today.checked_sub_days(Days::new(back)));
    dates.map(|date| day(stored, record, schedule, now, date)).collect()
}

fn day(stored: &Stored, record: &Record, schedule: &Schedule, now: DateTime<Utc>, date: NaiveDate) -> Day {
    let told = |state, detail: String| Day { date: date.to_string(), state, detail };
    let made = || record.seen.iter().filter(|seen| seen.finished.date_naive() == date);
    if made().any(|seen| seen.gone.is_none() && record.is_good(seen)) {
        return told(DayState::Good, String::new());
    }
    if let Some(bad) = made().find(|seen| seen.gone.is_none())
        && let Some(verified) = record.verified.get(&bad.uid)
    {
        return told(DayState::Failed, verified.detail.clone());
    }
    if made().next().is_some() {
        return told(DayState::Expired, String::new());
    }
    let tried = |row: &&Row| row.slot.unwrap_or(row.started).date_naive() == date;
    let mut rows = record.creates.iter().filter(tried);
    if let Some(failed) = rows.find(|row| row.state == JobState::Error) {
        return told(DayState::Failed, failed.result.clone());
    }
    let end = date.checked_add_days(Days::new(1)).and_then(|next| next.and_hms_opt(0, 0, 0));
    let slot = end.and_then(|end| schedule.last_at(end.and_utc() - chrono::TimeDelta::seconds(1)));
    let due = slot.filter(|slot| slot.date_naive() == date && *slot < now && *slot > stored.since);
    match due {
        // While a backup of today is being made, nothing was missed.
        Some(_) if record.active.is_some() && date == now.date_naive() => told(DayState::None, String::new()),
        Some(slot) if !stored.location.paused => {
            let detail = format!("The backup of {} was not made: the plane was not running.", slot.format("%H:%M UTC"));
            told(DayState::Missed, detail)
        }
        _ => told(DayState::None, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::backup::BackupSpec;
    use crate::api::location::Location;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn seen(uid: &str, finished: &str, gone: bool) -> Seen {
        let finished = at(finished);
        Seen { uid: uid.into(), owner: "p".into(), finished, gone: gone.then_some(finished) }
    }

    #[test]
    fn every_day_says_what_became_of_it() {
        let spec = BackupSpec { hour_of_the_day: 3, interval: 1, retention_period: 7 };
        let stored = Stored {
            location: Location { name: "ftp".into(), backup_spec: spec, ..Location::default() },
            sealed: String::new(),
            created: at("2026-11-10T10:00:00Z"),
            since: at("2026-11-10T10:00:00Z"),
            last_pass: None,
            prepared: false,
        };
        let bad = Verified { good: false, detail: "s-plane-00001.seg was changed.".into(), ..Verified::default() };
        let record = Record {
            seen: vec![
                seen("good", "2026-11-21T03:00:05Z", false),
                seen("bad", "2026-11-20T03:00:05Z", false),
                seen("gone", "2026-11-12T03:00:05Z", true),
            ],
            verified: HashMap::from([("bad".to_owned(), bad)]),
            creates: Vec::new(),
            active: None,
            said: String::new(),
        };
        let schedule = schedule(&stored).unwrap();
        let strip = days(&stored, &record, &schedule, at("2026-11-22T02:00:00Z"));
        let state = |date: &str| strip.iter().find(|day| day.date == date).unwrap().state.clone();
        assert_eq!((strip.len(), strip[29].date.as_str()), (30, "2026-11-22"));
        assert_eq!(state("2026-11-22"), DayState::None, "its slot is yet to come");
        assert_eq!(state("2026-11-21"), DayState::Good);
        assert_eq!(state("2026-11-20"), DayState::Failed);
        assert_eq!(state("2026-11-19"), DayState::Missed);
        assert_eq!(state("2026-11-12"), DayState::Expired);
        assert_eq!(state("2026-11-11"), DayState::Missed);
        assert_eq!(state("2026-11-10"), DayState::None, "it was configured after that day's slot");
        assert_eq!(record.failure(Some(at("2026-11-21T03:00:05Z"))), None);
    }
}
