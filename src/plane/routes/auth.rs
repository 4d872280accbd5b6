//! Signing in, renewing a session, and who is signed in.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::auth::{AuthLogin, OrgLogin, SysLogin, SysToken, UserToken};
use crate::plane::auth::Login;
use crate::plane::auth::session::Tenant;
use crate::plane::extract::{Body, Params};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::SharedPlane;
use crate::plane::store::accounts::Kind;

/// The operations of this file.
pub fn routes() -> Router<SharedPlane> {
    Router::new()
        .route("/v1/auth/authenticate", post(authenticate))
        .route("/v1/auth/syslogin", post(syslogin))
        .route("/v1/auth/org", get(org))
        .route("/v1/auth/orgs", get(orgs))
        .route("/v1/auth/refresh/{token}", get(refresh))
        .route("/v1/users/info", get(user_info))
}

async fn authenticate(
    State(plane): State<SharedPlane>,
    Body(body): Body<AuthLogin>,
) -> Result<Json<UserToken>, Failure> {
    let login = Login { kind: Kind::Tenant, login: body.email_id, org: body.org, password: body.password.into() };
    Ok(Json(UserToken { authorization: plane.sign_in(login).await?, is_mfa: false }))
}

async fn syslogin(State(plane): State<SharedPlane>, Body(body): Body<SysLogin>) -> Result<Json<SysToken>, Failure> {
    let login = Login { kind: Kind::System, login: body.username, org: String::new(), password: body.password.into() };
    Ok(Json(SysToken { authorization: plane.sign_in(login).await?, ..SysToken::default() }))
}

#[derive(Deserialize)]
struct OrgQuery {
    #[serde(rename = "orgName", default)]
    name: String,
}

async fn org(State(plane): State<SharedPlane>, Params(query): Params<OrgQuery>) -> Result<Json<OrgLogin>, Refusal> {
    if !query.name.is_empty() && query.name != plane.identity.get().org {
        return Err(Refusal::not_found("organization", &query.name));
    }
    Ok(Json(OrgLogin {
        app_env: "self-hosted".to_owned(),
        auth_type: "password".to_owned(),
        org_name: plane.identity.get().org.clone(),
        redirect_url: String::new(),
    }))
}

async fn orgs(State(plane): State<SharedPlane>) -> Json<Value> {
    Json(json!({ "organizations": [{ "name": plane.identity.get().org, "authType": "password", "redirectUrl": "" }] }))
}

async fn refresh(State(plane): State<SharedPlane>, Path(token): Path<String>) -> Result<Json<UserToken>, Refusal> {
    Ok(Json(UserToken { authorization: plane.renew(&token)?, is_mfa: false }))
}

async fn user_info(State(plane): State<SharedPlane>, Tenant(caller): Tenant) -> Json<Value> {
    let identity = plane.identity.get();
    Json(json!({ "orgName": identity.org, "tenantUid": identity.tenant_uid, "userUid": caller.account.uid }))
}
