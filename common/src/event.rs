//! The ledger's events: the one documented history from which all state is folded.
//!
//! A variant or field, once released, keeps its meaning; new fields come with `#[serde(default)]`.

use serde::{Deserialize, Serialize};

use crate::allocation::Allocation;
use crate::carbon::{CarbonSample, Forecast};
use crate::config::Budget;
use crate::energy::Measurement;
use crate::id::{SessionId, SlotId, TaskId, TrialId, WorkerName, Zone};
use crate::study::StudySpec;
use crate::time::{GridClock, Timestamp};
use crate::trial::{Checkpoint, Evaluation, Failure, Origin, Source, Subject};
use crate::wire::SlotInfo;

/// An event with its place in the history. Sequence numbers count from 1 without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub sequence: u64,
    pub at: Timestamp,
    pub event: Event,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The first event of every ledger.
    StudyStarted {
        spec: Box<StudySpec>,
        clock: GridClock,
        version: String,
        config: String,
    },
    /// A coordinator process took the study up, the first time or again.
    CoordinatorStarted {
        version: String,
        host: String,
    },
    /// Somebody paused the study: running work is put in safety, and nothing is handed out until it is resumed.
    StudyPaused,
    StudyResumed,
    /// Somebody set other limits; they stand until they are set anew, whatever the configuration says.
    BudgetChanged {
        budget: Budget,
    },
    /// The study ended, and why; nothing is handed out afterwards.
    StudyFinished {
        reason: String,
    },

    /// A worker process was admitted. `origin` is the wall time at which its session clock stood at zero.
    WorkerJoined {
        worker: WorkerName,
        session: SessionId,
        origin: Timestamp,
        zone: Zone,
        slots: Vec<SlotInfo>,
        version: String,
        host: String,
    },
    /// Somebody wants this session gone: it gets nothing new, and is told to leave once it holds nothing.
    WorkerDraining {
        worker: WorkerName,
        session: SessionId,
        /// Whoever comes back under its name is turned away until it is released. Before that was so, a drain ended with its session.
        #[serde(default)]
        holds: bool,
    },
    /// A session ended: politely, by silence, or because its successor joined. Its leases are void.
    WorkerLost {
        worker: WorkerName,
        session: SessionId,
        reason: String,
    },
    /// A worker that failed at one trial after another is given nothing until then.
    WorkerQuarantined {
        worker: WorkerName,
        until: Timestamp,
        reason: String,
    },
    /// It is given work again: its time is over, or somebody said so.
    WorkerReleased {
        worker: WorkerName,
        reason: String,
        /// A drain is taken back as well, which only somebody can say.
        #[serde(default)]
        undrained: bool,
    },
    /// Everything that this session reported up to `delivery` has been taken in.
    Acknowledged {
        worker: WorkerName,
        session: SessionId,
        delivery: u64,
    },
    /// What this session reported up to here was taken in by a ledger that is gone: this one is an older copy of it. The session goes on
    /// after the gap, and no result of it counts any more: its tasks may have been other ones.
    ReportsLost {
        worker: WorkerName,
        session: SessionId,
        up_to: u64,
    },

    CarbonObserved {
        samples: Vec<CarbonSample>,
    },
    ForecastIssued {
        forecast: Box<Forecast>,
    },
    AllocationDecided {
        allocation: Allocation,
    },

    TrialProposed {
        trial: TrialId,
        subject: Subject,
        origin: Origin,
    },
    TaskLeased {
        task: TaskId,
        worker: WorkerName,
        session: SessionId,
        slot: SlotId,
        resume: Option<Checkpoint>,
    },
    /// Work in progress was put in safety; the task goes on.
    TaskCheckpointed {
        task: TaskId,
        checkpoint: Checkpoint,
    },
    /// The slot was given back; the trial waits to be resumed.
    TaskSuspended {
        task: TaskId,
        checkpoint: Option<Checkpoint>,
    },
    /// The attempt is over without a result. The trial waits for another, unless `TrialFailed` follows.
    TaskFailed {
        task: TaskId,
        failure: Failure,
        /// Before this the next attempt does not begin; none where there is to be none, or where it may begin at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_at: Option<Timestamp>,
        /// Its worker was lost, and all that it held with it: one failure of the worker, however many attempts it was.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        vanished: bool,
    },
    TrialFinished {
        task: TaskId,
        evaluation: Box<Evaluation>,
    },
    /// No further attempt will be made.
    TrialFailed {
        trial: TrialId,
        reason: String,
    },
    /// Somebody gave the trial up; its attempt, if it has one, is over.
    TrialCancelled {
        trial: TrialId,
    },
    /// Somebody wants a trial that was given up to be tried again; its crashes are counted anew.
    TrialRetried {
        trial: TrialId,
    },

    /// A result from elsewhere is taken as given. The trial is new, or one that has no result yet and whose work ends here.
    EvaluationGiven {
        trial: TrialId,
        subject: Subject,
        source: Source,
        evaluation: Box<Evaluation>,
    },

    /// A slot's window and its joules, whatever they were for and whether or not the result is still wanted.
    EnergySpent {
        worker: WorkerName,
        session: SessionId,
        measurement: Measurement,
    },
}

impl Event {
    /// The event's name in the ledger's `kind` column.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::StudyStarted { .. } => "study_started",
            Self::CoordinatorStarted { .. } => "coordinator_started",
            Self::StudyPaused => "study_paused",
            Self::StudyResumed => "study_resumed",
            Self::BudgetChanged { .. } => "budget_changed",
            Self::StudyFinished { .. } => "study_finished",
            Self::WorkerJoined { .. } => "worker_joined",
            Self::WorkerDraining { .. } => "worker_draining",
            Self::WorkerLost { .. } => "worker_lost",
            Self::WorkerQuarantined { .. } => "worker_quarantined",
            Self::WorkerReleased { .. } => "worker_released",
            Self::Acknowledged { .. } => "acknowledged",
            Self::ReportsLost { .. } => "reports_lost",
            Self::CarbonObserved { .. } => "carbon_observed",
            Self::ForecastIssued { .. } => "forecast_issued",
            Self::AllocationDecided { .. } => "allocation_decided",
            Self::TrialProposed { .. } => "trial_proposed",
            Self::TaskLeased { .. } => "task_leased",
            Self::TaskCheckpointed { .. } => "task_checkpointed",
            Self::TaskSuspended { .. } => "task_suspended",
            Self::TaskFailed { .. } => "task_failed",
            Self::TrialFinished { .. } => "trial_finished",
            Self::TrialFailed { .. } => "trial_failed",
            Self::TrialCancelled { .. } => "trial_cancelled",
            Self::TrialRetried { .. } => "trial_retried",
            Self::EvaluationGiven { .. } => "evaluation_given",
            Self::EnergySpent { .. } => "energy_spent",
        }
    }
}
