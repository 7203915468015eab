//! The search of real studies over a table: LaMOO's regions, the surrogate, or both, learning from every training that has finished.
//!
//! Each row counts for itself, for each has a result of its own. Energy is a look-up on the target device and needs no model; nor does
//! the accuracy of a cell whose input never reaches its output, which is chance.

use std::collections::{BTreeSet, VecDeque};

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use lamoo::{Knowledge, Memory, Observation, ProposalRequest, Scope};

use super::Searcher;
use crate::table::{CellId, Level, Table};

/// LaMOO with no candidate proposed twice.
#[derive(Debug)]
pub struct Lamoo {
    name: String,
    seed: Seed,
    options: lamoo::Options,
    /// Candidates of one question.
    batch: usize,
    /// The first training of a candidate: the tree learns from these, the surrogate from all.
    first: Level,
    /// Every row of the table, once it is known.
    listed: BTreeSet<Architecture>,
    stock: VecDeque<CellId>,
    proposed: BTreeSet<Architecture>,
    observations: Vec<Observation>,
    memory: Memory,
}

impl Lamoo {
    /// `batch` candidates are asked for at once; each is trained to the end at once.
    pub fn new(seed: Seed, batch: usize, options: lamoo::Options) -> Self {
        Self {
            name: "lamoo".into(),
            seed,
            options,
            batch,
            first: Level::Full,
            listed: BTreeSet::new(),
            stock: VecDeque::new(),
            proposed: BTreeSet::new(),
            observations: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// By one of the names of [`lamoo::Options::named`].
    pub fn named(name: &str, seed: Seed, batch: usize) -> Option<Self> {
        let options = lamoo::Options::named(name)?;
        Some(Self { name: name.into(), ..Self::new(seed, batch, options) })
    }

    /// Candidates get a short training first.
    pub fn short_first(self) -> Self {
        Self { first: Level::Short, ..self }
    }

    fn ask(&mut self, table: &dyn Table) {
        if self.listed.is_empty() {
            self.listed = table.rows().iter().map(|row| row.architecture.clone()).collect();
        }
        let seen: BTreeSet<&Architecture> = self.observations.iter().map(|seen| &seen.architecture).collect();
        let pending = self.proposed.iter().filter(|cell| !seen.contains(cell)).cloned().collect();
        let facts = Facts(table);
        let request = ProposalRequest {
            scope: Scope::rows(table.space(), &self.listed),
            observations: &self.observations,
            fidelity: fidelity(self.first, table),
            pending: &pending,
            exclude: &self.proposed,
            promotable: &[],
            knowledge: &facts,
            reference: &[100.0, table.reference_mj()],
            affordable: None,
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
        &self.name
    }

    fn propose(&mut self, table: &dyn Table) -> Option<CellId> {
        if self.stock.is_empty() {
            self.ask(table);
        }
        self.stock.pop_front()
    }

    fn on_trained(&mut self, cell: CellId, level: Level, table: &dyn Table) {
        if matches!(level, Level::Short | Level::Full) {
            let row = table.row(cell);
            let (architecture, objectives) = (row.architecture.clone(), row.objectives(level).to_vec());
            self.observations.push(Observation {
                architecture,
                fidelity: fidelity(level, table),
                objectives,
                effort: Some(row.epoch_s),
            });
        }
    }
}

/// Of a training.
fn fidelity(level: Level, table: &dyn Table) -> Fidelity {
    if level == Level::Short { Fidelity::Rung(table.epochs().0) } else { Fidelity::Full }
}

/// What a table says before anything is trained.
#[derive(Debug)]
struct Facts<'a>(&'a dyn Table);

const ENERGY: usize = 1;

impl Knowledge for Facts<'_> {
    fn known(&self, objective: usize, architecture: &Architecture) -> Option<f64> {
        let row = self.0.row(self.0.find(architecture)?);
        (objective == ENERGY || row.is_dead).then(|| row.objectives(Level::Full)[objective])
    }

    fn is_learnt(&self, objective: usize) -> bool {
        objective != ENERGY
    }

    fn is_trained(&self, objective: usize) -> bool {
        objective != ENERGY
    }
}
