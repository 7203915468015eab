//! Who is there: live slots, what holds them, and whose silence has lasted too long.

use allocation::Pace;
use common::fidelity::Role;
use common::id::{SlotId, WorkerName, Zone};

use crate::core::Core;
use crate::rising::rising;

pub type SlotKey = (WorkerName, SlotId);

/// The same of somebody else's name.
pub type SlotRef<'a> = (&'a WorkerName, SlotId);

/// A key as a reference.
pub(crate) fn slot_ref((worker, slot): &SlotKey) -> SlotRef<'_> {
    (worker, *slot)
}

pub(crate) fn owned((worker, slot): SlotRef<'_>) -> SlotKey {
    (worker.clone(), slot)
}

/// A slot of a live worker, as the plan sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSlot<'a> {
    pub key: SlotRef<'a>,
    pub zone: &'a Zone,
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

/// Workers that time may change something for.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Live, and not heard for longer than the limit.
    pub silent: Vec<WorkerName>,
    /// Live, and wanted gone by somebody.
    pub draining: Vec<WorkerName>,
    /// In quarantine, live or not.
    pub aside: Vec<WorkerName>,
}

impl LiveSlot<'_> {
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
    pub(crate) fn live_slots(&self) -> Vec<LiveSlot<'_>> {
        let paces = self.state.paces.all();
        let pace = |device: &String| paces.get(device.as_str()).copied().unwrap_or_default();
        let paces: Vec<Pace> = self.slots.roster().devices().iter().map(pace).collect();
        // What is on a list is handed to any slot, whatever it is.
        let takes_all = self.options.agenda.is_some();
        let mut held = self.state.roles_held().peekable();
        let mut slots = Vec::with_capacity(self.slots.roster().seats().len());
        for (key, seat) in self.slots.roster().seats() {
            while held.next_if(|(other, _)| *other < key).is_some() {}
            let (may_train, may_sample) = (seat.may_train, seat.may_sample);
            let is_of_use = if takes_all { may_train && may_sample } else { may_train || may_sample };
            if is_of_use {
                let holding = held.next_if(|(other, _)| *other == key).map(|(_, role)| role);
                let (key, pace) = (slot_ref(key), paces[seat.device]);
                slots.push(LiveSlot { key, zone: &seat.zone, holding, may_train, may_sample, pace });
            }
        }
        slots
    }

    /// Of a slot at hand.
    pub(crate) fn place(&self, key: SlotRef<'_>) -> Option<Place> {
        let roster = self.slots.roster();
        let seat = roster.seats().get(&owned(key))?;
        Some(Place { zone: seat.zone.clone(), device: roster.devices()[seat.device].clone() })
    }

    /// Everybody is looked at once: a fleet may have ten thousand.
    pub(crate) fn look_around(&self) -> Round {
        let mut round = Round::default();
        let mut heard = rising(&self.heard, |worker| worker);
        for (worker, record) in &self.state.workers {
            if record.alive {
                let silence = self.now().since(heard(worker).copied().unwrap_or_default());
                if silence > self.options.lost_after {
                    round.silent.push(worker.clone());
                }
                if record.draining {
                    round.draining.push(worker.clone());
                }
            }
            if record.health.quarantine.is_some() {
                round.aside.push(worker.clone());
            }
        }
        round
    }
}
