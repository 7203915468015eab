//! A CSV or JSON file as lines of named cells, each with its place. What the cells mean is told elsewhere.

use std::fmt::Display;

use anyhow::{Result, anyhow, bail};
use serde_json::{Deserializer, Map, Value};

use crate::csv_file::{CsvFile, Header};

/// One result as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// "results.csv, line 3".
    pub(super) place: String,
    /// Names and texts; nothing empty.
    pub(super) cells: Vec<(String, String)>,
}

impl Line {
    pub(super) fn cell(&self, name: &str) -> Option<&str> {
        self.cells.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|(name, _)| name.as_str())
    }
}

/// JSON where the first sign is a bracket, else CSV.
pub(super) fn lines(text: &[u8], file: &str) -> Result<Vec<Line>> {
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => of_json(text, file),
        Some(b'{') => bail!("{file} holds one JSON object where an array of them is expected"),
        _ => of_csv(text, file),
    }
}

fn of_csv(text: &[u8], file: &str) -> Result<Vec<Line>> {
    let CsvFile { names, rows, .. } = CsvFile::parse(text, file, Header::Always)?;
    let line = |row: &crate::csv_file::Row| {
        let cells = names.iter().cloned().zip(row.cells.iter().cloned());
        let cells = cells.filter(|(_, text)| !text.is_empty()).collect();
        Line { place: place(file, row.line), cells }
    };
    Ok(rows.iter().map(line).collect())
}

/// An array of objects, read one by one, so that each is known by its line.
fn of_json(text: &[u8], file: &str) -> Result<Vec<Line>> {
    let text = std::str::from_utf8(text).map_err(|error| anyhow!("{file} is no text: {error}"))?;
    let mut reader = Reader { file, text, offset: 0, line: 1 };
    let mut lines = Vec::new();
    reader.skip('[')?;
    while !reader.at(']') {
        if !lines.is_empty() {
            reader.skip(',')?;
        }
        lines.push(reader.object()?);
    }
    reader.skip(']')?;
    reader.skip_blanks();
    match reader.rest() {
        "" => Ok(lines),
        _ => bail!("{}: the array has ended, and something follows", reader.place()),
    }
}

/// A place in a JSON text.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    offset: usize,
    line: u64,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    fn place(&self) -> String {
        place(self.file, self.line)
    }

    fn advance(&mut self, bytes: usize) {
        let passed = &self.rest()[..bytes];
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.offset += bytes;
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.advance(rest.len() - rest.trim_start().len());
    }

    fn at(&mut self, sign: char) -> bool {
        self.skip_blanks();
        self.rest().starts_with(sign)
    }

    fn skip(&mut self, sign: char) -> Result<()> {
        if !self.at(sign) {
            bail!("{}: `{sign}` is expected here", self.place());
        }
        self.advance(sign.len_utf8());
        Ok(())
    }

    fn object(&mut self) -> Result<Line> {
        self.skip_blanks();
        let place = self.place();
        let mut stream = Deserializer::from_str(self.rest()).into_iter::<Map<String, Value>>();
        let object = match stream.next() {
            Some(Ok(object)) => object,
            Some(Err(error)) => bail!("{place}: {}", without_position(&error)),
            None => bail!("{place}: the array has no end"),
        };
        let bytes = stream.byte_offset();
        self.advance(bytes);
        let mut cells = Vec::new();
        for (name, value) in object {
            let text = match value {
                Value::Null => continue,
                Value::String(text) if text.is_empty() => continue,
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                // Other keys may hold what they like.
                Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
            };
            cells.push((name, text));
        }
        Ok(Line { place, cells })
    }
}

/// The reader counts lines from the entry's own beginning, which would mislead.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.into())
}

fn place(file: &str, line: impl Display) -> String {
    format!("{file}, line {line}")
}
