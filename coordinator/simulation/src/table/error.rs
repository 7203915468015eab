//! What can be wrong with a table's file. None of these goes away by trying again: the file must change.

use std::path::PathBuf;

use common::space::DecodeError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} can't be read: {reason}; give a CSV file, plain or gzipped")]
    Unreadable { path: PathBuf, reason: String },
    #[error("{path} has no column `{column}`; it has {found}")]
    MissingColumn { path: PathBuf, column: &'static str, found: String },
    #[error("{path}, line {line}: `{found}` in column `{column}` is not a number")]
    NotANumber { path: PathBuf, line: u64, column: &'static str, found: String },
    #[error("{path}, line {line}: {found} in column `{column}` is outside of {range}; is its unit another?")]
    Implausible { path: PathBuf, line: u64, column: &'static str, found: f64, range: &'static str },
    #[error("{path}, line {line}: {source}")]
    Architecture { path: PathBuf, line: u64, source: DecodeError },
    #[error("{path}, line {line}: the cell is a repetition of cell {first}; each belongs in the table once")]
    Repeated { path: PathBuf, line: u64, first: u32 },
    #[error(
        "{path}, line {line}: idx is {found} where {expected} comes next; rows must be in the order of idx"
    )]
    Order { path: PathBuf, line: u64, found: f64, expected: u32 },
    #[error("{path} has {found} rows instead of {expected}: was it cut short?")]
    RowCount { path: PathBuf, found: usize, expected: usize },
}
