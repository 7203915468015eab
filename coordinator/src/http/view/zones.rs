//! The grid of each zone: what it was, what is expected, and what was done in its hours.

use std::collections::{BTreeMap, BTreeSet};

use common::allocation;
use common::carbon::Provenance;
use common::energy::Purpose;
use common::id::Zone as Name;
use common::time::{GridHour, Timestamp};
use common::unit::Joules;

use super::{Seen, counterfactual};
use crate::account::Account;
use crate::carbon;
use crate::core::State;
use crate::http::model::{Forecast, ForecastHour, Shares, Spent, Zone, ZoneHour, ZoneQuery, Zones};

/// A week, unless told otherwise; a leap year at most.
const HOURS: u32 = 168;
pub const MOST_HOURS: u32 = 8784;

type Booked<'a> = BTreeMap<(&'a Name, GridHour), &'a BTreeMap<Purpose, Joules>>;

pub fn zones(seen: Seen<'_>, query: &ZoneQuery) -> Zones {
    let state = &seen.history.state;
    let at = state.finished.as_ref().map_or(seen.now.max(state.last_at), |(at, _)| *at);
    let hour = state.grid_hour(at);
    let of_workers = state.workers.values().map(|record| &record.zone);
    let names: BTreeSet<&Name> = state.account.zones().chain(of_workers).collect();
    let booked: Booked<'_> =
        state.account.hours().map(|line| ((line.zone, line.hour), line.joules)).collect();
    let hours = i64::from(query.hours.unwrap_or(HOURS).clamp(1, MOST_HOURS));
    let begin = state.study.as_ref().map_or(hour, |study| study.clock.grid(study.started).hour());
    let span = (begin.max(hour.plus(1 - hours)), hour);
    let decided = decided(state, span);
    Zones {
        hour: hour.to_string(),
        zones: names.into_iter().map(|name| zone(state, name, span, &booked, &decided)).collect(),
        counterfactual: counterfactual::at_once(seen.history),
    }
}

fn zone(
    state: &State,
    name: &Name,
    span: (GridHour, GridHour),
    booked: &Booked<'_>,
    decided: &BTreeMap<GridHour, &allocation::Allocation>,
) -> Zone {
    let account = &state.account;
    let (present, provenance) = account.intensity(name, span.1);
    let alive = state.workers.values().filter(|record| record.alive && record.zone == *name);
    let mut by_fidelity: BTreeMap<String, Spent> = BTreeMap::new();
    for ((of, hour), joules) in booked.range((name, GridHour(i64::MIN))..) {
        if *of != name {
            break;
        }
        let intensity = account.intensity(name, *hour).0;
        for (purpose, joules) in *joules {
            let spent = by_fidelity.entry(purpose.to_string()).or_default();
            spent.kwh += joules.kwh();
            spent.gco2eq += joules.emissions(intensity).0;
        }
    }
    let spent = by_fidelity.values().fold(Spent::default(), |sum, part| Spent {
        kwh: sum.kwh + part.kwh,
        gco2eq: sum.gco2eq + part.gco2eq,
    });
    Zone {
        zone: name.to_string(),
        g_per_kwh: present.0,
        provenance: provenance.to_string(),
        kind: account.signal_kind(name).map(|kind| carbon::word(kind).into()),
        slots: alive.map(|record| record.slots.len() as u64).sum(),
        allocation: state.allocations.last().map(|(_, allocation)| shares(allocation.shares(name))),
        history: (span.0.0..=span.1.0)
            .map(|hour| past(account, name, GridHour(hour), booked, decided))
            .collect(),
        forecast: state.forecasts.get(name).map(forecast),
        spent,
        spent_by_fidelity: by_fidelity,
    }
}

fn past(
    account: &Account,
    name: &Name,
    hour: GridHour,
    booked: &Booked<'_>,
    decided: &BTreeMap<GridHour, &allocation::Allocation>,
) -> ZoneHour {
    let (intensity, provenance) = account.intensity(name, hour);
    let line = booked.get(&(name, hour));
    let kwh_by_fidelity: BTreeMap<String, f64> = line.map_or_else(BTreeMap::new, |line| {
        let used = line.iter().filter(|(_, joules)| joules.0 > 0.0);
        used.map(|(purpose, joules)| (purpose.to_string(), joules.kwh())).collect()
    });
    let joules: Joules = line.map_or(Joules::ZERO, |line| line.values().copied().sum());
    let in_force = decided.range(..=hour).next_back();
    ZoneHour {
        hour: hour.to_string(),
        g_per_kwh: intensity.0,
        source: source(&provenance).into(),
        allocation: in_force.map(|(_, allocation)| shares(allocation.shares(name))),
        kwh: joules.kwh(),
        gco2eq: joules.emissions(intensity).0,
        kwh_by_fidelity,
    }
}

/// The last decision of each hour of the span, and the one that was in force as it began.
fn decided(state: &State, span: (GridHour, GridHour)) -> BTreeMap<GridHour, &allocation::Allocation> {
    let mut decided = BTreeMap::new();
    let Some(clock) = state.clock() else { return decided };
    let hour_of = |at: Timestamp| clock.grid(at).hour();
    for (at, allocation) in state.allocations.iter().rev() {
        let hour = hour_of(*at);
        decided.entry(hour).or_insert(allocation);
        if hour < span.0 {
            break;
        }
    }
    decided
}

fn shares(shares: allocation::Shares) -> Shares {
    Shares { train: u64::from(shares.train), sample: u64::from(shares.sample), rest: u64::from(shares.rest) }
}

fn source(provenance: &Provenance) -> &'static str {
    match provenance {
        Provenance::Measured(_) => "measured",
        Provenance::Estimated(_) => "estimated",
        Provenance::Forecast(_) => "forecast",
        Provenance::Modelled(_) => "modelled",
        Provenance::Cached { .. } => "cached",
        Provenance::Earlier(_) => "earlier",
        Provenance::Synthetic => "synthetic",
        Provenance::Constant => "constant",
    }
}

fn forecast(forecast: &common::carbon::Forecast) -> Forecast {
    let hours = forecast.quantiles.iter().zip(1..).map(|(row, ahead)| ForecastHour {
        hour: forecast.issued_at.plus(ahead).to_string(),
        quantiles: row.clone(),
    });
    Forecast {
        issued_at: forecast.issued_at.to_string(),
        model: forecast.model.clone(),
        levels: forecast.levels.clone(),
        hours: hours.collect(),
    }
}
