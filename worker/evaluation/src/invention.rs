//! What a rehearsal says of a network that nobody trained: an error and an amount of work, by formulas fixed for all time, so
//! that a network is as good on every machine and in every attempt.
//!
//! Where a space counts its networks, more weights lower the error and the work is the counted one. Where only the user's
//! program would know, each decision that matters has an option that suits it best, drawn once, and costs more the larger it
//! is: enough to search for.

use common::architecture::Architecture;
use common::seed::Seed;
use common::space::{Scale, SearchSpace};
use rand::RngExt;

/// Multiply-accumulates of the largest imagined network.
const IMAGINED_FLOPS: f64 = 1e9;
/// The smallest does this share of the largest's work.
const LEAST_WORK: f64 = 0.02;

/// The error after a full training, in `[0, chance]`: a formula of size or merit, and a fixed luck.
pub fn error(space: &dyn SearchSpace, architecture: &Architecture, chance: f64) -> f64 {
    let canonical = space.canonical(architecture);
    if !space.trainable(&canonical) {
        return chance;
    }
    let luck = draw(Seed(0), &canonical, 1.0) * 0.03;
    let structural = match space.cost(&canonical) {
        Some(cost) => 0.3 / (1.0 + (cost.parameters as f64).ln() / 4.0),
        None => 0.4 * (1.0 - merit(space, &canonical)),
    };
    (0.05 + luck + structural).clamp(0.0, chance)
}

/// Multiply-accumulates, counted or imagined.
pub fn work(space: &dyn SearchSpace, architecture: &Architecture) -> f64 {
    match space.cost(architecture) {
        Some(cost) => cost.flops as f64,
        None => {
            let weight = mean(space, architecture, |place, _, _| place);
            IMAGINED_FLOPS * (LEAST_WORK + (1.0 - LEAST_WORK) * weight)
        }
    }
}

/// In [0, 1]: how near each decision is to the option that suits it best.
fn merit(space: &dyn SearchSpace, architecture: &Architecture) -> f64 {
    mean(space, architecture, |place, best, scale| match scale {
        Scale::Ordered => 1.0 - (place - best).abs(),
        // Without order every option has a merit of its own.
        Scale::Categorical => (place + best).fract(),
    })
}

/// The mean over the decisions that matter of a figure of the option's place and of the decision's best place, both in [0, 1].
fn mean(space: &dyn SearchSpace, architecture: &Architecture, of: impl Fn(f64, f64, Scale) -> f64) -> f64 {
    let decisions = space.decisions().iter().zip(architecture.genes()).zip(space.active(architecture));
    let matters = decisions.enumerate().filter(|(_, (_, active))| *active);
    let figures: Vec<f64> = matters
        .map(|(position, ((decision, &gene), _))| {
            let best = Seed(0).stream("rehearsed best", position as u64).random_range(0.0..=1.0);
            of(decision.place(gene), best, decision.scale)
        })
        .collect();
    figures.iter().sum::<f64>() / figures.len().max(1) as f64
}

/// In `[-spread, spread]`, fixed by seed and genes.
pub fn draw(seed: Seed, architecture: &Architecture, spread: f64) -> f64 {
    let code = architecture
        .genes()
        .iter()
        .fold(0_u64, |code, &gene| code.wrapping_mul(31).wrapping_add(u64::from(gene)));
    seed.stream("rehearsal", code).random_range(-1.0..=1.0) * spread
}
