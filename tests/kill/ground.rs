//! The stores that the runs happen on: what the plane is told of them, and the same place for the oracle.

use std::any::Any;
use std::sync::Arc;

use palette_console::api::backup::{BackupSpec, FtpSpec, S3Spec, Sensitive};
use palette_console::api::location::{FtpOptions, Location, S3Options};
use palette_console::api::{Mode, Tls};
use palette_console::clock;
use palette_console::storage::{Store, ftp, s3};

use super::embedded::Embedded;
use super::s3_real::{self, Real};
use super::s3_server;
use super::servers::{self, PASSWORD, Program, Protection, Server, USER};

/// A store, and what is alive as long as it is needed.
pub struct Ground {
    pub name: &'static str,
    pub store: Arc<dyn Store>,
    location: Location,
    _server: Box<dyn Any>,
}

impl Ground {
    /// The location under a name; its schedule does not come up by itself.
    pub fn location(&self, name: &str) -> Location {
        let spec = BackupSpec { hour_of_the_day: 3, interval: 365, retention_period: 7 };
        Location { name: name.to_owned(), backup_spec: spec, ..self.location.clone() }
    }
}

fn on_s3(name: &'static str, endpoint: &str, region: &str, keys: (&str, &str), server: impl Any) -> Ground {
    let settings = s3::Settings {
        endpoint: Some(endpoint.to_owned()),
        path_style: true,
        region: region.to_owned(),
        bucket: "backups".to_owned(),
        folder: "kill".to_owned(),
        access_key: keys.0.to_owned(),
        secret_key: keys.1.to_owned().into(),
        ca_pem: String::new(),
        encryption: s3::Encryption::None,
    };
    let place = S3Spec {
        access_key: keys.0.to_owned(),
        secret_key: Sensitive(keys.1.to_owned()),
        bucket: settings.bucket.clone(),
        folder: settings.folder.clone(),
        region: region.to_owned(),
    };
    let options = S3Options { endpoint: endpoint.to_owned(), path_style: true, ..S3Options::default() };
    let location = Location { mode: Mode::S3, s3: Some(place), s3_options: options, ..Location::default() };
    Ground { name, store: s3::open(settings, clock::system()).unwrap(), location, _server: Box::new(server) }
}

fn on_ftp(name: &'static str, port: u16, certificate: &str, server: impl Any) -> Ground {
    let (tls, word) =
        if certificate.is_empty() { (ftp::Tls::Off, Tls::Off) } else { (ftp::Tls::Required, Tls::Required) };
    let settings = ftp::Settings {
        host: "127.0.0.1".to_owned(),
        port,
        dir: "kill".to_owned(),
        username: USER.to_owned(),
        password: PASSWORD.to_owned().into(),
        tls,
        passive: ftp::Passive::Auto,
        ca_pem: certificate.to_owned(),
    };
    let place = FtpSpec {
        server: format!("ftp://127.0.0.1:{port}"),
        dir: settings.dir.clone(),
        username: USER.to_owned(),
        password: Sensitive(PASSWORD.to_owned()),
    };
    let location = Location {
        mode: Mode::Ftp,
        ftp: Some(place),
        ftp_options: FtpOptions { tls: word, ..FtpOptions::default() },
        ca_pem: certificate.to_owned(),
        ..Location::default()
    };
    Ground { name, store: ftp::open(settings, clock::system()).unwrap(), location, _server: Box::new(server) }
}

pub async fn s3_in_process() -> Ground {
    let server = s3_server::Server::start().await;
    let endpoint = server.endpoint.clone();
    on_s3("s3s-fs", &endpoint, "us-east-1", ("AKTEST", "secret-of-the-test"), server)
}

pub async fn ftps_in_process() -> Ground {
    let certificate = servers::self_signed(&["localhost", "127.0.0.1"]);
    let server = Embedded::start(Some(&certificate)).await;
    on_ftp("libunftp", server.port, &certificate.certificate, server)
}

pub fn real_s3(name: &'static str, start: fn() -> Real) -> Ground {
    let real = start();
    let (endpoint, region, keys) = (real.endpoint.clone(), real.region, (real.access_key, real.secret_key));
    on_s3(name, &endpoint, region, keys, real)
}

pub fn garage() -> Ground {
    real_s3("garage", s3_real::garage)
}

pub fn versitygw() -> Ground {
    real_s3("versitygw", s3_real::versitygw)
}

/// `None` where the server takes rights that are not there; that was said aloud.
pub fn real_ftp(name: &'static str, program: Program, protection: Protection) -> Option<Ground> {
    let server = Server::start(program, protection)?;
    let (port, certificate) = (server.port, server.certificate.clone());
    Some(on_ftp(name, port, &certificate, server))
}
