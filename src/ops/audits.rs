//! Reading the trail page by page.

use crate::api::audit::{Audit, AuditQuery};
use crate::client::{Client, Error};

/// A piece of the trail and where it goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Entries, newest first.
    pub entries: Vec<Audit>,
    /// Token of the next page; `None` at the end.
    pub next: Option<String>,
    /// How many entries the plane says there are in all.
    pub total: u64,
}

/// Reads one page. The API promises no order within it, so it is sorted here.
///
/// # Errors
/// As every read.
pub async fn page(client: &Client, query: &AuditQuery) -> Result<Page, Error> {
    let read = client.audits(query).await?;
    let mut entries = read.items;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.metadata.creation_timestamp));
    // A page without entries is the end whatever it says: else a plane that never ends would be read for ever.
    let next = Some(read.listmeta.next)
        .filter(|token| !token.is_empty() && !entries.is_empty() && query.next.as_ref() != Some(token));
    Ok(Page { entries, next, total: read.listmeta.count })
}

/// Reads pages until `limit` entries are there or the trail ends.
///
/// # Errors
/// As every read.
pub async fn newest(client: &Client, mut query: AuditQuery, limit: usize) -> Result<Vec<Audit>, Error> {
    let mut entries = Vec::new();
    loop {
        let read = page(client, &query).await?;
        entries.extend(read.entries);
        match read.next {
            Some(next) if entries.len() < limit => query.next = Some(next),
            _ => break,
        }
    }
    entries.truncate(limit);
    Ok(entries)
}
