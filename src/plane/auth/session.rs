//! Who is calling: the session that a request carries, and whether it may do what it asks.

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};

use super::password;
use super::token::TokenError;
use crate::api::error::code;
use crate::api::{API_KEY, AUTHORIZATION, ActionType};
use crate::plane::actor::Actor;
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::{Attempt, Plane, SharedPlane, kind, resource};
use crate::plane::store::accounts::{self, Account, Kind};

/// A tenant session, by token or API key.
pub struct Tenant(pub Caller);

/// A system session, by token only.
pub struct System(pub Caller);

/// The account behind a request.
pub struct Caller {
    /// The account.
    pub account: Account,
    /// The same, as the trail writes it.
    pub actor: Actor,
}

/// How a request says who it comes from.
enum Proof {
    Token(String),
    ApiKey(String),
}

/// The refusal for a token that is not accepted.
#[must_use]
pub fn refused(error: TokenError) -> Refusal {
    Refusal::unauthenticated(match error {
        TokenError::Broken => "The token is not one of this plane. Sign in again.",
        TokenError::Expired => "The session has expired. Sign in again.",
    })
}

fn proof(parts: &Parts) -> Result<Proof, Refusal> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match (header(AUTHORIZATION), header(API_KEY)) {
        (Some(token), _) if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) => {
            Err(Refusal::unauthenticated("The Authorization header carries the token alone, without \"Bearer\"."))
        }
        (Some(token), _) => Ok(Proof::Token(token)),
        (None, Some(key)) => Ok(Proof::ApiKey(key)),
        (None, None) => Err(Refusal::unauthenticated("This operation needs a session. Sign in first.")),
    }
}

impl Plane {
    async fn caller(&self, proof: Proof) -> Result<Caller, Failure> {
        let account = match proof {
            Proof::Token(token) => {
                let claims = self.keyring.get().read(&token, self.now()).map_err(refused)?;
                self.store.read(move |connection| Ok(accounts::by_uid(connection, &claims.sub)?)).await?
            }
            Proof::ApiKey(key) => {
                let digest = password::api_key_sha256(&key);
                self.store.read(move |connection| Ok(accounts::by_api_key(connection, &digest)?)).await?
            }
        };
        let account = account.ok_or_else(|| Refusal::unauthenticated("The token or the API key is not valid."))?;
        let identity = self.identity.get();
        let org = match account.kind {
            Kind::Tenant => identity.org.as_str(),
            Kind::System => "",
        };
        Ok(Caller { actor: Actor::account(&account, org), account })
    }
}

async fn session(parts: &Parts, plane: &Plane, wanted: Kind) -> Result<Caller, Failure> {
    let caller = plane.caller(proof(parts)?).await?;
    if caller.account.kind == wanted {
        return Ok(caller);
    }
    let message = match wanted {
        Kind::Tenant => "This operation belongs to the tenant; a system session may not use it.",
        Kind::System => "This operation belongs to the system console; a tenant session or an API key may not use it.",
    };
    // Reads are polled: only what would have changed something is worth an entry.
    if parts.method != Method::GET {
        let template = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let mut target = resource(kind::SYSTEM, &plane.identity.get().plane_uid);
        target.name = format!("{} {template}", parts.method);
        let actor = caller.actor.clone();
        let attempt = Attempt { actor, action: ActionType::Action, title: "Use the API", resource: target };
        plane.note_refusal(attempt, message.to_owned()).await;
    }
    Err(Refusal::new(StatusCode::FORBIDDEN, code::FORBIDDEN, message).into())
}

impl FromRequestParts<SharedPlane> for Tenant {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, plane: &SharedPlane) -> Result<Self, Failure> {
        session(parts, plane, Kind::Tenant).await.map(Self)
    }
}

impl FromRequestParts<SharedPlane> for System {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, plane: &SharedPlane) -> Result<Self, Failure> {
        session(parts, plane, Kind::System).await.map(Self)
    }
}
