//! Keys as text: the standard age identity file.

use std::fmt::Write;
use std::sync::Arc;

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};

use super::RecoveryKey;

const SECRET: &str = "AGE-SECRET-KEY-1";

/// The keys of a text; why there are none, without repeating any of it.
pub fn parse(text: &str) -> Result<Vec<Identity>, String> {
    let mut keys = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            keys.push(parse_line(place + 1, line)?);
        }
    }
    if keys.is_empty() {
        return Err(format!("there is no recovery key in it; one begins with {SECRET}"));
    }
    Ok(keys)
}

fn parse_line(number: usize, line: &str) -> Result<Identity, String> {
    let upper = SecretString::from(line.to_ascii_uppercase());
    let upper = upper.expose_secret();
    if upper.starts_with(SECRET) {
        return upper.parse().map_err(|_| {
            format!("line {number} is not a whole recovery key: a character is wrong or missing; copy it again")
        });
    }
    Err(if upper.starts_with("AGE-SECRET-KEY-") || upper.starts_with("AGE-PLUGIN-") {
        format!("line {number} is an age key of another kind; a recovery key begins with {SECRET}")
    } else if upper.starts_with("AGE1") {
        format!("line {number} is a public key, which opens nothing; the recovery key begins with {SECRET}")
    } else if upper.starts_with("AGE-ENCRYPTION.ORG") || upper.starts_with("-----BEGIN AGE") {
        "it is encrypted, as with a passphrase; decrypt it with age first and import what comes out".to_owned()
    } else {
        format!("line {number} is not a recovery key; one begins with {SECRET}")
    })
}

/// The file of these keys.
pub fn file(keys: &[Arc<RecoveryKey>]) -> SecretString {
    let mut text = String::from(
        "# palette-console recovery key: whoever has it can open the backups, and without it nobody can.\n\
         # Keep a copy in a safe place, away from this machine and from the backups.\n",
    );
    for (place, key) in keys.iter().enumerate() {
        let role = if place == 0 { "for new backups" } else { "imported" };
        let _ = writeln!(text, "# {role}, fingerprint {}, public key: {}", key.fingerprint(), key.recipient());
        text.push_str(key.text().expose_secret());
        text.push('\n');
    }
    text.into()
}
