//! How one region is divided: which of its samples are the better half, and the border between the halves.

use crate::Error;
use crate::svm::{self, Classifier};
use crate::tree::Sample;

/// A border that has samples on both sides.
pub(crate) struct Partition {
    pub(crate) border: Classifier,
    /// Indices of samples that the border puts on the good side, and on the bad side.
    pub(crate) good: Vec<usize>,
    pub(crate) bad: Vec<usize>,
}

/// Divides the samples `inside` a region; none where they can't be told apart.
///
/// Children get what the classifier *predicts*, so that a region and its samples agree.
pub(crate) fn divide(
    samples: &[Sample],
    inside: &[usize],
    options: &svm::Options,
) -> Result<Option<Partition>, Error> {
    let Some(labels) = better_half(samples, inside)? else { return Ok(None) };
    let features: Vec<&[f64]> = inside.iter().map(|&index| samples[index].features.as_slice()).collect();
    let border = Classifier::fit(&features, &labels, options);
    let (good, bad): (Vec<usize>, Vec<usize>) =
        inside.iter().partition(|&&index| border.is_positive(&samples[index].features));
    let divides = !good.is_empty() && !bad.is_empty();
    Ok(divides.then_some(Partition { border, good, bad }))
}

/// Whether each sample is of the lower half by dominance number, counted inside the region.
///
/// Equal numbers stay together, or the border would have to learn a coin's toss: the cut falls between two different
/// numbers as near to the middle as there are, the lower of two equally near. None when all numbers are equal.
fn better_half(samples: &[Sample], inside: &[usize]) -> Result<Option<Vec<bool>>, Error> {
    let objectives: Vec<&[f64]> = inside.iter().map(|&index| samples[index].objectives.as_slice()).collect();
    let numbers = moo::dominance_numbers(&objectives)?;
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let cuts = (1..sorted.len()).filter(|&cut| sorted[cut - 1] < sorted[cut]);
    let cut = cuts.min_by_key(|&cut| (2 * cut).abs_diff(sorted.len()));
    Ok(cut.map(|cut| numbers.iter().map(|&number| number < sorted[cut]).collect()))
}
