//! One uid is one backup. Uids are drawn at random, so a second folder with the same one was put there by someone who can
//! write the location: it is neither listed as a backup nor taken for one.

use crate::backup::{Authentic, Found, FoundState, Inventory, Place};
use crate::storage::scratch::OURS;

/// How much a folder is to be believed; the least is believed first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Own,
    Authentic,
    Unknown,
    Doubtful,
}

fn standing(found: &Found, own: &str) -> Standing {
    match &found.state {
        _ if found.place.plane_uid == own => Standing::Own,
        FoundState::Complete(_, Authentic::Yes) => Standing::Authentic,
        FoundState::Complete(_, Authentic::KeyMissing) => Standing::Unknown,
        _ => Standing::Doubtful,
    }
}

/// Leaves one folder for each uid: the own one, else the authentic one. The others are strangers from then on.
pub fn settle(inventory: &mut Inventory, own: &str) {
    for mut found in std::mem::take(&mut inventory.found) {
        let Some(kept) = inventory.found.last_mut().filter(|kept| kept.place.uid == found.place.uid) else {
            inventory.found.push(found);
            continue;
        };
        if standing(&found, own) < standing(kept, own) {
            std::mem::swap(kept, &mut found);
        }
        let Place { plane_uid, uid } = &found.place;
        let owner = crate::text::clean(plane_uid);
        inventory.strangers.push(format!("{OURS}/c/{owner}/b/{uid}, which has the uid of another backup"));
    }
}
