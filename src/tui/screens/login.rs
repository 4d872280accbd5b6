//! The login card: the body of a tab whose session is missing, or a dialog over a wizard whose session ended, so
//! that nothing typed there is lost.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use secrecy::ExposeSecret;

use crate::client::{Error, Kind, Login, SessionKind};
use crate::text;
use crate::tui::layer::{Act, Acts, Layer, Tone};
use crate::tui::link::Prefill;
use crate::tui::model::Model;
use crate::tui::msg::{Answer, Effect, Request};
use crate::tui::runtime::key::Key;
use crate::tui::ui::draw::{below, cells, row, slot, wrap};
use crate::tui::ui::widgets::dialog::Dialog;
use crate::tui::ui::widgets::field::Field;
use crate::tui::ui::widgets::form::{Form, FormEvent};
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::select::Choice;
use crate::tui::ui::{Look, Slot};

/// Widest that the card is drawn, columns.
const WIDTH: u16 = 66;

/// A login card.
pub struct LoginCard {
    kind: SessionKind,
    form: Form,
    busy: bool,
    failure: Option<Error>,
    /// The session had been open before.
    ended: bool,
    /// It ended since the plane's state gave way to that of a backup.
    restored: bool,
    source: Option<String>,
    /// Filled for the other session too, so that one Enter opens both.
    companion: Option<Login>,
}

impl LoginCard {
    /// A card for a session, filled with what is known.
    #[must_use]
    pub fn new(kind: SessionKind, prefill: &Prefill) -> Self {
        let form = match kind {
            SessionKind::Tenant => tenant_form(prefill),
            SessionKind::System => system_form(prefill),
        };
        let companion = match kind {
            SessionKind::Tenant => prefill.system_login(),
            SessionKind::System => None,
        };
        let source = prefill.source.clone();
        Self { kind, form, busy: false, failure: None, ended: false, restored: false, source, companion }
    }

    /// The same card for a session that has ended.
    #[must_use]
    pub fn ended(self) -> Self {
        Self { ended: true, ..self }
    }

    /// The same card for a session that ended with a restore or a recovery.
    #[must_use]
    pub fn after_restore(self, restored: bool) -> Self {
        Self { restored, ..self }
    }

    /// Fills the card anew, where nobody has begun to use it.
    pub fn refill(&mut self, prefill: &Prefill) {
        if !self.busy && !self.form.is_touched() {
            let (ended, restored) = (self.ended, self.restored);
            *self = Self { ended, restored, ..Self::new(self.kind, prefill) };
        }
    }

    /// What a key does; `None` where it means nothing on the card.
    pub fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        if self.busy {
            return None;
        }
        match self.form.on_key(key) {
            FormEvent::Ignored => None,
            FormEvent::Changed("method") => {
                self.failure = None;
                show_method(&mut self.form);
                Some(Acts::new())
            }
            FormEvent::Submitted | FormEvent::Pressed(_) => Some(self.submit(model)),
            _ => Some(Acts::new()),
        }
    }

    /// Inserts a pasted text into the focused field.
    pub fn on_paste(&mut self, text: &str) {
        self.form.paste(text);
    }

    /// What an answer does to the card.
    pub fn on_answer(&mut self, answer: &Answer) {
        if let Answer::Login(kind, result) = answer
            && *kind == self.kind
        {
            self.busy = false;
            self.failure = result.as_ref().err().cloned();
            // A refused secret goes, else the next one would be typed behind it and a try be lost.
            if matches!(self.failure.as_ref().map(|error| &error.kind), Some(Kind::Refused { .. })) {
                let secret = self.form.choice("method").unwrap_or("password").to_owned();
                self.form.set_text(&secret, "");
                self.form.focus(&secret);
            }
        }
    }

    fn submit(&mut self, model: &Model) -> Acts {
        if !self.form.submit() {
            return Acts::new();
        }
        let Some(login) = self.login() else { return Acts::new() };
        self.busy = true;
        self.failure = None;
        let mut acts = vec![Act::Effect(Effect::Ask(Request::Login(login)))];
        // Once for a card: a wrong password that went along with each try of the first would lock the account.
        if model.sessions.system.is_none()
            && let Some(companion) = self.companion.take()
        {
            acts.push(Act::Effect(Effect::Ask(Request::Login(companion))));
        }
        acts
    }

    fn login(&self) -> Option<Login> {
        let form = &self.form;
        Some(match (self.kind, form.choice("method")) {
            (kind, Some("token")) => Login::Pasted { kind, token: form.secret("token")? },
            (SessionKind::Tenant, Some("key")) => Login::ApiKey(form.secret("key")?),
            (SessionKind::Tenant, _) => Login::Tenant {
                org: form.text("org").to_owned(),
                email: form.text("email").to_owned(),
                password: form.secret("password")?,
            },
            (SessionKind::System, _) => {
                Login::System { username: form.text("username").to_owned(), password: form.secret("password")? }
            }
        })
    }

    fn headline(&self) -> String {
        if self.restored {
            "Restored: the accounts are the backup's now. Sign in again.".to_owned()
        } else if self.ended {
            format!("The {} session has ended. Sign in again; nothing you typed is lost.", self.kind)
        } else {
            format!("Sign in as {}", self.kind.person())
        }
    }

    /// Draws the card as the body of a tab.
    pub fn view(&self, area: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let card = card(area);
        let mut at = card;
        if let Some(banner) = &model.banner {
            let lines = wrap(&banner.message, card.width);
            slot(buf, row(at, 0), &banner.title, Slot::Title, look);
            at = below(at, 1);
            let room = usize::from(area.height.saturating_sub(14));
            for line in lines.iter().take(room) {
                slot(buf, row(at, 0), line, Slot::Text, look);
                at = below(at, 1);
            }
            at = below(at, 1);
        }
        for (place, line) in wrap(&self.headline(), at.width).iter().take(2).enumerate() {
            slot(buf, row(at, cells(place)), line, Slot::Title, look);
        }
        self.view_form(below(at, 2), area, buf, look);
    }

    fn view_form(&self, area: Rect, bounds: Rect, buf: &mut Buffer, look: &Look) {
        self.form.render(self.form_area(area), bounds, buf, look);
        let mut at = below(area, self.form_area(area).height + 1);
        for (line, kind) in self.footer(area.width) {
            slot(buf, row(at, 0), &line, kind, look);
            at = below(at, 1);
        }
    }

    fn form_area(&self, area: Rect) -> Rect {
        let footer = cells(self.footer(area.width).len());
        let height = self.form.height(area.width).min(area.height.saturating_sub(footer + 1));
        Rect { height, ..area }
    }

    fn footer(&self, width: u16) -> Vec<(String, Slot)> {
        if self.busy {
            return vec![("Signing in …".to_owned(), Slot::Muted)];
        }
        if let Some(failure) = &self.failure {
            let mut lines: Vec<_> =
                wrap(&text::sentence(&failure.reason()), width).into_iter().map(|line| (line, Slot::Bad)).collect();
            lines.extend(wrap(&failure.advice(), width).into_iter().map(|line| (line, Slot::Text)));
            return lines;
        }
        let filled = self.source.iter().map(|source| (format!("Filled from {source}; Enter signs in."), Slot::Muted));
        filled.flat_map(|(text, kind)| wrap(&text, width).into_iter().map(move |line| (line, kind))).collect()
    }

    fn place(&self, area: Rect, model: &Model) -> Rect {
        let banner = model.banner.as_ref().map_or(0, |banner| {
            let lines = wrap(&banner.message, card(area).width).len();
            lines.min(usize::from(area.height.saturating_sub(14))) + 2
        });
        below(card(area), cells(banner) + 2)
    }

    /// Where the terminal's cursor belongs while the card is the body of a tab.
    #[must_use]
    pub fn cursor(&self, area: Rect, model: &Model) -> Option<Position> {
        self.form.cursor(self.form_area(self.place(area, model)), area)
    }
}

fn card(area: Rect) -> Rect {
    let width = WIDTH.min(area.width.saturating_sub(2));
    let top = area.height.saturating_sub(16) / 3;
    let x = area.x + (area.width.saturating_sub(width)) / 2;
    Rect { x, y: area.y + top, width, height: area.height.saturating_sub(top) }
}

fn tenant_form(prefill: &Prefill) -> Form {
    let options = vec![
        Choice::new("password", ["Password"]),
        Choice::new("key", ["API key"]),
        Choice::new("token", ["Token from the browser"]),
    ];
    let method = if prefill.password.is_none() && prefill.api_key.is_some() { "key" } else { "password" };
    let mut form = Form::new([
        Field::select("method", "Sign in with", options, Some(method)),
        Field::text("org", "Organization", &prefill.org)
            .help("May stay empty where the address belongs to one tenant."),
        Field::text("email", "Email", &prefill.email).required(),
        Field::secret("password", "Password").required(),
        Field::secret("key", "API key").required().help("Palette: User Menu > My API Keys."),
        Field::secret("token", "Token").required().help(TOKEN_HELP),
    ]);
    fill(&mut form, "password", prefill.password.as_ref());
    fill(&mut form, "key", prefill.api_key.as_ref());
    show_method(&mut form);
    form.focus(if form.secret(method).is_some() || !prefill.email.is_empty() { method } else { "org" });
    form
}

const TOKEN_HELP: &str = "For single sign-on and passkeys: the browser keeps it as lscache-loginauthToken.";

fn system_form(prefill: &Prefill) -> Form {
    let options = vec![Choice::new("password", ["Password"]), Choice::new("token", ["Token from the browser"])];
    let mut form = Form::new([
        Field::select("method", "Sign in with", options, Some("password")),
        Field::text("username", "User name", if prefill.username.is_empty() { "admin" } else { &prefill.username })
            .required(),
        Field::secret("password", "Password").required(),
        Field::secret("token", "Token").required().help(TOKEN_HELP),
    ]);
    fill(&mut form, "password", prefill.system_password.as_ref());
    show_method(&mut form);
    form.focus("password");
    form
}

fn fill(form: &mut Form, id: &str, secret: Option<&secrecy::SecretString>) {
    if let Some(secret) = secret {
        form.set_text(id, secret.expose_secret());
    }
}

fn show_method(form: &mut Form) {
    let method = form.choice("method").unwrap_or("password").to_owned();
    for id in ["org", "email", "username", "password"] {
        form.show(id, method == "password");
    }
    form.show("key", method == "key");
    form.show("token", method == "token");
}

/// The cards that tabs show while their session is missing.
pub struct Cards {
    /// For gateways and audit logs.
    pub tenant: LoginCard,
    /// For backups.
    pub system: LoginCard,
}

impl Cards {
    /// Fresh cards, filled with what is known.
    #[must_use]
    pub fn new(prefill: &Prefill) -> Self {
        let card = |kind| LoginCard::new(kind, prefill);
        Self { tenant: card(SessionKind::Tenant), system: card(SessionKind::System) }
    }

    /// The card of a session.
    pub fn of(&mut self, kind: SessionKind) -> &mut LoginCard {
        match kind {
            SessionKind::Tenant => &mut self.tenant,
            SessionKind::System => &mut self.system,
        }
    }
}

/// The card as a dialog.
pub struct LoginDialog(pub LoginCard);

impl Layer for LoginDialog {
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts> {
        let acts = self.0.on_key(key, model);
        match acts {
            // A login that is under way may still open the session.
            None if key == Key::plain(crossterm::event::KeyCode::Esc) && self.0.busy => Some(vec![Act::Close]),
            None if key == Key::plain(crossterm::event::KeyCode::Esc) => Some(vec![
                Act::Close,
                Act::Notice(Tone::Info, format!("Not signed in: the {} session is closed.", self.0.kind)),
            ]),
            acts => acts,
        }
    }

    fn on_paste(&mut self, text: &str) {
        self.0.on_paste(text);
    }

    fn on_answer(&mut self, answer: &Answer, _model: &Model) -> Acts {
        self.0.on_answer(answer);
        match answer {
            Answer::Login(kind, Ok(_)) if *kind == self.0.kind => vec![Act::Close],
            _ => Acts::new(),
        }
    }

    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model) {
        let hints = [Hint::new("Enter", "sign in"), Hint::new("Tab", "next"), Hint::new("Esc", "not now")];
        let body = self.dialog(&hints).render(screen, buf, &model.look());
        for (place, line) in wrap(&self.0.headline(), body.width).iter().enumerate() {
            slot(buf, row(body, cells(place)), line, Slot::Text, &model.look());
        }
        self.0.view_form(below(body, 3), screen, buf, &model.look());
    }

    fn cursor(&self, screen: Rect, _model: &Model) -> Option<Position> {
        let area = below(self.dialog(&[]).body(screen), 3);
        self.0.form.cursor(self.0.form_area(area), screen)
    }

    fn opens_session(&self) -> Option<SessionKind> {
        Some(self.0.kind)
    }

    fn on_prefill(&mut self, prefill: &Prefill) {
        self.0.refill(prefill);
    }
}

impl LoginDialog {
    fn dialog<'a>(&self, hints: &'a [Hint<'a>]) -> Dialog<'a> {
        Dialog::new("Sign in again").size(WIDTH, 14).hints(hints)
    }
}

/// What the frame says of a session.
#[must_use]
pub fn badge(who: &crate::client::Who) -> String {
    format!("{} · {}", text::clean(&who.name), who.kind)
}
