//! Which slots are free for work at present. Kept as it changes: a fleet may have ten thousand, and most inputs change none.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use common::allocation::Allocation;
use common::config::Requirements;
use common::event::Event;
use common::fidelity::Role;
use common::id::{SlotId, WorkerName};

use crate::core::{Core, State};
use crate::fleet::{Place, SlotKey, SlotRef, owned, slot_ref};
use crate::mutation::{Mutation, planted};
use crate::plan;
use crate::rising::rising;
use crate::roster::Roster;

/// Follows from roles and leases; nothing of it outlives a process.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    /// What each live slot shall do until the next decision.
    roles: BTreeMap<SlotKey, Role>,
    free: Free,
    roster: Roster,
    /// Those that may be held by what their role does not want.
    turned: BTreeSet<SlotKey>,
    /// How often roles were dealt out or taken away.
    plans: u64,
    /// Whether there was any plan.
    has_planned: bool,
}

impl Slots {
    /// Nobody has been told anything yet.
    pub(crate) fn of(state: &State, needed: &Requirements) -> Self {
        Self { roster: Roster::of(state, needed), ..Self::default() }
    }

    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    pub(crate) fn roles(&self) -> &BTreeMap<SlotKey, Role> {
        &self.roles
    }

    pub(crate) fn plans(&self) -> u64 {
        self.plans
    }

    pub(crate) fn role(&self, key: &SlotKey) -> Role {
        self.roles.get(key).copied().unwrap_or(Role::Rest)
    }

    pub(crate) fn free(&self) -> &Free {
        &self.free
    }

    pub(crate) fn take_turned(&mut self) -> BTreeSet<SlotKey> {
        mem::take(&mut self.turned)
    }
}

/// What of a slot decides what it takes up: the same work fits all of a kind.
pub(crate) type SlotKind = (Role, Place);

/// Slots at hand, with a role that works, and held by nothing. Thousands of one kind may have nothing to do for hours: who looks for
/// work to give looks at kinds, not at slots.
#[derive(Debug, Default)]
pub(crate) struct Free {
    kinds: BTreeMap<SlotKind, BTreeSet<SlotKey>>,
    kind_of: BTreeMap<SlotKey, SlotKind>,
}

impl Free {
    pub(crate) fn is_empty(&self) -> bool {
        self.kind_of.is_empty()
    }

    pub(crate) fn contains(&self, key: &SlotKey) -> bool {
        self.kind_of.contains_key(key)
    }

    /// The first in the order of keys whose kind is not among those that look in vain.
    pub(crate) fn first(&self, in_vain: &BTreeSet<SlotKind>) -> Option<(&SlotKey, &SlotKind)> {
        let hopeful = self.kinds.iter().filter(|(kind, _)| !in_vain.contains(*kind));
        hopeful.filter_map(|(kind, keys)| Some((keys.first()?, kind))).min()
    }

    fn insert(&mut self, key: SlotKey, kind: SlotKind) {
        self.remove(&key);
        self.kinds.entry(kind.clone()).or_default().insert(key.clone());
        self.kind_of.insert(key, kind);
    }

    fn remove(&mut self, key: &SlotKey) {
        let Some(kind) = self.kind_of.remove(key) else { return };
        if let Some(keys) = self.kinds.get_mut(&kind) {
            keys.remove(key);
            if keys.is_empty() {
                self.kinds.remove(&kind);
            }
        }
    }
}

impl Core {
    /// Deals the roles of an allocation out.
    pub(crate) fn allot(&mut self, allocation: &Allocation) {
        let slots = self.live_slots();
        let roles = plan::roles(allocation, &slots, self.slots.roles());
        let changed = changed(&self.slots.roles, slots.iter().map(|slot| slot.key).zip(roles));
        self.change_roles(changed);
    }

    /// Those that change; none for a slot that is no more.
    pub(crate) fn change_roles(&mut self, changed: Vec<(SlotKey, Option<Role>)>) {
        self.slots.plans += 1;
        for (key, role) in &changed {
            match role {
                Some(role) => drop(self.slots.roles.insert(key.clone(), *role)),
                None => drop(self.slots.roles.remove(key)),
            }
        }
        let turned =
            changed.iter().filter(|(_, role)| *role != Some(Role::Train)).map(|(key, _)| key.clone());
        self.slots.turned.extend(turned);
        if !mem::replace(&mut self.slots.has_planned, true) {
            // A lease may be older than this process, and its slot in no plan: not even in the first, where nobody else is at hand.
            let mut told = rising(&self.slots.roles, slot_ref);
            let held = self.state.roles_held().map(|(key, _)| key);
            self.slots.turned.extend(held.filter(|key| told(slot_ref(key)) != Some(&Role::Train)).cloned());
        }
        changed.into_iter().for_each(|(key, _)| self.look_at(key));
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
            self.slots.turned.insert(key);
        }
        self.slots.plans += 1;
    }

    /// An event has been applied: whose slots it may have freed or taken.
    pub(crate) fn follow(&mut self, event: &Event, ended: Option<SlotKey>) {
        match event {
            Event::TaskLeased { .. } if planted(Mutation::GivesTwice) => {}
            Event::TaskLeased { worker, slot, .. } => {
                let key = (worker.clone(), *slot);
                self.slots.free.remove(&key);
                if self.slots.role(&key) != Role::Train {
                    self.slots.turned.insert(key);
                }
            }
            Event::WorkerJoined { worker, .. }
            | Event::WorkerLost { worker, .. }
            | Event::WorkerQuarantined { worker, .. }
            | Event::WorkerReleased { worker, .. }
            | Event::WorkerDraining { worker, .. } => {
                if let Some(record) = self.state.workers.get(worker) {
                    self.slots.roster.on_changed(worker, record, &self.options.requirements);
                }
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
        match self.is_free(&key).then(|| self.place(slot_ref(&key))).flatten() {
            Some(place) => {
                let kind = (self.slots.role(&key), place);
                self.slots.free.insert(key, kind);
            }
            None => self.slots.free.remove(&key),
        }
    }

    /// If it is at hand.
    fn is_free(&self, key: &SlotKey) -> bool {
        let held = || self.state.holder(key).is_some() && !planted(Mutation::GivesTwice);
        self.slots.role(key) != Role::Rest && !held()
    }

    fn slots_of(&self, worker: &WorkerName) -> Vec<SlotKey> {
        let slots = (worker.clone(), SlotId(0))..=(worker.clone(), SlotId(u16::MAX));
        self.slots.roles.range(slots).map(|(key, _)| key.clone()).collect()
    }
}

/// Slots that were told something else before, or nothing; and those that are told nothing any more.
fn changed<'k>(
    before: &BTreeMap<SlotKey, Role>,
    now: impl Iterator<Item = (SlotRef<'k>, Role)>,
) -> Vec<(SlotKey, Option<Role>)> {
    let mut before = before.iter().peekable();
    let mut changed = Vec::new();
    let gone = |key: &SlotKey| (key.clone(), None);
    for (key, role) in now {
        while let Some((other, _)) = before.next_if(|(other, _)| slot_ref(other) < key) {
            changed.push(gone(other));
        }
        if before.next_if(|(other, _)| slot_ref(other) == key).is_none_or(|(_, told)| *told != role) {
            changed.push((owned(key), Some(role)));
        }
    }
    changed.extend(before.map(|(other, _)| gone(other)));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_and_nothing_else() {
        let key = |name: &str| (WorkerName::new(name), SlotId(0));
        let roles = |told: &[(&str, Role)]| -> BTreeMap<SlotKey, Role> {
            told.iter().map(|(name, role)| (key(name), *role)).collect()
        };
        let (train, rest) = (Role::Train, Role::Rest);
        let check = |before: &[(&str, Role)], now: &[(&str, Role)], expected: &[(&str, Option<Role>)]| {
            let now = roles(now);
            let found = changed(&roles(before), now.iter().map(|(key, role)| (slot_ref(key), *role)));
            let expected: Vec<_> = expected.iter().map(|(name, role)| (key(name), *role)).collect();
            assert_eq!(found, expected);
        };
        let all = [("b", train), ("d", rest), ("f", train)];
        check(&all, &all, &[]);
        check(&[], &all[..1], &[("b", Some(train))]);
        check(&all, &[], &[("b", None), ("d", None), ("f", None)]);
        let now = [("a", rest), ("d", train), ("f", train), ("g", train)];
        let expected = [("a", Some(rest)), ("b", None), ("d", Some(train)), ("g", Some(train))];
        check(&all, &now, &expected);
    }
}
