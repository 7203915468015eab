//! The slots of all workers at hand, and what of them a plan asks for. Kept as workers come and go: what is decided about ten thousand
//! slots reads one list in its order, and not ten thousand records.

use std::collections::{BTreeMap, BTreeSet};

use common::config::Requirements;
use common::fidelity::Role;
use common::id::{SlotId, WorkerName, Zone};
use common::wire::SlotInfo;

use crate::core::{State, WorkerRecord};
use crate::fleet::SlotKey;
use crate::requirements::lacks;

/// Follows from the workers' records; nothing of it outlives a process.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    seats: BTreeMap<SlotKey, Seat>,
    /// Zones and devices are few: each is kept once, however many slots have it.
    zones: BTreeSet<Zone>,
    devices: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seat {
    pub zone: Zone,
    /// It has what trainings need, and what scores need.
    pub may_train: bool,
    pub may_sample: bool,
    /// Its place in [`Roster::devices`].
    pub device: usize,
}

impl Roster {
    pub fn of(state: &State, needed: &Requirements) -> Self {
        let mut roster = Self::default();
        for (name, record) in &state.workers {
            roster.on_changed(name, record, needed);
        }
        roster
    }

    /// In the order of worker and slot.
    pub fn seats(&self) -> &BTreeMap<SlotKey, Seat> {
        &self.seats
    }

    /// In words.
    pub fn devices(&self) -> &[String] {
        &self.devices
    }

    /// A worker came, went, or may be given work again or no more.
    pub fn on_changed(&mut self, name: &WorkerName, record: &WorkerRecord, needed: &Requirements) {
        let all = (name.clone(), SlotId(0))..=(name.clone(), SlotId(u16::MAX));
        let had: Vec<SlotKey> = self.seats.range(all).map(|(key, _)| key.clone()).collect();
        had.iter().for_each(|key| drop(self.seats.remove(key)));
        if record.is_at_hand() {
            for info in &record.slots {
                let seat = self.seat(&record.zone, info, needed);
                self.seats.insert((name.clone(), info.slot), seat);
            }
        }
    }

    fn seat(&mut self, zone: &Zone, info: &SlotInfo, needed: &Requirements) -> Seat {
        let may = |role| lacks(needed, role, info).is_none();
        Seat {
            zone: self.zone(zone),
            may_train: may(Role::Train),
            may_sample: may(Role::Sample),
            device: self.device(&info.device),
        }
    }

    /// The same, in one place for all: who compares them need not read them.
    fn zone(&mut self, zone: &Zone) -> Zone {
        if let Some(known) = self.zones.get(zone) {
            return known.clone();
        }
        self.zones.insert(zone.clone());
        zone.clone()
    }

    fn device(&mut self, device: &str) -> usize {
        let known = self.devices.iter().position(|known| known == device);
        known.unwrap_or_else(|| {
            self.devices.push(device.to_owned());
            self.devices.len() - 1
        })
    }

    /// As it would be found anew; the order in which devices came is nobody's business.
    pub fn tells(&self) -> Vec<(&SlotKey, &Zone, bool, bool, &str)> {
        let device = |seat: &Seat| self.devices[seat.device].as_str();
        let seats = self.seats.iter();
        seats.map(|(key, seat)| (key, &seat.zone, seat.may_train, seat.may_sample, device(seat))).collect()
    }
}
