//! What may begin (law A-3), how long a budget lasts, and when a study is over.

use common::allocation::Shares;

use super::{Job, Study};
use crate::grid::LEVELS;
use crate::scenario::Scenario;

/// Of the upper quantile that law A-3 asks for.
const UPPER: usize = 3;
const MEDIAN: usize = 1;
/// What is left beyond it is rounding.
const SPENT: f64 = 1.0 - 1e-9;

impl Study<'_> {
    pub(super) fn may_begin(&self, zone: usize, job: &Job, time: f64) -> bool {
        let hours_left = (self.scenario.hours - self.at) as f64 - time;
        let underway = self.running.iter().map(Vec::len).sum::<usize>() as u64 + u64::from(self.finished);
        if job.left_h > hours_left || self.scenario.trainings.is_some_and(|cap| underway >= cap) {
            return false;
        }
        let expected: f64 = self.running.iter().flatten().map(|job| job.left_h).sum::<f64>() + job.left_h;
        let kwh = expected * self.nature().watts / 1_000.0;
        let grid = self.grid(zone);
        let present = grid.at(self.hour()).unwrap_or(0.0);
        let ahead = job.left_h.ceil() as usize * LEVELS.len();
        let row = grid.row(self.hour()).unwrap_or(&[]);
        let coming = row.iter().take(ahead).skip(UPPER).step_by(LEVELS.len());
        let upper = coming.map(|value| f64::from(*value)).fold(present, f64::max);
        self.scenario.carbon_g.is_none_or(|cap| self.grams + kwh * upper <= cap)
            && self.scenario.energy_kwh.is_none_or(|cap| self.kwh + kwh <= cap)
    }

    /// Hours of what draws power now until a budget is used to the last gram.
    pub(super) fn paid_for(&self, shares: &[Shares]) -> f64 {
        let draws = shares.iter().enumerate().map(|(zone, shares)| {
            let kw = self.kw(zone, shares);
            (kw, kw * self.grid(zone).at(self.hour()).unwrap_or(0.0))
        });
        let (kw, grams) = draws.fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let lasts = |cap: Option<f64>, spent: f64, rate: f64| {
            cap.map_or(f64::INFINITY, |cap| ((cap - spent) / f64::max(rate, 1e-9)).max(0.0))
        };
        let Scenario { carbon_g, energy_kwh, .. } = self.scenario;
        lasts(carbon_g, self.grams, grams).min(lasts(energy_kwh, self.kwh, kw))
    }

    pub(super) fn is_spent(&self) -> bool {
        self.scenario.carbon_g.is_some_and(|cap| self.grams >= cap * SPENT)
            || self.scenario.energy_kwh.is_some_and(|cap| self.kwh >= cap * SPENT)
            || self.scenario.trainings.is_some_and(|cap| u64::from(self.finished) >= cap)
            || self.scenario.until.is_some_and(|until| self.decades() >= until)
    }

    /// Nothing runs, and what is left pays for no training in the cleanest hour foreseen.
    pub(super) fn is_stuck(&self) -> bool {
        if self.running.iter().any(|jobs| !jobs.is_empty()) {
            return false;
        }
        let nature = self.nature();
        let least_h = self.waiting.iter().map(|job| job.left_h).fold(nature.full_h, f64::min);
        let kwh = least_h * nature.watts / 1_000.0;
        let cleanest = (0..self.names.len())
            .filter_map(|zone| Some((self.grid(zone).at(self.hour())?, self.grid(zone).row(self.hour())?)))
            .map(|(now, row)| {
                row.iter()
                    .skip(MEDIAN)
                    .step_by(LEVELS.len())
                    .fold(now, |least, value| least.min(f64::from(*value)))
            })
            .fold(f64::INFINITY, f64::min);
        let hours_left = (self.scenario.hours - self.at) as f64;
        least_h > hours_left
            || self.scenario.carbon_g.is_some_and(|cap| self.grams + kwh * cleanest > cap)
            || self.scenario.energy_kwh.is_some_and(|cap| self.kwh + kwh > cap)
    }
}
