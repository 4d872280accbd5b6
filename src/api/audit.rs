//! The audit trail.

use serde::{Deserialize, Serialize};

use super::cluster::ProjectMeta;
use super::meta::{ListMeta, ObjectMeta, null_as_default};
use super::words::{ActionType, ActorType};

/// A page of the trail (`v1Audits`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AuditPage {
    /// Entries, newest first on our plane; the API promises no order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub items: Vec<Audit>,
    /// Where the next page starts.
    #[serde(default)]
    pub listmeta: ListMeta,
}

/// One entry (`v1Audit`). Its time is `metadata.creationTimestamp`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audit {
    /// Uid and time.
    pub metadata: ObjectMeta,
    /// Who did what.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: AuditSpec,
}

/// `v1AuditSpec`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditSpec {
    /// Kind of action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_type: Option<ActionType>,
    /// What happened, in a few words.
    pub action_msg: String,
    /// What happened, at length.
    pub content_msg: String,
    /// Note that a person added, 3 to 255 characters.
    pub user_msg: String,
    /// Who.
    #[serde(deserialize_with = "null_as_default")]
    pub actor: AuditActor,
    /// To what.
    #[serde(deserialize_with = "null_as_default")]
    pub resource: AuditResource,
}

/// `v1AuditActor`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditActor {
    /// Person, plane or service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<ActorType>,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserMeta>,
    /// Project in whose scope it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectMeta>,
    /// The service.
    pub service_name: String,
}

/// `v1UserMeta`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserMeta {
    /// Uid of the user.
    pub uid: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Address that the user signs in with.
    pub email_id: String,
    /// Tenant's name.
    pub org: String,
}

/// `v1AuditResourceReference`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditResource {
    /// Uid of the resource.
    pub uid: String,
    /// Kind of resource; the words are not documented.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Label shown for it.
    pub label: String,
}

impl Audit {
    /// Who did it, in the shortest words that name them.
    #[must_use]
    pub fn who(&self) -> &str {
        let actor = &self.spec.actor;
        let person = actor.user.as_ref().map_or("", |user| user.email_id.as_str());
        [person, &actor.service_name]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_else(|| actor.actor_type.as_ref().map_or("unknown", |kind| kind.as_str()))
    }
}

/// What the plane itself says of an entry (`v1AuditSysMsg`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditSysMsg {
    /// In a few words.
    pub action_msg: String,
    /// At length.
    pub content_msg: String,
}

/// Body that sets the note of an entry (`v1AuditMsgUpdate`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditMsgUpdate {
    /// 3 to 255 characters.
    pub user_msg: String,
}

/// What a reader of the trail asks for; empty fields do not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditQuery {
    /// From this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// Before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Only this user's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_uid: Option<String>,
    /// Only this project's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_uid: Option<String>,
    /// Only this kind of resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_kind: Option<String>,
    /// Only this resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_uid: Option<String>,
    /// Only this kind of action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_type: Option<ActionType>,
    /// Size of a page, at most 50, which is also the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Token of the page to read.
    #[serde(rename = "continue", skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
