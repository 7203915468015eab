//! Who proposes what to train next: a list, chance, or LaMOO over what has finished.
//!
//! A newcomer is a struct here. It is asked for one cell at a time while others train, and may answer at once: proposing costs no
//! simulated time.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use lamoo::{Memory, Nothing, Observation, ProposalRequest, Scope};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::table::{CellId, Level, Table};

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

/// LaMOO over the full trainings that have finished, with no candidate proposed twice.
#[derive(Debug)]
pub struct Lamoo {
    seed: Seed,
    options: lamoo::Options,
    /// Candidates of one question.
    batch: usize,
    stock: VecDeque<CellId>,
    proposed: BTreeSet<Architecture>,
    observations: Vec<Observation>,
    memory: Memory,
}

impl Lamoo {
    /// `batch` candidates are asked for at once.
    pub fn new(seed: Seed, batch: usize, options: lamoo::Options) -> Self {
        let (stock, proposed, observations) = (VecDeque::new(), BTreeSet::new(), Vec::new());
        Self { seed, options, batch, stock, proposed, observations, memory: Memory::default() }
    }

    fn ask(&mut self, table: &dyn Table) {
        let seen: BTreeSet<&Architecture> = self.observations.iter().map(|seen| &seen.architecture).collect();
        let pending = self.proposed.iter().filter(|cell| !seen.contains(cell)).cloned().collect();
        let request = ProposalRequest {
            scope: Scope::functions(table.space()),
            observations: &self.observations,
            fidelity: Fidelity::Full,
            pending: &pending,
            exclude: &self.proposed,
            promotable: &[],
            knowledge: &Nothing,
            reference: &[100.0, table.reference_mj()],
            count: self.batch,
            seed: self.seed.derive("lamoo searcher", 0),
            options: &self.options,
        };
        let proposals = lamoo::propose(&request, &mut self.memory)
            .expect("a table's rows are of its space and hold numbers only");
        for proposal in proposals.candidates {
            self.stock.extend(table.find(&proposal.architecture));
            self.proposed.insert(proposal.architecture);
        }
    }
}

impl Searcher for Lamoo {
    fn name(&self) -> &str {
        "lamoo"
    }

    fn propose(&mut self, table: &dyn Table) -> Option<CellId> {
        if self.stock.is_empty() {
            self.ask(table);
        }
        self.stock.pop_front()
    }

    fn on_trained(&mut self, cell: CellId, level: Level, table: &dyn Table) {
        if level == Level::Full {
            let row = table.row(cell);
            let (architecture, objectives) = (row.architecture.clone(), row.objectives(level).to_vec());
            self.observations.push(Observation { architecture, fidelity: Fidelity::Full, objectives });
        }
    }
}
