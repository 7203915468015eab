//! Which model a zone uses: the one with the least pinball loss over the newest hours of the zone's own history.
//!
//! Pinball rather than MAPE, for the planner reads upper quantiles as well as medians. A history too short to judge anything gets the most
//! demanding model that it can feed, in the order of [`MODELS`].

use common::carbon::Forecast;

use crate::forecaster::{MODELS, build, check_length};
use crate::{Error, Forecaster, Metrics, Plan, Series, Step, backtest_watched};

/// A season at most: more would judge a model by another, less by the weather of a month.
const JUDGED_HOURS: usize = 90 * 24;
/// Coprime to 24 up to a factor of 3: eight different hours of the day are visited.
const STRIDE_HOURS: usize = 21;

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
    /// What the chosen model, fitted on earlier hours, said while it was judged.
    pub(crate) trial: Vec<Forecast>,
}

/// The best so far.
struct Best<'a> {
    pinball: f64,
    name: &'a str,
    trial: Vec<Forecast>,
}

impl Choice {
    /// The chosen model's own backtest.
    pub fn metrics(&self) -> Option<&Metrics> {
        let chosen = |candidate: &&Candidate| candidate.model == self.forecaster.name();
        self.candidates.iter().find(chosen).and_then(|candidate| candidate.metrics.as_ref())
    }
}

/// The best available model for `history`, fitted on all of it. Ties go to the simpler model.
pub fn choose(history: &Series, horizon: usize) -> Result<Choice, Error> {
    choose_among(&MODELS, history, horizon)
}

/// The same among the models of these names.
pub fn choose_among(models: &[&str], history: &Series, horizon: usize) -> Result<Choice, Error> {
    // Whole days of the newest quarter, so that two months (1,440 h) leave the 1,080 h that the linear map needs.
    let test_hours = (history.len() / 4 / 24 * 24).min(JUDGED_HOURS);
    let plan = Plan { test_hours, horizon, stride: STRIDE_HOURS };
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut best: Option<Best<'_>> = None;
    let mut refusal = Error::Empty;
    for &name in models {
        let mut model = build(name, horizon)?;
        if let Err(short) = check_length(model.as_ref(), history) {
            refusal = short;
            continue;
        }
        let judged = if test_hours == 0 { None } else { judge(model.as_mut(), history, plan)? };
        let (metrics, trial) = judged.unzip();
        if let (Some(metrics), Some(trial)) = (&metrics, trial)
            && best.as_ref().is_none_or(|best| metrics.all.pinball() < best.pinball)
        {
            best = Some(Best { pinball: metrics.all.pinball(), name, trial });
        }
        candidates.push(Candidate { model: name.into(), metrics });
    }
    let demanding = candidates.last().ok_or(refusal)?.model.clone();
    let (name, trial) = best.map_or((demanding, Vec::new()), |best| (best.name.to_owned(), best.trial));
    let mut forecaster = build(&name, horizon)?;
    forecaster.fit(history)?;
    Ok(Choice { forecaster, candidates, trial })
}

/// None when the hours before the test window are too few, or can't be fitted.
fn judge(
    model: &mut dyn Forecaster,
    history: &Series,
    plan: Plan,
) -> Result<Option<(Metrics, Vec<Forecast>)>, Error> {
    let mut trial = Vec::new();
    let judged = backtest_watched(model, history, plan, &mut |step| {
        if let Step::Issued(forecast) = step {
            trial.push(forecast.clone());
        }
    });
    match judged {
        Ok(metrics) => Ok(Some((metrics, trial))),
        // Networks that know the hours that it would be judged by can't be judged by them.
        Err(Error::ShortHistory { .. } | Error::Singular { .. } | Error::FromTheFuture { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
