//! A made-up grid: demand, sun, wind, water, nuclear power, gas and coal by hour, turned into intensity by published emission factors.
//!
//! It is there so that a study can be tried on a believable signal without anybody's data, and is labelled synthetic wherever it shows.
//! Every hour follows from (seed, zone, hour) alone, so any span can be had in any order. Hours are those of the zone's own sun: noon is
//! at 12. Not here: any real grid, trade between zones, prices.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use common::unit::Intensity;
use rand::Rng;

use super::{CarbonSource, Error};

/// Power by source, as shares of the zone's mean demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    pub coal: f64,
    pub gas: f64,
    pub solar: f64,
    pub hydro: f64,
    pub nuclear: f64,
    pub wind: f64,
}

impl Mix {
    /// Life-cycle intensity by the medians of IPCC AR5 WG III (2014), annex III, table A.III.2.
    pub fn intensity(&self) -> Intensity {
        let parts = [
            (self.coal, 820.0),
            (self.gas, 490.0),
            (self.solar, 45.0),
            (self.hydro, 24.0),
            (self.nuclear, 12.0),
            (self.wind, 11.0),
        ];
        let power: f64 = parts.iter().map(|(power, _)| power).sum();
        Intensity(parts.iter().map(|(power, factor)| power * factor).sum::<f64>() / power)
    }
}

#[derive(Debug, Clone)]
pub struct TypicalWeek {
    zone: Zone,
    seed: Seed,
    plants: Plants,
}

/// What the zone has built, as shares of its mean demand.
#[derive(Debug, Clone, Copy)]
struct Plants {
    solar: f64,
    wind: f64,
    nuclear: f64,
    hydro: f64,
    coal: f64,
}

/// Thermal plants that must run to keep the grid steady; the sun is curtailed before they are.
const MUST_RUN: f64 = 0.08;
/// Weather persists for a day or two, with gusts within it: knots so many hours apart, and how much each weighs.
const OCTAVES: [(i64, f64); 2] = [(31, 0.85), (7, 0.35)];

impl TypicalWeek {
    pub fn new(zone: Zone, seed: Seed) -> Self {
        let seed = seed.derive(&format!("typical week of {zone}"), 0);
        let mut dice = seed.stream("plants", 0);
        let mut between = |low: f64, high: f64| low + (high - low) * uniform(&mut dice);
        let plants = Plants {
            solar: between(0.85, 1.15),
            wind: between(0.35, 0.55),
            nuclear: between(0.08, 0.16),
            hydro: between(0.05, 0.12),
            coal: between(0.20, 0.35),
        };
        Self { zone, seed, plants }
    }

    /// What ran in `hour`.
    pub fn mix(&self, hour: GridHour) -> Mix {
        self.mix_in(hour, &mut Weather::new(self.seed))
    }

    fn mix_in(&self, hour: GridHour, weather: &mut Weather) -> Mix {
        let plants = &self.plants;
        let of_day = hour.of_day() as f64;
        // 1 at midwinter, −1 at midsummer (ten days after the shortest day is the year's first).
        let winter = (TAU * (hour.0 as f64 / 24.0 + 10.0) / 365.2425).cos();

        let rhythm =
            0.16 * bump(of_day, 9.0, 3.0) + 0.26 * bump(of_day, 19.0, 2.8) - 0.14 * bump(of_day, 3.5, 3.0);
        let working = if hour.of_week() < 5 { 1.0 } else { 0.88 };
        let demand = (0.92 + rhythm + 0.06 * winter.abs() + 0.03 * weather.at("demand", hour)) * working;

        let height = ((TAU * (of_day + 0.5 - 12.0) / 24.0).cos() - 0.25 * winter).max(0.0) / 1.25;
        let sun = plants.solar * height * (0.82 + 0.28 * weather.at("sun", hour)).clamp(0.15, 1.0);
        let wind = plants.wind * (0.36 + 0.10 * winter + 0.24 * weather.at("wind", hour)).clamp(0.03, 0.95);
        let nuclear = plants.nuclear;

        // What sun and wind leave; water follows the peaks, coal runs evenly as far as it can, gas does the rest.
        let room = (demand - nuclear - MUST_RUN).max(0.0);
        let wind = wind.min(room);
        let solar = sun.min(room - wind);
        let residual = demand - nuclear - wind - solar;
        let hydro = plants.hydro.min(0.3 * (residual - MUST_RUN).max(0.0));
        let coal = plants.coal.min(0.55 * (residual - hydro));
        Mix { coal, gas: residual - hydro - coal, solar, hydro, nuclear, wind }
    }

    fn sample(&self, hour: GridHour, weather: &mut Weather) -> CarbonSample {
        CarbonSample {
            zone: self.zone.clone(),
            hour,
            intensity: self.mix_in(hour, weather).intensity(),
            kind: self.kind(),
            provenance: Provenance::Synthetic,
        }
    }
}

impl CarbonSource for TypicalWeek {
    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn kind(&self) -> SignalKind {
        SignalKind::AverageLifecycle
    }

    fn observe(&mut self, hour: GridHour) -> Result<CarbonSample, Error> {
        Ok(self.sample(hour, &mut Weather::new(self.seed)))
    }

    fn history(&self, before: GridHour, hours: usize) -> Vec<CarbonSample> {
        let hours = i64::try_from(hours).unwrap_or(i64::MAX);
        let mut weather = Weather::new(self.seed);
        (before.0.saturating_sub(hours)..before.0)
            .map(|hour| self.sample(GridHour(hour), &mut weather))
            .collect()
    }

    fn by_now(&self, from: GridHour, before: GridHour) -> Vec<CarbonSample> {
        self.history(before, usize::try_from(before.0 - from.0).unwrap_or(0))
    }

    fn span(&self) -> Option<(GridHour, GridHour)> {
        None
    }

    fn describe(&self) -> String {
        "the built-in generator (synthetic)".into()
    }
}

/// A bell of height 1 and width `width_h` around `centre`, round the clock.
fn bump(of_day: f64, centre: f64, width_h: f64) -> f64 {
    let away = (of_day - centre).abs();
    let away = away.min(24.0 - away);
    (-0.5 * (away / width_h).powi(2)).exp()
}

/// Smooth noise of about unit variance: normal draws at knots, blended by a half cosine between them. Draws are kept, for neighbouring
/// hours share them.
struct Weather {
    seed: Seed,
    knots: BTreeMap<(&'static str, i64, i64), f64>,
}

impl Weather {
    fn new(seed: Seed) -> Self {
        Self { seed, knots: BTreeMap::new() }
    }

    fn at(&mut self, channel: &'static str, hour: GridHour) -> f64 {
        let mut noise = 0.0;
        for (spacing, weight) in OCTAVES {
            let knot = hour.0.div_euclid(spacing);
            let way = hour.0.rem_euclid(spacing) as f64 / spacing as f64;
            let blend = 0.5 - 0.5 * (TAU * way / 2.0).cos();
            let (before, after) = (self.knot(channel, spacing, knot), self.knot(channel, spacing, knot + 1));
            noise += weight * (before + (after - before) * blend);
        }
        noise
    }

    fn knot(&mut self, channel: &'static str, spacing: i64, knot: i64) -> f64 {
        let seed = self.seed;
        *self.knots.entry((channel, spacing, knot)).or_insert_with(|| {
            let mut dice = seed.derive(channel, spacing as u64).stream("knot", knot as u64);
            // The sum of twelve uniform draws is normal enough for weather.
            (0..12).map(|_| uniform(&mut dice)).sum::<f64>() - 6.0
        })
    }
}

/// In [0, 1), with the 53 bits that a double can hold.
fn uniform(dice: &mut impl Rng) -> f64 {
    (dice.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
