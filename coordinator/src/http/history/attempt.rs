//! The attempts of each trial, with their energy by grid hour: what the state has no need to keep.

use std::collections::BTreeMap;
use std::sync::Arc;

use common::energy::{Measurement, Method};
use common::event::Event;
use common::id::{SlotId, TaskId, TrialId, WorkerName, Zone};
use common::time::{GridClock, GridHour, Timestamp};
use common::unit::{Joules, Seconds};

use super::Words;
use crate::core::State;

#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub task: TaskId,
    pub worker: WorkerName,
    pub zone: Option<Zone>,
    pub slot: SlotId,
    pub began: Timestamp,
    /// The share that an earlier attempt had done.
    pub resumed_at: Option<f64>,
    pub kept: Option<f64>,
    pub checkpoints: u32,
    pub ended: Option<(Timestamp, Outcome)>,
    /// By hour and instrument: the windows of an hour are one line, however many a worker reports.
    pub windows: Vec<Window>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Finished,
    Suspended,
    Failed(String),
    Cancelled,
    /// Its result became known from elsewhere.
    Overtaken,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    pub hour: GridHour,
    pub seconds: Seconds,
    pub joules: Joules,
    pub method: Method,
    pub meter: Arc<str>,
    pub count: u32,
}

#[derive(Debug, Default)]
pub struct Attempts {
    of: BTreeMap<TrialId, Vec<Attempt>>,
    meters: Words,
}

impl Attempts {
    /// Oldest first.
    pub fn of(&self, trial: TrialId) -> &[Attempt] {
        self.of.get(&trial).map_or(&[], Vec::as_slice)
    }

    /// Looks at an event before the state does: what it ends is still known.
    pub fn before(&mut self, at: Timestamp, event: &Event, state: &State) {
        match event {
            Event::TaskLeased { task, worker, slot, resume, .. } => {
                let zone = state.workers.get(worker).map(|record| record.zone.clone());
                let attempt = Attempt {
                    task: *task,
                    worker: worker.clone(),
                    zone,
                    slot: *slot,
                    began: at,
                    resumed_at: resume.map(|checkpoint| checkpoint.progress),
                    kept: None,
                    checkpoints: 0,
                    ended: None,
                    windows: Vec::new(),
                };
                self.of.entry(task.trial).or_default().push(attempt);
            }
            Event::TaskCheckpointed { task, checkpoint } => {
                if let Some(attempt) = self.get(*task) {
                    attempt.kept = Some(checkpoint.progress);
                    attempt.checkpoints += 1;
                }
            }
            Event::TaskSuspended { task, checkpoint } => {
                if let Some((attempt, checkpoint)) = self.get(*task).zip(checkpoint.as_ref()) {
                    attempt.kept = Some(checkpoint.progress);
                }
                self.end(at, *task, Outcome::Suspended);
            }
            Event::TaskFailed { task, failure, .. } => {
                self.end(at, *task, Outcome::Failed(failure.to_string()));
            }
            Event::TrialFinished { task, .. } => self.end(at, *task, Outcome::Finished),
            Event::TrialCancelled { trial } => self.end_lease(at, *trial, state, Outcome::Cancelled),
            Event::EvaluationGiven { trial, .. } => self.end_lease(at, *trial, state, Outcome::Overtaken),
            _ => {}
        }
    }

    /// Books a window of the attempt, cut at grid hours.
    pub fn spent(
        &mut self,
        task: TaskId,
        clock: GridClock,
        start: Timestamp,
        end: Timestamp,
        measured: &Measurement,
    ) {
        let meter = self.meters.of(&measured.meter);
        let seconds = end.since(start).seconds();
        let Some(attempt) = self.get(task) else { return };
        for (hour, share) in clock.slices(start, end) {
            let (seconds, joules) = (Seconds(seconds * share), measured.joules * share);
            let same = |window: &&mut Window| {
                window.hour == hour && window.method == measured.method && window.meter == meter
            };
            match attempt.windows.last_mut().filter(same) {
                Some(window) => {
                    window.seconds += seconds;
                    window.joules += joules;
                    window.count += 1;
                }
                None => {
                    let (method, meter) = (measured.method, meter.clone());
                    attempt.windows.push(Window { hour, seconds, joules, method, meter, count: 1 });
                }
            }
        }
    }

    fn end_lease(&mut self, at: Timestamp, trial: TrialId, state: &State, outcome: Outcome) {
        let lease = state.trial(trial).and_then(|trial| trial.lease());
        if let Some(task) = lease.map(|lease| lease.task) {
            self.end(at, task, outcome);
        }
    }

    fn end(&mut self, at: Timestamp, task: TaskId, outcome: Outcome) {
        if let Some(attempt) = self.get(task) {
            attempt.ended = Some((at, outcome));
        }
    }

    /// Late windows of an attempt that is over find it too.
    fn get(&mut self, task: TaskId) -> Option<&mut Attempt> {
        self.of.get_mut(&task.trial)?.iter_mut().rev().find(|attempt| attempt.task == task)
    }
}
