//! What enters a map: the standardised intensity or its logarithm, and how wind, sun and demand stand against their own last two weeks.
//!
//! Shares of wind and sun say why the present is as clean as it is, and so how long it may last. Only their departure from the mean of
//! the last 336 h enters: levels drift over the years as plants are built, and a map that learnt them would drift with them.

use crate::{Series, sources};

/// Two weeks, as long as the map sees the intensity: the channels' own recent mean.
pub const MEAN_HOURS: usize = 336;

/// In what a map thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Intensity,
    /// `ln(1 + g/kWh)`, so that a grid of water and wind may reach 0. Errors are then relative, and the middle is nearer to the median where the distribution is skewed.
    Logarithm,
}

impl Measure {
    pub fn of(self, intensity: f64) -> f64 {
        match self {
            Self::Intensity => intensity,
            Self::Logarithm => intensity.ln_1p(),
        }
    }
    /// gCO2eq/kWh, not negative.
    pub fn back(self, value: f64) -> f64 {
        match self {
            Self::Intensity => value.max(0.0),
            Self::Logarithm => value.exp_m1().max(0.0),
        }
    }
}

/// Mean and standard deviation of the fitted hours.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        // A constant history has no scale of its own; then every standardised hour is 0 and the map says "the mean".
        let deviation = if variance.sqrt() > 1e-9 * mean.abs().max(1.0) { variance.sqrt() } else { 1.0 };
        Self { mean, deviation }
    }
    pub fn shrink(self, value: f64) -> f64 {
        (value - self.mean) / self.deviation
    }
    pub fn stretch(self, value: f64) -> f64 {
        value * self.deviation + self.mean
    }
}

/// Which channels a map was fitted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    None,
    /// Shares of wind and sun.
    Weather,
    /// And the demand, as the sum of all sources.
    WeatherAndDemand,
}

/// The channels of `history`, unscaled, one value an hour each; empty when it carries no generation by source.
pub fn figures(history: &Series, channels: Channels) -> Vec<Vec<f64>> {
    if channels == Channels::None {
        return Vec::new();
    }
    let Some(Mix { wind, sun, demand }) = Mix::of(history) else { return Vec::new() };
    let demand = (channels == Channels::WeatherAndDemand).then_some(demand);
    [wind, sun, demand].into_iter().flatten().collect()
}

/// How wind, sun and demand stand against their own last two weeks, one value an hour each.
pub struct Mix {
    /// Its share of the generation, as that of the sun; none where the trace has none of it.
    pub wind: Option<Vec<f64>>,
    pub sun: Option<Vec<f64>>,
    pub demand: Vec<f64>,
}

impl Mix {
    /// None where `history` carries no generation by source.
    pub fn of(history: &Series) -> Option<Self> {
        let sources = sources::all(history);
        if sources.len() < 2 {
            return None;
        }
        let demand: Vec<f64> = (0..history.len()).map(|hour| sources.iter().map(|s| s[hour]).sum()).collect();
        let share = |source: Vec<f64>| -> Vec<f64> {
            let part = |(part, whole): (&f64, &f64)| if *whole > 0.0 { part / whole } else { 0.0 };
            departures(&source.iter().zip(&demand).map(part).collect::<Vec<f64>>())
        };
        let (wind, sun) = (sources::wind(history).map(share), sources::solar(history).map(share));
        Some(Self { wind, sun, demand: departures(&demand) })
    }
}

/// Each value less the mean of the last [`MEAN_HOURS`] up to and including it, or of as many as there are.
fn departures(values: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let departure = |(hour, value): (usize, &f64)| {
        sum += value;
        if let Some(left) = hour.checked_sub(MEAN_HOURS) {
            sum -= values[left];
        }
        value - sum / (hour + 1).min(MEAN_HOURS) as f64
    };
    values.iter().enumerate().map(departure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn departures_by_hand() {
        let values: Vec<f64> = (0..400).map(f64::from).collect();
        let found = departures(&values);
        assert_eq!((found[0], found[1], found[3]), (0.0, 0.5, 1.5));
        assert_eq!(found[399], 335.0 / 2.0, "a ramp is half its two weeks above their mean");
    }
}
