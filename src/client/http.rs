//! The transport: one attempt at a call, and the loop that repeats reads.

use std::error::Error as _;
use std::sync::PoisonError;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode, redirect};
use secrecy::ExposeSecret;
use tokio::time::Instant;
use tracing::debug;

use crate::api::{self, ApiError};
use crate::text;
use crate::trust::{self, Refused, Trust};

use super::error::{Error, Kind};
use super::session::Token;
use super::{Address, Auth, Call, Client, retry};

/// How long a connection may take to come up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes that no answer of the API exceeds: the longest, all gateways at once, has a few KiB for each.
const LONGEST_BODY: usize = 64 << 20;

/// An answer that said yes.
pub(super) struct Answer {
    status: StatusCode,
    is_html: bool,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The error for an answer that is not what the API promises.
    pub(super) fn not_the_api(&self, operation: &'static str, reason: &str) -> Error {
        let found = if self.is_html || self.body.trim_ascii_start().starts_with(b"<") {
            "a web page".to_owned()
        } else if self.body.is_empty() {
            "empty".to_owned()
        } else {
            format!("of another shape ({})", text::elide(&text::clean(reason), 120))
        };
        Error::new(operation, Kind::NotTheApi { status: self.status.as_u16(), found })
    }
}

pub(super) fn build(address: &Address, trust: &Trust, timeout: Duration) -> Result<(reqwest::Client, Refused), Error> {
    // Without effect where the program chose one before; reqwest wants one even where nothing is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("palette-console/", env!("CARGO_PKG_VERSION")));
    let mut refused = Refused::default();
    if address.is_local() {
        builder = builder.no_proxy();
    }
    let encrypted = matches!(address, Address::Url(url) if url.scheme() == "https");
    if encrypted {
        let (config, seen) = trust::client_config(trust)?;
        builder = builder.tls_backend_preconfigured(config);
        refused = seen;
    } else {
        builder = builder.tls_certs_only([]);
    }
    if let Some(socket) = address.socket() {
        builder = builder.unix_socket(socket);
    }
    let http = builder.build().map_err(|error| Error::new("prepare the connection", Kind::Trust(innermost(&error))))?;
    Ok((http, refused))
}

/// The reason at the bottom of a chain of errors: the outer ones repeat the address.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    text::elide(&text::clean(&current.to_string()), 160).into_owned()
}

fn retry_after(answer: &reqwest::Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl Client {
    /// Sends a call: a read up to a few times, a mutation once.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Error> {
        let begun = Instant::now();
        let mut next = 0;
        let mut signed_in_again = false;
        loop {
            let error = match self.attempt(&call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            debug!(operation = call.operation, error = error.reason(), "a call failed");
            if let (Auth::Session(kind), Some(_), false) = (call.auth, error.signed_out(), signed_in_again) {
                signed_in_again = true;
                if self.sign_in_again(kind).await {
                    continue;
                }
            }
            next += 1;
            let pause = retry::pause(&error, next, begun.elapsed(), fastrand::f64()).filter(|_| call.read);
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Error> {
        let (request, session) = self.request(call).await?;
        if !self.capabilities().unlimited {
            self.inner.limiter.wait(&call.path).await;
        }
        let answer = request.send().await.map_err(|error| self.failed(call, &error))?;
        let (status, wait) = (answer.status(), retry_after(&answer));
        let is_html = answer
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.contains("html"));
        let body = self.body(call, answer).await?;
        let answer = Answer { status, is_html, body };
        if status.is_success() && !is_html {
            return Ok(answer);
        }
        if let (StatusCode::UNAUTHORIZED, Auth::Session(kind), Some(serial)) = (status, call.auth, session) {
            self.forget(kind, serial);
            return Err(Error::new(call.operation, Kind::SignedOut(kind)));
        }
        Err(refused(call, &answer, wait))
    }

    /// The whole body, where it has an end that a plane's answer would have.
    async fn body(&self, call: &Call, mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.failed(call, &error))? {
            if body.len() + chunk.len() > LONGEST_BODY {
                let found = format!("longer than {} MiB", LONGEST_BODY >> 20);
                return Err(Error::new(call.operation, Kind::NotTheApi { status: answer.status().as_u16(), found }));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The request for a call, and the serial number of the session it travels with.
    async fn request(&self, call: &Call) -> Result<(RequestBuilder, Option<u64>), Error> {
        let url = format!("{}{}", self.inner.address.base(), call.path);
        let mut request = self.inner.http.request(call.method.clone(), url).query(&call.query);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        if let Some(patience) = call.patience {
            request = request.timeout(patience);
        }
        if let Some(project) = &call.project {
            request = request.header(api::PROJECT_UID, project);
        }
        let Auth::Session(kind) = call.auth else { return Ok((request, None)) };
        let Some((token, serial)) = self.token(kind).await else {
            return Err(Error::new(call.operation, Kind::SignedOut(kind)));
        };
        let request = match token {
            Token::ApiKey(key) => request.header(api::API_KEY, key.expose_secret()),
            Token::Jwt { raw, .. } => request.header(api::AUTHORIZATION, raw.expose_secret()),
        };
        Ok((request, Some(serial)))
    }

    fn failed(&self, call: &Call, error: &reqwest::Error) -> Error {
        let address = self.inner.address.to_string();
        let reason = innermost(error);
        let refused = self.inner.refused.lock().unwrap_or_else(PoisonError::into_inner).take();
        let kind = if refused.is_some() || blames_certificate(error) {
            Kind::Untrusted { address, reason, fingerprint: refused }
        } else if error.is_connect() {
            let reason = if error.is_timeout() { "no connection in time".to_owned() } else { reason };
            Kind::Unreachable { address, reason }
        } else if error.is_timeout() {
            Kind::TimedOut { after: call.patience.unwrap_or(self.inner.timeout) }
        } else {
            Kind::Broken { reason }
        };
        Error::new(call.operation, kind)
    }
}

fn refused(call: &Call, answer: &Answer, retry_after: Option<Duration>) -> Error {
    match serde_json::from_slice::<Box<ApiError>>(&answer.body) {
        Ok(error) if !(error.code.is_empty() && error.message.is_empty()) => {
            Error::new(call.operation, Kind::Refused { status: answer.status.as_u16(), error, retry_after })
        }
        _ if answer.status == StatusCode::TOO_MANY_REQUESTS => {
            let error = Box::new(ApiError { message: "too many requests".to_owned(), ..ApiError::default() });
            Error::new(call.operation, Kind::Refused { status: 429, error, retry_after })
        }
        _ => answer.not_the_api(call.operation, "an error without a code"),
    }
}

fn blames_certificate(error: &reqwest::Error) -> bool {
    let mut current = error.source();
    while let Some(source) = current {
        if let Some(rustls::Error::InvalidCertificate(_)) = source.downcast_ref() {
            return true;
        }
        current = source.source();
    }
    false
}
