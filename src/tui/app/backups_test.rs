//! Backups: what messages do to the tab and its dialogs, and what is asked of the plane.

use std::time::Duration;

use super::backups_stage::{FOREIGN, OWN, administrator, asks, ftp, over, overview, plan, refused, running};
use super::stage::{Stage, asked, lost};
use crate::api::location::Location;
use crate::client::{SessionKind, Who};
use crate::tui::link::{Order, PlaneEvent, Prefill};
use crate::tui::model::REFRESH;
use crate::tui::msg::backup::{Ask, Begin, Draft, ExportedKey, Failed, KeyFrom, Step, Told, Tried, Which};
use crate::tui::msg::{Answer, Effect, Kind};
use crate::tui::ui::{Glyphs, Theme};

use super::Msg;

pub(super) fn own() -> Which {
    Which { location: "ftp".to_owned(), uid: OWN.to_owned() }
}

fn create() -> Begin {
    Begin::Create("ftp".to_owned())
}

fn restore() -> Begin {
    Begin::Restore(own())
}

/// The location that is sent to be tried.
pub(super) fn tried(effects: &[Effect]) -> Draft {
    let draft = |ask: &Ask| match ask {
        Ask::Validate(draft) => Some((**draft).clone()),
        _ => None,
    };
    asks(effects).into_iter().find_map(draft).expect("nothing is tried")
}

pub(super) fn passes(stage: &mut Stage, location: &Location) -> Vec<Effect> {
    let tried = Tried { ok: true, ..Tried::default() };
    stage.told(Told::Validated(Box::new(location.clone()), Ok(tried)))
}

pub(super) fn quiet(effects: &[Effect]) -> bool {
    asks(effects).is_empty()
}

#[test]
fn the_tab_reads_everything_when_it_is_shown_and_not_before() {
    let mut stage = Stage::ready();
    let login = Answer::Login(SessionKind::System, Ok(administrator()));
    assert!(quiet(&stage.outcome(login)));
    assert!(matches!(asks(&stage.keys("2"))[..], [Ask::Overview]));
    let effects = stage.told(Told::Overview(Ok(Box::new(overview()))));
    let list = |ask: &Ask| matches!(ask, Ask::List { fresh: false, .. });
    assert_eq!(asks(&effects).iter().filter(|ask| list(ask)).count(), 2);
    stage.keys("r");
    let effects = stage.told(Told::Overview(Ok(Box::new(overview()))));
    assert!(asks(&effects).iter().all(|ask| matches!(ask, Ask::List { fresh: true, .. })), "someone asked for it");
    stage.keys("1");
    assert!(quiet(&stage.wait(REFRESH * 2)), "nobody looks");
    assert!(matches!(asks(&stage.keys("2"))[..], [Ask::Overview]), "it is old by now");
}

#[test]
fn while_the_tab_is_shown_it_is_read_anew_by_itself() {
    let mut stage = Stage::backups();
    assert!(quiet(&stage.wait(REFRESH / 2)));
    assert!(matches!(asks(&stage.wait(REFRESH))[..], [Ask::Overview]));
    stage.told(Told::Overview(Err(lost())));
    assert!(stage.text().contains("Not refreshed since 12:04 UTC"), "{}", stage.text());
    assert!(stage.text().contains(OWN), "what was read stays");
}

#[test]
fn a_refresh_that_brings_nothing_new_changes_nothing_on_the_screen() {
    let mut stage = Stage::backups();
    let before = stage.draw(120, 40);
    stage.told(Told::Overview(Ok(Box::new(overview()))));
    assert_eq!(stage.draw(120, 40), before);
}

#[test]
fn a_job_of_someone_else_is_looked_at_until_it_ends_and_then_told() {
    let mut stage = Stage::backups();
    let mut busy = overview();
    busy.jobs.push(running("j9", "create"));
    stage.told(Told::Overview(Ok(Box::new(busy))));
    let effects = stage.wait(Duration::from_millis(500));
    assert!(matches!(asks(&effects)[..], [Ask::Jobs(uids)] if uids == &["j9"]), "{effects:?}");
    assert!(quiet(&stage.wait(Duration::from_secs(1))), "not before the answer");
    stage.told(Told::Jobs(Ok(vec![running("j9", "create")])));
    stage.keys("1");
    assert!(!quiet(&stage.wait(Duration::from_secs(2))), "its end is told on other tabs too");
    let effects = stage.told(Told::Jobs(Ok(vec![over("j9", "create", "Completed", "uploaded 57 segments")])));
    assert!(matches!(asks(&effects)[..], [Ask::Overview]));
    assert!(stage.text().contains("The backup (FTP) is done: Uploaded 57 segments."), "{}", stage.text());
    assert!(quiet(&stage.wait(Duration::from_secs(3))), "nothing is left to look at");
}

#[test]
fn a_job_that_the_plane_has_forgotten_is_not_asked_for_without_end() {
    let mut stage = Stage::backups();
    let mut busy = overview();
    busy.jobs.push(running("j9", "create"));
    stage.told(Told::Overview(Ok(Box::new(busy))));
    stage.wait(Duration::from_millis(500));
    stage.told(Told::Jobs(Ok(Vec::new())));
    assert!(quiet(&stage.wait(Duration::from_secs(1))));
}

#[test]
fn a_backup_is_made_watched_and_told_in_its_dialog_or_afterwards() {
    let mut stage = Stage::backups();
    let effects = stage.keys("+ enter");
    assert!(matches!(asks(&effects)[..], [Ask::Begin(Begin::Create(name))] if name == "ftp"));
    stage.accepted(&create(), "j1");
    stage.step(&create(), running("j1", "create"));
    assert!(stage.text().contains("543 MiB of 1.7 GiB · 51 MiB/s · 25 s left"), "{}", stage.text());
    assert!(quiet(&stage.wait(Duration::from_secs(1))), "whoever began it watches it");
    stage.keys("esc");
    stage.ended(&create(), over("j1", "create", "Error", "the server's disk is full"));
    let text = stage.text();
    assert!(text.contains("The backup (FTP) failed"), "{text}");
    stage.keys("esc w");
    assert!(stage.text().contains("The server's disk is full."), "{}", stage.text());
}

#[test]
fn a_job_is_cancelled_only_after_a_question_and_only_where_it_can_be() {
    let mut stage = Stage::backups();
    stage.keys("+ enter");
    stage.accepted(&create(), "j1");
    stage.step(&create(), running("j1", "create"));
    assert!(quiet(&stage.keys("c enter")), "it goes on where nothing else is chosen");
    let effects = stage.keys("c right enter");
    assert!(matches!(asks(&effects)[..], [Ask::Cancel(uid)] if uid == "j1"));
    let mut last = running("j1", "create");
    last.cancellable = false;
    stage.step(&create(), last);
    stage.keys("esc x");
    assert!(stage.text().contains("cannot be cancelled at this point"), "{}", stage.text());
}

#[test]
fn nothing_else_is_begun_where_a_job_goes_on() {
    let mut stage = Stage::backups();
    let mut busy = overview();
    busy.jobs.push(running("j9", "create"));
    stage.told(Told::Overview(Ok(Box::new(busy))));
    for key in ["R", "d", "v"] {
        assert!(quiet(&stage.keys(key)), "{key}");
        assert!(stage.text().contains("must end first"), "{key}: {}", stage.text());
        stage.keys("esc");
    }
}

#[test]
fn a_restore_begins_only_after_its_plan_was_read_and_its_word_typed() {
    let mut stage = Stage::backups();
    assert!(matches!(asks(&stage.keys("R"))[..], [Ask::Plan(..)]));
    stage.told(Told::Plan(own(), Ok(Box::new(plan(OWN, true, &[])))));
    stage.keys("enter");
    assert!(stage.app.layers.is_empty(), "Cancel has the focus");
    stage.keys("R");
    stage.told(Told::Plan(own(), Ok(Box::new(plan(OWN, true, &[])))));
    stage.keys("right enter");
    stage.type_text("4f1c9");
    assert!(quiet(&stage.keys("enter")));
    stage.type_text("a");
    let effects = stage.keys("enter");
    assert!(matches!(asks(&effects)[..], [Ask::Begin(begin)] if *begin == restore()));
}

#[test]
fn what_cannot_be_restored_says_why_and_is_not_begun() {
    let mut stage = Stage::backups();
    stage.keys("R");
    stage.told(Told::Plan(own(), Ok(Box::new(plan(OWN, true, &["A migration is running."])))));
    assert!(stage.text().contains("It cannot be done: A migration is running."), "{}", stage.text());
    stage.keys("right enter");
    assert!(stage.app.layers.is_empty(), "there is nothing but Close");
}

#[test]
fn the_backup_of_another_plane_is_recovered() {
    let mut stage = Stage::backups();
    let effects = stage.keys("down down R");
    let which = Which { location: "s3".to_owned(), uid: FOREIGN.to_owned() };
    assert!(matches!(asks(&effects)[..], [Ask::Plan(asked, kind)] if *asked == which && kind.as_str() == "recover"));
    stage.told(Told::Plan(which.clone(), Ok(Box::new(plan(FOREIGN, false, &[])))));
    stage.keys("right enter");
    stage.type_text("4f1c9a");
    let effects = stage.keys("enter");
    assert!(matches!(asks(&effects)[..], [Ask::Begin(Begin::Recover(asked))] if *asked == which));
}

#[test]
fn a_restore_ends_every_session_and_its_outcome_is_read_after_the_login() {
    let mut stage = Stage::backups();
    stage.keys("R");
    stage.told(Told::Plan(own(), Ok(Box::new(plan(OWN, true, &[])))));
    stage.keys("right enter");
    stage.type_text("4f1c9a");
    stage.keys("enter");
    stage.accepted(&restore(), "j2");
    stage.step(&restore(), running("j2", "restore"));
    let effects = stage.told(Told::Step(restore(), Step::SignedOut));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Order(Order::Credentials))));
    let text = stage.text();
    assert!(text.contains("Restored: the accounts are the backup's now"), "{text}");
    let prefill = Prefill { system_password: Some("fresh".into()), ..Prefill::default() };
    stage.app.update(Msg::Plane(PlaneEvent::Prefilled(prefill)), stage.now);
    assert_eq!(asked(&stage.keys("enter")), [Kind::Login(SessionKind::System)], "the card is filled anew");
    stage.outcome(Answer::Login(SessionKind::System, Ok(administrator())));
    stage.ended(&restore(), over("j2", "restore", "Completed", "restored"));
    assert!(stage.text().contains("The accounts in force now are the backup's."), "{}", stage.text());
}

#[test]
fn deleting_asks_first_and_says_what_is_left() {
    let mut stage = Stage::backups();
    assert!(quiet(&stage.keys("d")));
    assert!(stage.text().contains("It is the newest good backup in FTP; 1 older stay."), "{}", stage.text());
    assert!(quiet(&stage.keys("enter")), "Keep it has the focus");
    let effects = stage.keys("d right enter");
    assert!(matches!(asks(&effects)[..], [Ask::Begin(Begin::Delete(which))] if *which == own()));
}

#[test]
fn the_recovery_key_is_exported_shown_or_imported_and_never_logged() {
    let mut stage = Stage::backups();
    let effects = stage.keys("K enter enter");
    assert!(matches!(asks(&effects)[..], [Ask::ExportKey(Some(path))] if path.starts_with("/home/mara")));
    stage.told(Told::Key(Ok(ExportedKey::File("/home/mara/key.txt".into()))));
    assert!(stage.text().contains("The recovery key is in /home/mara/key.txt."), "{}", stage.text());
    stage.keys("esc K down down enter");
    let key = Told::Key(Ok(ExportedKey::Text("AGE-SECRET-KEY-1X\n".into())));
    assert!(!format!("{key:?}").contains("AGE-SECRET"));
    let effects = stage.told(key);
    assert!(effects.iter().any(|it| matches!(it, Effect::Copy(text) if text == "AGE-SECRET-KEY-1X")));
    stage.keys("K down down down down enter");
    stage.app.update(Msg::Input(crate::tui::runtime::input::Input::Paste("AGE-SECRET-KEY-1Y\n".into())), stage.now);
    assert!(!stage.text().contains("KEY-1Y"));
    let effects = stage.keys("enter");
    assert!(matches!(asks(&effects)[..], [Ask::ImportKey(KeyFrom::Text(_))]));
    stage.told(Told::KeyImported(Err(Failed::Here("that is not a recovery key".to_owned()))));
    assert!(stage.text().contains("That is not a recovery key."), "{}", stage.text());
}

#[test]
fn a_further_location_takes_the_secret_of_the_one_it_is_like() {
    let mut stage = Stage::backups();
    stage.keys("n");
    stage.type_text("ftp");
    stage.keys("enter");
    assert!(stage.text().contains("There is a location of that name"), "{}", stage.text());
    stage.keys("ctrl-u");
    stage.type_text("offsite");
    stage.keys("enter");
    let draft = tried(&stage.keys("enter"));
    assert_eq!((draft.location.name.as_str(), draft.location.like.as_str()), ("offsite", "ftp"));
    assert_eq!(draft.location.ftp.as_ref().unwrap().server, ftp().location.ftp.unwrap().server);
}

#[test]
fn another_administrator_sees_nothing_of_the_one_before() {
    let mut stage = Stage::backups();
    let who = Who { name: "root".to_owned(), ..administrator() };
    let effects = stage.outcome(Answer::Login(SessionKind::System, Ok(who)));
    assert!(matches!(asks(&effects)[..], [Ask::Overview]));
    assert!(!stage.text().contains(OWN), "{}", stage.text());
}

#[test]
fn an_account_that_may_not_look_is_told_so_and_tried_again_by_itself() {
    let mut stage = Stage::on_backups(Theme::ansi(), Glyphs::unicode());
    stage.told(Told::Overview(Err(refused(403, "Forbidden", "No."))));
    assert!(stage.text().contains("This account may not look at backups"), "{}", stage.text());
    for key in ["+", "e", "K", "enter", "d"] {
        assert!(quiet(&stage.keys(key)), "{key}");
        assert!(stage.app.layers.is_empty(), "{key}");
    }
    stage.wait(REFRESH);
    stage.told(Told::Overview(Ok(Box::new(overview()))));
    assert!(stage.text().contains("backup.site.local"));
}

#[test]
fn a_palette_has_no_more_than_palette_offers() {
    let mut stage = Stage::backups();
    stage.app.model.capabilities.backups = false;
    stage.keys("enter");
    let text = stage.text();
    assert!(text.contains("Restore…") && !text.contains("Verify…") && !text.contains("Download…"), "{text}");
    stage.keys("esc v");
    assert!(stage.text().contains("This plane cannot do that."), "{}", stage.text());
    stage.keys("esc e enter");
    let text = stage.text();
    assert!(!text.contains("More…") && text.contains("wanted: this plane may not keep"), "{text}");
    stage.keys("esc l");
    assert!(!stage.text().contains("New location"), "{}", stage.text());
}

#[test]
fn the_cursor_stays_on_its_backup_when_others_come() {
    let mut stage = Stage::backups();
    stage.keys("down");
    let rows = stage.app.model.backups.rows.iter();
    let mut items: Vec<_> = rows.filter(|it| it.location == "ftp").cloned().collect();
    items.push(super::backups_stage::backup("20261122T110000Z-aaaaaaaaaaaa", "ftp", true, "Completed"));
    let list = crate::api::backup::BackupList { items, ..Default::default() };
    stage.told(Told::List("ftp".to_owned(), Ok(Box::new(list))));
    let text = stage.text();
    assert!(text.contains("▸ 20261121T030000Z-0be1d77a9c52"), "{text}");
}

#[test]
fn leaving_while_a_backup_goes_on_asks_first() {
    let mut stage = Stage::backups();
    stage.keys("+ enter");
    stage.accepted(&create(), "j1");
    stage.step(&create(), running("j1", "create"));
    stage.keys("esc");
    let effects = stage.keys("q");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    assert!(stage.text().contains("Leave while a backup goes on?"), "{}", stage.text());
    let effects = stage.keys("right enter");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn a_recovery_offers_no_password_that_it_has_just_renewed() {
    let mut stage = Stage::backups();
    let prefill = |password: &str| Prefill {
        username: "admin".to_owned(),
        system_password: Some(password.into()),
        source: Some("credentials.toml".to_owned()),
        ..Prefill::default()
    };
    stage.app.update(Msg::Plane(PlaneEvent::Prefilled(prefill("old"))), stage.now);
    let recover = Begin::Recover(Which { location: "s3".to_owned(), uid: FOREIGN.to_owned() });
    stage.told(Told::Step(recover, Step::SignedOut));
    assert!(!stage.text().contains("Enter signs in."), "{}", stage.text());
    stage.app.update(Msg::Plane(PlaneEvent::Prefilled(prefill("fresh"))), stage.now);
    stage.keys("2");
    assert!(stage.text().contains("Enter signs in."), "{}", stage.text());
}

#[test]
fn keys_that_mean_nothing_are_not_hinted_at() {
    let mut stage = Stage::on_backups(Theme::ansi(), Glyphs::unicode());
    stage.told(Told::Overview(Err(refused(403, "Forbidden", "Not this account."))));
    assert!(!stage.text().contains("+ create") && stage.text().contains("r refresh"), "{}", stage.text());
    stage.told(Told::Overview(Ok(Box::new(super::backups_stage::fresh()))));
    assert!(stage.text().contains("+ create") && !stage.text().contains("v verify"), "{}", stage.text());
    assert!(Stage::backups().text().contains("v verify"));
}

#[test]
fn every_kind_of_trouble_of_the_last_days_is_counted_where_it_is_narrow() {
    let mut stage = Stage::backups();
    assert!(stage.text().contains("17 good, 1 failed, 1 missed, 9 expired"), "{}", stage.text());
}
