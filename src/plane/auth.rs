//! Signing in: passwords, lockout, tokens.

pub mod password;
pub mod session;
pub mod token;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::json;

use super::actor::Actor;
use super::failure::{Failure, Refusal, StorageError};
use super::state::{Attempt, Plane, kind, resource};
use super::store::accounts::{self, Account, Kind, MOST_FAILURES, Strike};
use super::store::audits;
use super::uid;
use crate::api::ActionType;
use crate::api::error::code;
use token::Claims;

/// Longest name that can sign in; the longest address that mail allows.
const LONGEST_LOGIN: usize = 254;

/// Logins that wait their turn; each takes a hash, some tens of milliseconds.
pub const MOST_WAITING: usize = 32;

/// Someone who wants in.
pub struct Login {
    /// Which console.
    pub kind: Kind,
    /// Name or address.
    pub login: String,
    /// Tenant; empty where it was not given.
    pub org: String,
    /// Password.
    pub password: SecretString,
}

impl Plane {
    /// Signs in and returns the token. Five wrong passwords lock the name for 15 minutes; a name that
    /// nobody has is answered like a wrong password, after as long.
    ///
    /// # Errors
    /// A refusal in words, or the storage.
    pub async fn sign_in(&self, login: Login) -> Result<String, Failure> {
        if login.login.is_empty() || login.login.len() > LONGEST_LOGIN {
            return Err(Refusal::invalid("Give the name that signs in, at most 254 characters.").into());
        }
        let _place = self.login_queue.try_acquire().map_err(|_| too_many_at_once())?;
        let _turn = self.login_gate.lock().await;
        let now = self.now();
        let name = login.login.to_lowercase();
        let (which, looked_up) = (login.kind, name.clone());
        let (locked, account, anyone) = self
            .store
            .read(move |connection| {
                let locked = accounts::locked_until(connection, which, &looked_up, now)?;
                let account = accounts::by_login(connection, which, &looked_up)?;
                Ok((locked, account, accounts::any(connection, which)?))
            })
            .await?;
        let account = account.filter(|_| login.org.is_empty() || login.org == self.identity.get().org);
        let attempt = self.login_attempt(&login, account.as_ref());
        if let Some(until) = locked {
            let refusal = locked_out(until, now);
            self.note_refusal(attempt, refusal.message.clone()).await;
            return Err(refusal.into());
        }
        let hash = account.as_ref().or(anyone.as_ref()).map(|known| known.password_hash.clone());
        let matches = matches_off_thread(login.password, hash).await?;
        match account.filter(|_| matches) {
            Some(account) => self.welcome(attempt, account, name).await,
            None => Err(self.turn_away(attempt, which, name).await),
        }
    }

    fn login_attempt(&self, login: &Login, account: Option<&Account>) -> Attempt {
        let identity = self.identity.get();
        let org = match login.kind {
            Kind::Tenant => identity.org.as_str(),
            Kind::System => "",
        };
        let actor = account.map_or_else(|| Actor::stranger(&login.login, org), |account| Actor::account(account, org));
        let mut user = resource(kind::USER, account.map_or("", |account| account.uid.as_str()));
        user.name.clone_from(&login.login);
        let title = match login.kind {
            Kind::Tenant => "Sign in",
            Kind::System => "Sign in to the system console",
        };
        Attempt { actor, action: ActionType::Activity, title, resource: user }
    }

    async fn welcome(&self, attempt: Attempt, account: Account, name: String) -> Result<String, Failure> {
        let claims = Claims::fresh(&account, &self.identity.get().org, self.now(), self.token_lifetime);
        let content = format!("{} signed in.", attempt.resource.name);
        let kind = account.kind;
        let recorded = self
            .change(attempt, move |transaction, _| Ok((accounts::forgive(transaction, kind, &name)?, content)))
            .await;
        match recorded {
            // Reading must go on when the disk is full, and it takes a session to read.
            Err(Failure::Storage(StorageError::Unwritable(error))) => {
                tracing::warn!(%error, "a sign-in is missing from the audit trail");
            }
            recorded => recorded?,
        }
        Ok(self.keyring.get().issue(&claims))
    }

    async fn turn_away(&self, attempt: Attempt, kind: Kind, name: String) -> Failure {
        let now = self.now();
        let counted = self
            .store
            .write(move |transaction| {
                let strike = accounts::strike(transaction, kind, &name, now)?;
                let content = match strike {
                    Strike::Left(left) => format!("Refused: wrong password, {left} tries left."),
                    Strike::Locked(_) => {
                        format!("Refused: wrong password for the {MOST_FAILURES}th time; locked for 15 minutes.")
                    }
                };
                let entry = audits::Entry {
                    action: attempt.action,
                    title: attempt.title.to_owned(),
                    content,
                    actor: attempt.actor,
                    resource: attempt.resource,
                };
                audits::record(transaction, now, &entry)?;
                Ok(strike)
            })
            .await;
        match counted {
            Ok(Strike::Left(left)) => wrong_password(Some(left)).into(),
            Ok(Strike::Locked(until)) => locked_out(until, now).into(),
            Err(Failure::Storage(StorageError::Unwritable(error))) => {
                tracing::warn!(%error, "a wrong password could not be counted");
                wrong_password(None).into()
            }
            Err(failure) => failure,
        }
    }

    /// A new token of the same session; the old one stays valid until it expires.
    ///
    /// # Errors
    /// Where the token is not one of ours, or has expired.
    pub fn renew(&self, token: &str) -> Result<String, Refusal> {
        let claims = self.keyring.get().read(token, self.now()).map_err(session::refused)?;
        Ok(self.keyring.get().issue(&claims.renewed(self.now(), self.token_lifetime)))
    }
}

impl Claims {
    fn fresh(account: &Account, org: &str, now: DateTime<Utc>, lifetime: chrono::TimeDelta) -> Self {
        Self {
            sub: account.uid.clone(),
            kind: account.kind,
            org: org.to_owned(),
            jti: uid::fresh(),
            sid: uid::fresh(),
            iat: now.timestamp(),
            exp: (now + lifetime).timestamp(),
        }
    }
}

async fn matches_off_thread(password: SecretString, hash: Option<String>) -> Result<bool, Failure> {
    let work = move || hash.is_some_and(|hash| password::matches(&password, &hash));
    tokio::task::spawn_blocking(work).await.map_err(|error| StorageError::Internal(error.to_string()).into())
}

fn too_many_at_once() -> Refusal {
    Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        code::TOO_MANY_REQUESTS,
        "Too many people sign in at once. Try again in a second.",
    )
}

fn wrong_password(left: Option<u32>) -> Refusal {
    let message = "The user name or the password is wrong.";
    let refusal = Refusal::new(StatusCode::UNAUTHORIZED, code::BAD_CREDENTIALS, message);
    match left {
        Some(left) => refusal.with(json!({ "attemptsLeft": left })),
        None => refusal,
    }
}

fn locked_out(until: DateTime<Utc>, now: DateTime<Utc>) -> Refusal {
    let seconds = (until - now).num_seconds().max(1);
    Refusal::new(
        StatusCode::LOCKED,
        code::LOCKED,
        format!(
            "The account is locked after {MOST_FAILURES} wrong passwords. Try again at {} UTC.",
            until.format("%H:%M:%S")
        ),
    )
    .with(json!({ "retryAfterSeconds": seconds }))
}
