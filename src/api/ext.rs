//! What Palette cannot say: this program's own extension, under `/ext/v1/`.

use serde::{Deserialize, Serialize};

/// `GET /ext/v1/capabilities`, readable without a session. A plane that answers 404 has Palette's own
/// abilities, which is what the default says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Capabilities {
    /// The plane is the embedded one.
    pub embedded: bool,
    /// The embedded plane carries sample inventory.
    pub sandbox: bool,
    /// The plane imposes no rate limits, so the client need not hold back.
    pub unlimited: bool,
    /// The plane knows several locations, jobs, verification and everything else of [`super::location`] and
    /// [`super::job`].
    pub backups: bool,
    /// Uid of the plane; a restarted plane keeps it.
    pub plane_uid: String,
}
