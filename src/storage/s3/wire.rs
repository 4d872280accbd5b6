//! The transport under the SDK: reqwest, so that TLS, proxies and their errors are the same as everywhere in this
//! program, and every exchange ends in bounded time.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_sdk_s3::config::RuntimeComponents;
use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::error::ConnectorError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::DATE;
use reqwest::redirect;
use tokio::time::{Instant, timeout, timeout_at};

use super::Timeouts;
use super::place::Place;
use crate::clock::SharedClock;
use crate::storage::{Error, Kind, LARGEST_OBJECT, ServerClock, certificate};
use crate::text;
use crate::trust::Believed;

/// Bytes that are handed to the connection at once; each piece is a sign of life.
const PIECE: usize = 128 << 10;
/// Bytes of answers that carry no object: a page of a listing has at most 1000 keys.
const LONGEST_ANSWER: usize = 8 << 20;

/// Why an exchange failed, before it is told what was tried and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Trouble {
    pub(super) kind: Kind,
    pub(super) reason: String,
    pub(super) advice: String,
}

impl Trouble {
    pub(super) fn new(kind: Kind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), advice: String::new() }
    }

    pub(super) fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }

    /// The error for people.
    pub(super) fn at(self, operation: &str, place: &str) -> Error {
        let Self { kind, reason, advice } = self;
        Error { operation: operation.to_owned(), place: place.to_owned(), kind, reason, advice }
    }
}

/// What one exchange may take; travels with the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Most bytes of the answer's body.
    pub(super) most: usize,
    /// Longest time for the whole exchange.
    pub(super) total: Duration,
}

/// See the module. Clones share connections.
#[derive(Clone)]
pub(super) struct Wire(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    timeouts: Timeouts,
    host: String,
    clock: SharedClock,
    heard: Mutex<Option<ServerClock>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("host", &self.0.host).finish_non_exhaustive()
    }
}

impl Wire {
    pub(super) fn new(
        place: &Place,
        believed: &Believed,
        timeouts: Timeouts,
        clock: SharedClock,
    ) -> Result<Self, Trouble> {
        let prepared = |reason: String| Trouble::new(Kind::Settings, reason);
        // Without effect where the program chose one before; reqwest wants one even where nothing is encrypted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(timeouts.connect)
            // Servers hang up on idle connections after a while, some within half a minute.
            .pool_idle_timeout(Duration::from_secs(20))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        if place.on_this_machine() {
            builder = builder.no_proxy();
        }
        if place.encrypted() {
            let config = believed.config(rustls::DEFAULT_VERSIONS).map_err(|error| prepared(error.to_string()))?;
            builder = builder.tls_backend_preconfigured(config);
        } else {
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| prepared(innermost(&error)))?;
        Ok(Self(Arc::new(Inner { http, timeouts, host: place.host().to_owned(), clock, heard: Mutex::default() })))
    }

    /// What time the server last said it is.
    pub(super) fn server_clock(&self) -> Option<ServerClock> {
        *self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = self.0.clone();
        HttpConnectorFuture::new(async move {
            inner.bounded(request).await.map_err(|trouble| ConnectorError::other(trouble.into(), None))
        })
    }
}

impl Inner {
    async fn bounded(&self, request: HttpRequest) -> Result<HttpResponse, Trouble> {
        let default = Bounds { most: LONGEST_ANSWER, total: self.timeouts.least };
        let bounds = request.extension::<Bounds>().copied().unwrap_or(default);
        let moved = Moved::now();
        let exchange = self.unless_quiet(&moved, self.exchange(request, bounds.most, &moved));
        timeout(bounds.total, exchange).await.unwrap_or_else(|_| {
            let reason = format!("the answer was not whole within {} s", bounds.total.as_secs());
            Err(Trouble::new(Kind::Timeout, reason).advised("Check how fast the network and the server are."))
        })
    }

    /// Gives up on `work` when nothing has moved for too long.
    async fn unless_quiet<T>(
        &self,
        moved: &Moved,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let mut work = pin!(work);
        loop {
            let until = moved.last() + self.timeouts.quiet;
            match timeout_at(until, &mut work).await {
                Ok(done) => return done,
                Err(_) if moved.last() + self.timeouts.quiet > until => {}
                Err(_) => {
                    let reason = format!("the server was silent for {} s", self.timeouts.quiet.as_secs_f32());
                    return Err(Trouble::new(Kind::Timeout, reason).advised("Check that the server is well."));
                }
            }
        }
    }

    async fn exchange(&self, request: HttpRequest, most: usize, moved: &Moved) -> Result<HttpResponse, Trouble> {
        let unusable = |error: &dyn fmt::Display| Trouble::new(Kind::Settings, text::clean(&error.to_string()));
        let (parts, body) = request.try_into_http1x().map_err(|error| unusable(&error))?.into_parts();
        let request = hyper::Request::from_parts(parts, paced(body, moved).await);
        let request = reqwest::Request::try_from(request).map_err(|error| unusable(&innermost(&error)))?;
        let mut answer = self.http.execute(request).await.map_err(|error| self.trouble(&error))?;
        moved.touch();
        self.hear(&answer);
        let length = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let mut body = BytesMut::with_capacity(length.min(most));
        while let Some(piece) = answer.chunk().await.map_err(|error| self.trouble(&error))? {
            moved.touch();
            if body.len() + piece.len() > most {
                return Err(Trouble::new(
                    Kind::Mismatch,
                    format!("it is larger than {most} bytes, the most it may be"),
                ));
            }
            body.extend_from_slice(&piece);
        }
        whole(&answer, body.freeze())
    }

    fn hear(&self, answer: &reqwest::Response) {
        let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
        if let Some(server) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) {
            let heard = ServerClock { server: server.with_timezone(&Utc), ours: self.clock.now() };
            *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        }
    }

    fn trouble(&self, error: &reqwest::Error) -> Trouble {
        let host = &self.host;
        if let Some(error) = cause::<rustls::Error>(error) {
            let (kind, reason, advice) = certificate::explained(error, host);
            return Trouble::new(kind, reason).advised(advice);
        }
        if error.is_dns() {
            return Trouble::new(Kind::NoSuchHost, format!("the name {host} has no address"))
                .advised("Check the endpoint's host name, and the name servers of this machine.");
        }
        if error.is_connect() {
            let reason = match cause::<io::Error>(error) {
                _ if error.is_timeout() => {
                    format!("nothing answered within {} s", self.timeouts.connect.as_secs_f32())
                }
                Some(io) if io.kind() == io::ErrorKind::UnexpectedEof => "it hung up at once".to_owned(),
                _ => innermost(error),
            };
            return Trouble::new(Kind::Unreachable, reason)
                .advised("Check host and port, that the server runs, and firewalls and proxies on the way.");
        }
        if error.is_timeout() {
            return Trouble::new(Kind::Timeout, "the answer did not come in time");
        }
        match cause::<hyper::Error>(error) {
            Some(hyper) if hyper.is_parse() => Trouble::new(Kind::Protocol, "what answers there does not speak HTTP")
                .advised("Check the port, and whether the endpoint begins with https:// rather than http://."),
            _ => Trouble::new(Kind::Interrupted, format!("the connection broke ({})", innermost(error))),
        }
    }
}

fn whole(answer: &reqwest::Response, body: Bytes) -> Result<HttpResponse, Trouble> {
    let unreadable = || Trouble::new(Kind::Protocol, "the server's answer cannot be read");
    let mut response = hyper::Response::new(SdkBody::from(body));
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    HttpResponse::try_from(response).map_err(|_| unreadable())
}

/// The first error of type `E` below `error`.
fn cause<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    std::iter::successors(below(error), |error| below(*error)).find_map(|error| error.downcast_ref())
}

/// What an error comes from. What an `io::Error` wraps is not its source: that begins one further down.
fn below<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|wrapped| wrapped as _).or_else(|| error.source())
}

/// The reason at the bottom of a chain of errors: the outer ones repeat the address.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |error| below(*error)).last();
    text::elide(&text::clean(&last.unwrap_or(error).to_string()), 160).into_owned()
}

/// When the last byte moved.
#[derive(Clone)]
struct Moved(Arc<Mutex<Instant>>);

impl Moved {
    fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn touch(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body from memory that leaves in pieces and notes when each left.
struct Paced {
    rest: Bytes,
    moved: Moved,
}

async fn paced(mut body: SdkBody, moved: &Moved) -> reqwest::Body {
    // Every body of ours is in memory, and so comes as one frame, uncopied.
    let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
    let rest = frame.and_then(Result::ok).and_then(|frame| frame.into_data().ok()).unwrap_or_default();
    if rest.is_empty() { reqwest::Body::default() } else { reqwest::Body::wrap(Paced { rest, moved: moved.clone() }) }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.moved.touch();
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let most = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(most)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Time for an exchange of `bytes`.
pub(super) fn time_for(bytes: usize, least: Duration) -> Duration {
    let bytes = bytes.min(LARGEST_OBJECT) as u64;
    least.max(Duration::from_secs(bytes / (64 << 10)))
}
