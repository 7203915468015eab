//! What became of a study, and what it took to get somewhere.

use std::collections::BTreeMap;

use common::energy::Purpose;
use common::unit::Joules;
use moo::Front;

use super::Shares;
use crate::table::CellId;
use crate::world::{Limit, Spent, Task};

/// A task that came to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Seconds since the start.
    pub at_s: f64,
    pub slot: usize,
    pub task: Task,
    /// Of all full trainings so far, in percent × mJ.
    pub hypervolume: f64,
    /// What the whole fleet has spent by then.
    pub spent: Spent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Horizon,
    Limit,
    Target,
}

/// What became of a study.
#[derive(Debug, Clone)]
pub struct Run {
    pub end: End,
    /// Seconds since the start.
    pub end_s: f64,
    pub finished: Vec<Finished>,
    pub front: Front<CellId>,
    /// Cumulative, at the beginning of each hour that began, and at the end of the last whole one.
    pub hourly: Vec<Spent>,
    pub spent: Spent,
    /// By zone, in the order of the setting.
    pub zones: Vec<Spent>,
    /// What the director asked for in each hour that began, `[hours][zones]`, cut to the slots there are.
    pub roles: Vec<Vec<Shares>>,
    pub by_purpose: BTreeMap<Purpose, Joules>,
}

impl Run {
    /// What was spent when the training that lifted the hypervolume to `level` finished; none when none did.
    pub fn spent_to(&self, level: f64) -> Option<Spent> {
        self.finished.iter().find(|finished| finished.hypervolume >= level).map(|finished| finished.spent)
    }

    /// Seconds after which the training that lifted the hypervolume to `level` finished.
    pub fn seconds_to(&self, level: f64) -> Option<f64> {
        self.finished.iter().find(|finished| finished.hypervolume >= level).map(|finished| finished.at_s)
    }

    /// Full trainings that had finished when the hypervolume reached `level`, the one that lifted it among them.
    pub fn trainings_to(&self, level: f64) -> Option<usize> {
        let last = self.finished.iter().position(|finished| finished.hypervolume >= level)?;
        Some(self.finished[..=last].iter().filter(|finished| matches!(finished.task, Task::Full(_))).count())
    }

    /// The hypervolume of all full trainings that finished within `seconds` of the start.
    pub fn hypervolume_at(&self, seconds: f64) -> f64 {
        let last = self.finished.iter().rfind(|finished| finished.at_s <= seconds);
        last.map_or(0.0, |finished| finished.hypervolume)
    }

    /// The hypervolume of the last improvement paid within `limit`.
    pub fn hypervolume_within(&self, limit: &Limit) -> f64 {
        let last = self.finished.iter().rfind(|finished| limit.holds(finished.spent));
        last.map_or(0.0, |finished| finished.hypervolume)
    }
}
