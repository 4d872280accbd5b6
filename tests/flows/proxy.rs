//! A loopback server in front of a plane that can be told to fail, and that writes down what it was asked.
//!
//! It speaks just enough HTTP/1.1 for one request a connection, so that a connection can be cut at any place.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixStream};
use tokio::task::JoinHandle;

/// What happens to a request.
#[derive(Clone)]
pub enum Fault {
    /// The plane is not asked; this is the answer.
    Answer { status: u16, headers: &'static [(&'static str, &'static str)], body: String },
    /// It reaches the plane so much later.
    Late(Duration),
    /// The connection is cut before the plane hears of it.
    CutBefore,
    /// The plane carries it out; the connection is cut instead of its answer.
    CutAfter,
    /// The plane's JSON is changed on the way back.
    Rewrite(fn(&mut Value)),
}

impl Fault {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Answer { status, headers: &[("content-type", "application/json")], body: body.to_string() }
    }

    pub fn html(status: u16) -> Self {
        let body = "<!doctype html><title>Maintenance</title><p>Please come back later".to_owned();
        Self::Answer { status, headers: &[("content-type", "text/html; charset=utf-8")], body }
    }
}

/// An address where nobody listens, for as long as the socket is kept.
pub fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    /// Whether the plane got it.
    pub forwarded: bool,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && fits(path, self.target.split('?').next().unwrap_or_default())
    }
}

/// `path` is compared whole, or up to the `*` that it ends in.
fn fits(path: &str, asked: &str) -> bool {
    path.strip_suffix('*').map_or(path == asked, |start| asked.starts_with(start))
}

struct Rule {
    method: &'static str,
    path: String,
    fault: Fault,
    times: usize,
}

#[derive(Default)]
struct Script {
    rules: Vec<Rule>,
    seen: Vec<Seen>,
}

/// The proxy. It ends when it is dropped.
pub struct Proxy {
    url: String,
    script: Arc<Mutex<Script>>,
    server: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Proxy {
    /// In front of the plane that serves `socket`.
    pub async fn before(socket: &Path) -> Self {
        Self::start(Some(socket.to_owned())).await
    }

    /// In front of nothing: whatever no rule answers is cut. It knows every API key.
    pub async fn alone() -> Self {
        let proxy = Self::start(None).await;
        proxy.always("GET", "/v1/users/info", Fault::json(200, &serde_json::json!({})));
        proxy
    }

    async fn start(upstream: Option<PathBuf>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::<Mutex<Script>>::default();
        let shared = script.clone();
        let server = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (script, upstream) = (shared.clone(), upstream.clone());
                // A client that goes away in the middle is its own business.
                tokio::spawn(async move { drop(serve(connection, &script, upstream.as_deref()).await) });
            }
        });
        Self { url, script, server }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on, every such request meets `fault`. Later rules go before earlier ones.
    pub fn always(&self, method: &'static str, path: &str, fault: Fault) {
        self.times(usize::MAX, method, path, fault);
    }

    /// The next such requests meet `fault`, `times` of them.
    pub fn times(&self, times: usize, method: &'static str, path: &str, fault: Fault) {
        self.script.lock().unwrap().rules.insert(0, Rule { method, path: path.to_owned(), fault, times });
    }

    /// Every such request so far.
    pub fn seen(&self, method: &str, path: &str) -> Vec<Seen> {
        self.script.lock().unwrap().seen.iter().filter(|seen| seen.is(method, path)).cloned().collect()
    }

    /// How many came, and how many of them the plane got.
    pub fn count(&self, method: &str, path: &str) -> (usize, usize) {
        let seen = self.seen(method, path);
        (seen.len(), seen.iter().filter(|seen| seen.forwarded).count())
    }
}

/// A request, in parts and as bytes with `Connection: close`.
struct Request {
    seen: Seen,
    bytes: Vec<u8>,
}

async fn serve(mut client: TcpStream, script: &Mutex<Script>, upstream: Option<&Path>) -> io::Result<()> {
    let Request { mut seen, bytes } = read_request(&mut client).await?;
    let fault = pick(&mut script.lock().unwrap().rules, &seen);
    seen.forwarded = upstream.is_some() && !matches!(fault, Some(Fault::Answer { .. } | Fault::CutBefore));
    script.lock().unwrap().seen.push(seen);
    match fault {
        Some(Fault::Answer { status, headers, body }) => {
            client.write_all(&answer(status, headers, body.as_bytes())).await
        }
        Some(Fault::CutBefore) => Ok(()),
        Some(Fault::CutAfter) => forward(upstream, &bytes).await.map(drop),
        Some(Fault::Late(pause)) => {
            tokio::time::sleep(pause).await;
            client.write_all(&forward(upstream, &bytes).await?).await
        }
        Some(Fault::Rewrite(change)) => client.write_all(&rewritten(&forward(upstream, &bytes).await?, change)).await,
        None => client.write_all(&forward(upstream, &bytes).await?).await,
    }
}

fn pick(rules: &mut [Rule], seen: &Seen) -> Option<Fault> {
    let rule = rules.iter_mut().find(|rule| rule.times > 0 && seen.is(rule.method, &rule.path))?;
    rule.times -= 1;
    Some(rule.fault.clone())
}

async fn read_request(client: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let seen = Seen { method, target, headers: headers.collect(), forwarded: false };
    let length: usize = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < head + 4 + length {
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let closing = bytes[..head].iter().chain(b"\r\nconnection: close").chain(&bytes[head..]).copied().collect();
    Ok(Request { seen, bytes: closing })
}

/// The plane's whole answer.
async fn forward(upstream: Option<&Path>, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let socket = upstream.ok_or(io::ErrorKind::NotConnected)?;
    let mut plane = UnixStream::connect(socket).await?;
    plane.write_all(bytes).await?;
    let mut answer = Vec::new();
    plane.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Told\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

fn rewritten(whole: &[u8], change: fn(&mut Value)) -> Vec<u8> {
    let end = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let status = String::from_utf8_lossy(&whole[..end]).split(' ').nth(1).unwrap().parse().unwrap();
    let mut body: Value = serde_json::from_slice(&whole[end + 4..]).unwrap();
    change(&mut body);
    answer(status, &[("content-type", "application/json")], body.to_string().as_bytes())
}
