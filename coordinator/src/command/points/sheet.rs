//! A CSV file as text: rows of one width, each with its line. A first row without any number is the header; without a header
//! the columns are called 1, 2, and so on.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;

/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// A byte order mark, which some programs put before everything else.
const MARK: char = '\u{feff}';

/// The rows of a file.
#[derive(Debug, PartialEq)]
pub(in crate::command) struct Sheet {
    /// The file's name, for messages.
    pub name: String,
    pub has_header: bool,
    /// One for each column.
    pub names: Vec<String>,
    pub rows: Vec<Row>,
}

/// As many cells as the sheet has columns.
#[derive(Debug, PartialEq)]
pub(in crate::command) struct Row {
    /// From 1, as editors count.
    pub line: u64,
    pub cells: Vec<String>,
}

impl Sheet {
    /// Reads `path`, gzipped or not; the standard input where it is `-`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Self::unpack(std::io::stdin().lock(), "standard input");
        }
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("{name} can't be read"))?;
        Self::unpack(BufReader::new(file), &name)
    }

    fn unpack(mut input: impl BufRead, name: &str) -> Result<Self> {
        let mut text = Vec::new();
        let is_gzip = input.fill_buf().map(|start| start.starts_with(&GZIP));
        let read = is_gzip.and_then(|is_gzip| match is_gzip {
            true => MultiGzDecoder::new(input).read_to_end(&mut text),
            false => input.read_to_end(&mut text),
        });
        read.with_context(|| format!("{name} can't be read"))?;
        Self::parse(&text, name)
    }

    fn parse(text: &[u8], name: &str) -> Result<Self> {
        // Rows of another width are told apart later, in this program's words.
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text);
        let mut lines = Lines { text, offset: 0, line: 1 };
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.with_context(|| format!("{name} can't be read as CSV"))?;
            let start = record.position().map_or(0, csv::Position::byte);
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if cells != [""] {
                rows.push(Row { line: lines.line_of(start as usize), cells });
            }
        }
        Self::of(rows, name)
    }

    fn of(mut rows: Vec<Row>, name: &str) -> Result<Self> {
        let Some(first) = rows.first_mut() else { bail!("{name} is empty: not even a header") };
        if let Some(cell) = first.cells.first_mut() {
            *cell = cell.trim_start_matches(MARK).to_owned();
        }
        let width = first.cells.len();
        let has_header = !first.cells.iter().any(|cell| is_number(cell));
        let names = match has_header {
            true => rows.remove(0).cells,
            false => (1..=width).map(|position| position.to_string()).collect(),
        };
        if let Some(Row { line, cells }) = rows.iter().find(|row| row.cells.len() != width) {
            let cells = super::counted(cells.len(), "cell");
            bail!("{name}, line {line}: {cells} where the first row has {width}");
        }
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            bail!("{name}: the header names column `{twice}` twice");
        }
        Ok(Self { name: name.to_owned(), has_header, names, rows })
    }

    /// The columns whose first value is a number; all, where there is no row that could tell.
    pub(super) fn columns_of_numbers(&self) -> Vec<usize> {
        let tells = |&index: &usize| self.rows.first().is_none_or(|row| is_number(&row.cells[index]));
        (0..self.names.len()).filter(tells).collect()
    }
}

/// Which line a row is on. The reader says where it began to look for the row, which is before any blank lines.
struct Lines<'a> {
    text: &'a [u8],
    /// Lines before this byte are counted.
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the row found from `start` on; rows are asked for in order.
    fn line_of(&mut self, start: usize) -> u64 {
        let blank = self.text[start..].iter().take_while(|&&byte| matches!(byte, b'\r' | b'\n')).count();
        let row = start + blank;
        self.line += self.text[self.offset..row].iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.offset = row;
        self.line
    }
}

fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok()
}
