//! One key and what is derived from it.

use age::x25519::{Identity, Recipient};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hkdf, hmac};
use secrecy::{ExposeSecret, SecretString};

use crate::backup::Kind;
use crate::backup::digest::hex;

const SALT: &[u8] = b"palette-console recovery key v1";
const MANIFESTS: &[u8] = b"palette-console manifest mac v1";
const AT_REST: &[u8] = b"palette-console secrets at rest v1";

/// One key.
pub struct RecoveryKey {
    identity: Identity,
    fingerprint: String,
    mac: hmac::Key,
    rest: LessSafeKey,
}

impl RecoveryKey {
    pub(super) fn new(identity: Identity) -> Result<Self, Kind> {
        let broken = |_| Kind::Internal("a key could not be derived".to_owned());
        let text = identity.to_string();
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(text.expose_secret().as_bytes());
        let mac = hmac::Key::from(secret.expand(&[MANIFESTS], hmac::HMAC_SHA256).map_err(broken)?);
        let rest = UnboundKey::from(secret.expand(&[AT_REST], &AES_256_GCM).map_err(broken)?);
        let public = digest::digest(&digest::SHA256, identity.to_public().to_string().as_bytes());
        let fingerprint = hex(public.as_ref()).chars().take(16).collect();
        Ok(Self { identity, fingerprint, mac, rest: LessSafeKey::new(rest) })
    }

    /// 16 hexadecimal digits that tell this key from others; of the SHA-256 of its public half.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(super) fn text(&self) -> SecretString {
        self.identity.to_string()
    }

    /// What backups are encrypted for.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        self.identity.to_public()
    }

    pub(in crate::backup) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The MAC of a manifest, hexadecimal.
    pub(in crate::backup) fn sign(&self, bytes: &[u8]) -> String {
        hex(hmac::sign(&self.mac, bytes).as_ref())
    }

    /// Whether the MAC is that of these bytes, in a time that tells nothing.
    pub(in crate::backup) fn has_signed(&self, bytes: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.mac, bytes, mac).is_ok()
    }

    pub(super) fn seal(&self, secret: &SecretString) -> Result<String, Kind> {
        let broken = |_| Kind::Internal("a secret could not be sealed".to_owned());
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(broken)?;
        let mut body = secret.expose_secret().as_bytes().to_vec();
        let aad = Aad::from(self.fingerprint.as_bytes());
        self.rest.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body).map_err(broken)?;
        let sealed = STANDARD.encode([&nonce, body.as_slice()].concat());
        Ok(format!("v1:{}:{sealed}", self.fingerprint))
    }

    pub(super) fn unseal(&self, body: &str) -> Option<SecretString> {
        let sealed = STANDARD.decode(body).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut body = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = self.rest.open_in_place(nonce, Aad::from(self.fingerprint.as_bytes()), &mut body).ok()?.len();
        body.truncate(length);
        String::from_utf8(body).ok().map(SecretString::from)
    }
}
