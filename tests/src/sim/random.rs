//! Dice of the simulated world: one stream a subject, so that a change in one part shifts no other.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use common::time::Millis;

#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(rng: ChaCha8Rng) -> Self {
        Self(rng)
    }

    /// True with probability `share`. A share of zero throws no dice.
    pub fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.share() < share
    }

    /// Uniform in [0, 1).
    pub fn share(&mut self) -> f64 {
        self.0.random_range(0.0..1.0)
    }

    /// Uniform in `[low, high]`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    pub fn millis(&mut self, (low, high): (i64, i64)) -> Millis {
        Millis(self.between(low, high))
    }
}
