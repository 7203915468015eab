//! A Parquet file as a grid of cells. Flat columns of numbers, text and truth values; nested ones have no cell to stand in and are
//! refused by name.

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::grid::{Cell, Grid};

/// What a Parquet file begins with.
const MAGIC: &[u8; 4] = b"PAR1";

pub fn is_parquet(path: &Path) -> Result<bool> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start));
    read.with_context(|| format!("{} can't be read", path.display()))?;
    Ok(start == MAGIC)
}

pub fn read(path: &Path) -> Result<Grid> {
    let name = path.display().to_string();
    // The library has asserts on what a file says of itself; a broken file must not end the program.
    let read = catch_unwind(AssertUnwindSafe(|| cells(path, &name)));
    read.unwrap_or_else(|_| Err(anyhow!("its contents contradict each other")))
        .with_context(|| format!("{name} can't be read as Parquet: was it cut short or changed?"))
}

fn cells(path: &Path, name: &str) -> Result<Grid> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    let schema = reader.metadata().file_metadata().schema();
    let columns: Vec<String> = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    if let Some(nested) = schema.get_fields().iter().find(|field| !field.is_primitive()) {
        bail!("column `{}` is nested; a table has one value in each cell", nested.name());
    }
    if let Some(twice) = columns.iter().enumerate().find(|(at, column)| columns[..*at].contains(column)) {
        bail!("column `{}` stands there twice", twice.1);
    }
    let mut cells: Vec<Vec<Cell>> = vec![Vec::new(); columns.len()];
    for (row, record) in reader.get_row_iter(None)?.enumerate() {
        let record = record.with_context(|| format!("row {row} from 0"))?;
        for ((place, (column, field)), names) in cells.iter_mut().zip(record.into_columns()).zip(&columns) {
            debug_assert_eq!(*names, column, "records have the columns of the schema");
            place.push(cell(field).with_context(|| format!("row {row} from 0, column {column}"))?);
        }
    }
    Ok(Grid { name: name.to_owned(), columns, cells, lines: None })
}

fn cell(field: Field) -> Result<Cell> {
    Ok(match field {
        Field::Null => Cell::Nothing,
        Field::Bool(claim) => Cell::Text(claim.to_string()),
        Field::Byte(value) => Cell::Number(f64::from(value)),
        Field::Short(value) => Cell::Number(f64::from(value)),
        Field::Int(value) => Cell::Number(f64::from(value)),
        // Counts beyond 2^53 lose their last digits, which no comparison of architectures will miss.
        Field::Long(value) => Cell::Number(value as f64),
        Field::UByte(value) => Cell::Number(f64::from(value)),
        Field::UShort(value) => Cell::Number(f64::from(value)),
        Field::UInt(value) => Cell::Number(f64::from(value)),
        Field::ULong(value) => Cell::Number(value as f64),
        Field::Float16(value) => Cell::Number(f64::from(value)),
        Field::Float(value) => Cell::Number(f64::from(value)),
        Field::Double(value) => Cell::Number(value),
        Field::Str(text) if text.is_empty() => Cell::Nothing,
        Field::Str(text) => Cell::Text(text),
        // Writers that do not mark their text as such.
        Field::Bytes(bytes) => Cell::Text(std::str::from_utf8(bytes.data())?.to_owned()),
        other => Cell::Text(other.to_string()),
    })
}
