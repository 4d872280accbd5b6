//! Text from outside, made harmless before it is drawn, logged or exported.
//!
//! Control characters could move the cursor or start an escape sequence; bidirectional controls could make
//! a name read as another one. Both are replaced by U+FFFD, so that a tampered name is seen to be one.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

const REPLACEMENT: char = '\u{FFFD}';

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// One line of harmless text: every control and invisible formatting character is replaced.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) {
        Cow::Owned(text.chars().map(|c| if is_harmful(c) { REPLACEMENT } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Harmless text that keeps its line breaks.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// The same text as JSON text, with every control and invisible formatting character as a `\u` escape: the value stays
/// what it was, and a terminal that shows it is safe. `json` is what a serializer wrote, so the only raw control
/// character in it is the line break between its parts.
#[must_use]
pub fn escape_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        if c != '\n' && is_harmful(c) {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
        out
    })
}

/// At most `width` columns of `text`; what is cut away is shown by `…`.
#[must_use]
pub fn elide(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(1) else { return Cow::Borrowed("") };
    let mut used = 0;
    let kept: String = text
        .graphemes(true)
        .take_while(|cluster| {
            used += cluster.width();
            used <= room
        })
        .collect();
    Cow::Owned(kept + "…")
}

/// Text that a spreadsheet does not take for a formula: one that begins like a formula gets an apostrophe
/// (OWASP, "CSV injection").
#[must_use]
pub fn inert(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@']) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_and_bidi_overrides_are_replaced() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202E}c"), "a\u{FFFD}[2Jb\u{FFFD}c");
        assert_eq!(clean("plain ünïcode 東"), "plain ünïcode 東");
        assert_eq!(clean_lines("one\ntwo\r\nthree\u{7}"), "one\ntwo\nthree\u{FFFD}");
    }

    #[test]
    fn escaped_json_is_harmless_and_says_the_same() {
        let told = "a\u{9b}\u{202e}b\u{e0041}\u{7f}東";
        let json = serde_json::to_string_pretty(&[told]).unwrap();
        let escaped = escape_json(&json);
        assert_eq!(escaped, "[\n  \"a\\u009b\\u202eb\\udb40\\udc41\\u007f東\"\n]");
        assert_eq!(serde_json::from_str::<Vec<String>>(&escaped).unwrap(), [told]);
    }

    #[test]
    fn formulas_are_made_inert() {
        assert_eq!(inert("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(inert("plain"), "plain");
    }

    #[test]
    fn wide_characters_are_never_cut_in_half() {
        assert_eq!(elide("東京都", 4), "東…");
        assert_eq!(elide("abc", 3), "abc");
        assert_eq!(elide("abcd", 3), "ab…");
        assert_eq!(elide("abcd", 0), "");
    }

    proptest! {
        #[test]
        fn elided_text_always_fits(text in ".{0,40}", width in 0_usize..50) {
            prop_assert!(elide(&clean(&text), width).width() <= width);
        }
    }
}
