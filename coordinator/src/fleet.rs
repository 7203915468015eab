//! Who is there: live slots, what holds them, and whose silence has lasted too long.

use allocation::Pace;
use common::fidelity::Role;
use common::id::{SlotId, WorkerName, Zone};
use common::time::Timestamp;

use crate::core::Core;
use crate::requirements::lacks;

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
        for (worker, record) in self.state.workers.iter().filter(|(_, record)| record.is_at_hand()) {
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
                let holding = self.state.holder(&key).map(|(trial, _)| trial.subject.role());
                let pace = paces.get(info.device.as_str()).copied().unwrap_or_default();
                slots.push(LiveSlot { key, zone: record.zone.clone(), holding, may_train, may_sample, pace });
            }
        }
        slots
    }

    pub(crate) fn place(&self, (worker, slot): &SlotKey) -> Option<Place> {
        let zone = self.state.workers.get(worker)?.zone.clone();
        Some(Place { zone, device: self.state.device(worker, *slot)?.to_owned() })
    }

    /// Live workers that have been silent for longer than the limit.
    pub(crate) fn silent(&self) -> Vec<WorkerName> {
        let limit = self.options.lost_after;
        // Both by name, side by side: looking each of ten thousand up would be most of a tick's work.
        let mut heard = self.heard.iter().peekable();
        let mut silent = Vec::new();
        for (worker, _) in self.state.workers.iter().filter(|(_, record)| record.alive) {
            while heard.next_if(|(other, _)| *other < worker).is_some() {}
            let since =
                heard.next_if(|(other, _)| *other == worker).map_or(Timestamp::default(), |(_, at)| *at);
            if self.now().since(since) > limit {
                silent.push(worker.clone());
            }
        }
        silent
    }

    pub fn last_heard(&self, worker: &WorkerName) -> Option<Timestamp> {
        self.heard.get(worker).copied()
    }
}
