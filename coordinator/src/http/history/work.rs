//! How long the slots of each zone worked, and how many there were: what "had it been run at once" is reckoned from.

use std::collections::BTreeMap;

use common::id::{WorkerName, Zone};
use common::unit::Seconds;

#[derive(Debug, Default)]
pub struct Work {
    zones: BTreeMap<Zone, WorkOfZone>,
    /// Live workers, and how many slots of which zone they have.
    alive: BTreeMap<WorkerName, (Zone, u32)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WorkOfZone {
    /// Of slots at a task, added up.
    pub busy: Seconds,
    /// Most that were alive at once.
    pub slots: u32,
    alive: u32,
}

impl Work {
    pub fn zones(&self) -> impl Iterator<Item = (&Zone, WorkOfZone)> {
        self.zones.iter().map(|(zone, work)| (zone, *work))
    }

    pub fn done(&mut self, zone: &Zone, seconds: f64) {
        self.of(zone).busy += Seconds(seconds.max(0.0));
    }

    pub fn joined(&mut self, worker: &WorkerName, zone: &Zone, slots: usize) {
        self.left(worker);
        let slots = u32::try_from(slots).unwrap_or(u32::MAX);
        self.alive.insert(worker.clone(), (zone.clone(), slots));
        let work = self.of(zone);
        work.alive = work.alive.saturating_add(slots);
        work.slots = work.slots.max(work.alive);
    }

    pub fn left(&mut self, worker: &WorkerName) {
        if let Some((zone, slots)) = self.alive.remove(worker) {
            let work = self.of(&zone);
            work.alive = work.alive.saturating_sub(slots);
        }
    }

    fn of(&mut self, zone: &Zone) -> &mut WorkOfZone {
        self.zones.entry(zone.clone()).or_default()
    }
}
