//! One search, and many of them side by side.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use anyhow::{Context, Result};
use common::architecture::Architecture;
use common::config::Ladder;
use common::fidelity::Fidelity;
use common::seed::Seed;
use lamoo::{Identity, Memory, Observation, ProposalRequest, Proposals, Scope};
use moo::Front;

use super::facts::Facts;
use super::oracle::{Oracle, Place};
use crate::side_by_side::side_by_side;

/// How to search.
#[derive(Debug, Clone)]
pub struct Plan {
    pub options: lamoo::Options,
    /// Trainings; where there is a rung, as much as so many full trainings cost.
    pub evaluations: usize,
    /// Candidates of one question.
    pub batch: NonZeroUsize,
    /// Which rows of a table count as one.
    pub identity: Identity,
    /// Shares of the ladder, where there is a rung.
    pub ladder: Ladder,
}

/// One training of a search, and how it stands after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub place: Place,
    pub fidelity: Fidelity,
    /// All trainings so far, in full ones.
    pub cost: f64,
    /// Of all full trainings so far.
    pub hypervolume: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub seed: u64,
    pub steps: Vec<Step>,
    /// Whether the search ended because nothing was left.
    pub exhausted: bool,
}

/// A search under way.
pub(super) struct Search<'a> {
    pub(super) oracle: &'a dyn Oracle,
    pub(super) plan: &'a Plan,
    seed: Seed,
    memory: Memory,
    pub(super) observations: Vec<Observation>,
    front: Front<()>,
    steps: Vec<Step>,
}

impl<'a> Search<'a> {
    fn new(oracle: &'a dyn Oracle, plan: &'a Plan, seed: u64) -> Result<Self> {
        let front = Front::new(oracle.reference())?;
        let (memory, observations, steps) = (Memory::default(), Vec::new(), Vec::new());
        Ok(Self { oracle, plan, seed: Seed(seed), memory, observations, front, steps })
    }

    fn run(self) -> Result<Run> {
        match self.oracle.rung() {
            Some(rung) => self.by_ladder(rung),
            None => self.at_once(),
        }
    }

    /// Every training is a full one.
    fn at_once(mut self) -> Result<Run> {
        let mut exhausted = false;
        while self.steps.len() < self.plan.evaluations && !exhausted {
            let left = self.plan.evaluations - self.steps.len();
            let candidates = self.ask(self.plan.batch.get().min(left), Fidelity::Full, &[])?.candidates;
            exhausted = candidates.is_empty();
            for proposal in candidates {
                self.train(proposal.architecture, Fidelity::Full)?;
            }
        }
        Ok(self.ended(exhausted))
    }

    pub(super) fn ended(self, exhausted: bool) -> Run {
        Run { seed: self.seed.0, steps: self.steps, exhausted }
    }

    /// Of all trainings so far, in full ones.
    pub(super) fn cost(&self) -> f64 {
        self.steps.last().map_or(0.0, |last| last.cost)
    }

    /// Asks for `count` architectures that were not trained yet, at the fidelity that comes first, and what a full training of
    /// each of `promotable` promises.
    pub(super) fn ask(
        &mut self,
        count: usize,
        first: Fidelity,
        promotable: &[Architecture],
    ) -> Result<Proposals> {
        let nothing = BTreeSet::new();
        let space = self.oracle.space();
        let facts = Facts(self.oracle);
        let request = ProposalRequest {
            scope: Scope { space, identity: self.plan.identity, listed: self.oracle.listed() },
            observations: &self.observations,
            fidelity: first,
            pending: &nothing,
            exclude: &nothing,
            promotable,
            knowledge: &facts,
            reference: self.oracle.reference(),
            affordable: None,
            count,
            seed: self.seed.derive("simulated search", 0),
            options: &self.plan.options,
        };
        lamoo::propose(&request, &mut self.memory)
            .with_context(|| format!("seed {}, after {} trainings", self.seed.0, self.steps.len()))
    }

    pub(super) fn train(&mut self, architecture: Architecture, fidelity: Fidelity) -> Result<()> {
        let outcome = self.oracle.train(&architecture, fidelity);
        if fidelity == Fidelity::Full {
            self.front.insert(&outcome.objectives, ())?;
        }
        self.steps.push(Step {
            place: self.oracle.place(&architecture),
            fidelity,
            cost: self.cost() + outcome.cost,
            hypervolume: self.front.hypervolume(),
        });
        let effort = Some(outcome.cost);
        self.observations.push(Observation {
            architecture,
            fidelity,
            objectives: outcome.objectives,
            effort,
        });
        Ok(())
    }
}

/// A search for each of `seeds`, on so many threads; in the order of the seeds. `on_finished` hears of each as it ends.
pub fn run_all(
    oracle: &dyn Oracle,
    plan: &Plan,
    seeds: &[u64],
    threads: NonZeroUsize,
    on_finished: &(dyn Fn(&Run) + Sync),
) -> Result<Vec<Run>> {
    side_by_side(seeds.len(), threads, &|index| {
        let run = Search::new(oracle, plan, seeds[index]).and_then(Search::run)?;
        on_finished(&run);
        Ok(run)
    })
}
