//! Breaking text into lines by the columns it takes, with its meaning kept.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::text::clean;

/// A line being filled, and those that are full.
struct Flow<T> {
    width: usize,
    used: usize,
    line: Vec<(String, T)>,
    lines: Vec<Vec<(String, T)>>,
}

/// Splits one line of text, given in pieces with their meaning, into lines of at most `width` columns: at spaces
/// where there are any, else anywhere between characters. The text is cleaned. There is at least one line.
#[must_use]
pub fn flow<'a, T: Copy + PartialEq>(
    spans: impl IntoIterator<Item = (&'a str, T)>,
    width: u16,
) -> Vec<Vec<(String, T)>> {
    let mut flow = Flow { width: usize::from(width.max(1)), used: 0, line: Vec::new(), lines: Vec::new() };
    for (text, meaning) in spans {
        // Punctuation and hyphens stay with their word: a name such as `berlin-vsphere-1` is not torn.
        for chunk in clean(text).split_inclusive(char::is_whitespace) {
            let (word, gap) = chunk.split_at(chunk.trim_end().len());
            flow.word(word, meaning);
            flow.word(gap, meaning);
        }
    }
    flow.end_line();
    flow.lines
}

impl<T: Copy + PartialEq> Flow<T> {
    fn word(&mut self, word: &str, meaning: T) {
        let wide = word.width();
        if word.is_empty() {
            return;
        }
        if self.used + wide <= self.width {
            return self.push(word, wide, meaning);
        }
        if self.line.iter().any(|(text, _)| !text.trim().is_empty()) {
            self.end_line();
        }
        self.line.clear();
        self.used = 0;
        if word.trim().is_empty() {
            return;
        }
        for cluster in word.graphemes(true) {
            if self.used > 0 && self.used + cluster.width() > self.width {
                self.end_line();
            }
            self.push(cluster, cluster.width(), meaning);
        }
    }

    fn push(&mut self, text: &str, wide: usize, meaning: T) {
        self.used += wide;
        match self.line.last_mut() {
            Some((last, same)) if *same == meaning => last.push_str(text),
            _ => self.line.push((text.to_owned(), meaning)),
        }
    }

    fn end_line(&mut self) {
        while let Some((last, _)) = self.line.last_mut() {
            last.truncate(last.trim_end().len());
            if !last.is_empty() {
                break;
            }
            self.line.pop();
        }
        self.lines.push(std::mem::take(&mut self.line));
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::draw::wrap;

    #[test]
    fn lines_break_at_spaces_and_long_words_break_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(wrap("  indented", 20), ["  indented"]);
        assert_eq!(wrap("東京都", 4), ["東京", "都"]);
        assert_eq!(wrap("move pcg-1, now.", 9), ["move", "pcg-1,", "now."]);
    }

    #[test]
    fn meaning_survives_a_break() {
        let lines = flow([("Type ", 'a'), ("a name", 'b'), (" now", 'a')], 7);
        let owned = |text: &str, meaning| (text.to_owned(), meaning);
        assert_eq!(
            lines,
            [vec![owned("Type ", 'a'), owned("a", 'b')], vec![owned("name", 'b')], vec![owned("now", 'a')]]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_wider_than_asked_and_no_letter_is_lost(words in ".{0,60}", width in 2_u16..20) {
            let lines = wrap(&words, width);
            for line in &lines {
                proptest::prop_assert!(line.width() <= usize::from(width), "{line:?}");
            }
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(letters(&lines.concat()), letters(&crate::text::clean_lines(&words)));
        }
    }
}
