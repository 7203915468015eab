//! All that outlives a process: a fold over the ledger. The running coordinator, a restart, the commands and the report
//! run this same fold (laws L-1 and L-2). Nothing here decides; nothing changes but through `apply`.

use std::collections::BTreeMap;

use common::allocation::Allocation;
use common::carbon::Forecast;
use common::config::Budget;
use common::energy::{Measurement, Purpose};
use common::event::{Event, Record};
use common::fidelity::Fidelity;
use common::id::{Attempt, SessionId, TaskId, TrialId, WorkerName, Zone};
use common::objective::reference_point;
use common::study::StudySpec;
use common::time::{GridClock, Timestamp};
use common::trial::{Evaluation, Origin, Subject};
use common::unit::{Grams, Joules};
use common::wire::SlotInfo;
use moo::Front;
use serde::{Deserialize, Serialize};

use super::health::Health;
use super::index::Index;
use super::pace::Paces;
use super::trial::{Lease, Trial, TrialState};
use crate::account::Account;

/// Sessions of a worker whose late reports are still told from new ones, the present one among them. Of one process, seldom two
/// before it, are there reports on the way; who begins over and over makes no state without bounds.
const SESSIONS_KEPT: usize = 16;

/// Why a trial failed that somebody gave up.
pub const CANCELLED: &str = "cancelled";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    pub study: Option<Study>,
    /// Since when nothing is handed out, because somebody wants it so.
    pub paused: Option<Timestamp>,
    /// The limits that somebody set; none where those of the configuration stand.
    pub budget: Option<Budget>,
    /// Why the study ended, once it has.
    pub finished: Option<(Timestamp, String)>,
    pub trials: BTreeMap<TrialId, Trial>,
    pub workers: BTreeMap<WorkerName, WorkerRecord>,
    pub account: Account,
    pub forecasts: BTreeMap<Zone, Forecast>,
    pub allocations: Vec<(Timestamp, Allocation)>,
    /// Follows from `offered`.
    #[serde(skip)]
    pub front: Option<Front<TrialId>>,
    /// The hypervolume after each finished full training, and after those that were given at once.
    pub progress: Vec<Milestone>,
    /// Coordinator processes that have worked on this study.
    pub lives: u32,
    pub last_at: Timestamp,
    /// How much faster or slower each kind of device trains.
    pub paces: Paces,
    /// Full trainings in the order in which the front was offered them: the last bits of its hypervolume depend on it.
    offered: Vec<TrialId>,
    pub(super) index: Index,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    pub spec: StudySpec,
    pub clock: GridClock,
    pub version: String,
    /// The resolved configuration, as TOML.
    pub config: String,
    pub started: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerRecord {
    pub session: SessionId,
    pub origin: Timestamp,
    pub zone: Zone,
    pub slots: Vec<SlotInfo>,
    pub version: String,
    pub host: String,
    pub alive: bool,
    /// This session gets nothing new, and goes once it holds nothing.
    pub draining: bool,
    /// Whoever comes back under its name is turned away, until somebody releases it.
    pub turned_away: bool,
    pub joined: Timestamp,
    /// Sessions this worker has had.
    pub sessions: u32,
    /// Last delivery taken in, by session. The present one and the last before it: a late frame of a dead session is told from a new one.
    pub acknowledged: BTreeMap<SessionId, u64>,
    /// Wall time of each session's zero, so that its late windows find their hour.
    pub origins: BTreeMap<SessionId, Timestamp>,
    pub joules: Joules,
    pub lost_reason: Option<String>,
    pub health: Health,
}

/// The search's standing when a full training finished, or was given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Milestone {
    pub at: Timestamp,
    /// Known from elsewhere; no training of this study.
    pub given: bool,
    pub hypervolume: f64,
    pub front: usize,
    /// Booked by then. What they emitted is derived: [`State::course`].
    pub joules: Joules,
}

impl State {
    pub fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut state = Self::default();
        records.into_iter().for_each(|record| state.apply(record.at, &record.event));
        state
    }

    /// The search's course, each step with what had been emitted by then, by what is known of intensities now.
    pub fn course(&self) -> impl ExactSizeIterator<Item = (&Milestone, Grams)> {
        let emitted = self.account.emissions_of_first(self.progress.iter().map(|step| step.joules));
        self.progress.iter().zip(emitted)
    }

    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        self.last_at = at;
        match event {
            Event::StudyStarted { spec, clock, version, config } => {
                self.front = Front::new(&reference_point(&spec.objectives)).ok();
                let (version, config) = (version.clone(), config.clone());
                self.study =
                    Some(Study { spec: (**spec).clone(), clock: *clock, version, config, started: at });
            }
            Event::CoordinatorStarted { .. } => self.lives += 1,
            Event::StudyPaused => self.paused = Some(at),
            Event::StudyResumed => self.paused = None,
            Event::BudgetChanged { budget } => self.budget = Some(*budget),
            Event::WorkerDraining { worker, session, holds } => {
                if let Some(record) = self.workers.get_mut(worker).filter(|record| record.session == *session)
                {
                    record.draining = true;
                    record.turned_away = *holds;
                }
            }
            Event::StudyFinished { reason } => self.finished = Some((at, reason.clone())),
            Event::WorkerJoined { worker, session, origin, zone, slots, version, host } => {
                self.worker_joined(at, worker, *session, *origin, zone, slots, version, host);
            }
            Event::WorkerLost { worker, session, reason } => {
                if let Some(record) = self.workers.get_mut(worker).filter(|record| record.session == *session)
                {
                    record.alive = false;
                    record.lost_reason = Some(reason.clone());
                }
            }
            Event::Acknowledged { worker, session, delivery } => {
                if let Some(record) = self.workers.get_mut(worker) {
                    record.acknowledged.insert(*session, *delivery);
                }
            }
            Event::ReportsLost { worker, session, up_to } => {
                if let Some(record) = self.workers.get_mut(worker) {
                    record.acknowledged.insert(*session, *up_to);
                }
                let of_session = |trial: &&mut Trial| {
                    trial.worker.as_ref() == Some(worker) && trial.session == Some(*session)
                };
                self.trials.values_mut().filter(of_session).for_each(|trial| trial.session = None);
            }
            Event::CarbonObserved { samples } => {
                samples.iter().for_each(|sample| self.account.observe(sample.clone()));
            }
            Event::ForecastIssued { forecast } => {
                self.forecasts.insert(forecast.zone.clone(), (**forecast).clone());
            }
            Event::AllocationDecided { allocation } => self.allocations.push((at, allocation.clone())),
            Event::TrialProposed { trial, subject, origin } => {
                self.trial_proposed(at, *trial, subject, origin);
            }
            Event::TaskLeased { task, worker, session, slot, .. } => {
                let lease =
                    Lease { task: *task, worker: worker.clone(), session: *session, slot: *slot, since: at };
                self.with_trial(task.trial, |trial| {
                    trial.again_at = None;
                    trial.next_attempt = Attempt(task.attempt.0 + 1);
                    trial.worker = Some(lease.worker.clone());
                    trial.session = Some(lease.session);
                    trial.state = TrialState::Leased(lease);
                });
            }
            Event::WorkerQuarantined { worker, until, reason } => {
                if let Some(record) = self.workers.get_mut(worker) {
                    record.health.quarantined(*until, reason);
                }
            }
            Event::WorkerReleased { worker, undrained, .. } => {
                if let Some(record) = self.workers.get_mut(worker) {
                    record.health.released();
                    if *undrained {
                        (record.draining, record.turned_away) = (false, false);
                    }
                }
            }
            Event::TaskCheckpointed { task, checkpoint } => {
                self.with_health_of(*task, Health::worked);
                self.with_trial(task.trial, |trial| trial.checkpoint = Some(*checkpoint));
            }
            Event::TaskSuspended { task, checkpoint } => self.with_trial(task.trial, |trial| {
                trial.state = TrialState::Waiting;
                trial.checkpoint = checkpoint.or(trial.checkpoint);
            }),
            Event::TaskFailed { task, failure, again_at, vanished } => {
                if *vanished {
                    self.with_health_of(*task, |health| health.vanished(at));
                } else if failure.can_retry() {
                    self.with_health_of(*task, |health| health.failed(task.trial));
                }
                self.with_trial(task.trial, |trial| {
                    trial.state = TrialState::Waiting;
                    trial.crashes += u32::from(failure.can_retry());
                    trial.again_at = *again_at;
                    trial.failures.push(failure.to_string());
                });
            }
            Event::TrialFinished { task, evaluation } => {
                self.with_health_of(*task, Health::finished);
                let device = self.lease(*task).and_then(|lease| self.device(&lease.worker, lease.slot));
                let device = device.map(str::to_owned);
                self.evaluated(at, task.trial, evaluation);
                self.learn_pace(*task, device);
            }
            Event::EvaluationGiven { trial, subject, source, evaluation } => {
                self.evaluation_given(at, *trial, subject, source, evaluation);
            }
            Event::TrialFailed { trial, reason } => self.with_trial(*trial, |trial| {
                trial.state = TrialState::Failed { reason: reason.clone() };
                trial.finished = Some(at);
                trial.checkpoint = None;
            }),
            Event::TrialCancelled { trial } => self.with_trial(*trial, |trial| {
                trial.state = TrialState::Failed { reason: CANCELLED.into() };
                trial.finished = Some(at);
                trial.checkpoint = None;
            }),
            Event::TrialRetried { trial } => self.with_trial(*trial, |trial| {
                trial.state = TrialState::Waiting;
                trial.finished = None;
                trial.crashes = 0;
                trial.again_at = None;
            }),
            Event::EnergySpent { worker, session, measurement } => {
                self.energy_spent(worker, *session, measurement);
            }
        }
    }

    /// Makes again what a snapshot leaves out because it follows from the rest.
    pub(crate) fn completed(mut self) -> Self {
        self.index.complete(&self.trials);
        self.front = self.spec().and_then(|spec| Front::new(&reference_point(&spec.objectives)).ok());
        for id in &self.offered {
            let evaluation = self.trials.get(id).and_then(|trial| trial.evaluation.as_deref());
            let vector = evaluation.and_then(|evaluation| self.objectives(evaluation));
            if let (Some(front), Some(vector)) = (&mut self.front, vector) {
                // As in `evaluated`.
                let _ = front.insert(&vector.0, *id);
            }
        }
        self
    }

    /// Of whoever holds this very attempt.
    fn with_health_of(&mut self, task: TaskId, change: impl FnOnce(&mut Health)) {
        let Some(worker) = self.lease(task).map(|lease| lease.worker.clone()) else { return };
        if let Some(record) = self.workers.get_mut(&worker) {
            change(&mut record.health);
        }
    }

    fn with_trial(&mut self, id: TrialId, change: impl FnOnce(&mut Trial)) {
        if let Some(trial) = self.trials.get_mut(&id) {
            self.index.leave(trial);
            change(trial);
            self.index.enter(trial);
        }
    }

    pub(super) fn trial_proposed(&mut self, at: Timestamp, id: TrialId, subject: &Subject, origin: &Origin) {
        let trial = Trial {
            id,
            subject: subject.clone(),
            origin: origin.clone(),
            state: TrialState::Waiting,
            next_attempt: Attempt(0),
            crashes: 0,
            again_at: None,
            checkpoint: None,
            proposed: at,
            evaluation: None,
            finished: None,
            joules: Joules::ZERO,
            worker: None,
            session: None,
            failures: Vec::new(),
        };
        self.index.proposed(&trial);
        self.trials.insert(id, trial);
    }

    /// A training that never changed its slot tells how fast the slot's device is.
    fn learn_pace(&mut self, task: TaskId, device: Option<String>) {
        let (Some(trial), Some(device)) = (self.trials.get(&task.trial), device) else { return };
        if let Some(evaluation) = trial.evaluation.as_deref().filter(|_| trial.ran_at_once(task)) {
            self.paces.trained(trial.subject.purpose(), &device, evaluation.seconds, trial.joules);
        }
    }

    pub(super) fn evaluated(&mut self, at: Timestamp, id: TrialId, evaluation: &Evaluation) {
        let vector = self.objectives(evaluation);
        let mut is_first = false;
        self.with_trial(id, |trial| {
            is_first = trial.evaluation.is_none();
            trial.state = TrialState::Finished;
            trial.evaluation = Some(Box::new(evaluation.clone()));
            trial.finished = Some(at);
            trial.checkpoint = None;
        });
        let Some(trial) = self.trials.get(&id) else { return };
        if is_first {
            self.index.finished(trial, &self.trials);
        }
        if trial.subject.fidelity() != Some(Fidelity::Full) {
            return;
        }
        let given = trial.is_given();
        self.offered.push(id);
        if let (Some(front), Some(vector)) = (&mut self.front, vector) {
            // Refused only for NaN, which `objectives` has refused before.
            let _ = front.insert(&vector.0, id);
            let (hypervolume, members) = (front.hypervolume(), front.len());
            let joules = self.account.total();
            // What was given at once is one step, however many results it was.
            if given && self.progress.last().is_some_and(|last| last.given && last.at == at) {
                self.progress.pop();
            }
            self.progress.push(Milestone { at, given, hypervolume, front: members, joules });
        }
    }

    #[allow(clippy::too_many_arguments)] // The fields of one event.
    fn worker_joined(
        &mut self,
        at: Timestamp,
        worker: &WorkerName,
        session: SessionId,
        origin: Timestamp,
        zone: &Zone,
        slots: &[SlotInfo],
        version: &str,
        host: &str,
    ) {
        let before = self.workers.remove(worker);
        let returned = before.as_ref().is_some_and(|record| record.session == session);
        let draining = before.as_ref().is_some_and(|record| record.session == session && record.draining);
        let turned_away = before.as_ref().is_some_and(|record| record.turned_away);
        let (mut acknowledged, mut origins, sessions, joules, health) = before
            .map(|record| {
                (record.acknowledged, record.origins, record.sessions, record.joules, record.health)
            })
            .unwrap_or_default();
        acknowledged.entry(session).or_insert(0);
        // A session keeps the origin it first had: its clock did not restart.
        let origin = *origins.entry(session).or_insert(origin);
        while let Some(oldest) = superfluous(&origins, session) {
            acknowledged.remove(&oldest);
            origins.remove(&oldest);
        }
        let record = WorkerRecord {
            session,
            origin,
            zone: zone.clone(),
            slots: slots.to_vec(),
            version: version.into(),
            host: host.into(),
            alive: true,
            draining,
            turned_away,
            joined: at,
            sessions: sessions + u32::from(!returned),
            acknowledged,
            origins,
            joules,
            lost_reason: None,
            health,
        };
        self.workers.insert(worker.clone(), record);
    }

    fn energy_spent(&mut self, worker: &WorkerName, session: SessionId, measurement: &Measurement) {
        let task = measurement.task.and_then(|task| self.trials.get_mut(&task.trial));
        let purpose = task.as_ref().map_or(Purpose::Idle, |trial| trial.subject.purpose());
        if let Some(trial) = task {
            trial.joules += measurement.joules;
            if trial.evaluation.is_some() {
                let id = trial.id;
                self.index.spent_late(&self.trials[&id], measurement.joules, &self.trials);
                let is_whole = measurement.task.is_some_and(|task| self.trials[&id].ran_at_once(task));
                if is_whole && let Some(device) = self.device(worker, measurement.slot).map(str::to_owned) {
                    self.paces.spent_late(purpose, &device, measurement.joules);
                }
            }
        }
        let Some(record) = self.workers.get_mut(worker) else { return };
        record.joules += measurement.joules;
        let Some(clock) = self.study.as_ref().map(|study| study.clock) else { return };
        let (start, end) = record.span(session, measurement);
        let zone = record.zone.clone();
        for (hour, share) in clock.slices(start, end) {
            self.account.book(&zone, hour, purpose, measurement.joules * share);
        }
        self.account.book_method(measurement.method, &measurement.meter, measurement.joules);
    }
}

/// The session that began first of more than are kept; never the present one.
fn superfluous(origins: &BTreeMap<SessionId, Timestamp>, present: SessionId) -> Option<SessionId> {
    let former = origins.iter().filter(|(session, _)| **session != present);
    let oldest = former.min_by_key(|(session, origin)| (**origin, **session));
    oldest.map(|(session, _)| *session).filter(|_| origins.len() > SESSIONS_KEPT)
}

/// `moo::Front` has no equality of its own: two are equal when their members are.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        let members = |state: &Self| state.front.as_ref().map(|front| front.members().to_vec());
        self.study == other.study
            && self.paused == other.paused
            && self.budget == other.budget
            && self.finished == other.finished
            && self.trials == other.trials
            && self.workers == other.workers
            && self.account == other.account
            && self.forecasts == other.forecasts
            && self.allocations == other.allocations
            && members(self) == members(other)
            && self.progress == other.progress
            && self.lives == other.lives
            && self.offered == other.offered
            && self.paces == other.paces
            && self.index == other.index
    }
}
