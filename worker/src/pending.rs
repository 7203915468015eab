//! Reports that name blobs wait here until the coordinator holds those blobs, so that it never learns of bytes that a
//! crash of this worker could still take away. Reports of one task leave in the order they came.

use std::collections::{BTreeSet, VecDeque};

use common::blob::BlobId;
use common::id::TaskId;
use common::wire::Report;

#[derive(Debug, Default)]
pub struct Pending {
    reports: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    task: TaskId,
    report: Report,
    missing: BTreeSet<BlobId>,
}

impl Pending {
    pub fn push(&mut self, task: TaskId, report: Report, missing: BTreeSet<BlobId>) {
        self.reports.push_back(Waiting { task, report, missing });
    }

    /// The coordinator holds `blob`.
    pub fn on_stored(&mut self, blob: BlobId) {
        for waiting in &mut self.reports {
            waiting.missing.remove(&blob);
        }
    }

    /// Takes out what waits for nothing any more.
    pub fn release(&mut self) -> Vec<Report> {
        let mut held_back = BTreeSet::new();
        let mut released = Vec::new();
        for waiting in std::mem::take(&mut self.reports) {
            if waiting.missing.is_empty() && !held_back.contains(&waiting.task) {
                released.push(waiting.report);
            } else {
                held_back.insert(waiting.task);
                self.reports.push_back(waiting);
            }
        }
        released
    }

    /// Forgets checkpoints of `task` on their way: something better follows.
    pub fn drop_checkpoints(&mut self, task: TaskId) {
        self.reports.retain(|w| w.task != task || !matches!(w.report, Report::Checkpointed { .. }));
    }

    /// Forgets everything of `task`.
    pub fn drop_task(&mut self, task: TaskId) {
        self.reports.retain(|w| w.task != task);
    }

    pub fn needs(&self, blob: BlobId) -> bool {
        self.reports.iter().any(|w| w.missing.contains(&blob))
    }

    pub fn has(&self, task: TaskId) -> bool {
        self.reports.iter().any(|w| w.task == task)
    }

    pub fn tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.reports.iter().map(|w| w.task)
    }

    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    pub fn len(&self) -> usize {
        self.reports.len()
    }
}

#[cfg(test)]
mod tests {
    use common::id::{Attempt, TrialId};
    use common::trial::{Checkpoint, Failure};

    use super::*;

    fn task(trial: u64) -> TaskId {
        TaskId { trial: TrialId(trial), attempt: Attempt(0) }
    }

    fn checkpointed(trial: u64, blob: BlobId) -> Report {
        Report::Checkpointed { task: task(trial), checkpoint: Checkpoint { blob, progress: 0.5 } }
    }

    fn failed(trial: u64) -> Report {
        Report::Failed { task: task(trial), failure: Failure::Diverged }
    }

    #[test]
    fn order_holds_within_a_task_and_nobody_waits_for_another() {
        let (a, b) = (BlobId::of(b"a"), BlobId::of(b"b"));
        let mut pending = Pending::default();
        pending.push(task(1), checkpointed(1, a), [a, b].into());
        pending.push(task(1), failed(1), [].into());
        pending.push(task(2), failed(2), [].into());
        assert_eq!(pending.release(), [failed(2)]);
        pending.on_stored(a);
        assert!(pending.release().is_empty() && pending.needs(b) && !pending.needs(a));
        pending.on_stored(b);
        assert_eq!(pending.release(), [checkpointed(1, a), failed(1)]);
        assert!(pending.is_empty());
    }

    #[test]
    fn what_is_dropped_holds_nothing_back() {
        let a = BlobId::of(b"a");
        let mut pending = Pending::default();
        pending.push(task(1), checkpointed(1, a), [a].into());
        pending.push(task(1), failed(1), [].into());
        pending.drop_checkpoints(task(1));
        assert_eq!(pending.release(), [failed(1)]);
        pending.push(task(1), checkpointed(1, a), [a].into());
        pending.drop_task(task(1));
        assert!(!pending.has(task(1)));
    }
}
