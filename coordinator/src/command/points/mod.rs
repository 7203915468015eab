//! Points in a CSV file: which columns are objectives, which way they are better, and the rows as minimised points. Maximised
//! columns are turned round here and nowhere else; messages speak of them as the file does.

mod sheet;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Result, anyhow, bail};

use super::Usage;
pub(super) use sheet::{Row, Sheet};

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
    pub sheet: Sheet,
    pub columns: Vec<Column>,
    /// `[rows, columns]`, minimised.
    pub minimised: Vec<Vec<f64>>,
}

impl Points {
    /// Reads `path`, the standard input where it is `-`.
    pub(super) fn read(path: &Path, choice: &Choice) -> Result<Self> {
        Self::of(Sheet::read(path)?, choice)
    }

    fn of(sheet: Sheet, choice: &Choice) -> Result<Self> {
        let columns = choose(&sheet, choice)?;
        let mut minimised = Vec::with_capacity(sheet.rows.len());
        for row in &sheet.rows {
            let value = |column: &Column| Ok(column.turned(number(&sheet, row, column)?));
            minimised.push(columns.iter().map(value).collect::<Result<Vec<f64>>>()?);
        }
        Ok(Self { sheet, columns, minimised })
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
        let line = |point: usize| format!("{}, line {}", self.sheet.name, self.sheet.rows[point].line);
        match *error {
            moo::Error::Unbounded { point, objective } => {
                let (column, row) = (&self.columns[objective], &self.sheet.rows[point]);
                let (place, value) = (line(point), column.cell(row));
                anyhow!(
                    "{place}, column {}: {value} is better than all numbers, no volume has that end",
                    column.name
                )
            }
            moo::Error::Overflow { point } => {
                anyhow!("{}: the volume up to the reference is too large for any number", line(point))
            }
            _ => anyhow!("{}: {error}", self.sheet.name),
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

fn choose(sheet: &Sheet, choice: &Choice) -> Result<Vec<Column>> {
    let indices = match choice.columns.as_slice() {
        [] => sheet.columns_of_numbers(),
        names => names.iter().map(|name| index_of(sheet, name)).collect::<Result<_>>()?,
    };
    if indices.is_empty() {
        bail!("{} has no column of numbers", sheet.name);
    }
    let mut columns: Vec<Column> = Vec::new();
    for index in indices {
        let name = sheet.names[index].clone();
        if columns.iter().any(|column| column.index == index) {
            bail!(Usage(format!("column {name} is chosen twice")));
        }
        columns.push(Column { index, name, is_maximised: false });
    }
    for name in &choice.maximise {
        let index = index_of(sheet, name)?;
        match columns.iter_mut().find(|column| column.index == index) {
            Some(column) => column.is_maximised = true,
            None => bail!(Usage(format!("column {name} can't be maximised: it is not among the objectives"))),
        }
    }
    Ok(columns)
}

/// The place of a column, or a refusal with the name that was probably meant.
fn index_of(sheet: &Sheet, wanted: &str) -> Result<usize> {
    let wanted = wanted.trim();
    if let Some(index) = sheet.names.iter().position(|name| name == wanted) {
        return Ok(index);
    }
    let similarity = |name: &String| strsim::jaro_winkler(name, wanted);
    let nearest = sheet.names.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    let nearest = nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
    bail!(Usage(format!("{} has no column {wanted}{nearest}", sheet.name)))
}

fn number(sheet: &Sheet, row: &Row, column: &Column) -> Result<f64> {
    let cell = column.cell(row);
    let place = format!("{}, line {}, column {}", sheet.name, row.line, column.name);
    match cell.parse::<f64>() {
        Ok(value) if value.is_nan() => {
            bail!("{place}: {cell} can't be compared: leave failed evaluations out of the file")
        }
        Ok(value) => Ok(value),
        Err(_) if cell.is_empty() => bail!("{place}: nothing stands where a number is expected"),
        Err(_) => bail!("{place}: `{cell}` is no number"),
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("one {noun}") } else { format!("{count} {noun}s") }
}
