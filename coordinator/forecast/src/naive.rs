//! The rules that any model has to beat: the last value, yesterday's hours, the mean of the last seven days by hour.
//!
//! They have no parameters. Their bands come from their errors at earlier hours of the very history they are given.

use common::carbon::Forecast;

use crate::band::{Band, Errors};
use crate::forecaster::{MAX_HORIZON_HOURS, check_horizon, check_length};
use crate::{Error, Forecaster, Series};

/// Hours back from which earlier forecasts are replayed for the band: long enough for tails, short enough for the season.
const REPLAYED_HOURS: usize = 28 * 24;
/// A replay every so many hours visits all hours of the day in turn.
const REPLAY_STRIDE: usize = 5;

/// Every coming hour is like the last.
#[derive(Debug, Clone, Copy)]
pub struct Persistence;

/// Every coming hour is like the latest one at the same time of day.
#[derive(Debug, Clone, Copy)]
pub struct Yesterday;

/// Every coming hour is like the mean of the last seven days at the same time of day.
#[derive(Debug, Clone, Copy)]
pub struct WeekMean;

/// A rule's point forecast `lead` (from 0) hours after the end of `known`.
type Rule = fn(known: &[f64], lead: usize) -> f64;

fn last(known: &[f64], _lead: usize) -> f64 {
    known[known.len() - 1]
}

fn same_hour(known: &[f64], lead: usize) -> f64 {
    known[known.len() - 24 + lead % 24]
}

fn week_mean(known: &[f64], lead: usize) -> f64 {
    (1..=7).map(|day| known[known.len() - 24 * day + lead % 24]).sum::<f64>() / 7.0
}

fn issue(model: &dyn Forecaster, rule: Rule, history: &Series, horizon: usize) -> Result<Forecast, Error> {
    check_horizon(horizon, MAX_HORIZON_HOURS)?;
    check_length(model, history)?;
    let values = history.values();
    let points = |known: usize, leads: usize| -> Vec<f64> {
        (0..leads).map(|lead| rule(&values[..known], lead)).collect()
    };
    let earliest = model.min_history_hours().max(values.len().saturating_sub(REPLAYED_HOURS));
    let mut errors = Errors::new(horizon, values.len().saturating_sub(earliest));
    for known in (earliest..values.len()).step_by(REPLAY_STRIDE) {
        let actual = &values[known..];
        errors.add(&points(known, horizon.min(actual.len())), actual);
    }
    Ok(Band::learn(&errors).draw(model.name(), history, &points(values.len(), horizon)))
}

macro_rules! rule {
    ($model:ident, $name:literal, $hours:literal, $rule:ident) => {
        impl Forecaster for $model {
            fn name(&self) -> &str {
                $name
            }
            fn min_history_hours(&self) -> usize {
                $hours
            }
            fn fit(&mut self, history: &Series) -> Result<(), Error> {
                check_length(self, history)
            }
            fn forecast(&self, history: &Series, horizon: usize) -> Result<Forecast, Error> {
                issue(self, $rule, history, horizon)
            }
        }
    };
}
rule!(Persistence, "persistence", 1, last);
rule!(Yesterday, "yesterday", 24, same_hour);
rule!(WeekMean, "week_mean", 168, week_mean);
