//! The hindsight oracle of the proving ground: plans laid with the intensities that came, the best of them kept.
//!
//! A plan gives hour `t` slots in proportion to `c_t^(−1/(1 − e))`, cleanest zones first, as many as a budget pays for; tried are all
//! exponents and budgets below, each on the same luck. No policy can know what it knows.

use common::allocation::Shares;

use crate::grid::Grid;
use crate::scenario::Scenario;
use crate::study::Study;
use crate::worth::Worth;

/// `1 / (1 − e)` for work that grows as `n^e`; the last fills the cleanest hours.
const STEEPNESS: [f64; 6] = [1.6, 2.5, 4.0, 7.0, 14.0, 40.0];
const BUDGETS: [f64; 5] = [0.7, 0.85, 0.95, 1.05, 1.2];
/// Where no budget says how much: halves of all that the fleet could do.
const HALVES: i32 = 9;

/// The best worth found, and the decades that came with it.
pub fn best(grids: &[Grid], scenario: &Scenario) -> (f64, f64) {
    let mut best = (f64::NEG_INFINITY, 0.0);
    for steepness in STEEPNESS {
        for budget in budgets(grids, scenario) {
            let plan = plan(grids, scenario, steepness, budget);
            let (worth, decades) = follow(grids, scenario, &plan);
            if worth > best.0 {
                best = (worth, decades);
            }
        }
    }
    best
}

/// A single plan of the middle: what a study of this kind can bring, roughly.
#[cfg(feature = "torch")]
pub fn rough(grids: &[Grid], scenario: &Scenario) -> f64 {
    let budgets = budgets(grids, scenario);
    follow(grids, scenario, &plan(grids, scenario, STEEPNESS[2], budgets[2])).0
}

/// What a plan may spend, in slot-hours × g/kWh, or in slot-hours.
#[derive(Debug, Clone, Copy)]
enum Budget {
    Carbon(f64),
    Hours(f64),
}

fn budgets(grids: &[Grid], scenario: &Scenario) -> Vec<Budget> {
    let kw = scenario.nature.watts / 1_000.0;
    let slots: u32 = scenario.zones.iter().map(|(_, slots)| slots).sum();
    let hours = scenario.energy_kwh.map(|kwh| kwh / kw);
    let hours = hours.or(scenario.trainings.map(|count| count as f64 * scenario.nature.full_h));
    match (scenario.carbon_g, hours) {
        (Some(grams), _) => BUDGETS.map(|part| Budget::Carbon(part * grams / kw)).to_vec(),
        (None, Some(hours)) => BUDGETS.map(|part| Budget::Hours(part * hours)).to_vec(),
        (None, None) => {
            let all = f64::from(slots) * scenario.hours as f64 * scenario.usual(grids);
            (0..HALVES).map(|halves| Budget::Carbon(all * 0.5_f64.powi(halves))).collect()
        }
    }
}

/// `[hours][zones]`: slots that train.
fn plan(grids: &[Grid], scenario: &Scenario, steepness: f64, budget: Budget) -> Vec<Vec<u32>> {
    let usual = scenario.usual(grids);
    let hours: Vec<Vec<(usize, f64, f64, u32)>> = (0..scenario.hours)
        .map(|hour| {
            let at = scenario.start.plus(hour as i64);
            let zones = scenario.zones.iter().enumerate();
            let mut zones: Vec<_> = zones
                .map(|(zone, (place, slots))| {
                    let intensity = grids[*place].at(at).unwrap_or(usual).max(1.0);
                    (zone, intensity, libm::pow(intensity / usual, -steepness), *slots)
                })
                .collect();
            zones.sort_by(|a, b| a.1.total_cmp(&b.1));
            zones
        })
        .collect();
    let at_level = |level: f64| -> (Vec<Vec<u32>>, f64, f64) {
        let (mut plan, mut carbon, mut slot_hours) = (Vec::with_capacity(hours.len()), 0.0, 0.0);
        for zones in &hours {
            let (mut of_hour, mut taken) = (vec![0; zones.len()], 0.0);
            for (zone, intensity, weight, slots) in zones {
                let slots = (level * weight - taken + 0.5).floor().clamp(0.0, f64::from(*slots));
                taken += slots;
                carbon += slots * intensity;
                slot_hours += slots;
                of_hour[*zone] = slots as u32;
            }
            plan.push(of_hour);
        }
        (plan, carbon, slot_hours)
    };
    let fits = |(_, carbon, slot_hours): &(Vec<Vec<u32>>, f64, f64)| match budget {
        Budget::Carbon(most) => *carbon <= most,
        Budget::Hours(most) => *slot_hours <= most,
    };
    let (mut low, mut high) = (-12.0, 12.0);
    for _ in 0..24 {
        let middle = (low + high) / 2.0;
        if fits(&at_level(libm::exp(middle))) { low = middle } else { high = middle }
    }
    at_level(libm::exp(low)).0
}

fn follow(grids: &[Grid], scenario: &Scenario, plan: &[Vec<u32>]) -> (f64, f64) {
    let (mut study, worth) = (Study::new(grids, scenario.clone()), Worth::of(grids, scenario));
    let mut sum = 0.0;
    while !study.is_over() {
        let slots = scenario.zones.iter().map(|(_, slots)| *slots);
        let shares: Vec<Shares> = plan[study.hours()]
            .iter()
            .zip(slots)
            .map(|(train, slots)| Shares { train: *train, sample: 0, rest: slots - train })
            .collect();
        sum += worth.of_hour(&study.step(&shares));
    }
    (sum, study.decades())
}
