//! Planes that fail, and people who change things at the same time.

use std::time::Duration;

use palette_console::api::overlord::MigrateRequest;

use super::desk::{Desk, Hosted, sign_in};
use super::flows::up_to_confirmation;
use super::proxy::{Proxy, Weather};

#[test]
fn a_plane_that_is_not_there_leaves_a_way_out_and_is_found_once_it_is_up() {
    let desk = Desk::new();
    // An address of this test alone, so that nobody else can come to answer there.
    let mut console = desk.console(&["--url", "http://127.77.0.1:9191"], 80, 24);
    console.wait_for("The plane cannot be used");
    console.wait_for("Connection refused");
    console.wait_for("[ Try again ]  [ Quit ]");
    console.key("enter");
    console.wait_gone("The plane cannot be used");
    console.wait_for("The plane cannot be used");
    let _plane = Hosted::start_at("127.77.0.1:9191", Duration::ZERO);
    console.key("enter");
    console.wait_for("Sign in as tenant administrator");
    console.key("ctrl-c");
    assert_eq!(console.wait_exit().exit_code(), 0);
}

#[test]
fn the_way_out_of_a_missing_plane_quits() {
    let mut console = Desk::new().console(&["--url", "http://127.77.0.2:9191"], 80, 24);
    console.wait_for("The plane cannot be used");
    console.key("tab");
    console.key("enter");
    assert_eq!(console.wait_exit().exit_code(), 0);
}

#[test]
fn whatever_fails_later_leaves_the_rows_and_heals_by_itself() {
    let plane = Hosted::start(Duration::ZERO);
    let proxy = Proxy::to(plane.address);
    let mut console = plane.console_at(&proxy.url(), 80, 24);
    sign_in(&mut console);
    console.wait_for("31 min");
    for (weather, words) in [
        (Weather::Cut, "the connection broke"),
        (Weather::Stranger(200, "text/html", "", "<html>Welcome</html>"), "a web page"),
        (
            Weather::Stranger(500, "application/json", "", r#"{"code":"Boom","message":"It broke.","ref":"r-1"}"#),
            "It broke (Boom)",
        ),
        (Weather::Stranger(429, "text/plain", "Retry-After: 60\r\n", "slow down"), "too many requests"),
    ] {
        proxy.set(weather.clone());
        console.key("r");
        console.wait_for("Not refreshed since");
        console.wait_for(words);
        console.wait_for("hamburg-vsphere");
        proxy.set(Weather::Fair);
        console.key("r");
        console.wait_gone("Not refreshed since");
    }
    console.key("E");
    console.wait_for("What went wrong");
    console.wait_for("Wait 60 s; the");
    console.wait_for("Reference: r-1.");
}

#[test]
fn a_slow_plane_blocks_nothing() {
    let plane = Hosted::start(Duration::ZERO);
    let proxy = Proxy::to(plane.address);
    let mut console = plane.console_at(&proxy.url(), 80, 24);
    sign_in(&mut console);
    proxy.set(Weather::Stuck);
    console.key("r");
    console.key("down");
    console.wait_for("▸ munich-maas-2");
    console.key("m");
    console.wait_for("step 1 of 4");
    console.key("esc");
    console.wait_gone("step 1 of 4");
    console.key("q");
    assert_eq!(console.wait_exit().exit_code(), 0);
    proxy.set(Weather::Fair);
}

#[test]
fn a_plane_that_dies_and_comes_back_is_noticed_both_times_without_a_key() {
    let desk = Desk::new();
    let mut plane = desk.serve("127.77.0.3:9191", "400");
    let file = desk.credentials_file();
    let mut console = desk.console(&["--url", &plane.url, "--credentials", &file], 80, 24);
    sign_in(&mut console);
    plane.kill();
    console.key("r");
    console.wait_for("Not refreshed since");
    let _plane = desk.serve("127.77.0.3:9191", "400");
    console.wait_gone("Not refreshed since");
    console.wait_for("hamburg-vsphere");
}

#[test]
fn a_destination_that_sickens_under_the_wizard_is_refused_in_words() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.key("m");
    console.wait_for("step 1 of 4");
    console.key("enter");
    console.wait_for("not eligible");
    console.send("hamburg");
    console.key("enter");
    console.wait_for("Enter next");
    let target = plane.gateway("hamburg-vsphere").metadata.uid;
    plane.wait(plane.client().set_heartbeat(&target, false)).unwrap();
    plane.advance(chrono::TimeDelta::minutes(11));
    console.key("enter");
    console.wait_for("✕ Destination is healthy          Unhealthy");
    console.wait_for("It cannot begin.");
    console.key("enter");
    console.wait_for("step 3 of 4");
    console.key("esc");
    console.wait_for("step 2 of 4");
}

#[test]
fn a_gateway_that_someone_deletes_under_the_wizard_is_told() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.send("/cloudstack");
    console.key("enter");
    console.wait_for("1 of 8");
    console.key("d");
    console.wait_for("Type lab-cloudstack to confirm");
    console.send("lab-cloudstack");
    let uid = plane.gateway("lab-cloudstack").metadata.uid;
    plane.wait(plane.client().delete_overlord(&uid)).unwrap();
    console.key("enter");
    console.wait_for("lab-cloudstack");
    console.wait_for("Esc close");
    console.key("esc");
    console.wait_gone("Delete lab-cloudstack");
}

#[test]
fn a_source_that_someone_deletes_under_the_wizard_is_told() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    up_to_confirmation(&mut console, "hamburg");
    let [source, target] = ["berlin-vsphere-1", "berlin-vsphere-2"].map(|name| plane.gateway(name).metadata.uid);
    let request = MigrateRequest { source_uid: source.clone(), target_uid: target };
    plane.wait(plane.client().migrate(&request)).unwrap();
    plane.wait(async {
        while plane.client().delete_overlord(&source).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    console.send("berlin-vsphere-1");
    console.key("enter");
    console.wait_for("The migration did not begin. Nothing was changed.");
    console.wait_for("ResourceNotFound");
}

#[test]
fn the_same_migration_from_two_consoles_ends_in_the_same_proof() {
    let plane = Hosted::start(Duration::from_millis(150));
    let (mut one, mut two) = (plane.console(80, 24), plane.console(80, 24));
    for console in [&mut one, &mut two] {
        sign_in(console);
        up_to_confirmation(console, "hamburg");
        console.send("berlin-vsphere-1");
        console.wait_for("matches");
    }
    one.key("enter");
    one.wait_for(" of 12");
    two.key("enter");
    two.wait_for("already under way, started elsewhere; watching it");
    for console in [&one, &two] {
        console.wait_for("12 of 12 clusters now reference hamburg-vsphere");
    }
}

#[test]
fn an_answer_that_is_lost_is_not_sent_again_and_the_state_is_read_instead() {
    let plane = Hosted::start(Duration::from_millis(100));
    let proxy = Proxy::to(plane.address);
    let mut console = plane.console_at(&proxy.url(), 80, 24);
    sign_in(&mut console);
    up_to_confirmation(&mut console, "hamburg");
    proxy.set(Weather::LosesAnswer("POST", "/v1/overlords/migrate"));
    console.send("berlin-vsphere-1");
    console.key("enter");
    console.wait_for("the answer was lost");
    console.wait_for("Nothing is sent again");
    console.wait_for("12 of 12 clusters now reference hamburg-vsphere");
    assert_eq!(proxy.count("POST /v1/overlords/migrate"), 1);
}

#[test]
fn a_plane_killed_in_the_middle_of_a_migration_goes_on_and_the_console_proves_it() {
    let desk = Desk::new();
    let mut plane = desk.serve("127.77.0.4:9191", "150");
    let file = desk.credentials_file();
    let mut console = desk.console(&["--url", &plane.url, "--credentials", &file], 80, 24);
    sign_in(&mut console);
    up_to_confirmation(&mut console, "hamburg");
    console.send("berlin-vsphere-1");
    console.key("enter");
    console.wait_for("3 of 12");
    plane.kill();
    console.wait_for("lost sight of the plane");
    let _plane = desk.serve("127.77.0.4:9191", "150");
    console.wait_for("the plane answers again");
    console.wait_for("12 of 12 clusters now reference hamburg-vsphere");
}

#[test]
fn a_full_disk_is_told_and_reading_goes_on() {
    let plane = Hosted::start_full();
    let mut console = plane.console(80, 24);
    console.wait_for("Enter signs in.");
    console.key("enter");
    console.wait_for("8 gateways");
    console.key("n");
    console.wait_for("Rename berlin-vsphere-1");
    console.send(&"x".repeat(30));
    console.key("enter");
    console.wait_for("full");
    console.key("esc");
    console.wait_gone("Rename berlin-vsphere-1");
    console.key("r");
    console.wait_for("▸ berlin-vsphere-1");
}
