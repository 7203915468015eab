//! How long the slots of each zone worked, and how many there were: what "had it been run at once" is reckoned from.

use std::collections::BTreeMap;

use common::id::Zone;
use common::unit::Seconds;

use crate::core::State;

#[derive(Debug, Default)]
pub struct Work(BTreeMap<Zone, WorkOfZone>);

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WorkOfZone {
    /// Of slots at a task, added up.
    pub busy: Seconds,
    /// Most that were alive at once.
    pub slots: u32,
}

impl Work {
    pub fn zones(&self) -> impl Iterator<Item = (&Zone, WorkOfZone)> {
        self.0.iter().map(|(zone, work)| (zone, *work))
    }

    pub fn done(&mut self, zone: &Zone, seconds: f64) {
        self.of(zone).busy += Seconds(seconds.max(0.0));
    }

    pub fn fleet_changed(&mut self, zone: &Zone, state: &State) {
        let alive = state.workers.values().filter(|record| record.alive && record.zone == *zone);
        let slots = alive.map(|record| u32::try_from(record.slots.len()).unwrap_or(u32::MAX)).sum();
        let work = self.of(zone);
        work.slots = work.slots.max(slots);
    }

    fn of(&mut self, zone: &Zone) -> &mut WorkOfZone {
        self.0.entry(zone.clone()).or_default()
    }
}
