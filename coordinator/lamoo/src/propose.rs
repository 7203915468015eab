//! The one door: what was evaluated goes in, what to evaluate next comes out. A pure function; the same request has
//! the same answer, on every machine.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::SearchSpace;
use serde::{Deserialize, Serialize};

use crate::region::{RegionId, TreeSummary};
use crate::sampler::{Batch, Pool, Random, Sampler};
use crate::tree::{Observation, SearchTree};
use crate::{Error, Options};

/// Everything a proposal depends on.
#[derive(Debug, Clone, Copy)]
pub struct ProposalRequest<'a> {
    pub space: &'a dyn SearchSpace,
    /// In any order; see [`SearchTree::build`] for repeated architectures.
    pub observations: &'a [Observation],
    /// Pending, failed or otherwise unwanted; what is observed is excluded anyway. Need not be canonical.
    pub exclude: &'a BTreeSet<Architecture>,
    /// `[m]`, finite: worse than all that is of interest.
    pub reference: &'a [f64],
    /// Candidates wanted.
    pub count: usize,
    /// May stay the same for a whole study: each set of observations and exclusions has a stream of its own length.
    pub seed: Seed,
    pub options: &'a Options,
}

/// One candidate, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub architecture: Architecture,
    /// The region it was sampled in: the chosen one, or one above it.
    pub region: RegionId,
    /// How many levels the chosen region had to be widened: 0 when it held enough.
    pub widened: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposals {
    /// Distinct. Fewer than wanted only where nothing more was found in the whole space.
    pub candidates: Vec<Proposal>,
    pub tree: TreeSummary,
    /// Whether a finite space was searched to its end: asking again can't help.
    pub exhausted: bool,
}

/// Proposes architectures to evaluate next.
pub fn propose(request: &ProposalRequest<'_>) -> Result<Proposals, Error> {
    let options = request.options;
    let mut taken = excluded(request)?;
    let is_young = request.observations.len() < options.initial_samples;
    let depth = if is_young { 0 } else { options.max_depth };
    let bounded = Options { max_depth: depth, ..options.clone() };
    let tree = SearchTree::build(request.space, request.observations, request.reference, &bounded)?;
    taken.extend(tree.samples().iter().map(|sample| sample.architecture.clone()));

    let sampler: Box<dyn Sampler> = if is_young { Box::new(Random) } else { options.sampler.build() };
    let mut rng = request.seed.stream("lamoo::propose", taken.len() as u64);
    let pool = Pool::new(request.space);
    let chosen = tree.select(options.selection, options.exploration);

    let mut candidates = Vec::with_capacity(request.count);
    let mut next = Some(chosen);
    while let Some(id) = next.filter(|_| candidates.len() < request.count) {
        let region = tree.region(id);
        let wanted = request.count - candidates.len();
        let mut batch = Batch::new(&pool, &tree, id, &taken, wanted, options.attempts);
        sampler.fill(&mut batch, &mut rng);
        let found = batch.into_chosen();
        taken.extend(found.iter().cloned());
        let widened = tree.region(chosen).depth - region.depth;
        candidates.extend(found.into_iter().map(|architecture| Proposal {
            architecture,
            region: id,
            widened,
        }));
        next = region.parent;
    }
    let exhausted = candidates.len() < request.count && pool.all().is_some();
    Ok(Proposals { candidates, tree: tree.summary(chosen, options.exploration), exhausted })
}

/// The canonical forms of what the caller excludes.
fn excluded(request: &ProposalRequest<'_>) -> Result<BTreeSet<Architecture>, Error> {
    let canonical = |(index, architecture): (usize, &Architecture)| {
        let refuse = |source| Error::Excluded { index, space: request.space.name(), source };
        request.space.check(architecture).map_err(refuse)?;
        Ok(request.space.canonical(architecture))
    };
    request.exclude.iter().enumerate().map(canonical).collect()
}
