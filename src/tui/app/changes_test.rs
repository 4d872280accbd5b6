//! Changes: sent once, and told at their end whatever is on the screen then.

use super::stage::{SOURCE, Stage, TARGET, asked, entries, lost, migration};
use crate::api::audit::AuditQuery;
use crate::ops::delete::{Deleted, Plan};
use crate::ops::migrate::{Proof, Proved};
use crate::tui::msg::{Answer, Kind};

fn proof() -> Proof {
    let plan = migration();
    let moved = |cluster| Proved { cluster, overlord_uid: Some(TARGET.to_owned()) };
    Proof { source: plan.source, target: plan.target, clusters: plan.clusters.into_iter().map(moved).collect() }
}

/// A deletion that was sent and whose dialog was closed then.
fn deleting_unseen() -> Stage {
    let mut stage = Stage::ready();
    let pcg = stage.app.model.pcg(SOURCE).unwrap().clone();
    stage.keys("d");
    stage.outcome(Answer::DeletePreflight(Ok(Some(Box::new(Plan { pcg, checks: Vec::new() })))));
    stage.type_text("berlin-1");
    assert_eq!(asked(&stage.keys("enter")), [Kind::Change(SOURCE.to_owned())]);
    stage.keys("esc");
    assert!(stage.app.layers.is_empty());
    stage
}

fn deleted(stage: &Stage) -> Answer {
    let pcg = stage.app.model.pcg(SOURCE).unwrap().clone();
    Answer::Deleted(SOURCE.to_owned(), Ok(Box::new(Deleted { pcg, residual: Vec::new() })))
}

#[test]
fn a_deletion_ends_with_what_is_left_behind_also_when_its_dialog_was_closed() {
    let mut stage = deleting_unseen();
    let answer = deleted(&stage);
    stage.outcome(answer);
    assert!(stage.text().contains("berlin-1 is deleted"), "{}", stage.text());
}

#[test]
fn what_a_deletion_left_behind_waits_until_another_dialog_is_closed() {
    let mut stage = deleting_unseen();
    stage.keys("n");
    let answer = deleted(&stage);
    stage.outcome(answer);
    assert!(stage.text().contains("Rename berlin-1"), "{}", stage.text());
    stage.keys("esc");
    assert!(stage.text().contains("berlin-1 is deleted"), "{}", stage.text());
}

#[test]
fn a_deletion_that_fails_is_told_also_when_its_dialog_was_closed() {
    let mut stage = deleting_unseen();
    stage.outcome(Answer::Deleted(SOURCE.to_owned(), Err(crate::ops::delete::DeleteError::Refused(lost()))));
    assert!(stage.text().contains("E reads it"), "{}", stage.text());
    stage.keys("E");
    assert!(stage.text().contains("connection refused"), "{}", stage.text());
}

#[test]
fn a_new_name_is_told_and_read_also_when_its_dialog_was_closed() {
    let mut stage = Stage::ready();
    stage.keys("n");
    stage.type_text("x");
    assert_eq!(asked(&stage.keys("enter")), [Kind::Change(SOURCE.to_owned())]);
    stage.keys("esc");
    let effects = stage.outcome(Answer::Renamed(SOURCE.to_owned(), Ok(())));
    assert_eq!(asked(&effects), [Kind::Gateways]);
    assert!(stage.text().contains("berlin-1 was renamed."), "{}", stage.text());
    stage.outcome(Answer::Renamed(SOURCE.to_owned(), Err(lost().into())));
    assert!(stage.text().contains("E reads it"), "{}", stage.text());
    stage.keys("E");
    assert!(stage.text().contains("connection refused"), "{}", stage.text());
}

#[test]
fn the_end_of_a_migration_is_told_also_over_a_dialog_that_is_not_its_own() {
    let mut stage = Stage::ready();
    stage.migrating();
    stage.keys("esc esc ?");
    stage.outcome(Answer::MigrationEnded(SOURCE.to_owned(), Ok(Box::new(proof()))));
    stage.keys("esc");
    assert!(stage.text().contains("3 of 3 clusters moved from berlin-1."), "{}", stage.text());
}

#[test]
fn a_migration_that_goes_on_is_not_started_a_second_time() {
    let mut stage = Stage::ready();
    stage.migrating();
    stage.keys("esc");
    stage.up_to_confirmation();
    stage.type_text("berlin-1");
    assert_eq!(asked(&stage.keys("enter")), []);
    assert!(stage.text().contains("already under way"), "{}", stage.text());
}

#[test]
fn an_older_page_that_could_not_be_read_is_told_and_asked_for_again_at_the_next_step() {
    let mut stage = Stage::ready();
    stage.keys("3");
    let page = crate::ops::audits::Page { next: Some("older".to_owned()), total: 30, ..entries() };
    assert_eq!(asked(&stage.outcome(Answer::Audits(AuditQuery::default(), Ok(page)))), [Kind::Audits]);
    let older = AuditQuery { next: Some("older".to_owned()), ..AuditQuery::default() };
    assert_eq!(asked(&stage.outcome(Answer::Audits(older, Err(lost())))), []);
    assert!(stage.text().contains("older entries"), "{}", stage.text());
    assert_eq!(asked(&stage.keys("down")), [Kind::Audits]);
    assert_eq!(asked(&stage.keys("down")), [], "not again while one is under way");
}

#[test]
fn counting_goes_on_soon_after_it_failed_however_long_that_took() {
    let mut stage = Stage::ready();
    stage.keys("r");
    stage.wait(std::time::Duration::from_secs(90));
    stage.outcome(Answer::Clusters(Err(lost())));
    assert!(asked(&stage.wait(std::time::Duration::from_secs(120))).contains(&Kind::Clusters));
}
