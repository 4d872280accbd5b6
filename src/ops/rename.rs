//! Renaming a gateway.

use crate::api::meta::{MetadataUpdate, ObjectMetaInput};
use crate::client::{Client, Error};

/// Longest name, in characters.
pub const LONGEST: usize = 128;

/// Why a name will not do, or was not set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RenameError {
    /// Nothing but spaces.
    #[error("a name is wanted")]
    Empty,
    /// Too long to be read anywhere.
    #[error("a name has at most {LONGEST} characters; this one has {0}")]
    TooLong(usize),
    /// Characters that cannot be seen.
    #[error("a name must not hold control characters")]
    Control,
    /// The plane refused, or could not be reached.
    #[error(transparent)]
    Client(#[from] Error),
    /// The answer was lost, and the plane shows another name.
    #[error("the answer was lost ({reason}); the plane still shows the name {shown:?}. Nothing was sent again")]
    Unchanged {
        /// Why the answer was lost.
        reason: String,
        /// The name that the plane shows.
        shown: String,
    },
    /// The answer was lost, and the plane cannot be asked.
    #[error(
        "the answer was lost ({reason}), and which name the gateway has cannot be read: {again} Nothing was sent again"
    )]
    Unknown {
        /// Why the answer was lost.
        reason: String,
        /// Why the state cannot be read.
        again: String,
    },
}

/// Whether a name will do.
///
/// # Errors
/// Why it will not.
pub fn validate(name: &str) -> Result<&str, RenameError> {
    let name = name.trim();
    let length = name.chars().count();
    match length {
        0 => Err(RenameError::Empty),
        n if n > LONGEST => Err(RenameError::TooLong(n)),
        _ if name != crate::text::clean(name) => Err(RenameError::Control),
        _ => Ok(name),
    }
}

/// Gives a gateway another name; labels and annotations stay as the plane has them at this moment.
///
/// # Errors
/// See [`RenameError`].
pub async fn run(client: &Client, uid: &str, name: &str) -> Result<(), RenameError> {
    let name = validate(name)?.to_owned();
    let current = client.overlord(uid).await?.metadata;
    let metadata = ObjectMetaInput { name: name.clone(), labels: current.labels, annotations: current.annotations };
    match client.update_overlord(uid, &MetadataUpdate { metadata }).await {
        Err(error) if error.outcome_unknown() => look_again(client, uid, name, error.reason()).await,
        answer => Ok(answer?),
    }
}

async fn look_again(client: &Client, uid: &str, wanted: String, reason: String) -> Result<(), RenameError> {
    match client.overlord(uid).await {
        Ok(read) if read.metadata.name == wanted => Ok(()),
        Ok(read) => Err(RenameError::Unchanged { reason, shown: read.metadata.name }),
        Err(error) => Err(RenameError::Unknown { reason, again: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_to_what_can_be_read() {
        assert_eq!(validate("  edge 7 "), Ok("edge 7"));
        assert_eq!(validate(" "), Err(RenameError::Empty));
        assert_eq!(validate("a\u{202e}b"), Err(RenameError::Control));
        assert_eq!(validate(&"x".repeat(129)), Err(RenameError::TooLong(129)));
    }
}
