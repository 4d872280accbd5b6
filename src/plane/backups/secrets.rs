//! What a written location leaves out: the stored secret, the place of another location, the sandbox's own stores.
//!
//! A stored secret only ever goes where it went before: to the same server and user, or the same endpoint and key. Else
//! whoever may change a location could have it sent to a host of their own.

use secrecy::{ExposeSecret, SecretString};

use super::place;
use crate::api::backup::Sensitive;
use crate::api::location::{FtpOptions, Location, S3Options};
use crate::api::words::{Mode, Tls};
use crate::plane::failure::{Failure, Refusal};
use crate::plane::state::Plane;
use crate::plane::store::locations::Stored;

/// A location that is whole: everything taken from elsewhere is in its place.
#[derive(Debug)]
pub struct Whole {
    /// The location, without its secret.
    pub location: Location,
    /// Its secret.
    pub secret: SecretString,
    /// It is one of the sandbox's own stores.
    pub prepared: bool,
}

/// A location whose secret may be taken.
struct Lender {
    location: Location,
    secret: SecretString,
    prepared: bool,
    /// It was saved by a person.
    stored: bool,
}

impl Plane {
    /// Completes a written location.
    ///
    /// # Errors
    /// Where fields cannot be right, `like` names nothing, or the secret must be typed.
    pub async fn complete(&self, mut location: Location) -> Result<Whole, Failure> {
        let mut lenders = self.known_lenders(&location).await?;
        if !location.like.is_empty() {
            let lender = self.lender(self.location(&location.like).await?)?;
            if lender.location.mode != location.mode {
                let message = format!("{} is of another mode; name a location of the same one.", location.like);
                return Err(Refusal::invalid(message).into());
            }
            borrow(&mut location, &lender.location);
            lenders.push(lender);
        }
        location.like.clear();
        let typed = take_secret(&mut location);
        let problems = place::problems(&location);
        if !problems.is_empty() {
            return Err(place::refusal(&problems).into());
        }
        let same = lenders
            .iter()
            .find(|lender| goes_to(&lender.location) == goes_to(&location) && is_as_safe(&location, &lender.location));
        let prepared = same.is_some_and(|lender| lender.prepared);
        if let Some(own) = same.filter(|own| own.prepared)
            && location.ca_pem.is_empty()
        {
            // Palette's configuration has no field for it.
            location.ca_pem.clone_from(&own.location.ca_pem);
        }
        let secret = match (typed, same) {
            (Some(typed), _) => typed,
            (None, Some(lender)) if !lender.secret.expose_secret().is_empty() => lender.secret.clone(),
            (None, _) => return Err(type_it(&location, lenders.iter().any(|lender| lender.stored)).into()),
        };
        Ok(Whole { location, secret, prepared })
    }

    /// Whose secret may be taken though the location does not name them: what is saved under its name, and the sandbox's
    /// own stores.
    async fn known_lenders(&self, location: &Location) -> Result<Vec<Lender>, Failure> {
        let mut lenders = Vec::new();
        if place::is_name(&location.name)
            && let Ok(stored) = self.location(&location.name).await
            && stored.location.mode == location.mode
        {
            lenders.push(self.lender(stored)?);
        }
        for own in self.own_stores().await {
            lenders.push(Lender {
                location: own.location.clone(),
                secret: own.secret.clone(),
                prepared: true,
                stored: false,
            });
        }
        Ok(lenders)
    }

    fn lender(&self, stored: Stored) -> Result<Lender, Failure> {
        let secret = if stored.sealed.is_empty() {
            SecretString::default()
        } else {
            // One that cannot be read any more is typed again.
            self.backups.keys.unseal(&stored.sealed).unwrap_or_default()
        };
        Ok(Lender { location: stored.location, secret, prepared: stored.prepared, stored: true })
    }
}

/// Where a secret is sent, and for whom.
fn goes_to(location: &Location) -> Option<(String, String, String)> {
    match location.mode {
        Mode::Ftp => {
            let ftp = location.ftp.as_ref()?;
            let (host, port, _) = place::server(&ftp.server).ok()?;
            Some((host.to_ascii_lowercase(), port.to_string(), ftp.username.clone()))
        }
        Mode::S3 => {
            let s3 = location.s3.as_ref()?;
            let endpoint = location.s3_options.endpoint.trim_end_matches('/').to_ascii_lowercase();
            Some((endpoint, String::new(), s3.access_key.clone()))
        }
        Mode::Other(_) => None,
    }
}

/// Whether a secret is as safe on its way to `location` as on its way to `known`: TLS is not weaker, and nobody else is
/// believed.
fn is_as_safe(location: &Location, known: &Location) -> bool {
    let strength = |location: &Location| match (&location.ftp_options.tls, &location.ftp) {
        (_, Some(ftp)) if ftp.server.trim_start().to_ascii_lowercase().starts_with("ftps:") => 2,
        (Tls::Required, _) => 2,
        (Tls::Optional | Tls::Other(_), _) => 1,
        (Tls::Off, _) => 0,
    };
    let weaker = location.mode == Mode::Ftp && strength(location) < strength(known);
    !weaker && (location.ca_pem.is_empty() || location.ca_pem == known.ca_pem)
}

/// Takes what is empty from another location of the same mode.
fn borrow(location: &mut Location, from: &Location) {
    fn fill(text: &mut String, from: &str) {
        if text.is_empty() {
            text.push_str(from);
        }
    }
    if let Some(theirs) = &from.ftp {
        let ours = location.ftp.get_or_insert_default();
        fill(&mut ours.server, &theirs.server);
        fill(&mut ours.dir, &theirs.dir);
        fill(&mut ours.username, &theirs.username);
    }
    if let Some(theirs) = &from.s3 {
        let ours = location.s3.get_or_insert_default();
        fill(&mut ours.access_key, &theirs.access_key);
        fill(&mut ours.bucket, &theirs.bucket);
        fill(&mut ours.folder, &theirs.folder);
        fill(&mut ours.region, &theirs.region);
    }
    if location.ftp_options == FtpOptions::default() {
        location.ftp_options = from.ftp_options.clone();
    }
    if location.s3_options == S3Options::default() {
        location.s3_options = from.s3_options.clone();
    }
    fill(&mut location.ca_pem, &from.ca_pem);
}

fn take_secret(location: &mut Location) -> Option<SecretString> {
    let field = match location.mode {
        Mode::Ftp => location.ftp.as_mut().map(|ftp| &mut ftp.password),
        Mode::S3 => location.s3.as_mut().map(|s3| &mut s3.secret_key),
        Mode::Other(_) => None,
    };
    let Sensitive(text) = field.map(std::mem::take).unwrap_or_default();
    (!text.is_empty()).then(|| text.into())
}

fn type_it(location: &Location, stored: bool) -> Refusal {
    let (secret, place) = match location.mode {
        Mode::S3 => ("secret key", "The endpoint or the access key"),
        _ => ("password", "The server or the user name"),
    };
    let message = if stored {
        format!("{place} differs from what is saved, and a saved {secret} goes nowhere else. Type the {secret} again.")
    } else {
        format!("The {secret} is missing.")
    };
    let field = if location.mode == Mode::S3 { "secretKey" } else { "password" };
    let problem = message.trim_end_matches('.').to_owned();
    place::refusal(&vec![(field, problem)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::backup::{FtpSpec, S3Spec};

    fn ftp(server: &str, username: &str) -> Location {
        let spec = FtpSpec { server: server.into(), username: username.into(), ..FtpSpec::default() };
        Location { ftp: Some(spec), ..Location::default() }
    }

    #[test]
    fn a_secret_goes_to_the_same_server_and_user_only() {
        assert_eq!(goes_to(&ftp("ftp://A.b", "u")), goes_to(&ftp("ftps://a.b:21/", "u")));
        for (server, user) in [("ftp://a.c", "u"), ("ftp://a.b:2121", "u"), ("ftp://a.b", "v")] {
            assert_ne!(goes_to(&ftp("ftp://a.b", "u")), goes_to(&ftp(server, user)), "{server} {user}");
        }
    }

    #[test]
    fn what_is_empty_is_borrowed_and_what_is_there_stays() {
        let theirs = S3Spec {
            access_key: "AK".into(),
            bucket: "b".into(),
            folder: "f".into(),
            region: "r".into(),
            ..S3Spec::default()
        };
        let mut from = Location { mode: Mode::S3, s3: Some(theirs), ca_pem: "pem".into(), ..Location::default() };
        from.s3_options.path_style = true;
        let spec = S3Spec { folder: "other".into(), ..S3Spec::default() };
        let mut ours = Location { mode: Mode::S3, s3: Some(spec), ..Location::default() };
        borrow(&mut ours, &from);
        let spec = ours.s3.unwrap();
        assert_eq!((spec.bucket.as_str(), spec.folder.as_str(), ours.ca_pem.as_str()), ("b", "other", "pem"));
        assert!(ours.s3_options.path_style);
    }
}
