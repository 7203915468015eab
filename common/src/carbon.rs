//! Carbon intensity: samples, their provenance, and forecasts with quantiles.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Zone;
use crate::time::GridHour;
use crate::unit::Intensity;

/// World mean intensity of electricity (IEA, Global Energy & CO2 Status Report 2019: 475 g/kWh): for want of anything better,
/// and shown as `Provenance::Constant` wherever it stands in.
pub const WORLD_MEAN: Intensity = Intensity(475.0);

/// Which intensity a series holds; series of different kinds are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    AverageDirect,
    AverageLifecycle,
    MarginalDirect,
    MarginalLifecycle,
}

/// Where a figure comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Recorded by the named source.
    Measured(String),
    /// Estimated by the named source, by its own method.
    Estimated(String),
    /// The named service's own forecast of the hour.
    Forecast(Issued),
    /// Forecast by the named model of ours, from what was known at its issue.
    Modelled(Issued),
    /// The last known value, so many hours old.
    Cached { age_hours: u32 },
    /// That of the same hour of an earlier week, in the named trace.
    Earlier(String),
    /// Made by the built-in generator: not a real grid.
    Synthetic,
    /// A yearly constant, for want of anything better.
    Constant,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measured(source) => write!(f, "measured ({source})"),
            Self::Estimated(source) => write!(f, "estimated ({source})"),
            Self::Forecast(issue) => write!(f, "forecast ({issue})"),
            Self::Modelled(issue) => write!(f, "modelled ({issue})"),
            Self::Cached { age_hours } => write!(f, "cached, {age_hours} h old"),
            Self::Earlier(trace) => write!(f, "an earlier hour like it ({trace})"),
            Self::Synthetic => f.write_str("synthetic"),
            Self::Constant => f.write_str("yearly constant"),
        }
    }
}

/// Who said what was to come, and in which hour, where it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Issued {
    pub by: String,
    pub at: Option<GridHour>,
}

/// An issue as ledgers hold it; the first ones knew the name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Whole { by: String, at: Option<GridHour> },
}

impl From<Written> for Issued {
    fn from(written: Written) -> Self {
        match written {
            Written::Name(by) => Self { by, at: None },
            Written::Whole { by, at } => Self { by, at },
        }
    }
}

impl fmt::Display for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(hour) => write!(f, "{}, issued {hour}", self.by),
            None => f.write_str(&self.by),
        }
    }
}

impl Provenance {
    /// Without age and hour of issue, so that equal sources count together.
    pub fn source(&self) -> String {
        match self {
            Self::Forecast(issue) => format!("forecast ({})", issue.by),
            Self::Modelled(issue) => format!("modelled ({})", issue.by),
            Self::Cached { .. } => "cached".into(),
            Self::Measured(_) | Self::Estimated(_) | Self::Earlier(_) | Self::Synthetic | Self::Constant => {
                self.to_string()
            }
        }
    }
}

/// One hour of one zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarbonSample {
    pub zone: Zone,
    pub hour: GridHour,
    pub intensity: Intensity,
    pub kind: SignalKind,
    pub provenance: Provenance,
}

/// What a forecast says of one hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    pub intensity: Intensity,
    pub issue: Issued,
}

/// What was expected of the coming hours, said at a known time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    pub zone: Zone,
    /// The last hour whose sample was known; the first forecast hour is the one after.
    pub issued_at: GridHour,
    pub model: String,
    /// Probability levels, ascending, in (0, 1).
    pub levels: Vec<f64>,
    /// `[horizon][levels]`: intensities in gCO2eq/kWh, non-decreasing along each row.
    pub quantiles: Vec<Vec<f64>>,
}

impl Forecast {
    /// The intensity expected not to be exceeded with probability `level` in `hour`; interpolated between levels, held
    /// constant beyond them. None outside the horizon.
    pub fn quantile(&self, hour: GridHour, level: f64) -> Option<Intensity> {
        let step = usize::try_from(hour.0 - self.issued_at.0 - 1).ok()?;
        let row = self.quantiles.get(step)?;
        let upper = self.levels.partition_point(|&l| l < level);
        let value = match (upper.checked_sub(1), row.get(upper)) {
            (None, first) => *first?,
            (Some(last), None) => *row.get(last)?,
            (Some(lower), Some(&above)) => {
                let (low, high) = (self.levels[lower], self.levels[upper]);
                row[lower] + (above - row[lower]) * (level - low) / (high - low)
            }
        };
        Some(Intensity(value))
    }

    pub fn median(&self, hour: GridHour) -> Option<Intensity> {
        self.quantile(hour, 0.5)
    }

    /// Its median, for an hour that nobody tells anything of. None outside the horizon.
    pub fn expected(&self, hour: GridHour) -> Option<Expected> {
        let issue = Issued { by: self.model.clone(), at: Some(self.issued_at) };
        Some(Expected { intensity: self.median(hour)?, issue })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_is_read_as_earlier_ledgers_have_it() {
        let issue = |by: &str, at| Provenance::Forecast(Issued { by: by.into(), at });
        let now = issue("Electricity Maps", Some(GridHour(400_000)));
        for provenance in [now.clone(), issue("x", None)] {
            let written = serde_json::to_string(&provenance).unwrap();
            assert_eq!(serde_json::from_str::<Provenance>(&written).unwrap(), provenance, "{written}");
        }
        let then = serde_json::from_str::<Provenance>(r#"{"forecast":"Electricity Maps"}"#).unwrap();
        assert_eq!(then, issue("Electricity Maps", None));
        assert_eq!(then.source(), now.source());
        assert_eq!(now.to_string(), format!("forecast (Electricity Maps, issued {})", GridHour(400_000)));
    }

    #[test]
    fn quantiles_interpolate_and_hold() {
        let forecast = Forecast {
            zone: Zone::new("DE"),
            issued_at: GridHour(10),
            model: "test".into(),
            levels: vec![0.1, 0.5, 0.9],
            quantiles: vec![vec![100.0, 200.0, 400.0]],
        };
        let at = |level| forecast.quantile(GridHour(11), level).map(|i| i.0);
        assert_eq!(at(0.05), Some(100.0));
        assert_eq!(at(0.5), Some(200.0));
        assert!((at(0.7).unwrap() - 300.0).abs() < 1e-9);
        assert_eq!(at(0.99), Some(400.0));
        assert_eq!(forecast.median(GridHour(10)), None, "the present is not forecast");
        assert_eq!(forecast.median(GridHour(12)), None);
    }
}
