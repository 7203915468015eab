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
use crate::watch::Watch;

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
    /// Temperatures, and ends of logs.
    pub watch: Watch,
    pub draining: bool,
    pub violations: u64,
    pub search: Option<Arc<SearchTold>>,
}

impl Pulse {
    pub fn of(glance: &Glance<'_>) -> Self {
        let core = glance.core;
        Self {
            heard: core.heard.clone(),
            roles: core.roles().clone(),
            running: core.progress.clone(),
            watch: core.watch.clone(),
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

#[cfg(test)]
mod tests {
    use common::config::load;
    use common::id::{Attempt, SlotId, TrialId};

    use super::*;
    use crate::core::{Core, Options, State};

    fn progress(trial: u64, epoch: u32, loss: f64) -> Progress {
        let task = TaskId { trial: TrialId(trial), attempt: Attempt(0) };
        Progress { task, done: 0.5, epoch, training_loss: Some(loss), validation_error: None }
    }

    /// The one thing that HTTP costs the core, at most once a second: `cargo nextest run --no-capture` tells what it took.
    #[test]
    #[allow(clippy::disallowed_methods)] // Real time is what is measured.
    fn a_look_at_a_thousand_workers_is_short() {
        let mut core = Core::new(Options::new(&load(None, [], &[]).unwrap()), State::default());
        let mut roles = BTreeMap::new();
        for worker in 0..1000_u16 {
            let name = WorkerName::new(format!("gpu-{worker:04}"));
            core.heard.insert(name.clone(), Timestamp(0));
            roles.insert((name.clone(), SlotId(0)), Role::Train);
            roles.insert((name, SlotId(1)), Role::Sample);
            let progress = progress(u64::from(worker), 1, 1.0);
            core.progress.insert(progress.task, progress);
        }
        core.change_roles(roles.into_iter().map(|(key, role)| (key, Some(role))).collect());
        let glance = Glance { core: &core, now: Timestamp(0), violations: 0, held_up: None, search: None };
        let best = (0..20).map(|_| {
            let begun = std::time::Instant::now();
            assert_eq!(Pulse::of(&glance).roles.len(), 2000);
            begun.elapsed()
        });
        let best = best.min().unwrap();
        println!("a look at 1,000 workers with 2,000 slots: {:.0} µs", best.as_secs_f64() * 1e6);
        assert!(
            best.as_millis() < 20,
            "{best:?}: far beyond what an unoptimised build on a busy machine takes"
        );
    }

    #[test]
    fn a_curve_has_one_point_an_epoch_and_ends_with_its_task() {
        let mut curves = Curves::default();
        let pulse = |told: &[Progress]| Pulse {
            running: told.iter().map(|progress| (progress.task, progress.clone())).collect(),
            ..Pulse::default()
        };
        let task = progress(3, 1, 0.0).task;
        for (epoch, loss) in [(0, 9.0), (1, 2.0), (1, 1.5), (2, f64::NAN)] {
            curves.on_pulse(&pulse(&[progress(3, epoch, loss)]));
        }
        let losses: Vec<_> = curves.of(task).iter().map(|point| (point.epoch, point.training_loss)).collect();
        assert_eq!(losses, [(1, Some(1.5)), (2, None)], "what is not a number is none");
        curves.on_pulse(&pulse(&[]));
        assert!(curves.of(task).is_empty());
    }
}
