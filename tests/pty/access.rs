//! Signing in, being turned away, and sessions that end.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;

use super::desk::{Hosted, sign_in};
use super::flows::up_to_confirmation;
use super::harness::Console;

/// The card, on an empty password field.
fn at_the_password(plane: &Hosted) -> Console {
    let mut console = plane.console(80, 24);
    console.wait_for("Enter signs in.");
    console.key("ctrl-u");
    console
}

#[test]
fn a_wrong_password_says_how_many_tries_are_left_and_the_fifth_locks_in_words() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = at_the_password(&plane);
    for words in ["4 tries are left", "3 tries are left", "2 tries are left", "One try is left"] {
        console.key("ctrl-u");
        console.send("wrong");
        console.key("enter");
        console.wait_for(words);
    }
    console.key("ctrl-u");
    console.send("wrong");
    console.key("enter");
    console.wait_for("The account is locked after 5 wrong passwords.");
    console.wait_for("Wait 15 min, then sign in again.");
}

fn choose_method(console: &mut Console, downs: usize) {
    for _ in 0..3 {
        console.key("shift-tab");
    }
    console.key("space");
    console.wait_for("Token from the browser");
    for _ in 0..downs {
        console.key("down");
    }
    console.key("enter");
}

#[test]
fn an_api_key_signs_in_and_a_wrong_one_is_told_apart() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = at_the_password(&plane);
    choose_method(&mut console, 1);
    console.key("tab");
    console.wait_for("Palette: User Menu > My API Keys.");
    console.key("ctrl-u");
    console.send("no-such-key");
    console.key("enter");
    console.wait_for("does not accept this API key");
    console.key("ctrl-u");
    let key = plane.desk.credentials().tenant.unwrap().api_key.unwrap();
    console.send(key.expose_secret());
    console.key("enter");
    console.wait_for("8 gateways");
    console.wait_for("API key · tenant");
    assert!(!String::from_utf8_lossy(&console.written_since(0)).contains(key.expose_secret()));
}

#[test]
fn a_token_from_the_browser_signs_in_by_being_pasted() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = at_the_password(&plane);
    choose_method(&mut console, 2);
    console.key("tab");
    console.wait_for("lscache-loginauthToken");
    console.send(&format!("\u{1b}[200~{}\u{1b}[201~", plane.token()));
    console.key("enter");
    console.wait_for("8 gateways");
    console.wait_for("pasted token · tenant");
}

#[test]
fn one_enter_opens_both_sessions() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.key("2");
    console.wait_for("admin · system");
}

#[test]
fn a_session_that_ends_under_the_wizard_is_renewed_over_it_and_nothing_is_lost() {
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
    plane.advance(TimeDelta::minutes(16));
    console.key("enter");
    console.wait_for("Sign in again");
    console.wait_for("nothing you typed is lost");
    console.key("enter");
    console.wait_gone("Sign in again");
    // The read that failed is repeated by itself.
    console.wait_for("step 3 of 4");
    console.wait_for("Nothing stands in the way.");
}

#[test]
fn a_session_that_ends_at_the_confirmation_is_renewed_and_the_migration_can_be_tried_again_as_it_was() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    up_to_confirmation(&mut console, "hamburg");
    console.send("berlin-vsphere-1");
    console.wait_for("matches");
    plane.advance(TimeDelta::minutes(16));
    console.key("enter");
    console.wait_for("Sign in again");
    console.key("enter");
    console.wait_gone("Sign in again");
    console.wait_for("The migration did not begin. Nothing was changed.");
    console.wait_for("[ Try again ]");
    console.key("tab");
    console.key("enter");
    console.wait_for("12 of 12 clusters now reference hamburg-vsphere");
}

#[test]
fn a_session_that_ends_at_a_deletion_or_a_renaming_keeps_what_was_typed() {
    let plane = Hosted::start(Duration::ZERO);
    let mut console = plane.console(80, 24);
    sign_in(&mut console);
    console.send("/cloudstack");
    console.key("enter");
    console.wait_for("1 of 8");
    console.key("n");
    console.wait_for("Rename lab-cloudstack");
    console.send("-2");
    plane.advance(TimeDelta::minutes(16));
    console.key("enter");
    console.wait_for("Sign in again");
    console.key("enter");
    console.wait_gone("Sign in again");
    console.wait_for("lab-cloudstack-2");
    console.key("enter");
    console.wait_for("lab-cloudstack is called lab-cloudstack-2 now.");
    console.wait_for("▸ lab-cloudstack-2");
    console.key("d");
    console.wait_for("Type lab-cloudstack-2 to confirm");
    console.send("lab-cloudstack-2");
    plane.advance(TimeDelta::minutes(16));
    console.key("enter");
    console.wait_for("Sign in again");
    console.key("enter");
    console.wait_gone("Sign in again");
    console.wait_for("matches");
    console.key("enter");
    console.wait_for("lab-cloudstack-2 is deleted");
}

#[test]
fn putting_the_login_off_leaves_a_way_back_to_it() {
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
    plane.advance(TimeDelta::minutes(16));
    console.key("enter");
    console.wait_for("Sign in again");
    console.key("esc");
    console.wait_for("Not signed in");
    console.key("r");
    console.wait_for("nothing you typed is lost");
    console.key("enter");
    console.wait_for("Nothing stands in the way.");
}
