//! What each live slot shall do until the next decision, and which of those that shall work are free. A message that changes neither
//! costs nothing here, however large the fleet.

use std::collections::BTreeMap;

use common::event::Event;
use common::fidelity::Role;
use common::id::{SlotId, WorkerName};

use crate::core::{Lease, State, Trial};
use crate::fleet::SlotKey;

#[derive(Debug, Default)]
pub(crate) struct Roles {
    all: BTreeMap<SlotKey, Role>,
    /// Without a lease, and not to rest; no worker without such a slot.
    free: BTreeMap<WorkerName, BTreeMap<SlotId, Role>>,
    /// How often all was planned anew.
    plans: u64,
    /// The plan whose changes running work was last held against.
    heeded: Option<u64>,
}

impl Roles {
    pub fn all(&self) -> &BTreeMap<SlotKey, Role> {
        &self.all
    }

    /// Of a slot that nobody planned for: to rest.
    pub fn of(&self, slot: &SlotKey) -> Role {
        self.all.get(slot).copied().unwrap_or(Role::Rest)
    }

    /// Slots that could take work up, by their worker.
    pub fn free(&self) -> impl Iterator<Item = (&WorkerName, &BTreeMap<SlotId, Role>)> {
        self.free.iter()
    }

    pub fn plans(&self) -> u64 {
        self.plans
    }

    pub fn plan(&mut self, roles: BTreeMap<SlotKey, Role>, state: &State) {
        self.all = roles;
        self.plans += 1;
        self.free = BTreeMap::new();
        for (slot, &role) in self.all.iter().filter(|(slot, _)| state.holder(slot).is_none()) {
            free(&mut self.free, slot, role);
        }
    }

    pub fn forget(&mut self, worker: &WorkerName) {
        self.all.retain(|(name, _), _| name != worker);
        self.free.remove(worker);
        self.plans += 1;
    }

    /// Whether there is a plan that this was not asked of before.
    pub fn is_news(&mut self) -> bool {
        self.heeded.replace(self.plans) != Some(self.plans)
    }

    /// `event` is about to be applied to `state`.
    pub fn before(&mut self, event: &Event, state: &State) {
        let of_trial = |trial: &Trial| trial.lease().map(slot);
        let freed = match event {
            Event::TaskLeased { worker, slot, .. } => {
                if let Some(slots) = self.free.get_mut(worker) {
                    slots.remove(slot);
                    if slots.is_empty() {
                        self.free.remove(worker);
                    }
                }
                return;
            }
            Event::TaskSuspended { task, .. }
            | Event::TaskFailed { task, .. }
            | Event::TrialFinished { task, .. } => state.trial(task.trial).and_then(of_trial),
            Event::TrialFailed { trial, .. }
            | Event::TrialCancelled { trial }
            | Event::EvaluationGiven { trial, .. } => {
                state.trial(*trial).and_then(of_trial)
            }
            _ => None,
        };
        if let Some(slot) = freed {
            free(&mut self.free, &slot, self.all.get(&slot).copied().unwrap_or(Role::Rest));
        }
    }
}

fn free(free: &mut BTreeMap<WorkerName, BTreeMap<SlotId, Role>>, (worker, slot): &SlotKey, role: Role) {
    if role != Role::Rest {
        free.entry(worker.clone()).or_default().insert(*slot, role);
    }
}

fn slot(lease: &Lease) -> SlotKey {
    (lease.worker.clone(), lease.slot)
}
