//! Reports that name blobs wait here until the coordinator holds those blobs, so that it never learns of bytes that a
//! crash of this worker could still take away. Reports of one task leave in the order they came.

use std::collections::{BTreeSet, VecDeque};

use common::blob::BlobId;
use common::id::TaskId;
use common::wire::Report;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default)]
pub struct Pending {
    reports: VecDeque<(Entry, Waiting)>,
    /// Reports that ever came here.
    entries: u64,
}

/// Names a report for as long as it has no number.
pub type Entry = u64;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub task: TaskId,
    pub report: Report,
    pub missing: BTreeSet<BlobId>,
}

impl Pending {
    /// As an earlier process left it.
    pub fn restored(reports: impl IntoIterator<Item = (Entry, Waiting)>) -> Self {
        let reports: VecDeque<_> = reports.into_iter().collect();
        let entries = reports.back().map_or(0, |(entry, _)| entry + 1);
        Self { reports, entries }
    }

    pub fn push(&mut self, task: TaskId, report: Report, missing: BTreeSet<BlobId>) {
        self.reports.push_back((self.entries, Waiting { task, report, missing }));
        self.entries += 1;
    }

    /// The coordinator holds `blob`.
    pub fn on_stored(&mut self, blob: BlobId) {
        for (_, waiting) in &mut self.reports {
            waiting.missing.remove(&blob);
        }
    }

    /// Takes out what waits for nothing any more.
    pub fn release(&mut self) -> Vec<(Entry, Report)> {
        let mut held_back = BTreeSet::new();
        let mut released = Vec::new();
        for (entry, waiting) in std::mem::take(&mut self.reports) {
            if waiting.missing.is_empty() && !held_back.contains(&waiting.task) {
                released.push((entry, waiting.report));
            } else {
                held_back.insert(waiting.task);
                self.reports.push_back((entry, waiting));
            }
        }
        released
    }

    /// Forgets checkpoints of `task` on their way: something better follows.
    pub fn drop_checkpoints(&mut self, task: TaskId) {
        self.reports.retain(|(_, w)| w.task != task || !matches!(w.report, Report::Checkpointed { .. }));
    }

    /// Forgets everything of `task`.
    pub fn drop_task(&mut self, task: TaskId) {
        self.reports.retain(|(_, w)| w.task != task);
    }

    pub fn clear(&mut self) {
        self.reports.clear();
    }

    pub fn needs(&self, blob: BlobId) -> bool {
        self.reports.iter().any(|(_, w)| w.missing.contains(&blob))
    }

    pub fn has(&self, task: TaskId) -> bool {
        self.reports.iter().any(|(_, w)| w.task == task)
    }

    pub fn tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.reports.iter().map(|(_, w)| w.task)
    }

    pub fn iter(&self) -> impl Iterator<Item = &(Entry, Waiting)> {
        self.reports.iter()
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

    fn released(pending: &mut Pending) -> Vec<Report> {
        pending.release().into_iter().map(|(_, report)| report).collect()
    }

    #[test]
    fn order_holds_within_a_task_and_nobody_waits_for_another() {
        let (a, b) = (BlobId::of(b"a"), BlobId::of(b"b"));
        let mut pending = Pending::default();
        pending.push(task(1), checkpointed(1, a), [a, b].into());
        pending.push(task(1), failed(1), [].into());
        pending.push(task(2), failed(2), [].into());
        assert_eq!(released(&mut pending), [failed(2)]);
        pending.on_stored(a);
        assert!(pending.release().is_empty() && pending.needs(b) && !pending.needs(a));
        pending.on_stored(b);
        assert_eq!(released(&mut pending), [checkpointed(1, a), failed(1)]);
        assert!(pending.is_empty());
    }

    #[test]
    fn what_is_dropped_holds_nothing_back() {
        let a = BlobId::of(b"a");
        let mut pending = Pending::default();
        pending.push(task(1), checkpointed(1, a), [a].into());
        pending.push(task(1), failed(1), [].into());
        pending.drop_checkpoints(task(1));
        assert_eq!(released(&mut pending), [failed(1)]);
        pending.push(task(1), checkpointed(1, a), [a].into());
        pending.drop_task(task(1));
        assert!(!pending.has(task(1)));
    }
}
