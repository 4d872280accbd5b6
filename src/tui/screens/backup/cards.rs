//! How the locations fare: for each its place and schedule, the next run, the last good backup, the last thirty days,
//! what is under way and what the person should know.

use crate::api::location::{Day, LocationView};
use crate::api::words::{DayState, Mode};
use crate::text;
use crate::tui::model::Model;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::columns;
use crate::tui::ui::widgets::strip::{Mark, Strip};

use super::words;

/// A line of the cards.
#[derive(Clone, Debug, Default)]
pub(super) struct CardLine {
    /// Its text in pieces.
    pub(super) pieces: Vec<(String, Slot)>,
    /// What stands at its right end.
    pub(super) aside: String,
    /// What goes first where it is low: the highest number.
    priority: u8,
    /// How far the job is whose bar stands in this line, where there is room after the pieces.
    pub(super) bar: Option<(usize, usize)>,
}

impl CardLine {
    fn new(priority: u8) -> Self {
        Self { priority, ..Self::default() }
    }

    fn and(mut self, words: impl Into<String>, meaning: Slot) -> Self {
        self.pieces.push((words.into(), meaning));
        self
    }

    fn width(&self) -> u16 {
        self.pieces.iter().map(|(words, _)| columns(words)).sum()
    }
}

/// The lines of all cards, as many of them as there is room for.
pub(super) fn lines(model: &Model, width: u16, rows: u16) -> Vec<CardLine> {
    let mut lines = everything(model, width);
    while lines.len() > usize::from(rows) {
        let least = lines.iter().enumerate().max_by_key(|(place, line)| (line.priority, *place));
        let Some((place, _)) = least else { break };
        lines.remove(place);
    }
    lines
}

fn everything(model: &Model, width: u16) -> Vec<CardLine> {
    let backups = &model.backups;
    let mut lines = Vec::new();
    if backups.key().is_some_and(|key| !key.exported && !key.fingerprint.is_empty()) {
        let line = CardLine::new(0).and(format!("{} {KEY}", model.glyphs.warn), Slot::Warn);
        lines.push(CardLine { aside: "K exports it".to_owned(), ..line });
    }
    if let (Some(reason), Some(at)) = (&backups.freshness.failed, backups.freshness.read_at) {
        let since = at.format("%H:%M");
        let words = format!("{} Not refreshed since {since} UTC: {reason}; trying again by itself", model.glyphs.warn);
        lines.push(CardLine::new(0).and(words, Slot::Warn));
    }
    let label = labels(model).iter().map(|label| columns(label)).max().unwrap_or(0).max(3) + 2;
    for mode in [Mode::Ftp, Mode::S3] {
        let mut configured = backups.locations().iter().filter(|view| view.location.mode == mode).peekable();
        if configured.peek().is_none() {
            lines.push(missing(&mode, label, model));
        }
        for view in configured {
            lines.extend(card(view, label, model, width));
        }
    }
    let scheduled = backups.locations().iter().any(|view| !view.location.paused);
    let daemon = backups.overview.as_ref().is_some_and(|overview| overview.locations.daemon);
    if scheduled && model.capabilities.embedded && !daemon {
        lines.push(CardLine::new(4).and(format!("{:width$}{CONSOLE}", "", width = usize::from(label)), Slot::Muted));
    }
    lines
}

const KEY: &str = "Recovery key never exported: backups open on this plane only";
const CONSOLE: &str = "Schedules run while this console or `palette-console serve` runs";

fn labels(model: &Model) -> Vec<String> {
    model.backups.locations().iter().map(|view| words::place(&view.location.name, &view.location.mode)).collect()
}

fn padded(words: &str, width: u16) -> String {
    let gap = width.saturating_sub(columns(words));
    format!("{words}{}", " ".repeat(usize::from(gap)))
}

fn missing(mode: &Mode, label: u16, model: &Model) -> CardLine {
    let words = words::unconfigured(mode, model);
    let line = CardLine::new(0).and(padded(mode.label(), label), Slot::Title).and(words, Slot::Muted);
    CardLine { aside: "e configures it".to_owned(), ..line }
}

fn card(view: &LocationView, label: u16, model: &Model, width: u16) -> Vec<CardLine> {
    let (location, status) = (&view.location, &view.status);
    let main = location.name == location.mode.as_str();
    let indent = " ".repeat(usize::from(label));
    let below = |priority| CardLine::new(priority).and(indent.clone(), Slot::Text);
    let head = CardLine::new(u8::from(!main) * 2)
        .and(padded(&words::place(&location.name, &location.mode), label), Slot::Title)
        .and(text::clean(&status.address).into_owned(), Slot::Text);
    let schedule = match location.paused {
        true => "schedule paused".to_owned(),
        false => words::schedule_line(location, status.next_run, model),
    };
    let mut lines = Vec::new();
    if head.width() + columns(&schedule) + 3 <= width {
        lines.push(CardLine { aside: schedule, ..head });
    } else {
        lines.extend([head, below(5).and(schedule, Slot::Text)]);
    }
    lines.push(CardLine { priority: if main { 1 } else { 6 }, ..fate(view, below(1), model) });
    if main && !status.days.is_empty() {
        lines.push(days(&status.days, below(3), model, width));
    }
    let lower = |priority: u8| below(if main { priority } else { priority + 3 });
    lines.extend(troubles(view, &lower, model));
    if let Some(job) = model.backups.active_in(&location.name) {
        let phase = if job.phase.is_empty() { words::doing(job) } else { text::clean(&job.phase).into_owned() };
        let line = below(0).and(format!("{} {phase} ", model.glyphs.marker), Slot::Accent);
        lines.push(CardLine { bar: words::measure(job), aside: words::amounts(job), ..line });
    }
    lines
}

/// `next run in 14 h · last good 9 h ago · verified 2 d ago`.
fn fate(view: &LocationView, line: CardLine, model: &Model) -> CardLine {
    let status = &view.status;
    let mut line = line;
    if let Some(next) = status.next_run.filter(|_| !view.location.paused) {
        line = line.and(format!("next run in {} · ", text::span(next - model.now.wall)), Slot::Text);
    }
    line = match last_good(view, model) {
        Some(at) => line.and(format!("last good {}", words::ago(at, model)), Slot::Text),
        None => line.and("no good backup yet", Slot::Warn),
    };
    match &status.last_verified {
        Some(verified) if verified.good => {
            let age = verified.at.map_or_else(String::new, |at| format!(" {}", words::ago(at, model)));
            line.and(format!(" · verified{age}"), Slot::Text)
        }
        Some(verified) => {
            let detail = text::clean(&verified.detail).into_owned();
            line.and(format!(" · not whole: {detail}"), Slot::Bad)
        }
        None => line,
    }
}

/// As the plane says; on one that does not, by the backups that were read.
fn last_good(view: &LocationView, model: &Model) -> Option<chrono::DateTime<chrono::Utc>> {
    let good = |backup: &&crate::api::backup::Backup| {
        backup.own
            && backup.location == view.location.name
            && backup.state == crate::api::words::TransferState::Completed
    };
    let read = || model.backups.rows.iter().filter(good).filter_map(|backup| backup.finished).max();
    view.status.last_good_at.or_else(read)
}

fn troubles(view: &LocationView, below: &dyn Fn(u8) -> CardLine, model: &Model) -> Vec<CardLine> {
    let status = &view.status;
    let (bad, warn) = (model.glyphs.bad, model.glyphs.warn);
    let mut lines = Vec::new();
    if !status.last_failure.is_empty() {
        let age = status.last_failure_at.map_or_else(String::new, |at| format!(" {}", words::ago(at, model)));
        lines.push(below(1).and(format!("{bad} failed{age}: {}", text::clean(&status.last_failure)), Slot::Bad));
    }
    if let Some(reason) = model.backups.unread.get(&view.location.name) {
        lines.push(below(1).and(format!("{warn} could not be read: {}", text::clean(reason)), Slot::Warn));
    }
    // That the key was never exported stands above all cards.
    let others = status.warnings.iter().filter(|words| !words.to_lowercase().contains("recovery key"));
    lines.extend(others.map(|words| below(6).and(format!("{warn} {}", text::clean(words)), Slot::Warn)));
    let strangers = model.backups.strangers(&view.location.name).len();
    if strangers > 0 {
        let things = text::count(strangers, "thing");
        lines.push(below(7).and(format!("{things} in the folder that are no backups; l tells which"), Slot::Muted));
    }
    lines
}

fn days(days: &[Day], line: CardLine, model: &Model, width: u16) -> CardLine {
    let marks: Vec<Mark> = days.iter().map(mark).collect();
    let mut line = line;
    line.pieces.extend(Strip(&marks).pieces(&model.glyphs));
    let room = width.saturating_sub(line.width() + 2);
    let words = [Telling::Reasons, Telling::Dates, Telling::Counts].map(|telling| days_in_words(days, telling));
    let fitting = words.iter().find(|words| columns(words) <= room).unwrap_or(&words[2]);
    line.and(format!("  {fitting}"), Slot::Text)
}

fn mark(day: &Day) -> Mark {
    match day.state {
        DayState::Good => Mark::Good,
        DayState::Expired => Mark::Spent,
        DayState::Failed => Mark::Bad,
        DayState::Missed => Mark::Missed,
        DayState::None | DayState::Other(_) => Mark::Nothing,
    }
}

/// How much is told of the days: as much as there is room for, but every kind of trouble is always counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// `last 30 days: 28 good, 1 failed (Nov 4: disk full on server)`.
    Reasons,
    /// `last 30 days: 28 good, 1 failed (Nov 4)`.
    Dates,
    /// `28 good, 1 failed`.
    Counts,
}

fn days_in_words(days: &[Day], telling: Telling) -> String {
    let count = |state: &DayState| days.iter().filter(|day| day.state == *state).count();
    let newest = |state: &DayState| days.iter().rfind(|day| day.state == *state);
    let told = [
        (DayState::Good, "good"),
        (DayState::Failed, "failed"),
        (DayState::Missed, "missed"),
        (DayState::Expired, "expired"),
    ];
    let part = |(state, word): &(DayState, &str)| {
        let newest = newest(state)?;
        let trouble = matches!(state, DayState::Failed | DayState::Missed);
        let when = match telling {
            Telling::Reasons if trouble && !newest.detail.is_empty() => {
                format!(" ({}: {})", short(&newest.date), text::clean(&newest.detail))
            }
            Telling::Reasons | Telling::Dates if trouble => format!(" ({})", short(&newest.date)),
            _ => String::new(),
        };
        Some(format!("{} {word}{when}", count(state)))
    };
    let parts: Vec<String> = told.iter().filter_map(part).collect();
    match (parts.is_empty(), telling) {
        (true, _) => format!("last {} days: none was due yet", days.len()),
        (false, Telling::Counts) => parts.join(", "),
        (false, _) => format!("last {} days: {}", days.len(), parts.join(", ")),
    }
}

/// `2026-11-04` as `Nov 4`.
fn short(date: &str) -> String {
    match date.parse::<chrono::NaiveDate>() {
        Ok(day) => day.format("%b %-d").to_string(),
        Err(_) => text::clean(date).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, state: DayState, detail: &str) -> Day {
        Day { date: date.to_owned(), state, detail: detail.to_owned() }
    }

    #[test]
    fn the_days_are_told_in_words_with_the_newest_trouble() {
        let mut all: Vec<Day> = (0..3).map(|_| day("2026-11-01", DayState::Good, "")).collect();
        all.insert(0, day("2026-10-31", DayState::Failed, "old"));
        all.push(day("2026-11-04", DayState::Failed, "disk full on server"));
        all.push(day("2026-11-05", DayState::Missed, ""));
        all.push(day("2026-11-06", DayState::None, ""));
        let told = |telling| days_in_words(&all, telling);
        let reasons = "last 7 days: 3 good, 2 failed (Nov 4: disk full on server), 1 missed (Nov 5)";
        assert_eq!(told(Telling::Reasons), reasons);
        assert_eq!(told(Telling::Dates), "last 7 days: 3 good, 2 failed (Nov 4), 1 missed (Nov 5)");
        assert_eq!(told(Telling::Counts), "3 good, 2 failed, 1 missed");
        assert_eq!(days_in_words(&all[6..], Telling::Reasons), "last 1 days: none was due yet");
    }
}
