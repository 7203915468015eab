//! `ce-nas front`: the Pareto front of a study as it stands, or of the points in a file.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Number, Value};

use super::points::{Choice, Points, Row};
use super::table::{Side, aligned};
use super::{StudyArgs, Told, print, print_json};
use crate::report::{Network, text};

/// Show the Pareto front of a study, or of the points in a CSV file
///
/// With FILE, its rows that no other row dominates are printed as they stand and in their order,
/// after the header if there is one. Less is better in each column unless --maximise says
/// otherwise. Rows with equal objectives do not dominate each other: all of them stay. A first row
/// without any number is the header.
///
/// Examples:
///   ce-nas front --dir runs/quickstart --json
///   ce-nas front table.csv.gz --columns accuracy,energy --maximise accuracy
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// A CSV file with a point in each row, gzipped or not, instead of a study; - is the standard input
    #[arg(value_name = "FILE", conflicts_with_all = ["dir", "url"])]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub choice: Choice,
    #[command(flatten)]
    pub study: StudyArgs,
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    if let Some(file) = &args.file {
        return front_of_file(file, args, out);
    }
    args.study.show(out, |told| told.report.front.clone(), |told, _| listing(told))
}

fn front_of_file(file: &Path, args: &Args, out: &mut dyn Write) -> Result<()> {
    let points = Points::read(file, &args.choice)?;
    let kept = moo::non_dominated(&points.minimised).map_err(|error| points.explain(&error))?;
    let rows: Vec<&Row> = kept.into_iter().map(|index| &points.file.rows[index]).collect();
    if args.study.json {
        return print_json(out, &rows.into_iter().map(|row| Line::of(row, &points)).collect::<Vec<_>>());
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    if points.file.has_header {
        writer.write_record(&points.file.names)?;
    }
    for row in rows {
        writer.write_record(&row.cells)?;
    }
    print(out, &String::from_utf8(writer.into_inner()?)?)
}

/// One row of a file, for programs.
#[derive(Debug, Serialize)]
struct Line {
    line: u64,
    /// By column: objectives that JSON has numbers for are numbers, everything else is the file's text.
    row: Map<String, Value>,
}

impl Line {
    fn of(row: &Row, points: &Points) -> Self {
        let mut cells: Map<String, Value> =
            points.file.names.iter().cloned().zip(row.cells.iter().cloned().map(Value::String)).collect();
        for column in &points.columns {
            let number = column.cell(row).parse().ok().and_then(Number::from_f64);
            cells.extend(number.map(|number| (column.name.clone(), Value::Number(number))));
        }
        Self { line: row.line, row: cells }
    }
}

fn listing(told: &Told) -> String {
    let front = &told.report.front;
    if front.is_empty() {
        return "the front is empty: no full training has finished yet\n".into();
    }
    let any = |of: fn(&Network) -> bool| front.iter().any(of);
    let (latency, joules) = (any(|n| n.latency_ms.is_some()), any(|n| n.joules_per_inference.is_some()));
    let mut columns = vec![
        ("trial", Side::Right),
        ("test", Side::Right),
        ("validation", Side::Right),
        ("parameters", Side::Right),
        ("MACs", Side::Right),
    ];
    columns.extend(latency.then_some(("latency", Side::Right)));
    columns.extend(joules.then_some(("J/inference", Side::Right)));
    columns.extend([("time", Side::Right), ("energy", Side::Right), ("architecture", Side::Left)]);
    let row = |network: &Network| {
        let given = network.given.is_some();
        let mut row = vec![
            network.trial.to_string(),
            network.test_accuracy.map_or("–".into(), |share| text::percent(share, 2)),
            text::percent(network.validation_accuracy, 2),
            network.parameters.map_or("–".into(), text::count),
            network.flops.map_or("–".into(), |count| text::large(count as f64)),
        ];
        let shown = |value: Option<f64>, show: &dyn Fn(f64) -> String| value.map_or("–".into(), show);
        row.extend(latency.then(|| shown(network.latency_ms, &|ms| format!("{} ms", text::significant(ms)))));
        row.extend(joules.then(|| shown(network.joules_per_inference, &text::joules)));
        row.extend([
            if given { "–".into() } else { text::duration(network.seconds) },
            if given { "–".into() } else { text::joules_as_energy(network.joules) },
            network.given.as_ref().map_or(network.architecture.clone(), |source| {
                format!("{} (given by {})", network.architecture, source.file)
            }),
        ]);
        row
    };
    aligned(&columns, &front.iter().map(row).collect::<Vec<_>>())
}
