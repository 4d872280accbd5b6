//! Pages: how many entries, and the opaque token that leads to the next ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::failure::Refusal;
use crate::api::{ListMeta, PAGE_LIMIT};

/// `limit`, `offset` and `continue` of a query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Paging {
    /// Most entries; 0 and absent mean the default, more than 50 mean 50.
    pub limit: Option<i64>,
    /// Entries to skip.
    pub offset: Option<i64>,
    /// Token of an earlier page.
    #[serde(rename = "continue")]
    pub next: Option<String>,
}

/// What a token of an offset-paged list says.
#[derive(Serialize, Deserialize)]
struct Position {
    offset: u64,
}

impl Paging {
    /// Size of the page.
    ///
    /// # Errors
    /// Where it is negative.
    pub fn limit(&self) -> Result<u32, Refusal> {
        match self.limit.unwrap_or(0) {
            0 => Ok(PAGE_LIMIT),
            limit => u32::try_from(limit)
                .map(|limit| limit.min(PAGE_LIMIT))
                .map_err(|_| Refusal::invalid("\"limit\" must be between 1 and 50.")),
        }
    }

    /// Token of an earlier page, where one was given.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.next.as_deref().filter(|token| !token.is_empty())
    }

    /// Entries to skip, where no token was given.
    ///
    /// # Errors
    /// Where it is negative.
    pub fn skip(&self) -> Result<u64, Refusal> {
        u64::try_from(self.offset.unwrap_or(0)).map_err(|_| Refusal::invalid("\"offset\" must not be negative."))
    }

    /// Entries to skip, by token or by number.
    ///
    /// # Errors
    /// Where either is malformed.
    pub fn offset(&self) -> Result<u64, Refusal> {
        match self.token() {
            Some(token) => decode::<Position>(token).map(|position| position.offset),
            None => self.skip(),
        }
    }
}

/// A token that says `value`.
#[must_use]
pub fn encode(value: &impl Serialize) -> String {
    // Only plain numbers are put into tokens, and those always serialize.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

/// What a token says.
///
/// # Errors
/// Where it is not a token of ours.
pub fn decode<T: DeserializeOwned>(token: &str) -> Result<T, Refusal> {
    let refused = || Refusal::invalid("\"continue\" is not a token of this list. Start again from the first page.");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| refused())?;
    serde_json::from_slice(&bytes).map_err(|_| refused())
}

/// `listmeta` of a page that holds `held` of `count` entries from `offset` on.
#[must_use]
pub fn listmeta(count: u64, limit: u32, offset: u64, held: usize) -> ListMeta {
    let end = offset + u64::try_from(held).unwrap_or(u64::MAX);
    if held > 0 && end < count {
        ListMeta { next: encode(&Position { offset: end }), count, limit, offset: end }
    } else {
        ListMeta { next: String::new(), count, limit, offset: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_before_the_last_leads_on_and_the_last_one_does_not() {
        let first = listmeta(117, 50, 0, 50);
        assert_eq!((first.offset, first.count), (50, 117));
        let paging = Paging { next: Some(first.next), ..Paging::default() };
        assert_eq!(paging.offset(), Ok(50));
        let last = listmeta(117, 50, 100, 17);
        assert_eq!((last.next.as_str(), last.offset), ("", 0));
    }

    #[test]
    fn limits_are_kept_to_what_the_api_allows() {
        let limit = |limit| Paging { limit, ..Paging::default() }.limit().ok();
        assert_eq!(limit(None), Some(50));
        assert_eq!(limit(Some(0)), Some(50));
        assert_eq!(limit(Some(500)), Some(50));
        assert_eq!(limit(Some(7)), Some(7));
        assert_eq!(limit(Some(-1)), None);
    }

    #[test]
    fn a_foreign_token_is_refused() {
        assert!(decode::<Position>("%%%").is_err());
        assert!(decode::<Position>("e30").is_err());
    }
}
