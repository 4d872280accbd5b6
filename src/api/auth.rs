//! Signing in. These types carry secrets; none of them is `Debug`.

use serde::{Deserialize, Serialize};

/// Body of a tenant login (`v1AuthLogin`).
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthLogin {
    /// Address of the user.
    #[serde(default)]
    pub email_id: String,
    /// Tenant; may be left out where the host belongs to one tenant.
    #[serde(default)]
    pub org: String,
    /// Password.
    #[serde(default)]
    pub password: String,
}

/// Answer to a tenant login and to a refresh (`v1UserToken`).
#[derive(Clone, Serialize, Deserialize)]
pub struct UserToken {
    /// The JWT.
    #[serde(rename = "Authorization", default)]
    pub authorization: String,
    /// A second factor is wanted, which a terminal cannot give.
    #[serde(rename = "isMfa", default)]
    pub is_mfa: bool,
}

/// Body of a system login. Documented in prose only.
#[derive(Clone, Serialize, Deserialize)]
pub struct SysLogin {
    /// User name, `admin` on a fresh plane.
    #[serde(default)]
    pub username: String,
    /// Password.
    #[serde(default)]
    pub password: String,
}

/// Answer to a system login. Documented in two shapes, both with capital letters.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SysToken {
    /// The JWT.
    pub authorization: String,
    /// Its meaning is not documented.
    pub is_password_reset: bool,
    /// An address is on file.
    pub is_email_set: bool,
    /// The address was confirmed.
    pub is_email_verified: bool,
    /// A second factor is wanted.
    pub is_mfa: bool,
}

/// `GET /v1/auth/org` (`v1LoginResponse`), as far as it is used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OrgLogin {
    /// `self-hosted`, `airgap` and so on.
    pub app_env: String,
    /// `password` or `sso`.
    pub auth_type: String,
    /// Name of the tenant.
    pub org_name: String,
    /// Where a single sign-on starts; empty for passwords.
    pub redirect_url: String,
}
