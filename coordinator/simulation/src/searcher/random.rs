//! Chance, the searcher that every other one must beat.

use common::seed::Seed;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Searcher;
use crate::table::{CellId, Level, Table};

/// Every cell of the table once, in random order.
#[derive(Debug)]
pub struct Random {
    rng: ChaCha8Rng,
    /// The first `shuffled` places hold what was proposed.
    order: Vec<CellId>,
    shuffled: usize,
}

impl Random {
    pub fn new(seed: Seed) -> Self {
        Self { rng: seed.stream("random searcher", 0), order: Vec::new(), shuffled: 0 }
    }
}

impl Searcher for Random {
    fn name(&self) -> &str {
        "random"
    }

    fn propose(&mut self, table: &dyn Table) -> Option<CellId> {
        if self.order.is_empty() {
            self.order = table.cells().collect();
        }
        let open = self.shuffled..self.order.len();
        if open.is_empty() {
            return None;
        }
        // Fisher and Yates, one step a question.
        let drawn = self.rng.random_range(open);
        self.order.swap(self.shuffled, drawn);
        self.shuffled += 1;
        Some(self.order[self.shuffled - 1])
    }

    fn on_trained(&mut self, _: CellId, _: Level, _: &dyn Table) {}
}
