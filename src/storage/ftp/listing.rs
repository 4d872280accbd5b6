//! Directory listings: MLSD (RFC 3659), what `ls -l` and DOS print, bare names.
//!
//! Names decide; sizes are taken where a line gives them beyond doubt, dates only from MLSD, since `LIST` tells them
//! in the server's own zone.

use chrono::{DateTime, Utc};

use super::session::timestamp;

/// A line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A file.
    File { name: String, bytes: Option<u64>, modified: Option<DateTime<Utc>> },
    /// A directory.
    Folder(String),
    /// Nothing that is listed: the directory itself, its parent, a sum.
    Nothing,
    /// Something else, or a line that cannot be read.
    Stranger(String),
}

fn file(name: &str, bytes: Option<u64>, modified: Option<DateTime<Utc>>) -> Line {
    Line::File { name: name.to_owned(), bytes, modified }
}

/// A line of MLSD: `type=file;size=3;modify=20261122030405; name`.
pub(super) fn mlsd(line: &str) -> Line {
    let Some((facts, name)) = line.split_once(' ') else { return Line::Stranger(line.to_owned()) };
    let fact = |wanted: &str| {
        let mut pairs = facts.split(';').filter_map(|fact| fact.split_once('='));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let kind = fact("type").unwrap_or_default().to_ascii_lowercase();
    match (kind.as_str(), name) {
        ("cdir" | "pdir", _) | (_, "." | ".." | "") => Line::Nothing,
        ("dir", name) => Line::Folder(name.to_owned()),
        ("file", name) => {
            let bytes = fact("size").and_then(|size| size.parse().ok());
            file(name, bytes, fact("modify").and_then(timestamp))
        }
        _ => Line::Stranger(line.to_owned()),
    }
}

/// A line of LIST, whoever printed it.
pub(super) fn list(line: &str) -> Line {
    let line = line.trim_end_matches(['\r', '\n']);
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.strip_prefix("total ").is_some_and(|sum| sum.trim().parse::<u64>().is_ok()) {
        return Line::Nothing;
    }
    let found = posix(line).or_else(|| dos(line));
    match found.unwrap_or_else(|| Line::Stranger(line.to_owned())) {
        Line::Folder(name) | Line::File { name, .. } if matches!(name.as_str(), "." | "..") => Line::Nothing,
        other => other,
    }
}

/// A line of NLST: a name, by some servers with the path in front. Whether it is a file is not told.
pub(super) fn name(line: &str) -> Option<&str> {
    let name = line.trim_end_matches(['\r', '\n']).rsplit(['/', '\\']).next()?;
    (!matches!(name, "" | "." | "..")).then_some(name)
}

/// The words of a line with the place where each ends.
fn words(line: &str) -> Vec<(&str, usize)> {
    let start = line.as_ptr() as usize;
    line.split_whitespace().map(|word| (word, word.as_ptr() as usize - start + word.len())).collect()
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    MONTHS.contains(&word.to_ascii_lowercase().as_str())
}

fn is_day(word: &str) -> bool {
    word.trim_end_matches('.').parse::<u8>().is_ok_and(|day| (1..=31).contains(&day))
}

fn is_time_or_year(word: &str) -> bool {
    let clock = word.split_once(':').is_some_and(|(hour, rest)| {
        hour.len() <= 2 && hour.parse::<u8>().is_ok() && rest.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b))
    });
    clock || (word.len() == 4 && word.parse::<u16>().is_ok())
}

fn is_iso_date(word: &str) -> bool {
    word.len() == 10
        && word.split('-').map(str::len).eq([4, 2, 2])
        && word.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// `-rw-r--r-- 1 owner group 4096 Nov 22 03:04 name`, with or without a group, day or month first, ISO dates.
fn posix(line: &str) -> Option<Line> {
    let words = words(line);
    let (modes, _) = words.first()?;
    let kind = modes.chars().next()?;
    if modes.len() < 10 || !"-dlbcps".contains(kind) {
        return None;
    }
    let word = |at: usize| words.get(at).map_or("", |(word, _)| *word);
    let (date, last) = (2..words.len()).find_map(|at| {
        let here = word(at);
        let month_first = is_month(here) && is_day(word(at + 1));
        let day_first = is_day(here) && is_month(word(at + 1)) && word(at - 1).parse::<u64>().is_ok();
        if (month_first || day_first) && is_time_or_year(word(at + 2)) {
            Some((at, at + 2))
        } else if is_iso_date(here) && is_time_or_year(word(at + 1)) {
            // A zone such as +0000 may follow.
            let zone = word(at + 2).strip_prefix(['+', '-']).is_some_and(|zone| zone.len() == 4);
            Some((at, at + 1 + usize::from(zone)))
        } else {
            None
        }
    })?;
    let (_, end) = words.get(last)?;
    let name = line.get(*end..)?.strip_prefix(' ')?;
    // Columns are parted by one blank before the name; a name may begin with another, which none of ours does.
    match kind {
        'd' => Some(Line::Folder(name.to_owned())),
        '-' => Some(file(name, word(date - 1).parse().ok(), None)),
        _ => Some(Line::Stranger(line.to_owned())),
    }
}

/// `11-22-26  03:04AM       <DIR>          name`, `2026-11-22  03:04   4,096 name`.
fn dos(line: &str) -> Option<Line> {
    let words = words(line);
    let word = |at: usize| words.get(at).map_or("", |(word, _)| *word);
    let dated = word(0).bytes().all(|b| b.is_ascii_digit() || b"-/.".contains(&b)) && word(0).len() >= 8;
    if !dated || !word(1).starts_with(|c: char| c.is_ascii_digit()) || !word(1).contains(':') {
        return None;
    }
    let what = if matches!(word(2), "AM" | "PM" | "am" | "pm") { 3 } else { 2 };
    let (_, end) = words.get(what)?;
    let name = line.get(*end..)?.trim_start();
    if word(what).eq_ignore_ascii_case("<DIR>") {
        return Some(Line::Folder(name.to_owned()));
    }
    let bytes = word(what).replace([',', '.'], "").parse().ok()?;
    (!name.is_empty()).then(|| file(name, Some(bytes), None))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sized(name: &str, bytes: u64) -> Line {
        file(name, Some(bytes), None)
    }

    #[test]
    fn lines_of_many_servers_are_read() {
        let folder = |name: &str| Line::Folder(name.to_owned());
        let cases = [
            (
                "-rw-r--r--    1 1000     1000         4096 Nov 22 03:04 s-plane-00001.seg",
                sized("s-plane-00001.seg", 4096),
            ),
            ("-rw-r--r--   1 ftp      ftp             7 Jan 01  2025 a.seg.part", sized("a.seg.part", 7)),
            ("drwxr-xr-x 2 owner group 4096 22 Nov 03:04 b", folder("b")),
            ("-rw------- 1 owner 12 Dec 1 2024 no-group", sized("no-group", 12)),
            ("-rw-r--r-- 1 0 0 12 2026-11-22 03:04 iso", sized("iso", 12)),
            ("-rw-r--r-- 1 0 0 12 2026-11-22 03:04:05.000 +0000 iso", sized("iso", 12)),
            ("-rw-r--r-- 1 o g 5 May 3 10:00 two words.txt", sized("two words.txt", 5)),
            ("-rwxrwx---+ 1 may 31 5 May 3 10:00 acl", sized("acl", 5)),
            ("11-22-26  03:04AM       <DIR>          backups", folder("backups")),
            ("11-22-2026  03:04 PM            1,234,567 x.seg", sized("x.seg", 1_234_567)),
            ("2026-11-22  03:04                 98 y.seg", sized("y.seg", 98)),
            ("total 12", Line::Nothing),
            ("", Line::Nothing),
            ("drwxr-xr-x 2 o g 4096 Nov 22 03:04 .", Line::Nothing),
            ("drwxr-xr-x 2 o g 4096 Nov 22 03:04 ..", Line::Nothing),
        ];
        for (line, expected) in cases {
            assert_eq!(list(line), expected, "{line}");
        }
        for line in ["lrwxrwxrwx 1 o g 3 Nov 22 03:04 link -> b", " Volume   Unit    Referred Ext Used", "what is this"]
        {
            assert_eq!(list(line), Line::Stranger(line.to_owned()));
        }
    }

    #[test]
    fn facts_are_read_in_any_order_and_case() {
        let time = timestamp("20261122030405");
        assert_eq!(mlsd("modify=20261122030405;perm=adfrw;size=3;type=file;unique=1; a b"), file("a b", Some(3), time));
        assert_eq!(mlsd("Type=dir;Modify=20261122030405; c"), Line::Folder("c".to_owned()));
        assert_eq!(mlsd("type=cdir; /x"), Line::Nothing);
        let link = "type=OS.unix=slink:/x;size=3; l";
        assert_eq!(mlsd(link), Line::Stranger(link.to_owned()));
        assert_eq!(mlsd("garbage"), Line::Stranger("garbage".to_owned()));
        assert_eq!((name("dir/a.seg\r"), name("./..")), (Some("a.seg"), None));
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "\\PC{0,120}") {
            let _ = (list(&line), mlsd(&line), name(&line));
        }

        #[test]
        fn a_name_is_never_half_of_another(name in "[a-z][a-z ]{0,20}[a-z]") {
            let line = format!("-rw-r--r-- 1 o g 5 May 3 10:00 {name}");
            prop_assert_eq!(list(&line), sized(&name, 5));
        }
    }
}
