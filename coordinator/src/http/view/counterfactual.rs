//! What the same work would have emitted, had it been run at once: from the study's first hour on, with all slots busy until it is done.
//!
//! It is arithmetic on the books, and says so: the same joules, each zone by itself, at the intensities that were observed. It does
//! not ask whether a study that trains at once would have trained the same networks.

use common::energy::Purpose;
use common::id::Zone;
use common::time::{GridHour, HOUR_MS};
use common::unit::{Grams, Joules};

use crate::core::State;
use crate::http::history::{History, WorkOfZone};
use crate::http::model::{Counterfactual, CounterfactualZone};

const METHOD: &str = "Calculated, not measured. The energy of the work done so far (idle slots left out) is taken to be used in the same \
zones, but without a pause from the study's first hour on, evenly over as many hours as the zone's slots (the most that were alive at \
once) would have been busy with it, at the intensities observed in those hours. It is not a forecast of what another policy would \
have trained.";

pub fn at_once(history: &History) -> Counterfactual {
    let zones: Vec<CounterfactualZone> =
        history.work.zones().filter_map(|(zone, work)| of_zone(&history.state, zone, work)).collect();
    let sum = |of: fn(&CounterfactualZone) -> f64| zones.iter().map(of).sum::<f64>();
    let (kwh, gco2eq) = (sum(|zone| zone.kwh), sum(|zone| zone.gco2eq));
    let at_once = (!zones.is_empty()).then(|| sum(|zone| zone.at_once_gco2eq));
    Counterfactual {
        kwh,
        gco2eq,
        at_once_gco2eq: at_once,
        avoided_share: at_once.filter(|grams| *grams > 0.0).map(|grams| 1.0 - gco2eq / grams),
        method: METHOD.into(),
        zones,
    }
}

/// None for a zone that did nothing, or whose grid nobody knows.
fn of_zone(state: &State, zone: &Zone, work: WorkOfZone) -> Option<CounterfactualZone> {
    let study = state.study.as_ref()?;
    state.account.series(zone).next()?;
    let (mut joules, mut grams) = (Joules::ZERO, Grams::ZERO);
    for line in state.account.hours().filter(|line| line.zone == zone) {
        let of_work = line.joules.iter().filter(|(purpose, _)| **purpose != Purpose::Idle);
        let used: Joules = of_work.map(|(_, joules)| *joules).sum();
        joules += used;
        grams += used.emissions(line.intensity);
    }
    if joules.0 <= 0.0 || work.slots == 0 {
        return None;
    }
    let hours = work.busy.0 / f64::from(work.slots) / study.clock.hour_s;
    let begin = study.clock.grid(study.started);
    let into_hour = begin.since(begin.hour().start()).0 as f64 / HOUR_MS as f64;
    let intensity = mean(begin.hour(), into_hour, hours, |hour| state.account.intensity(zone, hour).0.0);
    Some(CounterfactualZone {
        zone: zone.to_string(),
        kwh: joules.kwh(),
        gco2eq: grams.0,
        at_once_gco2eq: joules.kwh() * intensity,
        hours,
        slots: u64::from(work.slots),
    })
}

/// The mean of `of` over `hours`, from a point `into` the hour `first` on.
fn mean(first: GridHour, into: f64, hours: f64, of: impl Fn(GridHour) -> f64) -> f64 {
    let end = into + hours;
    let whole = end.ceil().max(1.0) as i64;
    let (mut sum, mut length) = (0.0, 0.0);
    for index in 0..whole {
        let (from, to) = ((index as f64).max(into), ((index + 1) as f64).min(end));
        let part = (to - from).max(0.0);
        sum += part * of(first.plus(index));
        length += part;
    }
    if length > 0.0 { sum / length } else { of(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_weighed_by_the_part_of_each_hour() {
        let of = |hour: GridHour| [100.0, 200.0, 400.0][hour.0 as usize];
        assert_eq!(mean(GridHour(0), 0.0, 1.0, of), 100.0);
        assert_eq!(mean(GridHour(0), 0.5, 1.0, of), 150.0);
        assert_eq!(mean(GridHour(0), 0.5, 2.5, of), (50.0 + 200.0 + 400.0) / 2.5);
        assert_eq!(mean(GridHour(1), 0.25, 0.0, of), 200.0, "no work yet: the present hour");
    }
}
