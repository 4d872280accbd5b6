//! Why a backup cannot be brought back, before anything is downloaded.

use axum::http::StatusCode;
use serde_json::json;

use crate::api::error::code;
use crate::api::words::JobKind;
use crate::backup::{Authentic, Found, FoundState};
use crate::plane::failure::Refusal;
use crate::plane::state::Plane;
use crate::text;

impl Plane {
    /// Why a backup cannot be restored or recovered here; empty where it can.
    #[must_use]
    pub fn refusals(&self, found: &Found, kind: &JobKind) -> Vec<Refusal> {
        let uid = &found.place.uid;
        let own = found.place.plane_uid == self.identity.get().plane_uid;
        let mut why = Vec::new();
        match kind {
            JobKind::Restore if !own => why.push(Refusal::new(
                StatusCode::CONFLICT,
                code::OTHER_PLANE,
                format!(
                    "The backup {uid} was made by another plane ({}). Recover it instead.",
                    text::clean(&found.place.plane_uid)
                ),
            )),
            JobKind::Recover if own => why.push(Refusal::new(
                StatusCode::CONFLICT,
                code::BACKUP_UNUSABLE,
                format!("The backup {uid} was made by this plane. Restore it instead."),
            )),
            _ => {}
        }
        why.extend(self.unusable(found));
        why
    }

    fn unusable(&self, found: &Found) -> Option<Refusal> {
        let uid = &found.place.uid;
        let cannot = |reason: String| {
            Some(Refusal::new(StatusCode::CONFLICT, code::BACKUP_UNUSABLE, format!("The backup {uid} {reason}")))
        };
        match &found.state {
            FoundState::Complete(manifest, authentic) => {
                let keys = self.backups.keys.fingerprints();
                let needed = [manifest.encrypted_with.as_ref(), Some(&manifest.signed_with)];
                if let Some(missing) = needed.into_iter().flatten().find(|key| !keys.contains(key)) {
                    return Some(key_missing(uid.as_str(), missing));
                }
                match authentic {
                    Authentic::Yes => None,
                    Authentic::KeyMissing => Some(key_missing(uid.as_str(), &manifest.signed_with)),
                    Authentic::No => cannot(
                        "is not authentic: its manifest was changed, or written by someone without the recovery key."
                            .to_owned(),
                    ),
                }
            }
            FoundState::Deleting(_) => cannot("is being deleted.".to_owned()),
            FoundState::Incomplete => cannot("was never finished.".to_owned()),
            FoundState::Damaged(_, reason) => cannot(format!("is damaged: {}", text::sentence(&text::clean(reason)))),
            FoundState::Newer(format) => {
                cannot(format!("has format {format}, which this version of palette-console does not know. Update it."))
            }
        }
    }
}

fn key_missing(uid: &str, fingerprint: &str) -> Refusal {
    let fingerprint = text::clean(fingerprint).into_owned();
    Refusal::new(
        StatusCode::CONFLICT,
        code::KEY_MISSING,
        format!(
            "The backup {uid} was made with the recovery key {fingerprint}, which this plane does not have. Import that key first. Nothing was downloaded."
        ),
    )
    .with(json!({ "fingerprint": fingerprint }))
}
