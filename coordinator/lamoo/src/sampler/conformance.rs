//! What every sampler owes, checked in a given space: it panics with the broken promise. For samplers' own tests, and
//! for anybody who writes one.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::fidelity::Fidelity;
use common::seed::Seed;
use common::space::{Decision, SearchSpace};
use rand_chacha::ChaCha8Rng;

use super::{Batch, Evolution, Improvement, Pool, Random, Sampler};
use crate::surrogate::{Question, Surrogate};
use crate::{Memory, Nothing, Observation, Options, RegionId, SamplerKind, Scope, SearchTree};

/// Candidates tried per region; small, so that a large space shows its bound.
const ATTEMPTS: usize = 300;
const WANTED: usize = 5;
const SAMPLES: usize = 60;
const REFERENCE: [f64; 2] = [2.0, 2.0];
/// Regions checked at most, spread over the tree.
const MOST_REGIONS: usize = 6;

/// Fills a batch; told what is pending.
type Fill<'f> = &'f mut dyn FnMut(&mut Batch<'_>, &BTreeSet<Architecture>, &mut ChaCha8Rng);

/// Checks a sampler that ships.
pub fn check_kind(kind: SamplerKind, space: &dyn SearchSpace) {
    match kind {
        SamplerKind::Random => check_sampler(&mut Random, space),
        SamplerKind::Evolution => check_sampler(&mut Evolution::default(), space),
        SamplerKind::Surrogate => {
            let pool = Pool::new(Scope::functions(space));
            let observations = observations(space);
            let fill =
                &mut |batch: &mut Batch<'_>, pending: &BTreeSet<Architecture>, rng: &mut ChaCha8Rng| {
                    let question = Question {
                        pool: &pool,
                        observations: &observations,
                        fidelity: Fidelity::Full,
                        pending,
                        knowledge: &Nothing,
                        reference: &REFERENCE,
                        affordable: None,
                    };
                    let mut memory = Memory::default();
                    let surrogate = Surrogate::learn(question, &mut memory).expect("finite objectives");
                    Improvement::new(surrogate).fill(batch, rng);
                };
            check("surrogate", fill, space);
        }
    }
}

/// Checks `sampler` in regions of a tree over `space`, and where nothing is left to find.
pub fn check_sampler(sampler: &mut dyn Sampler, space: &dyn SearchSpace) {
    let name = sampler.name();
    check(name, &mut |batch, _, rng| sampler.fill(batch, rng), space);
}

fn check(name: &str, fill: Fill<'_>, space: &dyn SearchSpace) {
    let scope = Scope::functions(space);
    let observations = observations(space);
    let build = |observations: &[Observation]| {
        SearchTree::build(&scope, observations, Fidelity::Full, &REFERENCE, &Options::default())
            .expect("finite objectives")
    };
    let tree = build(&observations);
    assert!(tree.regions().len() > 1, "the space's features say something about its objectives");
    let pool = Pool::new(scope);
    let mut stage = Stage { name, fill, pool: &pool };
    let observed: BTreeSet<Architecture> =
        tree.samples().iter().map(|sample| sample.architecture.clone()).collect();
    let nothing = BTreeSet::new();
    for region in tree.regions().iter().step_by(tree.regions().len().div_ceil(MOST_REGIONS)) {
        let first = stage.fill(&tree, region.id, &observed, &nothing, WANTED);
        let again = stage.fill(&tree, region.id, &observed, &nothing, WANTED);
        assert_eq!(first, again, "{name}: one seed, one batch");
        // Pending counts as much as evaluated.
        let pending: BTreeSet<Architecture> = first.into_iter().collect();
        let taken = &observed | &pending;
        stage.fill(&tree, region.id, &taken, &pending, WANTED);
        let unwanted = stage.fill(&tree, region.id, &observed, &nothing, 0);
        assert!(unwanted.is_empty(), "{name}: nothing wanted, nothing given");
    }
    // Where every architecture is taken a sampler must come back, with nothing. (In a space too large to list nothing is
    // ever all taken; the bound on attempts ends the search.)
    let everything: BTreeSet<Architecture> = pool.all().into_iter().flatten().cloned().collect();
    if !everything.is_empty() {
        let found = stage.fill(&tree, RegionId(0), &everything, &nothing, WANTED);
        assert!(found.is_empty(), "{name}: nothing new");
    }
    // One region without samples to start from.
    let young = build(&[]);
    let found = stage.fill(&young, RegionId(0), &observed, &nothing, WANTED);
    assert!(!found.is_empty(), "{name}: the whole space has something new");
}

struct Stage<'s, 'f> {
    name: &'s str,
    fill: Fill<'f>,
    pool: &'s Pool<'s>,
}

impl Stage<'_, '_> {
    /// A batch, which keeps the rules.
    fn fill(
        &mut self,
        tree: &SearchTree,
        region: RegionId,
        taken: &BTreeSet<Architecture>,
        pending: &BTreeSet<Architecture>,
        wanted: usize,
    ) -> Vec<Architecture> {
        let mut batch = Batch::new(self.pool, tree, region, taken, wanted, ATTEMPTS);
        (self.fill)(&mut batch, pending, &mut Seed(7).stream("conformance", 0));
        let found: Vec<Architecture> =
            batch.into_chosen().into_iter().map(|chosen| chosen.architecture).collect();
        let (name, space) = (self.name, self.pool.space());
        assert!(found.len() <= wanted, "{name}: no more than wanted");
        let distinct: BTreeSet<&Architecture> = found.iter().collect();
        assert_eq!(distinct.len(), found.len(), "{name}: no duplicate in a batch");
        for architecture in &found {
            space.check(architecture).expect("a candidate belongs to its space");
            assert_eq!(space.canonical(architecture), *architecture, "{name}: canonical");
            assert!(space.trainable(architecture), "{name}: trainable");
            assert!(!taken.contains(architecture), "{name}: neither evaluated nor pending");
            assert!(tree.contains(region, &space.features(architecture)), "{name}: inside its region");
        }
        found
    }
}

/// Of random architectures whose two objectives pull the genes' sum both ways.
fn observations(space: &dyn SearchSpace) -> Vec<Observation> {
    let mut rng = Seed(11).stream("conformance", 1);
    (0..SAMPLES)
        .map(|_| {
            let architecture = space.canonical(&space.random(&mut rng));
            let share = |(gene, decision): (&u32, &Decision)| decision.place(*gene);
            let shares: Vec<f64> = architecture.genes().iter().zip(space.decisions()).map(share).collect();
            let (sum, first) = (shares.iter().sum::<f64>() / shares.len() as f64, shares[0]);
            let objectives = vec![sum, (1.0 - sum).powi(2) + first];
            Observation { architecture, fidelity: Fidelity::Full, objectives, effort: None }
        })
        .collect()
}
