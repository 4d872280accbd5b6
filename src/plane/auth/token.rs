//! Session tokens: JSON Web Tokens (RFC 7519) in the compact form of RFC 7515, signed with HMAC-SHA-256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::plane::store::accounts::Kind;
use crate::plane::uid;

/// `{"alg":"HS256","typ":"JWT"}`. The only header that is written, and the only one that is read, so that
/// a token cannot choose how it is checked.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Uid of the account.
    pub sub: String,
    /// Console that it opens.
    pub kind: Kind,
    /// Tenant.
    pub org: String,
    /// Uid of the token.
    pub jti: String,
    /// Uid of the session; a renewed token keeps it.
    pub sid: String,
    /// Issued, seconds since 1970.
    pub iat: i64,
    /// Valid before, seconds since 1970.
    pub exp: i64,
}

impl Claims {
    /// The same session, from now on.
    #[must_use]
    pub fn renewed(&self, now: DateTime<Utc>, lifetime: TimeDelta) -> Self {
        Self { jti: uid::fresh(), iat: now.timestamp(), exp: (now + lifetime).timestamp(), ..self.clone() }
    }
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not a token of this plane.
    Broken,
    /// Past its time.
    Expired,
}

/// Signs and reads tokens.
pub struct Keyring(hmac::Key);

impl Keyring {
    /// A keyring with this key.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// A signed token.
    #[must_use]
    pub fn issue(&self, claims: &Claims) -> String {
        // Strings and numbers always serialize.
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
        let signed = format!("{HEADER}.{payload}");
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// What a token says, where it is ours and still valid.
    ///
    /// # Errors
    /// Where it is not.
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Broken)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Broken)?;
        hmac::verify(&self.0, signed.as_bytes(), &signature).map_err(|_| TokenError::Broken)?;
        let payload = signed.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('.')).ok_or(TokenError::Broken)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::Broken)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| TokenError::Broken)?;
        if now.timestamp() < claims.exp { Ok(claims) } else { Err(TokenError::Expired) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            sub: "u".into(),
            kind: Kind::Tenant,
            org: "acme".into(),
            jti: "j".into(),
            sid: "s".into(),
            iat: 1_000,
            exp: 1_900,
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_header_says_what_rfc_7515_wants() {
        assert_eq!(URL_SAFE_NO_PAD.decode(HEADER).unwrap(), br#"{"alg":"HS256","typ":"JWT"}"#);
    }

    #[test]
    fn a_token_reads_back_until_its_time_is_over() {
        let keyring = Keyring::new(b"key");
        let token = keyring.issue(&claims());
        assert_eq!(keyring.read(&token, at(1_899)), Ok(claims()));
        assert_eq!(keyring.read(&token, at(1_900)), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_another_key_or_without_a_signature_is_broken() {
        let token = Keyring::new(b"other").issue(&claims());
        let keyring = Keyring::new(b"key");
        assert_eq!(keyring.read(&token, at(1_000)), Err(TokenError::Broken));
        let unsigned = URL_SAFE_NO_PAD.encode(br#"{"alg":"none"}"#);
        let payload = token.split('.').nth(1).unwrap();
        assert_eq!(keyring.read(&format!("{unsigned}.{payload}."), at(1_000)), Err(TokenError::Broken));
        assert_eq!(keyring.read("", at(1_000)), Err(TokenError::Broken));
    }

    #[test]
    fn a_renewed_token_is_another_one_of_the_same_session() {
        let renewed = claims().renewed(at(1_500), TimeDelta::minutes(15));
        assert_eq!((renewed.sid.as_str(), renewed.exp), ("s", 2_400));
        assert_ne!(renewed.jti, "j");
    }
}
