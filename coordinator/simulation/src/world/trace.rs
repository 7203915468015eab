//! Hourly carbon intensities of one zone, without a gap, and what was recorded beside them.

use std::path::Path;

use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use common::unit::Intensity;
use coordinator::carbon::{CarbonSource, Trace, TypicalWeek};
use forecast::Series;

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error(transparent)]
    Unreadable(#[from] coordinator::carbon::Error),
    #[error(transparent)]
    Unusable(#[from] forecast::Error),
    #[error("the trace of {zone} holds no hour: give at least one")]
    Empty { zone: Zone },
    #[error("the trace of {zone} says {found} gCO2eq/kWh at {hour}: an intensity is a number, not negative")]
    Implausible { zone: Zone, hour: GridHour, found: f64 },
    #[error("the trace of {zone} ends at {last}, before {needed}: start earlier or shorten the horizon")]
    TooShort { zone: Zone, last: GridHour, needed: GridHour },
    #[error("the trace of {zone} begins at {first}, after {needed}: start later")]
    TooLate { zone: Zone, first: GridHour, needed: GridHour },
}

#[derive(Debug, Clone, PartialEq)]
pub struct HourlyTrace {
    series: Series,
    provenance: Provenance,
}

impl HourlyTrace {
    /// From intensities in gCO2eq/kWh, one an hour from `first` on; shown as synthetic.
    pub fn new(
        zone: Zone,
        first: GridHour,
        values: impl IntoIterator<Item = f64>,
    ) -> Result<Self, TraceError> {
        Self::made_up(zone, SignalKind::AverageDirect, first, values.into_iter().collect())
    }

    fn made_up(zone: Zone, kind: SignalKind, first: GridHour, values: Vec<f64>) -> Result<Self, TraceError> {
        if values.is_empty() {
            return Err(TraceError::Empty { zone });
        }
        if let Some(index) = values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
            return Err(TraceError::Implausible {
                zone,
                hour: first.plus(index as i64),
                found: values[index],
            });
        }
        let series = Series::new(zone, kind, first, values)?;
        Ok(Self { series, provenance: Provenance::Synthetic })
    }

    /// From a CSV file, plain or gzipped, with a column `utc` and one called `column` (such as `ci_direct`). Further columns, such as
    /// generation by source, are what forecasts may see beside the intensity.
    pub fn read(path: &Path, zone: Zone, column: &str) -> Result<Self, TraceError> {
        let source = Trace::read(path, zone, column)?;
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Self { series: source.series()?, provenance: Provenance::Measured(file) })
    }

    /// `hours` hours from `first` on of the made-up grid that comes with the program.
    pub fn typical_week(zone: Zone, seed: Seed, first: GridHour, hours: usize) -> Result<Self, TraceError> {
        let source = TypicalWeek::new(zone.clone(), seed);
        let samples = source.history(first.plus(hours as i64), hours);
        let values = samples.iter().map(|sample| sample.intensity.0).collect();
        Self::made_up(zone, source.kind(), first, values)
    }

    pub fn zone(&self) -> &Zone {
        self.series.zone()
    }

    pub fn kind(&self) -> SignalKind {
        self.series.kind()
    }

    pub fn first(&self) -> GridHour {
        self.series.first_hour()
    }

    pub fn last(&self) -> GridHour {
        self.series.last_hour()
    }

    pub fn at(&self, hour: GridHour) -> Option<Intensity> {
        self.series.get(hour).map(Intensity)
    }

    /// What was known at `hour`: its own intensity and the `hours` before it, oldest first, in gCO2eq/kWh. Nothing after.
    pub fn known(&self, hour: GridHour, hours: usize) -> &[f64] {
        let values = self.series.values();
        let end = usize::try_from(hour.0 + 1 - self.first().0).unwrap_or(0).min(values.len());
        &values[end.saturating_sub(hours.saturating_add(1))..end]
    }

    /// As forecasts see it: the last `hours` hours (at least 1) up to `hour`, with all that was recorded beside them. None when nothing
    /// was known.
    pub fn past(&self, hour: GridHour, hours: usize) -> Option<Series> {
        self.series.past(hour, hours)
    }

    pub fn sample(&self, hour: GridHour) -> Option<CarbonSample> {
        let (zone, kind, provenance) = (self.zone().clone(), self.kind(), self.provenance.clone());
        self.at(hour).map(|intensity| CarbonSample { zone, hour, intensity, kind, provenance })
    }

    /// Refuses a trace that lacks one of `hours` hours from `start` on.
    pub fn check_covers(&self, start: GridHour, hours: usize) -> Result<(), TraceError> {
        let (zone, end) = (self.zone().clone(), start.plus(hours as i64 - 1));
        if start < self.first() {
            return Err(TraceError::TooLate { zone, first: self.first(), needed: start });
        }
        if end > self.last() {
            return Err(TraceError::TooShort { zone, last: self.last(), needed: end });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_known_and_the_future_is_not() {
        let trace = HourlyTrace::new("DE".into(), GridHour(10), [1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(trace.known(GridHour(12), 1), [2.0, 3.0]);
        assert_eq!(trace.known(GridHour(12), 168), [1.0, 2.0, 3.0]);
        assert_eq!(trace.known(GridHour(9), 5), [0.0; 0]);
        assert_eq!(trace.at(GridHour(14)), None);
        assert_eq!(trace.last(), GridHour(13));
    }

    #[test]
    fn what_does_not_reach_is_refused_and_the_cure_is_named() {
        let trace = HourlyTrace::new("DE".into(), GridHour(10), [1.0, 2.0, 3.0]).unwrap();
        assert!(trace.check_covers(GridHour(10), 3).is_ok());
        let late = trace.check_covers(GridHour(11), 3).unwrap_err().to_string();
        assert!(late.contains("shorten the horizon"), "{late}");
        assert!(trace.check_covers(GridHour(9), 2).is_err());
        assert!(HourlyTrace::new("DE".into(), GridHour(0), []).is_err());
        let negative = HourlyTrace::new("DE".into(), GridHour(0), [1.0, -1.0]).unwrap_err();
        assert!(negative.to_string().contains("1970-01-01T01:00Z"), "{negative}");
    }
}
