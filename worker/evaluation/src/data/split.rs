//! Which images train, which validate, and in which order an epoch visits them: all from seeds.

use common::seed::Seed;
use rand::seq::SliceRandom;

use super::Error;

/// Indices into the training files: `(training, validation)`, disjoint. The files are shuffled once by the study's seed;
/// validation takes the first, training the next.
pub fn split(
    available: usize,
    validation: u32,
    training: Option<u32>,
    seed: Seed,
) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let validation = validation as usize;
    let training = training.map_or(available.saturating_sub(validation), |images| images as usize);
    if validation + training > available {
        return Err(Error::TooFew { validation, training, available });
    }
    if validation == 0 || training == 0 {
        return Err(Error::EmptyPart { validation, training });
    }
    let mut shuffled: Vec<usize> = (0..available).collect();
    shuffled.shuffle(&mut seed.stream("split", 0));
    shuffled.truncate(validation + training);
    let training = shuffled.split_off(validation);
    Ok((training, shuffled))
}

/// The order in which `epoch` visits `images` training images.
pub fn order(images: usize, seed: Seed, epoch: u32) -> Vec<i64> {
    let mut order: Vec<i64> = (0..images as i64).collect();
    order.shuffle(&mut seed.stream("data order", u64::from(epoch)));
    order
}
