//! Numbered reports: each is taken in once and in order, whatever the network does.

use common::energy::Measurement;
use common::event::Event;
use common::id::{SessionId, TaskId, WorkerName};
use common::objective::objectives;
use common::seed::Seed;
use common::time::Timestamp;
use common::trial::{Checkpoint, Evaluation, Failure};
use common::wire::{Report, ToWorker};

use crate::core::{Core, Effect};
use crate::mutation::{Mutation, planted};
use crate::reactor::plausible;

impl Core {
    pub(crate) fn on_delivery(
        &mut self,
        worker: &WorkerName,
        session: SessionId,
        number: u64,
        report: Report,
    ) {
        let Some(&taken) =
            self.state.workers.get(worker).and_then(|record| record.acknowledged.get(&session))
        else {
            return self.send(worker, ToWorker::WhoAreYou { session });
        };
        if self.knows(worker, session) {
            self.hear(worker);
        }
        let expected = taken + 1;
        if number == expected || (planted(Mutation::TakesInTwice) && number < expected) {
            self.take_in(worker, session, report);
            let (worker, delivery) = (worker.clone(), number);
            self.record(Event::Acknowledged { worker, session, delivery });
        }
        // A repeated one is acknowledged again; one that came too early will be repeated.
        let durable = if number == expected { expected } else { taken };
        self.send(worker, ToWorker::Acknowledge { session, number: durable });
    }

    fn take_in(&mut self, worker: &WorkerName, session: SessionId, report: Report) {
        match report {
            // E-1: joules are booked whether or not the result is still wanted.
            Report::Energy(measurement) => {
                let live = |task| self.is_live(worker, session, task);
                if planted(Mutation::ForgetsUnwantedJoules) && !measurement.task.is_none_or(live) {
                    return;
                }
                self.spent(worker, session, measurement);
            }
            Report::Checkpointed { task, checkpoint } => {
                if self.is_live(worker, session, task) && checkpoint.is_plausible() {
                    self.is_back(task, checkpoint.blob);
                    self.forget_checkpoint(task, Some(checkpoint));
                    self.record(Event::TaskCheckpointed { task, checkpoint });
                    if planted(Mutation::ForgetsInUse) {
                        self.effect(Effect::Forget(checkpoint.blob));
                    }
                }
            }
            Report::Suspended { task, checkpoint } => {
                let checkpoint = checkpoint.filter(Checkpoint::is_plausible);
                if self.is_live(worker, session, task) {
                    if let Some(Checkpoint { blob, .. }) = checkpoint {
                        self.is_back(task, blob);
                        self.forget_checkpoint(task, checkpoint);
                    }
                    self.record(Event::TaskSuspended { task, checkpoint });
                    self.ended(task);
                }
            }
            Report::Finished { task, evaluation } => {
                if self.is_live(worker, session, task) || self.is_still_wanted(worker, session, task) {
                    self.finished(task, evaluation);
                }
            }
            Report::Failed { task, failure } => {
                if self.is_live(worker, session, task) {
                    if self.is_for_want_of_a_blob(task, &failure) {
                        self.begun_in_vain(task);
                    } else {
                        self.attempt_failed(task, failure);
                    }
                }
            }
            Report::Leaving { reason } => self.leaves(worker, session, &reason),
        }
    }

    /// Joules are booked to the hours of their window: one that can't have been changes no book, and is not asked for again.
    fn spent(&mut self, worker: &WorkerName, session: SessionId, mut measurement: Measurement) {
        let Some((record, clock)) = self.state.workers.get(worker).zip(self.state.clock()) else { return };
        let origin = record.origins.get(&session).copied().unwrap_or(record.origin);
        if let Some(fault) = plausible::fault_of_window(&measurement, self.now().since(origin), clock.hour_s)
        {
            return self.doubt(worker, format!("a report of energy is not booked: {fault}"));
        }
        if self.draws.is_booked(worker, session, &measurement) && !planted(Mutation::TakesInTwice) {
            return self.doubt(worker, "a report of energy is not booked: some of its window is".into());
        }
        if let Some(task) = measurement.task.filter(|task| self.is_of_others(worker, *task)) {
            // Somebody drew it all the same.
            measurement.task = None;
            self.doubt(
                worker,
                format!("its energy for task {task} is booked as its idling: the work is none of its own"),
            );
        }
        self.draws.on_window(worker, session, origin, &measurement);
        self.record(Event::EnergySpent { worker: worker.clone(), session, measurement });
    }

    /// Whether it can't be this worker's: no trial has it, or another holds it. Who held attempts that are over is not remembered.
    fn is_of_others(&self, worker: &WorkerName, task: TaskId) -> bool {
        let holder = self.state.lease(task).map(|lease| &lease.worker);
        self.state.trial(task.trial).is_none() || holder.is_some_and(|holder| holder != worker)
    }

    /// Whether it is the trial's last attempt, over without a result as far as was known, and nobody has begun another.
    fn is_still_wanted(&self, worker: &WorkerName, session: SessionId, task: TaskId) -> bool {
        let waiting = self.state.trial(task.trial).filter(|trial| trial.is_waiting());
        waiting.is_some_and(|trial| trial.was_last_held_by(worker, session, task))
    }

    /// Whether the attempt is alive. What comes late of one that is not changes nothing but the energy booked, unless it is the result that
    /// the trial still waits for.
    fn is_live(&self, worker: &WorkerName, session: SessionId, task: TaskId) -> bool {
        let holds =
            self.state.lease(task).is_some_and(|lease| lease.worker == *worker && lease.session == session);
        holds || planted(Mutation::BelievesTheDead)
    }

    fn finished(&mut self, task: TaskId, evaluation: Box<Evaluation>) {
        let Some(spec) = self.state.spec() else { return };
        // A supernet has no objectives of its own.
        let network =
            self.state.trial(task.trial).is_some_and(|trial| trial.subject.architecture().is_some());
        if network && let Err(unusable) = objectives(&spec.objectives, &evaluation) {
            return self.attempt_failed(task, Failure::Refused(unusable.to_string()));
        }
        if !evaluation.is_finite() {
            return self
                .attempt_failed(task, Failure::Refused("a figure of the result is not a number".into()));
        }
        self.forget_checkpoint(task, None);
        self.record(Event::TrialFinished { task, evaluation });
        self.ended(task);
    }

    /// An attempt ended without a result: the trial waits for another, or is given up.
    pub(crate) fn attempt_failed(&mut self, task: TaskId, failure: Failure) {
        let again_at = failure.can_retry().then(|| self.tried_again(task)).flatten();
        let holder = self.state.lease(task).map(|lease| lease.worker.clone());
        let blamed = holder.filter(|_| failure.can_retry());
        let last = failure.to_string();
        self.attempt_ended(task, failure, again_at, false);
        if let Some(worker) = blamed {
            self.consider_quarantine(&worker, &last);
        }
    }

    /// Its worker is gone. The first time that is the machine's affair, and whoever is free goes on at once; a trial that takes one
    /// machine after another down with it waits as any that crashes. What it says of the worker is for `lose` to ask, once for all that
    /// the worker held.
    pub(crate) fn attempt_vanished(&mut self, task: TaskId, failure: Failure) {
        let is_first = self.state.trial(task.trial).is_none_or(|trial| trial.crashes == 0);
        let again_at = if is_first { None } else { self.tried_again(task) };
        self.attempt_ended(task, failure, again_at, true);
    }

    fn attempt_ended(&mut self, task: TaskId, failure: Failure, again_at: Option<Timestamp>, vanished: bool) {
        let (can_retry, reason) = (failure.can_retry(), failure.to_string());
        self.record(Event::TaskFailed { task, failure, again_at, vanished });
        self.ended(task);
        let crashes = self.state.trial(task.trial).map_or(0, |trial| trial.crashes);
        if !can_retry {
            self.forget_checkpoint(task, None);
            self.record(Event::TrialFailed { trial: task.trial, reason });
        } else if crashes >= self.options.crash_limit && !planted(Mutation::NeverGivesUp) {
            self.forget_checkpoint(task, None);
            let reason = format!("given up after {crashes} crashes, the last: {reason}");
            self.record(Event::TrialFailed { trial: task.trial, reason });
        }
    }

    /// When the trial may be tried again after one more crash; none where that is the last.
    fn tried_again(&self, task: TaskId) -> Option<Timestamp> {
        let crashes = self.state.trial(task.trial).map_or(0, |trial| trial.crashes) + 1;
        let seed = self.state.spec().map_or(Seed::default(), |spec| spec.seed);
        let pause = self.options.retry.pause(seed, task.trial, crashes);
        (crashes < self.options.crash_limit).then(|| self.now() + pause)
    }

    /// A worker goes politely.
    fn leaves(&mut self, worker: &WorkerName, session: SessionId, reason: &str) {
        if self.knows(worker, session) {
            self.part_with(worker, session, format!("left: {reason}"));
        }
    }

    pub(crate) fn ended(&mut self, task: TaskId) {
        self.assigned.remove(&task);
        self.suspending.remove(&task);
        self.progress.remove(&task);
    }

    /// Drops the trial's stored checkpoint, unless `next` is the same blob.
    pub(crate) fn forget_checkpoint(&mut self, task: TaskId, next: Option<Checkpoint>) {
        let stored = self.state.trial(task.trial).and_then(|trial| trial.checkpoint);
        if let Some(stored) = stored
            && next.is_none_or(|next| next.blob != stored.blob)
        {
            self.effect(Effect::Forget(stored.blob));
        }
    }
}
