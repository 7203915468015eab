//! The first architectures of a study that will learn a model: corners of the space, then uniform ones.
//!
//! A corner takes the same option in every decision. They are the extremes of nearly every cost, and a model that has seen
//! them interpolates where it would have guessed.

use common::architecture::Architecture;
use common::space::{Decision, Scale, SearchSpace};
use rand_chacha::ChaCha8Rng;

use super::{Batch, Random, Sampler};

/// Corners at most: of more options, these many are spread over the scale.
const MOST_CORNERS: u32 = 8;

#[derive(Debug, Clone, Copy, Default)]
pub struct Design;

impl Sampler for Design {
    fn name(&self) -> &'static str {
        "design"
    }

    fn fill(&mut self, batch: &mut Batch<'_>, rng: &mut ChaCha8Rng) {
        for corner in corners(batch.space()) {
            batch.offer(&corner);
        }
        Random.fill(batch, rng);
    }
}

/// The last option first: what was listed last is most often the most there is, and the most dear.
fn corners(space: &dyn SearchSpace) -> impl Iterator<Item = Architecture> {
    let decisions = space.decisions();
    let options = decisions.iter().map(|decision| if decision.is_fine() { 2 } else { decision.options });
    let count = options.max().unwrap_or(0).min(MOST_CORNERS);
    (0..count).rev().map(move |corner| {
        let gene = |decision: &Decision| match decision.scale {
            Scale::Categorical => corner.min(decision.options - 1),
            Scale::Ordered => {
                let place = f64::from(corner) / f64::from((count - 1).max(1));
                (place * f64::from(decision.options - 1)).round() as u32
            }
        };
        Architecture::new(decisions.iter().map(gene).collect())
    })
}
