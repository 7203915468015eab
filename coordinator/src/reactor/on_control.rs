//! What the operator and this process itself ask for.

use common::event::Event;
use common::id::{TaskId, TrialId, WorkerName};
use common::wire::ToWorker;

use crate::core::{Control, Core, Effect, Given, NewStudy};

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
        self.assigned =
            self.state.leases().map(|(trial, lease)| (lease.task, self.sent(trial, now))).collect();
        if let Some((_, allocation)) = self.state.allocations.last().cloned() {
            self.allot(&allocation);
        }
        self.advance_hour();
    }

    /// What is refused, or is so already, changes nothing (`Core::judge`).
    pub(crate) fn on_control(&mut self, control: Control) {
        if let Control::Drain = control {
            // Whatever the study's state: the process is about to end.
            self.draining = true;
            return self.suspend_all();
        }
        if !self.judge(&control).is_ok_and(|ruling| ruling.changes) {
            return;
        }
        match control {
            Control::Drain => {}
            Control::Stop { reason } => self.finish(reason),
            // What runs is suspended by `dispatch`, which follows every input.
            Control::Pause => self.record(Event::StudyPaused),
            Control::Resume => self.record(Event::StudyResumed),
            Control::DrainWorker { worker } => self.drain_worker(worker),
            Control::DrainWorkers => {
                let workers: Vec<WorkerName> = self.undrained().cloned().collect();
                workers.into_iter().for_each(|worker| self.drain_worker(worker));
            }
            Control::Cancel { trial } => self.cancel(trial),
            Control::Retry { trial } => self.record(Event::TrialRetried { trial }),
            Control::SetBudget { budget } => {
                self.record(Event::BudgetChanged { budget });
                // What suited the old limits may not suit the new.
                self.decide_again();
            }
            Control::Give { given } => self.on_given(given),
        }
    }

    /// Workers that are there and may stay.
    pub(crate) fn undrained(&self) -> impl Iterator<Item = &WorkerName> {
        let workers = self.state.workers.iter();
        workers.filter(|(_, record)| record.alive && !record.draining).map(|(name, _)| name)
    }

    fn drain_worker(&mut self, worker: WorkerName) {
        let Some(session) = self.state.workers.get(&worker).map(|record| record.session) else { return };
        // Without a role its trainings are suspended, and its scores end by themselves.
        self.drop_roles_of(&worker);
        self.record(Event::WorkerDraining { worker, session, holds: true });
        self.decide_again();
    }

    fn cancel(&mut self, trial: TrialId) {
        let known = self.state.trial(trial);
        let lease = known.and_then(|trial| trial.lease()).cloned();
        let checkpoint = known.and_then(|trial| trial.checkpoint);
        self.record(Event::TrialCancelled { trial });
        if let Some(lease) = lease {
            self.send(&lease.worker, ToWorker::Cancel { task: lease.task });
            self.ended(lease.task);
        }
        if let Some(checkpoint) = checkpoint {
            self.effect(Effect::Forget(checkpoint.blob));
        }
    }

    pub(crate) fn suspend_all(&mut self) {
        let tasks: Vec<TaskId> = self.state.leases().map(|(_, lease)| lease.task).collect();
        tasks.into_iter().for_each(|task| self.suspend(task));
    }

    pub(crate) fn suspend(&mut self, task: TaskId) {
        let Some(worker) = self.state.lease(task).map(|lease| lease.worker.clone()) else { return };
        if !self.suspending.contains_key(&task) {
            self.suspending.insert(task, self.now());
            self.send(&worker, ToWorker::Suspend { task });
        }
    }
}
