//! Which slots are free for work at present. Kept as it changes: a fleet may have ten thousand, and most inputs change none.

use std::collections::{BTreeMap, BTreeSet};

use common::event::Event;
use common::fidelity::Role;
use common::id::{SlotId, WorkerName};

use crate::core::Core;
use crate::fleet::SlotKey;
use crate::mutation::{Mutation, planted};

/// Follows from roles and leases; nothing of it outlives a process.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    /// What each live slot shall do until the next decision.
    roles: BTreeMap<SlotKey, Role>,
    /// At hand, with a role that works, and held by nothing.
    free: BTreeSet<SlotKey>,
    /// Whether a slot may be held by what its role does not want.
    pub(crate) turned: bool,
    /// How often the roles have changed.
    plans: u64,
}

impl Slots {
    pub(crate) fn roles(&self) -> &BTreeMap<SlotKey, Role> {
        &self.roles
    }

    pub(crate) fn plans(&self) -> u64 {
        self.plans
    }

    pub(crate) fn role(&self, key: &SlotKey) -> Role {
        self.roles.get(key).copied().unwrap_or(Role::Rest)
    }

    pub(crate) fn free(&self) -> impl Iterator<Item = (&SlotKey, Role)> {
        self.free.iter().map(|key| (key, self.role(key)))
    }
}

impl Core {
    pub(crate) fn set_roles(&mut self, roles: BTreeMap<SlotKey, Role>) {
        self.slots.roles = roles;
        self.slots.plans += 1;
        self.slots.turned = true;
        let free = self.slots.roles.keys().filter(|key| self.is_free(key)).cloned().collect();
        self.slots.free = free;
    }

    /// Law Q-2 is about these: a later hour may let a slot take up what the hour before would not.
    pub(crate) fn work_waits_for_a_slot(&self) -> bool {
        !self.slots.free.is_empty() && self.state.waiting().any(|trial| trial.is_due(self.now()))
    }

    /// A worker's slots do nothing more.
    pub(crate) fn drop_roles_of(&mut self, worker: &WorkerName) {
        for key in self.slots_of(worker) {
            self.slots.roles.remove(&key);
            self.slots.free.remove(&key);
        }
        self.slots.plans += 1;
        self.slots.turned = true;
    }

    /// An event has been applied: whose slots it may have freed or taken.
    pub(crate) fn follow(&mut self, event: &Event, ended: Option<SlotKey>) {
        match event {
            Event::TaskLeased { .. } if planted(Mutation::GivesTwice) => {}
            Event::TaskLeased { worker, slot, .. } => {
                let key = (worker.clone(), *slot);
                self.slots.turned |= self.slots.role(&key) != Role::Train;
                self.slots.free.remove(&key);
            }
            Event::WorkerJoined { worker, .. }
            | Event::WorkerLost { worker, .. }
            | Event::WorkerQuarantined { worker, .. }
            | Event::WorkerReleased { worker, .. }
            | Event::WorkerDraining { worker, .. } => {
                self.slots.turned = true;
                for key in self.slots_of(worker) {
                    self.look_at(key);
                }
            }
            _ => {}
        }
        if let Some(key) = ended {
            self.look_at(key);
        }
    }

    fn look_at(&mut self, key: SlotKey) {
        if self.is_free(&key) {
            self.slots.free.insert(key);
        } else {
            self.slots.free.remove(&key);
        }
    }

    fn is_free(&self, key: &SlotKey) -> bool {
        let at_hand = || self.state.workers.get(&key.0).is_some_and(crate::core::WorkerRecord::is_at_hand);
        let held = self.state.holder(key).is_some() && !planted(Mutation::GivesTwice);
        self.slots.role(key) != Role::Rest && !held && at_hand()
    }

    fn slots_of(&self, worker: &WorkerName) -> Vec<SlotKey> {
        let slots = (worker.clone(), SlotId(0))..=(worker.clone(), SlotId(u16::MAX));
        self.slots.roles.range(slots).map(|(key, _)| key.clone()).collect()
    }
}
