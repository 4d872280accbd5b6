//! Why a store did not do what it was asked, in words that name the place, the object, the reason and the remedy.

/// What kept a store from doing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The host name has no address.
    NoSuchHost,
    /// Nothing answers at the address, or it hangs up at once.
    Unreachable,
    /// The answer did not come in time.
    Timeout,
    /// The connection broke in the middle.
    Interrupted,
    /// The certificate is not believed; the words say whether it is self-signed, expired or for another name.
    Certificate,
    /// TLS could not be agreed on for another reason, or is required and not offered.
    Tls,
    /// User name, password or keys are wrong.
    Credentials,
    /// The account may not do that.
    Denied,
    /// The bucket, or the directory that is the root, does not exist.
    NoSuchPlace,
    /// The object does not exist.
    NotFound,
    /// The server's disk or quota is full.
    Full,
    /// The region is wrong; the words name the right one where the server does.
    Region,
    /// The clocks are too far apart.
    Clock,
    /// The server asks to come back later (503, 421, too many connections).
    Busy,
    /// An object is larger than it may be, or another one than was written.
    Mismatch,
    /// The server forbids to delete for now (object lock).
    Locked,
    /// The server answered what the protocol does not allow, or what we cannot read.
    Protocol,
    /// The settings themselves cannot be right.
    Settings,
    /// The operation was cancelled.
    Cancelled,
}

impl Kind {
    /// Whether the same call may succeed a little later, with nothing changed by a person.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Unreachable | Self::Timeout | Self::Interrupted | Self::Busy)
    }
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {operation} at {place}: {reason}")]
pub struct Error {
    /// What was tried, to read after "cannot": `write s-plane-00001.seg`.
    pub operation: String,
    /// The place, without secrets.
    pub place: String,
    /// What kept it from happening.
    pub kind: Kind,
    /// Why, in words, with what the server said, cleaned of control characters and of secrets.
    pub reason: String,
    /// What a person can do about it; empty where nothing is known.
    pub advice: String,
}
