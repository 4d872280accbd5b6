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
