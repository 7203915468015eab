//! Electricity Maps' power breakdown, for tokens that have it and no intensities: what was consumed by source, times the published
//! emission factors of `carbon::mix`. Average, direct or life-cycle; computed by us, which the provenance says.

use std::collections::BTreeMap;

use common::carbon::SignalKind;
use common::id::Zone;
use common::time::{GridHour, HOUR_MS, Millis, Timestamp};
use serde::Deserialize;

use super::electricity_maps::{Answer, ElectricityMaps};
use super::service::{Origin, Reading, Service, json, plausible, time};
use super::trouble::Trouble;
use crate::carbon::mix::{self, Factors};

/// Of the consumption that must be known by source: beyond it a null may hide anything.
const KNOWN_SHARE: f64 = 0.95;
const METHOD: &str = "by published emission factors";

#[derive(Debug, Clone)]
pub struct ElectricityMapsMix {
    /// Asks the same questions elsewhere.
    maps: ElectricityMaps,
    zone: Zone,
}

impl ElectricityMapsMix {
    pub fn new(place: &str, zone: &Zone, kind: SignalKind) -> Self {
        Self { maps: ElectricityMaps::new(place, kind), zone: zone.clone() }
    }

    fn factors(&self) -> Factors {
        if self.kind() == SignalKind::AverageDirect { Factors::Direct } else { Factors::Lifecycle }
    }

    /// None where too little is known by source, or what can't be.
    fn intensity(&self, row: &Row) -> Option<f64> {
        let (mut known, mut told_mw) = (Vec::new(), 0.0);
        for (source, power_mw) in row.power_consumption_breakdown.as_ref()? {
            let Some(power_mw) = *power_mw else { continue };
            if source.ends_with("discharge") {
                // What comes out of storage was made earlier, by a mix like the rest: it tells nothing of its own.
                told_mw += power_mw.max(0.0);
            } else if power_mw < 0.0 {
                return None;
            } else if let Some(factor) = self.factors().of(source, &self.zone) {
                told_mw += power_mw;
                known.push((power_mw, factor));
            }
        }
        if row.power_consumption_total.is_some_and(|total_mw| told_mw < KNOWN_SHARE * total_mw) {
            return None;
        }
        plausible(mix::intensity(known))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    datetime: Option<String>,
    /// Megawatts by source; null is not known.
    power_consumption_breakdown: Option<BTreeMap<String, Option<f64>>>,
    power_consumption_total: Option<f64>,
    estimation_method: Option<String>,
}

impl Service for ElectricityMapsMix {
    fn name(&self) -> &'static str {
        "Electricity Maps' power breakdown"
    }

    fn kind(&self) -> SignalKind {
        self.maps.kind()
    }

    fn place(&self) -> String {
        self.maps.place()
    }

    fn span_hours(&self) -> i64 {
        self.maps.span_hours()
    }

    fn past(&self, from: GridHour, to: GridHour, now: Timestamp) -> String {
        self.maps.past(from, to, now).replacen("/carbon-intensity/", "/power-breakdown/", 1)
    }

    fn coming(&self, from: GridHour) -> String {
        self.maps.coming(from).replacen("/carbon-intensity/", "/power-breakdown/", 1)
    }

    fn read(&self, body: &[u8], coming: bool) -> Result<Vec<Reading>, Trouble> {
        let mut answer: Answer<Row> = json(body)?;
        self.maps.is_here(answer.zone.take())?;
        let issued = answer.issued();
        let reading = |row: Row| {
            let intensity = self.intensity(&row)?;
            let method = row.estimation_method.map_or(METHOD.to_owned(), |own| format!("{own}, {METHOD}"));
            let origin = if coming { Origin::Forecast { issued } } else { Origin::Estimated(method) };
            let start = row.datetime.as_deref().map(time)?;
            Some(start.map(|start| Reading { start, duration: Millis(HOUR_MS), intensity, origin }))
        };
        answer.rows().into_iter().filter_map(reading).collect()
    }
}
