//! WattTime v3: marginal (`co2_moer`) or average (`co2_aoer`) operating emissions, in five-minute steps.
//!
//! A place given as latitude and longitude is looked up once, in the signal that is wanted. Its signal index is a percentile, not an
//! intensity, and is never asked for.

use std::sync::OnceLock;

use common::carbon::SignalKind;
use common::time::{GridHour, Millis, Timestamp};
use serde::Deserialize;

use super::service::{GRAMS_PER_POUND, Origin, Reading, Service, issued, json, plausible, stamp, time};
use super::trouble::Trouble;

const UNIT: &str = "lbs_co2_per_mwh";
const RANGE_HOURS: i64 = 30 * 24;
/// What an answer without a period steps by.
const USUAL_PERIOD_S: f64 = 300.0;

#[derive(Debug)]
pub struct WattTime {
    /// A region like `CAISO_NORTH`, or latitude and longitude like `37.8,-122.4`.
    place: String,
    /// WattTime's own name of it, once that is known.
    region: OnceLock<String>,
    kind: SignalKind,
}

impl WattTime {
    pub const KINDS: [SignalKind; 2] = [SignalKind::MarginalDirect, SignalKind::AverageDirect];

    pub fn new(place: &str, kind: SignalKind) -> Self {
        let region = if place.contains(',') { OnceLock::new() } else { OnceLock::from(place.to_owned()) };
        Self { place: place.into(), region, kind }
    }

    fn signal(&self) -> &'static str {
        if self.kind == SignalKind::AverageDirect { "co2_aoer" } else { "co2_moer" }
    }

    fn region(&self) -> &str {
        self.region.get().map_or("", String::as_str)
    }

    fn of_signal(&self, found: Option<String>) -> Result<(), Trouble> {
        let other = found.filter(|found| found != self.signal());
        other.map_or(Ok(()), |found| Err(Trouble::OtherKind { asked: self.kind, found }))
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    data: Vec<Point>,
    meta: Option<Meta>,
}

#[derive(Debug, Deserialize)]
struct Point {
    point_time: String,
    value: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    data_point_period_seconds: Option<f64>,
    region: Option<String>,
    signal_type: Option<String>,
    units: Option<String>,
    /// Of a forecast, when it was made.
    generated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Location {
    region: String,
    signal_type: Option<String>,
}

impl Service for WattTime {
    fn name(&self) -> &'static str {
        "WattTime"
    }

    fn kind(&self) -> SignalKind {
        self.kind
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn locate(&self) -> Option<String> {
        let (latitude, longitude) = self.place.split_once(',').filter(|_| self.region.get().is_none())?;
        let signal = self.signal();
        Some(format!("/v3/region-from-loc?latitude={latitude}&longitude={longitude}&signal_type={signal}"))
    }

    fn on_located(&self, body: &[u8]) -> Result<(), Trouble> {
        let Location { region, signal_type } = json(body)?;
        self.of_signal(signal_type)?;
        // It goes into the next question's address as it is.
        let sound =
            !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        if !sound {
            return Err(Trouble::Unreadable { reason: "no name of a region".into(), begins: region });
        }
        self.region.get_or_init(|| region);
        Ok(())
    }

    fn span_hours(&self) -> i64 {
        RANGE_HOURS
    }

    fn past(&self, from: GridHour, to: GridHour, _: Timestamp) -> String {
        format!(
            "/v3/historical?region={}&signal_type={}&start={}&end={}",
            self.region(),
            self.signal(),
            stamp(from),
            stamp(to)
        )
    }

    fn coming(&self, _: GridHour) -> String {
        format!("/v3/forecast?region={}&signal_type={}&horizon_hours=72", self.region(), self.signal())
    }

    fn read(&self, body: &[u8], coming: bool) -> Result<Vec<Reading>, Trouble> {
        let answer: Answer = json(body)?;
        if answer.data.is_empty() {
            return Ok(Vec::new());
        }
        // Pounds or percents, marginal or average: without its envelope a figure means nothing.
        let meta = answer.meta.ok_or_else(|| Trouble::Unit("no unit".into()))?;
        match meta.units.as_deref() {
            Some(UNIT) => {}
            other => return Err(Trouble::Unit(other.unwrap_or("no unit").into())),
        }
        self.of_signal(meta.signal_type)?;
        if let Some(found) = meta.region.filter(|found| found != self.region()) {
            return Err(Trouble::OtherZone { asked: self.region().into(), found });
        }
        let period_s = meta.data_point_period_seconds.filter(|period| *period > 0.0 && *period <= 3600.0);
        let duration = Millis::from_seconds(period_s.unwrap_or(USUAL_PERIOD_S));
        let made = issued(meta.generated_at.as_deref());
        let origin = if coming { Origin::Forecast { issued: made } } else { Origin::Measured };
        let reading = |point: Point| {
            let intensity = plausible(point.value.map(|pounds| pounds * GRAMS_PER_POUND / 1000.0))?;
            let start = match time(&point.point_time) {
                Ok(start) => start,
                Err(trouble) => return Some(Err(trouble)),
            };
            Some(Ok(Reading { start, duration, intensity, origin: origin.clone() }))
        };
        answer.data.into_iter().filter_map(reading).collect()
    }
}
