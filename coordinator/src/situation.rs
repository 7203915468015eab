//! What the agent is shown: the state of the study as an allocation policy may know it.

use std::collections::BTreeMap;

use allocation::{BudgetLeft, Cost, Pace, Situation, Work, ZoneSituation};
use common::energy::Purpose;
use common::fidelity::Role;
use common::id::{WorkerName, Zone};
use common::time::HOUR_MS;

use crate::core::Core;
use crate::demand::Offer;

/// Hours of the past that a policy sees.
const RECENT: i64 = allocation::RECENT_HOURS as i64;
/// Finished full trainings over which the recent gain is counted.
const RECENT_FULLS: usize = 5;

impl Core {
    pub(crate) fn situation(&self) -> Situation {
        self.situation_with(self.zones_by_slots(|_| true))
    }

    /// As if all of `offer` were there; and the slots of its zone that are there besides.
    pub(crate) fn situation_if(&self, offer: &Offer) -> (Situation, u32) {
        let mut zones = self.zones_by_slots(|worker| !offer.names(worker));
        let asked = zones.entry(offer.zone.clone()).or_default();
        let others = asked.slots;
        asked.slots = others.saturating_add(offer.slots);
        (self.situation_with(zones), others)
    }

    fn situation_with(&self, slots: BTreeMap<Zone, ZoneSituation>) -> Situation {
        let hour = self.this_hour();
        let clock = self.state.clock();
        let into_hour = clock.map_or(0, |clock| clock.grid(self.now()).since(hour.start()).0);
        let left = self.left();
        Situation {
            hour,
            hour_left: 1.0 - into_hour as f64 / HOUR_MS as f64,
            hour_s: clock.map_or(3600.0, |clock| clock.hour_s),
            zones: self.with_intensities(slots),
            budget: BudgetLeft {
                carbon: left.carbon,
                energy: left.energy,
                hours: left.hours,
                trainings: left.trainings,
            },
            work: self.work(),
            costs: Purpose::ALL
                .into_iter()
                .filter_map(|purpose| {
                    self.state.mean_cost(purpose).map(|(seconds, joules)| (purpose, Cost { seconds, joules }))
                })
                .collect(),
            hypervolume: self.state.hypervolume(),
            recent_gain: self.recent_gain(),
            finished: self.state.finished_here().collect(),
        }
    }

    /// By the last full trainings. What was given is no gain.
    fn recent_gain(&self) -> f64 {
        let steps = &self.state.progress;
        let gained = |index: usize| {
            let before = index.checked_sub(1).map_or(0.0, |before| steps[before].hypervolume);
            steps[index].hypervolume - before
        };
        let own = (0..steps.len()).rev().filter(|index| !steps[*index].given);
        own.take(RECENT_FULLS).map(gained).sum()
    }

    fn zones_by_slots(&self, counts: impl Fn(&WorkerName) -> bool) -> BTreeMap<Zone, ZoneSituation> {
        let mut zones: BTreeMap<Zone, (ZoneSituation, Vec<Pace>)> = BTreeMap::new();
        for slot in self.live_slots().into_iter().filter(|slot| counts(slot.key.0)) {
            let (zone, paces) = zones.entry(slot.zone.clone()).or_default();
            paces.push(slot.pace);
            zone.slots += 1;
            zone.training += u32::from(slot.holding == Some(Role::Train));
            zone.sampling += u32::from(slot.holding == Some(Role::Sample));
        }
        let together =
            |(zone, (situation, paces))| (zone, ZoneSituation { pace: Pace::together(paces), ..situation });
        zones.into_iter().map(together).collect()
    }

    fn with_intensities(&self, mut zones: BTreeMap<Zone, ZoneSituation>) -> BTreeMap<Zone, ZoneSituation> {
        let hour = self.this_hour();
        for (zone, situation) in &mut zones {
            let series = self.state.account.series(zone);
            let known = series.filter(|sample| sample.hour <= hour && sample.hour > hour.plus(-RECENT));
            situation.recent = known.map(|sample| sample.intensity).collect();
            let anything = self.state.account.series(zone).next().is_some();
            situation.intensity = anything.then(|| self.state.account.intensity(zone, hour).0);
            situation.forecast = self.state.forecasts.get(zone).cloned();
        }
        zones
    }

    fn work(&self) -> Work {
        let standing = &self.standing;
        let running = self.state.roles_held().filter(|(_, role)| *role == Role::Train).count();
        let waiting = self.state.waiting().filter(|trial| trial.subject.role() == Role::Train).count();
        let pool = standing.pool();
        let room =
            if standing.can_score() { (self.options.ladder.pool as usize).saturating_sub(pool) } else { 0 };
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Work {
            trainings_running: count(running),
            trainings_waiting: count(waiting),
            training_wanted: true,
            scored: count(pool),
            scores_wanted: count(room),
        }
    }
}
