//! Made-up grids with real forecasts.
#![allow(dead_code)] // each test file uses its part

use agent::{Grid, Nature, Scenario};
use common::carbon::SignalKind;
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use forecast::Series;
use rand::{Rng, RngExt};

pub const START: GridHour = GridHour(440_000);
pub const HOURS: usize = 80;

/// Clean noons and weather that lasts for days, from 70 days before [`START`] on.
pub fn series(zone: &str, seed: u64) -> Series {
    let mut dice = Seed(seed).stream("weather", 0);
    let mut weather = 0.0;
    let values = (0..70 * 24 + 200).map(|hour| {
        weather = 0.95 * weather + 12.0 * (dice.random::<f64>() - 0.5);
        let sun = (-(f64::from(hour % 24) - 12.0).powi(2) / 18.0).exp();
        (400.0 * (1.0 - 0.6 * sun) + weather).max(1.0)
    });
    let first = START.plus(-70 * 24);
    Series::new(Zone::new(zone), SignalKind::AverageDirect, first, values.collect()).unwrap()
}

pub fn grid(zone: &str, seed: u64) -> Grid {
    Grid::prepare(&series(zone, seed), START, START.plus(HOURS as i64), &mut || {}).unwrap()
}

pub fn scenario(zones: Vec<(usize, u32)>, cap_g: f64, dice: &mut impl Rng) -> Scenario {
    Scenario {
        zones,
        start: START,
        hours: HOURS,
        carbon_g: Some(cap_g),
        energy_kwh: None,
        trainings: None,
        until: None,
        lean: 0.5,
        nature: Nature::like_nas_bench(dice),
    }
}
