//! The reward: hypervolume won, carbon spent, new samples, each with its weight.

use crate::grid::Grid;
use crate::scenario::Scenario;
use crate::study::Gain;

/// Of one scored candidate, in decades: a tie-breaker, for what a score is worth shows in the trainings that follow it.
const SAMPLE: f64 = 2e-4;

/// What an hour is worth, in decades of missing hypervolume.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    /// Of a gram.
    per_gram: f64,
}

impl Worth {
    /// The user's lean sets the price of carbon, in decades for the carbon of one training at the week's usual intensity.
    pub fn of(grids: &[Grid], scenario: &Scenario) -> Self {
        let grams = scenario.nature.full_kwh() * scenario.usual(grids);
        Self { per_gram: allocation::agent::price(scenario.lean) / grams }
    }

    pub fn of_hour(&self, gain: &Gain) -> f64 {
        gain.decades - self.per_gram * gain.grams + SAMPLE * f64::from(gain.samples)
    }
}
