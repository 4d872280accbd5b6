//! A server that writes down what it is asked and answers from a list.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method, path and query.
    pub line: String,
    /// Method and path.
    asked: String,
    pub headers: HeaderMap,
    /// `Null` where there was none.
    pub body: Value,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub type Answers = &'static [(&'static str, u16, &'static str)];

struct Record {
    answers: Answers,
    seen: Mutex<Vec<Seen>>,
}

pub struct Recorder {
    pub url: String,
    record: Arc<Record>,
    server: JoinHandle<()>,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Recorder {
    /// Answers by method and path; several answers to the same are given in turn, and the last one from then on.
    /// Everything else is 404 without a body.
    pub async fn start(answers: Answers) -> Self {
        let record = Arc::new(Record { answers, seen: Mutex::default() });
        let app = Router::new().fallback(keep).with_state(record.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, record, server }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.record.seen.lock().unwrap().clone()
    }

    /// The one request there was since the sign-in.
    pub fn last(&self) -> Seen {
        self.seen().pop().unwrap()
    }
}

async fn keep(
    State(record): State<Arc<Record>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    let asked = format!("{method} {}", uri.path());
    let before = {
        let mut seen = record.seen.lock().unwrap();
        let before = seen.iter().filter(|seen| seen.asked == asked).count();
        seen.push(Seen { line: format!("{method} {uri}"), asked: asked.clone(), headers, body });
        before
    };
    let fitting: Vec<_> = record.answers.iter().filter(|(line, ..)| *line == asked).collect();
    match fitting.get(before).or(fitting.last()) {
        Some((_, status, body)) => {
            let status = StatusCode::from_u16(*status).unwrap();
            (status, [(header::CONTENT_TYPE, "application/json")], *body).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
