//! Answers the core's questions for candidates. Pure: live studies ask it from an actor, simulated ones directly.

use common::config::Config;
use common::objective::reference_point;
use common::seed::Seed;
use common::space::SearchSpace;
use common::study::StudySpec;
use common::trial::Origin;
use lamoo::{ProposalRequest, RegionId, TreeSummary};

use crate::core::Wanted;
use crate::ladder::Candidate;

/// What a proposal depends on besides the question.
#[derive(Debug)]
pub struct Searcher {
    pub space: Box<dyn SearchSpace>,
    pub reference: Vec<f64>,
    pub seed: Seed,
    pub options: lamoo::Options,
}

impl Searcher {
    /// As the configuration asks for; refuses options that no search can run with.
    pub fn new(config: &Config, spec: &StudySpec) -> Result<Self, lamoo::Error> {
        let search = &config.search;
        let options = lamoo::Options {
            // A tree that is never old enough to be asked is a random search without duplicates.
            initial_samples: if search.searcher == "random" {
                usize::MAX
            } else {
                search.initial_samples as usize
            },
            min_samples: search.region_min_samples as usize,
            exploration: search.exploration,
            sampler: match search.sampler.as_str() {
                "random" => lamoo::SamplerKind::Random,
                _ => lamoo::SamplerKind::Evolution,
            },
            ..lamoo::Options::default()
        };
        options.check()?;
        let reference = reference_point(&spec.objectives);
        Ok(Self { space: spec.space.build(), reference, seed: spec.seed, options })
    }

    /// Answers one question; the same question has the same answer.
    pub fn answer(&self, wanted: &Wanted) -> Vec<Candidate> {
        let young = wanted.observations.len() < self.options.initial_samples;
        let request = ProposalRequest {
            space: self.space.as_ref(),
            observations: &wanted.observations,
            exclude: &wanted.exclude,
            reference: &self.reference,
            count: wanted.count,
            seed: self.seed.derive("searcher", wanted.index),
            options: &self.options,
        };
        let proposals = match lamoo::propose(&request) {
            Ok(proposals) => proposals,
            Err(error) => {
                tracing::error!(%error, "the optimiser could not propose");
                return Vec::new();
            }
        };
        if proposals.exhausted && proposals.candidates.len() < wanted.count {
            tracing::info!("the search space is exhausted: every network in it is known");
        }
        let origin = |region: RegionId, widened: usize| match young {
            true => Origin::Initial,
            false => Origin::Search { region: region_path(&proposals.tree, region), widened: widened > 0 },
        };
        let candidates = proposals.candidates.iter();
        candidates
            .map(|proposal| Candidate {
                architecture: proposal.architecture.clone(),
                origin: origin(proposal.region, proposal.widened),
            })
            .collect()
    }
}

/// The way from the whole space down to `region`: `+` for a better half, `-` for a worse one.
fn region_path(tree: &TreeSummary, region: RegionId) -> String {
    let mut path = String::new();
    let mut current = region;
    while let Some(parent) = tree.regions.iter().find(|r| r.id == current).and_then(|r| r.parent) {
        // Of two siblings the better one is numbered first.
        let first = tree.regions.iter().find(|r| r.parent == Some(parent)).is_some_and(|r| r.id == current);
        path.insert(0, if first { '+' } else { '-' });
        current = parent;
    }
    path
}
