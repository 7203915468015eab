//! Quantiles around a point forecast, from the model's own past errors by lead time.
//!
//! `q(lead, p) = max(0, point(lead) + Q_p(errors at lead and its two neighbours))` where an error is actual − point on hours the
//! model had not seen. The neighbours make the estimate of the tails steadier; errors of adjacent leads are alike.
//! Where too few errors are known, a wide log-normal band stands in: `point · exp(0.4 · z_p)`, half to twice the point at 5–95 %,
//! for in many grids intensity swings two- to fourfold within a day.

use common::carbon::Forecast;

use crate::Series;

/// 5, 10, …, 95 %.
pub const LEVELS: [f64; 19] = [
    0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85,
    0.90, 0.95,
];
/// Standard normal quantiles at the levels above one half.
const NORMAL: [f64; 9] =
    [0.125_661, 0.253_347, 0.385_320, 0.524_401, 0.674_490, 0.841_621, 1.036_433, 1.281_552, 1.644_854];
const COLD_SIGMA: f64 = 0.4;
/// Fewer errors than this can't tell a 5 % tail.
const MIN_ERRORS: usize = 20;

/// Errors of a model, `[lead][case]`, gCO2eq/kWh, actual − point.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors(Vec<Vec<f64>>);

impl Errors {
    pub fn new(horizon: usize) -> Self {
        Self(vec![Vec::new(); horizon])
    }

    /// Takes in one past forecast; `actual` may be shorter than `point`.
    pub fn add(&mut self, point: &[f64], actual: &[f64]) {
        for ((errors, point), actual) in self.0.iter_mut().zip(point).zip(actual) {
            errors.push(actual - point);
        }
    }
}

/// Offsets from the point at each level, `[lead][level]`; a lead that is missing is drawn by the cold band.
#[derive(Debug, Clone, Default)]
pub(crate) struct Band(Vec<Option<[f64; 19]>>);

impl Band {
    pub fn learn(errors: &Errors) -> Self {
        let leads = errors.0.len();
        let offsets = |lead: usize| {
            let near = &errors.0[lead.saturating_sub(1)..(lead + 2).min(leads)];
            let mut pooled: Vec<f64> = near.concat();
            pooled.sort_unstable_by(f64::total_cmp);
            (pooled.len() >= MIN_ERRORS).then(|| LEVELS.map(|level| quantile(&pooled, level)))
        };
        Self((0..leads).map(offsets).collect())
    }

    /// Draws the band around `point`, `[horizon]`, issued at the last hour of `history`.
    pub fn draw(&self, model: &str, history: &Series, point: &[f64]) -> Forecast {
        let row = |(lead, &point): (usize, &f64)| match self.0.get(lead).copied().flatten() {
            Some(offsets) => offsets.iter().map(|offset| (point + offset).max(0.0)).collect(),
            None => cold_row(point.max(0.0)),
        };
        Forecast {
            zone: history.zone().clone(),
            issued_at: history.last_hour(),
            model: model.into(),
            levels: LEVELS.to_vec(),
            quantiles: point.iter().enumerate().map(row).collect(),
        }
    }
}

fn cold_row(point: f64) -> Vec<f64> {
    let below = NORMAL.iter().rev().map(|z| -z);
    let above = NORMAL.iter().copied();
    below.chain([0.0]).chain(above).map(|z| point * (COLD_SIGMA * z).exp()).collect()
}

/// The `level` quantile of `sorted`, ascending and not empty, interpolated linearly between order statistics.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}
