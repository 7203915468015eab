//! Tabulated worlds: every architecture of a space with what training it would show, and what that costs.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `nas_bench_201` | the benchmark's recorded trainings, read from a file |
//! | `formula` | the same space by a formula: needs no file, for tests and first steps |
//! | `recorded` | any table that says enough of itself, such as those of `ce-nas tabulate`; the one that comes with the program |
//! | `conformance` | what every table owes its users |
//!
//! Absent on purpose: who searches, how long a task takes beside its epochs ([`crate::world::Work`]), and any randomness.

pub mod conformance;
mod error;
mod formula;
mod nas_bench_201;
mod recorded;

use std::fmt;

use common::architecture::Architecture;
use common::space::{SearchSpace, SpaceSpec};
use moo::Front;

pub use error::Error;
pub use formula::FormulaTable;
pub use nas_bench_201::NasBench201Table;
pub use recorded::{RecordedTable, builtin};

/// An architecture by its number in a table, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub u32);

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How an accuracy of a table came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Weights inherited from one supernet.
    OneShot,
    /// Weights inherited from the sub-supernet that the architecture belongs to.
    FewShot,
    /// A short training on a schedule of its own.
    Short,
    /// Trained to the end: the truth of this world.
    Full,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::OneShot, Self::FewShot, Self::Short, Self::Full];
}

/// What a table knows of one architecture.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub architecture: Architecture,
    /// Accuracy in percent, in the order of [`Level::ALL`].
    pub accuracy_percent: [f64; 4],
    /// Seconds of one training epoch.
    pub epoch_s: f64,
    /// Energy of one inference on the target device in millijoules: a look-up, known before the search and free.
    pub energy_mj: f64,
    /// Whether its input never reaches its output: its accuracy is chance, known without a model.
    pub is_dead: bool,
}

impl Row {
    pub fn accuracy_percent(&self, level: Level) -> f64 {
        self.accuracy_percent[level as usize]
    }

    /// `[error in percent, energy_mj]`, both minimised, as evaluated at `level`.
    pub fn objectives(&self, level: Level) -> [f64; 2] {
        [100.0 - self.accuracy_percent(level), self.energy_mj]
    }
}

/// A whole space, tabulated.
pub trait Table: fmt::Debug + Send + Sync {
    /// For reports: which data set, which recordings.
    fn name(&self) -> &str;

    fn space_spec(&self) -> SpaceSpec;

    fn space(&self) -> &dyn SearchSpace;

    /// `[n]`, by [`CellId`].
    fn rows(&self) -> &[Row];

    /// The row that holds exactly this encoding.
    fn find(&self, architecture: &Architecture) -> Option<CellId>;

    /// Epochs of the short and of the full training whose accuracies are tabulated.
    fn epochs(&self) -> (u32, u32);

    /// The energy beyond which an architecture is of no interest, in millijoules; the worst accuracy is 0 %.
    fn reference_mj(&self) -> f64;

    /// # Panics
    /// When the table has no such cell.
    fn row(&self, cell: CellId) -> &Row {
        &self.rows()[cell.0 as usize]
    }

    fn cells(&self) -> CellIds {
        CellIds(0..u32::try_from(self.rows().len()).expect("a table is held in memory"))
    }

    /// Seconds of one epoch, mean over all cells: what an epoch of a supernet takes.
    fn mean_epoch_s(&self) -> f64 {
        self.rows().iter().map(|row| row.epoch_s).sum::<f64>() / self.rows().len() as f64
    }

    /// An empty measured front: `[error in percent, energy_mj]` against `[100, reference_mj]`. Its hypervolume is the area
    /// Σ accuracy · (next energy − energy) over the staircase, in percent × mJ.
    fn front(&self) -> Front<CellId> {
        Front::new(&[100.0, self.reference_mj()]).expect("a finite reference point")
    }

    /// The front of all full trainings: its hypervolume is the most a search can reach.
    fn whole_front(&self) -> Front<CellId> {
        let mut front = self.front();
        for cell in self.cells() {
            front.insert(&self.row(cell).objectives(Level::Full), cell).expect("tables hold numbers only");
        }
        front
    }
}

/// All cells of a table, in order.
#[derive(Debug, Clone)]
pub struct CellIds(std::ops::Range<u32>);

impl Iterator for CellIds {
    type Item = CellId;

    fn next(&mut self) -> Option<CellId> {
        self.0.next().map(CellId)
    }
}
