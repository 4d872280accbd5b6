//! How the wizard is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Page, Trial, Wizard, fields};
use crate::api::location::{Check, SchedulePreview};
use crate::api::words::CheckState;
use crate::text;
use crate::tui::model::Model;
use crate::tui::msg::backup::Tried;
use crate::tui::screens::backup::words;
use crate::tui::ui::draw::{after, below, cells, row, slot, wrap};
use crate::tui::ui::widgets::checklist::{self, Checklist};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::{Look, Slot};

/// Columns of the body.
const WIDTH: u16 = 76;
/// Rows of the body with the form.
const ROWS: u16 = 18;
/// Rows of the body with the checks, where there is room.
const CHECKS: u16 = 26;
/// Rows of the screen that stay free around the checks.
const MARGIN: u16 = 10;
/// Rows under the form: the schedule in words, and why Save is not available.
const FOOT: u16 = 5;

pub(super) fn draw(wizard: &Wizard, screen: Rect, buf: &mut Buffer, model: &Model) {
    let look = &model.look();
    let place = words::place(&wizard.base.name, &wizard.base.mode);
    let title = format!("Configure {place}");
    let aside = match wizard.page {
        Page::First => "",
        Page::More => "more",
        Page::Checks => "validation",
    };
    let hints = hints(wizard);
    let body = dialog(&title, aside, &hints, rows(wizard, screen)).render(screen, buf, look);
    if wizard.page == Page::Checks {
        return draw_checks(wizard, body, buf, model);
    }
    let (form, foot) = areas(body);
    draw_foot(wizard, foot, buf, model);
    wizard.form.render(form, screen, buf, look);
}

pub(super) fn cursor(wizard: &Wizard, screen: Rect) -> Option<Position> {
    let body = dialog("", "", &[], rows(wizard, screen)).body(screen);
    match wizard.page {
        Page::Checks => wizard.next.cursor(bottom(body)),
        _ => wizard.form.cursor(areas(body).0, screen),
    }
}

fn dialog<'a>(title: &'a str, aside: &'a str, hints: &'a [Hint<'a>], rows: u16) -> Dialog<'a> {
    Dialog::new(title).aside(aside).size(WIDTH, rows).hints(hints)
}

/// Rows of the body: the checks are all seen where the screen has room for them.
fn rows(wizard: &Wizard, screen: Rect) -> u16 {
    match wizard.page {
        Page::Checks => screen.height.saturating_sub(MARGIN).clamp(ROWS, CHECKS),
        Page::First | Page::More => ROWS,
    }
}

fn areas(body: Rect) -> (Rect, Rect) {
    let foot = if body.height > 2 * FOOT { FOOT } else { 0 };
    let form = Rect { height: body.height - foot, ..body };
    (form, below(body, form.height))
}

fn bottom(body: Rect) -> Rect {
    row(body, body.height.saturating_sub(1))
}

fn hints(wizard: &Wizard) -> Vec<Hint<'static>> {
    if wizard.saving {
        return vec![Hint::new("Esc", "close; it is saved all the same")];
    }
    let enter = match (wizard.page, wizard.savable()) {
        (Page::Checks, _) => "choose",
        (_, Some(_)) => "save",
        (_, None) => "validate",
    };
    let back = if wizard.page == Page::First { "cancel" } else { "back" };
    vec![Hint::new("Enter", enter), Hint::new("Tab", "next"), Hint::new("Esc", back)]
}

fn lines(words: &str, meaning: Slot, area: Rect, buf: &mut Buffer, look: &Look) -> Rect {
    let wrapped = wrap(words, area.width);
    for (place, line) in wrapped.iter().enumerate() {
        slot(buf, row(area, cells(place)), line, meaning, look);
    }
    below(area, cells(wrapped.len()))
}

fn draw_foot(wizard: &Wizard, area: Rect, buf: &mut Buffer, model: &Model) {
    let look = &model.look();
    let area = after(area, 2);
    let told = schedule(wizard, model);
    let rows = |words: &str| cells(wrap(words, area.width).len());
    let (words, meaning) = status(wizard);
    // What stands in the way of saving is always seen, however much there is to say of the schedule.
    let (above, status) = (area.height.saturating_sub(rows(&words)), rows(&words));
    let needed: u16 = told.iter().map(|(words, _)| rows(words)).sum();
    let mut rest = Rect { height: above, ..below(area, u16::from(needed < above)) };
    rest.height = rest.height.saturating_sub(u16::from(needed < above));
    for (words, meaning) in &told {
        rest = lines(words, *meaning, rest, buf, look);
    }
    lines(&words, meaning, below(area, area.height.saturating_sub(status)), buf, look);
}

/// The schedule in words as it is typed, and what should be known of it.
fn schedule(wizard: &Wizard, model: &Model) -> Vec<(String, Slot)> {
    let location = wizard.draft().location;
    let kept_pace = location.backup_spec.interval == wizard.base.backup_spec.interval;
    let announced = wizard.next_run.filter(|_| kept_pace);
    let Some(schedule) = words::schedule(&location.backup_spec, announced, model) else {
        return vec![("The schedule is told here once its three numbers are there.".to_owned(), Slot::Muted)];
    };
    let foreseen = wizard.foresight.of(&location);
    // A plane goes on counting days from the first one: where it has not told yet, only the pace it had is known here.
    let reckoned = || schedule.next_after(model.now.wall).filter(|_| kept_pace || wizard.next_run.is_none());
    let next = foreseen.and_then(|preview| preview.next_runs.first().copied()).or_else(reckoned);
    let mut words = schedule.words();
    if location.paused {
        words += "; paused";
    } else if let Some(next) = next {
        words += &format!("; next: {}", words::moment(next, model));
    }
    let mut told = vec![(text::sentence(&words), Slot::Text)];
    told.extend(foreseen.and_then(expiry).map(|words| (words, Slot::Warn)));
    told.extend(schedule.warnings().into_iter().take(1).map(|words| (words, Slot::Warn)));
    told
}

/// What retention would delete as soon as the schedule is saved.
fn expiry(preview: &SchedulePreview) -> Option<String> {
    let count = preview.would_delete.len();
    (count > 0).then(|| format!("With this retention {} there would expire at once.", text::count(count, "backup")))
}

fn status(wizard: &Wizard) -> (String, Slot) {
    if wizard.saving {
        return ("Saving …".to_owned(), Slot::Muted);
    }
    if let Some(words) = &wizard.unsaved {
        return (words.clone(), Slot::Bad);
    }
    if wizard.warned {
        return ("What you typed is not saved. Esc once more leaves it.".to_owned(), Slot::Warn);
    }
    match wizard.refusal() {
        Some(_) if matches!(wizard.stored, fields::Stored::Prepared) && matches!(wizard.trial, Trial::None) => {
            ("Prepared by the sandbox: Enter validates it, then it can be saved.".to_owned(), Slot::Muted)
        }
        Some(words) => (words.to_owned(), Slot::Muted),
        None => ("Validate succeeded on these values: Enter saves them.".to_owned(), Slot::Good),
    }
}

fn draw_checks(wizard: &Wizard, body: Rect, buf: &mut Buffer, model: &Model) {
    let look = &model.look();
    let (checks, verdict) = match &wizard.trial {
        Trial::None => (Vec::new(), None),
        Trial::Running(checks) => (shown(checks), None),
        Trial::Over(tried) => (shown(&tried.checks), Some(verdict(wizard, tried))),
        Trial::Failed(error) => {
            (Vec::new(), Some((format!("It could not be tried. {}", text::sentence(&error.to_string())), Slot::Bad)))
        }
    };
    let foot = foot(wizard, verdict);
    let rows: u16 = foot.iter().map(|(words, _)| cells(wrap(words, body.width).len())).sum();
    let list = Rect { height: body.height.saturating_sub(rows + 3), ..body };
    if checks.is_empty() && matches!(wizard.trial, Trial::Running(_)) {
        slot(buf, row(list, 0), "Asking the plane to try it …", Slot::Muted, look);
    }
    fitting(&checks, list, buf, look);
    let mut rest = below(body, list.height + 1);
    for (words, meaning) in &foot {
        rest = lines(words, *meaning, rest, buf, look);
    }
    wizard.next.render(bottom(body), buf, !wizard.saving, look);
}

/// Where there is no room for all, those that passed first are only counted, then those that were skipped last. What
/// failed is always seen.
fn fitting(checks: &[checklist::Check], area: Rect, buf: &mut Buffer, look: &Look) {
    let (mut rest, mut passed, mut skipped) = (checks, 0_usize, 0_usize);
    let lines = |rest: &[checklist::Check], passed: usize, skipped: usize| {
        Checklist(rest).height(area.width) + u16::from(passed > 0) + u16::from(skipped > 0)
    };
    while lines(rest, passed, skipped) > area.height {
        match rest {
            [first, others @ ..] if first.state == checklist::CheckState::Passed => {
                (rest, passed) = (others, passed + 1)
            }
            [others @ .., last] if last.state == checklist::CheckState::Skipped => {
                (rest, skipped) = (others, skipped + 1)
            }
            _ => break,
        }
    }
    let mut at = area;
    if passed > 0 {
        let words = format!("{} {} passed", look.glyphs.check, text::count(passed, "earlier check"));
        slot(buf, row(at, 0), &words, Slot::Good, look);
        at = below(at, 1);
    }
    Checklist(rest).render(at, buf, look);
    if skipped > 0 {
        let words = format!("{} {} skipped", look.glyphs.none, text::count(skipped, "later check"));
        slot(buf, row(below(at, Checklist(rest).height(at.width)), 0), &words, Slot::Muted, look);
    }
}

const UNUSABLE: &str = "The location cannot be used as it is: what failed stands above.";

fn counted(tried: &Tried, state: &CheckState) -> usize {
    tried.checks.iter().filter(|check| check.state == *state).count()
}

/// A plane calls a location good also where a check had something to say.
fn warned(tried: &Tried) -> String {
    match counted(tried, &CheckState::Warning) {
        1 => "The location is good for backups; one check has a warning.".to_owned(),
        n => format!("The location is good for backups; {n} checks have a warning."),
    }
}

fn verdict(wizard: &Wizard, tried: &Tried) -> (String, Slot) {
    let words = match (tried.ok, tried.result.is_empty()) {
        (true, _) if wizard.savable().is_none() => {
            return ("It works, but the values were changed.".to_owned(), Slot::Warn);
        }
        (true, _) if counted(tried, &CheckState::Warning) > 0 => warned(tried),
        (true, true) => "The location can be used.".to_owned(),
        // What failed and why stands with its check.
        (false, _) if counted(tried, &CheckState::Failed) > 0 => UNUSABLE.to_owned(),
        (false, true) => "The location cannot be used as it is.".to_owned(),
        (_, false) => text::sentence(&text::clean(&tried.result)),
    };
    (words, if tried.ok { Slot::Good } else { Slot::Bad })
}

fn foot(wizard: &Wizard, verdict: Option<(String, Slot)>) -> Vec<(String, Slot)> {
    let mut foot: Vec<(String, Slot)> = verdict.into_iter().collect();
    let draft = wizard.savable().and_then(|_| wizard.foresight.of(&wizard.draft().location));
    if let Some(preview) = draft {
        foot.extend(expiry(preview).map(|words| (words, Slot::Warn)));
        foot.extend(preview.warnings.iter().map(|words| (text::clean(words).into_owned(), Slot::Warn)));
    }
    if wizard.saving || wizard.unsaved.is_some() {
        foot.push(status(wizard));
    }
    foot
}

/// Checks as the widget shows them: what was found, how long it took, what to change.
fn shown(checks: &[Check]) -> Vec<checklist::Check> {
    let state = |check: &Check| match check.state {
        CheckState::Running | CheckState::Other(_) => checklist::CheckState::Running,
        CheckState::Passed => checklist::CheckState::Passed,
        CheckState::Warning => checklist::CheckState::Warned,
        CheckState::Failed => checklist::CheckState::Failed,
        CheckState::Skipped => checklist::CheckState::Skipped,
    };
    let detail = |check: &Check| {
        let mut words = text::clean(&check.detail).into_owned();
        if check.millis > 0 && check.state != CheckState::Skipped && check.fix.is_empty() {
            let gap = if words.is_empty() { "" } else { "  " };
            words += &format!("{gap}{} ms", check.millis);
        }
        if !check.fix.is_empty() {
            words = format!("{} {}", text::sentence(&words), text::clean(&check.fix));
        }
        words
    };
    // Why they were left out is said once.
    let mut said = String::new();
    let mut told = |check: &Check| match check.state {
        CheckState::Skipped if check.detail == said => String::new(),
        _ => {
            said.clone_from(&check.detail);
            detail(check)
        }
    };
    checks.iter().map(|it| checklist::Check::new(state(it), text::clean(&it.name), told(it))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::testing;

    #[test]
    fn a_location_with_a_warning_is_not_said_to_have_passed_every_check() {
        let check = |state| Check { state, ..Check::default() };
        let mut tried = Tried { ok: true, checks: vec![check(CheckState::Passed)], result: String::new() };
        tried.checks.push(check(CheckState::Warning));
        assert_eq!(warned(&tried), "The location is good for backups; one check has a warning.");
        tried.checks.push(check(CheckState::Warning));
        assert_eq!(warned(&tried), "The location is good for backups; 2 checks have a warning.");
    }

    #[test]
    fn why_checks_were_skipped_is_said_once() {
        let skipped =
            || Check { state: CheckState::Skipped, detail: "an earlier step failed".to_owned(), ..Check::default() };
        let details: Vec<_> = shown(&[skipped(), skipped()]).iter().map(|it| it.detail.clone()).collect();
        assert_eq!(details, ["an earlier step failed", ""]);
    }

    #[test]
    fn what_failed_is_seen_however_little_room_there_is() {
        let check = |state, name: &str| checklist::Check::new(state, name, "");
        let mut checks: Vec<_> = (0..6).map(|_| check(checklist::CheckState::Passed, "fine")).collect();
        checks.push(check(checklist::CheckState::Failed, "Sign in"));
        checks.extend((0..9).map(|_| check(checklist::CheckState::Skipped, "later")));
        for height in 3..16 {
            let drawn = testing::draw(50, height, |area, buf, look| fitting(&checks, area, buf, look));
            let lines = testing::lines(&drawn);
            assert!(lines.iter().any(|line| line.contains("Sign in")), "{height}: {lines:?}");
        }
        let drawn = testing::draw(50, 3, |area, buf, look| fitting(&checks, area, buf, look));
        let lines = testing::lines(&drawn);
        assert!(
            lines[0].contains("6 earlier checks passed") && lines[2].contains("9 later checks skipped"),
            "{lines:?}"
        );
    }
}
