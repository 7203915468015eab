//! A CSV file as text, gzipped or not: rows of one width, each with its line. What the cells mean is for others to say.

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

/// Whether the first row names the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    Always,
    /// If there is no number in it. Without a header the columns are called 1, 2, and so on.
    Guessed,
}

/// The rows of a file.
#[derive(Debug, PartialEq)]
pub struct CsvFile {
    /// The file's name, for messages.
    pub name: String,
    pub has_header: bool,
    /// One for each column.
    pub names: Vec<String>,
    pub rows: Vec<Row>,
}

/// As many cells as the file has columns.
#[derive(Debug, PartialEq)]
pub struct Row {
    /// From 1, as editors count.
    pub line: u64,
    pub cells: Vec<String>,
}

impl CsvFile {
    /// Reads `path`; the standard input where it is `-`.
    pub fn read(path: &Path, header: Header) -> Result<Self> {
        let mut text = Vec::new();
        let (name, input) = match path == Path::new("-") {
            true => ("standard input".into(), unpacked(std::io::stdin().lock())),
            false => (path.display().to_string(), open(path)),
        };
        let read = input.and_then(|mut input| input.read_to_end(&mut text));
        read.with_context(|| format!("{name} can't be read"))?;
        Self::parse(&text, &name, header)
    }

    /// `name` is the file's, for messages.
    pub fn parse(text: &[u8], name: &str, header: Header) -> Result<Self> {
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
        Self::of(rows, name, header)
    }

    fn of(mut rows: Vec<Row>, name: &str, header: Header) -> Result<Self> {
        let Some(first) = rows.first_mut() else { bail!("{name} is empty: not even a header") };
        if let Some(cell) = first.cells.first_mut() {
            *cell = cell.trim_start_matches(MARK).to_owned();
        }
        let width = first.cells.len();
        let has_header = header == Header::Always || !first.cells.iter().any(|cell| is_number(cell));
        let names = match has_header {
            true => rows.remove(0).cells,
            false => (1..=width).map(|position| position.to_string()).collect(),
        };
        if let Some(Row { line, cells }) = rows.iter().find(|row| row.cells.len() != width) {
            let cells = counted(cells.len(), "cell");
            bail!("{name}, line {line}: {cells} where the first row has {width}");
        }
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            bail!("{name}: the header names column `{twice}` twice");
        }
        Ok(Self { name: name.to_owned(), has_header, names, rows })
    }

    /// The columns whose first value is a number; all, where there is no row that could tell.
    pub fn columns_of_numbers(&self) -> Vec<usize> {
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

/// The bytes of a file, unpacked if it is gzipped.
pub fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    unpacked(BufReader::new(File::open(path)?))
}

/// What `input` holds, unpacked if it is gzipped.
pub(crate) fn unpacked<'a>(mut input: impl BufRead + 'a) -> std::io::Result<Box<dyn Read + 'a>> {
    let is_gzip = input.fill_buf()?.starts_with(&GZIP);
    Ok(if is_gzip { Box::new(MultiGzDecoder::new(input)) } else { Box::new(input) })
}

/// "one cell", "2 cells".
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("one {noun}") } else { format!("{count} {noun}s") }
}

fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok()
}
