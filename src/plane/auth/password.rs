//! Passwords and API keys: how they are made, kept and compared.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

use crate::plane::error::StartError;

const LOWER: &[u8] = b"abcdefghijkmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &[u8] = b"23456789";
const SPECIAL: &[u8] = b"-_.+=@%!";
/// Characters of a generated password; Palette wants at least 14.
const LENGTH: usize = 24;

fn no_randomness<E>(_: E) -> StartError {
    StartError::Internal("the system gives no random numbers".to_owned())
}

/// Random bytes.
///
/// # Errors
/// Where the system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], StartError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(no_randomness)?;
    Ok(bytes)
}

/// A password that satisfies Palette's policy: a lower and an upper case letter, a digit, a special character.
///
/// # Errors
/// Where the system gives no random numbers.
pub fn generate() -> Result<SecretString, StartError> {
    let classes = [LOWER, UPPER, DIGITS, SPECIAL];
    let all = classes.concat();
    loop {
        let mut text = String::with_capacity(LENGTH);
        while text.len() < LENGTH {
            for byte in random::<64>()? {
                // A byte beyond the last whole multiple would favour the first characters.
                let fair = usize::from(byte) < 256 / all.len() * all.len();
                if let Some(character) = all.get(usize::from(byte) % all.len()).filter(|_| fair && text.len() < LENGTH)
                {
                    text.push(char::from(*character));
                }
            }
        }
        if classes.iter().all(|class| text.bytes().any(|byte| class.contains(&byte))) {
            return Ok(text.into());
        }
    }
}

/// An API key of 256 random bits.
///
/// # Errors
/// Where the system gives no random numbers.
pub fn generate_api_key() -> Result<SecretString, StartError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?).into())
}

/// What is kept of an API key. It is random and long, so one round of SHA-256 is enough.
#[must_use]
pub fn api_key_sha256(key: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, key.as_bytes()).as_ref().to_vec()
}

/// The Argon2id hash of a password, as a PHC string.
///
/// # Errors
/// Where the system gives no random salt.
pub fn hash(password: &SecretString) -> Result<String, StartError> {
    // OWASP's second choice of parameters: 19 MiB, two passes, one lane.
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| StartError::Internal(error.to_string()))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = random::<16>()?;
    argon2
        .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| StartError::Internal(error.to_string()))
}

/// Whether a password is the one that was hashed.
#[must_use]
pub fn matches(password: &SecretString, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_satisfies_the_policy_and_is_never_the_same() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one.expose_secret(), two.expose_secret());
        let text = one.expose_secret();
        assert_eq!(text.len(), 24);
        for class in [LOWER, UPPER, DIGITS, SPECIAL] {
            assert!(text.bytes().any(|byte| class.contains(&byte)));
        }
    }

    #[test]
    fn only_the_password_itself_matches_its_hash() {
        let hash = hash(&"right".into()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches(&"right".into(), &hash));
        assert!(!matches(&"wrong".into(), &hash));
        assert!(!matches(&"right".into(), "not a hash"));
    }
}
