//! The ledger read as a story by somebody who knows nothing of `State`: who holds which lease, what was taken in, which
//! windows were booked. An independent oracle for the laws about attempts and energy.

use std::collections::{BTreeMap, BTreeSet};

use common::carbon::CarbonSample;
use common::carbon::WORLD_MEAN;
use common::event::{Event, Record};
use common::id::{SessionId, SlotId, TaskId, TrialId, WorkerName, Zone};
use common::time::{GridClock, HOUR_MS, Millis, Timestamp};
use common::trial::{Evaluation, Failure, Subject};
use common::unit::JOULES_PER_KWH;
use coordinator::core::{State, TrialState};

use super::auditor::close;
use super::store::Store;
use super::truth;

/// What `configs/default.toml` says; no plan says otherwise.
const LONGEST_PAUSE: Millis = Millis(300_000);

type SessionKey = (WorkerName, SessionId);

#[derive(Debug, Default)]
pub struct History {
    leased: BTreeMap<TrialId, Holder>,
    /// Who had each trial last, while it waits for another.
    last: BTreeMap<TrialId, Holder>,
    attempts: BTreeSet<TaskId>,
    ended: BTreeSet<TrialId>,
    failed: BTreeSet<TrialId>,
    /// Errors of results from elsewhere.
    given: BTreeMap<TrialId, f64>,
    /// Given up by somebody, or tried again for somebody.
    cancelled: BTreeSet<TrialId>,
    drained: BTreeSet<SessionKey>,
    /// Drained until somebody releases them.
    turned_away: BTreeSet<WorkerName>,
    paused: bool,
    crashes: BTreeMap<TrialId, u32>,
    /// Crashed, and not to be tried again before.
    resting: BTreeMap<TrialId, Timestamp>,
    taken: BTreeMap<SessionKey, u64>,
    booked: BTreeMap<SessionKey, f64>,
    windows: BTreeMap<(SessionKey, SlotId), Millis>,
    /// What a session reported to a ledger that is gone: from after the one number up to the other.
    gaps: BTreeMap<SessionKey, Vec<(u64, u64)>>,
    /// Sessions whose first window, or the first after a gap, begins when it may.
    late: BTreeSet<SessionKey>,
    /// Workers in quarantine.
    aside: BTreeSet<WorkerName>,
    over: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Holder {
    task: TaskId,
    session: SessionKey,
    slot: SlotId,
}

macro_rules! must {
    ($found:ident, $law:literal, $holds:expr, $($what:tt)+) => {
        if !$holds {
            $found.push(format!("{}: {}", $law, format!($($what)+)));
        }
    };
}

impl History {
    /// What the next record breaks. Without a `store`, blobs are not looked for.
    pub fn take(&mut self, record: &Record, store: Option<&Store>) -> Vec<String> {
        let mut found = Vec::new();
        match &record.event {
            Event::TaskLeased { task, worker, session, slot, resume } => {
                let holder = Holder { task: *task, session: (worker.clone(), *session), slot: *slot };
                must!(found, "T-2", self.attempts.insert(*task), "task {task} is leased twice");
                must!(
                    found,
                    "T-2",
                    !self.leased.contains_key(&task.trial),
                    "trial {} is leased already",
                    task.trial
                );
                must!(
                    found,
                    "T-1",
                    !self.ended.contains(&task.trial),
                    "trial {} is leased after its end",
                    task.trial
                );
                must!(
                    found,
                    "Q-5",
                    !self.aside.contains(worker),
                    "task {task} is leased to {worker}, which is put aside"
                );
                let busy = self.leased.values().any(|h| h.session.0 == *worker && h.slot == *slot);
                must!(found, "Q-3", !busy, "slot {slot} of {worker} gets task {task} while it holds another");
                must!(found, "L-6", !self.over, "task {task} is leased after the study's end");
                must!(found, "L-6", !self.paused, "task {task} is leased while the study is paused");
                let drained =
                    self.turned_away.contains(worker) || self.drained.contains(&(worker.clone(), *session));
                must!(found, "L-6", !drained, "task {task} is leased to {worker}, which is drained");
                let here = resume.is_none_or(|c| store.is_none_or(|store| store.contains(c.blob)));
                must!(found, "B-2", here, "task {task} shall resume from a blob that is gone");
                self.last.remove(&task.trial);
                self.leased.insert(task.trial, holder);
                let rested = self.resting.remove(&task.trial).is_none_or(|again_at| record.at >= again_at);
                must!(found, "T-4", rested, "trial {} is tried again before its pause is over", task.trial);
            }
            Event::TaskCheckpointed { task, checkpoint } => {
                must!(found, "T-2", self.holds(*task), "checkpoint of task {task}, which holds no lease");
                let here = store.is_none_or(|store| store.contains(checkpoint.blob));
                must!(found, "B-2", here, "the checkpoint of task {task} was never stored");
            }
            Event::TaskSuspended { task, .. } | Event::TaskFailed { task, .. } => {
                if let Event::TaskFailed { failure: Failure::Crashed(_), again_at, .. } = &record.event {
                    *self.crashes.entry(task.trial).or_default() += 1;
                    if let Some(again_at) = again_at {
                        let pause = again_at.since(record.at);
                        let bounded = (Millis(0)..=LONGEST_PAUSE).contains(&pause);
                        must!(found, "T-4", bounded, "trial {} shall wait {} ms", task.trial, pause.0);
                        self.resting.insert(task.trial, *again_at);
                    }
                }
                must!(found, "T-2", self.holds(*task), "end of task {task}, which holds no lease");
                self.lease_ended(task.trial);
            }
            Event::TrialFinished { task, evaluation } => {
                must!(found, "T-3", self.ended.insert(task.trial), "trial {} ends twice", task.trial);
                found.extend(self.finished(*task, evaluation, store));
            }
            Event::EvaluationGiven { trial, evaluation, .. } => {
                self.given.insert(*trial, evaluation.validation_error);
                // One that had failed here may yet be known from elsewhere.
                let failed = !self.ended.insert(*trial) && !self.failed.contains(trial);
                must!(found, "T-3", !failed, "trial {trial} ends twice");
                self.leased.remove(trial);
            }
            Event::TrialFailed { trial, reason } => {
                self.failed.insert(*trial);
                must!(found, "T-3", self.ended.insert(*trial), "trial {trial} ends twice");
                must!(found, "T-1", !reason.is_empty(), "trial {trial} failed without a reason");
            }
            Event::TrialCancelled { trial } => {
                self.failed.insert(*trial);
                self.cancelled.insert(*trial);
                must!(found, "T-3", self.ended.insert(*trial), "trial {trial} ends twice");
                self.lease_ended(*trial);
            }
            Event::TrialRetried { trial } => {
                must!(
                    found,
                    "T-3",
                    self.failed.remove(trial),
                    "trial {trial} is tried again and had not failed"
                );
                self.ended.remove(trial);
                self.crashes.remove(trial);
                self.resting.remove(trial);
                self.cancelled.insert(*trial);
            }
            Event::StudyPaused => {
                must!(found, "T-1", !self.paused, "the study is paused twice");
                self.paused = true;
            }
            Event::StudyResumed => {
                must!(found, "T-1", self.paused, "the study goes on and was not paused");
                self.paused = false;
            }
            Event::WorkerQuarantined { worker, until, .. } => {
                must!(found, "Q-5", self.aside.insert(worker.clone()), "{worker} is put aside twice");
                must!(found, "Q-5", *until > record.at, "{worker} is put aside for no time");
            }
            Event::WorkerReleased { worker, undrained, .. } => {
                let was_aside = self.aside.remove(worker);
                let was_drained = *undrained && self.turned_away.remove(worker);
                if was_drained {
                    self.drained.retain(|(drained, _)| drained != worker);
                }
                let had_reason = was_aside || was_drained;
                must!(found, "Q-5", had_reason, "{worker} is released and was neither put aside nor drained");
            }
            Event::WorkerLost { worker, session, .. } => {
                let key = (worker.clone(), *session);
                let left = self.leased.values().find(|holder| holder.session == key);
                must!(found, "Q-1", left.is_none(), "{worker} is lost and holds {left:?}");
            }
            Event::Acknowledged { worker, session, delivery } => {
                let taken = self.taken.entry((worker.clone(), *session)).or_default();
                let next = *taken + 1;
                must!(found, "D-3", *delivery == next, "{worker} had {taken} taken in and now {delivery}");
                *taken = *delivery;
            }
            Event::ReportsLost { worker, session, up_to } => {
                let key = (worker.clone(), *session);
                let taken = self.taken.insert(key.clone(), *up_to).unwrap_or_default();
                must!(found, "D-3", *up_to > taken, "{worker} had {taken} taken in, and {up_to} are gone");
                self.last.retain(|_, holder| holder.session != key);
                self.windows.retain(|(of, _), _| *of != key);
                self.gaps.entry(key.clone()).or_default().push((taken, *up_to));
                self.late.insert(key);
            }
            Event::EnergySpent { worker, session, measurement } => {
                let key = (worker.clone(), *session);
                *self.booked.entry(key.clone()).or_default() += measurement.joules.0;
                let (start, slot) = (measurement.start, measurement.slot);
                let first = if self.late.contains(&key) { start } else { Millis(0) };
                let end = self.windows.entry((key, slot)).or_insert(first);
                must!(
                    found,
                    "E-1",
                    *end == start,
                    "{worker} slot {slot}: a window from {start:?} after one to {end:?}"
                );
                *end = measurement.end;
            }
            Event::WorkerDraining { worker, session, holds } => {
                self.drained.insert((worker.clone(), *session));
                if *holds {
                    self.turned_away.insert(worker.clone());
                }
            }
            Event::WorkerJoined { worker, session, .. } => {
                let key = (worker.clone(), *session);
                let turned_away = self.turned_away.contains(worker) && !self.drained.contains(&key);
                must!(found, "L-6", !turned_away, "{worker} is drained, and let in as session {session}");
            }
            Event::StudyFinished { .. } => {
                must!(found, "L-6", !self.over, "the study ends twice");
                self.over = true;
            }
            _ => {}
        }
        found
    }

    /// Of what was never durable nothing is known. When sessions began is no matter of the ledger's.
    pub fn forgotten(&mut self) -> Self {
        Self { late: std::mem::take(&mut self.late), ..Self::default() }
    }

    pub fn begins_late(&mut self, session: SessionKey) {
        self.late.insert(session);
    }

    pub fn gaps(&self, session: &SessionKey) -> &[(u64, u64)] {
        self.gaps.get(session).map_or(&[], Vec::as_slice)
    }

    /// The delivery that a record says is taken in.
    pub fn acknowledged(record: &Record) -> Option<(SessionKey, u64)> {
        match &record.event {
            Event::Acknowledged { worker, session, delivery } => {
                Some(((worker.clone(), *session), *delivery))
            }
            _ => None,
        }
    }

    pub fn booked(&self, session: &SessionKey) -> f64 {
        self.booked.get(session).copied().unwrap_or_default()
    }

    pub fn taken(&self, session: &SessionKey) -> u64 {
        self.taken.get(session).copied().unwrap_or_default()
    }

    fn lease_ended(&mut self, trial: TrialId) {
        if let Some(holder) = self.leased.remove(&trial) {
            self.last.insert(trial, holder);
        }
    }

    fn holds(&self, task: TaskId) -> bool {
        self.leased.get(&task.trial).is_some_and(|holder| holder.task == task)
    }

    /// The result comes from the very process that holds the lease, or that held the last one of a trial that waits for another, and its
    /// artifacts are safe.
    fn finished(&mut self, task: TaskId, evaluation: &Evaluation, store: Option<&Store>) -> Vec<String> {
        let mut found = Vec::new();
        let holder = self.leased.remove(&task.trial).or_else(|| self.last.remove(&task.trial));
        let is_its = holder.as_ref().is_some_and(|holder| holder.task == task);
        must!(found, "T-2", is_its, "result of task {task}, which holds no lease and was not the last to");
        if let Some(holder) = holder {
            let (worker, session) = &holder.session;
            let device = truth::device(worker, *session);
            must!(
                found,
                "T-2",
                evaluation.device == device,
                "{device} holds {task}, {} worked it out",
                evaluation.device
            );
        }
        for artifact in &evaluation.artifacts {
            let here = store.is_none_or(|store| store.contains(artifact.blob));
            must!(found, "B-2", here, "{:?} of task {task} was never stored", artifact.kind);
        }
        found
    }

    /// What must hold of a study that is over.
    pub fn close(&self, ledger: &[Record], state: &State, store: &Store, crash_limit: u32) -> Vec<String> {
        let mut found = Vec::new();
        for (id, trial) in &state.trials {
            match (&trial.state, &trial.evaluation) {
                (TrialState::Finished, Some(evaluation)) => {
                    if let Subject::Network { architecture, .. } = &trial.subject {
                        // What was given stands as it was told.
                        let given = self.given.get(id).copied();
                        let error = given.unwrap_or_else(|| truth::error_of(architecture));
                        must!(
                            found,
                            "T-3",
                            evaluation.validation_error == error,
                            "trial {id} has another's result"
                        );
                    }
                    for artifact in &evaluation.artifacts {
                        must!(
                            found,
                            "B-2",
                            store.contains(artifact.blob),
                            "{:?} of trial {id} is gone",
                            artifact.kind
                        );
                    }
                }
                (TrialState::Failed { reason }, None) => {
                    let deserved = self.cancelled.contains(id)
                        || trial.crashes >= crash_limit
                        || trial.failures.iter().any(|f| !f.starts_with("crashed"));
                    must!(found, "T-1", deserved, "trial {id} was given up for little: {reason}");
                }
                (TrialState::Waiting | TrialState::Leased(_), None) => {}
                (state, _) => must!(found, "T-1", false, "trial {id} is {state:?}"),
            }
            let crashes = self.crashes.get(id).copied().unwrap_or_default();
            must!(
                found,
                "T-1",
                trial.crashes == crashes,
                "trial {id}: {} crashes, not {crashes}",
                trial.crashes
            );
            must!(found, "T-1", trial.crashes <= crash_limit, "trial {id} crashed {} times", trial.crashes);
        }
        let (grams, booked) = (emissions(ledger), state.account.emissions().0);
        must!(found, "E-3", close(grams, booked), "{booked} g on the account, {grams} g by hour of use");
        found
    }
}

/// E-3 once more, from the records alone.
fn emissions(ledger: &[Record]) -> f64 {
    let mut clock: Option<GridClock> = None;
    let mut origins: BTreeMap<SessionKey, Timestamp> = BTreeMap::new();
    let mut zones: BTreeMap<WorkerName, Zone> = BTreeMap::new();
    let samples: Vec<&CarbonSample> = ledger
        .iter()
        .filter_map(|record| match &record.event {
            Event::CarbonObserved { samples } => Some(samples),
            _ => None,
        })
        .flatten()
        .collect();
    let mut grams = 0.0;
    for record in ledger {
        match &record.event {
            Event::StudyStarted { clock: of_study, .. } => clock = Some(*of_study),
            Event::WorkerJoined { worker, session, origin, zone, .. } => {
                origins.entry((worker.clone(), *session)).or_insert(*origin);
                zones.insert(worker.clone(), zone.clone());
            }
            Event::EnergySpent { worker, session, measurement } => {
                let (Some(clock), Some(zone)) = (clock, zones.get(worker)) else { continue };
                let origin = origins[&(worker.clone(), *session)];
                let (from, to) =
                    (clock.grid(origin + measurement.start).0, clock.grid(origin + measurement.end).0);
                let mut at = from;
                while at < to || at == from {
                    let hour_end = (at.div_euclid(HOUR_MS) + 1) * HOUR_MS;
                    let next = hour_end.min(to).max(at + 1);
                    let share = if to > from { (next - at) as f64 / (to - from) as f64 } else { 1.0 };
                    let intensity = known(&samples, zone, at.div_euclid(HOUR_MS));
                    grams += measurement.joules.0 * share / JOULES_PER_KWH * intensity;
                    at = next;
                }
            }
            _ => {}
        }
    }
    grams
}

/// The hour's sample, else the last before it, else the first after it; of several for an hour the last said counts.
fn known(samples: &[&CarbonSample], zone: &Zone, hour: i64) -> f64 {
    let of_zone = || samples.iter().filter(|sample| sample.zone == *zone);
    let before = of_zone().filter(|sample| sample.hour.0 <= hour).max_by_key(|sample| sample.hour);
    let after = || of_zone().min_by_key(|sample| sample.hour);
    before.or_else(after).map_or(WORLD_MEAN.0, |sample| sample.intensity.0)
}
