//! A whole study in a few hundred microseconds: slots, trainings, budgets and hypervolume, without a table or a search.
//!
//! The physics is that of the simulated world (`simulation`): trainings that lose their slot wait with their progress and take 30 s to
//! resume, slots that rest draw nothing, those that find nothing to do idle at their draw, everything is charged at the intensity of
//! its hour, and no training begins that the carbon left can't pay at the forecast's upper quantile. What is abstract is search:
//! a training is worth what [`Nature`] says. A policy sees the same `Situation` as in a live study.

use std::collections::{BTreeMap, VecDeque};

use allocation::{BudgetLeft, Cost, RECENT_HOURS, Situation, Work, ZoneSituation};
use common::allocation::Shares;
use common::energy::Purpose;
use common::id::Zone;
use common::time::GridHour;
use common::unit::{Grams, Intensity, Joules, Seconds};

use crate::grid::{Grid, LEVELS};
use crate::nature::{IDLE_W, Nature};
use crate::scenario::Scenario;

const HOUR_S: f64 = 3_600.0;
const RESUMING_H: f64 = 30.0 / HOUR_S;
/// Of the upper quantile that law A-3 asks for.
const UPPER: usize = 3;
const MEDIAN: usize = 1;
/// Scored candidates that wait, at most.
const POOL: u32 = 10;
/// Scores that one slot makes in an hour.
const SCORES: f64 = 2_400.0;
/// Full trainings over which the recent gain is counted, as in a live study.
const RECENT: usize = 5;
/// A short training before the first full one tells power, not duration.
const SHORT: f64 = 0.06;

/// What is left beyond it is rounding.
const SPENT: f64 = 1.0 - 1e-9;

#[derive(Debug, Clone)]
struct Job {
    left_h: f64,
    all_h: f64,
    worth: f64,
}

#[derive(Debug, Clone)]
pub struct Study<'a> {
    grids: &'a [Grid],
    pub scenario: Scenario,
    names: Vec<Zone>,
    /// Hours since the start.
    at: usize,
    running: Vec<Vec<Job>>,
    sampling: Vec<u32>,
    waiting: VecDeque<Job>,
    begun: u64,
    finished: u32,
    finished_h: f64,
    pool: u32,
    scored: u32,
    work: f64,
    /// Hypervolume after each full training, as a share of the whole.
    steps: Vec<f64>,
    kwh: f64,
    grams: f64,
    is_over: bool,
}

/// What one hour brought.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gain {
    pub decades: f64,
    pub grams: f64,
    pub kwh: f64,
    pub samples: u32,
}

impl<'a> Study<'a> {
    /// The scenario's zones have to be covered by their grids.
    pub fn new(grids: &'a [Grid], scenario: Scenario) -> Self {
        let zones = scenario.zones.len();
        Self {
            grids,
            names: scenario.zones.iter().map(|(place, _)| grids[*place].zone.clone()).collect(),
            scenario,
            at: 0,
            running: vec![Vec::new(); zones],
            sampling: vec![0; zones],
            waiting: VecDeque::new(),
            begun: 0,
            finished: 0,
            finished_h: 0.0,
            pool: 0,
            scored: 0,
            work: 0.0,
            steps: Vec::new(),
            kwh: 0.0,
            grams: 0.0,
            is_over: false,
        }
    }

    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Of the zones, in the scenario's order.
    pub fn names(&self) -> &[Zone] {
        &self.names
    }

    /// Since the start.
    pub fn hours(&self) -> usize {
        self.at
    }

    /// Of the missing hypervolume, removed so far.
    pub fn decades(&self) -> f64 {
        self.nature().decades(self.work)
    }

    pub fn grams(&self) -> f64 {
        self.grams
    }

    pub fn kwh(&self) -> f64 {
        self.kwh
    }

    pub fn finished(&self) -> u32 {
        self.finished
    }

    fn nature(&self) -> Nature {
        self.scenario.nature
    }

    fn hour(&self) -> GridHour {
        self.scenario.start.plus(self.at as i64)
    }

    fn grid(&self, zone: usize) -> &'a Grid {
        &self.grids[self.scenario.zones[zone].0]
    }

    fn hypervolume(&self) -> f64 {
        if self.finished == 0 { 0.0 } else { 1.0 - libm::pow(10.0, -self.decades()).min(0.97) }
    }

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

    fn may_begin(&self, zone: usize, job: &Job, time: f64) -> bool {
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
    fn paid_for(&self, shares: &[Shares]) -> f64 {
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

    /// What a zone draws: trainings at work, and everything else that is not released.
    fn kw(&self, zone: usize, shares: &Shares) -> f64 {
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

    fn is_spent(&self) -> bool {
        self.scenario.carbon_g.is_some_and(|cap| self.grams >= cap * SPENT)
            || self.scenario.energy_kwh.is_some_and(|cap| self.kwh >= cap * SPENT)
            || self.scenario.trainings.is_some_and(|cap| u64::from(self.finished) >= cap)
            || self.scenario.until.is_some_and(|until| self.decades() >= until)
    }

    /// Nothing runs, and what is left pays for no training in the cleanest hour foreseen.
    fn is_stuck(&self) -> bool {
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
