//! A table that says by itself all that a simulated study needs: a sheet with two fidelities and a section `[simulation]`, such as
//! `ce-nas tabulate` writes. One of them comes with the program: real trainings on Fashion-MNIST, see `data/README.md`.
//!
//! Time is scaled as the description says: trainings of seconds last as long as those that studies are made of. What was never
//! recorded is not made up: without sub-supernets, few-shot scores are the one-shot ones.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use common::architecture::Architecture;
use common::space::{SearchSpace, SpaceSpec};

use super::{CellId, Row, Table};
use crate::sheet::{Sheet, World};

const FASHION_CELLS: &str = include_str!("../../data/fashion_cells.csv");
const FASHION_CELLS_DESCRIBED: &str = include_str!("../../data/fashion_cells.toml");
/// What the description must call the objective that is maximised, in percent.
const ACCURACY: &str = "accuracy";

/// Every cell of three nodes, trained on Fashion-MNIST: needs no file.
///
/// # Panics
/// Never with the files that it was built with, as a test checks.
pub fn builtin() -> RecordedTable {
    let sheet = Sheet::parse("fashion_cells.csv", FASHION_CELLS, FASHION_CELLS_DESCRIBED);
    sheet.and_then(|sheet| RecordedTable::of(&sheet)).expect("the table that comes with the program")
}

/// A sheet as a world.
#[derive(Debug)]
pub struct RecordedTable {
    name: String,
    spec: SpaceSpec,
    space: Box<dyn SearchSpace>,
    rows: Vec<Row>,
    by_architecture: BTreeMap<Architecture, CellId>,
    epochs: (u32, u32),
    reference_mj: f64,
    time_scale: f64,
}

impl RecordedTable {
    /// Reads the table at `path`, described by `describe` or else by the file of its name that ends in `.toml`.
    pub fn read(path: &Path, describe: Option<&Path>) -> Result<Self> {
        Self::of(&Sheet::read(path, describe)?)
    }

    /// Refuses a sheet that lacks a fidelity, the section or a plausible figure.
    pub fn of(sheet: &Sheet) -> Result<Self> {
        let name = sheet.name();
        let world = sheet.world().with_context(|| {
            format!("{name} is described without [simulation]: a search can run on it, a study can't")
        })?;
        let [short, full] = sheet.fidelities() else {
            let count = sheet.fidelities().len();
            bail!("{name} describes {count} fidelities: a study needs two, a short and a full training");
        };
        let accuracy = sheet.measure(ACCURACY, None)?;
        let stands_in = short.columns.get(ACCURACY);
        let short_column = stands_in.with_context(|| {
            format!("{name} does not say which column holds the {ACCURACY} after {} epochs", short.epochs)
        })?;
        let turned = |values: Vec<f64>| values.into_iter().map(|value| accuracy.direction.turned(value));
        let shown = |column: &str| sheet.stand_in(&accuracy, column).map(turned).map(Iterator::collect);
        let one_shot: Vec<f64> = shown(&world.one_shot)?;
        let shorts: Vec<f64> = shown(short_column)?;
        let fulls: Vec<f64> = turned(accuracy.minimised.clone()).collect();
        for (row, values) in one_shot.iter().zip(&shorts).zip(&fulls).enumerate() {
            let ((one_shot, short), full) = values;
            let is_percent = [one_shot, short, full].iter().all(|value| (0.0..=100.0).contains(*value));
            ensure!(is_percent, "{}: no percentage", sheet.place_of(row, ACCURACY));
        }
        let epoch_s = positive(sheet, &world.epoch_seconds, f64::INFINITY)?;
        let energy_mj = positive(sheet, &world.energy, world.reference_mj)?;
        let space = sheet.space_spec().build();
        let row = |(row, architecture): (usize, &Architecture)| Row {
            architecture: architecture.clone(),
            accuracy_percent: [one_shot[row], one_shot[row], shorts[row], fulls[row]],
            epoch_s: epoch_s[row] * world.time_scale,
            energy_mj: energy_mj[row],
            is_dead: !space.trainable(architecture),
        };
        let rows: Vec<Row> = sheet.architectures().iter().enumerate().map(row).collect();
        let cells = (0..).map(CellId);
        let by_architecture = rows.iter().map(|row| row.architecture.clone()).zip(cells).collect();
        let World { time_scale, reference_mj, .. } = *world;
        let (name, spec, epochs) = (name.to_owned(), sheet.space_spec().clone(), (short.epochs, full.epochs));
        Ok(Self { name, spec, space, rows, by_architecture, epochs, reference_mj, time_scale })
    }

    /// Simulated seconds for each second that was measured.
    pub fn time_scale(&self) -> f64 {
        self.time_scale
    }
}

/// A column above zero and not above `most`, `[rows]`.
fn positive(sheet: &Sheet, column: &str, most: f64) -> Result<Vec<f64>> {
    let values = sheet.numbers(column)?;
    if let Some(row) = values.iter().position(|value| !(*value > 0.0 && *value <= most)) {
        let place = sheet.place_of(row, column);
        bail!("{place}: {} must be above zero{}", values[row], limit(most));
    }
    Ok(values)
}

fn limit(most: f64) -> String {
    if most.is_finite() { format!(" and not above simulation.reference_mj = {most}") } else { String::new() }
}

impl Table for RecordedTable {
    fn name(&self) -> &str {
        &self.name
    }

    fn space_spec(&self) -> SpaceSpec {
        self.spec.clone()
    }

    fn space(&self) -> &dyn SearchSpace {
        self.space.as_ref()
    }

    fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn find(&self, architecture: &Architecture) -> Option<CellId> {
        self.by_architecture.get(architecture).copied()
    }

    fn epochs(&self) -> (u32, u32) {
        self.epochs
    }

    fn reference_mj(&self) -> f64 {
        self.reference_mj
    }
}
