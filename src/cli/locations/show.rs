//! `locations list` and `show`.

use chrono::{DateTime, Utc};

use crate::api::location::{Location, LocationList, LocationStatus, LocationView};
use crate::api::{DayState, Mode};
use crate::cli::connect::Plane;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{Header, Output, say};
use crate::clock::{Clock, SystemClock};
use crate::ops::location;
use crate::text;

use super::args::Show;

const COLUMNS: Header = &[
    ("NAME", false),
    ("MODE", false),
    ("PLACE", false),
    ("SCHEDULE", false),
    ("NEXT RUN (UTC)", false),
    ("LAST GOOD", false),
    ("AGE", false),
];

/// `locations list`.
pub async fn list(plane: &Plane, output: Output) -> Result<Exit, Failure> {
    let list = location::list(&plane.client).await?;
    let now = SystemClock.now();
    let rows: Vec<Vec<String>> = list.items.iter().map(|view| cells(view, now)).collect();
    output.list(&list.items, COLUMNS, &rows)?;
    if list.items.is_empty() {
        say("No location is configured yet: palette-console locations set ftp|s3 …");
    }
    for prepared in still_prepared(&list) {
        let (mode, address) = (prepared.mode.label(), location::address(prepared));
        say(format!(
            "{mode} is prepared ({address}) and not configured yet: palette-console locations set {}",
            prepared.name
        ));
    }
    for view in &list.items {
        warnings(view);
    }
    if !list.items.is_empty() && !list.daemon {
        say("Schedules run only while the console or palette-console serve is running.");
    }
    Ok(Exit::Done)
}

/// What the sandbox prepared and nobody has configured yet.
fn still_prepared(list: &LocationList) -> impl Iterator<Item = &Location> {
    let configured = |name: &str| list.items.iter().any(|view| view.location.name == name);
    list.suggested.iter().filter(move |prepared| !configured(&prepared.name))
}

/// The reminder of the key is said by every command already.
fn warnings(view: &LocationView) {
    for warning in view.status.warnings.iter().filter(|warning| !warning.contains("recovery key")) {
        say(format!("{}: {warning}", view.location.name));
    }
}

/// `locations show`.
pub async fn run(plane: &Plane, command: &Show) -> Result<Exit, Failure> {
    named(plane, &command.name, command.output).await
}

/// Prints the location of that name.
pub async fn named(plane: &Plane, name: &str, output: Output) -> Result<Exit, Failure> {
    let list = location::list(&plane.client).await?;
    let view = list.items.iter().find(|view| view.location.name == name);
    let view = view.ok_or_else(|| {
        Failure::new(Exit::Failed, format!("there is no location {} on this plane", text::clean(name)))
    })?;
    output.one(view, &fields(view))?;
    warnings(view);
    Ok(Exit::Done)
}

fn schedule_words(location: &Location, now: DateTime<Utc>) -> String {
    match location::schedule(location, now.date_naive()) {
        _ if location.paused => "paused".to_owned(),
        Some(schedule) => schedule.words(),
        None => "none that can be kept".to_owned(),
    }
}

fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "–".to_owned(), |at| at.format("%F %R").to_string())
}

fn cells(view: &LocationView, now: DateTime<Utc>) -> Vec<String> {
    let LocationView { location, status } = view;
    vec![
        location.name.clone(),
        location.mode.label().to_owned(),
        status.address.clone(),
        schedule_words(location, now),
        moment(status.next_run),
        if status.last_good.is_empty() { "–".to_owned() } else { status.last_good.clone() },
        status.last_good_at.map_or_else(|| "–".to_owned(), |at| text::age(at, now)),
    ]
}

fn fields(view: &LocationView) -> Vec<(&'static str, String)> {
    let LocationView { location, status } = view;
    let titles = ["Name", "Mode", "Place", "Schedule", "Next run (UTC)", "Last good", "Age"];
    let mut fields: Vec<(&str, String)> = titles.into_iter().zip(cells(view, SystemClock.now())).collect();
    fields.extend(place(location));
    let packing = &location.packing;
    let encrypted = if packing.encrypted { "with the recovery key" } else { "NO" };
    fields.push(("Encrypted", encrypted.to_owned()));
    fields.push(("Compression", packing.compression.to_string()));
    if !status.last_failure.is_empty() {
        fields.push(("Last failure", format!("{}  {}", moment(status.last_failure_at), status.last_failure)));
    }
    fields.push(("Last 30 days", days(status)));
    fields
}

fn place(location: &Location) -> Vec<(&'static str, String)> {
    let ca = if location.ca_pem.is_empty() { "the system's authorities" } else { "its own certificates" };
    match (&location.mode, &location.ftp, &location.s3) {
        (Mode::Ftp, Some(ftp), _) => vec![
            ("User name", ftp.username.clone()),
            ("TLS", format!("{}, trusting {ca}", location.ftp_options.tls)),
            ("Passive mode", location.ftp_options.passive.to_string()),
        ],
        (_, _, Some(s3)) => vec![
            ("Access key", s3.access_key.clone()),
            ("Region", s3.region.clone()),
            ("Endpoint", endpoint(location, ca)),
            ("Encryption by the server", location.s3_options.encryption.to_string()),
        ],
        _ => Vec::new(),
    }
}

fn endpoint(location: &Location, ca: &str) -> String {
    let options = &location.s3_options;
    let style = if options.path_style { "bucket in the path" } else { "bucket in the host" };
    let url = if options.endpoint.is_empty() { "AWS" } else { &options.endpoint };
    format!("{url}, {style}, trusting {ca}")
}

/// Such as `28 good, 1 failed (2026-11-04: no space)`.
fn days(status: &LocationStatus) -> String {
    let states = [
        (DayState::Good, "good"),
        (DayState::Expired, "expired"),
        (DayState::Failed, "failed"),
        (DayState::Missed, "missed"),
    ];
    let told = states.iter().filter_map(|(state, word)| {
        let of_state: Vec<_> = status.days.iter().filter(|day| day.state == *state).collect();
        let newest = of_state.last()?;
        let why = match newest.detail.as_str() {
            "" => String::new(),
            detail => format!(" ({}: {detail})", newest.date),
        };
        Some(format!("{} {word}{why}", of_state.len()))
    });
    let words: Vec<String> = told.collect();
    if words.is_empty() { "nothing was due".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::location::Day;

    #[test]
    fn what_is_configured_is_not_called_prepared_any_more() {
        let named = |name: &str| Location { name: name.to_owned(), ..Location::default() };
        let mut list = LocationList { suggested: vec![named("ftp"), named("s3")], ..LocationList::default() };
        let names = |list: &LocationList| still_prepared(list).map(|it| it.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&list), ["ftp", "s3"]);
        list.items.push(LocationView { location: named("ftp"), ..LocationView::default() });
        assert_eq!(names(&list), ["s3"]);
    }

    #[test]
    fn the_strip_is_told_in_words_with_the_newest_reason() {
        let day = |date: &str, state, detail: &str| Day { date: date.into(), state, detail: detail.into() };
        let status = LocationStatus {
            days: vec![
                day("2026-11-19", DayState::None, ""),
                day("2026-11-20", DayState::Failed, "no space"),
                day("2026-11-21", DayState::Good, ""),
                day("2026-11-22", DayState::Good, ""),
            ],
            ..LocationStatus::default()
        };
        assert_eq!(days(&status), "2 good, 1 failed (2026-11-20: no space)");
        assert_eq!(days(&LocationStatus::default()), "nothing was due");
    }
}
