//! What is made of a plane's answers about backups: jobs that are watched, answers that are lost, and a real Palette, which tells
//! of no jobs.

use palette_console::api::backup::{Backup, RestorePlan};
use palette_console::api::location::Location;
use palette_console::api::{CheckState, JobKind, JobState, TransferState};
use palette_console::client::{Login, Permission, SessionKind};
use palette_console::ops::job::{JobError, Progress};
use palette_console::ops::{backup, location, restore};

use crate::backups::{NO_JOBS, OURS, SPEC, STARTED, TOKEN, UID, ftp, on_ours, recorder, signed_in};
use crate::recorder::Recorder;

fn count(recorder: &Recorder, line: &str) -> usize {
    recorder.seen().iter().filter(|seen| seen.line.starts_with(line)).count()
}

#[tokio::test]
async fn a_mutation_whose_answer_is_lost_is_not_sent_again_but_looked_for() {
    let recorder =
        recorder(&[OURS, NO_JOBS, ("POST /ext/v1/backups", 504, r#"{"code":"Timeout","message":"too slow"}"#)]).await;
    let client = on_ours(&recorder).await;
    tokio::time::pause();
    let mut told = Vec::new();
    let error = backup::create(&client, "ftp", |progress| told.push(progress)).await.unwrap_err();
    assert!(matches!(error, JobError::NoSign { .. }), "{error:?}");
    assert!(error.to_string().contains("Nothing was sent again"), "{error}");
    assert_eq!(count(&recorder, "POST /ext/v1/backups"), 1);
    assert!(matches!(told.as_slice(), [Progress::Sending, Progress::AnswerLost { .. }]), "{told:?}");
}

#[tokio::test]
async fn a_refused_order_is_told_as_it_was_and_changes_nothing() {
    let recorder = recorder(&[
        OURS,
        NO_JOBS,
        (
            "POST /ext/v1/backups",
            409,
            r#"{"code":"BackupInProgress","message":"A backup to ftp is under way.","details":{"jobUid":"j0"}}"#,
        ),
    ])
    .await;
    let client = on_ours(&recorder).await;
    let error = backup::create(&client, "ftp", |_| ()).await.unwrap_err();
    let words = error.to_string();
    assert!(matches!(error, JobError::NotStarted(_)), "{words}");
    assert!(words.contains("under way (BackupInProgress). Nothing was changed."), "{words}");
    assert_eq!(count(&recorder, "POST /ext/v1/backups"), 1);
}

#[tokio::test]
async fn a_job_is_watched_to_its_end_and_its_backup_read_back() {
    let recorder = recorder(&[
        OURS,
        NO_JOBS,
        ("POST /ext/v1/backups", 202, STARTED),
        (
            "GET /ext/v1/jobs/j1",
            200,
            r#"{"uid":"j1","kind":"create","location":"ftp","mode":"ftp","state":"Completed","result":"Made.",
                "backupUid":"20261122T030000Z-4f1c9a2b7d3e","progress":{"plainDone":10,"plainTotal":10}}"#,
        ),
        (
            "GET /ext/v1/backups",
            200,
            r#"{"items":[{"uid":"20261122T030000Z-4f1c9a2b7d3e","location":"ftp","mode":"ftp","state":"Completed","own":true,
                "finished":"2026-11-22T03:00:09.000Z","bytes":1234}]}"#,
        ),
    ])
    .await;
    let client = on_ours(&recorder).await;
    let done = backup::create(&client, "ftp", |_| ()).await.unwrap();
    assert!(done.succeeded());
    assert_eq!(done.backup.map(|backup| (backup.uid, backup.bytes)), Some((UID.to_owned(), 1234)));
}

#[tokio::test]
async fn a_restore_goes_on_being_watched_when_every_session_has_ended() {
    const JOB: &str = "GET /ext/v1/jobs/j1";
    let recorder = recorder(&[
        OURS,
        NO_JOBS,
        ("POST /ext/v1/backups/20261122T030000Z-4f1c9a2b7d3e/restore", 202, STARTED),
        (JOB, 200, r#"{"uid":"j1","kind":"restore","state":"Running","phase":"Downloading"}"#),
        (JOB, 401, r#"{"code":"Unauthenticated","message":"Sign in."}"#),
        (JOB, 200, r#"{"uid":"j1","kind":"restore","state":"Completed","result":"Restored."}"#),
    ])
    .await;
    let client = on_ours(&recorder).await;
    let target = Backup { uid: UID.into(), location: "ftp".into(), ..Backup::default() };
    let plan = RestorePlan { kind: JobKind::Restore, backup: target, ..RestorePlan::default() };
    let mut told = Vec::new();
    let report = |progress| {
        if progress == Progress::SignedOut {
            let client = client.clone();
            let login = Login::Pasted { kind: SessionKind::System, token: TOKEN.into() };
            tokio::spawn(async move { client.login(&login).await.unwrap() });
        }
        told.push(progress);
    };
    let restore::Outcome::Ended(job) = restore::run(&client, &plan, report).await.unwrap() else { panic!("no job") };
    assert_eq!((job.state, job.result.as_str()), (JobState::Completed, "Restored."));
    assert_eq!(count(&recorder, "POST /ext/v1/backups"), 1, "the order is never repeated");
    let back = told.iter().position(|it| *it == Progress::PlaneBack);
    assert!(told.iter().position(|it| *it == Progress::SignedOut) < back, "{told:?}");
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_found_among_the_plane_s_jobs() {
    let recorder = recorder(&[
        OURS,
        NO_JOBS,
        (
            "GET /ext/v1/jobs",
            200,
            r#"{"items":[{"uid":"j0","kind":"verify","location":"ftp","state":"Running"},
                         {"uid":"j2","kind":"create","location":"ftp","state":"Running","scheduled":true},
                         {"uid":"j1","kind":"create","location":"ftp","state":"Running","backupUid":"b1"}]}"#,
        ),
        ("POST /ext/v1/backups", 502, r#"{"code":"BadGateway","message":"gone"}"#),
        ("GET /ext/v1/jobs/j1", 200, r#"{"uid":"j1","kind":"create","location":"ftp","state":"Cancelled"}"#),
        ("GET /ext/v1/backups", 200, r#"{"items":[]}"#),
    ])
    .await;
    let client = on_ours(&recorder).await;
    let done = backup::create(&client, "ftp", |_| ()).await.unwrap();
    assert_eq!((done.job.uid.as_str(), done.succeeded(), done.backup), ("j1", false, None));
    assert_eq!(count(&recorder, "POST /ext/v1/backups"), 1);
}

#[tokio::test]
async fn a_saved_location_whose_answer_was_lost_is_read_back() {
    let shown = r#"{"items":[{"location":{"name":"ftp","mode":"ftp","backupSpec":{"hourOfTheDay":3,"interval":2,"retentionPeriod":14},
        "ftp":{"server":"ftp://backup.site.local:21","dir":"palette","username":"u","password":""}}}]}"#;
    let lost: (&str, u16, &str) = ("PUT /ext/v1/locations/ftp", 504, r#"{"code":"Timeout","message":"too slow"}"#);
    let place = Location { name: "ftp".into(), backup_spec: SPEC, ftp: Some(ftp()), ..Location::default() };
    for (answer, kept) in [(shown, true), (r#"{"items":[]}"#, false)] {
        let recorder = recorder(Vec::leak(vec![OURS, lost, ("GET /ext/v1/locations", 200, answer)])).await;
        let client = on_ours(&recorder).await;
        let saved = location::save(&client, &place).await;
        assert_eq!(saved.is_ok(), kept, "{saved:?}");
        assert_eq!(count(&recorder, "PUT /ext/v1/locations/ftp"), 1);
    }
}

#[tokio::test]
async fn a_validation_hands_on_the_checks_of_its_job() {
    let recorder = recorder(&[
        OURS,
        NO_JOBS,
        ("POST /ext/v1/locations/validate", 202, r#"{"jobUid":"j1"}"#),
        (
            "GET /ext/v1/jobs/j1",
            200,
            r#"{"uid":"j1","kind":"validate","state":"Error","result":"Sign in: wrong password.",
                "checks":[{"name":"Connect","state":"passed","millis":3},
                          {"name":"Sign in","state":"failed","detail":"530","fix":"Check the password."}]}"#,
        ),
    ])
    .await;
    let client = on_ours(&recorder).await;
    let place = Location { name: "ftp".into(), ftp: Some(ftp()), ..Location::default() };
    let mut told = 0;
    let found = location::validate(&client, &place, Permission::ReadWrite, |checks| told = checks.len()).await.unwrap();
    assert_eq!((found.ok, told), (false, 2));
    assert_eq!(found.checks[1].state, CheckState::Failed);
}

const PALETTES: &str = r#"{"isActive":false,"backups":[
  {"backupUid":"64b1","mode":"FileSystem","backupStatus":{"state":"Success","isCompleted":true,"startTime":"2026-11-22T03:00:00.000Z",
    "finishTime":"2026-11-22T03:04:00.000Z","folder":"palette","message":null,"status":null}},
  {"backupUid":"64b2","mode":"Ftp","backupStatus":{"state":"Error","isCompleted":true,"startTime":"2026-11-21T03:00:00.000Z",
    "finishTime":"0001-01-01T00:00:00.000Z","message":["mongodump failed"]}},
  {"backupUid":"64b3","mode":"Ftp","backupStatus":null}]}"#;

#[tokio::test]
async fn a_real_palettes_list_and_configuration_read_like_ours() {
    let recorder = recorder(&[
        ("GET /v1/system/database/backups", 200, PALETTES),
        (
            "GET /v1/system/config/database/backup/ftp",
            200,
            r#"{"backupSpec":{"hourOfTheDay":3,"interval":2,"retentionPeriod":14},"ftp":{"server":"ftp://h/","dir":"/d","username":"u","password":"****"}}"#,
        ),
        ("GET /v1/system/config/database/backup/s3", 200, r#"{"backupSpec":{},"s3":{"bucket":""}}"#),
    ])
    .await;
    let client = signed_in(&recorder).await;
    assert!(!client.read_capabilities().await.unwrap().backups);
    let shelves = backup::shelves(&client, true).await.unwrap();
    assert_eq!(shelves.len(), 1, "S3 was not configured");
    let shelf = &shelves[0];
    assert_eq!(shelf.view.status.address, "ftp://h/d");
    let told: Vec<_> = shelf.backups.as_ref().unwrap().items.iter().map(|it| (it.uid.as_str(), &it.state)).collect();
    let expected =
        [("64b1", &TransferState::Completed), ("64b2", &TransferState::Error), ("64b3", &TransferState::Running)];
    assert_eq!(told, expected);
    assert_eq!(shelf.newest_good().map(|it| it.uid.as_str()), Some("64b1"));
}

#[tokio::test]
async fn a_real_palettes_restore_is_ordered_once_and_promises_nothing() {
    let recorder = recorder(&[
        ("GET /v1/system/database/backups", 200, PALETTES),
        ("PATCH /v1/system/database/restore/64b1", 204, ""),
    ])
    .await;
    let client = signed_in(&recorder).await;
    let target = backup::find(&client, "64b1", Some("ftp")).await.unwrap();
    let plan = restore::plan(&client, &target, JobKind::Restore).await.unwrap();
    assert_eq!((plan.refusals.len(), plan.confirm.as_str()), (0, "64b1"));
    let outcome = restore::run(&client, &plan, |_| ()).await.unwrap();
    assert_eq!(outcome, restore::Outcome::Accepted);
    assert_eq!(count(&recorder, "PATCH /v1/system/database/restore/64b1?mode=ftp"), 1);
}

#[tokio::test]
async fn a_real_palettes_backup_that_never_shows_up_ends_with_the_way_out() {
    let recorder =
        recorder(&[("GET /v1/system/database/backups", 200, PALETTES), ("PATCH /v1/system/database/backup", 204, "")])
            .await;
    let client = signed_in(&recorder).await;
    tokio::time::pause();
    let error = backup::create(&client, "ftp", |_| ()).await.unwrap_err();
    assert!(matches!(error, JobError::Stuck { .. }), "{error:?}");
    assert!(error.to_string().contains("restart the mgmt pod"), "{error}");
    assert_eq!(count(&recorder, "PATCH /v1/system/database/backup"), 1);
}
