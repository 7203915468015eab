//! What chance decides of an epoch: which images its batches take and in which order, how they are moved, blanked and mixed, and
//! which branches of the network are dropped. All of it comes from streams named by the epoch or the batch, so that an
//! epoch gone on with is the epoch that was begun.

use common::seed::Seed;
use rand::RngExt;
use tch::Tensor;

use super::Course;
use crate::data::{Draws, Holes, Moves, holes, moves, order, share};
use crate::network::DropPath;

#[derive(Debug)]
pub struct Epoch {
    pub number: u64,
    pub images: Draws,
    /// For each batch the share of its images that stays theirs; empty where none are mixed.
    shares: Vec<f64>,
    /// `[images, branches]` and the chance of a branch to stay; none where none is dropped.
    drops: Option<(Tensor, f64)>,
}

impl Epoch {
    /// `batches` of `batch_size` images each.
    pub fn new(course: &Course, number: u64, batches: u64, batch_size: usize) -> Self {
        let Course { data, recipe, augmentation, seed, network, .. } = *course;
        let order = order(data.training.len(), seed, number as u32);
        // A supernet whose images are fewer than its paths' batches takes some of them again.
        let rows = order.chunks_exact(batch_size).cycle().take(batches as usize);
        let indices: Vec<i64> = rows.flatten().copied().collect();
        let [_, height, width] = data.shape();
        let sides = [height as usize, width as usize];
        let batches = number * batches..(number + 1) * batches;
        let moved = batches
            .clone()
            .map(|batch| moves(augmentation, batch_size, sides, &mut seed.stream("augmentation", batch)));
        let blanked = (recipe.cutout_pixels > 0).then(|| {
            let of = |batch| holes(batch_size, sides, &mut seed.stream("cutout", batch));
            let middles = batches.clone().flat_map(of).collect();
            Holes { middles, side: i64::from(recipe.cutout_pixels) }
        });
        let images = data.draws(&indices, &together(moved), blanked.as_ref());
        let mixed = batches.clone().filter(|_| recipe.mixup > 0.0);
        let shares = mixed.map(|batch| share(recipe.mixup, &mut seed.stream("mixup", batch))).collect();
        let drop = recipe.drop_path * number as f64 / f64::from(recipe.epochs);
        let drops = (drop > 0.0 && network.branches() > 0).then(|| {
            let numbers = numbers(batches, batch_size * network.branches(), seed);
            let rows = [-1, network.branches() as i64];
            (Tensor::from_slice(&numbers).view(rows).to_device(network.weights.form().device), 1.0 - drop)
        });
        Self { number, images, shares, drops }
    }

    /// The share of its own that an image of this batch keeps; none where images are not mixed.
    pub fn share(&self, batch: usize) -> Option<f64> {
        self.shares.get(batch).copied()
    }

    /// Which branches the pass of `count` draws from `start` on drops.
    pub fn drop_path(&self, start: usize, count: usize) -> Option<DropPath> {
        let (numbers, keep) = self.drops.as_ref()?;
        Some(DropPath { numbers: numbers.narrow(0, start as i64, count as i64), keep: *keep })
    }
}

/// The moves of batch after batch as one.
fn together(batches: impl Iterator<Item = Moves>) -> Moves {
    batches
        .reduce(|all, more| match (all, more) {
            (Moves::Place(mut all), Moves::Place(more)) => {
                all.extend(more);
                Moves::Place(all)
            }
            (Moves::Crop(mut all), Moves::Crop(more)) => {
                all.extend(more);
                Moves::Crop(all)
            }
            (all, _) => all,
        })
        .unwrap_or(Moves::Stay)
}

/// `each` uniform numbers for every one of `batches`.
fn numbers(batches: std::ops::Range<u64>, each: usize, seed: Seed) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(each * (batches.end - batches.start) as usize);
    for batch in batches {
        let mut rng = seed.stream("drop path", batch);
        numbers.extend((0..each).map(|_| rng.random::<f32>()));
    }
    numbers
}
