//! Who is there: live slots, what holds them, and whose silence has lasted too long.

use allocation::Pace;
use common::fidelity::Role;
use common::id::{SlotId, WorkerName, Zone};

use crate::core::Core;
use crate::requirements::lacks;
use crate::rising::rising;

pub type SlotKey = (WorkerName, SlotId);

/// A slot of a live worker, as the plan sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSlot {
    pub key: SlotKey,
    pub zone: Zone,
    /// The role of the task that holds it.
    pub holding: Option<Role>,
    /// It has what trainings need, and what scores need.
    pub may_train: bool,
    pub may_sample: bool,
    /// Of its device.
    pub pace: Pace,
}

/// What of a slot decides which work fits it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub zone: Zone,
    pub device: String,
}

impl LiveSlot {
    /// Whether it has what work of this role needs.
    pub fn may(&self, role: Role) -> bool {
        match role {
            Role::Train => self.may_train,
            Role::Sample => self.may_sample,
            Role::Rest => true,
        }
    }
}

impl Core {
    /// Slots that may be given something to do and have what some work needs, in the order of worker and slot.
    pub(crate) fn live_slots(&self) -> Vec<LiveSlot> {
        let mut slots = Vec::new();
        let paces = self.state.paces.all();
        // Both by worker, side by side, as in `rising`.
        let mut held = self.state.roles_held().peekable();
        for (worker, record) in self.state.workers.iter().filter(|(_, record)| record.is_at_hand()) {
            while held.next_if(|((other, _), _)| other < worker).is_some() {}
            let at_work: Vec<(SlotId, Role)> =
                std::iter::from_fn(|| held.next_if(|((other, _), _)| other == worker))
                    .map(|((_, slot), role)| (*slot, role))
                    .collect();
            for info in &record.slots {
                let may = |role| lacks(&self.options.requirements, role, info).is_none();
                let (may_train, may_sample) = (may(Role::Train), may(Role::Sample));
                // What is on a list is handed to any slot, whatever it is.
                let is_of_use = if self.options.agenda.is_some() {
                    may_train && may_sample
                } else {
                    may_train || may_sample
                };
                if !is_of_use {
                    continue;
                }
                let key = (worker.clone(), info.slot);
                let holding = at_work.iter().find(|(slot, _)| *slot == info.slot).map(|(_, role)| *role);
                let pace = paces.get(info.device.as_str()).copied().unwrap_or_default();
                slots.push(LiveSlot { key, zone: record.zone.clone(), holding, may_train, may_sample, pace });
            }
        }
        // A worker names its slots in any order; nearly all name them in theirs.
        slots.sort_by(|a, b| a.key.cmp(&b.key));
        slots
    }

    pub(crate) fn place(&self, (worker, slot): &SlotKey) -> Option<Place> {
        let zone = self.state.workers.get(worker)?.zone.clone();
        Some(Place { zone, device: self.state.device(worker, *slot)?.to_owned() })
    }

    /// Live workers that have been silent for longer than the limit.
    pub(crate) fn silent(&self) -> Vec<WorkerName> {
        let limit = self.options.lost_after;
        let mut heard = rising(&self.heard);
        let alive = self.state.workers.iter().filter(|(_, record)| record.alive).map(|(worker, _)| worker);
        let is_silent =
            |worker: &&WorkerName| self.now().since(heard(worker).copied().unwrap_or_default()) > limit;
        alive.filter(is_silent).cloned().collect()
    }
}
