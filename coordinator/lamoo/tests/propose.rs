//! The door: what it promises to a study that asks at any time, with any number of trials pending.

mod support;

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::space::SearchSpace;
use lamoo::sampler::conformance::check_kind;
use lamoo::{
    Error, Identity, Memory, Nothing, Observation, Options, ProposalRequest, Proposals, SamplerKind, Scope,
    SearchTree, Selection, propose,
};
use support::product::Product;

const REFERENCE: [f64; 2] = [2.0, 2.0];

#[test]
fn every_sampler_conforms_in_every_space() {
    for kind in SamplerKind::ALL {
        check_kind(kind, &support::space());
        check_kind(kind, &Product::new(5, 4));
        check_kind(kind, &Product::new(40, 6));
    }
}

fn objectives(architecture: &Architecture) -> Vec<f64> {
    let genes = architecture.genes();
    let sum: f64 = genes.iter().map(|&gene| f64::from(gene)).sum::<f64>() / (5.0 * genes.len() as f64);
    vec![sum, (1.0 - sum) * (1.0 - sum) + 0.1 * f64::from(genes[0] % 2)]
}

struct Study<'a> {
    space: &'a dyn SearchSpace,
    options: Options,
    observations: Vec<Observation>,
    pending: BTreeSet<Architecture>,
    /// Of the first step that trains.
    fidelity: Fidelity,
    affordable: Option<f64>,
    memory: Memory,
}

impl<'a> Study<'a> {
    fn new(space: &'a dyn SearchSpace, options: Options) -> Self {
        let (observations, pending) = (Vec::new(), BTreeSet::new());
        let (fidelity, affordable, memory) = (Fidelity::Full, None, Memory::default());
        Self { space, options, observations, pending, fidelity, affordable, memory }
    }

    fn propose(&mut self, count: usize, seed: u64) -> Proposals {
        let mut memory = std::mem::take(&mut self.memory);
        let proposals = self.ask(count, seed, &mut memory);
        self.memory = memory;
        proposals
    }

    fn ask(&self, count: usize, seed: u64, memory: &mut Memory) -> Proposals {
        let request = ProposalRequest {
            scope: Scope::functions(self.space),
            observations: &self.observations,
            fidelity: self.fidelity,
            pending: &self.pending,
            exclude: &BTreeSet::new(),
            promotable: &[],
            knowledge: &Nothing,
            reference: &REFERENCE,
            affordable: self.affordable,
            count,
            seed: Seed(seed),
            options: &self.options,
        };
        propose(&request, memory).expect("finite objectives")
    }

    fn finish(&mut self, architecture: &Architecture) {
        assert!(self.pending.remove(architecture));
        self.observations.push(Observation {
            architecture: architecture.clone(),
            fidelity: Fidelity::Full,
            objectives: objectives(architecture),
            effort: None,
        });
    }
}

#[test]
fn results_may_come_late_and_in_any_order() {
    for kind in SamplerKind::ALL {
        let space = Product::new(8, 4);
        let options = Options { sampler: kind, ..Options::default() };
        let mut study = Study::new(&space, options);
        let mut seen = BTreeSet::new();
        for step in 0..40_usize {
            let proposals = study.propose(1 + step % 3, 5);
            assert_eq!(proposals, study.propose(1 + step % 3, 5), "same request, same answer");
            for candidate in proposals.candidates {
                assert!(space.trainable(&candidate.architecture));
                assert_eq!(space.canonical(&candidate.architecture), candidate.architecture);
                assert!(seen.insert(candidate.architecture.clone()), "nothing is proposed twice");
                study.pending.insert(candidate.architecture);
            }
            // The youngest trial, or the oldest, comes back; up to a dozen are left pending.
            while study.pending.len() > 12 {
                let ends = [study.pending.first(), study.pending.last()];
                let done = ends[step % 2].expect("a pending trial").clone();
                study.finish(&done);
            }
        }
        assert!(study.propose(1, 5).tree.regions.len() > 1);
        if kind != SamplerKind::Surrogate {
            // In a list, a surrogate's best is the best whatever the seed.
            assert_ne!(study.propose(3, 5).candidates, study.propose(3, 6).candidates, "the seed decides");
        }
    }
}

#[test]
fn the_chosen_region_is_shown_where_that_is_asked_for() {
    let space = Product::new(8, 4);
    let mut study = Study::new(&space, Options { sampler: SamplerKind::Random, ..Options::default() });
    assert!(study.propose(1, 1).region.is_empty());
    study.options.region_members = 20;
    assert!(study.propose(1, 1).region.is_empty(), "the whole space is no region");
    for _ in 0..10 {
        for candidate in study.propose(5, 1).candidates {
            study.pending.insert(candidate.architecture.clone());
            study.finish(&candidate.architecture);
        }
    }
    let shown = study.ask(5, 1, &mut Memory::default());
    assert_eq!(shown.region.iter().collect::<BTreeSet<_>>().len(), 20);
    let tree = SearchTree::build(
        &Scope::functions(&space),
        &study.observations,
        Fidelity::Full,
        &REFERENCE,
        &study.options,
    );
    let (tree, chosen) = (tree.unwrap(), shown.tree.regions.iter().find(|region| region.chosen).unwrap().id);
    assert!(shown.region.iter().all(|member| tree.contains(chosen, &space.features(member))));
    study.options.region_members = 0;
    let hidden = study.ask(5, 1, &mut Memory::default());
    assert_eq!(hidden.candidates, shown.candidates, "who looks is proposed no other networks");
}

#[test]
fn the_order_of_results_does_not_change_the_answer() {
    let space = Product::new(8, 4);
    let mut study = Study::new(&space, Options::default());
    for _ in 0..10 {
        for candidate in study.propose(5, 1).candidates {
            study.pending.insert(candidate.architecture.clone());
            study.finish(&candidate.architecture);
        }
    }
    let answer = study.ask(5, 1, &mut Memory::default());
    study.observations.reverse();
    assert_eq!(study.ask(5, 1, &mut Memory::default()), answer);
}

#[test]
fn a_small_space_is_searched_to_its_end_and_no_further() {
    for kind in SamplerKind::ALL {
        for selection in [Selection::Leaf, Selection::Path] {
            // 81 encodings, 45 up to reversal, one of them no network.
            let space = Product::new(4, 3);
            let mut study = Study::new(&space, Options { sampler: kind, selection, ..Options::default() });
            let (mut total, mut widened) = (0, 0);
            loop {
                let proposals = study.propose(4, 3);
                total += proposals.candidates.len();
                widened += proposals.candidates.iter().filter(|candidate| candidate.widened > 0).count();
                for candidate in &proposals.candidates {
                    let chosen =
                        proposals.tree.regions.iter().find(|region| region.chosen).expect("one is chosen");
                    let region = &proposals.tree.regions[candidate.region.0];
                    assert_eq!(region.depth + candidate.widened, chosen.depth, "it says how far it widened");
                    study.pending.insert(candidate.architecture.clone());
                    study.finish(&candidate.architecture);
                }
                if proposals.candidates.len() < 4 {
                    assert!(proposals.exhausted);
                    break;
                }
            }
            assert_eq!(total, 44);
            assert!(widened > 0, "the last leaves ran dry");
            assert!(study.propose(4, 3).candidates.is_empty());
        }
    }
}

#[test]
fn an_exclusion_counts_in_any_of_its_encodings() {
    let space = Product::new(2, 2);
    let mut study = Study::new(&space, Options::default());
    study.pending = [vec![1, 0], vec![1, 1]].map(Architecture::new).into();
    let proposals = study.propose(5, 1);
    assert!(
        proposals.candidates.is_empty() && proposals.exhausted,
        "0-1 is 1-0 read backwards, 0-0 no network"
    );
}

#[test]
fn a_young_study_draws_distinct_architectures() {
    let space = support::space();
    let mut study = Study::new(&space, Options::default());
    let proposals = study.propose(64, 9);
    let distinct: BTreeSet<_> =
        proposals.candidates.iter().map(|candidate| &candidate.architecture).collect();
    assert_eq!((distinct.len(), proposals.tree.regions.len()), (64, 1));
    assert!(study.propose(0, 9).candidates.is_empty());
}

#[test]
fn a_large_space_is_never_listed() {
    let space = Product::new(60, 8);
    let mut study = Study::new(&space, Options { attempts: 50, ..Options::default() });
    for step in 0..12 {
        let proposals = study.propose(5, step);
        assert!(!proposals.exhausted, "nobody knows the end of it");
        for candidate in proposals.candidates {
            study.pending.insert(candidate.architecture.clone());
            study.finish(&candidate.architecture);
        }
    }
    assert!(study.observations.len() > 40);
}

#[test]
fn rows_of_a_table_are_each_their_own() {
    let space = Product::new(3, 2);
    // A palindrome's pair, an idle one, and nothing else.
    let listed: BTreeSet<Architecture> =
        [vec![1, 0, 0], vec![0, 0, 1], vec![0, 0, 0]].map(Architecture::new).into();
    let scope = Scope::rows(&space, &listed);
    assert_eq!(scope.identity, Identity::Encoding);
    let request = request(scope);
    let proposals =
        propose(&ProposalRequest { count: 9, ..request }, &mut Memory::default()).expect("nothing observed");
    let found: BTreeSet<Architecture> = proposals.candidates.into_iter().map(|c| c.architecture).collect();
    assert_eq!((found, proposals.exhausted), (listed.clone(), true));
}

static NOTHING: BTreeSet<Architecture> = BTreeSet::new();

/// For one candidate of an empty study.
fn request(scope: Scope<'_>) -> ProposalRequest<'_> {
    static OPTIONS: std::sync::LazyLock<Options> = std::sync::LazyLock::new(Options::default);
    ProposalRequest {
        scope,
        observations: &[],
        fidelity: Fidelity::Full,
        pending: &NOTHING,
        exclude: &NOTHING,
        promotable: &[],
        knowledge: &Nothing,
        reference: &REFERENCE,
        affordable: None,
        count: 1,
        seed: Seed(1),
        options: &OPTIONS,
    }
}

#[test]
fn bad_requests_are_refused() {
    let space = Product::new(4, 3);
    let foreign: BTreeSet<Architecture> = [Architecture::new(vec![0])].into();
    let nan = [Observation {
        architecture: Architecture::new(vec![1; 4]),
        fidelity: Fidelity::Full,
        objectives: vec![f64::NAN, 0.0],
        effort: None,
    }];
    let request = request(Scope::functions(&space));
    let propose = |request: ProposalRequest<'_>| propose(&request, &mut Memory::default());
    assert!(propose(request).is_ok());
    assert!(matches!(propose(ProposalRequest { observations: &nan, ..request }), Err(Error::Objectives(_))));
    for request in [
        ProposalRequest { exclude: &foreign, ..request },
        ProposalRequest { pending: &foreign, ..request },
        ProposalRequest { promotable: &[Architecture::new(vec![7])], ..request },
    ] {
        assert!(matches!(propose(request), Err(Error::Excluded { .. })));
    }
    assert!(matches!(propose(ProposalRequest { reference: &[], ..request }), Err(Error::Objectives(_))));
    let useless = Options { min_samples: 1, ..Options::default() };
    assert!(matches!(propose(ProposalRequest { options: &useless, ..request }), Err(Error::Option { .. })));
}

/// Of the outer genes, which cost effort and do nothing else.
fn outer(architecture: &Architecture) -> u32 {
    let genes = architecture.genes();
    genes[0] + genes[genes.len() - 1]
}

/// The outer genes of what is proposed after forty results, in all; whether anybody said what they took is up to `is_told`.
fn proposed_outer(space: &dyn SearchSpace, is_told: bool) -> u32 {
    let mut proposed = 0;
    for seed in 0..4 {
        let mut study = Study::new(space, Options { sampler: SamplerKind::Surrogate, ..Options::default() });
        let mut rng = Seed(seed).stream("efforts", 0);
        for _ in 0..40 {
            let architecture = space.random(&mut rng);
            let inner = &architecture.genes()[1..architecture.genes().len() - 1];
            let share = inner.iter().map(|&gene| f64::from(gene)).sum::<f64>() / (5 * inner.len()) as f64;
            let objectives = vec![share, (1.0 - share).powi(2)];
            let effort = is_told.then(|| 1.0 + f64::from(outer(&architecture)));
            study.observations.push(Observation {
                architecture,
                fidelity: Fidelity::Full,
                objectives,
                effort,
            });
        }
        let found = study.propose(5, seed).candidates;
        proposed += found.iter().map(|found| outer(&found.architecture)).sum::<u32>();
    }
    proposed
}

#[test]
fn where_efforts_are_told_the_cheaper_of_equals_is_proposed() {
    // One that is listed, and one that is not: there fewer are weighed.
    for (space, share) in [(Product::new(6, 4), 0.67), (Product::new(20, 6), 0.9)] {
        let (told, untold) = (proposed_outer(&space, true), proposed_outer(&space, false));
        let (ratio, genes) = (f64::from(told) / f64::from(untold), space.decisions().len());
        assert!(ratio < share, "{genes} genes: {told}, {untold} untold");
    }
}

/// The outer genes of what is proposed after two full and thirty short trainings, in all, where each of them adds a little and takes
/// much, and the budgets let so many more full trainings end.
fn proposed_dear(affordable: Option<f64>) -> u32 {
    let space = Product::new(6, 4);
    let mut proposed = 0;
    for seed in 0..4 {
        let options = Options { sampler: SamplerKind::Surrogate, ..Options::default() };
        let fidelity = Fidelity::Rung(3);
        let mut study = Study { fidelity, affordable, ..Study::new(&space, options) };
        let mut rng = Seed(seed).stream("budgets", 0);
        for place in 0..30 {
            let architecture = space.random(&mut rng);
            let inner = &architecture.genes()[1..architecture.genes().len() - 1];
            let share = inner.iter().map(|&gene| f64::from(gene)).sum::<f64>() / (4 * inner.len()) as f64;
            let outer = f64::from(outer(&architecture));
            let objectives = vec![share, (1.0 - share).powi(2) + 0.02 * (8.0 - outer)];
            let short = Observation { architecture, fidelity, objectives, effort: Some(1.0 + outer) };
            if place < 2 {
                study.observations.push(Observation { fidelity: Fidelity::Full, ..short.clone() });
            }
            study.observations.push(short);
        }
        let found = study.propose(5, seed).candidates;
        proposed += found.iter().map(|found| outer(&found.architecture)).sum::<u32>();
    }
    proposed
}

#[test]
fn near_the_end_of_the_budgets_the_cheaper_is_proposed_and_far_from_it_as_without() {
    let [endless, far, near, last] = [None, Some(100.0), Some(10.0), Some(1.0)].map(proposed_dear);
    assert_eq!(endless, far);
    assert!(near <= far && f64::from(last) < 0.8 * f64::from(near), "{far}, then {near}, then {last}");
}
