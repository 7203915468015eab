//! Hourly carbon intensities of one zone, without a gap.

use std::path::Path;

use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::id::Zone;
use common::seed::Seed;
use common::time::GridHour;
use common::unit::Intensity;
use coordinator::carbon::{CarbonSource, Trace, TypicalWeek};

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error(transparent)]
    Unreadable(#[from] coordinator::carbon::Error),
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
    zone: Zone,
    kind: SignalKind,
    provenance: Provenance,
    first: GridHour,
    /// gCO2eq/kWh from `first` on.
    values: Vec<f64>,
}

impl HourlyTrace {
    /// From intensities in gCO2eq/kWh, one an hour from `first` on; shown as synthetic.
    pub fn new(
        zone: Zone,
        first: GridHour,
        values: impl IntoIterator<Item = f64>,
    ) -> Result<Self, TraceError> {
        let (kind, provenance) = (SignalKind::AverageDirect, Provenance::Synthetic);
        Self { zone, kind, provenance, first, values: values.into_iter().collect() }.checked()
    }

    /// From a CSV file, plain or gzipped, with a column `utc` and one called `column` (such as `ci_direct`).
    pub fn read(path: &Path, zone: Zone, column: &str) -> Result<Self, TraceError> {
        let source = Trace::read(path, zone.clone(), column)?;
        let Some((first, last)) = source.span() else { return Err(TraceError::Empty { zone }) };
        let samples = source.history(last.plus(1), usize::MAX);
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let values = samples.iter().map(|sample| sample.intensity.0).collect();
        Self { zone, kind: source.kind(), provenance: Provenance::Measured(file), first, values }.checked()
    }

    /// `hours` hours from `first` on of the made-up grid that comes with the program.
    pub fn typical_week(zone: Zone, seed: Seed, first: GridHour, hours: usize) -> Result<Self, TraceError> {
        let source = TypicalWeek::new(zone.clone(), seed);
        let samples = source.history(first.plus(hours as i64), hours);
        let values = samples.iter().map(|sample| sample.intensity.0).collect();
        Self { zone, kind: source.kind(), provenance: Provenance::Synthetic, first, values }.checked()
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    pub fn kind(&self) -> SignalKind {
        self.kind
    }

    pub fn first(&self) -> GridHour {
        self.first
    }

    pub fn last(&self) -> GridHour {
        self.first.plus(self.values.len() as i64 - 1)
    }

    pub fn at(&self, hour: GridHour) -> Option<Intensity> {
        let index = usize::try_from(hour.0 - self.first.0).ok()?;
        self.values.get(index).map(|&value| Intensity(value))
    }

    /// What was known at `hour`: its own intensity and the `hours` before it, oldest first, in gCO2eq/kWh. Nothing after.
    pub fn known(&self, hour: GridHour, hours: usize) -> &[f64] {
        let end = usize::try_from(hour.0 + 1 - self.first.0).unwrap_or(0).min(self.values.len());
        &self.values[end.saturating_sub(hours.saturating_add(1))..end]
    }

    pub fn sample(&self, hour: GridHour) -> Option<CarbonSample> {
        let (zone, provenance) = (self.zone.clone(), self.provenance.clone());
        self.at(hour).map(|intensity| CarbonSample { zone, hour, intensity, kind: self.kind, provenance })
    }

    /// Refuses a trace that lacks one of `hours` hours from `start` on.
    pub fn check_covers(&self, start: GridHour, hours: usize) -> Result<(), TraceError> {
        let (zone, end) = (self.zone.clone(), start.plus(hours as i64 - 1));
        if start < self.first {
            return Err(TraceError::TooLate { zone, first: self.first, needed: start });
        }
        if end > self.last() {
            return Err(TraceError::TooShort { zone, last: self.last(), needed: end });
        }
        Ok(())
    }

    fn checked(self) -> Result<Self, TraceError> {
        if self.values.is_empty() {
            return Err(TraceError::Empty { zone: self.zone });
        }
        match self.values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
            Some(index) => {
                let (hour, found) = (self.first.plus(index as i64), self.values[index]);
                Err(TraceError::Implausible { zone: self.zone, hour, found })
            }
            None => Ok(self),
        }
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
