//! Quantiles around a point forecast, from the model's own past errors by lead time.
//!
//! `q(lead, p) = max(0, point(lead) + s(lead) · (Q_p − Q_½) + w(p) · Q_½)` over the errors at lead and its two neighbours, where an error is
//! actual − point on hours the model had not seen. The neighbours make the estimate of the tails steadier; errors of adjacent leads are
//! alike. `w(p) = |2p − 1|`: the median stays the point, for the errors' own median is mostly noise of the last weeks, while the tails
//! lean the way the model was lately wrong.
//!
//! `s(lead)` widens the band for what so few errors can't tell, as a prediction interval of a normal sample does: `t/z · √(1 + 1/n)`, with n
//! the independent errors: forecasts of lead day d overlap d-fold, so that m days of them hold m/d.
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
/// Below it the widening would be larger than the band: three independent errors say little, but not nothing.
const MIN_INDEPENDENT: f64 = 3.0;

/// Errors of a model, `[lead][case]`, gCO2eq/kWh, actual − point.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors {
    by_lead: Vec<Vec<f64>>,
    /// From the first to the last issue whose errors they are.
    span_hours: usize,
}

impl Errors {
    /// Of issues spread over `span_hours`.
    pub fn new(horizon: usize, span_hours: usize) -> Self {
        Self { by_lead: vec![Vec::new(); horizon], span_hours }
    }

    /// Takes in one past forecast; `actual` may be shorter than `point`.
    pub fn add(&mut self, point: &[f64], actual: &[f64]) {
        for ((errors, point), actual) in self.by_lead.iter_mut().zip(point).zip(actual) {
            errors.push(actual - point);
        }
    }

    /// Errors at `lead` and its neighbours, and by how much their quantiles are widened. None where they are too few.
    fn pooled(&self, lead: usize) -> Option<(Vec<f64>, f64)> {
        let near = &self.by_lead[lead.saturating_sub(1)..(lead + 2).min(self.by_lead.len())];
        let pooled = near.concat();
        let independent = self.span_hours as f64 / 24.0 / (lead / 24 + 1) as f64;
        (pooled.len() >= MIN_ERRORS).then(|| (pooled, widening(independent)))
    }

    /// Lowest and highest offset at `lead`, as [`Band::learn`] has them; cheaper than all levels.
    pub fn outermost(&self, lead: usize) -> Option<(f64, f64)> {
        let (mut pooled, widening) = self.pooled(lead)?;
        let mut at = |level: f64| {
            let place = level * (pooled.len() - 1) as f64;
            let (_, below, above) = pooled.select_nth_unstable_by(place.floor() as usize, f64::total_cmp);
            let (below, above) = (*below, above.iter().copied().min_by(f64::total_cmp));
            below + (above.unwrap_or(below) - below) * place.fract()
        };
        let (low, middle, high) = (at(LEVELS[0]), at(0.5), at(LEVELS[18]));
        let lean = (1.0 - 2.0 * LEVELS[0]) * middle;
        Some(((widening * (low - middle) + lean).min(0.0), (widening * (high - middle) + lean).max(0.0)))
    }
}

/// Offsets from the point at each level, `[lead][level]`; a lead that is missing is drawn by the cold band.
#[derive(Debug, Clone, Default)]
pub(crate) struct Band(Vec<Option<[f64; 19]>>);

impl Band {
    pub fn learn(errors: &Errors) -> Self {
        let offsets = |lead: usize| {
            let (mut pooled, widening) = errors.pooled(lead)?;
            pooled.sort_unstable_by(f64::total_cmp);
            Some(offsets(&pooled, widening))
        };
        Self((0..errors.by_lead.len()).map(offsets).collect())
    }

    /// Wider or narrower by one factor.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.0.iter_mut().flatten().flatten().for_each(|offset| *offset *= factor);
        self
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

/// Non-decreasing; 0 at one half.
fn offsets(sorted: &[f64], widening: f64) -> [f64; 19] {
    let middle = quantile(sorted, 0.5);
    let mut offsets = LEVELS.map(|level| {
        let lean = (2.0 * level - 1.0).abs();
        widening * (quantile(sorted, level) - middle) + lean * middle
    });
    // Where the errors lean far, the lean may turn a row round near its middle.
    offsets[..9].iter_mut().for_each(|offset| *offset = offset.min(0.0));
    offsets[9] = 0.0;
    offsets[10..].iter_mut().for_each(|offset| *offset = offset.max(0.0));
    for i in (0..9).rev() {
        offsets[i] = offsets[i].min(offsets[i + 1]);
    }
    for i in 10..19 {
        offsets[i] = offsets[i].max(offsets[i - 1]);
    }
    offsets
}

/// Student's t at 95 % over the normal quantile, by its expansion in 1/ν (Fisher & Cornish 1960), and the scatter of the mean.
fn widening(independent: f64) -> f64 {
    let n = independent.max(MIN_INDEPENDENT);
    let (z, freedom) = (NORMAL[8], n - 1.0);
    let (z3, z5) = (z.powi(3), z.powi(5));
    let t = z + (z3 + z) / (4.0 * freedom) + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * freedom * freedom);
    t / z * (1.0 + 1.0 / n).sqrt()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_errors_widen_the_band_as_student_would() {
        // Tables of Student's t at 95 %: 1.833 with 9 degrees of freedom, 1.671 with 60.
        for (n, t) in [(10.0_f64, 1.833), (61.0, 1.671)] {
            let expected = t / 1.645 * (1.0 + 1.0 / n).sqrt();
            assert!((widening(n) - expected).abs() < 2e-3, "{n}: {} {expected}", widening(n));
        }
    }

    #[test]
    fn the_outermost_offsets_are_those_of_the_band() {
        let mut errors = Errors::new(4, 30 * 24);
        for case in 0..30 {
            let of = |lead: usize| ((case * case * 7 + lead * 13) % 41) as f64 - 15.0;
            errors.add(&[0.0; 4], &(0..4).map(of).collect::<Vec<f64>>());
        }
        for lead in 0..4 {
            let band = Band::learn(&errors).0[lead].unwrap();
            let (low, high) = errors.outermost(lead).unwrap();
            assert!(
                (low - band[0]).abs() < 1e-9 && (high - band[18]).abs() < 1e-9,
                "{lead}: {low} {high} {band:?}"
            );
        }
    }

    #[test]
    fn the_median_stays_and_the_tails_lean() {
        let errors: Vec<f64> = (0..101).map(|i| f64::from(i) - 30.0).collect();
        let offsets = offsets(&errors, 1.0);
        assert_eq!(offsets[9], 0.0);
        assert!(
            (offsets[0] - (-45.0 + 0.9 * 20.0)).abs() < 1e-9 && (offsets[18] - (45.0 + 18.0)).abs() < 1e-9
        );
        assert!(offsets.windows(2).all(|pair| pair[0] <= pair[1]), "{offsets:?}");
    }
}
