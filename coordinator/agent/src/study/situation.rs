//! What a policy is told of an abstract study: the same figures as in a live one.

use std::collections::BTreeMap;

use allocation::{BudgetLeft, Cost, Pace, RECENT_HOURS, Situation, Work, ZoneSituation};
use common::energy::Purpose;
use common::id::Zone;
use common::unit::{Grams, Intensity, Joules, Seconds};

use super::{HOUR_S, POOL, SCORES, Study};
use crate::nature::IDLE_W;

/// Full trainings over which the recent gain is counted, as in a live study.
const RECENT: usize = 5;
/// A short training before the first full one tells power, not duration.
const SHORT: f64 = 0.06;

impl Study<'_> {
    pub fn situation(&self) -> Situation {
        let (hour, left_h) = (self.hour(), self.scenario.hours - self.at);
        let zone = |(zone, name): (usize, &Zone)| {
            let grid = self.grid(zone);
            let of = ZoneSituation {
                slots: self.scenario.zones[zone].1,
                training: self.running[zone].len() as u32,
                sampling: self.sampling[zone],
                intensity: grid.at(hour).map(Intensity),
                forecast: grid.forecast(hour, left_h),
                recent: grid.recent(hour, RECENT_HOURS),
                pace: Pace::default(),
            };
            (name.clone(), of)
        };
        let nature = self.nature();
        let cost = |hours: f64| Cost {
            seconds: Seconds(hours * HOUR_S),
            joules: Joules::from_kwh(hours * nature.watts / 1_000.0),
        };
        let mut costs = BTreeMap::new();
        if self.begun > 0 {
            costs.insert(Purpose::Rung, cost(SHORT * nature.full_h));
        }
        if self.finished > 0 {
            costs.insert(Purpose::Full, cost(self.finished_h / f64::from(self.finished)));
        }
        if self.scored > 0 {
            let seconds = HOUR_S / SCORES;
            costs.insert(
                Purpose::OneShot,
                Cost { seconds: Seconds(seconds), joules: Joules(seconds * IDLE_W) },
            );
        }
        let before = self.steps.len().checked_sub(RECENT + 1).map_or(0.0, |before| self.steps[before]);
        let short = (5 * self.begun).min(10 + 3 * self.begun) as u32;
        Situation {
            hour,
            hour_left: 1.0,
            hour_s: HOUR_S,
            zones: self.names.iter().enumerate().map(zone).collect(),
            budget: BudgetLeft {
                carbon: self.scenario.carbon_g.map(|cap| Grams((cap - self.grams).max(0.0))),
                energy: self.scenario.energy_kwh.map(|cap| Joules::from_kwh((cap - self.kwh).max(0.0))),
                hours: Some(left_h as f64),
                trainings: self.scenario.trainings.map(|cap| cap.saturating_sub(u64::from(self.finished))),
            },
            work: Work {
                trainings_running: self.running.iter().map(Vec::len).sum::<usize>() as u32,
                trainings_waiting: self.waiting.len() as u32,
                training_wanted: true,
                scored: self.pool,
                scores_wanted: nature.scoring.map_or(0, |_| POOL - self.pool),
            },
            costs,
            hypervolume: self.hypervolume(),
            recent_gain: self.hypervolume() - before,
            finished: BTreeMap::from([
                (Purpose::Full, self.finished),
                (Purpose::Rung, short),
                (Purpose::OneShot, self.scored),
            ]),
        }
    }
}
