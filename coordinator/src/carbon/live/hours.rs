//! Readings of any step become hours of one zone: means weighted by time, as weak as their weakest part.

use std::collections::BTreeMap;

use common::carbon::{CarbonSample, Issued, Provenance, SignalKind};
use common::id::Zone;
use common::time::{GridHour, HOUR_MS, Timestamp};
use common::unit::Intensity;

use super::service::{Origin, Reading};

/// An hour of which less is known is left out: the rest may have been quite different.
const KNOWN_SHARE: f64 = 0.5;

#[derive(Debug, Default)]
struct Sum {
    known_ms: i64,
    intensity_ms: f64,
    weakest: Option<Origin>,
}

/// Whose hours they are.
#[derive(Debug)]
pub struct Label<'a> {
    pub zone: &'a Zone,
    pub kind: SignalKind,
    pub service: &'static str,
}

/// Of two readings of the same moment the later one in the answer counts.
pub fn hours(readings: Vec<Reading>, label: &Label<'_>) -> BTreeMap<GridHour, CarbonSample> {
    let distinct: BTreeMap<Timestamp, Reading> =
        readings.into_iter().map(|reading| (reading.start, reading)).collect();
    let mut sums: BTreeMap<GridHour, Sum> = BTreeMap::new();
    for reading in distinct.into_values() {
        let (start, end) = (reading.start.0, reading.start.0 + reading.duration.0.clamp(0, HOUR_MS));
        for hour in [GridHour(start.div_euclid(HOUR_MS)), GridHour(start.div_euclid(HOUR_MS) + 1)] {
            let overlap_ms = end.min(hour.plus(1).start().0) - start.max(hour.start().0);
            if overlap_ms <= 0 {
                continue;
            }
            let sum = sums.entry(hour).or_default();
            sum.known_ms += overlap_ms;
            sum.intensity_ms += reading.intensity * overlap_ms as f64;
            sum.weakest = sum.weakest.take().max(Some(reading.origin.clone()));
        }
    }
    sums.into_iter().filter_map(|(hour, sum)| Some((hour, sample(hour, sum, label)?))).collect()
}

fn sample(hour: GridHour, sum: Sum, label: &Label<'_>) -> Option<CarbonSample> {
    let share = sum.known_ms as f64 / HOUR_MS as f64;
    if share < KNOWN_SHARE {
        return None;
    }
    let service = label.service;
    let provenance = match sum.weakest? {
        Origin::Measured if share < 1.0 => Provenance::Estimated(format!("{service}, part of the hour")),
        Origin::Measured => Provenance::Measured(service.into()),
        Origin::Estimated(method) => Provenance::Estimated(format!("{service}, {method}")),
        Origin::Forecast { issued } => Provenance::Forecast(Issued { by: service.into(), at: issued }),
    };
    let intensity = Intensity(sum.intensity_ms / sum.known_ms as f64);
    Some(CarbonSample { zone: label.zone.clone(), hour, intensity, kind: label.kind, provenance })
}
