//! From a series to what the model sees: standardised hours, four figures each, and the calendar.
//!
//! `z = (ln(y + c) − m) / s` with c = 0.3 × the mean intensity of the fitted hours: nearly relative where the grid is dirty, nearly
//! absolute where it is clean, and finite at 0. Of the mix, what tells most of the coming hours: the shares of wind and solar, and
//! the sum of all sources, which follows demand. A trace without them has zeros there, that is, means.

use common::time::GridHour;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

use crate::{Series, sources};

/// Figures an hour: intensity, wind, solar, demand.
pub const FIGURES: usize = 4;
/// Waves of the day (4), the week (3), each a sine and a cosine.
pub const WAVES: usize = 14;
/// The first so many waves are those of the day's first two.
pub const DAILY_WAVES: usize = 4;
/// Waves of the year: the first, sine and cosine.
pub const SEASON: usize = 2;

const SHIFT: f64 = 0.3;
/// Channels of generation by their former names; networks were trained with them.
const FORMER: [&str; 2] = ["nat_gas", "hydro discharge"];
/// A figure that moves less than this (as a share, or relative to its mean) says nothing.
const STILL: f64 = 1e-3;

/// How one zone's figures are standardised: learnt from the fitted hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// c, gCO2eq/kWh.
    shift: f64,
    /// m and s of ln(y + c); s is 0 for a grid that never changed.
    mean: f64,
    deviation: f64,
    /// MWh of an average hour; 0 without generation by source.
    demand: f64,
    /// Mean and deviation of the three figures of the mix; deviation 0 where there is nothing to see.
    mix: [(f64, f64); FIGURES - 1],
}

impl Scaling {
    pub fn learn(series: &Series) -> Self {
        let values = series.values();
        let shift = SHIFT * values.iter().sum::<f64>() / values.len() as f64;
        // A grid of nothing but zeros needs any shift at all.
        let shift = if shift > 0.0 { shift } else { 1.0 };
        let (mean, deviation) = moments(values.iter().map(|value| (value + shift).ln()));
        let deviation = if deviation > 1e-9 { deviation } else { 0.0 };
        let mut scaling = Self { shift, mean, deviation, demand: 0.0, mix: [(0.0, 0.0); FIGURES - 1] };
        if let Some(total) = total(series) {
            scaling.demand = total.iter().sum::<f64>() / total.len() as f64;
            let figures = mix(series, &total, scaling.demand);
            scaling.mix = figures.map(|figure| {
                let (mean, deviation) = moments(figure.iter().copied());
                (mean, if deviation > STILL { deviation } else { 0.0 })
            });
        }
        scaling
    }

    /// `[hours × 4]`, hour by hour.
    pub fn apply(&self, series: &Series) -> Vec<f32> {
        let mut figures = vec![0.0_f32; series.len() * FIGURES];
        for (row, value) in figures.chunks_exact_mut(FIGURES).zip(series.values()) {
            row[0] = self.shrink(*value) as f32;
        }
        let Some(total) = total(series).filter(|_| self.demand > 0.0) else { return figures };
        let mix = mix(series, &total, self.demand);
        for (place, (figure, (mean, deviation))) in mix.iter().zip(self.mix).enumerate() {
            if deviation > 0.0 {
                for (row, value) in figures.chunks_exact_mut(FIGURES).zip(figure) {
                    row[place + 1] = ((value - mean) / deviation) as f32;
                }
            }
        }
        figures
    }

    fn shrink(&self, value: f64) -> f64 {
        if self.deviation > 0.0 { ((value + self.shift).ln() - self.mean) / self.deviation } else { 0.0 }
    }

    /// Back to gCO2eq/kWh, not negative.
    pub fn stretch(&self, z: f64) -> f64 {
        // A standardised forecast far outside of all experience is an accident, not news.
        let log = z.clamp(-20.0, 20.0) * self.deviation + self.mean;
        (log.exp() - self.shift).max(0.0)
    }

    /// s: how far a unit of z is in logarithms, by which errors of zones are compared.
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    pub(super) fn is_sane(&self) -> bool {
        let pairs = self.mix.iter().flat_map(|(mean, deviation)| [*mean, *deviation]);
        let all = [self.shift, self.mean, self.deviation, self.demand];
        all.into_iter().chain(pairs).all(f64::is_finite) && self.shift > 0.0 && self.deviation >= 0.0
    }
}

/// MWh of all sources by hour. None where the trace has no generation by source, or none at some hour.
fn total(series: &Series) -> Option<Vec<f64>> {
    let mut total = vec![0.0; series.len()];
    let counts = |name: &str| FORMER.contains(&name) || sources::is_counted(series, name);
    for channel in series.channels().iter().filter(|channel| counts(channel.name())) {
        total.iter_mut().zip(channel.values()).for_each(|(sum, value)| *sum += value.max(0.0));
    }
    total.iter().all(|&sum| sum > 0.0).then_some(total)
}

/// Shares of wind and solar, and demand relative to its mean, `[hours]` each.
fn mix(series: &Series, total: &[f64], demand: f64) -> [Vec<f64>; FIGURES - 1] {
    let share = |source: Option<Vec<f64>>| match source {
        Some(values) => values.iter().zip(total).map(|(value, total)| value.max(0.0) / total).collect(),
        None => vec![0.0; total.len()],
    };
    [
        share(sources::wind(series)),
        share(sources::solar(series)),
        total.iter().map(|total| total / demand).collect(),
    ]
}

fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// `[14 + 2]` at the hour of issue: day, week, year.
pub fn calendar(hour: GridHour) -> [f64; WAVES + SEASON] {
    let day = TAU * hour.of_day() as f64 / 24.0;
    let week = TAU * (hour.of_week() * 24 + hour.of_day()) as f64 / 168.0;
    let year = TAU * (hour.0 as f64 / (24.0 * 365.242_5)).rem_euclid(1.0);
    let waves = (1..=4).map(|k| day * f64::from(k)).chain((1..=3).map(|k| week * f64::from(k)));
    let mut features = [0.0; WAVES + SEASON];
    for (wave, pair) in waves.chain([year]).zip(features.chunks_exact_mut(2)) {
        (pair[0], pair[1]) = wave.sin_cos();
    }
    features
}
