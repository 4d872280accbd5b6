//! The system console: who is signed in, version, banners, session length.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::api::system::{LoginBanner, SystemUserMe, SystemUserSpec, SystemUserStatus, VersionInfo};
use crate::api::{ActionType, ObjectMeta};
use crate::plane::VERSION;
use crate::plane::auth::session::{Caller, System};
use crate::plane::extract::Body;
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::{Attempt, Plane, SharedPlane, kind, resource};
use crate::plane::store::settings::{self, Key};

/// Inactivity, minutes, after which a session of Palette ends until someone changes it.
const DEFAULT_SESSION_MINUTES: i64 = 240;
const LONGEST_TITLE: usize = 255;
const LONGEST_BANNER: usize = 16_384;

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/v1/system/users/me", get(me))
        .route("/v1/system/version/installed", get(version))
        .route("/v1/system/version/latest", get(version))
        .route("/v1/system/loginBanner", get(login_banner).put(set_login_banner))
        .route("/v1/system/classificationBanner", get(classification).put(set_classification))
        .route("/v1/system/authTokenSettings", get(session_length).put(set_session_length))
}

async fn me(System(caller): System) -> Json<SystemUserMe> {
    let account = caller.account;
    Json(SystemUserMe {
        metadata: ObjectMeta {
            name: account.login,
            uid: account.uid,
            creation_timestamp: Some(account.created),
            ..ObjectMeta::default()
        },
        spec: SystemUserSpec { admin_type: "Root".to_owned(), email_id: account.email },
        status: SystemUserStatus::default(),
    })
}

async fn version(System(_): System) -> Json<VersionInfo> {
    Json(VersionInfo { version: VERSION.to_owned() })
}

async fn read(plane: &Plane, key: Key) -> Result<Option<String>, Failure> {
    plane.store.read(move |connection| Ok(settings::get(connection, key)?)).await
}

/// Sets a value for the system administrator, or tells the trail why not.
async fn write(
    plane: &Plane,
    caller: Caller,
    title: &'static str,
    key: Key,
    value: Result<(String, String), Failure>,
) -> Result<StatusCode, Failure> {
    let target = resource(kind::SYSTEM, &plane.identity.get().plane_uid);
    let attempt = Attempt { actor: caller.actor, action: ActionType::Update, title, resource: target };
    plane
        .change(attempt, move |transaction, _| {
            let (value, content) = value?;
            Ok((settings::set(transaction, key, &value)?, content))
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn login_banner(State(plane): State<SharedPlane>) -> Result<Json<LoginBanner>, Failure> {
    let stored = read(&plane, Key::LoginBanner).await?;
    Ok(Json(stored.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default()))
}

async fn set_login_banner(
    State(plane): State<SharedPlane>,
    System(caller): System,
    body: Result<Body<LoginBanner>, Refusal>,
) -> Result<StatusCode, Failure> {
    let value = body.map_err(Failure::from).and_then(|Body(banner)| {
        let fits = banner.title.chars().count() <= LONGEST_TITLE && banner.message.chars().count() <= LONGEST_BANNER;
        if !fits {
            let message = format!("The banner may hold {LONGEST_BANNER} characters, its title {LONGEST_TITLE}.");
            return Err(Refusal::invalid(message).into());
        }
        let state = if banner.is_enabled { "on" } else { "off" };
        Ok((serde_json::to_string(&banner)?, format!("Changed the login banner and turned it {state}.")))
    });
    write(&plane, caller, "Change login banner", Key::LoginBanner, value).await
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Classification {
    config: String,
}

async fn classification(State(plane): State<SharedPlane>, System(_): System) -> Result<Json<Classification>, Failure> {
    Ok(Json(Classification { config: read(&plane, Key::ClassificationBanner).await?.unwrap_or_default() }))
}

async fn set_classification(
    State(plane): State<SharedPlane>,
    System(caller): System,
    body: Result<Body<Classification>, Refusal>,
) -> Result<StatusCode, Failure> {
    let value = body.map_err(Failure::from).and_then(|Body(banner)| {
        if banner.config.chars().count() > LONGEST_BANNER {
            let message = format!("The banner's configuration may hold {LONGEST_BANNER} characters.");
            return Err(Refusal::invalid(message).into());
        }
        Ok((banner.config, "Changed the classification banner.".to_owned()))
    });
    write(&plane, caller, "Change classification banner", Key::ClassificationBanner, value).await
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionLength {
    expiry_time_minutes: i64,
}

async fn session_length(State(plane): State<SharedPlane>, System(_): System) -> Result<Json<SessionLength>, Failure> {
    let stored = read(&plane, Key::SessionMinutes).await?;
    let minutes = stored.and_then(|minutes| minutes.parse().ok()).unwrap_or(DEFAULT_SESSION_MINUTES);
    Ok(Json(SessionLength { expiry_time_minutes: minutes }))
}

async fn set_session_length(
    State(plane): State<SharedPlane>,
    System(caller): System,
    body: Result<Body<SessionLength>, Refusal>,
) -> Result<StatusCode, Failure> {
    let value = body.map_err(Failure::from).and_then(|Body(length)| {
        let minutes = length.expiry_time_minutes;
        if !(15..=1440).contains(&minutes) {
            let message = format!("{minutes} minutes is out of range; choose 15 to 1440.");
            return Err(Refusal::invalid(message).into());
        }
        Ok((minutes.to_string(), format!("Set sessions to end after {minutes} minutes without activity.")))
    });
    write(&plane, caller, "Change session timeout", Key::SessionMinutes, value).await
}
