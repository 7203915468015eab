//! How a study responds to work: a family of progress curves fitted to the project's own simulated runs, and wider than those.
//!
//! What is missing of the hypervolume falls as `(1 + (W − W₀)/w)^−b` with the work `W`, counted in full trainings: `W₀` is what must be
//! tried before anything is learnt, `b` lay between 1.0 and 1.9 (NAS-Bench-201, 2 and 8 slots). A training that begins beside `n − 1`
//! others knows less: it counts `n^(a − 1)`, with `a` between 0.55 and 0.95 where eight at once took 1.2 to 1.7 times the energy of two.

use common::seed::Seed;
use rand::{Rng, RngExt};

/// Of idle but powered slots.
pub const IDLE_W: f64 = 40.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nature {
    /// Mean hours of a full training on one slot, and the logarithm's deviation.
    pub full_h: f64,
    pub scatter: f64,
    pub watts: f64,
    /// `W₀`, `w`, `b`, `a` above.
    pub startup: f64,
    pub knee: f64,
    pub steepness: f64,
    pub parallel: f64,
    /// The logarithm's deviation of what one training is worth.
    pub luck: f64,
    /// What a training is worth more when its candidate was scored first; none where there is nothing to score.
    pub scoring: Option<f64>,
    pub seed: u64,
}

impl Nature {
    /// Any of the family.
    pub fn draw(dice: &mut impl Rng) -> Self {
        Self {
            full_h: log_between(dice, 0.3, 4.0),
            scatter: between(dice, 0.05, 0.5),
            watts: log_between(dice, 60.0, 700.0),
            ..Self::like_nas_bench(dice)
        }
    }

    /// With the durations and powers of the simulated world.
    pub fn like_nas_bench(dice: &mut impl Rng) -> Self {
        Self {
            full_h: 3_656.0 / 3_600.0,
            scatter: 0.25,
            watts: 250.0,
            startup: log_between(dice, 0.8, 4.0),
            knee: log_between(dice, 0.4, 3.0),
            steepness: between(dice, 0.8, 2.0),
            parallel: between(dice, 0.5, 0.95),
            luck: between(dice, 0.2, 0.8),
            scoring: (dice.random::<f64>() < 0.5).then(|| between(dice, 0.0, 0.1)),
            seed: dice.random(),
        }
    }

    /// Decades of missing hypervolume that `work` removes.
    pub fn decades(&self, work: f64) -> f64 {
        self.steepness * libm::log10(1.0 + (work - self.startup).max(0.0) / self.knee)
    }

    /// Hours and worth of the `index`th training: the same whatever a policy does, so that policies are compared on equal luck.
    pub fn training(&self, index: u64) -> (f64, f64) {
        let mut dice = Seed(self.seed).stream("training", index);
        let long = libm::exp(self.scatter * normal(&mut dice) - self.scatter * self.scatter / 2.0);
        let worth = libm::exp(self.luck * normal(&mut dice) - self.luck * self.luck / 2.0);
        (self.full_h * long, worth)
    }

    pub fn full_kwh(&self) -> f64 {
        self.full_h * self.watts / 1_000.0
    }
}

pub fn between(dice: &mut impl Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * dice.random::<f64>()
}

pub fn log_between(dice: &mut impl Rng, low: f64, high: f64) -> f64 {
    libm::exp(between(dice, libm::log(low), libm::log(high)))
}

/// Of mean 0 and deviation 1, by Box and Muller.
pub fn normal(dice: &mut impl Rng) -> f64 {
    let (radius, angle) = (1.0 - dice.random::<f64>(), std::f64::consts::TAU * dice.random::<f64>());
    libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(angle)
}
