//! Answers the core's questions for candidates. Pure: live studies ask it from an actor, simulated ones directly.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::config::Config;
use common::objective::{ObjectiveKind, reference_point};
use common::seed::Seed;
use common::space::SearchSpace;
use common::study::StudySpec;
use common::trial::Origin;
use lamoo::{Knowledge, Memory, Promotion, ProposalRequest, RegionId, Scope, TreeSummary};

use crate::core::Wanted;
use crate::ladder::{Candidate, Worked};

/// Networks that stand for a region where a supernet is trained on: some hundred steps' paths.
const REGION_MEMBERS: usize = 256;

/// A space of recorded results: each encoding has its own, and what a device's table tells is known before the search.
#[derive(Debug)]
pub struct Recorded {
    pub listed: BTreeSet<Architecture>,
    pub knowledge: Box<dyn Knowledge + Send>,
}

/// To one question.
#[derive(Debug, Default)]
pub struct Answer {
    pub candidates: Vec<Candidate>,
    /// Empty where no model was asked.
    pub promotions: Vec<Promotion>,
    /// Where the tree works, where that is asked for and not the whole space.
    pub region: Option<Worked>,
}

/// What a proposal depends on besides the question.
#[derive(Debug)]
pub struct Searcher {
    space: Box<dyn SearchSpace>,
    /// All there is; none for the whole space.
    listed: Option<BTreeSet<Architecture>>,
    knowledge: Box<dyn Knowledge + Send>,
    reference: Vec<f64>,
    seed: Seed,
    options: lamoo::Options,
    memory: Memory,
    /// What the last answer told of its tree.
    tree: Option<TreeSummary>,
}

impl Searcher {
    /// As the configuration asks for; refuses options that no search can run with.
    pub fn new(config: &Config, spec: &StudySpec) -> Result<Self, lamoo::Error> {
        let objectives = spec.objectives.iter().map(|objective| objective.kind).collect();
        let knowledge = Box::new(Facts { space: spec.space.build(), objectives });
        Self::with(config, spec, None, knowledge)
    }

    /// The same over `recorded` results.
    pub fn of_recorded(config: &Config, spec: &StudySpec, recorded: Recorded) -> Result<Self, lamoo::Error> {
        Self::with(config, spec, Some(recorded.listed), recorded.knowledge)
    }

    fn with(
        config: &Config,
        spec: &StudySpec,
        listed: Option<BTreeSet<Architecture>>,
        knowledge: Box<dyn Knowledge + Send>,
    ) -> Result<Self, lamoo::Error> {
        let search = &config.search;
        let options = lamoo::Options {
            initial_samples: search.initial_samples as usize,
            min_samples: search.region_min_samples as usize,
            exploration: search.exploration,
            region_members: spec.region.map_or(0, |_| REGION_MEMBERS),
            // Checked when the configuration was loaded.
            ..lamoo::Options::named(&search.searcher).unwrap_or_default()
        };
        options.check()?;
        Ok(Self {
            space: spec.space.build(),
            listed,
            knowledge,
            reference: reference_point(&spec.objectives),
            seed: spec.seed,
            options,
            memory: Memory::default(),
            tree: None,
        })
    }

    /// Answers one question; the same questions in the same order have the same answers.
    pub fn answer(&mut self, wanted: &Wanted) -> Answer {
        let seen = wanted.observations.iter().filter(|seen| seen.fidelity == wanted.fidelity).count();
        let space = self.space.as_ref();
        let request = ProposalRequest {
            scope: match &self.listed {
                Some(listed) => Scope::rows(space, listed),
                None => Scope::functions(space),
            },
            observations: &wanted.observations,
            fidelity: wanted.fidelity,
            pending: &wanted.pending,
            exclude: &wanted.exclude,
            promotable: &wanted.promotable,
            knowledge: self.knowledge.as_ref(),
            reference: &self.reference,
            affordable: wanted.affordable,
            count: wanted.count,
            seed: self.seed.derive("searcher", 0),
            options: &self.options,
        };
        let proposals = match lamoo::propose(&request, &mut self.memory) {
            Ok(proposals) => proposals,
            Err(error) => {
                tracing::error!(%error, "the optimiser could not propose");
                return Answer::default();
            }
        };
        if proposals.exhausted && proposals.candidates.len() < wanted.count {
            tracing::info!("the search space is exhausted: every network in it is known");
        }
        let is_young = seen < self.options.initial_samples;
        let origin = |region: RegionId, widened: usize| match is_young {
            true => Origin::Initial,
            false => Origin::Search { region: region_path(&proposals.tree, region), widened: widened > 0 },
        };
        let candidate = |proposal: &lamoo::Proposal| Candidate {
            architecture: proposal.architecture.clone(),
            origin: origin(proposal.region, proposal.widened),
            promise: proposal.promise,
        };
        let candidates = proposals.candidates.iter().map(candidate).collect();
        let chosen = proposals.tree.regions.iter().find(|region| region.chosen).map(|region| region.id);
        let path = chosen.map(|region| region_path(&proposals.tree, region));
        let members = Some(proposals.region).filter(|members| !members.is_empty());
        let region = path.zip(members).map(|(path, members)| Worked { path, members });
        self.tree = Some(proposals.tree);
        Answer { candidates, promotions: proposals.promotions, region }
    }

    /// The tree of the last answer; none before the first.
    pub fn tree(&self) -> Option<&TreeSummary> {
        self.tree.as_ref()
    }
}

/// What a network's shape tells of the objectives, and what training does not change.
#[derive(Debug)]
struct Facts {
    space: Box<dyn SearchSpace>,
    objectives: Vec<ObjectiveKind>,
}

impl Knowledge for Facts {
    fn known(&self, objective: usize, architecture: &Architecture) -> Option<f64> {
        let counted = |kind| matches!(kind, ObjectiveKind::Parameters | ObjectiveKind::Flops);
        let kind = Some(self.objectives[objective]).filter(|kind| counted(*kind))?;
        let cost = self.space.cost(architecture)?;
        Some(if kind == ObjectiveKind::Parameters { cost.parameters } else { cost.flops } as f64)
    }

    fn is_learnt(&self, objective: usize) -> bool {
        // Of a space that counts nothing, the user's own program tells.
        self.known(objective, &self.space.canonical(&first(self.space.as_ref()))).is_none()
    }

    fn is_trained(&self, objective: usize) -> bool {
        self.objectives[objective] == ObjectiveKind::Error
    }
}

/// Some architecture of the space.
fn first(space: &dyn SearchSpace) -> Architecture {
    Architecture::new(vec![0; space.decisions().len()])
}

/// The way from the whole space down to `region`: `+` for a better half, `-` for a worse one.
pub(crate) fn region_path(tree: &TreeSummary, region: RegionId) -> String {
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
