//! The books, hour by hour: what the slots used, what the grid was like, what they were told to do.

use std::collections::{BTreeMap, BTreeSet};

use common::allocation::Allocation;
use common::energy::{Method, Purpose};
use common::id::Zone;
use common::time::{GridHour, HOUR_MS, Timestamp};

use super::chronicle::Chronicle;
use super::model::{EnergyFacts, HourFacts, Spent};
use super::uncertainty;
use crate::core::{State, Study};

/// Hours of one day, for its median.
pub(super) const DAY_HOURS: i64 = 24;

/// The part of grid time that the study was under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Span {
    pub(super) fn of(study: &Study, end: Timestamp) -> Self {
        Self { from: study.clock.grid(study.started), to: study.clock.grid(end) }
    }

    pub(super) fn first_hour(&self) -> GridHour {
        self.from.hour()
    }

    pub(super) fn hours(&self) -> impl Iterator<Item = GridHour> + use<> {
        let this = *self;
        (self.from.hour().0..=self.to.hour().0).map(GridHour).filter(move |hour| this.covered(*hour) > 0.0)
    }

    /// The share of `hour` that lies within.
    pub(super) fn covered(&self, hour: GridHour) -> f64 {
        let overlap = hour.plus(1).start().min(self.to).0 - hour.start().max(self.from).0;
        overlap.max(0) as f64 / HOUR_MS as f64
    }
}

pub(super) fn facts(state: &State, chronicle: &Chronicle, span: Span) -> EnergyFacts {
    let account = &state.account;
    let (joules, grams) = (account.joules_by_purpose(), account.grams_by_purpose());
    let of = |purpose: Purpose| Spent {
        kwh: joules.get(&purpose).map_or(0.0, |joules| joules.kwh()),
        gco2eq: grams.get(&purpose).map_or(0.0, |grams| grams.0),
    };
    let by_fidelity: BTreeMap<Purpose, Spent> =
        Purpose::ALL.into_iter().map(|purpose| (purpose, of(purpose))).collect();
    let mut by_zone: BTreeMap<Zone, Spent> = BTreeMap::new();
    for line in account.hours() {
        let spent = by_zone.entry(line.zone.clone()).or_default();
        spent.kwh += line.joules.values().map(|joules| joules.kwh()).sum::<f64>();
        spent.gco2eq += line.grams.0;
    }
    let joules_by_method: BTreeMap<Method, f64> =
        account.by_method().iter().map(|(method, joules)| (*method, joules.0)).collect();
    let unmetered: f64 =
        [Method::Estimated, Method::Tabulated].iter().filter_map(|method| joules_by_method.get(method)).sum();
    let joules = account.total();
    let total = Spent { kwh: joules.kwh(), gco2eq: account.emissions().0 };
    EnergyFacts {
        uncertainty: uncertainty::facts(&joules_by_method, total),
        total,
        training: sum(by_fidelity
            .iter()
            .filter(|(purpose, _)| purpose.is_training())
            .map(|(_, spent)| *spent)),
        by_fidelity,
        by_zone,
        by_hour: by_hour(state, chronicle, span),
        joules_by_method,
        joules_by_meter: account.by_meter().iter().map(|(meter, joules)| (meter.clone(), joules.0)).collect(),
        estimated_share: if joules.0 > 0.0 { unmetered / joules.0 } else { 0.0 },
    }
}

fn sum(parts: impl Iterator<Item = Spent>) -> Spent {
    parts.fold(Spent::default(), |total, part| Spent {
        kwh: total.kwh + part.kwh,
        gco2eq: total.gco2eq + part.gco2eq,
    })
}

fn by_hour(state: &State, chronicle: &Chronicle, span: Span) -> Vec<HourFacts> {
    let mut hours: BTreeMap<Zone, BTreeSet<GridHour>> =
        zones(state).into_iter().map(|zone| (zone, span.hours().collect())).collect();
    let booked: BTreeMap<(Zone, GridHour), _> =
        state.account.hours().map(|line| ((line.zone.clone(), line.hour), line)).collect();
    for (zone, hour) in booked.keys() {
        hours.entry(zone.clone()).or_default().insert(*hour);
    }
    let allocated = allocations(state, span);
    let expected = one_hour_ahead(chronicle);
    let mut lines = Vec::new();
    for (zone, hours) in &hours {
        let medians = day_medians(state, zone, hours, span);
        for &hour in hours {
            let index = hour.0 - span.first_hour().0;
            let (intensity, provenance) = state.account.intensity(zone, hour);
            // Joules used after the end belong to the last day.
            let day_median = medians.range(..=index.div_euclid(DAY_HOURS)).next_back();
            let line = booked.get(&(zone.clone(), hour));
            let kwh_by_fidelity: BTreeMap<Purpose, f64> = line.map_or_else(BTreeMap::new, |line| {
                line.joules.iter().map(|(purpose, joules)| (*purpose, joules.kwh())).collect()
            });
            let training = kwh_by_fidelity.iter().filter(|(purpose, _)| purpose.is_training());
            lines.push(HourFacts {
                zone: zone.clone(),
                hour: hour.to_string(),
                index,
                covered: span.covered(hour),
                intensity_g_per_kwh: intensity.0,
                provenance: provenance.source(),
                forecast_g_per_kwh: expected.get(&(zone.clone(), hour)).copied(),
                day_median_g_per_kwh: day_median.map_or(intensity.0, |(_, median)| *median),
                allocation: allocated.get(&hour).map(|allocation| allocation.shares(zone)),
                training_kwh: training.map(|(_, kwh)| kwh).sum(),
                kwh: kwh_by_fidelity.values().sum(),
                gco2eq: line.map_or(0.0, |line| line.grams.0),
                kwh_by_fidelity,
            });
        }
    }
    lines
}

/// Zones with workers; those observed where no worker came.
fn zones(state: &State) -> BTreeSet<Zone> {
    let of_workers: BTreeSet<Zone> = state.workers.values().map(|record| record.zone.clone()).collect();
    if of_workers.is_empty() { state.account.zones().cloned().collect() } else { of_workers }
}

/// The decision that was in force for the longest part of each hour.
fn allocations(state: &State, span: Span) -> BTreeMap<GridHour, &Allocation> {
    let Some(clock) = state.clock() else { return BTreeMap::new() };
    let end = clock.wall(span.to);
    let mut longest: BTreeMap<GridHour, (f64, &Allocation)> = BTreeMap::new();
    for (number, (at, allocation)) in state.allocations.iter().enumerate() {
        let until = state.allocations.get(number + 1).map_or(end, |(next, _)| *next).max(*at);
        let spent = until.since(*at).seconds();
        for (hour, share) in clock.slices(*at, until) {
            let held = share * spent;
            if longest.get(&hour).is_none_or(|(best, _)| held >= *best) {
                longest.insert(hour, (held, allocation));
            }
        }
    }
    longest.into_iter().map(|(hour, (_, allocation))| (hour, allocation)).collect()
}

fn one_hour_ahead(chronicle: &Chronicle) -> BTreeMap<(Zone, GridHour), f64> {
    let first = |forecast: &common::carbon::Forecast| {
        let hour = forecast.issued_at.plus(1);
        forecast.median(hour).map(|median| ((forecast.zone.clone(), hour), median.0))
    };
    chronicle.forecasts.iter().filter_map(first).collect()
}

fn day_medians(state: &State, zone: &Zone, hours: &BTreeSet<GridHour>, span: Span) -> BTreeMap<i64, f64> {
    let mut days: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for hour in hours.iter().filter(|hour| span.covered(**hour) > 0.0) {
        let day = (hour.0 - span.first_hour().0).div_euclid(DAY_HOURS);
        days.entry(day).or_default().push(state.account.intensity(zone, *hour).0.0);
    }
    days.into_iter().filter_map(|(day, values)| Some((day, median(values)?))).collect()
}

/// The middle value, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(if values.len() % 2 == 1 { upper } else { (values[values.len() / 2 - 1] + upper) / 2.0 })
}
