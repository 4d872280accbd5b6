//! What the command line prints and how it ends: the JSON that scripts rely on, exit codes, names and uids.

use serde_json::{Value, json};

use crate::process::{Done, Home};
use crate::stage::{HELD, NEVER, SICK, SMALL, SOUND, Stage, pcg, plan};

/// Runs a command on the stage's plane.
async fn run(stage: &Stage, words: &[&str]) -> Done {
    let dir = stage.dir.path().to_str().unwrap();
    Home::new().run(&[words, &["--data-dir", dir]].concat()).await
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_list_as_json_is_what_scripts_rely_on() {
    let stage = Stage::new().await;
    let done = run(&stage, &["pcgs", "list", "-o", "json"]).await;
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done:?}");
    let list = done.json();
    let rows = list.as_array().unwrap();
    assert_eq!(rows.len(), 8);
    let row = rows.iter().find(|row| row["name"] == SICK).unwrap();
    assert_eq!(row["uid"], pcg(&stage.client().await, SICK).await.uid);
    let mut row = row.clone();
    row.as_object_mut().unwrap().remove("uid");
    assert_eq!(row["conditions"][0]["type"], "AgentDown");
    row.as_object_mut().unwrap().remove("conditions");
    assert_eq!(
        row,
        json!({
            "name": "berlin-vsphere-1", "cloud": "vsphere", "state": "Running", "health": "UnHealthy",
            "clusters": 12, "lastHeartbeat": "2026-11-22T11:29:00.000Z", "agentVersion": "4.8.6",
            "ipAddress": "10.20.4.11", "isSystem": false, "isSelfHosted": false
        })
    );
    let pending = rows.iter().find(|row| row["name"] == "lab-cloudstack").unwrap();
    assert_eq!((&pending["lastHeartbeat"], &pending["clusters"]), (&Value::Null, &json!(0)));
    let system: Vec<&Value> = rows.iter().filter(|row| row["isSystem"] == true).map(|row| &row["name"]).collect();
    assert_eq!(system, ["System Private Gateway"]);
}

#[tokio::test]
async fn one_gateway_is_shown_by_name_or_uid_with_its_clusters() {
    let stage = Stage::new().await;
    let uid = pcg(&stage.client().await, SMALL).await.uid;
    let (by_name, by_uid) = (
        run(&stage, &["pcgs", "show", SMALL, "-o", "json"]).await,
        run(&stage, &["pcgs", "show", &uid, "-o", "json"]).await,
    );
    assert_eq!(by_name.json(), by_uid.json());
    let shown = by_name.json();
    assert_eq!(shown["clusters"], 2);
    let names: Vec<&Value> = shown["clusterList"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["edge-harbour", "web-hamburg"]);
    let table = run(&stage, &["pcgs", "show", SMALL]).await;
    assert!(table.stdout.contains("hamburg-vsphere") && table.stdout.contains("web-hamburg"), "{table:?}");
}

#[tokio::test]
async fn a_migration_waits_and_prints_its_proof() {
    let stage = Stage::new().await;
    let client = stage.client().await;
    let (source, target) = (pcg(&client, SICK).await, pcg(&client, SOUND).await);
    let done = run(&stage, &["pcgs", "migrate", SICK, "--to", &target.uid, "--yes", "-o", "json"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let proof = done.json();
    assert_eq!(keys(&proof), ["clusters", "moved", "source", "target", "total"]);
    assert_eq!(proof["source"], json!({ "uid": source.uid, "name": SICK }));
    assert_eq!(proof["target"], json!({ "uid": target.uid, "name": SOUND }));
    assert_eq!((&proof["moved"], &proof["total"]), (&json!(HELD), &json!(HELD)));
    let clusters = proof["clusters"].as_array().unwrap();
    assert_eq!(clusters.len(), HELD);
    for cluster in clusters {
        assert_eq!(keys(cluster), ["name", "overlordUid", "uid"]);
        assert_eq!(cluster["overlordUid"], target.uid);
    }
    assert!(done.stderr.contains("12 of 12") && done.stderr.contains("Starting the migration."), "{}", done.stderr);
}

#[tokio::test]
async fn deleting_prints_what_is_left_for_a_person() {
    let stage = Stage::new().await;
    let client = stage.client().await;
    let uid = pcg(&client, SMALL).await.uid;
    assert_eq!(run(&stage, &["pcgs", "migrate", SMALL, "--to", SOUND, "--yes"]).await.code, Some(0));
    let done = run(&stage, &["pcgs", "delete", SMALL, "--yes", "-o", "json"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let value = done.json();
    assert_eq!(keys(&value), ["deleted", "residual"]);
    assert_eq!(value["deleted"], json!({ "uid": uid, "name": SMALL }));
    let machines = &value["residual"][0];
    assert_eq!(keys(machines), ["commands", "lookFor", "what"]);
    assert_eq!(machines["commands"], json!(["govc find / -type m -name 'hamburg-vsphere*'"]));
    let again = run(&stage, &["pcgs", "delete", &uid, "--yes"]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("there is no gateway"), "{again:?}");
}

#[tokio::test]
async fn the_checklist_of_a_deletion_is_data_and_goes_to_stdout() {
    let stage = Stage::new().await;
    run(&stage, &["pcgs", "migrate", SMALL, "--to", SOUND, "--yes"]).await;
    let done = run(&stage, &["pcgs", "delete", SMALL, "--yes"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.contains("[ ] Virtual machines") && done.stdout.contains("Cloud Accounts"), "{done:?}");
}

#[tokio::test]
async fn the_residual_resources_are_rows_of_the_csv() {
    let stage = Stage::new().await;
    run(&stage, &["pcgs", "migrate", SMALL, "--to", SOUND, "--yes"]).await;
    let done = run(&stage, &["pcgs", "delete", SMALL, "--yes", "-o", "csv"]).await;
    let mut lines = done.stdout.lines();
    assert_eq!(lines.next(), Some("DELETED,UID,WHAT,LOOK FOR,COMMANDS"), "{done:?}");
    assert!(lines.all(|line| line.starts_with("hamburg-vsphere,")) && done.stdout.contains("govc find"), "{done:?}");
}

#[tokio::test]
async fn what_may_not_be_done_is_refused_with_code_five_and_changes_nothing() {
    let stage = Stage::new().await;
    let held = run(&stage, &["pcgs", "delete", SICK, "--yes"]).await;
    assert_eq!(held.code, Some(5), "{held:?}");
    assert!(held.stderr.contains("12 clusters still need it; migrate them first"), "{held:?}");
    let other_cloud = run(&stage, &["pcgs", "migrate", SICK, "--to", "munich-maas-1", "--yes"]).await;
    assert_eq!(other_cloud.code, Some(5), "{other_cloud:?}");
    assert!(other_cloud.stderr.contains("FAIL  Same cloud type: vSphere and MAAS"), "{other_cloud:?}");
    assert_eq!(other_cloud.stdout, "");
    let itself = run(&stage, &["pcgs", "migrate", SICK, "--to", SICK, "--yes"]).await;
    assert_eq!(itself.code, Some(5), "{itself:?}");
    assert_eq!(pcg(&stage.client().await, SICK).await.clusters, Some(HELD));
}

#[tokio::test]
async fn another_target_is_refused_by_the_plane_with_code_five() {
    let stage = Stage::with_pace(NEVER).await;
    let client = stage.client().await;
    let running = plan(&client, SICK, SOUND).await;
    let (source_uid, target_uid) = (running.source.uid, running.target.uid);
    client.migrate(&palette_console::api::overlord::MigrateRequest { source_uid, target_uid }).await.unwrap();
    let done = run(&stage, &["pcgs", "migrate", SICK, "--to", SMALL, "--yes"]).await;
    assert_eq!(done.code, Some(5), "{done:?}");
    assert!(done.stderr.contains("is under way"), "{done:?}");
}

#[tokio::test]
async fn nothing_irreversible_happens_without_yes_where_nobody_can_be_asked() {
    let stage = Stage::new().await;
    let done = run(&stage, &["pcgs", "migrate", SICK, "--to", SOUND]).await;
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("pass --yes"), "{done:?}");
    assert_eq!(pcg(&stage.client().await, SICK).await.clusters, Some(HELD));
    assert_eq!(run(&stage, &["pcgs", "delete"]).await.code, Some(2));
}

#[tokio::test]
async fn an_ambiguous_name_lists_the_candidates_and_changes_nothing() {
    let stage = Stage::new().await;
    let client = stage.client().await;
    let (sick, small) = (pcg(&client, SICK).await.uid, pcg(&client, SMALL).await.uid);
    let renamed = run(&stage, &["pcgs", "rename", SMALL, SICK]).await;
    assert_eq!(renamed.code, Some(0), "{renamed:?}");
    let done = run(&stage, &["pcgs", "migrate", SICK, "--to", SOUND, "--yes"]).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    for word in ["is the name of 2 gateways", &sick, &small, "UnHealthy"] {
        assert!(done.stderr.contains(word), "{word} in {done:?}");
    }
    assert_eq!(client.overlord(&small).await.unwrap().metadata.name, SICK);
    let by_uid = run(&stage, &["pcgs", "migrate", &small, "--to", SOUND, "--yes", "-o", "json"]).await;
    assert_eq!((by_uid.code, &by_uid.json()["moved"]), (Some(0), &json!(2)), "{by_uid:?}");
}

#[tokio::test]
async fn names_that_will_not_do_are_a_matter_of_usage() {
    let stage = Stage::new().await;
    for name in [" ", "a\u{202e}b", &"x".repeat(129)] {
        let done = run(&stage, &["pcgs", "rename", SICK, name]).await;
        assert_eq!(done.code, Some(2), "{done:?}");
    }
    assert_eq!(pcg(&stage.client().await, SICK).await.name, SICK);
}

#[tokio::test]
async fn some_of_it_done_ends_with_three() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always("POST", "/v1/overlords/migrate", crate::proxy::Fault::CutAfter);
    proxy.always(
        "GET",
        "/v1/spectroclusters/*",
        crate::proxy::Fault::json(500, &json!({ "code": "Oops", "message": "No.", "ref": "ref-9" })),
    );
    let file = stage.dir.path().join("credentials.toml");
    let words = ["--url", proxy.url(), "--credentials", file.to_str().unwrap()];
    let done = Home::new().run(&[&["pcgs", "migrate", SICK, "--to", SOUND, "--yes"], &words[..]].concat()).await;
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.stderr.contains("Nothing is sent again") && done.stderr.contains("ref-9"), "{done:?}");
    assert_eq!(proxy.count("POST", "/v1/overlords/migrate"), (1, 1));
}
