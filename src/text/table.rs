//! Plain tables for the command line: aligned columns, two spaces between them.

use unicode_width::UnicodeWidthStr;

/// Lays out rows under a header. Numbers in `right` name the columns that are aligned to the right.
#[must_use]
pub fn table(header: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|title| title.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let gap = " ".repeat(width.saturating_sub(cell.width()));
            if right.contains(&column) { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut out = line(header.to_vec());
    for row in rows {
        out += &line(row.iter().map(String::as_str).collect());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width_on_the_screen() {
        let rows = vec![vec!["東京".into(), "7".into()], vec!["a".into(), "112".into()]];
        assert_eq!(table(&["NAME", "N"], &rows, &[1]), "NAME    N\n東京    7\na     112\n");
    }
}
