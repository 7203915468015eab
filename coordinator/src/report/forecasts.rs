//! How far forecasts were off as it happened: set against what was observed after they were issued.

use std::collections::BTreeMap;

use common::carbon::{Forecast, Provenance};
use common::id::Zone;
use common::time::GridHour;
use forecast::Score;

use super::chronicle::Chronicle;
use super::model::{ForecastError, ForecastFacts, Issue};
use crate::account::Account;

pub(super) fn facts(account: &Account, chronicle: &Chronicle) -> Vec<ForecastFacts> {
    let mut by_zone: BTreeMap<&Zone, Vec<&Forecast>> = BTreeMap::new();
    for forecast in &chronicle.forecasts {
        by_zone.entry(&forecast.zone).or_default().push(forecast);
    }
    by_zone.into_iter().map(|(zone, forecasts)| of_zone(account, zone, &forecasts)).collect()
}

fn of_zone(account: &Account, zone: &Zone, forecasts: &[&Forecast]) -> ForecastFacts {
    let observed: BTreeMap<GridHour, f64> = account
        .series(zone)
        .filter(|sample| is_observation(&sample.provenance))
        .map(|sample| (sample.hour, sample.intensity.0))
        .collect();
    let mut models: BTreeMap<String, u64> = BTreeMap::new();
    let (mut next_hour, mut day) = (Score::default(), Score::default());
    for forecast in forecasts {
        *models.entry(forecast.model.clone()).or_default() += 1;
        for (row, lead) in forecast.quantiles.iter().zip(1..) {
            let Some(&truth) = observed.get(&forecast.issued_at.plus(lead)) else { continue };
            day.add(&forecast.levels, row, truth);
            if lead == 1 {
                next_hour.add(&forecast.levels, row, truth);
            }
        }
    }
    ForecastFacts {
        zone: zone.clone(),
        issued: forecasts.len() as u64,
        models,
        one_hour_ahead: error(&next_hour),
        day_ahead: error(&day),
        issues: forecasts.iter().map(|forecast| issue(forecast, &observed)).collect(),
    }
}

/// A value that was carried over or made up in default is nothing to be measured against.
fn is_observation(provenance: &Provenance) -> bool {
    matches!(provenance, Provenance::Measured(_) | Provenance::Estimated(_) | Provenance::Synthetic)
}

fn issue(forecast: &Forecast, observed: &BTreeMap<GridHour, f64>) -> Issue {
    let next = forecast.issued_at.plus(1);
    Issue {
        issued_at: forecast.issued_at.to_string(),
        model: forecast.model.clone(),
        expected_g_per_kwh: forecast.median(next).map(|intensity| intensity.0),
        observed_g_per_kwh: observed.get(&next).copied(),
    }
}

fn error(score: &Score) -> ForecastError {
    // A mean over no hours is NaN, which JSON has no word for.
    let known = |value: f64| value.is_finite().then_some(value);
    ForecastError {
        hours: score.hours() as u64,
        mape_percent: known(score.mape()),
        rmse_g_per_kwh: known(score.rmse()),
        inside_band: known(score.coverage_90()),
    }
}
