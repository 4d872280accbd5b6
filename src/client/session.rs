//! Who is signed in. A client holds two sessions side by side: the tenant administrator's and the system
//! administrator's. Tokens live in memory only.

mod login;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::api::ApiError;
use crate::api::auth::{AuthLogin, SysLogin, SysToken, UserToken};
use crate::clock::SharedClock;

use super::error::{Error, Kind};
use super::{Auth, Call, Client};

pub use login::{Login, SessionKind, Who};

/// What a call carries to prove who sends it.
#[derive(Clone)]
pub(super) enum Token {
    ApiKey(SecretString),
    Jwt { raw: SecretString, expires: Option<DateTime<Utc>> },
}

/// What came of asking for a new token.
enum Renewal {
    Renewed(Token),
    /// The plane said no, and would again.
    Refused,
    /// It did not arrive; the next call asks again.
    Failed,
}

#[derive(Clone)]
struct Session {
    token: Token,
    who: Who,
    /// Tells this session from an earlier one whose refusal arrives late.
    serial: u64,
    /// The plane would not renew this token; it is used until it ends.
    fixed: bool,
}

/// The sessions of one client.
pub(super) struct Sessions {
    clock: SharedClock,
    tenant: Mutex<Option<Session>>,
    system: Mutex<Option<Session>>,
    last_activity: Mutex<DateTime<Utc>>,
    serials: AtomicU64,
    tenant_failures: AtomicU64,
    system_failures: AtomicU64,
    refreshing: tokio::sync::Mutex<()>,
    signing_in: tokio::sync::Mutex<()>,
    /// The plane refused the login that this client has for itself.
    turned_away: AtomicBool,
}

/// A token this close to its end is renewed before it is used.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);
/// A person who did nothing for this long is not active any more, and their session runs out by itself. Palette's own
/// session timeout unless a tenant sets another (its documentation, "Session Timeout").
const ACTIVE: TimeDelta = TimeDelta::minutes(240);
/// Wrong passwords after which Palette locks an account (its documentation, "Account Management").
const TRIES: u64 = 5;

impl Sessions {
    pub(super) fn new(clock: SharedClock) -> Self {
        let now = clock.now();
        Self {
            clock,
            tenant: Mutex::default(),
            system: Mutex::default(),
            last_activity: Mutex::new(now),
            serials: AtomicU64::new(1),
            tenant_failures: AtomicU64::default(),
            system_failures: AtomicU64::default(),
            refreshing: tokio::sync::Mutex::default(),
            signing_in: tokio::sync::Mutex::default(),
            turned_away: AtomicBool::new(false),
        }
    }

    fn slot(&self, kind: SessionKind) -> std::sync::MutexGuard<'_, Option<Session>> {
        let slot = match kind {
            SessionKind::Tenant => &self.tenant,
            SessionKind::System => &self.system,
        };
        slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, kind: SessionKind) -> Option<Session> {
        self.slot(kind).clone()
    }

    fn failures(&self, kind: SessionKind) -> &AtomicU64 {
        match kind {
            SessionKind::Tenant => &self.tenant_failures,
            SessionKind::System => &self.system_failures,
        }
    }

    fn next_serial(&self) -> u64 {
        self.serials.fetch_add(1, Ordering::Relaxed)
    }

    fn is_active(&self) -> bool {
        let last = *self.last_activity.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.now() - last < ACTIVE
    }
}

impl Session {
    fn needs_renewal(&self, now: DateTime<Utc>) -> bool {
        match self.token {
            Token::Jwt { expires: Some(expires), .. } => !self.fixed && now < expires && expires - now < RENEW_BEFORE,
            _ => false,
        }
    }
}

/// The end of a JWT's life, as it says itself. The signature is the plane's business.
fn expiry(token: &str) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    DateTime::from_timestamp(claims.exp, 0)
}

impl Client {
    /// Opens a session. Never repeated by itself: five wrong passwords lock an account. A key or a pasted token is
    /// taken without asking the plane, see [`Client::try_out`].
    ///
    /// # Errors
    /// Where the plane refuses, cannot be reached, or wants a second factor.
    pub async fn login(&self, login: &Login) -> Result<Who, Error> {
        let kind = login.kind();
        let (token, name) = match login {
            Login::Tenant { org, email, password } => {
                (self.counted(kind, self.tenant_token(org, email, password).await)?, email.clone())
            }
            Login::System { username, password } => {
                (self.counted(kind, self.system_token(username, password).await)?, username.clone())
            }
            Login::ApiKey(key) => (Token::ApiKey(key.clone()), "API key".to_owned()),
            Login::Pasted { token, .. } => (jwt(token.expose_secret()), "pasted token".to_owned()),
        };
        let tenant = if let Login::Tenant { org, .. } = login { org.clone() } else { String::new() };
        let who = Who { kind, name, tenant };
        let serial = self.inner.sessions.next_serial();
        *self.inner.sessions.slot(kind) = Some(Session { token, who: who.clone(), serial, fixed: false });
        self.touch();
        Ok(who)
    }

    /// Finds out by a small read whether the plane knows a key or a token that was taken without asking it. A refusal of
    /// another kind is none of its business.
    ///
    /// # Errors
    /// Where the plane does not accept what the session travels with, or cannot be reached.
    pub async fn try_out(&self, who: &Who) -> Result<(), Error> {
        let path = match who.kind {
            SessionKind::Tenant => "/v1/users/info",
            SessionKind::System => "/v1/system/users/me",
        };
        match self.done(Call::get(SIGN_IN, path).auth(Auth::Session(who.kind))).await {
            Err(error) if error.signed_out().is_some() => {
                let message = format!("the plane does not accept this {}", who.name.trim_start_matches("pasted "));
                let error = Box::new(ApiError { message, ..ApiError::default() });
                Err(Error::new(SIGN_IN, Kind::Refused { status: 401, error, retry_after: None }))
            }
            Err(error) if error.plane_lost() => Err(error),
            _ => Ok(()),
        }
    }

    /// Counts wrong passwords where the plane does not tell how many tries are left: five lock an account.
    fn counted<T>(&self, kind: SessionKind, answer: Result<T, Error>) -> Result<T, Error> {
        let failures = self.inner.sessions.failures(kind);
        answer.inspect(|_| failures.store(0, Ordering::Relaxed)).map_err(|mut error| {
            if let Kind::Refused { status: 400..=403, error: refusal, .. } = &mut error.kind
                && refusal.details.get("attemptsLeft").is_none()
            {
                let seen = failures.fetch_add(1, Ordering::Relaxed) + 1;
                refusal.details = serde_json::json!({ "attemptsLeftAtMost": TRIES.saturating_sub(seen) });
            }
            error
        })
    }

    /// Who is signed in to a session.
    #[must_use]
    pub fn who(&self, kind: SessionKind) -> Option<Who> {
        self.inner.sessions.slot(kind).as_ref().map(|session| session.who.clone())
    }

    /// Notes that the person did something: only then are tokens renewed.
    pub fn touch(&self) {
        let now = self.inner.clock.now();
        *self.inner.sessions.last_activity.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    async fn tenant_token(&self, org: &str, email: &str, password: &SecretString) -> Result<Token, Error> {
        let body = AuthLogin {
            email_id: email.to_owned(),
            org: org.to_owned(),
            password: password.expose_secret().to_owned(),
        };
        let call = Call::new(SIGN_IN, Method::POST, "/v1/auth/authenticate").query("setCookie", "false");
        let answer: UserToken = self.json(call.auth(Auth::None).body(&body)).await?;
        usable(&answer.authorization, answer.is_mfa)
    }

    async fn system_token(&self, username: &str, password: &SecretString) -> Result<Token, Error> {
        let body = SysLogin { username: username.to_owned(), password: password.expose_secret().to_owned() };
        let call = Call::new(SIGN_IN, Method::POST, "/v1/auth/syslogin").auth(Auth::None).body(&body);
        let answer: SysToken = self.json(call).await?;
        usable(&answer.authorization, false)
    }

    /// The token of a session and the session's serial number; renewed first where it is about to end.
    pub(super) async fn token(&self, kind: SessionKind) -> Option<(Token, u64)> {
        let sessions = &self.inner.sessions;
        let due = |session: &Session| session.needs_renewal(self.inner.clock.now());
        let session = sessions.get(kind)?;
        if !due(&session) || !sessions.is_active() {
            return Some((session.token, session.serial));
        }
        let _one_at_a_time = sessions.refreshing.lock().await;
        let session = sessions.get(kind)?;
        if let (Token::Jwt { raw, .. }, true) = (&session.token, due(&session)) {
            let renewed = self.renew(raw).await;
            // A session that was opened meanwhile is none of this renewal's business.
            if let Some(current) = sessions.slot(kind).as_mut().filter(|current| current.serial == session.serial) {
                match renewed {
                    Renewal::Renewed(token) => current.token = token,
                    Renewal::Refused => current.fixed = true,
                    Renewal::Failed => {}
                }
            }
        }
        let session = sessions.get(kind)?;
        Some((session.token, session.serial))
    }

    /// Asks for a new token in the place of a valid one. The token travels in the path, which is why no layer
    /// of this client logs paths. A failure is not an error: the old token is good until its end.
    async fn renew(&self, raw: &SecretString) -> Renewal {
        let path = format!("{}/v1/auth/refresh/{}", self.inner.address.base(), raw.expose_secret());
        let request = self.inner.http.get(path).query(&[("setCookie", "false")]);
        let request = request.header(crate::api::AUTHORIZATION, raw.expose_secret());
        let Ok(answer) = request.send().await else { return Renewal::Failed };
        if answer.status().is_client_error() && answer.status() != StatusCode::TOO_MANY_REQUESTS {
            return Renewal::Refused;
        }
        let Ok(token) = answer.json::<UserToken>().await else { return Renewal::Failed };
        usable(&token.authorization, token.is_mfa).map_or(Renewal::Refused, Renewal::Renewed)
    }

    /// Drops a session that the plane does not accept any more.
    pub(super) fn forget(&self, kind: SessionKind, serial: u64) {
        self.inner.sessions.slot(kind).take_if(|session| session.serial == serial);
    }

    /// Whether this client signs in by itself and cannot any more: the plane refused its login, or all that it was given
    /// is a key or a token, which the session that was lost travelled with.
    #[must_use]
    pub fn is_turned_away(&self) -> bool {
        match &self.inner.auto_login {
            Some(Login::Tenant { .. } | Login::System { .. }) => {
                self.inner.sessions.turned_away.load(Ordering::Relaxed)
            }
            Some(Login::ApiKey(_) | Login::Pasted { .. }) => true,
            None => false,
        }
    }

    /// Signs in by itself where the client was given a login for that, once for all calls that lost the same session.
    /// `false` where it was not, or failed. A login that the plane refused is not tried again: five lock the account.
    pub(super) async fn sign_in_again(&self, kind: SessionKind) -> bool {
        let Some(login @ (Login::Tenant { .. } | Login::System { .. })) = &self.inner.auto_login else { return false };
        let sessions = &self.inner.sessions;
        if login.kind() != kind {
            return false;
        }
        let _one_at_a_time = sessions.signing_in.lock().await;
        if sessions.get(kind).is_some() {
            return true;
        }
        if sessions.turned_away.load(Ordering::Relaxed) {
            return false;
        }
        let signed_in = Box::pin(self.login(login)).await;
        let refused = matches!(&signed_in, Err(error) if !error.plane_lost() && !error.is_overload());
        sessions.turned_away.store(refused, Ordering::Relaxed);
        signed_in.is_ok()
    }
}

const SIGN_IN: &str = "sign in";

fn jwt(raw: &str) -> Token {
    let raw = raw.trim().trim_start_matches("Bearer ");
    Token::Jwt { raw: raw.into(), expires: expiry(raw) }
}

fn usable(authorization: &str, wants_second_factor: bool) -> Result<Token, Error> {
    if wants_second_factor {
        return Err(Error::new(SIGN_IN, Kind::NeedsBrowser));
    }
    if authorization.is_empty() {
        return Err(Error::new(SIGN_IN, Kind::NotTheApi { status: 200, found: "without a token".to_owned() }));
    }
    Ok(jwt(authorization))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_from_the_token() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"exp":1790000000}"#);
        assert_eq!(expiry(&format!("h.{payload}.s")), DateTime::from_timestamp(1_790_000_000, 0));
        assert_eq!(expiry("not a token"), None);
    }

    #[test]
    fn only_a_live_token_near_its_end_is_renewed() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let session = |minutes, fixed| Session {
            token: Token::Jwt { raw: "x".into(), expires: Some(now + TimeDelta::minutes(minutes)) },
            who: Who { kind: SessionKind::Tenant, name: String::new(), tenant: String::new() },
            serial: 1,
            fixed,
        };
        assert!(!session(14, false).needs_renewal(now));
        assert!(session(4, false).needs_renewal(now));
        assert!(!session(4, true).needs_renewal(now));
        assert!(!session(-1, false).needs_renewal(now), "an ended token cannot be renewed");
    }
}
