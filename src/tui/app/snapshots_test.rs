//! Every screen and dialog as it is drawn, with its styles, and at every size without a panic.

use super::Msg;
use super::stage::{SOURCE, Stage, TARGET, entries, gateways, lost, migration, signed_out};
use crate::client::{Error, Kind as Why, SessionKind};
use crate::ops::audits::Page;
use crate::ops::delete::{self, Deleted, residual};
use crate::ops::migrate::{Check, MigrateError, Plan, Progress, Proof, Proved, Verdict};
use crate::tui::link::{PlaneEvent, Trouble};
use crate::tui::msg::Answer;
use crate::tui::ui::{Glyphs, Theme};

/// A scene: its name, whether it is kept in plain signs too, and how it comes about from a console that knows its plane.
pub(super) type Scene = (&'static str, bool, fn(&mut Stage));

const SCENES: &[Scene] = &[
    ("starting", false, |stage| *stage = Stage::starting(stage.app.model.theme.clone(), stage.app.model.glyphs)),
    ("trouble", false, |stage| fail(stage, false)),
    ("trouble_damaged", false, |stage| fail(stage, true)),
    ("login", true, |_| ()),
    ("login_refused", false, refused),
    ("login_system", false, |stage| press(stage, "alt-2")),
    ("login_again", false, |stage| {
        ready(stage);
        stage.outcome(Answer::Gateways(Err(signed_out())));
    }),
    ("login_over_wizard", false, |stage| {
        ready(stage);
        press(stage, "m");
        stage.outcome(Answer::Gateways(Err(signed_out())));
    }),
    ("gateways", true, ready),
    ("gateways_reading", false, |stage| drop(stage.sign_in())),
    ("gateways_none", false, |stage| {
        stage.sign_in();
        stage.outcome(Answer::Gateways(Ok(Vec::new())));
    }),
    ("gateways_filtered", false, |stage| {
        ready(stage);
        press(stage, "/");
        stage.type_text("berlin");
    }),
    ("gateways_lost", false, |stage| {
        ready(stage);
        stage.outcome(Answer::Gateways(Err(lost())));
    }),
    ("gateways_migrating", false, |stage| {
        moving(stage);
        press(stage, "esc");
    }),
    ("menu", false, |stage| after_ready(stage, "enter")),
    ("wizard_source", true, |stage| after_ready(stage, "m")),
    ("wizard_destination", false, |stage| after_ready(stage, "m enter")),
    ("wizard_destination_chosen", false, |stage| after_ready(stage, "m enter enter")),
    ("wizard_looking", false, |stage| after_ready(stage, "m enter enter enter")),
    ("wizard_checked", true, |stage| preflight(stage, migration())),
    ("wizard_blocked", false, |stage| preflight(stage, blocked())),
    ("wizard_confirm", true, |stage| {
        ready(stage);
        stage.up_to_confirmation();
        stage.type_text("berlin");
    }),
    ("progress", true, moving),
    ("progress_lost", false, |stage| {
        moving(stage);
        let reason = lost().reason();
        stage.outcome(Answer::Migration(SOURCE.to_owned(), Progress::PlaneLost { reason }));
    }),
    ("proof", true, |stage| end(stage, Ok(proof()))),
    ("progress_failed", false, |stage| end(stage, Err(MigrateError::NotStarted(lost())))),
    ("leave", false, |stage| {
        moving(stage);
        press(stage, "ctrl-c");
    }),
    ("delete_looking", false, |stage| after_ready(stage, "d")),
    ("delete", true, |stage| look_at_deletion(stage, Verdict::Pass)),
    ("delete_refused", false, |stage| look_at_deletion(stage, Verdict::Fail)),
    ("checklist", true, |stage| {
        look_at_deletion(stage, Verdict::Pass);
        let pcg = migration().source;
        let deleted = Deleted { residual: residual(&pcg), pcg };
        stage.outcome(Answer::Deleted(SOURCE.to_owned(), Ok(Box::new(deleted))));
    }),
    ("rename", false, |stage| after_ready(stage, "n")),
    ("rename_refused", false, |stage| {
        after_ready(stage, "n ctrl-u");
        press(stage, "enter");
    }),
    ("audits", true, audits),
    ("audits_narrowed", false, |stage| {
        after_ready(stage, "a");
        let query = crate::api::audit::AuditQuery { resource_uid: Some(SOURCE.to_owned()), ..Default::default() };
        stage.outcome(Answer::Audits(query, Ok(entries())));
    }),
    ("audits_none", false, |stage| {
        after_ready(stage, "3");
        stage.outcome(Answer::Audits(Default::default(), Ok(Page { entries: Vec::new(), next: None, total: 0 })));
    }),
    ("audits_failed", false, |stage| {
        after_ready(stage, "3");
        stage.outcome(Answer::Audits(Default::default(), Err(lost())));
    }),
    ("audit_entry", false, |stage| {
        audits(stage);
        press(stage, "enter");
    }),
    ("help", true, |stage| after_ready(stage, "?")),
    ("errors", false, |stage| {
        ready(stage);
        stage.outcome(Answer::Gateways(Err(lost())));
        press(stage, "E");
    }),
    ("errors_none", false, |stage| after_ready(stage, "E")),
];

fn press(stage: &mut Stage, keys: &str) {
    stage.keys(keys);
}

fn ready(stage: &mut Stage) {
    *stage = Stage::signed_in(stage.app.model.theme.clone(), stage.app.model.glyphs);
}

fn after_ready(stage: &mut Stage, keys: &str) {
    ready(stage);
    press(stage, keys);
}

fn fail(stage: &mut Stage, damaged: bool) {
    let message = "The database /home/mara/data/plane.db is damaged (page 3 is never used); nothing was changed.";
    let trouble = Trouble { message: message.to_owned(), damaged };
    stage.app.update(Msg::Plane(PlaneEvent::Failed(trouble)), stage.now);
}

fn refused(stage: &mut Stage) {
    let error = serde_json::from_value(serde_json::json!({
        "code": "InvalidCredentials", "message": "The user name or the password is wrong.", "ref": "r-1",
        "details": { "attemptsLeft": 3 },
    }));
    let kind = Why::Refused { status: 401, error: error.unwrap(), retry_after: None };
    stage.outcome(Answer::Login(SessionKind::Tenant, Err(Error { operation: "sign in", kind })));
}

fn blocked() -> Plan {
    let mut plan = migration();
    plan.checks[2] =
        Check { what: "Destination is healthy".to_owned(), verdict: Verdict::Fail, detail: "Unhealthy".to_owned() };
    plan
}

fn preflight(stage: &mut Stage, plan: Plan) {
    after_ready(stage, "m enter enter enter");
    stage.outcome(Answer::MigratePreflight(Ok(Box::new(plan))));
}

fn moving(stage: &mut Stage) {
    ready(stage);
    stage.migrating();
    stage.outcome(Answer::Migration(SOURCE.to_owned(), Progress::Accepted));
    for cluster in migration().clusters.into_iter().take(2) {
        stage.outcome(Answer::Migration(SOURCE.to_owned(), Progress::Moved { cluster }));
    }
}

fn proof() -> Proof {
    let plan = migration();
    let moved = |cluster| Proved { cluster, overlord_uid: Some(TARGET.to_owned()) };
    Proof { source: plan.source, target: plan.target, clusters: plan.clusters.into_iter().map(moved).collect() }
}

fn end(stage: &mut Stage, ended: Result<Proof, MigrateError>) {
    moving(stage);
    stage.outcome(Answer::MigrationEnded(SOURCE.to_owned(), ended.map(Box::new)));
    stage.outcome(Answer::Gateways(Ok(gateways())));
}

fn look_at_deletion(stage: &mut Stage, verdict: Verdict) {
    after_ready(stage, "d");
    let detail = if verdict == Verdict::Pass { "passed" } else { "3 clusters reference it" };
    let check = Check { what: "No cluster needs it".to_owned(), verdict, detail: detail.to_owned() };
    let plan = delete::Plan { pcg: migration().source, checks: vec![check] };
    stage.outcome(Answer::DeletePreflight(Ok(Some(Box::new(plan)))));
}

fn audits(stage: &mut Stage) {
    after_ready(stage, "3");
    stage.outcome(Answer::Audits(Default::default(), Ok(entries())));
}

fn scenes() -> impl Iterator<Item = &'static Scene> {
    SCENES.iter().chain(super::backups_scenes::SCENES)
}

fn set(scene: fn(&mut Stage), theme: Theme, glyphs: Glyphs) -> Stage {
    let mut stage = Stage::greeted(theme, glyphs);
    scene(&mut stage);
    stage
}

#[test]
fn every_scene_is_drawn_as_it_was() {
    for (name, _, scene) in scenes() {
        for (width, height) in [(80, 24), (120, 40)] {
            let mut stage = set(*scene, Theme::ansi(), Glyphs::unicode());
            insta::assert_debug_snapshot!(format!("{name}_{width}x{height}"), stage.draw(width, height));
        }
    }
}

#[test]
fn the_main_scenes_are_drawn_plainly_as_they_were() {
    for (name, _, scene) in scenes().filter(|(_, plain, _)| *plain) {
        let drawn = set(*scene, Theme::mono(), Glyphs::ascii()).draw(80, 24);
        insta::assert_debug_snapshot!(format!("{name}_plain"), drawn);
    }
}

#[test]
fn every_scene_is_ascii_alone_without_unicode_and_tells_everything_without_colours() {
    for (name, _, scene) in scenes() {
        let drawn = set(*scene, Theme::mono(), Glyphs::ascii()).draw(100, 30);
        for cell in &drawn.content {
            assert!(cell.symbol().is_ascii(), "{name}: {:?}", cell.symbol());
            assert_eq!((cell.fg, cell.bg), (ratatui::style::Color::Reset, ratatui::style::Color::Reset), "{name}");
        }
    }
}

#[test]
fn no_size_is_too_small_or_too_odd_to_be_drawn() {
    let widths = (0..=24).chain((25..60).step_by(9)).chain([59, 60, 61, 70, 79, 80, 100]);
    let sizes: Vec<(u16, u16)> =
        widths.flat_map(|width| [0, 1, 2, 5, 14, 15, 16, 19, 24, 30].map(|it| (width, it))).collect();
    for (_, _, scene) in scenes() {
        let mut stage = set(*scene, Theme::ansi(), Glyphs::unicode());
        for (width, height) in &sizes {
            stage.draw(*width, *height);
        }
    }
}

#[test]
fn keys_on_a_tiny_screen_panic_nowhere() {
    for (_, _, scene) in scenes() {
        let mut stage = set(*scene, Theme::ansi(), Glyphs::unicode());
        for (width, height) in [(0, 0), (1, 1), (60, 15)] {
            stage.draw(width, height);
            stage.keys("down up page-down page-up home end left right tab shift-tab");
            stage.draw(width, height);
        }
    }
}
