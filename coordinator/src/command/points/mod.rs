//! Points in a CSV file: which columns are objectives, which way they are better, and the rows as minimised points. Maximised
//! columns are turned round here and nowhere else; messages speak of them as the file does.

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use common::nearest::did_you_mean;

use super::Usage;
pub(super) use crate::csv_file::Row;
use crate::csv_file::{CsvFile, Header, counted};

/// Which columns of the file are objectives.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Choice {
    /// The objectives, by the names in the header or, without one, by position: 1,2 [default: every column whose first value
    /// is a number]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "file")]
    pub columns: Vec<String>,
    /// Those of the objectives of which more is better; of the others, less
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "file")]
    pub maximise: Vec<String>,
}

/// One objective.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    index: usize,
    pub name: String,
    pub is_maximised: bool,
}

/// The rows of a file and what they mean.
#[derive(Debug)]
pub(super) struct Points {
    pub file: CsvFile,
    pub columns: Vec<Column>,
    /// `[rows, columns]`, minimised.
    pub minimised: Vec<Vec<f64>>,
}

impl Points {
    /// Reads `path`, the standard input where it is `-`.
    pub(super) fn read(path: &Path, choice: &Choice) -> Result<Self> {
        Self::of(CsvFile::read(path, Header::Guessed)?, choice)
    }

    fn of(file: CsvFile, choice: &Choice) -> Result<Self> {
        let columns = choose(&file, choice)?;
        let mut minimised = Vec::with_capacity(file.rows.len());
        for row in &file.rows {
            let value = |column: &Column| Ok(column.turned(number(&file, row, column)?));
            minimised.push(columns.iter().map(value).collect::<Result<Vec<f64>>>()?);
        }
        Ok(Self { file, columns, minimised })
    }

    /// A reference point given in the columns' own directions, minimised.
    pub(super) fn reference(&self, given: &[f64]) -> Result<Vec<f64>> {
        if given.len() != self.columns.len() {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            bail!(Usage(format!(
                "the reference has {} where {} read: {} (--columns chooses others)",
                counted(given.len(), "number"),
                if names.len() == 1 {
                    "one column is".into()
                } else {
                    format!("{} columns are", names.len())
                },
                names.join(", ")
            )));
        }
        if let Some(value) = given.iter().find(|value| !value.is_finite()) {
            bail!(Usage(format!("the reference has {value} where a finite number is needed")));
        }
        Ok(self.columns.iter().zip(given).map(|(column, value)| column.turned(*value)).collect())
    }

    /// What the mathematics refuses, at its place in the file.
    pub(super) fn explain(&self, error: &moo::Error) -> anyhow::Error {
        let line = |point: usize| format!("{}, line {}", self.file.name, self.file.rows[point].line);
        match *error {
            moo::Error::Unbounded { point, objective } => {
                let (column, row) = (&self.columns[objective], &self.file.rows[point]);
                let (place, value) = (line(point), column.cell(row));
                anyhow!(
                    "{place}, column {}: {value} is better than all numbers, no volume has that end",
                    column.name
                )
            }
            moo::Error::Overflow { point } => {
                anyhow!("{}: the volume up to the reference is too large for any number", line(point))
            }
            _ => anyhow!("{}: {error}", self.file.name),
        }
    }
}

impl Column {
    /// What stands in this column of a row.
    pub(super) fn cell<'a>(&self, row: &'a Row) -> &'a str {
        &row.cells[self.index]
    }

    fn turned(&self, value: f64) -> f64 {
        if self.is_maximised { -value } else { value }
    }
}

fn choose(file: &CsvFile, choice: &Choice) -> Result<Vec<Column>> {
    let indices = match choice.columns.as_slice() {
        [] => file.columns_of_numbers(),
        names => names.iter().map(|name| index_of(file, name)).collect::<Result<_>>()?,
    };
    if indices.is_empty() {
        bail!("{} has no column of numbers", file.name);
    }
    let mut columns: Vec<Column> = Vec::new();
    for index in indices {
        let name = file.names[index].clone();
        if columns.iter().any(|column| column.index == index) {
            bail!(Usage(format!("column {name} is chosen twice")));
        }
        columns.push(Column { index, name, is_maximised: false });
    }
    for name in &choice.maximise {
        let index = index_of(file, name)?;
        match columns.iter_mut().find(|column| column.index == index) {
            Some(column) => column.is_maximised = true,
            None => bail!(Usage(format!("column {name} can't be maximised: it is not among the objectives"))),
        }
    }
    Ok(columns)
}

/// The place of a column, or a refusal with the name that was probably meant.
fn index_of(file: &CsvFile, wanted: &str) -> Result<usize> {
    let wanted = wanted.trim();
    if let Some(index) = file.names.iter().position(|name| name == wanted) {
        return Ok(index);
    }
    let nearest = did_you_mean(wanted, file.names.iter().map(String::as_str));
    bail!(Usage(format!("{} has no column {wanted}{nearest}", file.name)))
}

fn number(file: &CsvFile, row: &Row, column: &Column) -> Result<f64> {
    let cell = column.cell(row);
    let place = format!("{}, line {}, column {}", file.name, row.line, column.name);
    match cell.parse::<f64>() {
        Ok(value) if value.is_nan() => {
            bail!("{place}: {cell} can't be compared: leave failed evaluations out of the file")
        }
        Ok(value) => Ok(value),
        Err(_) if cell.is_empty() => bail!("{place}: nothing stands where a number is expected"),
        Err(_) => bail!("{place}: `{cell}` is no number"),
    }
}
