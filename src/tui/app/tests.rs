//! What messages do to the application and what it wants done, without a terminal.

use std::time::Duration;

use super::stage::{SOURCE, Stage, TARGET, asked, entries, gateways, lost, migration, person, signed_out};
use super::{Msg, Tab};
use crate::api::audit::AuditQuery;
use crate::client::{Client, Error, Kind as Why, Options, SessionKind, Who};
use crate::ops::migrate::{MigrateError, Progress, Proof, Proved};
use crate::tui::jobs::State;
use crate::tui::link::{Order, PlaneEvent, Prefill, Ready, Trouble};
use crate::tui::model::{LOOK_AGAIN, PlaneState, REFRESH};
use crate::tui::msg::{Answer, Effect, Kind, Request};
use crate::tui::runtime::input::Input;
use crate::tui::screens::login::Cards;
use crate::tui::ui::{Glyphs, Theme};

fn quits(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Quit))
}

fn proof() -> Proof {
    let plan = migration();
    let moved = |cluster| Proved { cluster, overlord_uid: Some(TARGET.to_owned()) };
    Proof { source: plan.source, target: plan.target, clusters: plan.clusters.into_iter().map(moved).collect() }
}

#[test]
fn a_login_reads_everything_and_the_parts_join_as_they_come() {
    let mut stage = Stage::greeted(Theme::ansi(), Glyphs::unicode());
    let login = stage.keys("enter");
    assert_eq!(asked(&login), [Kind::Login(SessionKind::Tenant)]);
    assert!(stage.keys("enter").iter().all(|effect| !matches!(effect, Effect::Ask(_))), "asked once");
    assert_eq!(asked(&stage.sign_in()), [Kind::Gateways, Kind::Clusters]);
    let effects = stage.outcome(Answer::Gateways(Ok(gateways())));
    assert_eq!(asked(&effects), [Kind::History, Kind::Clouds]);
    assert!(stage.text().contains("berlin-1"));
}

#[test]
fn a_session_that_ends_over_a_tab_shows_its_card_there() {
    let mut stage = Stage::ready();
    stage.answer(Request::Gateways, Answer::Gateways(Err(signed_out())));
    assert!(stage.app.layers.is_empty());
    assert!(stage.text().contains("The tenant session has ended."));
    stage.sign_in();
    assert!(stage.text().contains("berlin-2"));
}

#[test]
fn a_session_that_ends_over_a_dialog_is_asked_for_once_above_it_and_the_dialog_stays_as_it_was() {
    let mut stage = Stage::ready();
    stage.up_to_confirmation();
    stage.type_text("berl");
    let before = stage.text();
    stage.answer(Request::Gateways, Answer::Gateways(Err(signed_out())));
    stage.answer(Request::Clusters, Answer::Clusters(Err(signed_out())));
    assert_eq!(stage.app.layers.len(), 2);
    assert!(stage.text().contains("Sign in again"));
    let effects = stage.sign_in();
    assert_eq!(stage.app.layers.len(), 1);
    assert!(asked(&effects).contains(&Kind::Gateways));
    stage.outcome(Answer::Gateways(Ok(gateways())));
    assert_eq!(stage.text(), before);
}

#[test]
fn a_login_that_was_put_off_is_offered_again_when_a_dialog_needs_it() {
    let mut stage = Stage::ready();
    stage.keys("m enter enter enter");
    stage.answer(Request::Gateways, Answer::Gateways(Err(signed_out())));
    stage.keys("esc");
    assert_eq!(stage.app.layers.len(), 1);
    let effects = stage.keys("r");
    assert_eq!(asked(&effects), [Kind::Preflight]);
    let request = Request::MigratePreflight { source: SOURCE.to_owned(), target: TARGET.to_owned() };
    stage.answer(request, Answer::MigratePreflight(Err(signed_out().into())));
    assert_eq!(stage.app.layers.len(), 2);
    assert_eq!(asked(&stage.sign_in()), [Kind::Gateways, Kind::Clusters, Kind::Preflight]);
}

#[test]
fn the_end_of_the_other_tabs_session_interrupts_no_dialog() {
    let mut stage = Stage::ready();
    stage.keys("m");
    let error = Error { operation: "read the version", kind: Why::SignedOut(SessionKind::System) };
    stage.answer(Request::Version, Answer::Version(Err(error)));
    assert_eq!(stage.app.layers.len(), 1);
}

#[test]
fn reads_that_a_session_cut_off_are_repeated_after_the_login_and_changes_never() {
    let mut stage = Stage::ready();
    let rename = Request::Rename { uid: SOURCE.to_owned(), name: "other".to_owned() };
    stage.answer(rename, Answer::Renamed(SOURCE.to_owned(), Err(signed_out().into())));
    let migrate = Request::Migrate(Box::new(migration()));
    let ended = Answer::MigrationEnded(SOURCE.to_owned(), Err(MigrateError::NotStarted(signed_out())));
    stage.answer(migrate, ended);
    let history = || Request::History(SOURCE.to_owned());
    stage.answer(history(), Answer::History(SOURCE.to_owned(), Err(signed_out())));
    stage.answer(history(), Answer::History(SOURCE.to_owned(), Err(signed_out())));
    assert_eq!(asked(&stage.sign_in()), [Kind::Gateways, Kind::Clusters, Kind::History]);
    assert_eq!(asked(&stage.sign_in()), [Kind::Gateways, Kind::Clusters], "repeated once");
}

#[test]
fn an_answer_about_another_gateway_or_question_changes_nothing_that_is_shown() {
    let mut stage = Stage::ready();
    let before = stage.text();
    stage.outcome(Answer::Migration("elsewhere".to_owned(), Progress::Accepted));
    stage.outcome(Answer::MigrationEnded("elsewhere".to_owned(), Ok(Box::new(proof()))));
    let query = AuditQuery { resource_uid: Some(TARGET.to_owned()), ..AuditQuery::default() };
    stage.outcome(Answer::Audits(query, Ok(entries())));
    assert_eq!(stage.text(), before);
    assert_eq!(stage.app.model.jobs.latest(), None);
}

#[test]
fn a_migration_outlives_its_dialog_and_is_told_when_it_ends() {
    let mut stage = Stage::ready();
    stage.migrating();
    assert_eq!(stage.app.model.jobs.running().count(), 1);
    stage.keys("esc");
    assert!(stage.app.layers.is_empty());
    let cluster = migration().clusters.remove(0);
    stage.outcome(Answer::Migration(SOURCE.to_owned(), Progress::Moved { cluster }));
    assert!(stage.text().contains("1 of 3 clusters moved from berlin-1 to berlin-2"));
    let effects = stage.outcome(Answer::MigrationEnded(SOURCE.to_owned(), Ok(Box::new(proof()))));
    assert_eq!(asked(&effects), [Kind::Gateways, Kind::Clusters]);
    assert!(stage.text().contains("3 of 3 clusters moved from berlin-1."));
    assert!(matches!(stage.app.model.jobs.latest().unwrap().state, State::Proved(_)));
    stage.keys("esc w");
    assert!(stage.text().contains("3 of 3 clusters now reference berlin-2"));
}

#[test]
fn the_migration_is_sent_once_and_only_after_the_whole_name() {
    let mut stage = Stage::ready();
    stage.up_to_confirmation();
    assert_eq!(asked(&stage.keys("enter")), []);
    stage.type_text("berlin-");
    assert_eq!(asked(&stage.keys("enter")), []);
    stage.type_text("1");
    assert_eq!(asked(&stage.keys("enter")), [Kind::Change(SOURCE.to_owned())]);
    assert_eq!(asked(&stage.keys("enter")), []);
}

#[test]
fn a_destination_that_goes_meanwhile_blocks_the_confirmation() {
    let mut stage = Stage::ready();
    stage.up_to_confirmation();
    stage.type_text("berlin-1");
    let left = gateways().into_iter().filter(|gateway| gateway.metadata.uid != TARGET).collect();
    stage.outcome(Answer::Gateways(Ok(left)));
    assert!(stage.text().contains("berlin-2 was deleted by someone meanwhile."));
    assert_eq!(asked(&stage.keys("enter")), []);
}

#[test]
fn leaving_asks_once_while_a_migration_goes_on_and_not_otherwise() {
    let mut stage = Stage::ready();
    assert!(quits(&stage.keys("q")));
    stage.migrating();
    stage.keys("esc");
    assert!(!quits(&stage.keys("q")));
    assert!(!quits(&stage.keys("ctrl-c")));
    assert_eq!(stage.app.layers.len(), 1);
    stage.keys("enter");
    assert!(stage.app.layers.is_empty(), "the safe answer is the first one");
    stage.keys("q tab");
    assert!(quits(&stage.keys("enter")));
    stage.keys("esc");
    stage.outcome(Answer::MigrationEnded(SOURCE.to_owned(), Ok(Box::new(proof()))));
    assert!(quits(&stage.keys("ctrl-c")));
}

#[test]
fn gateways_are_read_anew_by_themselves_and_sooner_while_the_plane_is_lost() {
    let mut stage = Stage::ready();
    assert_eq!(asked(&stage.wait(REFRESH - Duration::from_secs(1))), []);
    assert_eq!(asked(&stage.wait(Duration::from_secs(1))), [Kind::Gateways]);
    assert_eq!(asked(&stage.wait(REFRESH)), [], "not again while one is under way");
    stage.outcome(Answer::Gateways(Err(lost())));
    assert!(stage.text().contains("Not refreshed since 12:04 UTC"));
    assert!(stage.text().contains("berlin-2"), "what was read stays");
    assert_eq!(asked(&stage.wait(LOOK_AGAIN)), [Kind::Gateways]);
    stage.outcome(Answer::Gateways(Ok(gateways())));
    assert!(!stage.text().contains("Not refreshed"));
    stage.answer(Request::Gateways, Answer::Gateways(Err(signed_out())));
    assert_eq!(asked(&stage.wait(REFRESH * 10)), [], "nobody is signed in");
}

#[test]
fn a_plane_that_fails_offers_ways_out_and_takes_none_by_itself() {
    let mut stage = Stage::starting(Theme::ansi(), Glyphs::unicode());
    let trouble = Trouble { message: "The database is damaged.".to_owned(), damaged: true };
    stage.app.update(Msg::Plane(PlaneEvent::Failed(trouble)), stage.now);
    assert!(stage.text().contains("The database is damaged."));
    assert!(stage.keys("enter").iter().any(|effect| matches!(effect, Effect::Order(Order::Retry))));
    assert_eq!(stage.app.model.plane, PlaneState::Starting);
    let trouble = Trouble { message: "Still damaged.".to_owned(), damaged: true };
    stage.app.update(Msg::Plane(PlaneEvent::Failed(trouble)), stage.now);
    assert!(stage.keys("tab enter").iter().any(|effect| matches!(effect, Effect::Order(Order::SetAside))));
}

#[test]
fn a_plane_that_changes_hands_is_told_and_read_anew() {
    let mut stage = Stage::ready();
    let effects = stage.app.update(Msg::Plane(PlaneEvent::TookOver { previous: Some(41) }), stage.now);
    assert_eq!(asked(&effects), [Kind::Gateways, Kind::Clusters]);
    assert!(stage.text().contains("(process 41)"));
}

#[test]
fn another_client_has_no_session_yet() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut stage = Stage::ready();
    let address = crate::client::Address::Socket("/nowhere/plane.sock".into());
    let client = Client::new(Options::new(address, crate::clock::system())).unwrap();
    let ready = Ready {
        client,
        prefill: Prefill::default(),
        place: "embedded plane".to_owned(),
        local: true,
        save_dir: "/".into(),
        warnings: vec!["credentials.toml is missing.".to_owned()],
    };
    let effects = stage.app.update(Msg::Plane(PlaneEvent::Ready(Box::new(ready))), stage.now);
    assert_eq!(asked(&effects), [Kind::Greeting]);
    let text = stage.text();
    assert!(
        text.contains("Sign in as tenant administrator") && text.contains("credentials.toml is missing."),
        "{text}"
    );
}

#[test]
fn a_pasted_name_confirms_with_or_without_its_line_break_and_nothing_more() {
    let mut stage = Stage::ready();
    stage.up_to_confirmation();
    stage.app.update(Msg::Input(Input::Paste("berlin-1\n".to_owned())), stage.now);
    assert!(stage.text().contains("matches"));
    stage.type_text("x");
    assert_eq!(asked(&stage.keys("enter")), []);
    assert_eq!(asked(&stage.keys("backspace enter")), [Kind::Change(SOURCE.to_owned())]);
}

#[test]
fn typed_letters_belong_to_the_login_card_and_commands_to_the_tables() {
    let mut stage = Stage::greeted(Theme::ansi(), Glyphs::unicode());
    assert!(!quits(&stage.keys("q")), "a letter of the password");
    stage.keys("alt-3");
    assert_eq!(stage.app.tab, Tab::Audits);
    let mut stage = Stage::ready();
    stage.keys("/");
    stage.type_text("qm3");
    assert_eq!(stage.app.tab, Tab::Gateways);
    assert!(stage.app.layers.is_empty());
}

#[test]
fn what_went_wrong_is_kept_and_told_newest_first() {
    let mut stage = Stage::ready();
    stage.outcome(Answer::Gateways(Err(lost())));
    stage.outcome(Answer::Saved(Err("cannot write /list.txt: read-only".to_owned())));
    stage.keys("esc E");
    let text = stage.text();
    let (newer, older) = (text.find("read-only").unwrap(), text.find("connection refused").unwrap());
    assert!(newer < older, "{text}");
}

#[test]
fn another_person_sees_nothing_of_the_one_before() {
    let mut stage = Stage::ready();
    stage.keys("3");
    stage.outcome(Answer::Audits(AuditQuery::default(), Ok(entries())));
    stage.keys("down 1 m");
    stage.answer(Request::Gateways, Answer::Gateways(Err(signed_out())));
    let who = |tenant: &str| Who { tenant: tenant.to_owned(), ..person() };
    let effects = stage.outcome(Answer::Login(SessionKind::Tenant, Ok(who("other"))));
    assert_eq!(asked(&effects), [Kind::Gateways, Kind::Clusters]);
    assert!(stage.app.layers.is_empty(), "the wizard was about a gateway of the other tenant");
    assert!(!stage.text().contains("berlin"), "{}", stage.text());
    assert_eq!(asked(&stage.keys("3")), [Kind::Audits]);
    assert!(!stage.text().contains("mara"), "{}", stage.text());
}

#[test]
fn the_watch_of_a_forgotten_migration_closes_no_session() {
    let mut stage = Stage::ready();
    stage.outcome(Answer::Migration("elsewhere".to_owned(), Progress::SignedOut));
    assert!(stage.text().contains("berlin-1"));
}

#[test]
fn the_other_sessions_password_is_sent_once_however_often_the_first_is_refused() {
    let refused =
        || Error { operation: "sign in", kind: Why::Refused { status: 401, error: Box::default(), retry_after: None } };
    let mut stage = Stage::greeted(Theme::ansi(), Glyphs::unicode());
    stage.app.model.prefill.system_password = Some("not it any more".into());
    stage.app.cards = Cards::new(&stage.app.model.prefill);
    let both = [Kind::Login(SessionKind::Tenant), Kind::Login(SessionKind::System)];
    assert_eq!(asked(&stage.keys("enter")), both);
    stage.outcome(Answer::Login(SessionKind::System, Err(refused())));
    stage.outcome(Answer::Login(SessionKind::Tenant, Err(refused())));
    stage.type_text("another");
    assert_eq!(asked(&stage.keys("enter")), both[..1], "five of them lock the account");
    stage.sign_in();
    stage.answer(Request::Gateways, Answer::Gateways(Err(signed_out())));
    assert_eq!(asked(&stage.keys("enter")), both[..1]);
}
