use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use secrecy::ExposeSecret;

use super::super::select::Choice;
use super::*;
use crate::tui::ui::{Look, testing};

fn location() -> Form {
    Form::new([
        Field::select("mode", "Mode", vec![Choice::new("ftp", ["FTP"]), Choice::new("s3", ["S3"])], Some("ftp")),
        Field::text("host", "Host", "")
            .required()
            .help("The name or address of the server, without ftp://.")
            .check(|host| if host.contains('/') { Err("The host must not contain a slash".into()) } else { Ok(()) }),
        Field::number("port", "Port", Some(21), 1, 65535),
        Field::secret("password", "Password").required(),
        Field::path("ca", "CA file", ""),
        Field::toggle("tls", "Use TLS", true),
        Field::button("validate", "Validate"),
        Field::button("save", "Save"),
    ])
}

fn press(form: &mut Form, keys: &str) -> FormEvent {
    keys.split(' ').map(|key| form.on_key(key.parse().unwrap())).last().unwrap()
}

fn focused(form: &Form) -> &'static str {
    form.focused().map_or("", |field| field.id)
}

fn error<'a>(form: &'a Form, id: &str) -> &'a str {
    form.field(id).and_then(|field| field.error.as_deref()).unwrap_or("")
}

#[test]
fn a_form_of_its_own_height_shows_the_help_however_few_fields_it_has() {
    for fields in 1..4 {
        let field = |n| Field::text(["one", "two", "three"][n], "Label", "").help("What it means.");
        let form = Form::new((0..fields).map(field));
        let drawn = testing::draw(40, form.height(40), |area, buf, look| form.render(area, area, buf, look));
        assert!(testing::lines(&drawn).concat().contains("What it means."), "{fields}");
    }
}

#[test]
fn tab_and_arrows_walk_around_visible_fields() {
    let mut form = location();
    form.show("port", false);
    press(&mut form, "tab down");
    assert_eq!(focused(&form), "password");
    press(&mut form, "up up shift-tab");
    assert_eq!(focused(&form), "save");
    press(&mut form, "left");
    assert_eq!(focused(&form), "validate");
    form.show("validate", false);
    assert_eq!(focused(&form), "save", "the focus never stays on a hidden field");
}

#[test]
fn a_field_is_checked_when_it_is_left_only_if_it_was_changed() {
    let mut form = location();
    press(&mut form, "tab tab");
    assert_eq!(form.errors(), 0);
    press(&mut form, "up a / b");
    assert_eq!(error(&form, "host"), "", "not while it is typed");
    press(&mut form, "tab");
    assert_eq!(error(&form, "host"), "The host must not contain a slash");
    press(&mut form, "up backspace");
    assert_eq!(error(&form, "host"), "", "an edit takes the error away");
}

#[test]
fn enter_submits_or_goes_to_the_first_bad_field() {
    let mut form = location();
    form.focus("port");
    press(&mut form, "ctrl-u 9 9 9 9 9");
    assert_eq!(press(&mut form, "enter"), FormEvent::Refused);
    assert_eq!(focused(&form), "host");
    assert_eq!(form.errors(), 3);
    assert_eq!(error(&form, "port"), "Port must be a whole number from 1 to 65535");
    assert_eq!(error(&form, "password"), "Password is required");
    form.set_text("host", "backup.site.local");
    form.set_text("port", "2121");
    form.set_text("password", "hunter2");
    assert_eq!(press(&mut form, "enter"), FormEvent::Submitted);
    assert_eq!((form.text("host"), form.number("port")), ("backup.site.local", Some(2121)));
    assert_eq!(form.secret("password").unwrap().expose_secret(), "hunter2");
}

#[test]
fn hidden_fields_are_not_checked() {
    let mut form = location();
    form.show("host", false);
    form.show("password", false);
    assert!(form.submit());
}

#[test]
fn a_list_opens_chooses_and_takes_escape_for_itself() {
    let mut form = location();
    assert_eq!(press(&mut form, "enter"), FormEvent::Moved);
    assert!(form.is_list_open());
    assert_eq!(press(&mut form, "down enter"), FormEvent::Changed("mode"));
    assert_eq!(form.choice("mode"), Some("s3"));
    assert_eq!(press(&mut form, "space esc"), FormEvent::Moved);
    assert!(!form.is_list_open());
    assert_eq!(press(&mut form, "esc"), FormEvent::Ignored);
    assert_eq!(press(&mut form, "f enter"), FormEvent::Changed("mode"), "typing opens the list filtered");
    assert_eq!(form.choice("mode"), Some("ftp"));
    press(&mut form, "enter tab");
    assert_eq!((focused(&form), form.is_list_open()), ("host", false));
}

#[test]
fn an_option_that_became_refused_must_be_chosen_again() {
    let mut form = location();
    form.set_options("mode", vec![Choice::refused("ftp", "FTP", "switched off by the administrator")]);
    assert_eq!(form.choice("mode"), None);
    form.field_mut("mode").unwrap().required = true;
    form.submit();
    assert_eq!(error(&form, "mode"), "Choose another Mode: switched off by the administrator");
}

#[test]
fn buttons_report_and_refused_ones_do_not() {
    let mut form = location();
    form.focus("save");
    assert_eq!(press(&mut form, "enter"), FormEvent::Pressed("save"));
    form.refuse("save", Some("Validate first".into()));
    assert_eq!(press(&mut form, "space"), FormEvent::Moved);
}

#[test]
fn a_server_s_error_lands_on_its_field() {
    let mut form = location();
    assert!(form.set_error("host", "No such host"));
    assert!(!form.set_error("nothing", "x"));
    press(&mut form, "tab tab");
    assert_eq!(error(&form, "host"), "No such host", "leaving the field unchanged keeps it");
}

#[test]
fn numbers_take_digits_and_toggles_flip() {
    let mut form = location();
    form.focus("port");
    assert_eq!(press(&mut form, "x"), FormEvent::Moved);
    assert_eq!(form.text("port"), "21");
    form.focus("tls");
    assert_eq!(press(&mut form, "space"), FormEvent::Changed("tls"));
    assert!(!form.is_on("tls") && form.is_touched());
    form.focus("host");
    assert_eq!(form.paste("a\nb"), FormEvent::Changed("host"));
    assert_eq!(form.text("host"), "a b");
}

#[test]
fn secrets_are_in_no_debug_output() {
    let mut form = location();
    form.set_text("password", "hunter2");
    assert!(!format!("{form:?}").contains("hunter2"));
}

fn filled() -> Form {
    let mut form = location();
    form.focus("host");
    form.paste("backup.site.local");
    form.set_text("password", "hunter2");
    form.set_error("port", "The server refused the connection on this port. Is an FTP server running there?");
    form
}

fn view(area: Rect, buf: &mut Buffer, look: &Look) {
    filled().render(area, area, buf, look);
}

#[test]
fn views() {
    insta::assert_debug_snapshot!("form", testing::draw(60, 13, view));
    insta::assert_debug_snapshot!("form_plain", testing::draw_plain(60, 13, view));
    insta::assert_debug_snapshot!(
        "form_list",
        testing::draw(60, 13, |area, buf, look| {
            let mut form = filled();
            form.focus("mode");
            press(&mut form, "enter");
            form.render(Rect { height: 6, ..area }, area, buf, look);
        })
    );
}

#[test]
fn the_focused_field_is_always_seen() {
    let area = Rect::new(0, 0, 40, 3);
    for id in ["mode", "host", "port", "password", "ca", "tls", "validate", "save"] {
        let mut form = filled();
        form.focus(id);
        assert!(form.cursor(area, area).is_some_and(|position| area.contains(position)), "{id}");
    }
}

#[test]
fn any_size_is_fine() {
    for id in ["mode", "host", "password", "save"] {
        let mut form = filled();
        form.focus(id);
        if id == "mode" {
            press(&mut form, "enter");
        }
        testing::sweep(|area, buf, look| form.render(area, area, buf, look));
        testing::sweep_cursor(|area| form.cursor(area, area));
        let _ = form.height(0);
    }
}
