//! The table as CSV, gzipped where its name ends so.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::figures::{Figures, Row};

/// A column: its name, and its cell in a row.
type Column = (String, Box<dyn Fn(usize, &Row) -> String>);

/// What such a cell holds, if it is a number.
type Figure = Box<dyn Fn(&Row) -> Option<f64>>;

/// The file's bytes.
pub fn bytes(figures: &Figures, path: &Path) -> Result<Vec<u8>> {
    let text = text(figures);
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok(text.into_bytes());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?)
}

fn text(figures: &Figures) -> String {
    let columns = columns(figures);
    let mut text = columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",");
    text.push('\n');
    for (index, row) in figures.rows.iter().enumerate() {
        let cells: Vec<String> = columns.iter().map(|(_, cell)| quoted(cell(index, row))).collect();
        let _ = writeln!(text, "{}", cells.join(","));
    }
    text
}

fn columns(figures: &Figures) -> Vec<Column> {
    let mut columns: Vec<Column> = vec![
        ("idx".into(), Box::new(|index, _| index.to_string())),
        ("arch".into(), Box::new(|_, row| row.arch.clone())),
        ("canonical".into(), Box::new(|_, row| row.canonical.clone())),
    ];
    let mut figure = |wanted: bool, name: String, cell: Figure| {
        if wanted {
            columns.push((name, Box::new(move |_, row| cell(row).map(number).unwrap_or_default())));
        }
    };
    let is_counted = figures.rows.iter().all(|row| row.cost.is_some());
    figure(is_counted, "parameters".into(), Box::new(|row| row.cost.map(|cost| cost.parameters as f64)));
    figure(is_counted, "flops".into(), Box::new(|row| row.cost.map(|cost| cost.flops as f64)));
    for (at, step) in figures.steps.iter().enumerate() {
        figure(true, format!("{}_accuracy", step.name), Box::new(move |row| Some(row.steps[at].accuracy)));
    }
    let is_tested = figures.rows.iter().all(|row| row.test.is_some());
    figure(is_tested, "test_accuracy".into(), Box::new(|row| row.test.as_ref().map(|(mean, _)| *mean)));
    for (at, step) in figures.steps.iter().enumerate() {
        figure(true, format!("{}_seconds", step.name), Box::new(move |row| Some(row.steps[at].seconds)));
    }
    figure(true, "seconds_per_epoch".into(), Box::new(|row| Some(row.epoch_s)));
    figure(true, "joules_per_epoch".into(), Box::new(|row| Some(row.epoch_j)));
    figure(figures.has_latency(), "latency_ms".into(), Box::new(|row| row.latency_ms));
    figure(figures.has_inference(), "inference_mj".into(), Box::new(|row| row.inference_mj));
    for (turn, seed) in figures.seeds.iter().enumerate() {
        for (at, step) in figures.steps.iter().enumerate() {
            let name = format!("{}_accuracy_seed_{seed}", step.name);
            figure(true, name, Box::new(move |row| row.steps[at].by_seed[turn]));
        }
        let by_seed = move |row: &Row| row.test.as_ref().and_then(|(_, by_seed)| by_seed[turn]);
        figure(is_tested, format!("test_accuracy_seed_{seed}"), Box::new(by_seed));
    }
    columns
}

impl Figures {
    pub fn has_latency(&self) -> bool {
        self.rows.iter().all(|row| row.latency_ms.is_some())
    }

    pub fn has_inference(&self) -> bool {
        self.rows.iter().all(|row| row.inference_mj.is_some())
    }
}

/// Five digits tell more than any of these is sure of; counts are whole.
fn number(value: f64) -> String {
    if value == value.trunc() || value.abs() >= 1e5 {
        return format!("{value:.0}");
    }
    let digits = (4 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A notation may hold anything.
fn quoted(cell: String) -> String {
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact_enough() {
        let cases =
            [(7_902.0, "7902"), (83.25, "83.25"), (0.012_345_678, "0.012346"), (100.0 / 3.0, "33.333")];
        cases.iter().for_each(|(value, expected)| assert_eq!(number(*value), *expected));
        assert_eq!(quoted("a,\"b\"".into()), "\"a,\"\"b\"\"\"");
    }
}
