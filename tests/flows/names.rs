//! Names that would take over a terminal, pass for other names, or run in a spreadsheet.

use palette_console::api::meta::{MetadataUpdate, ObjectMetaInput};
use serde_json::{Value, json};

use crate::process::{Done, Home};
use crate::proxy::{Fault, Proxy};
use crate::stage::{SICK, SMALL, SOUND, Stage, pcg};

/// Clears the screen, turns the text around, hides a character, sets the title of a window, ends with C1 and delete.
const EVIL: &str = "e\u{1b}[2Jvil\u{202e}txt\u{200b}\u{1b}]0;x\u{7}\u{9b}31m\u{7f}\u{e0041}\nsecond line";

async fn run(stage: &Stage, proxy: &Proxy, words: &[&str]) -> Done {
    let file = stage.dir.path().join("credentials.toml");
    let way = ["--url", proxy.url(), "--credentials", file.to_str().unwrap()];
    Home::new().run(&[words, &way[..]].concat()).await
}

/// Gives a gateway a name that our own rename would refuse, as another client of the plane could.
async fn rename(stage: &Stage, from: &str, to: &str) -> String {
    let client = stage.client().await;
    let uid = pcg(&client, from).await.uid;
    let metadata = ObjectMetaInput { name: to.to_owned(), ..ObjectMetaInput::default() };
    client.update_overlord(&uid, &MetadataUpdate { metadata }).await.unwrap();
    uid
}

fn evil_everywhere(answer: &mut Value) {
    for gateway in answer["items"].as_array_mut().unwrap() {
        if gateway["metadata"]["name"] == SMALL {
            gateway["metadata"]["name"] = EVIL.into();
            gateway["status"]["state"] = EVIL.into();
            gateway["status"]["health"]["agentVersion"] = EVIL.into();
        }
    }
}

async fn stage_of_evil() -> (Stage, Proxy) {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always("GET", "/v1/overlords", Fault::Rewrite(evil_everywhere));
    (stage, proxy)
}

fn assert_harmless(text: &str) {
    let harmful = |c: &char| (c.is_control() && *c != '\n') || "\u{202e}\u{200b}\u{e0041}".contains(*c);
    assert_eq!(text.chars().find(harmful), None, "{text:?}");
}

#[tokio::test]
async fn tables_and_messages_are_harmless_whatever_a_plane_says() {
    let (stage, proxy) = stage_of_evil().await;
    let uid = pcg(&stage.client().await, SMALL).await.uid;
    for words in [
        &["pcgs", "list"][..],
        &["pcgs", "list", "-o", "csv"],
        &["pcgs", "show", &uid],
        &["pcgs", "show", "nobody"],
        &["pcgs", "migrate", &uid, "--to", SOUND, "--yes"],
        &["pcgs", "delete", &uid, "--yes"],
        &["audits", "list"],
    ] {
        let done = run(&stage, &proxy, words).await;
        assert!(!(done.stdout.is_empty() && done.stderr.is_empty()), "{words:?}");
        assert_harmless(&done.stdout);
        assert_harmless(&done.stderr);
    }
}

#[tokio::test]
async fn a_table_keeps_one_line_for_each_gateway() {
    let (stage, proxy) = stage_of_evil().await;
    let done = run(&stage, &proxy, &["pcgs", "list"]).await;
    assert_eq!(done.stdout.lines().count(), 9, "{}", done.stdout);
}

#[tokio::test]
async fn json_keeps_the_truth_in_escapes() {
    let (stage, proxy) = stage_of_evil().await;
    let done = run(&stage, &proxy, &["pcgs", "list", "-o", "json"]).await;
    assert_harmless(&done.stdout);
    let names: Vec<Value> = done.json().as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert!(names.contains(&json!(EVIL)), "{names:?}");
    assert!(done.stdout.contains(r"\u202e") && done.stdout.contains(r"\u009b"), "{}", done.stdout);
}

#[tokio::test]
async fn candidates_of_an_ambiguous_name_are_harmless_too() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    proxy.always(
        "GET",
        "/v1/overlords",
        Fault::Rewrite(|answer| {
            for gateway in answer["items"].as_array_mut().unwrap() {
                gateway["metadata"]["name"] = "same".into();
                gateway["status"]["state"] = EVIL.into();
            }
        }),
    );
    let done = run(&stage, &proxy, &["pcgs", "show", "same"]).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stderr.contains("is the name of 8 gateways"), "{done:?}");
    assert_harmless(&done.stderr);
}

#[tokio::test]
async fn formulas_in_names_are_inert_in_csv() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    rename(&stage, SICK, "=cmd|' /C calc'!A0").await;
    rename(&stage, SMALL, "@SUM(1,\"2\")").await;
    let done = run(&stage, &proxy, &["pcgs", "list", "-o", "csv"]).await;
    assert!(done.stdout.contains("\n'=cmd|' /C calc'!A0,vSphere,"), "{}", done.stdout);
    assert!(done.stdout.contains("\n\"'@SUM(1,\"\"2\"\")\",vSphere,"), "{}", done.stdout);
}

#[tokio::test]
async fn a_name_of_three_hundred_columns_leads_to_its_gateway() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let wide = "東".repeat(150);
    let uid = rename(&stage, SMALL, &wide).await;
    let shown = run(&stage, &proxy, &["pcgs", "show", &wide, "-o", "json"]).await;
    assert_eq!((shown.code, &shown.json()["uid"]), (Some(0), &json!(uid)), "{shown:?}");
    let done = run(&stage, &proxy, &["pcgs", "migrate", &wide, "--to", SOUND, "--yes", "-o", "json"]).await;
    assert_eq!((done.code, &done.json()["source"]["name"]), (Some(0), &json!(wide)), "{done:?}");
}

#[tokio::test]
async fn a_name_with_hidden_characters_can_be_migrated_by_uid_and_typed_as_it_is() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let hidden = "ham\u{202e}burg";
    let uid = rename(&stage, SMALL, hidden).await;
    let done = run(&stage, &proxy, &["pcgs", "migrate", &uid, "--to", SOUND, "--yes", "-o", "json"]).await;
    assert_eq!((done.code, &done.json()["source"]["name"]), (Some(0), &json!(hidden)), "{done:?}");
    let deleted = run(&stage, &proxy, &["pcgs", "delete", hidden, "--yes"]).await;
    assert_eq!(deleted.code, Some(0), "{deleted:?}");
    assert_harmless(&deleted.stdout);
}
