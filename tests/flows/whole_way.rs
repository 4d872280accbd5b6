//! The whole way of a backup from the command line, on every server that there is: configured, validated, made, proved,
//! restored, recovered on another plane, opened by hand, deleted.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::backups::open_by_hand;
use crate::ground::{self, Ground};
use crate::s3_real;
use crate::servers::{Program, Protection};
use crate::site::{GATEWAY, Site, path};

async fn configured(ground: &Ground) -> Site {
    let site = Site::with(&[]);
    let mode = ground.mode;
    site.done(&format!("locations set {mode} {}", ground.flags)).await;
    let validated = site.json(&format!("locations validate {mode}")).await;
    assert_eq!(validated["ok"], true, "{validated:#}");
    site
}

/// Makes a backup; its uid.
async fn made(site: &Site, mode: &str) -> String {
    let made = site.json(&format!("backups create {mode}")).await;
    let uid = made["uid"].as_str().unwrap().to_owned();
    assert_eq!((&made["mode"], &made["state"]), (&mode.into(), &"Completed".into()), "{made:#}");
    assert!(made["bytes"].as_u64().unwrap() > 0, "{made:#}");
    let listed = site.json(&format!("backups list {mode}")).await;
    assert_eq!((&listed[0]["uid"], &listed[0]["own"]), (&uid.as_str().into(), &true.into()), "{listed:#}");
    let verified = site.json(&format!("backups verify {uid} --level data")).await;
    assert_eq!(verified["good"], true, "{verified:#}");
    uid
}

async fn downloaded(site: &Site, uid: &str) {
    let (dir, key) = (site.home.path().join("copy"), site.home.path().join("key.txt"));
    site.done(&format!("backups download {uid} --to {}", path(&dir))).await;
    let is_there = |name: &str| {
        let mut command = Command::new(name);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    if is_there("age") && is_there("zstd") {
        open_by_hand(&dir, &key);
    } else {
        // Not captured by the test harness, unlike eprintln.
        let _ = writeln!(std::io::stderr(), "LEFT OUT: opening by hand needs age and zstd, which are not here");
    }
}

async fn the_whole_way(ground: Ground) {
    let mode = ground.mode;
    let site = configured(&ground).await;
    site.done(&format!("pcgs rename {GATEWAY} elbe")).await;
    let uid = made(&site, mode).await;
    site.done("pcgs rename elbe weser").await;
    site.done(&format!("backups restore {uid} --yes")).await;
    assert!(site.has_gateway("elbe").await);
    let key = site.home.path().join("key.txt");
    site.done(&format!("backups key export --to {}", path(&key))).await;

    let other = configured(&ground).await;
    other.done(&format!("backups key import {}", path(&key))).await;
    other.done(&format!("backups recover {uid} --mode {mode} --yes")).await;
    assert!(other.has_gateway("elbe").await);

    downloaded(&site, &uid).await;
    site.done(&format!("backups status {mode} --max-age 26h")).await;
    site.done(&format!("backups delete {uid} --yes")).await;
    let left = site.json(&format!("backups list {mode}")).await;
    let is_it = |backup: &Value| backup["uid"] == uid.as_str();
    assert!(!left.as_array().unwrap().iter().any(is_it), "{left:#}");
    for told in [site.home.logs(), other.home.logs()] {
        assert!(!told.contains(ground.secret));
    }
}

async fn on_ftp(program: Program, protection: Protection) {
    if let Some(ground) = ground::real_ftp(program, protection) {
        the_whole_way(ground).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_on_s3_in_process() {
    the_whole_way(ground::s3_in_process().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_on_ftp_in_process() {
    the_whole_way(ground::ftp_in_process(Protection::Plain).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_on_ftps_in_process() {
    the_whole_way(ground::ftp_in_process(Protection::Required).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs vsftpd"]
async fn the_whole_way_on_vsftpd() {
    on_ftp(Program::Vsftpd, Protection::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs vsftpd"]
async fn the_whole_way_on_vsftpd_with_tls() {
    on_ftp(Program::Vsftpd, Protection::Required).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs proftpd"]
async fn the_whole_way_on_proftpd() {
    on_ftp(Program::Proftpd, Protection::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs proftpd"]
async fn the_whole_way_on_proftpd_with_tls() {
    on_ftp(Program::Proftpd, Protection::Required).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pure-ftpd"]
async fn the_whole_way_on_pure_ftpd() {
    on_ftp(Program::PureFtpd, Protection::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pure-ftpd"]
async fn the_whole_way_on_pure_ftpd_with_tls() {
    on_ftp(Program::PureFtpd, Protection::Required).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs garage"]
async fn the_whole_way_on_garage() {
    the_whole_way(ground::real_s3(s3_real::garage())).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs versitygw"]
async fn the_whole_way_on_versitygw() {
    the_whole_way(ground::real_s3(s3_real::versitygw())).await;
}
