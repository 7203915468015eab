//! Replays the past: fit once on what precedes the test window, then issue a forecast every stride hours inside it.

use common::carbon::Forecast;

use crate::{Error, Forecaster, Metrics, Series};

/// Where and how often to test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The last so many hours of the series are the test window.
    pub test_hours: usize,
    /// Hours ahead of each forecast.
    pub horizon: usize,
    /// Hours between forecasts.
    pub stride: usize,
}

/// What a backtest has just done, for whoever times it or keeps the forecasts.
#[derive(Debug)]
pub enum Step<'a> {
    Fitted,
    /// What is known at the next issue was put together.
    Asking,
    Issued(&'a Forecast),
}

/// Fits `model` on the hours before the test window and scores its forecasts against the hours in it. Each forecast is given the
/// series up to its own issue and nothing later (law F-1).
pub fn backtest(model: &mut dyn Forecaster, series: &Series, plan: Plan) -> Result<Metrics, Error> {
    backtest_watched(model, series, plan, &mut |_| ())
}

/// The same; `watch` hears of every step.
pub fn backtest_watched(
    model: &mut dyn Forecaster,
    series: &Series,
    plan: Plan,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Metrics, Error> {
    let before = series.len().saturating_sub(plan.test_hours);
    let boundary = series.first_hour().plus(before as i64 - 1);
    let short = || Error::ShortHistory {
        model: model.name().into(),
        needed: model.min_history_hours() + plan.test_hours,
        found: series.len(),
    };
    let history = series.until(boundary).filter(|_| before >= model.min_history_hours()).ok_or_else(short)?;
    model.fit(&history)?;
    watch(Step::Fitted);
    let mut metrics = Metrics::new(model.name());
    for offset in (0..plan.test_hours).step_by(plan.stride.max(1)) {
        let known = series.until(boundary.plus(offset as i64)).expect("hours before the test window");
        watch(Step::Asking);
        let forecast = model.forecast(&known, plan.horizon)?;
        watch(Step::Issued(&forecast));
        metrics.add(&forecast, series);
    }
    Ok(metrics)
}
