//! Aligned text: columns as wide as their widest cell, no lines.

use super::ink::{self, Ink};

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// `columns` are headings with their sides; every row has as many cells.
pub fn aligned(columns: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let width = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| ink::width(cell));
        cells.max().unwrap_or(0).max(ink::width(columns[index].0))
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for ((cell, width), (_, side)) in cells.iter().zip(&widths).zip(columns) {
            let room = " ".repeat(width - ink::width(cell));
            match side {
                Side::Left => text.push_str(&format!("{cell}{room}  ")),
                Side::Right => text.push_str(&format!("{room}{cell}  ")),
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    };
    let headings: Vec<String> = columns.iter().map(|(heading, _)| Ink::Quiet.paint(heading)).collect();
    let mut text = line(headings.iter().map(String::as_str).collect());
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_characters() {
        let rows = vec![vec!["ä".into(), "1".into()], vec!["bcd".into(), "100".into()]];
        let text = aligned(&[("n", Side::Left), ("Σ", Side::Right)], &rows);
        assert_eq!(text, "n      Σ\nä      1\nbcd  100\n");
    }
}
