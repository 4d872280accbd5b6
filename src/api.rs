//! The contract: wire types of the Palette management API (4.8) as far as this program speaks it.
//!
//! Types only, no I/O and no other room. Every field is optional unless the plane cannot mean anything
//! without it; unknown fields are ignored, unknown enum values survive as `Other`, and the zero time
//! that Palette sends for "never" reads as `None`.

pub mod audit;
pub mod auth;
pub mod backup;
pub mod cluster;
pub mod error;
pub mod ext;
pub mod job;
pub mod location;
pub mod meta;
pub mod overlord;
pub mod system;
pub mod words;

pub use error::ApiError;
pub use meta::{ListMeta, ObjectMeta};
pub use words::{
    ActionType, ActorType, CheckState, CloudType, Compression, DayState, Encryption, HealthState, JobKind, JobState,
    Mode, Passive, PcgState, Tls, TransferState, VerifyLevel,
};

/// Header that carries the raw JWT. Palette expects no `Bearer ` prefix.
pub const AUTHORIZATION: &str = "Authorization";
/// Header that carries a tenant user's API key.
pub const API_KEY: &str = "ApiKey";
/// Header that narrows a call to one project; absent means tenant scope.
pub const PROJECT_UID: &str = "ProjectUid";
/// Most entries that one page of any list holds.
pub const PAGE_LIMIT: u32 = 50;
/// Annotation of a cluster that names the uid of its gateway.
pub const OVERLORD_UID: &str = "overlordUid";
