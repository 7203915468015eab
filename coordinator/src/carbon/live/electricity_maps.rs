//! Electricity Maps v3 (and v4, which answers alike): average intensity, direct or life-cycle, of most of the world's grids.

use std::sync::OnceLock;

use common::carbon::SignalKind;
use common::time::{GridHour, HOUR_MS, Millis, Timestamp};
use serde::Deserialize;

use super::service::{Origin, Reading, Service, issued, json, plausible, stamp, time};
use super::trouble::Trouble;

/// `history` reaches back so far, and every plan may ask it; further back goes `past-range`.
const HISTORY_HOURS: i64 = 24;
/// `past-range` gives ten days at most.
const RANGE_HOURS: i64 = 240;

#[derive(Debug, Clone)]
pub struct ElectricityMaps {
    /// A zone like `DE`, or latitude and longitude like `52.5,13.4`.
    place: String,
    /// The service's own name of it, once that is known.
    zone: OnceLock<String>,
    kind: SignalKind,
}

impl ElectricityMaps {
    pub const KINDS: [SignalKind; 2] = [SignalKind::AverageLifecycle, SignalKind::AverageDirect];

    pub fn new(place: &str, kind: SignalKind) -> Self {
        let zone = if place.contains(',') { OnceLock::new() } else { OnceLock::from(place.to_owned()) };
        Self { place: place.into(), zone, kind }
    }

    fn factors(&self) -> &'static str {
        if self.kind == SignalKind::AverageDirect { "direct" } else { "lifecycle" }
    }

    /// A place given by its coordinates lies in whatever zone the service says first, and goes on to lie there.
    pub(super) fn is_here(&self, zone: Option<String>) -> Result<(), Trouble> {
        let Some(found) = zone else { return Ok(()) };
        let here = self.zone.get_or_init(|| found.clone());
        if *here == found { Ok(()) } else { Err(Trouble::OtherZone { asked: here.clone(), found }) }
    }

    fn question(&self, verb: &str) -> String {
        let place = match self.place.split_once(',') {
            // Where the place lies in no zone that it knows, the service would speak of that of whoever asks.
            Some((latitude, longitude)) => {
                format!("lat={latitude}&lon={longitude}&disableCallerLookup=true")
            }
            None => format!("zone={}", self.place),
        };
        format!(
            "/carbon-intensity/{verb}?{place}&emissionFactorType={}&temporalGranularity=hourly",
            self.factors()
        )
    }

    fn is_of_kind(&self, factors: Option<String>) -> Result<(), Trouble> {
        let other = factors.filter(|found| found != self.factors());
        other.map_or(Ok(()), |found| Err(Trouble::OtherKind { asked: self.kind, found }))
    }

    fn reading(&self, row: Row, coming: bool, issued: Option<GridHour>) -> Result<Option<Reading>, Trouble> {
        self.is_of_kind(row.emission_factor_type)?;
        let (Some(intensity), Some(datetime)) = (plausible(row.carbon_intensity), row.datetime) else {
            return Ok(None);
        };
        let origin = match row.estimation_method {
            _ if coming => Origin::Forecast { issued },
            Some(method) => Origin::Estimated(method),
            None if row.is_estimated == Some(true) => Origin::Estimated("its own method".into()),
            None => Origin::Measured,
        };
        Ok(Some(Reading { start: time(&datetime)?, duration: Millis(HOUR_MS), intensity, origin }))
    }
}

/// An answer to any of the verbs: one row, or rows under the verb's own key.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<Row> {
    pub(super) zone: Option<String>,
    /// Of a forecast, when it was made.
    #[serde(rename = "updatedAt")]
    updated_at: Option<String>,
    history: Option<Vec<Row>>,
    data: Option<Vec<Row>>,
    forecast: Option<Vec<Row>>,
    #[serde(flatten)]
    latest: Row,
}

impl<Row> Answer<Row> {
    pub(super) fn issued(&self) -> Option<GridHour> {
        issued(self.updated_at.as_deref())
    }

    pub(super) fn rows(self) -> Vec<Row> {
        self.history.or(self.data).or(self.forecast).unwrap_or_else(|| vec![self.latest])
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    carbon_intensity: Option<f64>,
    /// When the row's hour begins; `updatedAt` is another matter.
    datetime: Option<String>,
    emission_factor_type: Option<String>,
    is_estimated: Option<bool>,
    estimation_method: Option<String>,
}

impl Service for ElectricityMaps {
    fn name(&self) -> &'static str {
        "Electricity Maps"
    }

    fn kind(&self) -> SignalKind {
        self.kind
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn span_hours(&self) -> i64 {
        RANGE_HOURS
    }

    fn past(&self, from: GridHour, to: GridHour, now: Timestamp) -> String {
        if now.hour().0 - from.0 < HISTORY_HOURS {
            return self.question("history");
        }
        format!("{}&start={}&end={}", self.question("past-range"), stamp(from), stamp(to))
    }

    fn coming(&self, _: GridHour) -> String {
        format!("{}&horizonHours=72", self.question("forecast"))
    }

    fn read(&self, body: &[u8], coming: bool) -> Result<Vec<Reading>, Trouble> {
        let mut answer: Answer<Row> = json(body)?;
        self.is_here(answer.zone.take())?;
        // Said of each row, or, in a forecast, of all of them.
        self.is_of_kind(answer.latest.emission_factor_type.clone())?;
        let issued = answer.issued();
        answer.rows().into_iter().filter_map(|row| self.reading(row, coming, issued).transpose()).collect()
    }
}
