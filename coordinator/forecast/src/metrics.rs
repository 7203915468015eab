//! How far forecasts were off: MAPE and RMSE of the median, pinball loss of all levels, coverage and width of the 90 % band.
//!
//! Hours whose actual intensity is 0 have no percentage error and are left out of MAPE alone.

use common::carbon::Forecast;

use crate::{Saving, Series};

/// Sums over forecast hours; adding and reading are separate so that days and zones can be pooled.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    hours: f64,
    percentage_hours: f64,
    percentage_error: f64,
    squared_error: f64,
    pinball: f64,
    covered: f64,
    width: f64,
}

/// Of one model over one test window.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    pub model: String,
    pub forecasts: usize,
    pub all: Score,
    /// By lead day: hours 1–24, 25–48, …
    pub by_day: Vec<Score>,
    /// When the 8 cleanest of the next 24 hours are chosen by the forecast.
    pub saving_8_of_24: Saving,
    /// The 24 cleanest of the next 96.
    pub saving_24_of_96: Saving,
}

impl Metrics {
    pub fn new(model: &str) -> Self {
        Self {
            model: model.into(),
            forecasts: 0,
            all: Score::default(),
            by_day: Vec::new(),
            saving_8_of_24: Saving::new(8, 24),
            saving_24_of_96: Saving::new(24, 96),
        }
    }

    /// Takes in one forecast; hours that `actual` does not hold are not scored.
    pub fn add(&mut self, forecast: &Forecast, actual: &Series) {
        self.forecasts += 1;
        self.saving_8_of_24.add(forecast, actual);
        self.saving_24_of_96.add(forecast, actual);
        for (lead, row) in forecast.quantiles.iter().enumerate() {
            let Some(truth) = actual.get(forecast.issued_at.plus(lead as i64 + 1)) else { break };
            if self.by_day.len() <= lead / 24 {
                self.by_day.push(Score::default());
            }
            self.by_day[lead / 24].add(&forecast.levels, row, truth);
            self.all.add(&forecast.levels, row, truth);
        }
    }
}

impl Score {
    /// One hour: `levels` and `row` are alike in length, ascending; `truth` in gCO2eq/kWh.
    pub fn add(&mut self, levels: &[f64], row: &[f64], truth: f64) {
        let Some(median) = row.get(row.len() / 2) else { return };
        let error = median - truth;
        self.hours += 1.0;
        if truth > 0.0 {
            self.percentage_hours += 1.0;
            self.percentage_error += 100.0 * error.abs() / truth;
        }
        self.squared_error += error * error;
        self.pinball += pinball(levels, row, truth);
        let (low, high) = (row[0], row[row.len() - 1]);
        self.covered += f64::from(low <= truth && truth <= high);
        self.width += high - low;
    }

    /// Forecast hours scored.
    pub fn hours(&self) -> f64 {
        self.hours
    }
    /// Mean absolute percentage error of the median, %. NaN when nothing was scored, as are the others.
    pub fn mape(&self) -> f64 {
        self.percentage_error / self.percentage_hours
    }
    /// Root mean square error of the median, gCO2eq/kWh.
    pub fn rmse(&self) -> f64 {
        (self.squared_error / self.hours).sqrt()
    }
    /// Mean over levels and hours, gCO2eq/kWh.
    pub fn pinball(&self) -> f64 {
        self.pinball / self.hours
    }
    /// Share of hours inside the outermost levels (5–95 %).
    pub fn coverage_90(&self) -> f64 {
        self.covered / self.hours
    }
    /// Mean distance of the outermost levels, gCO2eq/kWh.
    pub fn width_90(&self) -> f64 {
        self.width / self.hours
    }
}

/// Mean over levels p of `max(p·(y − q), (p − 1)·(y − q))` (Koenker & Bassett 1978).
fn pinball(levels: &[f64], row: &[f64], truth: f64) -> f64 {
    let loss = |(level, quantile): (&f64, &f64)| {
        let above = truth - quantile;
        (level * above).max((level - 1.0) * above)
    };
    levels.iter().zip(row).map(loss).sum::<f64>() / levels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        let mut score = Score::default();
        score.add(&[0.1, 0.5, 0.9], &[80.0, 110.0, 140.0], 100.0);
        score.add(&[0.1, 0.5, 0.9], &[10.0, 20.0, 30.0], 0.0);
        assert_eq!(score.mape(), 10.0, "the hour of zero has no percentage");
        assert_eq!(score.coverage_90(), 0.5);
        assert_eq!(score.width_90(), 40.0);
        assert!((score.rmse() - (500.0_f64 / 2.0).sqrt()).abs() < 1e-12);
        // 0.1·20, 0.5·10, 0.1·40 and 0.9·10, 0.5·20, 0.1·30.
        assert!((score.pinball() - ((2.0 + 5.0 + 4.0) / 3.0 + (9.0 + 10.0 + 3.0) / 3.0) / 2.0).abs() < 1e-12);
    }
}
