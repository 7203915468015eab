//! The electricity grid: a seeded curve of carbon intensity, a naive forecast of it, and a policy that swings with it.

use std::collections::BTreeMap;

use allocation::Situation;
use common::allocation::{Allocation, Shares};
use common::carbon::{CarbonSample, Forecast, Provenance, SignalKind};
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use common::unit::Intensity;

use super::random::Dice;

/// gCO2eq/kWh: a day's swing with noise, different in each zone.
pub fn intensity(seed: Seed, zone: &Zone, hour: GridHour) -> f64 {
    let mut dice = Dice::new(seed.stream(&format!("intensity of {zone}"), hour.0.cast_unsigned()));
    let phase = zone.as_str().len() as f64;
    let swing = ((hour.0 as f64 + phase) * std::f64::consts::TAU / 8.0).sin();
    300.0 + 200.0 * swing + 60.0 * dice.share()
}

pub fn sample(seed: Seed, zone: &Zone, hour: GridHour) -> CarbonSample {
    CarbonSample {
        zone: zone.clone(),
        hour,
        intensity: Intensity(intensity(seed, zone, hour)),
        kind: SignalKind::AverageDirect,
        provenance: Provenance::Synthetic,
    }
}

/// "As it is now, give or take": issued at `hour`, for a day.
pub fn forecast(seed: Seed, zone: &Zone, hour: GridHour) -> Forecast {
    let present = intensity(seed, zone, hour);
    Forecast {
        zone: zone.clone(),
        issued_at: hour,
        model: "persistence".into(),
        levels: vec![0.05, 0.5, 0.95],
        quantiles: vec![vec![present * 0.7, present, present * 1.4]; 24],
    }
}

/// Everything trains when the grid is clean; when it is middling half samples; when it is dirty everything rests.
pub fn decide(situation: &Situation) -> Allocation {
    let shares = |slots: u32, intensity: f64| match intensity {
        dirty if dirty > 460.0 => Shares { train: 0, sample: 0, rest: slots },
        middling if middling > 300.0 => {
            let sample = slots.div_ceil(2);
            Shares { train: slots - sample, sample, rest: 0 }
        }
        _ => Shares { train: slots - slots / 4, sample: slots / 4, rest: 0 },
    };
    let zones: BTreeMap<Zone, Shares> = situation
        .zones
        .iter()
        .map(|(zone, there)| (zone.clone(), shares(there.slots, there.intensity.map_or(300.0, |i| i.0))))
        .collect();
    Allocation { zones, policy: "swing".into(), reason: "as clean as the grid".into() }
}
