//! What is past its time and may go. Pure: the plan is made from a listing and carried out elsewhere.

use chrono::{DateTime, Utc};

use super::{Found, Place};

/// What retention goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Days that a backup stays after it was finished.
    pub retention_days: u32,
    /// Good backups that stay whatever their age, at least 1.
    pub min_good: usize,
    /// Most that one pass deletes, so that a slip in the settings is noticed before all is gone.
    pub most: usize,
}

/// What a pass would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To delete, oldest first.
    pub expired: Vec<Place>,
    /// Past their time, and why they stay.
    pub kept: Vec<(Place, String)>,
}

/// What a pass at `now` would do to the backups of the plane `plane_uid`; those of others are never touched.
#[must_use]
pub fn plan(found: &[Found], plane_uid: &str, policy: Policy, now: DateTime<Utc>) -> Plan {
    let _ = (found, plane_uid, policy, now);
    Plan::default()
}
