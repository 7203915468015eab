//! A list that somebody made: worked runs, oracles.

use std::collections::{BTreeSet, VecDeque};

use super::Searcher;
use crate::table::{CellId, Level, Table};

/// The cells of a list, in order; repetitions are left out.
#[derive(Debug, Clone)]
pub struct FixedList {
    ahead: VecDeque<CellId>,
    proposed: BTreeSet<CellId>,
}

impl FixedList {
    pub fn new(cells: impl IntoIterator<Item = CellId>) -> Self {
        Self { ahead: cells.into_iter().collect(), proposed: BTreeSet::new() }
    }
}

impl Searcher for FixedList {
    fn name(&self) -> &str {
        "list"
    }

    fn propose(&mut self, _: &dyn Table) -> Option<CellId> {
        std::iter::from_fn(|| self.ahead.pop_front()).find(|cell| self.proposed.insert(*cell))
    }

    fn on_trained(&mut self, _: CellId, _: Level, _: &dyn Table) {}
}
