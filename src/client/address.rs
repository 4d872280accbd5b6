//! Where a plane is.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use reqwest::Url;

/// The address of a plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A URL without path, query or credentials.
    Url(Url),
    /// The Unix socket of the embedded plane.
    Socket(PathBuf),
}

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address.
    #[error("{0:?} is not the address of a plane; write it like https://palette.example.com")]
    Malformed(String),
    /// Plain HTTP to another machine would show passwords to the network.
    #[error("{0} would send passwords unencrypted; plain http:// is used only on this machine, write https://")]
    Plain(String),
    /// Secrets do not belong into an address.
    #[error("the address must not carry a user name or password; give them with --credentials or --api-key-file")]
    Credentials,
}

impl Address {
    /// The URL that a path is appended to. A socket's host name is never resolved.
    pub(super) fn base(&self) -> &str {
        match self {
            Self::Url(url) => url.as_str().trim_end_matches('/'),
            Self::Socket(_) => "http://localhost",
        }
    }

    /// The socket, where it is one.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        match self {
            Self::Url(_) => None,
            Self::Socket(path) => Some(path),
        }
    }

    /// Whether nothing leaves this machine on the way.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Url(url) => url.host_str().is_some_and(is_loopback),
            Self::Socket(_) => true,
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads what a person pastes: with or without scheme, with or without the `/system` or `/login` that the web
    /// console's own address ends in.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let malformed = || AddressError::Malformed(text.to_owned());
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let mut url = Url::parse(&full).map_err(|_| malformed())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(malformed)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err(AddressError::Plain(text.to_owned())),
            _ => return Err(malformed()),
        }
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self::Url(url))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url.as_str().trim_end_matches('/')),
            Self::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        text.parse::<Address>().unwrap().to_string()
    }

    #[test]
    fn pasted_addresses_are_trimmed_to_the_plane() {
        assert_eq!(read("https://palette.acme.com/system"), "https://palette.acme.com");
        assert_eq!(read(" palette.acme.com "), "https://palette.acme.com");
        assert_eq!(read("https://palette.acme.com:8443/system/login?x=1#y"), "https://palette.acme.com:8443");
        assert_eq!(read("http://127.0.0.1:9191/"), "http://127.0.0.1:9191");
        assert_eq!(read("http://[::1]:9191"), "http://[::1]:9191");
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        assert!(matches!("http://palette.acme.com".parse::<Address>(), Err(AddressError::Plain(_))));
        assert!(matches!("http://127.0.0.1.evil.example".parse::<Address>(), Err(AddressError::Plain(_))));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in ["", "https://", "ftp://host", "https://user:secret@host"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
