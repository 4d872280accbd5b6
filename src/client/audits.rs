//! The audit trail.

use reqwest::Method;

use crate::api::audit::{Audit, AuditMsgUpdate, AuditPage, AuditQuery};

use super::overlords::segment;
use super::{Call, Client, Error};

impl Client {
    /// A page of the trail.
    ///
    /// # Errors
    /// As every call.
    pub async fn audits(&self, query: &AuditQuery) -> Result<AuditPage, Error> {
        let mut call = Call::get("read the audit logs", "/v1/audits");
        let named = [
            ("startTime", query.start_time.clone()),
            ("endTime", query.end_time.clone()),
            ("userUid", query.user_uid.clone()),
            ("projectUid", query.project_uid.clone()),
            ("resourceKind", query.resource_kind.clone()),
            ("resourceUid", query.resource_uid.clone()),
            ("actionType", query.action_type.as_ref().map(ToString::to_string)),
            ("limit", query.limit.map(|limit| limit.to_string())),
            ("continue", query.next.clone()),
        ];
        call.query.extend(named.into_iter().filter_map(|(name, value)| Some((name, value?))));
        self.json(call).await
    }

    /// One entry.
    ///
    /// # Errors
    /// As every call.
    pub async fn audit(&self, uid: &str) -> Result<Audit, Error> {
        self.json(Call::get("read the audit entry", format!("/v1/audits/{}", segment(uid)))).await
    }

    /// Sets the note of an entry, 3 to 255 characters.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn annotate_audit(&self, uid: &str, note: &str) -> Result<(), Error> {
        let path = format!("/v1/audits/{}/userMsg", segment(uid));
        let body = AuditMsgUpdate { user_msg: note.to_owned() };
        self.done(Call::new("keep the note", Method::PATCH, path).body(&body)).await
    }
}
