//! SHA-256 and its text.

use ring::digest::{Context, SHA256, digest};

/// Digits of a SHA-256.
pub const DIGITS: usize = 64;

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
}

/// The bytes of lower-case hexadecimal digits; `None` where they are none.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |digit: &u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(nibble(high)? << 4 | nibble(low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// SHA-256 and length of a stream.
pub struct Hasher {
    context: Context,
    bytes: u64,
}

impl Hasher {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self { context: Context::new(&SHA256), bytes: 0 }
    }

    /// More of it.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Of all of it.
    pub fn finish(self) -> String {
        hex(self.context.finish().as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_go_there_and_back() {
        assert_eq!(hex(&[0, 0x9a, 0xff]), "009aff");
        assert_eq!(unhex("009aff"), Some(vec![0, 0x9a, 0xff]));
        assert_eq!((unhex("009af"), unhex("009AFF"), unhex("zz")), (None, None, None));
    }

    #[test]
    fn a_stream_hashes_like_its_bytes() {
        let mut hasher = Hasher::new();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.bytes(), 3);
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((hasher.finish().as_str(), sha256(b"abc").as_str()), (expected, expected));
    }
}
