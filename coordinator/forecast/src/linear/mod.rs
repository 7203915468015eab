//! A linear map from the last hours and the calendar to each of the coming hours at once ("direct multi-horizon").
//!
//! `ŷ = Wᵀ [x; z; c; 1]` with `x` the standardised hours up to the issue (336 in the plain map), `z` the last two days of wind, sun and
//! demand where the trace carries them and the map wants them, `c [14]` waves of the week at the issue, and one column of W per lead.
//! Ridge regression over every window of the last two years: `W = (XᵀX + λ n I)⁻¹ XᵀY` (Hoerl & Kennard 1970; that such a map rivals
//! transformers on hourly series: Zeng et al., AAAI 2023). λ is chosen on the newest quarter of the history (60 days at most) by a map
//! fitted on what came before; then the map is fitted again on everything.

pub(crate) mod calendar;
pub(crate) mod cholesky;
mod inputs;
mod moments;

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::GridHour;

use crate::forecaster::{MAX_HORIZON_HOURS, check_channels, check_horizon, check_origin};
use crate::{Error, PointModel, Series};
use inputs::MEAN_HOURS;
pub use inputs::{Channels, Measure};
pub(crate) use inputs::{Mix, Scale, figures};
use moments::{Input, Moments};

/// Half of two months, so that of a history of 1,440 h quarters can be kept back to judge the map and to learn its band.
pub(crate) const MIN_HISTORY_HOURS: usize = 810;
/// Older hours describe another grid.
pub(crate) const WINDOW_HOURS: usize = 2 * 8_760;
const HOLD_OUT_HOURS: usize = 60 * 24;
/// Share of a standardised input's variance that is added to its diagonal.
const RIDGES: [f64; 6] = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0];
/// A hold-out window every so many hours is enough to choose λ, and visits all hours of the day.
const RIDGE_STRIDE: usize = 5;

/// Which map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapOptions {
    pub name: &'static str,
    /// Hours of intensity that it sees, at most 336.
    pub input_hours: usize,
    pub measure: Measure,
    pub channels: Channels,
    /// Hours of the channels that it sees.
    pub channel_hours: usize,
}

impl MapOptions {
    /// The plain map of 336 h that others publish their figures against.
    pub const PLAIN: Self = Self {
        name: "linear",
        input_hours: 336,
        measure: Measure::Intensity,
        channels: Channels::None,
        channel_hours: 0,
    };
}

#[derive(Debug, Clone)]
pub struct LinearMap {
    options: MapOptions,
    horizon: usize,
    fitted: Option<Fitted>,
}

#[derive(Debug, Clone)]
struct Fitted {
    zone: Zone,
    kind: SignalKind,
    until: GridHour,
    scale: Scale,
    /// One for each channel; their number tells a history that carries others.
    channel_scales: Vec<Scale>,
    weights: Weights,
}

/// `[features][leads]`, row-major.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    leads: usize,
    values: Vec<f64>,
}

/// A history as the map sees it: standardised, one row of hours for each input, the intensity first.
struct View {
    first: GridHour,
    inputs: Vec<Vec<f64>>,
}

impl LinearMap {
    /// For forecasts of up to `horizon` hours (1–168).
    pub fn new(options: MapOptions, horizon: usize) -> Result<Self, Error> {
        check_horizon(horizon, MAX_HORIZON_HOURS)?;
        Ok(Self { options, horizon, fitted: None })
    }

    fn view(&self, history: &Series, scale: Scale, channel_scales: &[Scale], figures: &[Vec<f64>]) -> View {
        let measure = self.options.measure;
        let intensity = history.values().iter().map(|&value| scale.shrink(measure.of(value))).collect();
        let standardised = figures
            .iter()
            .zip(channel_scales)
            .map(|(figure, scale)| figure.iter().map(|&value| scale.shrink(value)).collect::<Vec<f64>>());
        let inputs = std::iter::once(intensity).chain(standardised).collect();
        View { first: history.first_hour(), inputs }
    }

    fn moments(&self, view: &View, known: usize) -> Moments {
        Moments::of(&self.inputs_of(view), known, view.first, self.horizon)
    }

    fn inputs_of<'a>(&self, view: &'a View) -> Vec<Input<'a>> {
        let hours = |index: usize| {
            if index == 0 { self.options.input_hours } else { self.options.channel_hours }
        };
        let input = |(index, values): (usize, &'a Vec<f64>)| Input { values, hours: hours(index) };
        view.inputs.iter().enumerate().map(input).collect()
    }

    /// `[horizon]`, standardised, after the first `known` hours of the view.
    fn predict(&self, weights: &Weights, view: &View, known: usize) -> Vec<f64> {
        let inputs = self.inputs_of(view);
        let seen = inputs.iter().flat_map(|input| &input.values[known - input.hours..known]);
        weights.apply(seen, view.first.plus(known as i64 - 1))
    }

    /// λ by the newest hours, weights by all.
    fn train(&self, view: &View) -> Option<Weights> {
        let hours = view.inputs[0].len();
        let boundary = hours - (hours / 4).min(HOLD_OUT_HOURS);
        let before = self.moments(view, boundary);
        let error_of = |ridge: f64| Some((self.squared_error(&before.solve(ridge)?, view, boundary), ridge));
        let tried = RIDGES.into_iter().filter_map(error_of).filter(|(error, _)| error.is_finite());
        let (_, ridge) = tried.min_by(|a, b| a.0.total_cmp(&b.0))?;
        self.moments(view, hours).solve(ridge)
    }

    /// Over the issues whose target hours all lie in the hold-out.
    fn squared_error(&self, weights: &Weights, view: &View, boundary: usize) -> f64 {
        let targets = &view.inputs[0];
        let of_issue = |known: usize| -> f64 {
            let point = self.predict(weights, view, known);
            point.iter().zip(&targets[known..]).map(|(p, a)| (p - a) * (p - a)).sum()
        };
        (boundary..=targets.len() - self.horizon).step_by(RIDGE_STRIDE).map(of_issue).sum()
    }

    fn fitted_for(&self, history: &Series) -> Result<&Fitted, Error> {
        let not_fitted = || Error::NotFitted { model: self.options.name.into() };
        let fitted = self.fitted.as_ref().ok_or_else(not_fitted)?;
        check_origin(self.options.name, (&fitted.zone, fitted.kind), history)?;
        Ok(fitted)
    }
}

impl PointModel for LinearMap {
    fn name(&self) -> &str {
        self.options.name
    }

    fn min_history_hours(&self) -> usize {
        MIN_HISTORY_HOURS
    }

    fn input_hours(&self) -> usize {
        match self.options.channels {
            Channels::None => self.options.input_hours,
            _ => self.options.input_hours.max(self.options.channel_hours + MEAN_HOURS),
        }
    }

    fn max_horizon(&self) -> usize {
        self.horizon
    }

    fn unfitted(&self) -> Box<dyn PointModel> {
        Box::new(Self { fitted: None, ..*self })
    }

    fn fit(&mut self, history: &Series) -> Result<(), Error> {
        let (needed, found) = (MIN_HISTORY_HOURS, history.len());
        if found < needed {
            return Err(Error::ShortHistory { model: self.options.name.into(), needed, found });
        }
        let recent = history.tail(WINDOW_HOURS);
        let measured: Vec<f64> = recent.values().iter().map(|&v| self.options.measure.of(v)).collect();
        let scale = Scale::of(&measured);
        let figures = figures(&recent, self.options.channels);
        let channel_scales: Vec<Scale> = figures.iter().map(|figure| Scale::of(figure)).collect();
        let view = self.view(&recent, scale, &channel_scales, &figures);
        let weights = self.train(&view).ok_or_else(|| Error::Singular {
            model: self.options.name.into(),
            zone: history.zone().clone(),
            reason: "its normal equations have no solution".into(),
        })?;
        let (zone, kind, until) = (history.zone().clone(), history.kind(), history.last_hour());
        self.fitted = Some(Fitted { zone, kind, until, scale, channel_scales, weights });
        Ok(())
    }

    fn points(&self, history: &Series, known: &[usize], horizon: usize) -> Result<Vec<Vec<f64>>, Error> {
        check_horizon(horizon, self.horizon)?;
        let fitted = self.fitted_for(history)?;
        let mut points = Vec::with_capacity(known.len());
        for &known in known {
            let (needed, model) = (self.input_hours(), || self.options.name.to_owned());
            if known < needed || known > history.len() {
                return Err(Error::ShortHistory { model: model(), needed, found: known });
            }
            let seen = history.cut(known - needed..known);
            let figures = figures(&seen, self.options.channels);
            check_channels(self.options.name, fitted.channel_scales.len(), figures.len())?;
            let view = self.view(&seen, fitted.scale, &fitted.channel_scales, &figures);
            let mut point = self.predict(&fitted.weights, &view, seen.len());
            point.truncate(horizon);
            let back = |value: &mut f64| *value = self.options.measure.back(fitted.scale.stretch(*value));
            point.iter_mut().for_each(back);
            points.push(point);
        }
        Ok(points)
    }

    fn fitted_until(&self) -> Option<GridHour> {
        self.fitted.as_ref().map(|fitted| fitted.until)
    }
}

impl Weights {
    /// The standardised inputs in order and the hour of issue to `[leads]`.
    fn apply<'a>(&self, inputs: impl Iterator<Item = &'a f64>, issued_at: GridHour) -> Vec<f64> {
        let calendar = calendar::features(issued_at);
        let mut output = vec![0.0; self.leads];
        for (feature, row) in inputs.copied().chain(calendar).zip(self.values.chunks_exact(self.leads)) {
            for (out, weight) in output.iter_mut().zip(row) {
                *out += feature * weight;
            }
        }
        output
    }
}
