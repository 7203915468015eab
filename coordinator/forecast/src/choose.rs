//! Which model a zone uses: the one with the least pinball loss over the newest hours of the zone's own history.
//!
//! Cold start falls back in the order of [`MODELS`]: with less than a day persistence in a wide band, then yesterday, then the
//! mean of seven days, then the linear map. Pinball rather than MAPE, for the planner reads upper quantiles as well as medians.

use common::carbon::Forecast;
use common::time::GridHour;

use crate::forecaster::{AUTO, MODELS, build, check_length};
use crate::{Error, Forecaster, Metrics, Plan, Series, backtest};

/// More would judge a model by another season.
const JUDGED_HOURS: usize = 28 * 24;
/// Coprime to 24 up to a factor of 3: eight different hours of the day are visited.
const STRIDE_HOURS: usize = 21;
/// A choice stands for a day of grid time.
const STANDS_HOURS: i64 = 24;

/// A model that was tried, and how it fared: no metrics where the history was too short to judge it.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub model: String,
    pub metrics: Option<Metrics>,
}

/// A fitted model and why it was taken.
#[derive(Debug)]
pub struct Choice {
    pub forecaster: Box<dyn Forecaster>,
    /// All models that the history was long enough for, in the order of [`MODELS`].
    pub candidates: Vec<Candidate>,
}

impl Choice {
    /// The chosen model's own backtest.
    pub fn metrics(&self) -> Option<&Metrics> {
        let chosen = |candidate: &&Candidate| candidate.model == self.forecaster.name();
        self.candidates.iter().find(chosen).and_then(|candidate| candidate.metrics.as_ref())
    }
}

/// The best available model for `history`, fitted on all of it. A history too short to judge anything gets the most demanding model
/// that it can feed. Ties go to the simpler model.
pub fn choose(history: &Series, horizon: usize) -> Result<Choice, Error> {
    choose_among(&MODELS, history, horizon)
}

/// The same among the models of these names.
pub fn choose_among(models: &[&str], history: &Series, horizon: usize) -> Result<Choice, Error> {
    // Whole days of the newest quarter, so that two months (1,440 h) leave the 1,080 h that the linear map needs.
    let test_hours = (history.len() / 4 / 24 * 24).min(JUDGED_HOURS);
    let mut candidates = Vec::new();
    let mut refusal = Error::Empty;
    for &name in models {
        let mut model = build(name, horizon)?;
        if let Err(short) = check_length(model.as_ref(), history) {
            refusal = short;
            continue;
        }
        let plan = Plan { test_hours, horizon, stride: STRIDE_HOURS };
        let judged = if test_hours == 0 { None } else { judge(model.as_mut(), history, plan)? };
        candidates.push(Candidate { model: name.into(), metrics: judged });
    }
    let best = candidates
        .iter()
        .filter_map(|candidate| Some((candidate, candidate.metrics.as_ref()?.all.pinball())))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(candidate, _)| candidate)
        .or(candidates.last())
        .ok_or(refusal)?;
    let mut forecaster = build(&best.model, horizon)?;
    forecaster.fit(history)?;
    Ok(Choice { forecaster, candidates })
}

/// None when the hours before the test window are too few, or can't be fitted.
fn judge(model: &mut dyn Forecaster, history: &Series, plan: Plan) -> Result<Option<Metrics>, Error> {
    match backtest(model, history, plan) {
        Ok(metrics) => Ok(Some(metrics)),
        Err(Error::ShortHistory { .. } | Error::Singular { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Issues one zone's forecasts hour after hour, and asks again once a day which model is best.
#[derive(Debug)]
pub struct Selector {
    model: String,
    horizon: usize,
    chosen: Option<(GridHour, Choice)>,
}

impl Selector {
    /// `model` is `auto` or one of [`MODELS`]; a named model that lacks history is stood in for by the next simpler one.
    pub fn new(model: &str, horizon: usize) -> Result<Self, Error> {
        if model != AUTO {
            build(model, horizon)?;
        }
        build(MODELS[0], horizon)?;
        Ok(Self { model: model.into(), horizon, chosen: None })
    }

    /// The forecast after the last hour of `history`. Fits first when the last choice is a day old or lies in the future.
    pub fn forecast(&mut self, history: &Series) -> Result<Forecast, Error> {
        let now = history.last_hour();
        if let Some((at, choice)) = &self.chosen
            && (0..STANDS_HOURS).contains(&(now.0 - at.0))
            && let Ok(forecast) = choice.forecaster.forecast(history, self.horizon)
        {
            return Ok(forecast);
        }
        let choice = if self.model == AUTO { choose(history, self.horizon)? } else { self.named(history)? };
        let forecast = choice.forecaster.forecast(history, self.horizon)?;
        self.chosen = Some((now, choice));
        Ok(forecast)
    }

    /// What is in use and how it fared, once a forecast was issued.
    pub fn choice(&self) -> Option<&Choice> {
        self.chosen.as_ref().map(|(_, choice)| choice)
    }

    fn named(&self, history: &Series) -> Result<Choice, Error> {
        let asked = MODELS.iter().position(|name| *name == self.model).expect("checked by new");
        let mut refusal = Error::Empty;
        for name in MODELS[..=asked].iter().rev() {
            let mut forecaster = build(name, self.horizon)?;
            match forecaster.fit(history) {
                Ok(()) => return Ok(Choice { forecaster, candidates: Vec::new() }),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }
}
