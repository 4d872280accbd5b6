//! Which rows are shown, in which order.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Column, Filter, Rows};
use crate::tui::ui::Glyphs;

/// Which way a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// What a row is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey<'a> {
    /// Text: without regard to case, numbers in it by their value, so that `node-9` stands before `node-10`.
    Text(Cow<'a, str>),
    /// A number, a time, a rank.
    Number(i64),
    /// Nothing there; stands last, whichever the direction.
    Missing,
}

pub(super) fn order(
    rows: &impl Rows,
    columns: &[Column],
    filter: &Filter,
    sort: Option<(&'static str, Direction)>,
) -> Vec<u32> {
    let glyphs = Glyphs::ascii();
    let count = u32::try_from(rows.count()).unwrap_or(u32::MAX);
    let matching = (0..count).filter(|row| filter.is_empty() || filter.matches(rows, *row as usize, columns, &glyphs));
    let Some((column, direction)) = sort else { return matching.collect() };
    let name = columns.first().map_or(column, |first| first.id);
    let mut keyed: Vec<_> = matching.map(|row| (rows.sort_key(row as usize, column), row)).collect();
    keyed.sort_unstable_by(|(a, row_a), (b, row_b)| {
        let ties = || {
            compare(&rows.sort_key(*row_a as usize, name), &rows.sort_key(*row_b as usize, name), Direction::Ascending)
        };
        compare(a, b, direction).then_with(ties).then(row_a.cmp(row_b))
    });
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn compare(a: &SortKey<'_>, b: &SortKey<'_>, direction: Direction) -> Ordering {
    let ascending = match (a, b) {
        (SortKey::Missing, SortKey::Missing) => Ordering::Equal,
        (SortKey::Missing, _) => return Ordering::Greater,
        (_, SortKey::Missing) => return Ordering::Less,
        (SortKey::Number(a), SortKey::Number(b)) => a.cmp(b),
        (SortKey::Text(a), SortKey::Text(b)) => natural(a, b),
        (SortKey::Number(_), SortKey::Text(_)) => Ordering::Less,
        (SortKey::Text(_), SortKey::Number(_)) => Ordering::Greater,
    };
    match direction {
        Direction::Ascending => ascending,
        Direction::Descending => ascending.reverse(),
    }
}

/// Compares texts as a person would: runs of digits by their value, everything else without regard to case.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (part_a, part_b) = (part(&mut a), part(&mut b));
        let ordering = match (part_a, part_b) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(Part::Digits(a)), Some(Part::Digits(b))) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Some(Part::Digits(_)), Some(Part::Other(_))) => Ordering::Less,
            (Some(Part::Other(_)), Some(Part::Digits(_))) => Ordering::Greater,
            (Some(Part::Other(a)), Some(Part::Other(b))) => a.to_lowercase().cmp(b.to_lowercase()),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}

enum Part<'a> {
    /// Without leading zeros, so that length and then text decide.
    Digits(&'a str),
    Other(char),
}

fn part<'a>(text: &mut &'a str) -> Option<Part<'a>> {
    let first = text.chars().next()?;
    let end = if first.is_ascii_digit() {
        text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
    } else {
        first.len_utf8()
    };
    let (head, rest) = text.split_at(end);
    *text = rest;
    Some(if first.is_ascii_digit() { Part::Digits(head.trim_start_matches('0')) } else { Part::Other(first) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sorted_as_a_person_would() {
        let mut names = ["node-10", "Node-9", "node-1", "alpha", "node-9b", "10", "9", "ärger", ""];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["", "9", "10", "alpha", "node-1", "Node-9", "node-9b", "node-10", "ärger"]);
    }

    #[test]
    fn what_is_missing_stands_last_either_way() {
        for direction in [Direction::Ascending, Direction::Descending] {
            assert_eq!(compare(&SortKey::Missing, &SortKey::Number(1), direction), Ordering::Greater);
        }
        assert_eq!(compare(&SortKey::Number(1), &SortKey::Number(2), Direction::Descending), Ordering::Greater);
    }
}
