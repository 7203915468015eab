//! Who holds what and what waits, found without a walk over all trials: a study may have had hundreds of thousands. It follows from
//! the trials, and is kept with them in the fold.

use std::collections::{BTreeMap, BTreeSet};

use common::fidelity::Role;
use common::id::{SlotId, TrialId, WorkerName};

use super::state::{State, Trial, TrialState};
use crate::fleet::SlotKey;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Index {
    leased: BTreeSet<TrialId>,
    by_slot: BTreeMap<SlotKey, TrialId>,
    waiting: BTreeSet<TrialId>,
    /// Trainings with a result.
    trained: usize,
}

impl Index {
    pub(super) fn of<'a>(trials: impl IntoIterator<Item = &'a Trial>) -> Self {
        let mut index = Self::default();
        for trial in trials {
            index.enters(trial.id, &trial.state);
            index.trained += usize::from(trial.evaluation.is_some() && trial.subject.role() == Role::Train);
        }
        index
    }

    /// A trial is in another state now.
    pub(super) fn turns(&mut self, id: TrialId, from: &TrialState, to: &TrialState) {
        match from {
            TrialState::Waiting => drop(self.waiting.remove(&id)),
            TrialState::Leased(lease) => {
                self.leased.remove(&id);
                let key = (lease.worker.clone(), lease.slot);
                // Law Q-3 says that nobody else holds it; it would be told by `laws`, not by this.
                if self.by_slot.get(&key) == Some(&id) {
                    self.by_slot.remove(&key);
                }
            }
            TrialState::Finished | TrialState::Failed { .. } => {}
        }
        self.enters(id, to);
    }

    pub(super) fn enters(&mut self, id: TrialId, state: &TrialState) {
        match state {
            TrialState::Waiting => drop(self.waiting.insert(id)),
            TrialState::Leased(lease) => {
                self.leased.insert(id);
                self.by_slot.insert((lease.worker.clone(), lease.slot), id);
            }
            TrialState::Finished | TrialState::Failed { .. } => {}
        }
    }

    pub(super) fn has_trained(&mut self) {
        self.trained += 1;
    }
}

impl State {
    /// In the order of the trials.
    pub fn leases(&self) -> impl Iterator<Item = (&Trial, &super::Lease)> {
        let trials = self.index.leased.iter().filter_map(|id| self.trials.get(id));
        trials.filter_map(|trial| trial.lease().map(|lease| (trial, lease)))
    }

    /// What holds a slot.
    pub fn holder(&self, key: &SlotKey) -> Option<(&Trial, &super::Lease)> {
        let trial = self.trials.get(self.index.by_slot.get(key)?)?;
        trial.lease().map(|lease| (trial, lease))
    }

    /// What the slots of a worker are held by, in the order of the slots.
    pub fn leases_of(&self, worker: &WorkerName) -> impl Iterator<Item = (&Trial, &super::Lease)> {
        let slots = (worker.clone(), SlotId(0))..=(worker.clone(), SlotId(u16::MAX));
        let trials = self.index.by_slot.range(slots).filter_map(|(_, id)| self.trials.get(id));
        trials.filter_map(|trial| trial.lease().map(|lease| (trial, lease)))
    }

    /// In the order of the trials.
    pub fn waiting(&self) -> impl Iterator<Item = &Trial> {
        self.index.waiting.iter().filter_map(|id| self.trials.get(id))
    }

    /// Whether anything is neither finished nor given up.
    pub fn has_open(&self) -> bool {
        !self.index.waiting.is_empty() || !self.index.leased.is_empty()
    }

    /// How many trainings have a result, given ones included.
    pub fn trained(&self) -> usize {
        self.index.trained
    }
}
