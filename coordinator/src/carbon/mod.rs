//! Where carbon intensity comes from: one source a zone, with what to fall back on, and for every hour its provenance.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `source` | the trait, and the chain a zone is served by: its provider, the last value ageing, a yearly constant |
//! | `trace` | recorded hours from a CSV file |
//! | `typical_week` | a made-up grid, shown as synthetic wherever it is shown |
//! | `error` | what can be wrong, with the cure |
//!
//! Series of different kinds (average or marginal, direct or life-cycle) are never mixed, within a zone or between zones.

mod error;
mod source;
mod trace;
mod typical_week;

use std::collections::BTreeMap;
use std::path::Path;

use common::id::Zone;
use common::seed::Seed;

pub use error::Error;
pub use source::{CACHE_HOURS, CarbonSource, Chain};
pub use trace::{Trace, parse_time};
pub use typical_week::{Mix, TypicalWeek};

/// What `[carbon]` says, as far as it concerns the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `trace` or `typical_week`.
    pub source: String,
    /// `ZONE=FILE` each.
    pub traces: Vec<String>,
    /// The column that holds the intensity, or `auto`.
    pub column: String,
    /// Zones of the built-in generator.
    pub zones: Vec<String>,
    pub seed: Seed,
}

impl Settings {
    pub fn new(carbon: &common::config::Carbon, seed: Seed) -> Self {
        Self {
            source: carbon.source.clone(),
            traces: carbon.traces.clone(),
            column: carbon.column.clone(),
            zones: carbon.zones.clone(),
            seed,
        }
    }
}

/// One chain a zone. Reads trace files whole; nothing is read later.
pub fn build(settings: &Settings) -> Result<BTreeMap<Zone, Box<dyn CarbonSource>>, Error> {
    let links: Vec<Box<dyn CarbonSource>> = match settings.source.as_str() {
        "trace" => traces(settings)?,
        "typical_week" => {
            let zone = |name: &String| Box::new(TypicalWeek::new(Zone::new(name), settings.seed)) as _;
            settings.zones.iter().map(zone).collect()
        }
        other => return Err(Error::UnknownSource(other.into())),
    };
    let mut chains: BTreeMap<Zone, Box<dyn CarbonSource>> = BTreeMap::new();
    let first = links.first().map(|link| (link.zone().clone(), link.kind()));
    for link in links {
        let (zone, kind) = (link.zone().clone(), link.kind());
        if let Some((first, first_kind)) = first.clone().filter(|(_, first_kind)| *first_kind != kind) {
            return Err(Error::MixedKinds { first, first_kind, other: zone, other_kind: kind });
        }
        if chains.insert(zone.clone(), Box::new(Chain::new(link))).is_some() {
            return Err(Error::ZoneTwice(zone));
        }
    }
    if chains.is_empty() {
        return Err(Error::NoZones);
    }
    Ok(chains)
}

fn traces(settings: &Settings) -> Result<Vec<Box<dyn CarbonSource>>, Error> {
    if settings.traces.is_empty() {
        return Err(Error::NoTraces);
    }
    let read = |text: &String| -> Result<Box<dyn CarbonSource>, Error> {
        let (zone, path) = text
            .split_once('=')
            .map(|(zone, path)| (zone.trim(), path.trim()))
            .filter(|(zone, path)| !zone.is_empty() && !path.is_empty())
            .ok_or_else(|| Error::TraceSetting(text.clone()))?;
        Ok(Box::new(Trace::read(Path::new(path), Zone::new(zone), &settings.column)?))
    };
    settings.traces.iter().map(read).collect()
}

#[cfg(test)]
mod tests;
