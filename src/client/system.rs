//! The plane itself.

use std::sync::PoisonError;

use reqwest::Method;
use serde_json::json;

use crate::api::ext::Capabilities;
use crate::api::system::{LoginBanner, VersionInfo};

use super::error::Kind;
use super::overlords::segment;
use super::{Auth, Call, Client, Error, SessionKind};

impl Client {
    /// Reads what the plane can do beyond Palette's API and keeps it. A plane that knows no extension has none.
    ///
    /// # Errors
    /// Where the plane cannot be reached or does not answer as one.
    pub async fn read_capabilities(&self) -> Result<Capabilities, Error> {
        let call = Call::get("reach the plane", "/ext/v1/capabilities").auth(Auth::None);
        let read = match self.json(call).await {
            Ok(capabilities) => capabilities,
            // Palette may show its web console's start page for a path it does not know.
            Err(Error {
                kind: Kind::Refused { status: 400..=499, .. } | Kind::NotTheApi { status: 200..=499, .. },
                ..
            }) => Capabilities::default(),
            Err(error) => return Err(error),
        };
        *self.inner.capabilities.write().unwrap_or_else(PoisonError::into_inner) = read.clone();
        Ok(read)
    }

    /// The text to show before anyone signs in; `None` where there is none or the plane wants a session for it.
    pub async fn login_banner(&self) -> Option<LoginBanner> {
        let call = Call::get("read the login banner", "/v1/system/loginBanner").auth(Auth::None);
        self.json(call).await.ok().filter(|banner: &LoginBanner| banner.is_enabled)
    }

    /// Version of the plane; needs the system session.
    ///
    /// # Errors
    /// As every call.
    pub async fn version(&self) -> Result<VersionInfo, Error> {
        let call = Call::get("read the plane's version", "/v1/system/version/installed");
        self.json(call.auth(Auth::Session(SessionKind::System))).await
    }

    /// Makes the heartbeats of a sandbox gateway stop or come again.
    ///
    /// # Errors
    /// As every call; a plane that is no sandbox refuses.
    pub async fn set_heartbeat(&self, overlord_uid: &str, beating: bool) -> Result<(), Error> {
        let path = format!("/ext/v1/sandbox/heartbeats/{}", segment(overlord_uid));
        let call = Call::new("change the heartbeat", Method::PUT, path);
        self.done(call.body(&json!({ "beating": beating }))).await
    }
}
