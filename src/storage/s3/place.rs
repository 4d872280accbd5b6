//! Which bucket, which folder, at which server: what a person typed, checked and put in one form.

use std::net::IpAddr;

use reqwest::Url;

use super::Settings;
use super::wire::Trouble;
use crate::storage::{Error, Kind, ObjectPath};
use crate::text;

/// Most bytes of the folder: a key has at most 1024, and the engine's paths want their share.
const LONGEST_FOLDER: usize = 700;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `None` for AWS.
    pub(super) endpoint: Option<Url>,
    /// Where connections go: the endpoint, or AWS' own for the region.
    pub(super) server: Url,
    pub(super) region: String,
    pub(super) bucket: String,
    /// Without slashes at its ends; empty for the bucket's root.
    folder: String,
    /// The place in a line for people.
    pub(super) address: String,
}

impl Place {
    /// # Errors
    /// Where the settings cannot be right.
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let typed = text::elide(&text::clean(&format!("s3://{}", settings.bucket)), 120).into_owned();
        let place = Self::checked(settings);
        place.map_err(|trouble| trouble.at("use S3", &typed))
    }

    fn checked(settings: &Settings) -> Result<Self, Trouble> {
        let bucket = bucket(&settings.bucket)?;
        let folder = folder(&settings.folder)?;
        let endpoint = settings.endpoint.as_deref().map(endpoint).transpose()?;
        let region = region(&settings.region, endpoint.is_some())?;
        let server = match &endpoint {
            Some(url) => url.clone(),
            None => aws(&region)?,
        };
        let mut address = format!("s3://{bucket}");
        if !folder.is_empty() {
            address = format!("{address}/{}", text::clean(&folder));
        }
        if let Some(url) = &endpoint {
            address = format!("{address} at {}", url.as_str().trim_end_matches('/'));
        }
        Ok(Self { endpoint, server, region, bucket, folder, address })
    }

    /// Key of an object.
    pub(super) fn key(&self, path: &ObjectPath) -> String {
        match (self.folder.as_str(), path.as_str()) {
            ("", path) => path.to_owned(),
            (folder, "") => folder.to_owned(),
            (folder, path) => format!("{folder}/{path}"),
        }
    }

    /// What the keys of everything in a folder begin with.
    pub(super) fn prefix(&self, folder: &ObjectPath) -> String {
        let key = self.key(folder);
        if key.is_empty() { key } else { format!("{key}/") }
    }

    /// Name of the server, as certificates have it.
    pub(super) fn host(&self) -> &str {
        self.server.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        self.server.port_or_known_default().unwrap_or(443)
    }

    pub(super) fn encrypted(&self) -> bool {
        self.server.scheme() == "https"
    }

    /// Whether the server is this machine: no proxy can reach that.
    pub(super) fn on_this_machine(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The warning of a connection without TLS that leaves this machine.
    pub(super) fn in_clear(&self) -> Option<String> {
        (!self.encrypted() && !self.on_this_machine()).then(|| {
            "The connection to the S3 server is not encrypted: others on the network can read and change what is sent."
                .to_owned()
        })
    }
}

fn wrong(reason: impl Into<String>, advice: &str) -> Trouble {
    Trouble::new(Kind::Settings, reason).advised(advice)
}

fn bucket(typed: &str) -> Result<String, Trouble> {
    let name = typed.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let known = name.len() <= 255 && name.bytes().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if known {
        return Ok(name.to_owned());
    }
    let advice = "A bucket has 3 to 63 lower-case letters, digits, dots and hyphens; the folder is a value of its own.";
    Err(wrong(if name.is_empty() { "no bucket is named" } else { "no bucket can have that name" }, advice))
}

fn folder(typed: &str) -> Result<String, Trouble> {
    let folder = typed.trim().trim_matches('/');
    if folder.is_empty() {
        return Ok(String::new());
    }
    if folder.split('/').any(|part| matches!(part, "" | "." | "..")) {
        let advice = "Write the folder as names parted by single slashes, such as site-a/palette.";
        return Err(wrong("the folder has a part that is empty, \".\" or \"..\"", advice));
    }
    if folder.chars().any(char::is_control) {
        return Err(wrong("the folder holds a control character", "Type it anew."));
    }
    if folder.len() > LONGEST_FOLDER {
        return Err(wrong(format!("the folder is longer than {LONGEST_FOLDER} bytes"), "Choose a shorter one."));
    }
    Ok(folder.to_owned())
}

fn endpoint(typed: &str) -> Result<Url, Trouble> {
    const ADVICE: &str = "Write it as https://HOST or https://HOST:PORT.";
    let url =
        Url::parse(typed.trim()).map_err(|error| wrong(format!("the endpoint is not a URL ({error})"), ADVICE))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("the endpoint is not an http or https URL", ADVICE));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let advice = "Give the access key id and the secret access key as values of their own.";
        return Err(wrong("the endpoint holds a user name or a password", advice));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("the endpoint holds a query or a fragment", ADVICE));
    }
    Ok(url)
}

fn region(typed: &str, own_server: bool) -> Result<String, Trouble> {
    let region = typed.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    match region {
        "" if own_server => Ok("us-east-1".to_owned()),
        "" => Err(wrong("no region is named", "Name the bucket's region, such as eu-central-1.")),
        region if region.len() <= 64 && region.bytes().all(fits) => Ok(region.to_owned()),
        _ => Err(wrong("no region can have that name", "Name the bucket's region, such as eu-central-1.")),
    }
}

fn aws(region: &str) -> Result<Url, Trouble> {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Url::parse(&format!("https://s3.{region}.{domain}"))
        .map_err(|_| wrong("no region can have that name", "Name the bucket's region, such as eu-central-1."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::s3::Encryption;

    fn settings() -> Settings {
        Settings {
            endpoint: Some("http://127.0.0.1:9000".to_owned()),
            path_style: true,
            region: "us-east-1".to_owned(),
            bucket: "backups".to_owned(),
            folder: String::new(),
            access_key: "id".to_owned(),
            secret_key: "secret".to_owned().into(),
            ca_pem: String::new(),
            encryption: Encryption::None,
        }
    }

    #[test]
    fn folders_are_taken_as_people_type_them() {
        let path = ObjectPath::new("palbackup/format").unwrap();
        let key = |folder: &str| Place::new(&Settings { folder: folder.to_owned(), ..settings() }).unwrap().key(&path);
        assert_eq!(key(""), "palbackup/format");
        assert_eq!(key(" / "), "palbackup/format");
        assert_eq!(key("/site a/Prüfung/"), "site a/Prüfung/palbackup/format");
        for folder in ["a//b", "..", "a/../b", "./a", "a\nb", &"x".repeat(701)] {
            let error = Place::new(&Settings { folder: folder.to_owned(), ..settings() }).unwrap_err();
            assert_eq!(error.kind, Kind::Settings, "{folder:?}");
            assert!(error.reason.contains("folder") && !error.advice.is_empty(), "{error:?}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused_in_words() {
        for endpoint in ["storage.local", "ftp://storage.local", "https://id:secret@storage.local", "https://s/?x=1"] {
            let error = Place::new(&Settings { endpoint: Some(endpoint.to_owned()), ..settings() }).unwrap_err();
            assert!(error.reason.contains("endpoint"), "{error:?}");
            assert!(!format!("{error:?}").contains("secret@"), "{error:?}");
        }
        for bucket in ["", "a/b", "a b", "-a", "ü"] {
            let error = Place::new(&Settings { bucket: bucket.to_owned(), ..settings() }).unwrap_err();
            assert!(error.reason.contains("bucket"), "{error:?}");
        }
        let aws = Place::new(&Settings { endpoint: None, region: String::new(), ..settings() }).unwrap_err();
        assert!(aws.reason.contains("region"), "{aws:?}");
    }

    #[test]
    fn the_address_names_bucket_folder_and_server() {
        let place = Place::new(&Settings { folder: "site a/".to_owned(), ..settings() }).unwrap();
        assert_eq!(place.address, "s3://backups/site a at http://127.0.0.1:9000");
        assert!(place.on_this_machine() && place.in_clear().is_none());
        let aws = Place::new(&Settings { endpoint: None, region: "eu-central-1".to_owned(), ..settings() }).unwrap();
        assert_eq!((aws.address.as_str(), aws.host()), ("s3://backups", "s3.eu-central-1.amazonaws.com"));
        let far = Settings { endpoint: Some("http://storage.local".to_owned()), ..settings() };
        assert!(Place::new(&far).unwrap().in_clear().is_some());
    }
}
