//! What a forecast is worth to a scheduler: how much of the saving that hindsight allows is reached when the cleanest hours are
//! chosen by it. The order of the coming hours counts here, not their level.

use common::carbon::Forecast;

use crate::Series;

/// "The `chosen` cleanest of the next `hours` hours", summed over forecasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saving {
    chosen: usize,
    hours: usize,
    /// Mean of all hours minus mean of those chosen by the forecast, gCO2eq/kWh, summed.
    by_forecast: f64,
    /// The same by the actual intensities.
    by_oracle: f64,
}

impl Saving {
    pub fn new(chosen: usize, hours: usize) -> Self {
        assert!(0 < chosen && chosen <= hours, "some of the hours are chosen");
        Self { chosen, hours, by_forecast: 0.0, by_oracle: 0.0 }
    }

    /// Takes in one forecast, if it reaches as far and `actual` holds all of its hours.
    pub fn add(&mut self, forecast: &Forecast, actual: &Series) {
        let Some(rows) = forecast.quantiles.get(..self.hours) else { return };
        let truth = |lead: usize| actual.get(forecast.issued_at.plus(lead as i64 + 1));
        let Some(truths) = (0..self.hours).map(truth).collect::<Option<Vec<f64>>>() else { return };
        let expected: Vec<f64> = rows.iter().map(|row| row[row.len() / 2]).collect();
        let mean = truths.iter().sum::<f64>() / self.hours as f64;
        self.by_forecast += mean - self.mean_of_cleanest(&expected, &truths);
        self.by_oracle += mean - self.mean_of_cleanest(&truths, &truths);
    }

    /// Of the oracle's saving, in 0–1; negative for a forecast that chooses dirty hours, NaN where there was nothing to save.
    pub fn share(&self) -> f64 {
        self.by_forecast / self.by_oracle
    }

    /// Mean truth of the hours that `by` holds for the cleanest; earlier hours first where it sees no difference.
    fn mean_of_cleanest(&self, by: &[f64], truths: &[f64]) -> f64 {
        let mut order: Vec<usize> = (0..self.hours).collect();
        order.sort_by(|&a, &b| by[a].total_cmp(&by[b]));
        order[..self.chosen].iter().map(|&hour| truths[hour]).sum::<f64>() / self.chosen as f64
    }
}

#[cfg(test)]
mod tests {
    use common::carbon::SignalKind;
    use common::id::Zone;
    use common::time::GridHour;

    use super::*;

    fn share(expected: [f64; 4]) -> f64 {
        let actual = Series::new(
            Zone::new("T"),
            SignalKind::AverageDirect,
            GridHour(0),
            vec![9.0, 10.0, 40.0, 20.0, 30.0],
        );
        let forecast = Forecast {
            zone: Zone::new("T"),
            issued_at: GridHour(0),
            model: "t".into(),
            levels: vec![0.5],
            quantiles: expected.map(|value| vec![value]).to_vec(),
        };
        let mut saving = Saving::new(2, 4);
        saving.add(&forecast, &actual.unwrap());
        saving.share()
    }

    #[test]
    fn shares_by_hand() {
        // Hours of 10, 40, 20, 30: their mean is 25, the oracle takes 10 and 20 and saves 10.
        assert_eq!(share([1.0, 4.0, 2.0, 3.0]), 1.0);
        assert_eq!(share([1.0, 4.0, 3.0, 2.0]), 0.5);
        assert_eq!(share([3.0, 1.0, 4.0, 2.0]), -1.0);
        assert_eq!(share([0.0; 4]), 0.0, "no preference takes the first hours: 10 and 40");
    }

    #[test]
    fn what_is_not_whole_is_not_scored() {
        let short =
            Series::new(Zone::new("T"), SignalKind::AverageDirect, GridHour(0), vec![9.0, 10.0]).unwrap();
        let forecast = Forecast {
            zone: Zone::new("T"),
            issued_at: GridHour(0),
            model: "t".into(),
            levels: vec![0.5],
            quantiles: vec![vec![1.0]; 4],
        };
        let mut saving = Saving::new(2, 4);
        saving.add(&forecast, &short);
        assert!(saving.share().is_nan());
    }
}
