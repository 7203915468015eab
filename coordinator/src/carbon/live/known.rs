//! What a zone's service has told so far: its hours, its forecast, and when each was asked for last.

use std::collections::BTreeMap;

use common::carbon::{CarbonSample, Provenance, SignalKind};
use common::id::Zone;
use common::time::{GridHour, Timestamp};
use common::unit::Intensity;
use serde::{Deserialize, Serialize};

use super::back_off::Failures;
use super::service::plausible;
use super::trouble::Trouble;

#[derive(Debug, Default)]
pub struct Known {
    pub hours: BTreeMap<GridHour, CarbonSample>,
    pub forecast: BTreeMap<GridHour, CarbonSample>,
    pub forecast_due: Option<Timestamp>,
    /// When the youngest hours were last asked for.
    pub asked: Option<(GridHour, Timestamp)>,
    /// The past was asked for from here on …
    pub back_to: Option<GridHour>,
    /// … up to here, without a hole.
    pub up_to: Option<GridHour>,
    /// Until when no earlier hours are asked for, and why; a restart may have another plan.
    pub barred: Option<(Timestamp, Trouble)>,
    /// Answers of no use about this zone: the service's other zones are not held up by them.
    pub failures: Failures,
    /// After a refusal that may be of the key: other zones of the service are asked first. A restart may have another key.
    pub stands_back: Failures,
}

/// The same as it lies in a file: zone and kind are the file's own.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    hours: Vec<(GridHour, f64, Provenance)>,
    forecast: Vec<(GridHour, f64, Provenance)>,
    forecast_due: Option<Timestamp>,
    asked: Option<(GridHour, Timestamp)>,
    back_to: Option<GridHour>,
    up_to: Option<GridHour>,
    #[serde(default)]
    failures: Failures,
}

impl Known {
    pub fn kept(&self) -> Kept {
        let rows = |samples: &BTreeMap<GridHour, CarbonSample>| {
            samples.values().map(|known| (known.hour, known.intensity.0, known.provenance.clone())).collect()
        };
        Kept {
            hours: rows(&self.hours),
            forecast: rows(&self.forecast),
            forecast_due: self.forecast_due,
            asked: self.asked,
            back_to: self.back_to,
            up_to: self.up_to,
            failures: self.failures.clone(),
        }
    }

    /// What can't be is left out, as from a service; of times ahead, for the clock was put back, nothing is kept.
    pub fn recalled(kept: Kept, zone: &Zone, kind: SignalKind, now: Timestamp) -> Self {
        let samples = |rows: Vec<(GridHour, f64, Provenance)>| {
            let sample = |(hour, intensity, provenance)| {
                let intensity = Intensity(plausible(Some(intensity))?);
                Some((hour, CarbonSample { zone: zone.clone(), hour, intensity, kind, provenance }))
            };
            rows.into_iter().filter_map(sample).collect::<BTreeMap<_, _>>()
        };
        let mut hours = samples(kept.hours);
        hours.retain(|hour, _| *hour <= now.hour());
        Self {
            hours,
            forecast: samples(kept.forecast),
            // No service is left unasked for longer than a day.
            forecast_due: kept.forecast_due.filter(|due| due.since(now).0 <= 24 * common::time::HOUR_MS),
            asked: kept.asked.filter(|(_, at)| *at <= now),
            back_to: kept.back_to,
            up_to: kept.up_to,
            failures: kept.failures.recalled(now),
            ..Self::default()
        }
    }

    /// `[from, to)` was asked for. A hole that a long silence left is looked back for anew.
    pub fn on_asked(&mut self, from: GridHour, to: GridHour) {
        if self.up_to.is_some_and(|up_to| up_to < from) {
            self.back_to = Some(from);
        }
        self.up_to = self.up_to.max(Some(to));
    }

    pub fn has_all(&self, from: GridHour, before: GridHour) -> bool {
        self.hours.range(from..before).count() as i64 == before.0 - from.0
    }

    /// The hour itself, else what was expected of it.
    pub fn of(&self, hour: GridHour) -> Option<CarbonSample> {
        self.hours.get(&hour).or_else(|| self.forecast.get(&hour)).cloned()
    }

    /// Whether the figure of the hour stays as it is: it was measured, or figures of hours before `revised_from` are revised no more.
    pub fn is_final(&self, hour: GridHour, revised_from: GridHour) -> bool {
        let known = self.hours.get(&hour);
        known
            .is_some_and(|sample| hour < revised_from || matches!(sample.provenance, Provenance::Measured(_)))
    }
}
