//! A small S3 server whose answers a test can script: what it does not script, the server does from memory. It checks
//! no signatures.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Of the URL, without the query, as sent.
    pub path: String,
    pub query: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// What it asks of S3.
    pub fn verb(&self) -> &'static str {
        let bucket = self.path.trim_matches('/').split('/').count() == 1;
        match self.method.as_str() {
            "PUT" => "put",
            "HEAD" => "head",
            "DELETE" => "delete",
            _ if self.query.contains("versioning") => "versioning",
            _ if self.query.contains("object-lock") => "object-lock",
            _ if bucket => "list",
            _ => "get",
        }
    }
}

/// What a test wants instead of the server's own answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Nothing, ever.
    Hang,
    /// The server does as it is asked, and the connection ends before its answer.
    Lose,
    /// The server's own answer, cut in the middle of its body.
    Cut,
    /// The server's own answer, in pieces of a quarter with this much time before each.
    Drip(Duration),
}

impl Reply {
    /// An error as S3 words it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
        Self::Answer(status, vec![("content-type", "application/xml".to_owned())], body)
    }

    /// A web page.
    pub fn html(status: u16) -> Self {
        let body = "<!DOCTYPE html><html><body><h1>Storage console</h1></body></html>".to_owned();
        Self::Answer(status, vec![("content-type", "text/html".to_owned())], body)
    }

    pub fn empty(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }
}

type Script = Arc<dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync>;

/// The running server.
pub struct Scripted {
    pub endpoint: String,
    state: Arc<State>,
}

struct State {
    script: Script,
    objects: Mutex<HashMap<String, Vec<u8>>>,
    requests: Mutex<Vec<Request>>,
    guards: bool,
}

impl Scripted {
    /// A server that asks `script` first: with each request, and how many of its verb came before.
    pub async fn start(script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self::serve(script, None, true).await
    }

    /// The same, without notice of `If-None-Match`.
    pub async fn unguarded() -> Self {
        Self::serve(|_, _| None, None, false).await
    }

    /// A server without a script behind TLS, under this host name or address.
    pub async fn secure(tls: TlsAcceptor, host: &str) -> Self {
        let mut server = Self::serve(|_, _| None, Some(tls), true).await;
        server.endpoint = server.endpoint.replace("http://127.0.0.1", &format!("https://{host}"));
        server
    }

    async fn serve(
        script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
        tls: Option<TlsAcceptor>,
        guards: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (objects, requests) = (Mutex::default(), Mutex::default());
        let state = Arc::new(State { script: Arc::new(script), objects, requests, guards });
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (state, tls) = (shared.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => state.talk(socket).await,
                        Some(tls) => match tls.accept(socket).await {
                            Ok(socket) => state.talk(socket).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { endpoint, state }
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().unwrap().clone()
    }

    /// How many requests of a verb came.
    pub fn count(&self, verb: &str) -> usize {
        self.requests().iter().filter(|request| request.verb() == verb).count()
    }

    /// Puts an object there, as another would. `key` as it stands in URLs, with the bucket.
    pub fn plant(&self, key: &str, bytes: &[u8]) {
        self.state.objects.lock().unwrap().insert(key.to_owned(), bytes.to_vec());
    }

    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        self.state.objects.lock().unwrap().get(key).cloned()
    }
}

impl State {
    /// Serves one connection until it ends.
    async fn talk(&self, mut socket: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        loop {
            let request = read(&mut socket).await?;
            let before = {
                let mut requests = self.requests.lock().unwrap();
                let before = requests.iter().filter(|earlier| earlier.verb() == request.verb()).count();
                requests.push(request.clone());
                before
            };
            let head = request.method == "HEAD";
            match (self.script)(&request, before) {
                None => send(&mut socket, &self.own(&request), head).await?,
                Some(Reply::Answer(status, headers, body)) => {
                    send(&mut socket, &(status, headers, body.into_bytes()), head).await?;
                }
                Some(Reply::Hang) => std::future::pending().await,
                Some(Reply::Lose) => {
                    self.own(&request);
                    return None;
                }
                Some(Reply::Cut) => {
                    let bytes = written(&self.own(&request), head);
                    socket.write_all(&bytes[..bytes.len() - 10]).await.ok()?;
                    return None;
                }
                Some(Reply::Drip(wait)) => {
                    let bytes = written(&self.own(&request), head);
                    for piece in bytes.chunks(bytes.len().div_ceil(4)) {
                        tokio::time::sleep(wait).await;
                        socket.write_all(piece).await.ok()?;
                    }
                }
            }
        }
    }

    fn own(&self, request: &Request) -> Answer {
        let mut objects = self.objects.lock().unwrap();
        let key = request.path.trim_start_matches('/').to_owned();
        let error = |status, code| match Reply::error(status, code, "told by the test server") {
            Reply::Answer(status, headers, body) => (status, headers, body.into_bytes()),
            _ => unreachable!(),
        };
        match request.verb() {
            "put" if self.guards && request.headers.contains_key("if-none-match") && objects.contains_key(&key) => {
                error(412, "PreconditionFailed")
            }
            "put" => {
                objects.insert(key, request.body.clone());
                (200, Vec::new(), Vec::new())
            }
            "get" | "head" => match objects.get(&key) {
                Some(bytes) => (200, Vec::new(), bytes.clone()),
                None => error(404, "NoSuchKey"),
            },
            "delete" => {
                objects.remove(&key);
                (204, Vec::new(), Vec::new())
            }
            "list" => (200, vec![("content-type", "application/xml".to_owned())], self.page(&objects, request)),
            _ => error(501, "NotImplemented"),
        }
    }

    /// A page with everything that fits the prefix; it takes no notice of delimiters.
    fn page(&self, objects: &HashMap<String, Vec<u8>>, request: &Request) -> Vec<u8> {
        let prefix = request.query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default();
        let mut entries: Vec<_> = objects
            .iter()
            .filter_map(|(key, bytes)| Some((key.split_once('/')?.1, bytes.len())))
            .filter(|(key, _)| key.starts_with(&prefix.replace("%2F", "/")))
            .collect();
        entries.sort();
        let entries: String = entries
            .iter()
            .map(|(key, size)| format!("<Contents><Key>{key}</Key><Size>{size}</Size></Contents>"))
            .collect();
        format!("<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>").into_bytes()
    }
}

type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

fn written((status, headers, body): &Answer, head: bool) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Told\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if *status != 204 {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    let mut bytes = format!("{text}\r\n").into_bytes();
    if !head {
        bytes.extend_from_slice(body);
    }
    bytes
}

async fn send(socket: &mut (impl AsyncWrite + Unpin), answer: &Answer, head: bool) -> Option<()> {
    socket.write_all(&written(answer, head)).await.ok()?;
    socket.flush().await.ok()
}

async fn read(socket: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes[head + 4..].to_vec();
    while body.len() < length {
        if socket.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}
