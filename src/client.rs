//! The client of a management plane: one method per operation of the API, in one file per resource.
//!
//! What every call shares is here and below: [`session`] (who is signed in), `retry` (reads are tried
//! again, mutations never), `limit` (staying below Palette's rate limits), `http` (the transport) and
//! [`error`] (what went wrong, in words). Nothing here knows whether the plane is Palette or the embedded one,
//! except through [`Capabilities`].

pub mod address;
pub mod audits;
pub mod backups;
pub mod clusters;
pub mod error;
mod http;
pub mod jobs;
mod limit;
pub mod locations;
pub mod overlords;
mod retry;
pub mod session;
pub mod system;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::ext::Capabilities;
use crate::clock::SharedClock;
use crate::trust::{Refused, Trust};

pub use address::Address;
pub use backups::Permission;
pub use error::{Error, Kind};
pub use session::{Login, SessionKind, Who};

/// How to reach a plane.
pub struct Options {
    /// Where it is.
    pub address: Address,
    /// Which certificates to believe.
    pub trust: Trust,
    /// What time it is.
    pub clock: SharedClock,
    /// How long one attempt may take, from the first byte sent to the last one read.
    pub timeout: Duration,
    /// How to sign in again by itself when a session has expired: for one-shot commands. A console leaves
    /// it empty and asks the person.
    pub auto_login: Option<Login>,
}

impl Options {
    /// Options for `address` with a patience of 30 seconds an attempt.
    #[must_use]
    pub fn new(address: Address, clock: SharedClock) -> Self {
        Self { address, trust: Trust::default(), clock, timeout: Duration::from_secs(30), auto_login: None }
    }
}

/// A client of one plane; clones share sessions, limits and connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    refused: Refused,
    address: Address,
    clock: SharedClock,
    timeout: Duration,
    sessions: session::Sessions,
    limiter: limit::Limiter,
    capabilities: RwLock<Capabilities>,
    auto_login: Option<Login>,
}

/// Which session a call travels with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Auth {
    None,
    Session(SessionKind),
}

/// One call of the API.
struct Call {
    /// What it does, as the end of a sentence that starts with "could not".
    operation: &'static str,
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    auth: Auth,
    project: Option<String>,
    /// A read that happens to be a POST, such as a search.
    read: bool,
    /// How long one attempt may take, where that is not the client's own patience.
    patience: Option<Duration>,
}

impl Call {
    fn new(operation: &'static str, method: Method, path: impl Into<String>) -> Self {
        let read = method == Method::GET;
        let auth = Auth::Session(SessionKind::Tenant);
        let (path, query) = (path.into(), Vec::new());
        Self { operation, method, path, query, body: None, auth, project: None, read, patience: None }
    }

    fn get(operation: &'static str, path: impl Into<String>) -> Self {
        Self::new(operation, Method::GET, path)
    }

    fn auth(self, auth: Auth) -> Self {
        Self { auth, ..self }
    }

    fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    fn body(self, body: &impl Serialize) -> Self {
        Self { body: serde_json::to_value(body).ok(), ..self }
    }

    fn reading(self) -> Self {
        Self { read: true, ..self }
    }

    fn patient(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }
}

impl Client {
    /// A client of the plane that `options` name. Nothing is sent yet.
    ///
    /// # Errors
    /// Where the certificates to believe cannot be read.
    pub fn new(options: Options) -> Result<Self, Error> {
        let Options { address, trust, clock, timeout, auto_login } = options;
        let (http, refused) = http::build(&address, &trust, timeout)?;
        let inner = Inner {
            http,
            refused,
            address,
            sessions: session::Sessions::new(clock.clone()),
            clock,
            timeout,
            limiter: limit::Limiter::default(),
            capabilities: RwLock::default(),
            auto_login,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where the plane is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.inner.address
    }

    /// What the plane can do beyond Palette's own API, as last read.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.inner.capabilities.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a call and reads its answer as JSON.
    async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let operation = call.operation;
        let answer = self.send(call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| answer.not_the_api(operation, &error.to_string()))
    }

    /// Sends a call whose answer carries nothing.
    async fn done(&self, call: Call) -> Result<(), Error> {
        self.send(call).await.map(|_| ())
    }
}
