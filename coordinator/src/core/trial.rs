//! A trial as the ledger tells it, and the lease of the attempt under way.

use common::fidelity::Fidelity;
use common::id::{Attempt, SessionId, SlotId, TaskId, TrialId, WorkerName};
use common::time::Timestamp;
use common::trial::{Checkpoint, Evaluation, Origin, Subject};
use common::unit::Joules;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    pub id: TrialId,
    pub subject: Subject,
    pub origin: Origin,
    pub state: TrialState,
    pub next_attempt: Attempt,
    /// Attempts that crashed or vanished; planned stops are not among them.
    pub crashes: u32,
    /// After a crash: no slot is given to it before this.
    pub again_at: Option<Timestamp>,
    pub checkpoint: Option<Checkpoint>,
    pub proposed: Timestamp,
    pub evaluation: Option<Box<Evaluation>>,
    pub finished: Option<Timestamp>,
    /// Energy of all attempts.
    pub joules: Joules,
    /// Who has, or had, the last attempt.
    pub worker: Option<WorkerName>,
    /// Under which session; none where results of that one do not count.
    pub session: Option<SessionId>,
    pub failures: Vec<String>,
}

/// Law T-1: a trial is in exactly one of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TrialState {
    /// Waits for a slot: new, suspended, or to be tried again.
    Waiting,
    Leased(Lease),
    Finished,
    Failed {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub task: TaskId,
    pub worker: WorkerName,
    pub session: SessionId,
    pub slot: SlotId,
    pub since: Timestamp,
}

impl Trial {
    pub fn lease(&self) -> Option<&Lease> {
        match &self.state {
            TrialState::Leased(lease) => Some(lease),
            _ => None,
        }
    }

    /// Whether `task` is all that was ever done for this training: begun, and ended with a result, on one slot.
    pub fn ran_at_once(&self, task: TaskId) -> bool {
        let is_training = matches!(self.subject.fidelity(), Some(Fidelity::Rung(_) | Fidelity::Full));
        is_training && task.attempt == Attempt(0) && self.next_attempt == Attempt(1) && !self.is_given()
    }

    pub fn is_waiting(&self) -> bool {
        self.state == TrialState::Waiting
    }

    /// Waits, and not for the time after a crash to pass.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_waiting() && self.again_at.is_none_or(|at| at <= now)
    }

    /// Neither finished nor given up.
    pub fn is_open(&self) -> bool {
        matches!(self.state, TrialState::Waiting | TrialState::Leased(_))
    }

    /// Whether `task` is the last attempt, and this session of the worker had it.
    pub fn was_last_held_by(&self, worker: &WorkerName, session: SessionId, task: TaskId) -> bool {
        let is_last = self.next_attempt == Attempt(task.attempt.0 + 1);
        is_last && self.worker.as_ref() == Some(worker) && self.session == Some(session)
    }

    pub fn next_task(&self) -> TaskId {
        TaskId { trial: self.id, attempt: self.next_attempt }
    }
}
