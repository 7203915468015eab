//! What only the running coordinator knows: heartbeats, roles, progress. Taken off the core at most once a second, however many
//! ask, and handed round.

use std::collections::BTreeMap;
use std::sync::Arc;

use common::fidelity::Role;
use common::id::{TaskId, WorkerName};
use common::time::Timestamp;
use common::wire::Progress;

use super::model::CurvePoint;
use crate::actor::{Glance, SearchTold};
use crate::fleet::SlotKey;

/// Points kept of one running attempt: more epochs than any recipe has.
const CURVE: usize = 4096;

/// One look at the core.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// When each worker was last heard.
    pub heard: BTreeMap<WorkerName, Timestamp>,
    pub roles: BTreeMap<SlotKey, Role>,
    /// The latest word from each running task.
    pub running: BTreeMap<TaskId, Progress>,
    pub draining: bool,
    pub violations: u64,
    pub search: Option<Arc<SearchTold>>,
}

impl Pulse {
    pub fn of(glance: &Glance<'_>) -> Self {
        let core = glance.core;
        Self {
            heard: core.heard.clone(),
            roles: core.roles.clone(),
            running: core.progress.clone(),
            draining: core.draining,
            violations: glance.violations,
            search: glance.search.cloned(),
        }
    }

    pub fn done(&self, task: TaskId) -> Option<f64> {
        self.running.get(&task).map(|progress| progress.done)
    }
}

/// Learning curves of what runs, as far as somebody looked.
#[derive(Debug, Default)]
pub struct Curves(BTreeMap<TaskId, Vec<CurvePoint>>);

impl Curves {
    pub fn on_pulse(&mut self, pulse: &Pulse) {
        self.0.retain(|task, _| pulse.running.contains_key(task));
        for (task, progress) in &pulse.running {
            if progress.epoch == 0 || (progress.training_loss, progress.validation_error) == (None, None) {
                continue;
            }
            let point = CurvePoint {
                epoch: progress.epoch,
                training_loss: progress.training_loss.filter(|loss| loss.is_finite()),
                validation_error: progress.validation_error.filter(|error| error.is_finite()),
            };
            let curve = self.0.entry(*task).or_default();
            if curve.last().is_some_and(|last| last.epoch == point.epoch) {
                curve.pop();
            }
            if curve.len() < CURVE {
                curve.push(point);
            }
        }
    }

    pub fn of(&self, task: TaskId) -> &[CurvePoint] {
        self.0.get(&task).map_or(&[], Vec::as_slice)
    }
}
