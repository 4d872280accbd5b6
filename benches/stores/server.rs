//! The servers, each in a process of its own: s3s-fs for S3, and for FTP vsftpd where it is unpacked (`.ci/ftp-servers`) and this is
//! root, else libunftp.

use std::any::Any;
use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use palette_console::clock;
use palette_console::storage::{Store, ftp, s3};

use super::Outcome;
use super::embedded::Embedded;
use super::s3_server;
use super::servers::{self, PASSWORD, Program, Protection, USER};

/// Protocols that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    S3,
    Ftp,
    Ftps,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::S3, Self::Ftp, Self::Ftps];

    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::Ftp => "FTP",
            Self::Ftps => "FTPS",
        }
    }
}

/// A running server.
pub struct Server {
    /// What a worker needs to find it: protocol, endpoint or port, certificate.
    words: Vec<String>,
    _runs: Box<dyn Any>,
}

struct Own(Child);

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts a server.
    pub fn start(kind: Kind) -> Outcome<Self> {
        let protection = match kind {
            Kind::S3 => return Self::own(kind),
            Kind::Ftp => Protection::Plain,
            Kind::Ftps => Protection::Required,
        };
        let dir = env::var_os("FTP_SERVERS_DIR").unwrap_or_else(|| "target/tools/ftp".into());
        if !Path::new(&dir).join("vsftpd").exists() {
            return Self::own(kind);
        }
        match servers::Server::start(Program::Vsftpd, protection) {
            Some(server) => {
                let words = vec![kind.name().to_owned(), server.port.to_string(), server.certificate.clone()];
                Ok(Self { words, _runs: Box::new(server) })
            }
            None => Self::own(kind),
        }
    }

    fn own(kind: Kind) -> Outcome<Self> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.args(["server", kind.name()]).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let words = serde_json::from_str(&line)?;
        Ok(Self { words, _runs: Box::new(Own(child)) })
    }

    /// What a worker is told.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The worker's store.
    pub fn store(words: &[String]) -> Outcome<Arc<dyn Store>> {
        let [kind, place, certificate] = words else { return Err("server KIND PLACE CERTIFICATE".into()) };
        if kind == Kind::S3.name() {
            let settings = s3::Settings {
                endpoint: Some(place.clone()),
                path_style: true,
                region: "us-east-1".to_owned(),
                bucket: "backups".to_owned(),
                folder: "bench".to_owned(),
                access_key: "AKTEST".to_owned(),
                secret_key: "secret-of-the-test".to_owned().into(),
                ca_pem: String::new(),
                encryption: s3::Encryption::None,
            };
            return Ok(s3::open(settings, clock::system())?);
        }
        let settings = ftp::Settings {
            host: "127.0.0.1".to_owned(),
            port: place.parse()?,
            dir: "bench".to_owned(),
            username: USER.to_owned(),
            password: PASSWORD.to_owned().into(),
            tls: if certificate.is_empty() { ftp::Tls::Off } else { ftp::Tls::Required },
            passive: ftp::Passive::Auto,
            ca_pem: certificate.clone(),
        };
        Ok(ftp::open(settings, clock::system())?)
    }
}

/// The server's side: says where it is, and serves until it is killed.
pub fn run(words: &[String]) -> Outcome<()> {
    let [kind] = words else { return Err("server KIND".into()) };
    tokio::runtime::Runtime::new()?.block_on(async {
        if kind == Kind::S3.name() {
            let server = s3_server::Server::start().await;
            println!("{}", serde_json::to_string(&[kind.clone(), server.endpoint.clone(), String::new()])?);
            std::future::pending::<()>().await;
        }
        let certificate = (kind == Kind::Ftps.name()).then(|| servers::self_signed(&["localhost", "127.0.0.1"]));
        let server = Embedded::start(certificate.as_ref()).await;
        let pem = certificate.map(|made| made.certificate).unwrap_or_default();
        println!("{}", serde_json::to_string(&[kind.clone(), server.port.to_string(), pem])?);
        std::future::pending::<()>().await;
        Ok(())
    })
}
