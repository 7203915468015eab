//! The cells of a file as they stand: by column, with the place of each for messages. Numbers are understood here and nowhere
//! else; what they mean is said by the description.

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};
use common::nearest::did_you_mean;
use coordinator::csv_file::{CsvFile, Header};

use super::parquet_file;

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Nothing,
    Text(String),
    Number(f64),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Cell {
    /// The number that stands here, if one does.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Nothing => None,
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => Some(*number),
        }
    }
}

/// A rectangle of cells.
#[derive(Debug)]
pub struct Grid {
    /// The file's name, for messages.
    pub name: String,
    pub columns: Vec<String>,
    /// `[columns, rows]`.
    pub cells: Vec<Vec<Cell>>,
    /// `[rows]`: the line of each row in a text file, from 1.
    pub lines: Option<Vec<u64>>,
}

impl Grid {
    /// Reads a CSV file with a header, gzipped or not, or a Parquet file: whichever `path` turns out to be.
    pub fn read(path: &Path) -> Result<Self> {
        let grid = match parquet_file::is_parquet(path)? {
            true => parquet_file::read(path)?,
            false => Self::of_csv(CsvFile::read(path, Header::Always)?),
        };
        if grid.rows() == 0 {
            bail!("{} has a header and no rows: there is nothing to search", grid.name);
        }
        Ok(grid)
    }

    /// A CSV file's text.
    pub fn parse(name: &str, csv: &str) -> Result<Self> {
        CsvFile::parse(csv.as_bytes(), name, Header::Always).map(Self::of_csv)
    }

    fn of_csv(file: CsvFile) -> Self {
        let lines = file.rows.iter().map(|row| row.line).collect();
        let mut cells: Vec<Vec<Cell>> =
            file.names.iter().map(|_| Vec::with_capacity(file.rows.len())).collect();
        for row in file.rows {
            for (column, text) in cells.iter_mut().zip(row.cells) {
                column.push(if text.is_empty() { Cell::Nothing } else { Cell::Text(text) });
            }
        }
        Self { name: file.name, columns: file.names, cells, lines: Some(lines) }
    }

    pub fn rows(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// The cells of a column, `[rows]`.
    pub fn column(&self, name: &str) -> Result<&[Cell]> {
        let Some(index) = self.columns.iter().position(|known| known == name) else {
            let nearest = did_you_mean(name, self.columns.iter().map(String::as_str));
            bail!("{} has no column `{name}`{nearest}", self.name);
        };
        Ok(&self.cells[index])
    }

    /// The finite numbers of a column, `[rows]`.
    pub fn numbers(&self, column: &str) -> Result<Vec<f64>> {
        let number = |(row, cell): (usize, &Cell)| match cell.number() {
            Some(number) if number.is_finite() => Ok(number),
            Some(number) => bail!(
                "{}: {number} can't be compared: leave failed evaluations out of the table",
                self.place(row, column)
            ),
            None if *cell == Cell::Nothing => {
                bail!("{}: nothing stands where a number is expected", self.place(row, column))
            }
            None => bail!("{}: `{cell}` is no number", self.place(row, column)),
        };
        self.column(column)?.iter().enumerate().map(number).collect()
    }

    /// "FILE, line 7, column x", or by row where the file has no lines.
    pub fn place(&self, row: usize, column: &str) -> String {
        format!("{}, {}, column {column}", self.name, self.at(row))
    }

    pub fn at(&self, row: usize) -> String {
        match &self.lines {
            Some(lines) => format!("line {}", lines[row]),
            None => format!("row {row} from 0"),
        }
    }
}
