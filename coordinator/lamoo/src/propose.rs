//! The one door: what was evaluated goes in, what to evaluate next comes out. The same requests in the same order, from a
//! new [`Memory`], have the same answers on every machine.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use serde::{Deserialize, Serialize};

use crate::region::{RegionId, TreeSummary};
use crate::sampler::{Batch, Design, Evolution, Improvement, Random, Sampler};
use crate::surrogate::{Memory, Question, Surrogate};
use crate::tree::{Observation, SearchTree};
use crate::{Error, Knowledge, Options, SamplerKind, Scope};

/// Everything a proposal depends on.
#[derive(Debug, Clone, Copy)]
pub struct ProposalRequest<'a> {
    pub scope: Scope<'a>,
    /// At all fidelities, in any order; see [`SearchTree::build`] for repeated architectures.
    pub observations: &'a [Observation],
    /// The first step that trains: what the tree learns from.
    pub fidelity: Fidelity,
    /// Under evaluation: neither proposed, nor expected to add what their neighbours would add too.
    pub pending: &'a BTreeSet<Architecture>,
    /// Failed or otherwise unwanted; what is observed or pending is excluded anyway. In any of its encodings.
    pub exclude: &'a BTreeSet<Architecture>,
    /// Evaluated below the full fidelity and open to a full training: how much would each add?
    pub promotable: &'a [Architecture],
    pub knowledge: &'a dyn Knowledge,
    /// `[m]`, finite: worse than all that is of interest.
    pub reference: &'a [f64],
    /// How many full trainings may still end by the budgets, begun or not; none where nothing limits them, or it is not known.
    pub affordable: Option<f64>,
    /// Candidates wanted.
    pub count: usize,
    /// May stay the same for a whole study: each set of observations and exclusions has a stream of its own length.
    pub seed: Seed,
    pub options: &'a Options,
}

/// One candidate, in its own form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub architecture: Architecture,
    /// The region it was sampled in: the chosen one, or one above it.
    pub region: RegionId,
    /// How many levels the chosen region had to be widened: 0 when it held enough.
    pub widened: usize,
    /// The hypervolume that a full training is expected to add, less what it takes beyond the usual; none without a model.
    pub promise: Option<f64>,
}

/// What a full training of an architecture known from below is expected to add, at the price of what it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    pub architecture: Architecture,
    pub promise: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposals {
    /// Distinct. Fewer than wanted only where nothing more was found in the whole space.
    pub candidates: Vec<Proposal>,
    /// In the order of `promotable`; empty without a model.
    pub promotions: Vec<Promotion>,
    pub tree: TreeSummary,
    /// Networks of the chosen region, known or not, as many as the options ask for; none of the whole space.
    pub region: Vec<Architecture>,
    /// Whether all that can be listed is taken: asking again can't help.
    pub exhausted: bool,
}

/// Proposes architectures to evaluate next. `memory` is a study's own; a new one costs time, not quality.
pub fn propose(request: &ProposalRequest<'_>, memory: &mut Memory) -> Result<Proposals, Error> {
    let ProposalRequest { scope, options, .. } = *request;
    let pending = owned(&scope, request.pending)?;
    let mut taken = owned(&scope, request.exclude)?;
    for (index, architecture) in request.promotable.iter().enumerate() {
        let refuse = |source| Error::Excluded { index, space: scope.space.name(), source };
        scope.space.check(architecture).map_err(refuse)?;
    }
    let seen = |observation: &&Observation| observation.fidelity == request.fidelity;
    let is_young = request.observations.iter().filter(seen).count() < options.initial_samples;
    let depth = if is_young { 0 } else { options.max_depth };
    let bounded = Options { max_depth: depth, ..options.clone() };
    let tree =
        SearchTree::build(&scope, request.observations, request.fidelity, request.reference, &bounded)?
            .with_pending(&scope, pending.iter());
    taken.extend(pending.iter().cloned());
    taken.extend(request.observations.iter().map(|observation| scope.own(&observation.architecture)));

    let pool = memory.pool(scope);
    let mut promotions = Vec::new();
    let mut sampler: Box<dyn Sampler + '_> = match (options.sampler, is_young) {
        (SamplerKind::Surrogate, true) => Box::new(Design),
        (_, true) | (SamplerKind::Random, _) => Box::new(Random),
        (SamplerKind::Evolution, _) => Box::new(Evolution::default()),
        (SamplerKind::Surrogate, _) => {
            let question = Question {
                pool: &pool,
                observations: request.observations,
                fidelity: request.fidelity,
                pending: &pending,
                knowledge: request.knowledge,
                reference: request.reference,
                affordable: request.affordable,
            };
            let mut surrogate = Surrogate::learn(question, memory)?;
            promotions = surrogate.promotions(request.promotable);
            Box::new(Improvement::new(surrogate))
        }
    };
    let mut rng = request.seed.stream("lamoo::propose", taken.len() as u64);
    let chosen = tree.select(options.selection, options.exploration);

    let mut candidates = Vec::with_capacity(request.count);
    let mut next = Some(chosen);
    while let Some(id) = next.filter(|_| candidates.len() < request.count) {
        let region = tree.region(id);
        let wanted = request.count - candidates.len();
        let mut batch = Batch::new(&pool, &tree, id, &taken, wanted, options.attempts);
        sampler.fill(&mut batch, &mut rng);
        let found = batch.into_chosen();
        taken.extend(found.iter().map(|chosen| chosen.architecture.clone()));
        let widened = tree.region(chosen).depth - region.depth;
        candidates.extend(found.into_iter().map(|chosen| Proposal {
            architecture: chosen.architecture,
            region: id,
            widened,
            promise: chosen.promise,
        }));
        next = region.parent;
    }
    let exhausted = candidates.len() < request.count && pool.all().is_some();
    let region = match tree.region(chosen).depth {
        0 => Vec::new(),
        _ => {
            // Dice of its own: who asks for more must not be proposed other networks.
            let mut rng = request.seed.stream("lamoo::region", taken.len() as u64);
            let none = BTreeSet::new();
            let mut batch = Batch::new(&pool, &tree, chosen, &none, options.region_members, options.attempts);
            Random.fill(&mut batch, &mut rng);
            batch.into_chosen().into_iter().map(|chosen| chosen.architecture).collect()
        }
    };
    let tree = tree.summary(chosen, options.exploration);
    Ok(Proposals { candidates, promotions, tree, region, exhausted })
}

/// The own forms of what the caller names.
fn owned(scope: &Scope<'_>, named: &BTreeSet<Architecture>) -> Result<BTreeSet<Architecture>, Error> {
    let own = |(index, architecture): (usize, &Architecture)| {
        let refuse = |source| Error::Excluded { index, space: scope.space.name(), source };
        scope.space.check(architecture).map_err(refuse)?;
        Ok(scope.own(architecture))
    };
    named.iter().enumerate().map(own).collect()
}
