//! The UK's Carbon Intensity service, national or of one of its 17 regions: average and direct, in half hours, without a key.
//!
//! A half hour that has no actual figure yet, and every regional one, holds the service's forecast and says so. Answers begin with the
//! half hour *before* the time asked for: the asker lets go of what it did not ask for.

use common::carbon::SignalKind;
use common::time::{GridHour, Timestamp};
use serde::Deserialize;

use super::service::{Origin, Reading, Service, json, plausible, stamp, time};
use super::trouble::Trouble;

const RANGE_HOURS: i64 = 14 * 24;
/// Great Britain's regions are numbered from 1 to this.
pub const REGIONS: u8 = 17;

#[derive(Debug, Clone)]
pub struct UkCarbonIntensity {
    region: Option<u8>,
}

impl UkCarbonIntensity {
    pub const KINDS: [SignalKind; 1] = [SignalKind::AverageDirect];

    /// `region` is None for all of Great Britain.
    pub fn new(region: Option<u8>) -> Self {
        Self { region }
    }

    fn question(&self, span: &str) -> String {
        match self.region {
            None => format!("/intensity/{span}"),
            Some(region) => format!("/regional/intensity/{span}/regionid/{region}"),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    data: Option<Data>,
}

/// National answers hold half hours; regional ones a region that holds them, alone or in a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Data {
    HalfHours(Vec<HalfHour>),
    Region(Region),
    Regions(Vec<Region>),
}

#[derive(Debug, Deserialize)]
struct Region {
    regionid: Option<u8>,
    data: Vec<HalfHour>,
}

#[derive(Debug, Deserialize)]
struct HalfHour {
    from: String,
    to: String,
    intensity: Figures,
}

#[derive(Debug, Deserialize)]
struct Figures {
    forecast: Option<f64>,
    actual: Option<f64>,
}

impl Service for UkCarbonIntensity {
    fn name(&self) -> &'static str {
        "UK Carbon Intensity"
    }

    fn kind(&self) -> SignalKind {
        SignalKind::AverageDirect
    }

    fn place(&self) -> String {
        self.region.map_or_else(String::new, |region| region.to_string())
    }

    fn span_hours(&self) -> i64 {
        RANGE_HOURS
    }

    fn past(&self, from: GridHour, to: GridHour, _: Timestamp) -> String {
        self.question(&format!("{}/{}", stamp(from), stamp(to)))
    }

    fn coming(&self, from: GridHour) -> String {
        self.question(&format!("{}/fw48h", stamp(from)))
    }

    fn read(&self, body: &[u8], _: bool) -> Result<Vec<Reading>, Trouble> {
        let answer: Answer = json(body)?;
        let regions = match answer.data {
            // Beyond its horizon the service answers `{}` or an empty list.
            None => return Ok(Vec::new()),
            Some(Data::HalfHours(half_hours)) => vec![Region { regionid: self.region, data: half_hours }],
            Some(Data::Region(region)) => vec![region],
            Some(Data::Regions(regions)) => regions,
        };
        let mut readings = Vec::new();
        for region in regions {
            if region.regionid != self.region {
                let name =
                    |region: Option<u8>| region.map_or("Great Britain".into(), |id| format!("region {id}"));
                return Err(Trouble::OtherZone { asked: name(self.region), found: name(region.regionid) });
            }
            for half_hour in region.data {
                let actual = plausible(half_hour.intensity.actual).map(|value| (value, Origin::Measured));
                let forecast = || {
                    plausible(half_hour.intensity.forecast)
                        .map(|value| (value, Origin::Forecast { issued: None }))
                };
                let Some((intensity, origin)) = actual.or_else(forecast) else { continue };
                let start = time(&half_hour.from)?;
                let duration = time(&half_hour.to)?.since(start);
                readings.push(Reading { start, duration, intensity, origin });
            }
        }
        Ok(readings)
    }
}
