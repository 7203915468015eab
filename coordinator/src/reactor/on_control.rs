//! What the operator and this process itself ask for.

use common::event::Event;
use common::id::TaskId;
use common::wire::ToWorker;

use crate::core::{Control, Core, Given, NewStudy};
use crate::plan;

impl Core {
    /// Start is recovery: a new ledger gets its first event, an old one goes on where it was.
    pub(crate) fn on_started(&mut self, study: NewStudy, given: Vec<Given>, version: String, host: String) {
        if self.state.study.is_none() {
            let NewStudy { spec, clock, config } = study;
            self.record(Event::StudyStarted {
                spec: Box::new(spec),
                clock,
                version: version.clone(),
                config,
            });
        }
        // Nobody is lost for the time that this process was away.
        let now = self.now();
        self.started = now;
        self.heard = self.state.workers.keys().map(|worker| (worker.clone(), now)).collect();
        if self.is_over() {
            return;
        }
        self.record(Event::CoordinatorStarted { version, host });
        self.on_given(given);
        self.assigned = self.state.leases().map(|(_, lease)| (lease.task, now)).collect();
        if let Some((_, allocation)) = self.state.allocations.last() {
            let roles = plan::roles(allocation, &self.live_slots(), self.slots.roles());
            self.set_roles(roles);
        }
        self.advance_hour();
    }

    pub(crate) fn on_control(&mut self, control: Control) {
        match control {
            Control::Drain => {
                self.draining = true;
                let tasks: Vec<TaskId> = self.state.leases().map(|(_, lease)| lease.task).collect();
                tasks.into_iter().for_each(|task| self.suspend(task));
            }
            Control::Stop { reason } if !self.is_over() => self.finish(reason),
            Control::Stop { .. } => {}
        }
    }

    pub(crate) fn suspend(&mut self, task: TaskId) {
        let Some(worker) = self.state.lease(task).map(|lease| lease.worker.clone()) else { return };
        if !self.suspending.contains_key(&task) {
            self.suspending.insert(task, self.now());
            self.send(&worker, ToWorker::Suspend { task });
        }
    }
}
