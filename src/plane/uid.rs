//! Uids: 24 hexadecimal digits, as Palette writes them.

use std::fmt::Write as _;

/// A uid made of the generator's next numbers: deterministic where the generator is seeded.
#[must_use]
pub fn from_rng(rng: &mut fastrand::Rng) -> String {
    format!("{:016x}{:08x}", rng.u64(..), rng.u32(..))
}

/// A fresh uid.
#[must_use]
pub fn fresh() -> String {
    from_rng(&mut fastrand::Rng::new())
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
