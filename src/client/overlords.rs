//! Gateways. A uid is checked before it becomes part of a path, since it may have been typed.

use reqwest::Method;

use crate::api::meta::MetadataUpdate;
use crate::api::overlord::{DeletedMsg, MigrateRequest, Overlord, Overlords};

use super::{Call, Client, Error};

impl Client {
    /// All gateways.
    ///
    /// # Errors
    /// As every call: refusals, and whatever may happen on the way.
    pub async fn overlords(&self) -> Result<Vec<Overlord>, Error> {
        let list: Overlords = self.json(Call::get("read the gateways", "/v1/overlords")).await?;
        Ok(list.items)
    }

    /// One gateway.
    ///
    /// # Errors
    /// As every call; [`Error::not_found`] where it is gone.
    pub async fn overlord(&self, uid: &str) -> Result<Overlord, Error> {
        self.json(Call::get("read the gateway", format!("/v1/overlords/{}", segment(uid)))).await
    }

    /// Starts the migration of every cluster of one gateway to another. An answer means that the plane took the
    /// order, not that the clusters have moved. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn migrate(&self, request: &MigrateRequest) -> Result<(), Error> {
        let call = Call::new("start the migration", Method::POST, "/v1/overlords/migrate");
        self.done(call.body(request)).await
    }

    /// Deletes a gateway. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn delete_overlord(&self, uid: &str) -> Result<DeletedMsg, Error> {
        let path = format!("/v1/overlords/{}", segment(uid));
        self.json(Call::new("delete the gateway", Method::DELETE, path)).await
    }

    /// Replaces name, labels and annotations of a gateway.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn update_overlord(&self, uid: &str, update: &MetadataUpdate) -> Result<(), Error> {
        let path = format!("/v1/overlords/{}/metadata", segment(uid));
        self.done(Call::new("rename the gateway", Method::PUT, path).body(update)).await
    }
}

/// A path segment that stays one: everything but letters, digits and `-_.~` is percent-encoded.
pub(super) fn segment(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => out.push(byte.into()),
            b'.' if text.len() > 2 => out.push('.'),
            _ => out += &format!("%{byte:02X}"),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_uid_cannot_leave_its_place_in_the_path() {
        assert_eq!(segment("6732677ce46389af646d517a"), "6732677ce46389af646d517a");
        assert_eq!(segment("../users?x=1#y"), "..%2Fusers%3Fx%3D1%23y");
        assert_eq!(segment(".."), "%2E%2E");
    }
}
