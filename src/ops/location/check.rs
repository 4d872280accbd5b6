//! What can be said against a location before anyone is asked.

use crate::api::Mode;
use crate::api::location::Location;

/// What will not do about a location, as field of the wire and sentence: name, schedule, and whatever the mode wants.
/// Fields that `like` fills in may be empty.
#[must_use]
pub fn problems(location: &Location) -> Vec<(&'static str, String)> {
    let mut found = name_problem(&location.name);
    let alone = location.like.is_empty();
    let mut wanted = |field, name: &str, value: &str| {
        if alone && value.trim().is_empty() {
            found.push((field, format!("{name} is missing")));
        }
    };
    match (&location.mode, &location.ftp, &location.s3) {
        (Mode::Ftp, Some(ftp), _) => {
            wanted("server", "The server", &ftp.server);
            wanted("username", "The user name", &ftp.username);
            found.extend(server_problem(&ftp.server));
        }
        (Mode::S3, _, Some(s3)) => {
            wanted("bucket", "The bucket", &s3.bucket);
            wanted("region", "The region", &s3.region);
            wanted("accessKey", "The access key", &s3.access_key);
        }
        _ if alone => found.push(("mode", format!("A place for {} is missing", location.mode.label()))),
        _ => {}
    }
    found.extend(location.backup_spec.problems());
    found
}

fn name_problem(name: &str) -> Vec<(&'static str, String)> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = (1..=32).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if fits {
        return Vec::new();
    }
    let rule = "The name of a location has 1 to 32 lower-case letters, digits and inner hyphens";
    vec![("name", rule.to_owned())]
}

/// The address of an FTP server: `ftp://HOST[:PORT]` or `ftps://HOST[:PORT]`.
fn server_problem(server: &str) -> Option<(&'static str, String)> {
    let server = server.trim();
    let host = server.strip_prefix("ftp://").or_else(|| server.strip_prefix("ftps://"));
    let sentence = match host {
        _ if server.is_empty() => return None,
        None => "The server is written ftp://HOST[:PORT] or ftps://HOST[:PORT]",
        Some(host) if host.contains('@') => {
            "User name and password have fields of their own; leave them out of the server's address"
        }
        Some(host) if host.trim_end_matches('/').is_empty() => "The server's address names no host",
        Some(host) if host.trim_end_matches('/').contains('/') => {
            "The directory has a field of its own; leave it out of the server's address"
        }
        Some(_) => return None,
    };
    Some(("server", sentence.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::ftp;
    use super::*;
    use crate::api::backup::{BackupSpec, FtpSpec};

    #[test]
    fn what_will_not_do_is_told_field_by_field() {
        assert_eq!(problems(&ftp("ftp")), []);
        let mut bad = ftp("Böse/..");
        bad.backup_spec = BackupSpec { hour_of_the_day: 24, interval: 0, retention_period: 0 };
        bad.ftp = Some(FtpSpec { server: "http://x".into(), ..FtpSpec::default() });
        let fields: Vec<&str> = problems(&bad).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["name", "username", "server", "interval", "retentionPeriod", "hourOfTheDay"]);
        let server = |server: &str| server_problem(server).map(|(_, words)| words).unwrap_or_default();
        assert!(server("ftp://u:secret@h").contains("fields of their own"));
        assert!(!server("ftp://u:secret@h").contains("secret"));
        assert!(server("ftp://h/dir").contains("directory"));
        assert_eq!(server("ftps://h:990/"), "");
        assert_eq!(server("ftp://[::1]:21"), "");
    }

    #[test]
    fn like_fills_in_what_is_empty() {
        let spec = ftp("x").backup_spec;
        let copy = Location { name: "copy".into(), like: "ftp".into(), backup_spec: spec, ..Location::default() };
        assert_eq!(problems(&copy), []);
    }
}
