//! Backups: the configuration wizard, from its first key to what was saved.

use super::backups_stage::{OWN, administrator, asks, ended, fresh};
use super::backups_test::{passes, quiet, tried};
use super::stage::Stage;
use crate::api::location::{Check, Location, SchedulePreview};
use crate::client::SessionKind;
use crate::tui::msg::backup::{Ask, Failed, Told, Tried};
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::ui::{Glyphs, Theme};

#[test]
fn the_prepared_location_validates_and_saves_with_three_keys() {
    let mut stage = Stage::on_backups(Theme::ansi(), Glyphs::unicode());
    stage.told(Told::Overview(Ok(Box::new(fresh()))));
    stage.keys("e enter");
    let draft = tried(&stage.keys("enter"));
    let location = &draft.location;
    assert_eq!(location.ftp.as_ref().unwrap().password.0, "", "the plane knows the prepared one");
    assert!(location.ca_pem.contains("BEGIN CERTIFICATE"));
    assert_eq!((location.backup_spec.interval, location.backup_spec.retention_period), (1, 30));
    passes(&mut stage, location);
    let effects = stage.keys("enter");
    assert!(matches!(asks(&effects)[..], [Ask::Save(saved)] if **saved == *location));
    let effects = stage.told(Told::Saved("ftp".to_owned(), Ok(())));
    assert!(matches!(asks(&effects)[..], [Ask::Overview]));
    assert!(stage.app.layers.is_empty());
    assert!(stage.text().contains("FTP is configured: every day at 03:00 UTC"), "{}", stage.text());
}

#[test]
fn save_wants_a_validation_of_exactly_what_is_shown() {
    let mut stage = Stage::backups();
    stage.keys("e enter");
    let draft = tried(&stage.keys("enter"));
    passes(&mut stage, &draft.location);
    stage.keys("right enter");
    assert!(stage.text().contains("Enter saves them"), "{}", stage.text());
    stage.keys("down down down down 2");
    assert!(stage.text().contains("changed after Validate"), "{}", stage.text());
    let again = tried(&stage.keys("enter"));
    assert_eq!(again.location.backup_spec.interval, 12);
    stage.keys("esc backspace");
    assert!(stage.text().contains("Validate is under way") || stage.text().contains("Enter"), "{}", stage.text());
    passes(&mut stage, &again.location);
    stage.keys("esc");
    assert!(!stage.text().contains("Enter saves them"), "what was tried is not what is shown: {}", stage.text());
}

#[test]
fn a_validation_of_older_values_saves_nothing() {
    let mut stage = Stage::backups();
    stage.keys("e enter");
    let old = tried(&stage.keys("enter"));
    let failed = Tried { checks: vec![Check::default()], ..Tried::default() };
    stage.told(Told::Validated(Box::new(old.location.clone()), Ok(failed)));
    stage.keys("enter x");
    stage.type_text("y");
    passes(&mut stage, &old.location);
    assert!(!stage.text().contains("Enter saves them"), "{}", stage.text());
}

#[test]
fn bad_values_are_told_before_anything_is_sent_and_kept() {
    let mut stage = Stage::backups();
    stage.keys("e enter down down down down backspace 0");
    let effects = stage.keys("enter");
    assert!(quiet(&effects));
    assert!(stage.text().contains("Interval (days) must be a whole number from 1 to"), "{}", stage.text());
    stage.keys("down down backspace");
    stage.type_text("24");
    assert!(quiet(&stage.keys("enter")));
    stage.keys("ctrl-u 1 down down ctrl-u 3");
    assert!(!quiet(&stage.keys("enter")));
}

#[test]
fn what_the_plane_says_of_a_field_lands_on_it() {
    let mut stage = Stage::backups();
    stage.keys("e enter");
    let draft = tried(&stage.keys("enter"));
    let words = "the directory has a field of its own".to_owned();
    let told = Told::Validated(Box::new(draft.location), Err(Failed::Fields(vec![("server", words)])));
    stage.told(told);
    assert!(stage.text().contains("The directory has a field of its own."), "{}", stage.text());
}

#[test]
fn a_stored_password_goes_nowhere_else() {
    let mut stage = Stage::backups();
    stage.keys("e enter x");
    assert!(quiet(&stage.keys("enter")), "another server wants the password");
    assert!(stage.text().contains("Password is required"), "{}", stage.text());
    stage.type_text("hunter2");
    let draft = tried(&stage.keys("enter"));
    assert_eq!(draft.location.ftp.as_ref().unwrap().password.0, "hunter2");
    assert!(!format!("{draft:?}").contains("hunter2"));
}

#[test]
fn a_session_that_ends_in_the_wizard_keeps_what_was_typed() {
    let mut stage = Stage::backups();
    stage.keys("e enter down");
    stage.type_text("/daily");
    let draft = tried(&stage.keys("enter"));
    let request = Request::Backup(Ask::Validate(Box::new(draft.clone())));
    let told = Told::Validated(Box::new(draft.location.clone()), Err(Failed::Plane(ended())));
    stage.answer(request, Answer::Backup(told));
    assert!(stage.text().contains("Sign in again"), "{}", stage.text());
    let effects = stage.outcome(Answer::Login(SessionKind::System, Ok(administrator())));
    assert_eq!(tried(&effects), draft, "the read is repeated");
    passes(&mut stage, &draft.location);
    stage.keys("right enter");
    assert!(stage.text().contains("/palette/daily"), "{}", stage.text());
}

#[test]
fn a_save_that_the_session_cut_off_is_not_repeated_by_itself() {
    let mut stage = Stage::backups();
    stage.keys("e enter");
    let draft = tried(&stage.keys("enter"));
    passes(&mut stage, &draft.location);
    stage.keys("enter");
    let request = Request::Backup(Ask::Save(Box::new(draft.location.clone())));
    stage.answer(request, Answer::Backup(Told::Saved("ftp".to_owned(), Err(Failed::Plane(ended())))));
    let effects = stage.outcome(Answer::Login(SessionKind::System, Ok(administrator())));
    assert!(!asks(&effects).iter().any(|ask| matches!(ask, Ask::Save(_))), "{effects:?}");
    assert!(stage.text().contains("save once more"), "{}", stage.text());
    assert!(matches!(asks(&stage.keys("enter"))[..], [Ask::Save(_)]));
}

#[test]
fn typed_values_are_not_lost_by_one_key() {
    let mut stage = Stage::backups();
    stage.keys("e enter x esc");
    assert!(stage.text().contains("Esc once more leaves it"), "{}", stage.text());
    stage.keys("esc");
    assert!(stage.app.layers.is_empty());
}

/// The schedule that a plane is asked about.
fn foreseen(effects: &[Effect]) -> Option<Location> {
    asks(effects).into_iter().find_map(|ask| match ask {
        Ask::Preview(location) => Some((**location).clone()),
        _ => None,
    })
}

#[test]
fn the_next_run_follows_the_schedule_as_it_is_typed() {
    let mut stage = Stage::backups();
    assert!(foreseen(&stage.keys("e enter")).is_some(), "what is saved is foreseen too");
    let asked = foreseen(&stage.keys("down down down down 0")).expect("an interval of ten days is foreseen");
    assert_eq!(asked.backup_spec.interval, 10);
    assert!(asked.ftp.is_none(), "no account goes along");
    assert!(!stage.text().contains("next:"), "nobody but the plane knows the day: {}", stage.text());
    let next = "2026-12-01T03:00:00Z".parse().unwrap();
    let preview = SchedulePreview { next_runs: vec![next], would_delete: vec![OWN.to_owned()], ..Default::default() };
    stage.told(Told::Preview(Box::new(asked.clone()), Ok(Some(Box::new(preview)))));
    assert!(stage.text().contains("next: Tue 1"), "{}", stage.text());
    assert!(stage.text().contains("1 backup there would expire at once"), "{}", stage.text());
    stage.keys("1");
    assert!(!stage.text().contains("Tue 1"), "that was another schedule: {}", stage.text());
    assert!(!stage.text().contains("would expire"), "{}", stage.text());
}

#[test]
fn what_lies_at_the_old_place_is_not_told_of_another_one() {
    let mut stage = Stage::backups();
    let asked = foreseen(&stage.keys("e enter")).expect("what is saved is foreseen");
    let expires = || SchedulePreview { would_delete: vec![OWN.to_owned()], ..Default::default() };
    let tell = |stage: &mut Stage, asked: Location, preview| {
        stage.told(Told::Preview(Box::new(asked), Ok(Some(Box::new(preview)))));
    };
    tell(&mut stage, asked, expires());
    assert!(stage.text().contains("1 backup there would expire at once"), "{}", stage.text());
    let moved = foreseen(&stage.keys("x")).expect("another server is another place");
    assert!(moved.ftp.as_ref().unwrap().password.0.is_empty());
    assert!(!stage.text().contains("would expire"), "{}", stage.text());
    tell(&mut stage, moved, SchedulePreview::default());
    assert_eq!(foreseen(&stage.keys("y")), None, "one other place is as good as the next");
    assert!(!stage.text().contains("would expire"), "{}", stage.text());
}
