//! Why a server's certificate is not believed, in words: the same for every protocol.

use rustls::CertificateError;

use super::Kind;
use crate::text;
use crate::trust::SelfSigned;

const GIVE: &str = "Give its certificate, or the authority that signed it, as the location's CA certificate.";
const RENEW: &str = "Have the server's certificate renewed.";

/// The kind of an error of TLS, why, and what to do about it. `host` is the name that was asked for.
#[must_use]
pub fn explained(error: &rustls::Error, host: &str) -> (Kind, String, String) {
    match error {
        rustls::Error::InvalidCertificate(error) => {
            let (reason, advice) = doubt(error, host);
            (Kind::Certificate, reason, advice)
        }
        rustls::Error::InvalidMessage(_) => (
            Kind::Tls,
            "what answers there does not speak TLS".to_owned(),
            "Check the port, and whether the server wants TLS there at all.".to_owned(),
        ),
        error => (
            Kind::Tls,
            format!("TLS could not be agreed on: {}", quoted(&error.to_string())),
            "Check that the server takes TLS 1.2 or 1.3 on this port.".to_owned(),
        ),
    }
}

fn doubt(error: &CertificateError, host: &str) -> (String, String) {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("its certificate has expired".to_owned(), format!("{RENEW} If it is good, check this machine's clock."))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("its certificate is not valid yet".to_owned(), "Check the clocks of both machines.".to_owned())
        }
        CertificateError::NotValidForName => other_name(host, &[]),
        CertificateError::NotValidForNameContext { presented, .. } => other_name(host, presented),
        CertificateError::UnknownIssuer => {
            ("its certificate is signed by an authority that is not known here".to_owned(), GIVE.to_owned())
        }
        CertificateError::Revoked => ("its certificate was revoked".to_owned(), RENEW.to_owned()),
        CertificateError::Other(other) if other.0.is::<SelfSigned>() => {
            ("its certificate is self-signed".to_owned(), GIVE.to_owned())
        }
        // webpki's own error is not among rustls' kinds.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => (
            "its certificate is that of an authority, used for the server itself".to_owned(),
            "Give this certificate as the location's CA certificate, if you know it is the server's.".to_owned(),
        ),
        other => (format!("its certificate is not believed: {}", quoted(&other.to_string())), GIVE.to_owned()),
    }
}

fn other_name(host: &str, presented: &[String]) -> (String, String) {
    // rustls gives each as `DnsName("ftp.example")`.
    let bare = |name: &String| quoted(name.split('"').nth(1).unwrap_or(name));
    let names: Vec<String> = presented.iter().take(3).map(bare).collect();
    let held = if names.is_empty() { String::new() } else { format!("; it holds for {}", names.join(", ")) };
    (
        format!("its certificate is not for {host}{held}"),
        "Use the name that the certificate holds for, or give this certificate as the location's CA certificate."
            .to_owned(),
    )
}

fn quoted(words: &str) -> String {
    text::elide(&text::clean(words), 200).into_owned()
}
