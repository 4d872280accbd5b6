//! An FTP server that does as it is told, badly where it is told to: files in memory, one task per session.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::servers::{PASSWORD, USER};

/// What it does when a command comes, instead of what it should.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Answers this and does nothing.
    Say(&'static str),
    /// Answers this, does nothing and hangs up.
    SayAndClose(&'static str),
    /// Does it and hangs up without an answer.
    DoAndClose,
    /// Answers the first, and whatever comes then, in clear text, with the second.
    SayTwice(&'static str, &'static str),
    /// Never answers.
    Hang,
    /// Moves only so many bytes over the data connection and says that all went well.
    Cut(usize),
    /// Takes all bytes, keeps none, and says this.
    Lose(&'static str),
    /// Opens the data connection, drops it before TLS, and says this.
    Drop(&'static str),
}

#[derive(Default)]
pub struct State {
    pub files: BTreeMap<String, Vec<u8>>,
    pub folders: BTreeSet<String>,
    /// Folders that nobody may enter.
    pub closed: BTreeSet<String>,
    /// Folders that can be entered and not be read, of which it says that they are empty, as vsftpd does.
    pub unreadable: BTreeSet<String>,
    /// So many of the next files are gone when their time is asked for.
    pub robbed: usize,
    /// Whether `LIST -a` shows a folder itself.
    pub shows_dots: bool,
    /// Every line that came, passwords too.
    pub lines: Vec<String>,
    twists: Vec<(&'static str, usize, Act)>,
    sessions: usize,
    pub most_sessions: usize,
    pub features: Vec<&'static str>,
}

/// See the module. The server ends with the runtime.
#[derive(Clone)]
pub struct Scripted {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

struct Session {
    control: BufReader<Box<dyn Duplex>>,
    state: Arc<Mutex<State>>,
    tls: Option<TlsAcceptor>,
    protected: bool,
    listener: Option<TcpListener>,
    at: String,
    renaming: String,
}

impl Scripted {
    pub async fn start(tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { most_sessions: 8, features: vec!["MLST type*;size*;", "SIZE", "MDTM"], ..State::default() };
        let state = Arc::new(Mutex::new(state));
        state.lock().unwrap().folders.insert("/".to_owned());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone(), tls.clone().map(TlsAcceptor::from)));
            }
        });
        Self { port, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next `times` of these commands go wrong.
    pub fn twist(&self, verb: &'static str, times: usize, act: Act) -> &Self {
        self.state().twists.push((verb, times, act));
        self
    }

    /// How often a command came.
    pub fn count(&self, verb: &str) -> usize {
        self.state().lines.iter().filter(|line| line.split(' ').next() == Some(verb)).count()
    }

    /// Names of all files.
    pub fn names(&self) -> Vec<String> {
        self.state().files.keys().cloned().collect()
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>, tls: Option<TlsAcceptor>) {
    let busy = {
        let mut state = state.lock().unwrap();
        state.sessions += 1;
        state.sessions > state.most_sessions
    };
    let mut session = Session {
        control: BufReader::new(Box::new(stream)),
        state: state.clone(),
        tls,
        protected: false,
        listener: None,
        at: "/".to_owned(),
        renaming: String::new(),
    };
    let _ = if busy { session.say("421 Too many connections").await } else { session.run().await };
    state.lock().unwrap().sessions -= 1;
}

impl Session {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes()).await
    }

    fn twist(&self, verb: &str) -> Option<Act> {
        let mut state = self.state();
        let (_, times, act) = state.twists.iter_mut().find(|(of, times, _)| *of == verb && *times > 0)?;
        *times -= 1;
        Some(*act)
    }

    async fn run(&mut self) -> io::Result<()> {
        self.say("220 ready").await?;
        loop {
            let mut line = String::new();
            if self.control.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end_matches(['\r', '\n']).to_owned();
            self.state().lines.push(line.clone());
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match self.twist(verb) {
                Some(Act::Say(words)) => self.say(words).await?,
                Some(Act::SayAndClose(words)) => return self.say(words).await,
                Some(Act::SayTwice(first, second)) => {
                    self.say(first).await?;
                    let heard = self.control.fill_buf().await?.len();
                    self.control.consume(heard);
                    self.say(second).await?;
                }
                Some(Act::Hang) => std::future::pending().await,
                act => {
                    let answer = self.answer(verb, argument, act).await?;
                    if matches!(act, Some(Act::DoAndClose)) {
                        return Ok(());
                    }
                    self.say(&answer).await?;
                    if verb == "AUTH" && answer.starts_with("234") {
                        self.start_tls().await?;
                    }
                }
            }
        }
    }

    async fn start_tls(&mut self) -> io::Result<()> {
        let Some(tls) = self.tls.clone() else { return Ok(()) };
        let (empty, _) = tokio::io::duplex(1);
        let plain = std::mem::replace(&mut self.control, BufReader::new(Box::new(empty)));
        self.control = BufReader::new(Box::new(tls.accept(plain.into_inner()).await?));
        Ok(())
    }

    fn full(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.at.trim_end_matches('/')) }
    }

    async fn answer(&mut self, verb: &str, argument: &str, act: Option<Act>) -> io::Result<String> {
        let path = self.full(argument);
        let answer = match verb {
            "USER" => "331 password?".to_owned(),
            "PASS" if argument == PASSWORD => "230 in".to_owned(),
            "PASS" => format!("530 {USER} with {argument}: no"),
            "AUTH" if self.tls.is_some() => "234 go on".to_owned(),
            "AUTH" => "502 no TLS here".to_owned(),
            "PROT" => {
                self.protected = true;
                "200 ok".to_owned()
            }
            "TYPE" | "OPTS" | "NOOP" | "PBSZ" => "200 ok".to_owned(),
            "FEAT" => {
                let features: String = self.state().features.iter().map(|name| format!(" {name}\r\n")).collect();
                format!("211-Features\r\n{features}211 End")
            }
            "PWD" => "257 \"/\" is it".to_owned(),
            "PASV" => {
                let port = self.listen().await?;
                // An address of a private network, as behind NAT.
                format!("227 Entering Passive Mode (10,0,0,1,{},{})", port / 256, port % 256)
            }
            "EPSV" => format!("229 Entering Extended Passive Mode (|||{}|)", self.listen().await?),
            "LIST" if argument == "-a" => return self.transfer("LIST -a", &self.at.clone(), act).await,
            "STOR" | "RETR" | "MLSD" | "LIST" | "NLST" => return self.transfer(verb, &path, act).await,
            _ => self.files(verb, path),
        };
        Ok(answer)
    }

    fn files(&mut self, verb: &str, path: String) -> String {
        let mut state = self.state.lock().unwrap();
        let missing = "550 not there".to_owned();
        match verb {
            "CWD" if state.closed.contains(&path) => "550 Permission denied.".to_owned(),
            "CWD" if state.folders.contains(&path) => {
                self.at = path;
                "250 ok".to_owned()
            }
            "MKD" if !state.folders.contains(&path) && state.folders.contains(above(&path)) => {
                state.folders.insert(path);
                "250 made".to_owned()
            }
            "RMD" if state.folders.remove(&path) => "250 ok".to_owned(),
            "SIZE" => state.files.get(&path).map_or(missing, |bytes| format!("213 {}", bytes.len())),
            "MDTM" if state.robbed > 0 => {
                state.robbed -= 1;
                state.files.remove(&path);
                missing
            }
            "MDTM" if state.files.contains_key(&path) => "213 20261122030405".to_owned(),
            "DELE" if state.files.remove(&path).is_some() => "250 gone".to_owned(),
            "RNFR" if state.files.contains_key(&path) => {
                self.renaming = path;
                "350 to what?".to_owned()
            }
            "RNTO" => {
                let bytes = state.files.remove(&self.renaming).unwrap_or_default();
                state.files.insert(path, bytes);
                "250 renamed".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            "CWD" | "MKD" | "RMD" | "MDTM" | "DELE" | "RNFR" => missing,
            _ => format!("500 {verb}?"),
        }
    }

    async fn listen(&mut self) -> io::Result<u16> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        self.listener = Some(listener);
        Ok(port)
    }

    async fn transfer(&mut self, verb: &str, path: &str, act: Option<Act>) -> io::Result<String> {
        let sent = match verb {
            "STOR" => None,
            "RETR" => match self.state().files.get(path) {
                Some(bytes) => Some(bytes.clone()),
                None => return Ok("550 not there".to_owned()),
            },
            _ => Some(listing(&self.state(), verb, path.trim_end_matches('/')).into_bytes()),
        };
        let Some(listener) = self.listener.take() else { return Ok("425 PASV first".to_owned()) };
        self.say("150 here it comes").await?;
        let (stream, _) = listener.accept().await?;
        if let Some(Act::Drop(words)) = act {
            return Ok(words.to_owned());
        }
        let mut data: Box<dyn Duplex> = match &self.tls {
            Some(tls) if self.protected => Box::new(tls.accept(stream).await?),
            _ => Box::new(stream),
        };
        let most = if let Some(Act::Cut(most)) = act { most } else { usize::MAX };
        match sent {
            Some(bytes) => {
                data.write_all(bytes.get(..most.min(bytes.len())).unwrap()).await?;
                data.shutdown().await?;
            }
            None => {
                let mut bytes = Vec::new();
                data.read_to_end(&mut bytes).await?;
                if let Some(Act::Lose(words)) = act {
                    return Ok(words.to_owned());
                }
                bytes.truncate(most);
                self.state().files.insert(path.to_owned(), bytes);
            }
        }
        Ok("226 all went well".to_owned())
    }
}

fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(above, _)| if above.is_empty() { "/" } else { above })
}

fn listing(state: &State, verb: &str, folder: &str) -> String {
    let in_folder = |path: &str| {
        path.strip_prefix(folder)?
            .strip_prefix('/')
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .map(str::to_owned)
    };
    let files = state.files.iter().filter_map(|(path, bytes)| Some((in_folder(path)?, Some(bytes.len()))));
    let folders = state.folders.iter().filter_map(|path| Some((in_folder(path)?, None)));
    if state.unreadable.contains(folder) {
        return String::new();
    }
    let dots = if verb == "LIST -a" && state.shows_dots {
        "drwxr-xr-x   1 o g 4096 Nov 22 03:04 .\r\ndrwxr-xr-x   1 o g 4096 Nov 22 03:04 ..\r\n"
    } else {
        ""
    };
    let line = |(name, bytes): (String, Option<usize>)| match (verb, bytes) {
        ("MLSD", Some(bytes)) => format!("type=file;size={bytes};modify=20261122030405; {name}\r\n"),
        ("MLSD", None) => format!("type=dir; {name}\r\n"),
        ("LIST" | "LIST -a", Some(bytes)) => format!("-rw-r--r--   1 o g {bytes} Nov 22 03:04 {name}\r\n"),
        ("LIST" | "LIST -a", None) => format!("drwxr-xr-x   1 o g 4096 Nov 22 03:04 {name}\r\n"),
        _ => format!("{name}\r\n"),
    };
    std::iter::once(dots.to_owned()).chain(files.chain(folders).map(line)).collect()
}
