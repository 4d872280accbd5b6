//! The servers themselves: libunftp and s3s-fs.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper_util::rt::TokioIo;
use libunftp::ServerBuilder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};
use unftp_sbe_fs::Filesystem;

use super::Prepared;
use crate::api::backup::{BackupSpec, FtpSpec, S3Spec};
use crate::api::location::{FtpOptions, Location, S3Options};
use crate::api::words::{Mode, Tls};
use crate::plane::auth::password;
use crate::secret;

/// Name of the file, in the data directory, that keeps ports and credentials.
const FILE: &str = "stores.toml";
const DIR: &str = "stores";
const USER: &str = "palette";
const BUCKET: &str = "backups";
const FOLDER: &str = "plane";

/// What is made once.
#[derive(Serialize, Deserialize)]
struct Kept {
    ftp: Ftp,
    s3: S3,
    tls: Certificate,
}

/// The FTP server.
#[derive(Serialize, Deserialize)]
struct Ftp {
    port: u16,
    password: String,
}

/// The S3 server.
#[derive(Serialize, Deserialize)]
struct S3 {
    port: u16,
    access_key: String,
    secret_key: String,
}

/// What the FTP server proves itself with.
#[derive(Serialize, Deserialize)]
struct Certificate {
    certificate: String,
    private_key: String,
}

impl Kept {
    fn fresh() -> Result<Self, String> {
        let random = || password::random::<24>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).map_err(words);
        let names = vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
        let made = rcgen::generate_simple_self_signed(names).map_err(words)?;
        let digits = password::random::<8>().map_err(words)?;
        let access_key = format!("AK{}", crate::plane::uid::hex(&digits).to_uppercase());
        Ok(Self {
            ftp: Ftp { port: 0, password: random()? },
            s3: S3 { port: 0, access_key, secret_key: random()? },
            tls: Certificate { certificate: made.cert.pem(), private_key: made.signing_key.serialize_pem() },
        })
    }

    fn read_or_make(path: &Path) -> Result<Self, String> {
        if path.exists() {
            let text = secret::read(path).map_err(words)?;
            return toml::from_str(text.expose_secret())
                .map_err(|error| format!("{} is not what it should be: {}", path.display(), error.message()));
        }
        Self::fresh()
    }

    fn write(&self, path: &Path) -> Result<(), String> {
        let text = toml::to_string(self).map_err(words)?;
        secret::write(path, &format!("# The sandbox's own FTP and S3 servers, on this machine alone.\n{text}"))
            .map_err(words)
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Starts both servers on a data directory.
///
/// # Errors
/// In words.
pub async fn start(data_dir: &Path) -> Result<(Vec<Prepared>, JoinSet<()>), String> {
    let path = data_dir.join(FILE);
    let mut kept = Kept::read_or_make(&path)?;
    let root = data_dir.join(DIR);
    let (ftp_root, s3_root) = (root.join("ftp"), root.join("s3"));
    for dir in [&ftp_root.join(FOLDER), &s3_root.join(BUCKET)] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(words)?;
    }
    let (s3_listener, ftp_listener) = (listen(kept.s3.port).await?, listen(kept.ftp.port).await?);
    kept.s3.port = s3_listener.local_addr().map_err(words)?.port();
    kept.ftp.port = ftp_listener.local_addr().map_err(words)?.port();
    kept.write(&path)?;
    let mut tasks = JoinSet::new();
    serve_s3(&mut tasks, s3_listener, &s3_root, &kept)?;
    serve_ftp(&mut tasks, ftp_listener, &root, ftp_root, &kept)?;
    Ok((vec![ftp_location(&kept), s3_location(&kept)], tasks))
}

/// The port of before where it is free, else any.
async fn listen(port: u16) -> Result<TcpListener, String> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(words),
    }
}

fn serve_s3(tasks: &mut JoinSet<()>, listener: TcpListener, root: &Path, kept: &Kept) -> Result<(), String> {
    let files = s3s_fs::FileSystem::new(root).map_err(|error| format!("{error:?}"))?;
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(kept.s3.access_key.clone(), kept.s3.secret_key.clone()));
    let service = builder.build();
    tasks.spawn(accept(listener, move |socket| {
        let service = service.clone();
        async move {
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(socket), service).await;
        }
    }));
    Ok(())
}

/// Serves every connection in a task of its own; all of them end with this one.
async fn accept<F: Future<Output = ()> + Send + 'static>(listener: TcpListener, serve: impl Fn(TcpStream) -> F) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => drop(connections.spawn(serve(socket))),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
        }
    }
}

/// The one account of the FTP server.
struct OneUser {
    password: String,
}

impl std::fmt::Debug for OneUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneUser")
    }
}

type Verdict<'f> = Pin<Box<dyn Future<Output = Result<Principal, AuthenticationError>> + Send + 'f>>;

impl Authenticator for OneUser {
    fn authenticate<'a, 'b, 'c, 'f>(&'a self, username: &'b str, credentials: &'c Credentials) -> Verdict<'f>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        // Digests, so that the time taken says nothing of the password.
        let digest = password::api_key_sha256;
        let same = digest(credentials.password.as_deref().unwrap_or_default()) == digest(&self.password);
        let good = username == USER && same;
        let username = username.to_owned();
        Box::pin(async move { if good { Ok(Principal { username }) } else { Err(AuthenticationError::BadPassword) } })
    }
}

fn serve_ftp(
    tasks: &mut JoinSet<()>,
    listener: TcpListener,
    root: &Path,
    home: PathBuf,
    kept: &Kept,
) -> Result<(), String> {
    // Looked at once here, since what makes it for each session cannot fail.
    Filesystem::new(home.clone()).map_err(words)?;
    let (certificate, key) = (root.join("certificate.pem"), root.join("key.pem"));
    secret::write(&certificate, &kept.tls.certificate).map_err(words)?;
    secret::write(&key, &kept.tls.private_key).map_err(words)?;
    let password = kept.ftp.password.clone();
    let server = move || {
        let (home, user) = (home.clone(), OneUser { password: password.clone() });
        let builder = ServerBuilder::with_authenticator(Box::new(move || files(&home)), Arc::new(user));
        builder.ftps(certificate.clone(), key.clone()).ftps_required(true, true).build().map_err(words)
    };
    server()?;
    tasks.spawn(accept(listener, move |socket| {
        let server = server();
        async move {
            let served = match server {
                Ok(server) => server.service(socket).await.map_err(words),
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                tracing::warn!(error, "the sandbox's FTP server failed a session");
            }
        }
    }));
    Ok(())
}

/// The files of one session. libunftp knows no way to say that there are none: where someone removed the directory, the
/// server ends, and nothing else does.
fn files(home: &Path) -> Filesystem {
    Filesystem::new(home).unwrap_or_else(|error| {
        tracing::warn!(%error, "the directory of the sandbox's FTP server cannot be opened");
        std::panic::resume_unwind(Box::new("no directory for the FTP server"))
    })
}

fn spec() -> BackupSpec {
    BackupSpec { hour_of_the_day: 3, interval: 1, retention_period: 7 }
}

fn ftp_location(kept: &Kept) -> Prepared {
    let ftp = FtpSpec {
        server: format!("ftps://{}:{}", Ipv4Addr::LOCALHOST, kept.ftp.port),
        dir: FOLDER.to_owned(),
        username: USER.to_owned(),
        ..FtpSpec::default()
    };
    let location = Location {
        name: Mode::Ftp.as_str().to_owned(),
        mode: Mode::Ftp,
        backup_spec: spec(),
        ftp: Some(ftp),
        ftp_options: FtpOptions { tls: Tls::Required, ..FtpOptions::default() },
        ca_pem: kept.tls.certificate.clone(),
        has_secret: true,
        ..Location::default()
    };
    Prepared { location, secret: kept.ftp.password.clone().into() }
}

fn s3_location(kept: &Kept) -> Prepared {
    let s3 = S3Spec {
        access_key: kept.s3.access_key.clone(),
        bucket: BUCKET.to_owned(),
        folder: FOLDER.to_owned(),
        region: "us-east-1".to_owned(),
        ..S3Spec::default()
    };
    let endpoint = format!("http://{}:{}", Ipv4Addr::LOCALHOST, kept.s3.port);
    let location = Location {
        name: Mode::S3.as_str().to_owned(),
        mode: Mode::S3,
        backup_spec: spec(),
        s3: Some(s3),
        s3_options: S3Options { endpoint, path_style: true, ..S3Options::default() },
        has_secret: true,
        ..Location::default()
    };
    Prepared { location, secret: kept.s3.secret_key.clone().into() }
}
