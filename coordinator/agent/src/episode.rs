//! A whole study under one policy.

use allocation::Policy;
use common::allocation::Shares;
use common::id::Zone;

use crate::grid::Grid;
use crate::scenario::Scenario;
use crate::study::Study;
use crate::worth::Worth;

/// What a study came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The sum of rewards.
    pub worth: f64,
    /// Of missing hypervolume, removed.
    pub decades: f64,
    pub grams: f64,
    pub kwh: f64,
    pub hours: usize,
    pub trainings: u32,
}

pub fn play(grids: &[Grid], scenario: &Scenario, policy: &mut dyn Policy) -> Outcome {
    let (mut study, worth) = (Study::new(grids, scenario.clone()), Worth::of(grids, scenario));
    let names: Vec<Zone> = scenario.zones.iter().map(|(place, _)| grids[*place].zone.clone()).collect();
    let mut sum = 0.0;
    while !study.is_over() {
        let allocation = policy.decide(&study.situation());
        let shares: Vec<Shares> = names.iter().map(|zone| allocation.shares(zone)).collect();
        sum += worth.of_hour(&study.step(&shares));
    }
    Outcome {
        worth: sum,
        decades: study.decades(),
        grams: study.grams(),
        kwh: study.kwh(),
        hours: study.hours(),
        trainings: study.finished(),
    }
}
