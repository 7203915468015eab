//! `ce-nas hypervolume`: how much of the objective space the points of a file cover.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::points::{Choice, Points, Row};
use super::table::{Side, aligned};
use super::{print, print_json};

/// Compute the hypervolume of the points in a CSV file
///
/// The volume between the points and the reference; less is better in each column unless
/// --maximise says otherwise. Dominated rows, repeated rows and rows that are not better than the
/// reference in every column cover nothing more. A first row without any number is the header.
///
/// Examples:
///   ce-nas hypervolume --reference 1,1 front.csv
///   ce-nas hypervolume --columns accuracy,energy --maximise accuracy --reference 0,50 table.csv.gz
///   ce-nas front table.csv | ce-nas hypervolume --reference 1,1 --contributions -
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// A CSV file with a point in each row, gzipped or not; - is the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub choice: Choice,
    /// The worst point that still counts: a number for each column, in its own direction
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', required = true, allow_hyphen_values = true)]
    pub reference: Vec<f64>,
    /// Show what each row covers that no other row does
    #[arg(long)]
    pub contributions: bool,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// The answer in full.
#[derive(Debug, Serialize)]
struct Told {
    hypervolume: f64,
    columns: Vec<String>,
    maximised: Vec<String>,
    reference: Vec<f64>,
    rows: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    contributions: Option<Vec<Contribution>>,
}

#[derive(Debug, Serialize)]
struct Contribution {
    line: u64,
    contribution: f64,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let points = Points::read(&args.file, &args.choice)?;
    let reference = points.reference(&args.reference)?;
    let explained = |error: moo::Error| points.explain(&error);
    let hypervolume = moo::hypervolume(&points.minimised, &reference).map_err(explained)?;
    let parts = match args.contributions {
        true => Some(moo::contributions(&points.minimised, &reference).map_err(explained)?),
        false => None,
    };
    if args.json {
        return print_json(out, &told(&points, args, hypervolume, parts.as_deref()));
    }
    let text = match parts {
        Some(parts) => format!("hypervolume {hypervolume}\n\n{}", listing(&points, &parts)),
        None => format!("{hypervolume}\n"),
    };
    print(out, &text)
}

fn told(points: &Points, args: &Args, hypervolume: f64, parts: Option<&[f64]>) -> Told {
    let contribution = |(row, &contribution): (&Row, &f64)| Contribution { line: row.line, contribution };
    let maximised = points.columns.iter().filter(|column| column.is_maximised);
    Told {
        hypervolume,
        columns: points.columns.iter().map(|column| column.name.clone()).collect(),
        maximised: maximised.map(|column| column.name.clone()).collect(),
        reference: args.reference.clone(),
        rows: points.minimised.len(),
        contributions: parts.map(|parts| points.file.rows.iter().zip(parts).map(contribution).collect()),
    }
}

fn listing(points: &Points, parts: &[f64]) -> String {
    let mut columns = vec![("line", Side::Right)];
    columns.extend(points.columns.iter().map(|column| (column.name.as_str(), Side::Right)));
    columns.push(("contribution", Side::Right));
    let row = |(row, part): (&Row, &f64)| {
        let cells = points.columns.iter().map(|column| column.cell(row).to_owned());
        [row.line.to_string()].into_iter().chain(cells).chain([part.to_string()]).collect()
    };
    aligned(&columns, &points.file.rows.iter().zip(parts).map(row).collect::<Vec<_>>())
}
