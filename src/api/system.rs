//! The plane itself: version, banner, the system administrator who is signed in.

use serde::{Deserialize, Serialize};

use super::meta::{ObjectMeta, null_as_default};

/// `v1SystemVersionInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionInfo {
    /// Such as `4.8.6`.
    pub version: String,
}

/// Text that is shown before anyone signs in (`v1LoginBannerSettings`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoginBanner {
    /// The text. The API writes a capital M.
    #[serde(rename = "Message")]
    pub message: String,
    /// Whether it is to be shown.
    #[serde(rename = "isEnabled")]
    pub is_enabled: bool,
    /// Heading.
    pub title: String,
}

/// The signed-in system administrator (`v1SystemUserMe`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemUserMe {
    /// Name and uid.
    pub metadata: ObjectMeta,
    /// Kind of administrator.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: SystemUserSpec,
    /// What was set up.
    #[serde(deserialize_with = "null_as_default")]
    pub status: SystemUserStatus,
}

/// `v1SystemUserSpec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SystemUserSpec {
    /// `AccountAdmin`, `OperationAdmin`; the root's word is not documented.
    pub admin_type: String,
    /// Address on file.
    pub email_id: String,
}

/// `v1SystemUserMeStatus`, as far as it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SystemUserStatus {
    /// An address is on file.
    pub is_email_set: bool,
    /// The address was confirmed.
    pub is_email_verified: bool,
    /// A second factor is set up.
    pub is_mfa_enabled: bool,
    /// Its meaning is not documented.
    pub is_password_reset: bool,
}
