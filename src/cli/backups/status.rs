//! `backups status`: whether the newest good backup of each location is recent enough, for cron and monitoring.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::api::Mode;
use crate::api::meta::time;
use crate::cli::connect::Plane;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{Header, say};
use crate::clock::{Clock, SystemClock};
use crate::ops::backup::{self, Shelf, is_recent};
use crate::text;

use super::args::Status;

const COLUMNS: Header = &[
    ("LOCATION", false),
    ("MODE", false),
    ("STATE", false),
    ("NEWEST GOOD", false),
    ("AGE", false),
    ("ALLOWED", false),
    ("VERIFIED", false),
    ("REASON", false),
];

/// How a location fares, as `-o json` shows it.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Row {
    location: String,
    mode: Mode,
    /// `ok`, `old`, `none` or `unreadable`.
    state: &'static str,
    uid: Option<String>,
    finished: Option<String>,
    age_seconds: Option<i64>,
    max_age_seconds: i64,
    verified: bool,
    reason: String,
}

/// `backups status`.
pub async fn run(plane: &Plane, command: &Status) -> Result<Exit, Failure> {
    let wanted = |shelf: &Shelf| {
        let place = &shelf.view.location;
        command.mode.as_ref().is_none_or(|mode| place.mode == *mode)
            && command.location.as_ref().is_none_or(|name| place.name == *name)
    };
    let shelves: Vec<Shelf> = backup::shelves(&plane.client, true).await?.into_iter().filter(wanted).collect();
    let now = SystemClock.now();
    let rows: Vec<Row> = shelves.iter().map(|shelf| judged(shelf, now, command.max_age)).collect();
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    command.output.list(&rows, COLUMNS, &cells)?;
    if rows.is_empty() {
        say("No such location is configured, so that there is no backup.");
    }
    Ok(exit(&rows))
}

fn exit(rows: &[Row]) -> Exit {
    if rows.iter().any(|row| row.state == "unreadable") {
        Exit::Unreachable
    } else if !rows.is_empty() && rows.iter().all(|row| row.state == "ok") {
        Exit::Done
    } else {
        Exit::Failed
    }
}

fn judged(shelf: &Shelf, now: DateTime<Utc>, most: Option<TimeDelta>) -> Row {
    let place = &shelf.view.location;
    // Palette's own intervals have no bounds, so that a wild one must not overflow.
    let hours = place.backup_spec.interval.clamp(1, 3650) * 36;
    let most = most.unwrap_or_else(|| TimeDelta::hours(hours));
    let newest = shelf.newest_good();
    let unread = shelf.unread();
    let (state, reason) = match (&unread, newest) {
        (Some(reason), _) => ("unreadable", reason.clone()),
        (None, None) => ("none", shelf.view.status.last_failure.clone()),
        (None, Some(_)) if is_recent(newest, now, most) => ("ok", String::new()),
        (None, Some(_)) => ("old", shelf.view.status.last_failure.clone()),
    };
    let finished = newest.and_then(|backup| backup.finished);
    Row {
        location: place.name.clone(),
        mode: place.mode.clone(),
        state,
        uid: newest.map(|backup| backup.uid.clone()),
        finished: finished.map(time::format),
        age_seconds: finished.map(|at| (now - at).num_seconds().max(0)),
        max_age_seconds: most.num_seconds(),
        verified: newest.and_then(|backup| backup.verified.as_ref()).is_some_and(|verified| verified.good),
        reason,
    }
}

fn cells(row: &Row) -> Vec<String> {
    let age = |seconds: i64| text::span(TimeDelta::seconds(seconds));
    vec![
        row.location.clone(),
        row.mode.label().to_owned(),
        row.state.to_owned(),
        row.uid.clone().unwrap_or_else(|| "–".to_owned()),
        row.age_seconds.map_or_else(|| "–".to_owned(), age),
        age(row.max_age_seconds),
        if row.verified { "yes" } else { "no" }.to_owned(),
        row.reason.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::TransferState;
    use crate::api::backup::{Backup, BackupList, BackupSpec};
    use crate::api::location::{Location, LocationView};

    fn shelf(finished: Option<&str>, unread: &str) -> Shelf {
        let location = Location {
            name: "ftp".into(),
            backup_spec: BackupSpec { interval: 2, retention_period: 14, hour_of_the_day: 3 },
            ..Location::default()
        };
        let items = finished.map(|at| Backup {
            uid: "b".into(),
            own: true,
            state: TransferState::Completed,
            finished: time::parse(at),
            ..Backup::default()
        });
        let list = BackupList { items: items.into_iter().collect(), unread: unread.into(), ..BackupList::default() };
        Shelf { view: LocationView { location, ..LocationView::default() }, backups: Ok(list) }
    }

    fn state(shelf: &Shelf, most: Option<TimeDelta>) -> (&'static str, Exit) {
        let now = time::parse("2026-11-22T12:00:00Z").unwrap();
        let row = judged(shelf, now, most);
        (row.state, exit(&[row]))
    }

    #[test]
    fn the_newest_good_backup_decides_and_an_unreadable_location_is_never_well() {
        let day = Some(TimeDelta::hours(26));
        assert_eq!(state(&shelf(Some("2026-11-21T12:00:00Z"), ""), day), ("ok", Exit::Done));
        assert_eq!(state(&shelf(Some("2026-11-21T09:00:00Z"), ""), day), ("old", Exit::Failed));
        assert_eq!(state(&shelf(None, ""), day), ("none", Exit::Failed));
        let unread = shelf(Some("2026-11-22T11:00:00Z"), "refused");
        assert_eq!(state(&unread, day), ("unreadable", Exit::Unreachable));
        assert_eq!(exit(&[]), Exit::Failed, "nothing configured is nothing backed up");
    }

    #[test]
    fn without_an_age_one_and_a_half_intervals_are_allowed() {
        assert_eq!(state(&shelf(Some("2026-11-19T13:00:00Z"), ""), None).0, "ok");
        assert_eq!(state(&shelf(Some("2026-11-19T11:00:00Z"), ""), None).0, "old");
    }
}
