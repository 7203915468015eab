//! What the API tells of: a fold over the ledger of its own, kept beside the coordinator and never asked of it.
//!
//! It is the core's own fold (`State`) and what pages want besides. Everything in it is durable: it is read from the file, or
//! heard of once it stands there, so that no reader ever holds the core up, and a page never shows what a crash could take back.

mod attempt;
mod follow;
mod line;
mod work;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use common::energy::Measurement;
use common::event::{Event, Record};
use common::id::{SessionId, TrialId, WorkerName};
use common::space::SearchSpace;
use common::time::Timestamp;
use common::unit::Watts;

use crate::core::State;
use crate::fleet::SlotKey;
use crate::ladder::Agreement;

pub use attempt::{Attempt, Attempts, Outcome, Window};
pub use follow::{Ringer, bell, follow};
pub use line::{Line, TAIL, Tail, line};
pub use work::{Work, WorkOfZone};

#[derive(Debug, Default)]
pub struct History {
    pub state: State,
    /// The last event taken in.
    pub sequence: u64,
    /// Whether everything that was in the ledger has been taken in once.
    pub caught_up: bool,
    pub space: Option<Box<dyn SearchSpace>>,
    pub attempts: Attempts,
    pub work: Work,
    /// What each slot drew in its last window.
    pub draws: BTreeMap<SlotKey, Draw>,
    /// Trials with a result, by who had them last.
    pub finished_by: BTreeMap<WorkerName, u64>,
    /// Of one-shot scores with full trainings.
    pub scores: Agreement,
    /// Events that everybody follows, so that each is written as JSON once.
    pub tail: Tail,
}

/// Mean power of a slot's last window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    pub watts: Watts,
    pub until: Timestamp,
}

impl History {
    /// Takes in the next event. Where it `tells`, there is a line of it for those who follow; else they read the ledger.
    pub fn apply(&mut self, record: &Record, tells: bool) {
        let Record { sequence, at, event } = record;
        self.attempts.before(*at, event, &self.state);
        self.state.apply(*at, event);
        self.sequence = *sequence;
        match event {
            Event::StudyStarted { spec, .. } => self.space = Some(spec.space.build()),
            // The end of a session that was followed by another is no loss.
            Event::WorkerLost { worker, .. } if !self.state.is_alive(worker) => self.work.left(worker),
            Event::WorkerJoined { worker, zone, slots, .. } => {
                self.work.joined(worker, zone, slots.len());
                self.draws.retain(|(name, _), _| name != worker);
            }
            Event::TrialFinished { task, .. } => {
                self.finished(task.trial);
                self.weigh(task.trial);
            }
            Event::EvaluationGiven { trial, .. } => self.weigh(*trial),
            Event::EnergySpent { worker, session, measurement } => self.spent(worker, *session, measurement),
            _ => {}
        }
        if tells {
            self.tail.push(line(record, &self.state));
        } else {
            self.tail.clear();
        }
    }

    fn weigh(&mut self, trial: TrialId) {
        if let Some(trial) = self.state.trial(trial) {
            self.scores.weigh(&self.state, trial);
        }
    }

    fn finished(&mut self, trial: TrialId) {
        if let Some(worker) = self.state.trial(trial).and_then(|trial| trial.worker.clone()) {
            *self.finished_by.entry(worker).or_default() += 1;
        }
    }

    fn spent(&mut self, worker: &WorkerName, session: SessionId, measurement: &Measurement) {
        let (Some(record), Some(clock)) = (self.state.workers.get(worker), self.state.clock()) else {
            return;
        };
        let (start, end) = record.span(session, measurement);
        let seconds = end.since(start).seconds();
        if session == record.session && seconds > 0.0 {
            let watts = Watts(measurement.joules.0 / seconds);
            self.draws.insert((worker.clone(), measurement.slot), Draw { watts, until: end });
        }
        if let Some(task) = measurement.task {
            self.work.done(&record.zone, seconds);
            self.attempts.spent(task, clock, start, end, measurement);
        }
    }
}

/// The latest of a kind, the oldest let go of.
pub(super) fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, limit: usize) {
    if queue.len() >= limit {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// One text for all that say the same.
#[derive(Debug, Default)]
pub(super) struct Words(std::collections::BTreeSet<Arc<str>>);

impl Words {
    pub fn of(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let word: Arc<str> = text.into();
        self.0.insert(word.clone());
        word
    }
}
