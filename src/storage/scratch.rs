//! Names of what is written only to try a location, and removed again. They tell when, so that what a cut trial left
//! behind is known by its age where the server does not date its objects.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::ObjectPath;

/// The folder of everything of ours.
pub const OURS: &str = "palbackup";

const PREFIX: &str = "probe-";
const TIME: &str = "%Y%m%dT%H%M%SZ";
const DIGITS: usize = 12;

/// What is written, again and again under one name, to read a server's clock off its date.
#[must_use]
pub fn for_time() -> ObjectPath {
    in_ours(&format!("{PREFIX}clock"))
}

/// A name of its own in the folder of everything of ours.
#[must_use]
pub fn fresh(now: DateTime<Utc>) -> ObjectPath {
    in_ours(&format!("{PREFIX}{}-{:012x}", now.format(TIME), fastrand::u64(..) >> 16))
}

fn in_ours(name: &str) -> ObjectPath {
    // Both parts are ones that every path can have.
    [OURS, name].iter().fold(ObjectPath::root(), |path, part| path.join(part).unwrap_or(path))
}

/// Whether something in the folder of everything of ours was written to try the location.
#[must_use]
pub fn is_one(name: &str) -> bool {
    parts(name).is_some()
}

/// When it was written, by the clock of whoever wrote it; `None` where the name does not tell.
#[must_use]
pub fn begun(name: &str) -> Option<DateTime<Utc>> {
    parts(name)?
}

/// The time in a name of ours; earlier ones have none.
fn parts(name: &str) -> Option<Option<DateTime<Utc>>> {
    let rest = name.strip_prefix(PREFIX)?;
    let rest = rest.strip_suffix(".part").unwrap_or(rest);
    let (time, digits) = match rest.split_once('-') {
        Some((time, digits)) => (Some(read(time)?), digits),
        None => (None, rest),
    };
    let ours = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    ours.then_some(time)
}

/// A time just as we write it.
fn read(text: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(text, TIME).ok()?.and_utc();
    (time.format(TIME).to_string() == text).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_they_are_and_since_when() {
        let now = "2026-11-22T03:04:05Z".parse().unwrap();
        let path = fresh(now);
        assert_eq!((path.folder().as_str(), is_one(path.name()), begun(path.name())), (OURS, true, Some(now)));
        assert!(is_one(&format!("{}.part", path.name())));
        assert!(is_one("probe-0123456789ab") && begun("probe-0123456789ab").is_none());
        for other in ["format", "c", "probe-", "probe-notes", "probe-0123456789ax", "my-probe-0123456789ab"]
            .into_iter()
            .chain(["probe-notes-0123456789ab", "probe--0123456789ab", "probe-20261122-0123456789ab"])
        {
            assert!(!is_one(other), "{other}");
        }
    }
}
