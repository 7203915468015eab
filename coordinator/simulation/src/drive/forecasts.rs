//! What the product would have forecast of each hour of a world. It depends on the grids and the settings, not on what is searched, so
//! that all runs of a world may share it: models are fitted once.

use std::collections::BTreeMap;
use std::sync::Mutex;

use common::carbon::Forecast;
use common::config::Config;
use common::id::Zone;
use common::time::GridHour;
use forecast::{Error, Selector, Series};

use crate::world::HourlyTrace;

#[derive(Debug)]
pub struct Forecasts {
    zones: BTreeMap<Zone, Mutex<Issued>>,
}

/// One zone's forecasts, one an hour from the first that was asked for: what a model says depends on when it began, not on who asks.
#[derive(Debug)]
struct Issued {
    trace: HourlyTrace,
    /// Of the other zones.
    others: Vec<HourlyTrace>,
    selector: Selector,
    first: Option<GridHour>,
    /// None where the history was too short.
    forecasts: Vec<Option<Forecast>>,
}

impl Forecasts {
    /// Nothing is forecast before it is asked for. Settings are those of `forecast`.
    pub fn new(config: &Config, zones: &[(HourlyTrace, u16)]) -> Result<Self, Error> {
        let horizon = config.forecast.horizon_hours as usize;
        let issued = |(trace, _): &(HourlyTrace, u16)| {
            let selector = Selector::new(&config.forecast.model, horizon)?;
            let selector = selector.retrained_every(config.forecast.retrain_hours);
            let others = zones.iter().map(|(other, _)| other).filter(|other| other.zone() != trace.zone());
            let (trace, others) = (trace.clone(), others.cloned().collect());
            let issued = Issued { others, selector, first: None, forecasts: Vec::new(), trace };
            Ok((issued.trace.zone().clone(), Mutex::new(issued)))
        };
        Ok(Self { zones: zones.iter().map(issued).collect::<Result<_, Error>>()? })
    }

    /// F-1: from hours up to and including `hour`, which is none before the first that was ever asked for.
    pub fn of(&self, zone: &Zone, hour: GridHour) -> Option<Forecast> {
        let mut issued = self.zones.get(zone)?.lock().expect("no thread panics while it holds this");
        let first = *issued.first.get_or_insert(hour);
        let place = usize::try_from(hour.0 - first.0).ok()?;
        while issued.forecasts.len() <= place {
            let next = first.plus(issued.forecasts.len() as i64);
            let forecast = issued.issue(next);
            issued.forecasts.push(forecast);
        }
        issued.forecasts[place].clone()
    }
}

impl Issued {
    /// Too short a history has no forecast, as in a live study; the policy goes on without.
    fn issue(&mut self, hour: GridHour) -> Option<Forecast> {
        let past = |hours: usize| {
            let others: Vec<Series> =
                self.others.iter().filter_map(|other| other.past(hour, hours)).collect();
            let own = self.trace.past(hour, hours).ok_or(Error::Empty)?;
            Ok(own.with_neighbours(&others))
        };
        self.selector.forecast(past).ok()
    }
}
