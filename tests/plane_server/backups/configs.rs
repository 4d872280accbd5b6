use serde_json::{Value, json};

use super::{Stage, ftp_config};
use crate::rig::code;

const FTP: &str = "/v1/system/config/database/backup/ftp";

#[tokio::test]
async fn what_is_not_configured_reads_as_empty() {
    let stage = Stage::new().await;
    let blank = json!({ "hourOfTheDay": 0, "interval": 0, "retentionPeriod": 0 });
    let ftp = json!({ "server": "", "dir": "", "username": "", "password": "" });
    let s3 = json!({ "accessKey": "", "secretKey": "", "bucket": "", "folder": "", "region": "" });
    assert_eq!(stage.get(FTP).await, (200, json!({ "backupSpec": blank, "ftp": ftp })));
    let path = "/v1/system/config/database/backup/s3";
    assert_eq!(stage.get(path).await, (200, json!({ "backupSpec": blank, "s3": s3 })));
    let none = json!({ "isActive": false, "backups": [] });
    assert_eq!(stage.get("/v1/system/database/backups?mode=s3").await, (200, none));
    let answer = stage.call("PATCH", "/v1/system/database/backup?mode=ftp", Value::Null).await;
    assert_eq!(code(&answer), (404, "BackupNotConfigured"));
    assert_eq!(code(&stage.get("/ext/v1/backups?location=ftp").await), (404, "BackupNotConfigured"));
    let answer = stage.call("PATCH", "/v1/system/database/backup?mode=tape", Value::Null).await;
    assert_eq!(code(&answer), (400, "InvalidRequest"));
}

#[tokio::test]
async fn a_configuration_is_kept_and_its_secret_never_given_back() {
    let stage = Stage::configured().await;
    let (_, read) = stage.get(FTP).await;
    let mut expected = ftp_config(1, 7);
    expected["ftp"]["password"] = json!("");
    assert_eq!(read, expected);
    let (_, list) = stage.get("/ext/v1/locations").await;
    assert_eq!(list["items"][0]["location"]["hasSecret"], true);
    assert_eq!(list["items"][0]["status"]["nextRun"], "2026-11-22T13:00:00.000Z");
    assert_eq!(list["items"][0]["status"]["address"], "ftp://127.0.0.1:2121/plane");
    assert!(!list.to_string().contains("Pa55"), "{list}");
    for entry in std::fs::read_dir(stage.rig.dir.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(16).any(|part| part == b"Pa55-never-shown"), "{:?}", entry.path());
    }
    let told = stage.told("location").await;
    assert_eq!(
        told[0],
        "Configured the location ftp (ftp://127.0.0.1:2121/plane): every day at 13:00 UTC, kept 7 days: 7 backups at a time."
    );
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_field_by_field_and_told() {
    let stage = Stage::new().await;
    for (hour, interval, retention) in [(24, 1, 7), (-1, 1, 7), (3, 0, 7), (3, 1, 0), (3, 366, 7), (3, 1, 3651)] {
        let mut body = ftp_config(interval, retention);
        body["backupSpec"]["hourOfTheDay"] = json!(hour);
        let answer = stage.call("PUT", FTP, body).await;
        assert_eq!(code(&answer), (400, "InvalidRequest"), "{hour} {interval} {retention}");
    }
    for (field, value) in
        [("server", "sftp://x"), ("server", ""), ("username", ""), ("dir", "a/../b"), ("dir", "a\nDELE")]
    {
        let mut body = ftp_config(1, 7);
        body["ftp"][field] = json!(value);
        let answer = stage.call("PUT", FTP, body).await;
        assert_eq!(code(&answer), (400, "InvalidRequest"), "{field} {value}");
        assert_eq!(answer.1["details"]["problems"][0]["field"], field);
        let told = stage.told("location").await;
        assert_eq!(told[0], format!("Refused: {}", answer.1["message"].as_str().unwrap()));
    }
    assert_eq!(stage.get("/ext/v1/locations").await.1["items"], json!([]));
    for name in ["A", "a b", "-a", "s3"] {
        let body =
            json!({ "mode": "ftp", "backupSpec": ftp_config(1, 7)["backupSpec"], "ftp": ftp_config(1, 7)["ftp"] });
        let path = format!("/ext/v1/locations/{}", name.replace(' ', "%20"));
        assert_eq!(stage.call("PUT", &path, body).await.0, 400, "{name}");
    }
}

#[tokio::test]
async fn a_stored_secret_goes_nowhere_else() {
    let stage = Stage::configured().await;
    let mut body = ftp_config(2, 14);
    body["ftp"]["password"] = json!("");
    assert_eq!(stage.call("PUT", FTP, body.clone()).await.0, 204, "the same server and user keep it");
    let (_, read) = stage.get(FTP).await;
    assert_eq!(read["backupSpec"]["interval"], 2);
    for (field, value) in [("server", "ftp://evil.example"), ("username", "other")] {
        let mut moved = body.clone();
        moved["ftp"][field] = json!(value);
        for (method, path, body) in [
            ("PUT", FTP, moved.clone()),
            ("POST", "/v1/system/config/ftp/validate?permission=readwrite", moved["ftp"].clone()),
        ] {
            let answer = stage.call(method, path, body).await;
            assert_eq!(code(&answer), (400, "InvalidRequest"), "{answer:?}");
            assert!(answer.1["message"].as_str().unwrap().contains("Type the password again"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn further_locations_reuse_a_saved_configuration() {
    let stage = Stage::configured().await;
    let spec = json!({ "hourOfTheDay": 4, "interval": 7, "retentionPeriod": 60 });
    let body = json!({ "mode": "ftp", "like": "ftp", "backupSpec": spec, "ftp": { "dir": "weekly" } });
    assert_eq!(stage.call("PUT", "/ext/v1/locations/weekly", body).await, (204, Value::Null));
    let (_, list) = stage.get("/ext/v1/locations").await;
    let weekly = &list["items"][1]["location"];
    assert_eq!((&weekly["name"], &weekly["ftp"]["server"]), (&json!("weekly"), &json!("ftp://127.0.0.1:2121")));
    assert_eq!((&weekly["ftp"]["dir"], &weekly["hasSecret"]), (&json!("weekly"), &json!(true)));
    let answer =
        stage.call("PUT", "/ext/v1/locations/x", json!({ "mode": "s3", "like": "ftp", "backupSpec": spec })).await;
    assert_eq!(answer.0, 400);
    assert_eq!(stage.call("DELETE", "/ext/v1/locations/weekly", Value::Null).await.0, 204);
    assert!(stage.told("location").await[0].contains("Its backups stay in ftp://127.0.0.1:2121/weekly"));
    assert_eq!(stage.call("DELETE", "/ext/v1/locations/weekly", Value::Null).await.0, 404);
}

#[tokio::test]
async fn tenants_may_not_even_look() {
    let stage = Stage::configured().await;
    for path in [FTP, "/ext/v1/locations", "/ext/v1/jobs", "/ext/v1/recovery-key", "/ext/v1/backups?location=ftp"] {
        assert_eq!(stage.rig.get(path).await.0, 403, "{path}");
        assert_eq!(stage.rig.client.get(&crate::rig::As::Nobody, path).await.0, 401, "{path}");
    }
    assert_eq!(stage.rig.call("POST", "/ext/v1/recovery-key/export", Value::Null).await.0, 403);
}

#[tokio::test]
async fn a_preview_says_what_a_schedule_means() {
    let stage = Stage::new().await;
    let body = json!({ "backupSpec": { "hourOfTheDay": 3, "interval": 2, "retentionPeriod": 3 } });
    let (status, preview) = stage.call("POST", "/ext/v1/locations/preview", body).await;
    assert_eq!(
        (status, &preview["words"]),
        (200, &json!("every 2 days at 03:00 UTC, kept 3 days: 2 backups at a time"))
    );
    assert_eq!(preview["nextRuns"], json!(["2026-11-24T03:00:00Z", "2026-11-26T03:00:00Z", "2026-11-28T03:00:00Z"]));
    assert_eq!(preview["warnings"].as_array().unwrap().len(), 1);
    let bad = json!({ "backupSpec": { "hourOfTheDay": 24, "interval": 0, "retentionPeriod": 3 } });
    assert_eq!(stage.call("POST", "/ext/v1/locations/preview", bad).await.0, 400);
}

#[tokio::test]
async fn the_recovery_key_is_exported_imported_and_told_of_without_being_shown() {
    let stage = Stage::configured().await;
    let warned = |status: Value| status["warnings"].to_string().contains("has not been exported");
    assert!(warned(stage.status().await));
    let (_, key) = stage.get("/ext/v1/recovery-key").await;
    assert_eq!(key["exported"], false);
    let (status, text) = stage.post("/ext/v1/recovery-key/export").await;
    assert!(status == 200 && text["key"].as_str().unwrap().contains("AGE-SECRET-KEY-1"));
    let (_, key) = stage.get("/ext/v1/recovery-key").await;
    assert_eq!((&key["exported"], &key["exportedAt"]), (&json!(true), &json!("2026-11-22T12:00:00.000Z")));
    assert!(!warned(stage.status().await));
    let told = stage.told("recoverykey").await;
    assert_eq!(told[0], format!("Exported the recovery key {}.", key["fingerprint"].as_str().unwrap()));
    let other = Stage::new().await;
    let (status, imported) = other.call("POST", "/ext/v1/recovery-key/import", text).await;
    assert_eq!((status, &imported["others"]), (200, &json!([key["fingerprint"]])));
    let answer = other.call("POST", "/ext/v1/recovery-key/import", json!({ "key": "hunter2" })).await;
    assert_eq!(answer.0, 400);
    assert!(!answer.1.to_string().contains("hunter2") && !told.concat().contains("AGE-SECRET"));
}

#[tokio::test]
async fn two_locations_on_one_place_are_refused() {
    let stage = Stage::new().await;
    let spec = json!({ "hourOfTheDay": 3, "interval": 1, "retentionPeriod": 7 });
    let first = json!({ "backupSpec": spec, "ftp": { "server": "ftp://backup.site", "dir": "plane", "username": "u", "password": "p" } });
    assert_eq!(stage.call("PUT", "/v1/system/config/database/backup/ftp", first).await.0, 204);
    let like = |dir: &str| json!({ "mode": "ftp", "like": "ftp", "backupSpec": spec, "ftp": { "dir": dir } });
    let (status, answer) = stage.call("PUT", "/ext/v1/locations/weekly", like("/plane/")).await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("The location ftp is at the same place"), "{answer}");
    assert_eq!(stage.call("PUT", "/ext/v1/locations/weekly", like("weekly")).await.0, 204);
}

#[tokio::test]
async fn a_stored_secret_takes_no_weaker_way() {
    let stage = Stage::new().await;
    let spec = json!({ "hourOfTheDay": 3, "interval": 1, "retentionPeriod": 7 });
    let place = |password: &str| json!({ "server": "ftp://backup.site", "dir": "plane", "username": "u", "password": password });
    let with = |password: &str, tls: &str, pem: &str| json!({ "mode": "ftp", "backupSpec": spec, "ftp": place(password), "ftpOptions": { "tls": tls }, "caPem": pem });
    let path = "/ext/v1/locations/ftp";
    assert_eq!(stage.call("PUT", path, with("p", "required", "")).await.0, 204);
    assert_eq!(stage.call("PUT", path, with("", "required", "")).await.0, 204);
    for (tls, pem) in [("optional", ""), ("off", ""), ("required", "-----BEGIN CERTIFICATE-----")] {
        let (status, answer) = stage.call("PUT", path, with("", tls, pem)).await;
        assert_eq!(status, 400, "{tls}: {answer}");
    }
    assert_eq!(stage.call("PUT", path, with("p", "optional", "")).await.0, 204);
}

#[tokio::test]
async fn a_location_stays_where_it_is_while_a_job_works_there() {
    let hung = std::sync::Arc::new(super::hanging::Hanging::default());
    let stage = Stage::with(|settings| settings.stores_of = hung.opener()).await;
    stage.configure(1, 7).await;
    let started = stage.call("POST", "/ext/v1/backups", json!({ "location": "ftp" })).await;
    let mut moved = ftp_config(1, 7);
    moved["ftp"]["dir"] = json!("elsewhere");
    let answer = stage.call("PUT", FTP, moved.clone()).await;
    assert_eq!(code(&answer), (409, "BackupInProgress"), "{answer:?}");
    let words = answer.1["message"].as_str().unwrap();
    assert!(words.starts_with("The location ftp cannot be moved to another place now. A backup of "), "{words}");
    assert_eq!(stage.call("PUT", FTP, ftp_config(1, 9)).await.0, 204, "its schedule may change");
    hung.release();
    assert_eq!(stage.until_ended(started).await["state"], "Completed");
    assert_eq!(stage.call("PUT", FTP, moved).await.0, 204);
}

#[tokio::test]
async fn a_location_that_is_moved_knows_nothing_of_the_backups_of_its_old_place() {
    let stage = Stage::configured().await;
    let uid = stage.backup().await;
    stage.rig.clock.advance(chrono::TimeDelta::days(3));
    assert_eq!(stage.call("PUT", FTP, ftp_config(1, 9)).await.0, 204);
    assert_eq!(stage.status().await["lastGood"], json!(uid), "it is where it was");
    let mut moved = ftp_config(1, 9);
    moved["ftp"]["dir"] = json!("elsewhere");
    assert_eq!(stage.call("PUT", FTP, moved).await.0, 204);
    let status = stage.status().await;
    assert_eq!((&status["lastGood"], status.get("lastGoodAt")), (&json!(""), None));
    let days = status["days"].as_array().unwrap();
    assert!(days.iter().all(|day| day["state"] == "none"), "nothing was missed at the new place: {days:?}");
}

#[tokio::test]
async fn a_preview_deletes_only_what_would_really_go() {
    let stage = Stage::configured().await;
    let mut uids = Vec::new();
    for _ in 0..5 {
        uids.push(stage.backup().await);
        stage.rig.clock.advance(chrono::TimeDelta::days(1));
    }
    assert_eq!(stage.list().await.len(), 5);
    let (_, list) = stage.get("/ext/v1/locations").await;
    let mut wanted = list["items"][0]["location"].clone();
    wanted["backupSpec"]["retentionPeriod"] = json!(1);
    let preview = async |body: &Value| stage.call("POST", "/ext/v1/locations/preview", body.clone()).await.1;
    assert_eq!(preview(&wanted).await["wouldDelete"], json!(uids[..2]));
    let mut elsewhere = wanted.clone();
    elsewhere["ftp"]["dir"] = json!("elsewhere");
    assert_eq!(preview(&elsewhere).await["wouldDelete"], json!([]), "there they are not");
    wanted["paused"] = json!(true);
    let paused = preview(&wanted).await;
    assert_eq!(paused["wouldDelete"], json!([]));
    assert!(
        paused["warnings"].to_string().contains("Retention deletes nothing now. The location is paused."),
        "{paused}"
    );
    assert_eq!(stage.call("PUT", "/ext/v1/locations/ftp", wanted).await.0, 204);
    let (_, retention) = stage.get("/ext/v1/retention?location=ftp").await;
    assert_eq!((&retention["expired"], &retention["kept"][0]["uid"]), (&json!([]), &json!(uids[0])), "{retention}");
}
