//! Regret of policies to hindsight, over caps, deadlines, fleets, zones and dates.

use allocation::{Options, Policy};
use common::seed::Seed;
use common::time::GridHour;

use crate::episode::play;
use crate::foresight;
use crate::grid::Grid;
use crate::nature::Nature;
use crate::scenario::{Scenario, covers};

pub const CAPS_KG: [f64; 4] = [0.5, 1.0, 2.0, 5.0];
pub const DEADLINES: [usize; 2] = [24, 80];
pub const FLEETS: [u32; 3] = [2, 8, 32];

/// One study of the evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub zone: String,
    pub cap_kg: f64,
    pub deadline: usize,
    pub fleet: u32,
    pub scenario: Scenario,
}

/// Every cap × deadline × fleet in every grid at every start that it covers, `seeds` natures each.
pub fn cases(grids: &[Grid], starts: &[GridHour], seeds: u64, seed: Seed) -> Vec<Case> {
    let mut cases = Vec::new();
    let lean = Options::default().agent_lean;
    for (place, grid) in grids.iter().enumerate() {
        for &start in starts {
            for (cap_kg, deadline, fleet) in settings().filter(|(_, hours, _)| covers(grid, start, *hours)) {
                for number in 0..seeds {
                    let index = (start.0 as u64).wrapping_mul(1_000).wrapping_add(number);
                    let nature = Nature::like_nas_bench(&mut seed.stream("evaluation", index));
                    let scenario = Scenario {
                        zones: vec![(place, fleet)],
                        start,
                        hours: deadline,
                        carbon_g: Some(1_000.0 * cap_kg),
                        energy_kwh: None,
                        trainings: None,
                        until: None,
                        lean,
                        nature,
                    };
                    cases.push(Case { zone: grid.zone.to_string(), cap_kg, deadline, fleet, scenario });
                }
            }
        }
    }
    cases
}

fn settings() -> impl Iterator<Item = (f64, usize, u32)> {
    CAPS_KG.into_iter().flat_map(|cap| {
        DEADLINES.into_iter().flat_map(move |hours| FLEETS.into_iter().map(move |fleet| (cap, hours, fleet)))
    })
}

/// Decades of missing hypervolume that a policy left to hindsight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regret {
    pub decades: f64,
    /// The same in percent of the whole hypervolume.
    pub percent: f64,
}

/// Of every policy in one case, and hindsight's own decades. Hindsight is the best of its plans and of what the policies did, for no
/// bound may lie below what was reached.
pub fn regrets(grids: &[Grid], case: &Case, policies: &mut [Box<dyn Policy>]) -> (Vec<Regret>, f64) {
    let reached: Vec<f64> =
        policies.iter_mut().map(|policy| play(grids, &case.scenario, policy.as_mut()).decades).collect();
    let (_, planned) = foresight::best(grids, &case.scenario);
    let best = reached.iter().copied().fold(planned, f64::max);
    let percent = |decades: f64| 100.0 * (1.0 - libm::pow(10.0, -decades));
    let of = |decades: &f64| Regret { decades: best - decades, percent: percent(best) - percent(*decades) };
    (reached.iter().map(of).collect(), best)
}

/// Means of regrets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    pub count: usize,
    decades: f64,
    squares: f64,
    percent: f64,
}

impl Tally {
    pub fn add(&mut self, regret: Regret) {
        self.count += 1;
        self.decades += regret.decades;
        self.squares += regret.decades * regret.decades;
        self.percent += regret.percent;
    }

    pub fn decades(&self) -> f64 {
        self.decades / self.count as f64
    }

    pub fn percent(&self) -> f64 {
        self.percent / self.count as f64
    }

    /// Of the mean decades.
    pub fn error(&self) -> f64 {
        let count = self.count as f64;
        libm::sqrt((self.squares / count - self.decades() * self.decades()).max(0.0) / (count - 1.0).max(1.0))
    }
}
