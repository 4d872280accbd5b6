//! Which certificates are believed: the system's authorities, a CA file, or one pinned certificate.
//!
//! Palette installs with a self-signed certificate unless it is given another (its TLS documentation), so
//! the refusal of a certificate keeps its fingerprint: a person can compare it and pin it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};

/// Why no certificate could be believed at all.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The CA file cannot be used.
    #[error("cannot use the CA file {}: {reason}; it should hold certificates in PEM", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The machine has no authorities of its own and no CA file was given.
    #[error("this machine has no certificate authorities ({0}); name a CA file with --ca-file")]
    NoRoots(String),
    /// The certificates of a location cannot be used.
    #[error("cannot use the CA certificates: {0}; they should be in PEM")]
    Pem(String),
    /// Not a fingerprint.
    #[error("{0:?} is not a SHA-256 fingerprint; it has 64 hexadecimal digits, with or without colons")]
    Fingerprint(String),
}

/// SHA-256 of a certificate, as browsers show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(certificate: &CertificateDer<'_>) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl Fingerprint {
    /// The fingerprint without colons, which fits on one line of a small terminal.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        f.write_str(&pairs.join(":"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, TrustError> {
        let wrong = || TrustError::Fingerprint(text.to_owned());
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !matches!(c, ':' | ' '))
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or_else(wrong))
            .collect::<Result<_, _>>()?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        if rest.is_empty() { bytes.try_into().map(Self).map_err(|_| wrong()) } else { Err(wrong()) }
    }
}

/// What a person told us to believe.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Authorities beside the system's own.
    pub ca_file: Option<PathBuf>,
    /// The one certificate to believe, whatever it says of itself.
    pub pin: Option<Fingerprint>,
}

/// Keeps the fingerprint of the last certificate that was not believed.
pub type Refused = Arc<Mutex<Option<Fingerprint>>>;

/// A TLS configuration that believes what `trust` says, and the place where a refused fingerprint is left.
///
/// # Errors
/// Where the CA file cannot be used, or there is no authority to believe.
pub fn client_config(trust: &Trust) -> Result<(ClientConfig, Refused), TrustError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let refused = Refused::default();
    let given = trust.ca_file.as_deref().map(read_ca_file).transpose()?.unwrap_or_default();
    let verifier = Verifier {
        inner: authorities(trust.pin, &given, &provider)?,
        given,
        pin: trust.pin,
        provider: provider.clone(),
        refused: refused.clone(),
        names_self_signed: false,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TrustError::NoRoots(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((config, refused))
}

/// What is believed of a server that holds backups: the system's authorities and what the location was given. Made
/// once; every connection gets a configuration of its own from it.
#[derive(Clone, Debug)]
pub struct Believed(Arc<Verifier>);

impl Believed {
    /// Authorities beside the system's, or the server's own certificate, as PEM text; empty for none.
    ///
    /// # Errors
    /// Where the text holds no certificate, or there is no authority to believe.
    pub fn from_pem(pem: &str) -> Result<Self, TrustError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let given = read_pem(pem)?;
        let inner = authorities(None, &given, &provider)?;
        let refused = Refused::default();
        Ok(Self(Arc::new(Verifier { inner, given, pin: None, provider, refused, names_self_signed: true })))
    }

    /// A configuration with a session cache of its own.
    ///
    /// # Errors
    /// Where no cipher suite fits `versions`.
    pub fn config(&self, versions: &[&'static SupportedProtocolVersion]) -> Result<ClientConfig, TrustError> {
        Ok(ClientConfig::builder_with_provider(self.0.provider.clone())
            .with_protocol_versions(versions)
            .map_err(|error| TrustError::NoRoots(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(self.0.clone())
            .with_no_client_auth())
    }
}

fn read_pem(pem: &str) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    if pem.trim().is_empty() {
        return Ok(Vec::new());
    }
    let found = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TrustError::Pem(error.to_string()))?;
    if found.is_empty() { Err(TrustError::Pem("there is none in the text".to_owned())) } else { Ok(found) }
}

/// A certificate that nobody but itself vouches for.
#[derive(Debug, thiserror::Error)]
#[error("the certificate is self-signed")]
pub struct SelfSigned;

/// Whether `certificate` is its own issuer: it is believed, or refused for another reason, once it is an authority.
fn is_self_signed(certificate: &CertificateDer<'_>, name: &ServerName<'_>, provider: &Arc<CryptoProvider>) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(certificate.clone().into_owned()).is_err() {
        return false;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let verdict = verifier.map(|verifier| verifier.verify_server_cert(certificate, &[], name, &[], UnixTime::now()));
    // Another key may have signed it in the same name.
    let foreign = [CertificateError::UnknownIssuer, CertificateError::BadSignature];
    verdict.is_ok_and(|verdict| match verdict {
        Err(rustls::Error::InvalidCertificate(error)) => !foreign.contains(&error),
        other => other.is_ok(),
    })
}

/// The authorities in force; `None` where only a pin is.
fn authorities(
    pin: Option<Fingerprint>,
    given: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, TrustError> {
    if pin.is_some() {
        return Ok(None);
    }
    let extra = given.to_vec();
    match rustls_platform_verifier::Verifier::new_with_extra_roots(extra.clone(), provider.clone()) {
        Ok(verifier) => Ok(Some(Arc::new(verifier))),
        Err(error) if extra.is_empty() => Err(TrustError::NoRoots(error.to_string())),
        Err(_) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(extra);
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map(|verifier| Some(verifier as Arc<dyn ServerCertVerifier>))
                .map_err(|error| TrustError::NoRoots(error.to_string()))
        }
    }
}

fn read_ca_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let wrong = |reason: String| TrustError::CaFile { path: path.to_owned(), reason };
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("it holds no certificate".to_owned())) } else { Ok(found) }
}

#[derive(Debug)]
struct Verifier {
    inner: Option<Arc<dyn ServerCertVerifier>>,
    /// What the CA file holds. A plane's own self-signed certificate may be among it, and is believed then.
    given: Vec<CertificateDer<'static>>,
    pin: Option<Fingerprint>,
    provider: Arc<CryptoProvider>,
    refused: Refused,
    /// A self-signed certificate is refused as [`SelfSigned`], not as one of an unknown issuer.
    names_self_signed: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Fingerprint::of(end_entity);
        let verdict = match (&self.inner, self.pin) {
            (_, Some(pin)) if pin == shown => Ok(ServerCertVerified::assertion()),
            (_, None) if self.given.iter().any(|given| given == end_entity) => Ok(ServerCertVerified::assertion()),
            (Some(inner), None) => inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            _ => Err(CertificateError::ApplicationVerificationFailure.into()),
        };
        let Err(error) = verdict else { return verdict };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        let unknown = error == rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        if self.names_self_signed && unknown && is_self_signed(end_entity, server_name, &self.provider) {
            return Err(CertificateError::Other(OtherError(Arc::new(SelfSigned))).into());
        }
        Err(error)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_read_with_and_without_colons() {
        let plain = "ab".repeat(32);
        let read: Fingerprint = plain.parse().unwrap();
        assert_eq!(read.to_string().parse::<Fingerprint>().unwrap(), read);
        for wrong in ["", "ab", "zz", &"ab".repeat(33), &"a".repeat(63)] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn certificates_of_a_location_are_read_from_text() {
        assert!(Believed::from_pem("nothing here").unwrap_err().to_string().contains("PEM"));
        let made = rcgen::generate_simple_self_signed(["ftp.example".to_owned()]).unwrap();
        let believed = Believed::from_pem(&made.cert.pem()).unwrap();
        assert_eq!(believed.0.given, [made.cert.der().clone()]);
        let name = ServerName::try_from("ftp.example").unwrap();
        assert!(is_self_signed(made.cert.der(), &name, &believed.0.provider));
        // Signed by an authority that goes by the same name.
        let params = || rcgen::CertificateParams::new(vec!["ftp.example".to_owned()]).unwrap();
        let authority = rcgen::CertifiedIssuer::self_signed(params(), rcgen::KeyPair::generate().unwrap()).unwrap();
        let signed = params().signed_by(&rcgen::KeyPair::generate().unwrap(), &authority).unwrap();
        assert!(!is_self_signed(signed.der(), &name, &believed.0.provider));
    }

    #[test]
    fn a_ca_file_without_certificates_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, "nothing here").unwrap();
        let error = client_config(&Trust { ca_file: Some(path), pin: None }).unwrap_err().to_string();
        assert!(error.contains("ca.pem"), "{error}");
    }
}
