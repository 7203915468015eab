//! A backtest for programs and for the screen.

use coordinator::carbon::word;
use coordinator::command::table::{Side, aligned};
use forecast::{Choice, Metrics, Plan, Score, Series};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Told {
    horizon_hours: usize,
    stride_hours: usize,
    test_hours: usize,
    pub zones: Vec<ZoneTold>,
}

#[derive(Debug, Serialize)]
pub struct ZoneTold {
    zone: String,
    kind: &'static str,
    /// The trace's.
    hours: usize,
    channels: Vec<String>,
    models: Vec<ModelTold>,
    /// By the hours before the test window.
    chosen: String,
    /// What the choice was made by: each model's mean absolute percentage error on those hours.
    validation: Vec<Validated>,
}

#[derive(Debug, Serialize)]
struct Validated {
    model: String,
    mape: Option<f64>,
    pinball: Option<f64>,
}

/// Errors in %, intensities in g/kWh, null where nothing was scored.
#[derive(Debug, Serialize)]
pub struct ModelTold {
    model: String,
    forecasts: usize,
    mape_by_day: Vec<Option<f64>>,
    mape: Option<f64>,
    rmse_by_day: Vec<Option<f64>>,
    rmse: Option<f64>,
    pinball: Option<f64>,
    coverage_90: Option<f64>,
    coverage_90_by_day: Vec<Option<f64>>,
    width_90: Option<f64>,
    saving_share_8_of_24: Option<f64>,
    saving_share_24_of_96: Option<f64>,
    training_s: f64,
    forecast_s: f64,
}

impl Told {
    pub fn new(plan: Plan) -> Self {
        let Plan { test_hours, horizon, stride } = plan;
        Self { horizon_hours: horizon, stride_hours: stride, test_hours, zones: Vec::new() }
    }
}

impl ZoneTold {
    pub fn new(series: &Series, models: Vec<ModelTold>, choice: &Choice) -> Self {
        let validated = |candidate: &forecast::Candidate| Validated {
            model: candidate.model.clone(),
            mape: candidate.metrics.as_ref().and_then(|metrics| known(metrics.all.mape())),
            pinball: candidate.metrics.as_ref().and_then(|metrics| known(metrics.all.pinball())),
        };
        Self {
            zone: series.zone().to_string(),
            kind: word(series.kind()),
            hours: series.len(),
            channels: series.channels().iter().map(|channel| channel.name().to_owned()).collect(),
            models,
            chosen: choice.forecaster.name().to_owned(),
            validation: choice.candidates.iter().map(validated).collect(),
        }
    }

    pub fn chosen(&self) -> &str {
        &self.chosen
    }

    /// One row a model; the chosen one is marked.
    pub fn table(&self) -> String {
        let days = self.models.iter().map(|model| model.mape_by_day.len()).max().unwrap_or(0);
        let day_names: Vec<String> = (1..=days).map(|day| format!("day {day}")).collect();
        let mut columns = vec![(self.zone.as_str(), Side::Left)];
        columns.extend(day_names.iter().map(|name| (name.as_str(), Side::Right)));
        let figures =
            ["MAPE %", "RMSE", "pinball", "in 90 %", "width", "8 of 24", "24 of 96", "fit s", "forecast ms"];
        columns.extend(figures.map(|name| (name, Side::Right)));
        let rows: Vec<Vec<String>> = self.models.iter().map(|model| model.row(&self.chosen)).collect();
        aligned(&columns, &rows) + "\n"
    }
}

impl ModelTold {
    pub fn new(metrics: &Metrics, training_s: f64, forecast_s: f64) -> Self {
        let by_day = |figure: fn(&Score) -> f64| -> Vec<Option<f64>> {
            metrics.by_day.iter().map(|score| known(figure(score))).collect()
        };
        let all = &metrics.all;
        Self {
            model: metrics.model.clone(),
            forecasts: metrics.forecasts,
            mape_by_day: by_day(Score::mape),
            mape: known(all.mape()),
            rmse_by_day: by_day(Score::rmse),
            rmse: known(all.rmse()),
            pinball: known(all.pinball()),
            coverage_90: known(all.coverage_90()),
            coverage_90_by_day: by_day(Score::coverage_90),
            width_90: known(all.width_90()),
            saving_share_8_of_24: known(metrics.saving_8_of_24.share()),
            saving_share_24_of_96: known(metrics.saving_24_of_96.share()),
            training_s,
            forecast_s,
        }
    }

    fn row(&self, chosen: &str) -> Vec<String> {
        let mark = if self.model == chosen { " (chosen)" } else { "" };
        let figure = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
        };
        let percent = |share: Option<f64>| figure(share.map(|share| 100.0 * share), 1);
        let mut cells = vec![format!("{}{mark}", self.model)];
        cells.extend(self.mape_by_day.iter().map(|&mape| figure(mape, 2)));
        cells.extend([
            figure(self.mape, 2),
            figure(self.rmse, 1),
            figure(self.pinball, 2),
            percent(self.coverage_90),
            figure(self.width_90, 1),
            percent(self.saving_share_8_of_24),
            percent(self.saving_share_24_of_96),
            figure(Some(self.training_s), 1),
            figure(Some(1e3 * self.forecast_s), 1),
        ]);
        cells
    }
}

/// JSON has no word for NaN.
fn known(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
