//! What the filter line means: words that must all be found, `!word` that must not, `column:word` in one column only.

use super::{Column, Rows};
use crate::tui::ui::Glyphs;

/// A filter, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    needle: String,
    wanted: bool,
    column: Option<&'static str>,
}

impl Filter {
    /// Parses what was typed. A prefix that is no column belongs to the word, so that addresses and times can be
    /// looked for.
    #[must_use]
    pub fn new(text: &str, columns: &[Column]) -> Self {
        let terms = text.split_whitespace().filter_map(|word| term(word, columns)).collect();
        Self { text: text.to_owned(), terms }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether every row matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub(super) fn matches(&self, rows: &impl Rows, row: usize, columns: &[Column], glyphs: &Glyphs) -> bool {
        self.terms.iter().all(|term| {
            let mut searched = columns.iter().filter(|column| term.column.is_none_or(|id| id == column.id));
            searched.any(|column| contains(&rows.cell(row, column.id, glyphs).text, &term.needle)) == term.wanted
        })
    }
}

fn term(word: &str, columns: &[Column]) -> Option<Term> {
    let (wanted, word) = word.strip_prefix('!').map_or((true, word), |rest| (false, rest));
    let scoped = word.split_once(':').and_then(|(name, rest)| {
        let named = |column: &&Column| column.id.eq_ignore_ascii_case(name) || column.title.eq_ignore_ascii_case(name);
        columns.iter().find(named).map(|column| (Some(column.id), rest))
    });
    let (column, needle) = scoped.unwrap_or((None, word));
    (!needle.is_empty()).then(|| Term { needle: needle.to_lowercase(), wanted, column })
}

/// Whether `text` contains `needle`, which is in small letters, whatever the case.
fn contains(text: &str, needle: &str) -> bool {
    if text.is_ascii() {
        let needle = needle.as_bytes();
        return text.as_bytes().windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle));
    }
    text.to_lowercase().contains(needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter() {
        assert!(contains("Berlin-vSphere-1", "vsphere"));
        assert!(contains("MÜNCHEN", "münchen"));
        assert!(!contains("ab", "abc"));
    }
}
