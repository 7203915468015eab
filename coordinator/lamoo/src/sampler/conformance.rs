//! What every sampler owes, checked in a given space: it panics with the broken promise. For samplers' own tests, and
//! for anybody who writes one.

use std::collections::BTreeSet;

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::{Decision, SearchSpace};

use super::{Batch, Pool, Sampler};
use crate::{Observation, Options, RegionId, SearchTree};

/// Candidates tried per region; small, so that a large space shows its bound.
const ATTEMPTS: usize = 300;
const WANTED: usize = 5;

/// Checks `sampler` in every region of a tree over `space`, and where nothing is left to find.
pub fn check_sampler(sampler: &dyn Sampler, space: &dyn SearchSpace) {
    let tree = tree(space);
    assert!(tree.regions().len() > 1, "the space's features say something about its objectives");
    let observed: BTreeSet<Architecture> =
        tree.samples().iter().map(|sample| sample.architecture.clone()).collect();
    let pool = Pool::new(space);
    for region in tree.regions() {
        let first = fill(sampler, &pool, &tree, region.id, &observed, WANTED);
        check_batch(sampler, space, &tree, region.id, &observed, &first);
        assert_eq!(
            first,
            fill(sampler, &pool, &tree, region.id, &observed, WANTED),
            "{}: one seed, one batch",
            sampler.name()
        );

        // Pending counts as much as evaluated.
        let mut pending = observed.clone();
        pending.extend(first);
        let second = fill(sampler, &pool, &tree, region.id, &pending, WANTED);
        check_batch(sampler, space, &tree, region.id, &pending, &second);
        assert!(
            fill(sampler, &pool, &tree, region.id, &observed, 0).is_empty(),
            "nothing wanted, nothing given"
        );
    }
    check_empty_regions(sampler, &pool, &tree, &observed);
}

/// Where every architecture is taken a sampler must come back, with nothing. (In a space too large to enumerate,
/// nothing is ever all taken; the bound on attempts ends the search.)
fn check_empty_regions(
    sampler: &dyn Sampler,
    pool: &Pool<'_>,
    tree: &SearchTree,
    observed: &BTreeSet<Architecture>,
) {
    let everything: BTreeSet<Architecture> = pool.all().into_iter().flatten().cloned().collect();
    if !everything.is_empty() {
        for region in tree.regions() {
            assert!(
                fill(sampler, pool, tree, region.id, &everything, WANTED).is_empty(),
                "{}: nothing new",
                sampler.name()
            );
        }
    }
    // An empty tree: one region without samples to start from.
    let young =
        SearchTree::build(pool.space(), &[], &[2.0, 2.0], &Options::default()).expect("no samples, no error");
    let found = fill(sampler, pool, &young, RegionId(0), observed, WANTED);
    check_batch(sampler, pool.space(), &young, RegionId(0), observed, &found);
    assert!(!found.is_empty(), "{}: the whole space has something new", sampler.name());
}

fn check_batch(
    sampler: &dyn Sampler,
    space: &dyn SearchSpace,
    tree: &SearchTree,
    region: RegionId,
    taken: &BTreeSet<Architecture>,
    batch: &[Architecture],
) {
    let name = sampler.name();
    assert!(batch.len() <= WANTED, "{name}: no more than wanted");
    let distinct: BTreeSet<&Architecture> = batch.iter().collect();
    assert_eq!(distinct.len(), batch.len(), "{name}: no duplicate in a batch");
    for architecture in batch {
        space.check(architecture).expect("a candidate belongs to its space");
        assert_eq!(space.canonical(architecture), *architecture, "{name}: canonical");
        assert!(space.trainable(architecture), "{name}: trainable");
        assert!(!taken.contains(architecture), "{name}: neither evaluated nor pending");
        assert!(tree.contains(region, &space.features(architecture)), "{name}: inside its region");
    }
}

fn fill(
    sampler: &dyn Sampler,
    pool: &Pool<'_>,
    tree: &SearchTree,
    region: RegionId,
    taken: &BTreeSet<Architecture>,
    wanted: usize,
) -> Vec<Architecture> {
    let mut batch = Batch::new(pool, tree, region, taken, wanted, ATTEMPTS);
    sampler.fill(&mut batch, &mut Seed(7).stream("conformance", 0));
    batch.into_chosen()
}

/// A tree over random architectures whose two objectives pull the genes' sum both ways.
fn tree(space: &dyn SearchSpace) -> SearchTree {
    let mut rng = Seed(11).stream("conformance", 1);
    let observations: Vec<Observation> = (0..60)
        .map(|_| {
            let architecture = space.canonical(&space.random(&mut rng));
            let share = |(gene, decision): (&u32, &Decision)| decision.place(*gene);
            let shares: Vec<f64> = architecture.genes().iter().zip(space.decisions()).map(share).collect();
            let (sum, first) = (shares.iter().sum::<f64>() / shares.len() as f64, shares[0]);
            Observation { architecture, objectives: vec![sum, (1.0 - sum).powi(2) + first] }
        })
        .collect();
    SearchTree::build(space, &observations, &[2.0, 2.0], &Options::default()).expect("finite objectives")
}
