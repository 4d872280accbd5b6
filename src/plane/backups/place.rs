//! From a location, as it is typed, to the settings of a store; what cannot be right is said field by field.

use axum::http::StatusCode;
use secrecy::SecretString;
use serde_json::json;

use crate::api::backup::{FtpSpec, S3Spec};
use crate::api::error::code;
use crate::api::location::Location;
use crate::api::words::{self, Mode};
use crate::plane::failure::Refusal;
use crate::storage::{ftp, s3};

/// Longest text of a field, characters.
const LONGEST: usize = 1024;
/// Longest PEM text, bytes.
const LONGEST_PEM: usize = 256 << 10;
/// Port of FTP, with and without explicit TLS.
const FTP_PORT: u16 = 21;

/// A place with everything that its store needs.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// A directory.
    Ftp(ftp::Settings),
    /// A bucket.
    S3(s3::Settings),
}

/// Fields and what is wrong with them.
pub type Problems = Vec<(&'static str, String)>;

/// The refusal that names every field.
#[must_use]
pub fn refusal(problems: &Problems) -> Refusal {
    let message = problems.iter().map(|(_, why)| format!("{why}.")).collect::<Vec<_>>().join(" ");
    let fields: Vec<_> = problems.iter().map(|(field, why)| json!({ "field": field, "message": why })).collect();
    Refusal::new(StatusCode::BAD_REQUEST, code::INVALID, message).with(json!({ "problems": fields }))
}

/// Whether a name can be a location's: 1 to 32 lower-case letters, digits and inner hyphens.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// Everything that can be seen to be wrong without asking the place.
#[must_use]
pub fn problems(location: &Location) -> Problems {
    let mut found = match &location.mode {
        Mode::Ftp => location.ftp.as_ref().map_or_else(|| missing("ftp"), |ftp| ftp_problems(ftp, location)),
        Mode::S3 => location.s3.as_ref().map_or_else(|| missing("s3"), |s3| s3_problems(s3, location)),
        Mode::Other(word) => vec![("mode", format!("\"{word}\" is not a mode; choose ftp or s3"))],
    };
    if location.ca_pem.len() > LONGEST_PEM {
        found.push(("caPem", format!("The certificates take more than {LONGEST_PEM} bytes")));
    }
    found
}

fn missing(field: &'static str) -> Problems {
    vec![(field, format!("The place is missing; give \"{field}\""))]
}

fn check(found: &mut Problems, field: &'static str, name: &str, text: &str, needed: bool) {
    if needed && text.trim().is_empty() {
        found.push((field, format!("{name} is missing")));
    } else if text.chars().count() > LONGEST {
        found.push((field, format!("{name} is longer than {LONGEST} characters")));
    } else if text.chars().any(char::is_control) {
        found.push((field, format!("{name} holds control characters")));
    }
}

fn climbs(found: &mut Problems, field: &'static str, name: &str, text: &str) {
    if text.split('/').any(|part| part == "..") {
        found.push((field, format!("{name} may not contain \"..\"")));
    }
}

fn ftp_problems(ftp: &FtpSpec, location: &Location) -> Problems {
    let mut found = Problems::new();
    check(&mut found, "server", "The server", &ftp.server, true);
    check(&mut found, "dir", "The directory", &ftp.dir, false);
    check(&mut found, "username", "The user name", &ftp.username, true);
    check(&mut found, "password", "The password", &ftp.password.0, false);
    climbs(&mut found, "dir", "The directory", &ftp.dir);
    if found.is_empty()
        && let Err(why) = server(&ftp.server)
    {
        found.push(("server", why));
    }
    if let words::Tls::Other(word) = &location.ftp_options.tls {
        found.push(("tls", format!("\"{word}\" is not a way to use TLS; choose required, optional or off")));
    }
    if let words::Passive::Other(word) = &location.ftp_options.passive {
        found.push(("passive", format!("\"{word}\" is not a passive mode; choose auto, epsv or pasv")));
    }
    if ftp.server.to_ascii_lowercase().starts_with("ftps://") && location.ftp_options.tls == words::Tls::Off {
        found.push(("tls", "An ftps:// address requires TLS; write ftp://, or choose required".to_owned()));
    }
    found
}

fn s3_problems(s3: &S3Spec, location: &Location) -> Problems {
    let mut found = Problems::new();
    check(&mut found, "bucket", "The bucket", &s3.bucket, true);
    check(&mut found, "folder", "The folder", &s3.folder, false);
    check(&mut found, "region", "The region", &s3.region, true);
    check(&mut found, "accessKey", "The access key", &s3.access_key, true);
    check(&mut found, "secretKey", "The secret key", &s3.secret_key.0, false);
    check(&mut found, "endpoint", "The endpoint", &location.s3_options.endpoint, false);
    climbs(&mut found, "folder", "The folder", &s3.folder);
    let in_bucket = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !s3.bucket.is_empty() && !s3.bucket.bytes().all(in_bucket) {
        found.push(("bucket", "The bucket's name holds letters, digits, dots and hyphens only".to_owned()));
    }
    let endpoint = location.s3_options.endpoint.to_ascii_lowercase();
    if !(endpoint.is_empty() || endpoint.starts_with("https://") || endpoint.starts_with("http://")) {
        found.push(("endpoint", "The endpoint begins with https:// or http://".to_owned()));
    }
    if let words::Encryption::Other(word) = &location.s3_options.encryption {
        found.push(("encryption", format!("\"{word}\" is not an encryption; choose none, AES256 or aws:kms")));
    }
    found
}

/// Host, port, and whether the address requires TLS.
///
/// # Errors
/// What is wrong with it, to read before a full stop.
pub fn server(text: &str) -> Result<(String, u16, bool), String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("ftp", text));
    let secured = match scheme.to_ascii_lowercase().as_str() {
        "ftp" => false,
        "ftps" => true,
        other => return Err(format!("\"{other}://\" is not FTP; write ftp://HOST:PORT or ftps://HOST:PORT")),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('/') {
        return Err("The server is followed by a path; put the directory into its own field".to_owned());
    }
    if rest.contains('@') {
        return Err("The server carries a user name; put it into its own field".to_owned());
    }
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':').or((port.is_empty()).then_some(""))),
        None => rest.split_once(':').map_or((rest, Some("")), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some("") => Some(FTP_PORT),
        Some(digits) => digits.parse().ok().filter(|port| *port > 0),
        None => None,
    };
    let in_host = |letter: char| letter.is_alphanumeric() || ".-_:%".contains(letter);
    match port {
        _ if host.is_empty() || !host.chars().all(in_host) => {
            Err("The server has no host name; write ftp://HOST:PORT".to_owned())
        }
        None => Err("The port is not a number from 1 to 65535".to_owned()),
        Some(port) => Ok((host.to_owned(), port, secured)),
    }
}

/// The place with its secret.
///
/// # Errors
/// Every field that cannot be right.
pub fn resolve(location: &Location, secret: SecretString) -> Result<Resolved, Problems> {
    let found = problems(location);
    if !found.is_empty() {
        return Err(found);
    }
    match (&location.mode, &location.ftp, &location.s3) {
        (Mode::Ftp, Some(ftp), _) => ftp_settings(location, ftp, secret).map_err(|why| vec![("server", why)]),
        (Mode::S3, _, Some(s3)) => Ok(s3_settings(location, s3, secret)),
        _ => Err(missing("mode")),
    }
}

fn ftp_settings(location: &Location, spec: &FtpSpec, password: SecretString) -> Result<Resolved, String> {
    let (host, port, secured) = server(&spec.server)?;
    let tls = match location.ftp_options.tls {
        _ if secured => ftp::Tls::Required,
        words::Tls::Required => ftp::Tls::Required,
        words::Tls::Off => ftp::Tls::Off,
        words::Tls::Optional | words::Tls::Other(_) => ftp::Tls::Optional,
    };
    let passive = match location.ftp_options.passive {
        words::Passive::Epsv => ftp::Passive::Epsv,
        words::Passive::Pasv => ftp::Passive::Pasv,
        words::Passive::Auto | words::Passive::Other(_) => ftp::Passive::Auto,
    };
    Ok(Resolved::Ftp(ftp::Settings {
        host,
        port,
        dir: spec.dir.clone(),
        username: spec.username.clone(),
        password,
        tls,
        passive,
        ca_pem: location.ca_pem.clone(),
    }))
}

fn s3_settings(location: &Location, spec: &S3Spec, secret_key: SecretString) -> Resolved {
    let options = &location.s3_options;
    let encryption = match options.encryption {
        words::Encryption::Aes256 => s3::Encryption::Aes256,
        words::Encryption::Kms => s3::Encryption::Kms(options.kms_key_id.clone()),
        words::Encryption::None | words::Encryption::Other(_) => s3::Encryption::None,
    };
    Resolved::S3(s3::Settings {
        endpoint: Some(options.endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        path_style: options.path_style,
        region: spec.region.clone(),
        bucket: spec.bucket.clone(),
        folder: spec.folder.clone(),
        access_key: spec.access_key.clone(),
        secret_key,
        ca_pem: location.ca_pem.clone(),
        encryption,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_as_people_write_them() {
        assert_eq!(server("ftp://a.b"), Ok(("a.b".to_owned(), 21, false)));
        assert_eq!(server("FTPS://a.b:2121/"), Ok(("a.b".to_owned(), 2121, true)));
        assert_eq!(server("a.b:2121"), Ok(("a.b".to_owned(), 2121, false)));
        assert_eq!(server("ftp://[::1]:21"), Ok(("::1".to_owned(), 21, false)));
        assert_eq!(server("ftp://[::1]"), Ok(("::1".to_owned(), 21, false)));
        for (text, words) in [
            ("sftp://a", "not FTP"),
            ("ftp://", "no host"),
            ("ftp://a/b", "directory"),
            ("ftp://u@a", "user name"),
            ("ftp://a:0", "port"),
            ("ftp://a:x", "port"),
            ("ftp://a b", "no host"),
        ] {
            assert!(server(text).unwrap_err().contains(words), "{text}");
        }
    }

    #[test]
    fn names_of_locations_are_plain() {
        for name in ["ftp", "site-b", "a1", &"a".repeat(32)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a b", "a/b", "..", "ü", &"a".repeat(33)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn every_field_that_cannot_be_right_is_named() {
        let s3 = S3Spec { bucket: "a/b".into(), folder: "x/../y".into(), ..S3Spec::default() };
        let mut location = Location { mode: Mode::S3, s3: Some(s3), ..Location::default() };
        location.s3_options.endpoint = "minio:9000".into();
        let fields: Vec<_> = problems(&location).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["region", "accessKey", "folder", "bucket", "endpoint"]);
        assert!(problems(&Location::default()).iter().any(|(field, _)| *field == "ftp"));
    }
}
