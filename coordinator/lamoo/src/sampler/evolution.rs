//! Children of the region's best: crossover and mutation, kept where they stay in the region.
//!
//! Parents are chosen as in NSGA-II (Deb et al., 2002): by layer, then by crowding distance. Where the family has no
//! new child in the region, the rest is drawn at random.

use common::architecture::Architecture;
use common::space::SearchSpace;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Batch, Random, Sampler};
use crate::tree::Sample;

#[derive(Debug, Clone, Copy)]
pub struct Evolution {
    /// How many of the region's best have children.
    pub parents: usize,
    /// Chance that a child has two parents.
    pub crossover: f64,
    /// Share of the attempts after which the family is given up.
    pub patience: f64,
}

impl Default for Evolution {
    fn default() -> Self {
        Self { parents: 10, crossover: 0.5, patience: 0.5 }
    }
}

impl Sampler for Evolution {
    fn name(&self) -> &'static str {
        "evolution"
    }

    fn fill(&mut self, batch: &mut Batch<'_>, rng: &mut ChaCha8Rng) {
        let parents = best(batch, self.parents);
        if !parents.is_empty() {
            let reserve = (batch.attempts_left() as f64 * (1.0 - self.patience)) as usize;
            while !batch.is_done() && batch.attempts_left() > reserve {
                let child = self.child(batch.space(), &parents, rng);
                batch.offer(&child);
            }
        }
        Random.fill(batch, rng);
    }
}

impl Evolution {
    /// A parent, or a uniform mixture of two, with one decision changed; a mixture may also go unchanged.
    pub(super) fn child(
        &self,
        space: &dyn SearchSpace,
        parents: &[&Architecture],
        rng: &mut ChaCha8Rng,
    ) -> Architecture {
        let first = parents[rng.random_range(0..parents.len())];
        if !rng.random_bool(self.crossover) {
            return mutated(space, first, rng);
        }
        let second = parents[rng.random_range(0..parents.len())];
        let pairs = first.genes().iter().zip(second.genes());
        let mixed =
            Architecture::new(pairs.map(|(a, b)| if rng.random_bool(0.5) { *a } else { *b }).collect());
        if rng.random_bool(0.5) { mutated(space, &mixed, rng) } else { mixed }
    }
}

fn mutated(space: &dyn SearchSpace, architecture: &Architecture, rng: &mut ChaCha8Rng) -> Architecture {
    let mut neighbours = space.neighbours(architecture);
    if neighbours.is_empty() {
        return architecture.clone();
    }
    let chosen = rng.random_range(0..neighbours.len());
    neighbours.swap_remove(chosen)
}

/// The region's best `most` samples by layer, the loneliest first within one, then by architecture.
pub(super) fn best<'a>(batch: &Batch<'a>, most: usize) -> Vec<&'a Architecture> {
    let (samples, ranks) = ranked(batch);
    let mut order: Vec<usize> = Vec::with_capacity(samples.len());
    for layer in 0..=ranks.iter().copied().max().unwrap_or(0) {
        let members: Vec<usize> = (0..samples.len()).filter(|&index| ranks[index] == layer).collect();
        let rows: Vec<&[f64]> = members.iter().map(|&index| &*samples[index].objectives).collect();
        let alone = moo::crowding_distances(&rows).expect("the tree was built from these objectives");
        let mut layer_order: Vec<usize> = (0..members.len()).collect();
        layer_order.sort_by(|&a, &b| alone[b].total_cmp(&alone[a]).then(members[a].cmp(&members[b])));
        order.extend(layer_order.into_iter().map(|place| members[place]));
        if order.len() >= most {
            break;
        }
    }
    order.truncate(most);
    order.into_iter().map(|index| &samples[index].architecture).collect()
}

/// The region's samples that none of its others dominates.
pub(super) fn front<'a>(batch: &Batch<'a>) -> Vec<&'a Architecture> {
    let (samples, ranks) = ranked(batch);
    let first = samples.into_iter().zip(ranks).filter(|(_, rank)| *rank == 0);
    first.map(|(sample, _)| &sample.architecture).collect()
}

fn ranked<'a>(batch: &Batch<'a>) -> (Vec<&'a Sample>, Vec<usize>) {
    let samples: Vec<_> = batch.samples().collect();
    let objectives: Vec<&[f64]> = samples.iter().map(|sample| sample.objectives.as_slice()).collect();
    let ranks = moo::ranks(&objectives).expect("the tree was built from these objectives");
    (samples, ranks)
}
