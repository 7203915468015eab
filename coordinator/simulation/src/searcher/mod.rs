//! Who proposes what to train next: a list, chance, or LaMOO over what has finished.
//!
//! A newcomer is a file here and a line in [`named`]. It is asked for one cell at a time while others train, and may answer at once: proposing costs no
//! simulated time.

mod fixed_list;
mod lamoo;
mod random;

use std::fmt;

use common::seed::Seed;

pub use fixed_list::FixedList;
pub use lamoo::Lamoo;
pub use random::Random;

use crate::table::{CellId, Level, Table};

/// A searcher by name: `random`, or one of real studies (`common::config::SEARCHERS`). `first` is the first training of a candidate, `batch`
/// how many candidates are asked for at once.
pub fn named(name: &str, seed: Seed, first: Level, batch: usize) -> Option<Box<dyn Searcher>> {
    if name == "random" {
        return Some(Box::new(Random::new(seed)));
    }
    let lamoo = Lamoo::named(name, seed, batch)?;
    Some(Box::new(if first == Level::Short { lamoo.short_first() } else { lamoo }))
}

/// Proposes cells to train. Deterministic by its seed.
pub trait Searcher: fmt::Debug {
    fn name(&self) -> &str;

    /// A cell that was not proposed before; none when there is none left.
    fn propose(&mut self, table: &dyn Table) -> Option<CellId>;

    /// A training at `level` finished; what it showed stands in the table.
    fn on_trained(&mut self, cell: CellId, level: Level, table: &dyn Table);
}

impl<S: Searcher + ?Sized> Searcher for Box<S> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn propose(&mut self, table: &dyn Table) -> Option<CellId> {
        (**self).propose(table)
    }

    fn on_trained(&mut self, cell: CellId, level: Level, table: &dyn Table) {
        (**self).on_trained(cell, level, table);
    }
}
