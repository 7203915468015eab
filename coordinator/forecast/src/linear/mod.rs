//! A linear map from the last 336 hours and the calendar to each of the coming hours at once ("direct multi-horizon").
//!
//! `ŷ = Wᵀ [x; c; 1]` with `x [336]` the standardised hours up to the issue, `c [14]` waves of the week at the issue, and one column
//! of W per lead. Ridge regression over every window of the last two years:
//! `W = (XᵀX + λ n I)⁻¹ XᵀY` (Hoerl & Kennard 1970; that such a map rivals transformers on hourly series: Zeng et al., AAAI 2023).
//! λ is chosen, and the band learnt, on the newest quarter of the history (60 days at most) by a map fitted on what came before;
//! then the map is fitted again on everything.

mod calendar;
mod cholesky;
mod moments;

use common::carbon::Forecast;
use common::time::GridHour;

use crate::band::{Band, Errors};
use crate::forecaster::{MAX_HORIZON_HOURS, check_horizon, check_length};
use crate::{Error, Forecaster, Series};
use moments::Moments;

/// Two weeks: both weekends are seen.
pub(crate) const INPUT_HOURS: usize = 336;
/// Three quarters of two months, so that a history of 1,440 h can keep its last quarter back to judge the map.
const MIN_HISTORY_HOURS: usize = 1_080;
/// Older hours describe another grid.
const WINDOW_HOURS: usize = 2 * 8_760;
const HOLD_OUT_HOURS: usize = 60 * 24;
/// Share of a standardised input's variance that is added to its diagonal.
const RIDGES: [f64; 6] = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0];
/// A hold-out window every so many hours is enough to choose λ, and visits all hours of the day.
const RIDGE_STRIDE: usize = 5;
const NAME: &str = "linear";

#[derive(Debug, Clone)]
pub struct LinearMap {
    horizon: usize,
    fitted: Option<Fitted>,
}

#[derive(Debug, Clone)]
struct Fitted {
    zone: common::id::Zone,
    kind: common::carbon::SignalKind,
    until: GridHour,
    scale: Scale,
    weights: Weights,
    band: Band,
}

/// Mean and standard deviation of the fitted hours.
#[derive(Debug, Clone, Copy)]
struct Scale {
    mean: f64,
    deviation: f64,
}

/// `[features][leads]`, row-major.
#[derive(Debug, Clone)]
struct Weights {
    leads: usize,
    values: Vec<f64>,
}

impl LinearMap {
    /// For forecasts of up to `horizon` hours (1–168).
    pub fn new(horizon: usize) -> Result<Self, Error> {
        check_horizon(horizon, MAX_HORIZON_HOURS)?;
        Ok(Self { horizon, fitted: None })
    }
}

impl Forecaster for LinearMap {
    fn name(&self) -> &str {
        NAME
    }

    fn min_history_hours(&self) -> usize {
        MIN_HISTORY_HOURS
    }

    fn fit(&mut self, history: &Series) -> Result<(), Error> {
        check_length(self, history)?;
        let recent = history.tail(WINDOW_HOURS);
        let scale = Scale::of(recent.values());
        let hours: Vec<f64> = recent.values().iter().map(|&value| scale.shrink(value)).collect();
        let held_out = (hours.len() / 4).min(HOLD_OUT_HOURS);
        let (weights, band) = Trainer { hours: &hours, first: recent.first_hour(), horizon: self.horizon }
            .train(hours.len() - held_out, scale)
            .ok_or_else(|| Error::Singular {
                model: NAME.into(),
                zone: history.zone().clone(),
                reason: "its normal equations have no solution".into(),
            })?;
        self.fitted = Some(Fitted {
            zone: history.zone().clone(),
            kind: history.kind(),
            until: history.last_hour(),
            scale,
            weights,
            band,
        });
        Ok(())
    }

    fn forecast(&self, history: &Series, horizon: usize) -> Result<Forecast, Error> {
        check_horizon(horizon, self.horizon)?;
        check_length(self, history)?;
        let fitted = self.fitted.as_ref().ok_or_else(|| Error::NotFitted { model: NAME.into() })?;
        if fitted.zone != *history.zone() || fitted.kind != history.kind() {
            return Err(Error::OtherSeries {
                model: NAME.into(),
                fitted: format!("{} {:?}", fitted.zone, fitted.kind),
                found: format!("{} {:?}", history.zone(), history.kind()),
            });
        }
        let issued_at = history.last_hour();
        if fitted.until > issued_at {
            return Err(Error::FromTheFuture { model: NAME.into(), fitted_until: fitted.until, issued_at });
        }
        let inputs = &history.values()[history.len() - INPUT_HOURS..];
        let inputs: Vec<f64> = inputs.iter().map(|&value| fitted.scale.shrink(value)).collect();
        let mut point = fitted.weights.apply(&inputs, issued_at);
        point.truncate(horizon);
        point.iter_mut().for_each(|value| *value = fitted.scale.stretch(*value).max(0.0));
        Ok(fitted.band.draw(NAME, history, &point))
    }
}

/// One standardised history, `hours [n]` from `first`, to learn from.
struct Trainer<'a> {
    hours: &'a [f64],
    first: GridHour,
    horizon: usize,
}

impl Trainer<'_> {
    /// Weights from all hours; λ and the band from the hours at and after `boundary`, by weights that have not seen them.
    fn train(&self, boundary: usize, scale: Scale) -> Option<(Weights, Band)> {
        let before = self.moments(&self.hours[..boundary]);
        let candidates = RIDGES.map(|ridge| before.solve(ridge).map(|weights| (ridge, weights)));
        let (ridge, honest) = candidates
            .into_iter()
            .flatten()
            .map(|(ridge, weights)| (self.squared_error(&weights, boundary), ridge, weights))
            .filter(|(error, ..)| error.is_finite())
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, ridge, weights)| (ridge, weights))?;

        let mut errors = Errors::new(self.horizon);
        for known in self.held_out_issues(boundary) {
            let stretch = |value: &f64| scale.stretch(*value);
            let point: Vec<f64> =
                self.predict(&honest, known).iter().map(|value| stretch(value).max(0.0)).collect();
            let actual: Vec<f64> = self.hours[known..known + self.horizon].iter().map(stretch).collect();
            errors.add(&point, &actual);
        }
        let weights = self.moments(self.hours).solve(ridge)?;
        Some((weights, Band::learn(&errors)))
    }

    fn moments(&self, hours: &[f64]) -> Moments {
        Moments::of(hours, self.first, self.horizon)
    }

    /// How many hours were known at each issue whose target hours all lie in the hold-out.
    fn held_out_issues(&self, boundary: usize) -> std::ops::RangeInclusive<usize> {
        boundary..=self.hours.len() - self.horizon
    }

    fn predict(&self, weights: &Weights, known: usize) -> Vec<f64> {
        weights.apply(&self.hours[known - INPUT_HOURS..known], self.first.plus(known as i64 - 1))
    }

    fn squared_error(&self, weights: &Weights, boundary: usize) -> f64 {
        let of_issue = |known: usize| -> f64 {
            let point = self.predict(weights, known);
            point.iter().zip(&self.hours[known..]).map(|(p, a)| (p - a) * (p - a)).sum()
        };
        self.held_out_issues(boundary).step_by(RIDGE_STRIDE).map(of_issue).sum()
    }
}

impl Scale {
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        // A constant history has no scale of its own; then every standardised hour is 0 and the map says "the mean".
        let deviation = if variance.sqrt() > 1e-9 * mean.max(1.0) { variance.sqrt() } else { 1.0 };
        Self { mean, deviation }
    }
    fn shrink(self, value: f64) -> f64 {
        (value - self.mean) / self.deviation
    }
    fn stretch(self, value: f64) -> f64 {
        value * self.deviation + self.mean
    }
}

impl Weights {
    /// `inputs [336]` and the hour of issue to `[leads]`, all standardised.
    fn apply(&self, inputs: &[f64], issued_at: GridHour) -> Vec<f64> {
        let calendar = calendar::features(issued_at);
        let mut output = vec![0.0; self.leads];
        for (feature, row) in inputs.iter().chain(&calendar).zip(self.values.chunks_exact(self.leads)) {
            for (out, weight) in output.iter_mut().zip(row) {
                *out += feature * weight;
            }
        }
        output
    }
}
