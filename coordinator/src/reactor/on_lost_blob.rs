//! Blobs that the ledger names and that the store lacks, as after a restored backup. Work that was to begin with one begins without:
//! that costs its progress, and neither a trial nor a worker is blamed.

use common::blob::BlobId;
use common::event::Event;
use common::id::{TaskId, TrialId, WorkerName};
use common::time::Timestamp;
use common::trial::{Checkpoint, Failure};

use crate::core::{Core, Trial};
use crate::supernets;

/// Why a score, or a supernet that begins with another one's weights, is given up.
const NO_WEIGHTS: &str =
    "the shared weights that it begins with are gone from the store; the study goes on without scores";

/// What an assignment said, and when it was last sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub at: Timestamp,
    supernet: Option<BlobId>,
    resume: Option<BlobId>,
}

impl Sent {
    fn names(&self, blob: BlobId) -> bool {
        self.supernet == Some(blob) || self.resume == Some(blob)
    }
}

impl Core {
    /// Where another attempt can go on from.
    pub(crate) fn resumed(&self, trial: &Trial) -> Option<Checkpoint> {
        trial.checkpoint.filter(|checkpoint| !self.gone.contains(&checkpoint.blob))
    }

    /// The share of its work that another attempt need not do again.
    pub(crate) fn done(&self, trial: &Trial) -> f64 {
        self.resumed(trial).map_or(0.0, |checkpoint| checkpoint.progress)
    }

    /// What an assignment of the trial says now.
    pub(crate) fn sent(&self, trial: &Trial, at: Timestamp) -> Sent {
        Sent {
            at,
            supernet: supernets::inherited(&self.state, &trial.subject, &self.gone),
            resume: self.resumed(trial).map(|checkpoint| checkpoint.blob),
        }
    }

    /// Assignments of the worker's that name the blob.
    fn sent_for(&self, worker: &WorkerName, blob: BlobId) -> impl Iterator<Item = &Sent> {
        let sent = self.state.leases_of(worker).filter_map(|(_, lease)| self.assigned.get(&lease.task));
        sent.filter(move |sent| sent.names(blob))
    }

    /// Whether somebody sent the worker to fetch the blob.
    pub(crate) fn is_sent_for(&self, worker: &WorkerName, blob: BlobId) -> bool {
        self.sent_for(worker, blob).next().is_some()
    }

    /// The store says so itself. A worker that asks for what nobody sent it to fetch changes nothing.
    pub(crate) fn on_blob_missing(&mut self, worker: &WorkerName, blob: BlobId) {
        let wanted: Vec<Sent> = self.sent_for(worker, blob).copied().collect();
        if wanted.is_empty() || !self.gone.insert(blob) {
            return;
        }
        self.warn(worker, format!("the store lacks blob {blob}: what was to begin with it begins without"));
        if wanted.iter().any(|sent| sent.supernet == Some(blob)) {
            self.give_up_what_lacks_weights();
        }
    }

    /// Whether the attempt failed for a blob that it was told to fetch and that the store lacks: the worker's word alone is not enough.
    pub(crate) fn is_for_want_of_a_blob(&self, task: TaskId, failure: &Failure) -> bool {
        let Some(sent) = self.assigned.get(&task) else { return false };
        let mut named = [sent.supernet, sent.resume].into_iter().flatten();
        named.any(|blob| self.gone.contains(&blob) && *failure == Failure::for_want_of(blob))
    }

    /// The attempt could not begin. What can begin without the blob waits for a slot again; the rest is given up.
    pub(crate) fn begun_in_vain(&mut self, task: TaskId) {
        if self.state.trial(task.trial).is_some_and(|trial| self.lacks_weights(trial)) {
            return self.attempt_failed(task, Failure::Refused(NO_WEIGHTS.into()));
        }
        self.record(Event::TaskSuspended { task, checkpoint: None });
        self.ended(task);
    }

    /// A report names this blob: it was stored before. One that an attempt only gives back as it was told it is no news.
    pub(crate) fn is_back(&mut self, task: TaskId, blob: BlobId) {
        if self.assigned.get(&task).is_none_or(|sent| !sent.names(blob)) {
            self.gone.remove(&blob);
        }
    }

    fn lacks_weights(&self, trial: &Trial) -> bool {
        supernets::inherits(&trial.subject)
            && supernets::inherited(&self.state, &trial.subject, &self.gone).is_none()
    }

    /// What runs with the weights of its worker's cache goes on; what waits could only fail.
    fn give_up_what_lacks_weights(&mut self) {
        let leased = self.state.leases().map(|(trial, _)| trial);
        let is_lacking = self.state.waiting().chain(leased).any(|trial| self.lacks_weights(trial));
        if !is_lacking {
            return;
        }
        self.standing.give_up_scores();
        let lacking = self.state.waiting().filter(|trial| self.lacks_weights(trial));
        let lacking: Vec<(TrialId, TaskId)> = lacking.map(|trial| (trial.id, trial.next_task())).collect();
        for (trial, task) in lacking {
            self.forget_checkpoint(task, None);
            self.record(Event::TrialFailed { trial, reason: NO_WEIGHTS.into() });
        }
    }
}
