//! Certificates for servers of tests.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

/// A certificate and its key, PEM.
pub struct Certificate {
    pub certificate: String,
    pub key: String,
    /// Of the authority that signed it; empty where none did.
    pub authority: String,
}

/// One that vouches for itself.
pub fn self_signed(names: &[&str]) -> Certificate {
    let made = rcgen::generate_simple_self_signed(owned(names)).unwrap();
    Certificate { certificate: made.cert.pem(), key: made.signing_key.serialize_pem(), authority: String::new() }
}

/// One that an authority of its own signed.
pub fn signed(names: &[&str]) -> Certificate {
    by_authority(CertificateParams::new(owned(names)).unwrap())
}

/// One that an authority signed and that is past its time.
pub fn expired(names: &[&str]) -> Certificate {
    let mut params = CertificateParams::new(owned(names)).unwrap();
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(2020, 1, 1);
    by_authority(params)
}

fn by_authority(params: CertificateParams) -> Certificate {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name.push(DnType::CommonName, "An authority of tests");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let made = params.signed_by(&key, &authority).unwrap();
    Certificate { certificate: made.pem(), key: key.serialize_pem(), authority: authority.pem() }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
