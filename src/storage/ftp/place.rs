//! Settings as people type them: checked, and shown without secrets.

use secrecy::ExposeSecret;

use super::fault::Fault;
use super::{Settings, Tls};
use crate::storage::{Kind, ObjectPath};

/// The directory of a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dir {
    /// Begins at the topmost directory, not where the login leads.
    pub(super) absolute: bool,
    pub(super) parts: Vec<String>,
}

impl Dir {
    /// Reads what was typed. `/` is the topmost directory, `.` where the login leads.
    pub(super) fn read(typed: &str) -> Result<Self, Fault> {
        let wrong = |reason: &str| Fault::new(Kind::Settings, reason.to_owned());
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(wrong("no directory is named").advised("Name one; . is where the login leads."));
        }
        if typed.chars().any(char::is_control) {
            return Err(wrong("the directory has a line break or another control character in it"));
        }
        let parts: Vec<String> =
            typed.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect();
        if parts.iter().any(|part| part == "..") {
            return Err(wrong("the directory has .. in it").advised("Name the directory itself."));
        }
        Ok(Self { absolute: typed.starts_with('/'), parts })
    }
}

/// Settings that can be used, or why not.
pub(super) fn checked(mut settings: Settings) -> Result<Settings, Fault> {
    let wrong = |reason: &str| Err(Fault::new(Kind::Settings, reason.to_owned()));
    let host = settings.host.trim();
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host).to_owned();
    if host.is_empty() {
        return wrong("no server is named");
    }
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if !host.chars().all(fits) || (host.contains(':') && host.parse::<std::net::Ipv6Addr>().is_err()) {
        return wrong("this is no name or address of a server");
    }
    settings.host = host;
    if settings.port == 0 {
        return wrong("the port is 0");
    }
    if settings.username.is_empty() {
        return wrong("no user name is given");
    }
    if settings.username.chars().any(char::is_control) {
        return wrong("the user name has a control character in it");
    }
    if settings.password.expose_secret().contains(['\r', '\n', '\0']) {
        return wrong("the password has a line break in it, which FTP cannot carry");
    }
    Ok(settings)
}

/// The location in a line.
pub(super) fn address(settings: &Settings) -> String {
    let scheme = if settings.tls == Tls::Required { "ftps" } else { "ftp" };
    let host = settings.host.trim();
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    format!("{scheme}://{host}:{}/{}", settings.port, settings.dir.trim().trim_start_matches('/'))
}

/// A folder for people.
pub(super) fn named(folder: &ObjectPath) -> String {
    if folder.as_str().is_empty() { "the directory".to_owned() } else { folder.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::ftp::Passive;

    fn settings() -> Settings {
        Settings {
            host: "ftp.example".to_owned(),
            port: 21,
            dir: "backups".to_owned(),
            username: "palette".to_owned(),
            password: "secret".into(),
            tls: Tls::Required,
            passive: Passive::Auto,
            ca_pem: String::new(),
        }
    }

    #[test]
    fn directories_are_read_as_people_type_them() {
        let read = |typed: &str| Dir::read(typed).map(|dir| (dir.absolute, dir.parts.join("|")));
        assert_eq!(read(" /srv/my backups/ ").unwrap(), (true, "srv|my backups".to_owned()));
        assert_eq!(read("./Übung").unwrap(), (false, "Übung".to_owned()));
        assert_eq!(read("/").unwrap(), (true, String::new()));
        for wrong in ["", "   ", "a/../b", "..", "a\r\nDELE x", "a\0b"] {
            assert_eq!(read(wrong).unwrap_err().kind, Kind::Settings, "{wrong:?}");
        }
    }

    #[test]
    fn settings_that_cannot_be_right_are_refused() {
        assert!(checked(settings()).is_ok());
        assert_eq!(checked(Settings { host: "[::1]".to_owned(), ..settings() }).unwrap().host, "::1");
        let wrong = [
            Settings { host: " ".to_owned(), ..settings() },
            Settings { host: "ftp://x".to_owned(), ..settings() },
            Settings { host: "x\r\nQUIT".to_owned(), ..settings() },
            Settings { port: 0, ..settings() },
            Settings { username: String::new(), ..settings() },
            Settings { username: "a\r\nDELE b".to_owned(), ..settings() },
            Settings { password: "a\nb".into(), ..settings() },
        ];
        for settings in wrong {
            assert_eq!(checked(settings).unwrap_err().kind, Kind::Settings);
        }
    }

    #[test]
    fn the_address_tells_no_secret() {
        let address = address(&settings());
        assert_eq!(address, "ftps://ftp.example:21/backups");
        assert!(!format!("{:?}", settings()).contains("secret"));
    }
}
