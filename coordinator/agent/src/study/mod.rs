//! A whole study in a few hundred microseconds: slots, trainings, budgets and hypervolume, without a table or a search.
//!
//! The physics is that of the simulated world (`simulation`): trainings that lose their slot wait with their progress and take 30 s to
//! resume, slots that rest draw nothing, those that find nothing to do idle at their draw, everything is charged at the intensity of
//! its hour, and no training begins that the carbon left can't pay at the forecast's upper quantile. What is abstract is search:
//! a training is worth what [`Nature`] says. A policy sees the same `Situation` as in a live study.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `situation` | what a policy is told |
//! | `hour` | what an hour brings |
//! | `budget` | what may begin, and when it is over |

mod budget;
mod hour;
mod situation;

use std::collections::VecDeque;

use common::id::Zone;
use common::time::GridHour;

use crate::grid::Grid;
use crate::nature::Nature;
use crate::scenario::Scenario;

const HOUR_S: f64 = 3_600.0;
/// Scored candidates that wait, at most.
const POOL: u32 = 10;
/// Scores that one slot makes in an hour.
const SCORES: f64 = 2_400.0;

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
}
