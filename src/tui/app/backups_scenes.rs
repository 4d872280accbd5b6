//! Scenes of the Backup/Restore tab, for the snapshots.

use serde_json::json;

use super::backups_stage::{self as by_hand, FOREIGN, OWN};
use super::stage::{Stage, lost};
use crate::api::location::{Check, SchedulePreview};
use crate::api::words::VerifyLevel;
use crate::tui::msg::backup::{Begin, ExportedKey, Failed, Step, Told, Tried, Which};
use crate::tui::msg::{Answer, Greeting};

use super::snapshots_test::Scene;

pub(super) const SCENES: &[Scene] = &[
    ("backup", true, ready),
    ("backup_reading", false, entered),
    ("backup_fresh", false, fresh),
    ("backup_failed", false, |stage| {
        entered(stage);
        stage.told(Told::Overview(Err(lost())));
    }),
    ("backup_denied", false, |stage| {
        entered(stage);
        let error = by_hand::refused(403, "Forbidden", "An account administrator may not operate the plane.");
        stage.told(Told::Overview(Err(error)));
    }),
    ("backup_palette", false, palette),
    ("backup_working", true, |stage| {
        ready(stage);
        let mut overview = by_hand::overview();
        overview.jobs.push(by_hand::running("j1", "create"));
        stage.told(Told::Overview(Ok(Box::new(overview))));
    }),
    ("backup_filtered", false, |stage| {
        press(stage, "/");
        stage.type_text("mode:s3");
    }),
    ("backup_many", false, many),
    ("backup_menu", true, |stage| press(stage, "enter")),
    ("backup_menu_foreign", false, |stage| press(stage, "down down enter")),
    ("backup_menu_failed", false, |stage| press(stage, "end enter up up up up")),
    ("backup_create", false, |stage| press(stage, "+")),
    ("backup_configure", false, |stage| {
        fresh(stage);
        stage.keys("e");
    }),
    ("wizard_prepared", false, |stage| {
        fresh(stage);
        stage.keys("e enter");
    }),
    ("wizard_ftp", true, |stage| press(stage, "e enter")),
    ("wizard_s3", false, |stage| press(stage, "e down enter")),
    ("wizard_ftp_more", false, |stage| press(stage, "e enter shift-tab enter")),
    ("wizard_s3_more", true, |stage| press(stage, "e down enter shift-tab enter down down")),
    ("wizard_refused", false, |stage| press(stage, "e enter ctrl-u enter")),
    ("wizard_other_server", false, |stage| press(stage, "e enter 9 down down down")),
    ("wizard_warned", false, |stage| press(stage, "e enter down down down down backspace 4 0 esc")),
    ("wizard_trying", false, |stage| {
        press(stage, "e enter enter");
        stage.told(Told::Checks(checks()[..3].to_vec()));
    }),
    ("wizard_works", true, |stage| {
        press(stage, "e enter enter");
        let preview = SchedulePreview { would_delete: vec![OWN.to_owned(); 3], ..SchedulePreview::default() };
        let asked = by_hand::ftp().location;
        stage.told(Told::Preview(Box::new(asked), Ok(Some(Box::new(preview)))));
        try_out(stage, true);
    }),
    ("wizard_fails", true, |stage| {
        press(stage, "e enter enter");
        try_out(stage, false);
    }),
    ("wizard_unreached", false, |stage| {
        press(stage, "e enter enter");
        let location = crate::api::location::Location { has_secret: false, ..by_hand::ftp().location };
        stage.told(Told::Validated(Box::new(location), Err(Failed::Plane(lost()))));
    }),
    ("wizard_changed", false, |stage| {
        press(stage, "e enter enter");
        try_out(stage, true);
        stage.keys("right enter down down x");
    }),
    ("job_asked", false, |stage| press(stage, "+ enter")),
    ("job_running", true, working),
    ("job_cancel", false, |stage| {
        working(stage);
        stage.keys("c");
    }),
    ("job_done", false, |stage| {
        working(stage);
        let result = "Uploaded 57 segments and committed the manifest.";
        stage.ended(&create(), by_hand::over("j1", "create", "Completed", result));
    }),
    ("job_failed", true, |stage| {
        working(stage);
        let mut job = by_hand::over("j1", "create", "Error", "the server's disk is full (552)");
        job.advice = "Free some space there, or shorten the retention.".to_owned();
        stage.ended(&create(), job);
    }),
    ("job_refused", false, |stage| {
        press(stage, "+ enter");
        let error = by_hand::refused(409, "BackupInProgress", "A backup to this location is under way.");
        stage.told(Told::Ended(create(), Err(Failed::Plane(error))));
    }),
    ("verify_levels", false, |stage| press(stage, "v")),
    ("delete_backup", true, |stage| press(stage, "d")),
    ("restore_looking", false, |stage| press(stage, "R")),
    ("restore_plan", true, restore_plan),
    ("restore_refused", false, |stage| {
        press(stage, "down down R");
        let why = ["The recovery key 9b41c7e2a05d is not on this plane. Import it first: K."];
        let which = Which { location: "s3".to_owned(), uid: FOREIGN.to_owned() };
        stage.told(Told::Plan(which, Ok(Box::new(by_hand::plan(FOREIGN, false, &why)))));
    }),
    ("restore_confirm", true, |stage| {
        restore_plan(stage);
        stage.keys("right enter");
        stage.type_text("4f1c");
    }),
    ("restoring_signed_out", false, |stage| {
        restoring(stage);
        stage.told(Told::Step(Begin::Restore(own()), Step::SignedOut));
    }),
    ("restored", false, |stage| {
        restoring(stage);
        let result = "Restored from 2026-11-22 03:00 UTC; the state before is in the safety backup 20261122T120400Z-0c0c0c0c0c0c.";
        stage.ended(&Begin::Restore(own()), by_hand::over("j2", "restore", "Completed", result));
    }),
    ("backup_details", false, |stage| press(stage, "i")),
    ("download", false, |stage| press(stage, "f")),
    ("downloading", false, |stage| {
        press(stage, "f enter");
        stage.told(Told::Downloading(own(), 150_000_000, 432_013_312));
    }),
    ("recovery_key", true, |stage| press(stage, "K")),
    ("recovery_key_none", false, |stage| {
        fresh(stage);
        stage.keys("K");
    }),
    ("recovery_key_export", false, |stage| press(stage, "K enter")),
    ("recovery_key_shown", false, |stage| {
        press(stage, "K down enter");
        let key =
            "# palette-console recovery key\nAGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ\n";
        stage.told(Told::Key(Ok(ExportedKey::Text(key.into()))));
    }),
    ("recovery_key_import", false, |stage| press(stage, "K down down down enter")),
    ("locations", true, |stage| press(stage, "l")),
    ("location_forget", false, |stage| press(stage, "l d")),
    ("location_new", false, |stage| press(stage, "n")),
    ("location_new_list", false, |stage| press(stage, "n tab enter")),
    ("wizard_like", false, |stage| {
        press(stage, "n");
        stage.type_text("offsite");
        stage.keys("enter");
    }),
    ("policy", true, |stage| press(stage, "p")),
    ("policy_no_bucket", false, |stage| {
        fresh(stage);
        stage.keys("p");
    }),
];

fn entered(stage: &mut Stage) {
    *stage = Stage::on_backups(stage.app.model.theme.clone(), stage.app.model.glyphs);
}

fn ready(stage: &mut Stage) {
    *stage = Stage::with_backups(stage.app.model.theme.clone(), stage.app.model.glyphs);
}

fn press(stage: &mut Stage, keys: &str) {
    ready(stage);
    stage.keys(keys);
}

fn fresh(stage: &mut Stage) {
    entered(stage);
    stage.told(Told::Overview(Ok(Box::new(by_hand::fresh()))));
}

/// A real Palette: no days, no key, no jobs.
fn palette(stage: &mut Stage) {
    entered(stage);
    stage.outcome(Answer::Greeting(Ok(Greeting::default())));
    let mut overview = by_hand::overview();
    overview.key = None;
    overview.locations.daemon = true;
    for view in &mut overview.locations.items {
        let address = view.status.address.clone();
        view.status = crate::api::location::LocationStatus { address, ..Default::default() };
    }
    stage.told(Told::Overview(Ok(Box::new(overview))));
    let mut backup = by_hand::backup(OWN, "ftp", true, "Completed");
    (backup.bytes, backup.encrypted, backup.verified) = (0, false, None);
    let list = crate::api::backup::BackupList { items: vec![backup], ..Default::default() };
    stage.told(Told::List("ftp".to_owned(), Ok(Box::new(list))));
    stage.told(Told::List("s3".to_owned(), Ok(Box::default())));
}

/// More locations than there is room for.
fn many(stage: &mut Stage) {
    ready(stage);
    let mut overview = by_hand::overview();
    for name in ["archive", "offsite", "宽-place"] {
        let mut view = by_hand::s3();
        view.location.name = name.to_owned();
        view.status.address = format!("s3://palette-{name}/berlin");
        overview.locations.items.push(view);
    }
    stage.told(Told::Overview(Ok(Box::new(overview))));
    stage.told(Told::List("archive".to_owned(), Err(lost())));
}

fn checks() -> Vec<Check> {
    serde_json::from_value(json!([
        { "name": "Find the server", "state": "passed", "detail": "backup.site.local is 10.20.4.9", "millis": 2 },
        { "name": "Sign in", "state": "passed", "detail": "TLS 1.2, as palette", "millis": 31 },
        { "name": "Write a file", "state": "running" },
        { "name": "Read it back", "state": "passed", "millis": 4 },
        { "name": "List the directory", "state": "warning", "detail": "LIST only; times are to the minute", "millis": 9 },
        { "name": "Rename", "state": "passed", "millis": 3 },
        { "name": "Delete", "state": "passed", "millis": 2 },
    ]))
    .unwrap()
}

fn try_out(stage: &mut Stage, ok: bool) {
    let mut checks = checks();
    checks[2] = serde_json::from_value(match ok {
        true => json!({ "name": "Write a file", "state": "passed", "millis": 12 }),
        false => json!({
            "name": "Write a file", "state": "failed", "detail": "550 Permission denied in /palette", "millis": 12,
            "fix": "Give palette permission to write there, or choose another directory.",
        }),
    })
    .unwrap();
    if !ok {
        for check in &mut checks[3..] {
            *check = Check { name: check.name.clone(), state: "skipped".into(), ..Check::default() };
        }
    }
    let tried = Tried { ok, checks, result: String::new() };
    let mut location = by_hand::ftp().location;
    location.has_secret = false;
    stage.told(Told::Validated(Box::new(location), Ok(tried)));
}

fn create() -> Begin {
    Begin::Create("ftp".to_owned())
}

fn own() -> Which {
    Which { location: "ftp".to_owned(), uid: OWN.to_owned() }
}

fn working(stage: &mut Stage) {
    press(stage, "+ enter");
    stage.accepted(&create(), "j1");
    stage.step(&create(), by_hand::running("j1", "create"));
}

fn restore_plan(stage: &mut Stage) {
    press(stage, "R");
    stage.told(Told::Plan(own(), Ok(Box::new(by_hand::plan(OWN, true, &[])))));
}

fn restoring(stage: &mut Stage) {
    restore_plan(stage);
    stage.keys("right enter");
    stage.type_text("4f1c9a");
    stage.keys("enter");
    stage.accepted(&Begin::Restore(own()), "j2");
    let mut job = by_hand::running("j2", "restore");
    job.phase = "Downloading".to_owned();
    stage.step(&Begin::Restore(own()), job);
}

/// Kept so that the levels have their words checked where they are used.
#[test]
fn verifying_asks_for_the_level_that_was_chosen() {
    let mut stage = Stage::backups();
    let effects = stage.keys("v down enter");
    let asked = super::backups_stage::asks(&effects);
    let wanted = Begin::Verify(own(), VerifyLevel::Data);
    assert!(matches!(asked[..], [crate::tui::msg::backup::Ask::Begin(begin)] if *begin == wanted), "{asked:?}");
}
