//! The first architectures of a study that will learn a model: corners of the space, then uniform ones of which each shows
//! what was shown least.
//!
//! A corner takes the same option in every decision. They are the extremes of nearly every cost, and a model that has seen
//! them interpolates where it would have guessed. What an option does that was never shown, or only in bad company, a model
//! may not ask about for a hundred trainings.

use common::architecture::Architecture;
use common::space::{Decision, Scale, SearchSpace};
use rand_chacha::ChaCha8Rng;

use super::{Batch, Random, Sampler};

/// Corners at most, and parts of a scale: of more options, these many are spread over it.
const MOST_CORNERS: u32 = 8;
/// Uniform architectures of which the next is taken.
const DRAWN: usize = 64;

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
        while !batch.is_done() {
            match rarest(batch, rng) {
                Some(own) => batch.offer(&own),
                None => break,
            };
        }
        Random.fill(batch, rng);
    }
}

/// Of a few open architectures drawn uniformly, the one whose options are the rarest among those sampled and chosen: the
/// least sum of squared counts, which weighs the commonest options most. The first of equals.
fn rarest(batch: &Batch<'_>, rng: &mut ChaCha8Rng) -> Option<Architecture> {
    let (scope, space) = (batch.pool().scope(), batch.space());
    let mut counts = vec![[0_usize; MOST_CORNERS as usize]; space.decisions().len()];
    let sampled = batch.tree().samples().iter().map(|sample| &sample.architecture);
    for own in sampled.chain(batch.chosen().iter().map(|chosen| &chosen.architecture)) {
        for (counts, stratum) in counts.iter_mut().zip(strata(space, own)) {
            counts[stratum] += 1;
        }
    }
    let drawn = (0..DRAWN).map(|_| scope.own(&space.random(rng)));
    let open = drawn.filter(|own| batch.is_open(own));
    open.min_by_key(|own| {
        counts.iter().zip(strata(space, own)).map(|(counts, stratum)| counts[stratum].pow(2)).sum::<usize>()
    })
}

/// By decision, the option, or where there are many, the part of the scale in which it lies.
fn strata(space: &dyn SearchSpace, architecture: &Architecture) -> impl Iterator<Item = usize> {
    let most = MOST_CORNERS - 1;
    architecture.genes().iter().zip(space.decisions()).map(move |(&gene, decision)| {
        if decision.options <= MOST_CORNERS {
            gene as usize
        } else if decision.scale == Scale::Ordered {
            (decision.place(gene) * f64::from(most)).round() as usize
        } else {
            gene.min(most) as usize
        }
    })
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
