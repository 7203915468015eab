//! Where carbon intensity comes from: one source a zone, with what to fall back on, and for every hour its provenance.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `source` | the trait behind which all stand |
//! | `chain` | what a zone is served by: its providers in order, the last value ageing, a recorded trace, a yearly constant |
//! | `live` | services that are asked over the network |
//! | `past` | what is known of past hours, for commands |
//! | `settings` | which services serve which zone, in one kind of signal |
//! | `trace` | recorded hours from a CSV file |
//! | `columns` | which columns of such a file say what |
//! | `unit` | the units that such columns name |
//! | `channels` | what a file carries beside its intensity |
//! | `mix` | emission factors, for files that hold generation by source |
//! | `typical_week` | a made-up grid, shown as synthetic wherever it is shown |
//! | `error` | what can be wrong, with the cure |
//!
//! Series of different kinds (average or marginal, direct or life-cycle) are never mixed, within a zone or between zones.

mod chain;
mod channels;
mod columns;
mod error;
pub mod live;
pub mod mix;
mod past;
mod settings;
mod source;
mod trace;
mod typical_week;
mod unit;

use std::collections::BTreeMap;
use std::path::Path;

use common::carbon::{SignalKind, WORLD_MEAN};
use common::config::Config;
use common::id::Zone;
use common::seed::Seed;

pub use chain::{CACHE_HOURS, Chain};
pub use error::Error;
pub use live::{Clock, Memory};
pub use past::{Past, past};
pub use settings::{KeyState, ServiceName, constants, keys, word};
pub use source::CarbonSource;
pub use trace::{Trace, parse_time};
pub use typical_week::{Mix, TypicalWeek};

use crate::directory::StudyDirectory;

/// What the sources are made from.
#[derive(Debug, Clone)]
pub struct Settings {
    pub carbon: common::config::Carbon,
    pub seed: Seed,
    /// Tells live sources what hour it is.
    pub clock: Clock,
    /// What live sources remember after a restart.
    pub memory: Memory,
}

impl Settings {
    pub fn new(carbon: &common::config::Carbon, seed: Seed) -> Self {
        Self { carbon: carbon.clone(), seed, clock: Clock::default(), memory: Memory::default() }
    }

    /// Of a command, which may run beside the study's coordinator.
    pub fn of_command(config: &Config) -> Self {
        let settings = Self::new(&config.carbon, Seed(config.study.seed));
        let directory = StudyDirectory::new(&config.study.directory);
        match directory.ledger().exists() {
            true => Self { memory: Memory::of_study(directory.carbon()), ..settings },
            false => settings,
        }
    }

    /// Live sources go on where those of an earlier process stopped, whose memory lies in `folder`.
    pub fn remembering(self, folder: impl Into<std::path::PathBuf>) -> Self {
        Self { memory: Memory::within(folder), ..self }
    }
}

/// One chain a zone. Reads trace files whole; nothing is read later.
pub fn build(settings: &Settings) -> Result<BTreeMap<Zone, Box<dyn CarbonSource>>, Error> {
    let boxed = |(zone, chain)| (zone, Box::new(chain) as Box<dyn CarbonSource>);
    Ok(chains(settings)?.into_iter().map(boxed).collect())
}

/// The same, as what they are.
pub fn chains(settings: &Settings) -> Result<BTreeMap<Zone, Chain>, Error> {
    let chains: BTreeMap<Zone, Chain> = match settings.carbon.source.as_str() {
        "trace" => distinct(traces(settings, None)?)?,
        "live" => live_chains(settings)?,
        "typical_week" => {
            let zone = |name: &String| TypicalWeek::new(Zone::new(name), settings.seed);
            distinct(settings.carbon.zones.iter().map(zone))?
        }
        other => return Err(Error::UnknownSource(other.into())),
    };
    if chains.is_empty() {
        return Err(Error::NoZones);
    }
    let mut kinds = chains.iter().map(|(zone, chain)| (zone, chain.kind()));
    if let Some((first, first_kind)) = kinds.next()
        && let Some((other, other_kind)) = kinds.find(|(_, kind)| *kind != first_kind)
    {
        return Err(Error::MixedKinds { first: first.clone(), first_kind, other: other.clone(), other_kind });
    }
    let constants = constants(&settings.carbon)?;
    let with_constant = |(zone, chain): (Zone, Chain)| {
        let constant = constants.get(&zone).copied().unwrap_or(WORLD_MEAN);
        (zone, chain.or_constant(constant))
    };
    Ok(chains.into_iter().map(with_constant).collect())
}

/// A chain of each source alone.
fn distinct<S: CarbonSource + 'static>(
    sources: impl IntoIterator<Item = S>,
) -> Result<BTreeMap<Zone, Chain>, Error> {
    let mut chains = BTreeMap::new();
    for source in sources {
        let zone = source.zone().clone();
        if chains.insert(zone.clone(), Chain::new(Box::new(source))).is_some() {
            return Err(Error::ZoneTwice(zone));
        }
    }
    Ok(chains)
}

/// Live services in the order given; recorded traces stand in behind them.
fn live_chains(settings: &Settings) -> Result<BTreeMap<Zone, Chain>, Error> {
    let mut chains: BTreeMap<Zone, Chain> = BTreeMap::new();
    let mut kind = None;
    for source in settings::live(settings)? {
        let zone = source.zone().clone();
        kind = Some(source.kind());
        let chain = match chains.remove(&zone) {
            Some(chain) => chain.then(Box::new(source)),
            None => Chain::new(Box::new(source)),
        };
        chains.insert(zone, chain);
    }
    let recorded = if settings.carbon.traces.is_empty() { Vec::new() } else { traces(settings, kind)? };
    for trace in recorded {
        let zone = trace.zone().clone();
        let chain = chains.remove(&zone).ok_or_else(|| Error::NotLive(zone.clone()))?;
        if trace.kind() != chain.kind() {
            return Err(Error::TraceKind { zone, found: trace.kind(), wanted: chain.kind() });
        }
        chains.insert(zone, chain.or_recorded(trace));
    }
    Ok(chains)
}

/// `preferred` decides between the columns of a trace where none is named.
fn traces(settings: &Settings, preferred: Option<SignalKind>) -> Result<Vec<Trace>, Error> {
    let carbon = &settings.carbon;
    if carbon.traces.is_empty() {
        return Err(Error::NoTraces);
    }
    let read = |text: &String| -> Result<Trace, Error> {
        let (zone, path) = text
            .split_once('=')
            .map(|(zone, path)| (zone.trim(), path.trim()))
            .filter(|(zone, path)| !zone.is_empty() && !path.is_empty())
            .ok_or_else(|| Error::TraceSetting(text.clone()))?;
        Trace::read_as(Path::new(path), Zone::new(zone), &carbon.column, preferred)
    };
    carbon.traces.iter().map(read).collect()
}

#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod channel_tests;
#[cfg(test)]
mod tests;
