//! libunftp in this process.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use libunftp::ServerBuilder;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};
use unftp_sbe_fs::Filesystem;

use crate::servers::{Certificate, PASSWORD, USER, free_port};

#[derive(Debug)]
struct OneUser;

type Verdict<'f> = Pin<Box<dyn Future<Output = Result<Principal, AuthenticationError>> + Send + 'f>>;

impl Authenticator for OneUser {
    fn authenticate<'a, 'b, 'c, 'f>(&'a self, username: &'b str, creds: &'c Credentials) -> Verdict<'f>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        let good = username == USER && creds.password.as_deref() == Some(PASSWORD);
        let username = username.to_owned();
        Box::pin(async move { if good { Ok(Principal { username }) } else { Err(AuthenticationError::BadPassword) } })
    }
}

/// An FTP server in this process, for as long as the runtime lives.
pub struct Embedded {
    pub port: u16,
    _dir: tempfile::TempDir,
}

impl Embedded {
    /// Starts one, with TLS required where there is a certificate.
    pub async fn start(certificate: Option<&Certificate>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let port = free_port();
        let make = move || Filesystem::new(home.clone()).unwrap();
        let mut builder = ServerBuilder::with_authenticator(Box::new(make), Arc::new(OneUser));
        if let Some(certificate) = certificate {
            let (cert, key) = write(dir.path(), certificate);
            builder = builder.ftps(cert, key).ftps_required(true, true);
        }
        let server = builder.build().unwrap();
        tokio::spawn(server.listen(format!("127.0.0.1:{port}")));
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::task::yield_now().await;
        }
        Self { port, _dir: dir }
    }
}

fn write(dir: &Path, certificate: &Certificate) -> (std::path::PathBuf, std::path::PathBuf) {
    let paths = (dir.join("cert.pem"), dir.join("key.pem"));
    std::fs::write(&paths.0, &certificate.certificate).unwrap();
    std::fs::write(&paths.1, &certificate.key).unwrap();
    paths
}
