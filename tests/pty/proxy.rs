//! A network between the console and its plane, which fails as it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// What becomes of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weather {
    /// They reach the plane.
    Fair,
    /// Each connection is closed without an answer.
    Cut,
    /// Requests that begin so are closed without an answer, and so never reach the plane; the others do.
    CutsOff(&'static str),
    /// They reach the plane, but the answer to this method and path is lost.
    LosesAnswer(&'static str, &'static str),
    /// They wait until the weather changes.
    Stuck,
    /// Something else answers: status, content type, more headers, body.
    Stranger(u16, &'static str, &'static str, &'static str),
}

struct Shared {
    weather: Mutex<Weather>,
    changed: Condvar,
    seen: Mutex<Vec<String>>,
    /// Another request was seen.
    asked: Condvar,
}

/// See the module. Its thread ends with the test's process.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// A network to a plane, in fair weather.
    pub fn to(plane: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            weather: Mutex::new(Weather::Fair),
            changed: Condvar::new(),
            seen: Mutex::default(),
            asked: Condvar::new(),
        });
        let mine = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = mine.clone();
                // The console hangs up whenever it likes; that is no failure of the network.
                thread::spawn(move || drop(carry(stream, plane, &shared)));
            }
        });
        Self { address, shared }
    }

    /// The address to give to the console.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the weather.
    pub fn set(&self, weather: Weather) {
        *self.shared.weather.lock().unwrap() = weather;
        self.shared.changed.notify_all();
    }

    /// Waits until a method and path were asked for so often.
    pub fn wait_count(&self, line: &str, times: usize) {
        let seen = self.shared.seen.lock().unwrap();
        let count = |seen: &mut Vec<String>| seen.iter().filter(|seen| seen.starts_with(line)).count();
        let limit = super::harness::time_limit();
        let waited = self.shared.asked.wait_timeout_while(seen, limit, |seen| count(seen) < times).unwrap();
        assert!(!waited.1.timed_out(), "{line} was not asked for {times} times");
    }

    /// How often a method and path were asked for.
    pub fn count(&self, line: &str) -> usize {
        self.shared.seen.lock().unwrap().iter().filter(|seen| seen.starts_with(line)).count()
    }
}

/// The lines of a request before its body, and the body.
fn request(stream: &TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" {
            break;
        }
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head += &line;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

fn carry(mut stream: TcpStream, plane: SocketAddr, shared: &Shared) -> std::io::Result<()> {
    let (head, body) = request(&stream)?;
    shared.seen.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
    shared.asked.notify_all();
    let mut weather = shared.weather.lock().unwrap();
    while *weather == Weather::Stuck {
        weather = shared.changed.wait(weather).unwrap();
    }
    let weather = weather.clone();
    let answer = match weather {
        Weather::Cut | Weather::Stuck => return Ok(()),
        Weather::CutsOff(line) if head.starts_with(line) => return Ok(()),
        Weather::Stranger(status, kind, headers, body) => format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
        Weather::Fair | Weather::CutsOff(_) | Weather::LosesAnswer(..) => forward(plane, &head, &body)?,
    };
    match weather {
        Weather::LosesAnswer(method, path) if head.starts_with(&format!("{method} {path}")) => Ok(()),
        _ => stream.write_all(&answer),
    }
}

fn forward(plane: SocketAddr, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut upstream = TcpStream::connect(plane)?;
    upstream.write_all(head.as_bytes())?;
    upstream.write_all(b"Connection: close\r\n\r\n")?;
    upstream.write_all(body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    Ok(answer)
}
