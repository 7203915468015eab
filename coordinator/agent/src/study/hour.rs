//! What an hour brings: slots change their roles, trainings begin, end and wait, everything is charged.

use common::allocation::Shares;

use super::{Gain, HOUR_S, Job, POOL, SCORES, Study};
use crate::nature::IDLE_W;

const RESUMING_H: f64 = 30.0 / HOUR_S;

impl Study<'_> {
    /// One hour, with `shares` in the order of the scenario's zones.
    pub fn step(&mut self, shares: &[Shares]) -> Gain {
        let (decades, grams, kwh, scored) = (self.decades(), self.grams, self.kwh, self.scored);
        for (zone, shares) in shares.iter().enumerate() {
            while self.running[zone].len() > shares.train as usize {
                let mut job = self.running[zone].pop().expect("there are more than that");
                job.left_h += RESUMING_H;
                self.waiting.push_back(job);
            }
            self.sampling[zone] = shares.sample;
        }
        let mut time = 0.0;
        while time < 1.0 && !self.is_over {
            for (zone, shares) in shares.iter().enumerate() {
                self.fill(zone, shares.train as usize, time);
            }
            let next = self.running.iter().flatten().map(|job| job.left_h).fold(1.0 - time, f64::min);
            let next = next.min(self.paid_for(shares));
            self.pass(next, shares);
            time += next;
            self.is_over |= self.is_spent();
        }
        self.at += 1;
        self.is_over |= self.at >= self.scenario.hours || self.is_stuck();
        Gain {
            decades: self.decades() - decades,
            grams: self.grams - grams,
            kwh: self.kwh - kwh,
            samples: self.scored - scored,
        }
    }

    /// Lets idle slots of a zone take up what waits, or something new, as far as the budgets and the deadline allow.
    fn fill(&mut self, zone: usize, slots: usize, time: f64) {
        while self.running[zone].len() < slots {
            let at_once = self.running.iter().map(Vec::len).sum::<usize>() + 1;
            let (index, nature) = (self.begun, self.nature());
            let job = self.waiting.front().cloned().unwrap_or_else(|| {
                let (all_h, worth) = nature.training(index);
                let known = if self.pool > 0 { 1.0 + nature.scoring.unwrap_or(0.0) } else { 1.0 };
                let beside = libm::pow(at_once as f64, nature.parallel - 1.0);
                Job { left_h: all_h, all_h, worth: worth * known * beside }
            });
            if !self.may_begin(zone, &job, time) {
                return;
            }
            if self.waiting.pop_front().is_none() {
                self.begun += 1;
                self.pool = self.pool.saturating_sub(1);
            }
            self.running[zone].push(job);
        }
    }

    /// What a zone draws: trainings at work, and everything else that is not released.
    pub(super) fn kw(&self, zone: usize, shares: &Shares) -> f64 {
        let busy = self.running[zone].len() as f64;
        let idle = f64::from(shares.train + shares.sample) - busy;
        (busy * self.nature().watts + idle * IDLE_W) / 1_000.0
    }

    /// `hours` in which nothing begins or ends but at their end.
    fn pass(&mut self, hours: f64, shares: &[Shares]) {
        let nature = self.nature();
        for (zone, shares) in shares.iter().enumerate() {
            let kwh = hours * self.kw(zone, shares);
            self.kwh += kwh;
            self.grams += kwh * self.grid(zone).at(self.hour()).unwrap_or(0.0);
            if nature.scoring.is_some() {
                let scores =
                    (hours * SCORES * f64::from(shares.sample)).min(f64::from(POOL - self.pool)) as u32;
                self.pool += scores;
                self.scored += scores;
            }
            self.running[zone].iter_mut().for_each(|job| job.left_h -= hours);
        }
        for zone in 0..shares.len() {
            let (done, going): (Vec<Job>, Vec<Job>) =
                std::mem::take(&mut self.running[zone]).into_iter().partition(|job| job.left_h <= 1e-9);
            self.running[zone] = going;
            for job in done {
                self.finished += 1;
                self.finished_h += job.all_h;
                self.work += job.worth;
                self.steps.push(self.hypervolume());
            }
        }
    }
}
