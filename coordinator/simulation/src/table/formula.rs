//! A made-up table over the NAS-Bench-201 space, by a formula: no file, the same on every machine.
//!
//! Shaped like the real one (convolutions help and cost, depth helps with falling returns, cheap fidelities agree with the truth only
//! in part), so that a search has something to find. Its figures mean nothing outside of tests and first steps.

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::nas_bench_201::Operation;
use common::space::{NasBench201, SearchSpace, SpaceSpec};
use rand::RngExt;

use super::nas_bench_201::SKELETON;
use super::{CellId, Row, Table};

const REFERENCE_MJ: f64 = 50.0;
/// Accuracy of a guess among ten classes.
const CHANCE_PERCENT: f64 = 10.0;
/// Standing for how much each fidelity's own noise hides, in percentage points, in the order of [`super::Level::ALL`].
const NOISE: [f64; 4] = [25.0, 20.0, 6.0, 1.0];
/// What each fidelity keeps of the full accuracy above chance.
const KEPT: [f64; 4] = [0.45, 0.5, 0.85, 1.0];

#[derive(Debug)]
pub struct FormulaTable {
    space: NasBench201,
    rows: Vec<Row>,
}

impl FormulaTable {
    /// All 15,625 cells, in lexicographic order of their genes. `seed` turns the noise alone.
    pub fn new(seed: Seed) -> Self {
        let space = NasBench201::new(SKELETON);
        let largest = space.network_cost(&Architecture::new(vec![Operation::Conv3x3 as u32; 6])).flops as f64;
        let mut noise = seed.stream("formula table", 0);
        let rows = space.enumerate().map(|architecture| {
            let is_dead = !space.trainable(&architecture);
            let load = space.network_cost(&architecture).flops as f64 / largest;
            let promise = promise(&NasBench201::operations(&architecture));
            let mut accuracy_percent = [0.0; 4];
            for level in 0..4 {
                let drawn: f64 = noise.random_range(-0.5..0.5);
                let above = (80.0 * promise * KEPT[level] + drawn * NOISE[level]).clamp(0.0, 88.0);
                accuracy_percent[level] = CHANCE_PERCENT + if is_dead { 0.0 } else { above };
            }
            let jitter: f64 = noise.random_range(0.9..1.1);
            let (epoch_s, energy_mj) = (8.0 + 20.0 * load, (2.0 + 38.0 * load) * jitter);
            Row { architecture, accuracy_percent, epoch_s, energy_mj, is_dead }
        });
        let rows = rows.collect();
        Self { space, rows }
    }
}

/// How good a cell is, in [0, 1): operations weighted by their edge, with falling returns.
fn promise(operations: &[Operation; 6]) -> f64 {
    // The edges into the output and the residual path matter most, as in the benchmark.
    const EDGE: [f64; 6] = [1.0, 0.8, 0.7, 1.3, 0.9, 1.2];
    let worth = |operation: Operation| match operation {
        Operation::None => 0.0,
        Operation::AvgPool3x3 => 0.2,
        Operation::Skip => 0.45,
        Operation::Conv1x1 => 0.7,
        Operation::Conv3x3 => 1.0,
    };
    let sum: f64 = operations.iter().zip(EDGE).map(|(&operation, edge)| worth(operation) * edge).sum();
    1.0 - (-0.75 * sum).exp()
}

impl Table for FormulaTable {
    fn name(&self) -> &str {
        "formula (made up)"
    }

    fn space_spec(&self) -> SpaceSpec {
        SpaceSpec::NasBench201(SKELETON)
    }

    fn space(&self) -> &dyn SearchSpace {
        &self.space
    }

    fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn find(&self, architecture: &Architecture) -> Option<CellId> {
        self.space.check(architecture).ok()?;
        let digits = architecture.genes().iter();
        Some(CellId(digits.fold(0, |number, digit| number * 5 + digit)))
    }

    fn epochs(&self) -> (u32, u32) {
        (12, 200)
    }

    fn reference_mj(&self) -> f64 {
        REFERENCE_MJ
    }
}
