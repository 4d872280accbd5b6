//! Servers that locations of the command line lead to.

use std::any::Any;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::embedded::Embedded;
use crate::s3_real::Real;
use crate::s3_server;
use crate::servers::{self, PASSWORD, Program, Protection, Server, USER};

/// A server, and what is said of it after `locations set MODE`.
pub struct Ground {
    pub mode: &'static str,
    pub flags: String,
    /// What must appear nowhere.
    pub secret: &'static str,
    _files: tempfile::TempDir,
    _server: Box<dyn Any>,
}

/// Files that are their owner's alone.
struct Files(tempfile::TempDir);

impl Files {
    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

const SCHEDULE: &str = "--interval 1 --retention 7 --hour 3";

fn on_ftp(port: u16, certificate: &str, server: impl Any) -> Ground {
    let files = Files(tempfile::tempdir().unwrap());
    let password = files.write("password", PASSWORD);
    let mut flags = format!(
        "--server ftp://127.0.0.1:{port} --dir flow --username {USER} --password-file {} {SCHEDULE}",
        password.display()
    );
    if certificate.is_empty() {
        flags += " --tls off";
    } else {
        let pem = files.write("ca.pem", certificate);
        flags += &format!(" --tls required --server-ca-file {}", pem.display());
    }
    Ground { mode: "ftp", flags, secret: PASSWORD, _files: files.0, _server: Box::new(server) }
}

fn on_s3(endpoint: &str, region: &str, keys: (&str, &'static str), server: impl Any) -> Ground {
    let files = Files(tempfile::tempdir().unwrap());
    let (access, secret) = (files.write("access", keys.0), files.write("secret", keys.1));
    let flags = format!(
        "--bucket backups --folder flow --region {region} --access-key-file {} --secret-key-file {} \
         --endpoint {endpoint} --path-style {SCHEDULE}",
        access.display(),
        secret.display()
    );
    Ground { mode: "s3", flags, secret: keys.1, _files: files.0, _server: Box::new(server) }
}

pub async fn s3_in_process() -> Ground {
    let server = s3_server::Server::start().await;
    let endpoint = server.endpoint.clone();
    on_s3(&endpoint, "us-east-1", ("AKTEST", "secret-of-the-test"), server)
}

pub async fn ftp_in_process(protection: Protection) -> Ground {
    let certificate = (protection == Protection::Required).then(|| servers::self_signed(&["localhost", "127.0.0.1"]));
    let server = Embedded::start(certificate.as_ref()).await;
    let pem = certificate.map(|certificate| certificate.certificate).unwrap_or_default();
    on_ftp(server.port, &pem, server)
}

pub fn real_s3(real: Real) -> Ground {
    let (endpoint, region, keys) = (real.endpoint.clone(), real.region, (real.access_key, real.secret_key));
    on_s3(&endpoint, region, keys, real)
}

/// `None` where the server takes rights that are not there; that was said aloud.
pub fn real_ftp(program: Program, protection: Protection) -> Option<Ground> {
    let server = Server::start(program, protection)?;
    let (port, certificate) = (server.port, server.certificate.clone());
    Some(on_ftp(port, &certificate, server))
}
