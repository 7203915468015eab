//! Who decides what a fleet does, and what is known when an hour begins.

use common::fidelity::Role;

use super::{Finished, Setting};
use crate::table::Table;
use crate::world::{Spent, Task};

/// Slots at work in one zone; the rest of them rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    pub train: u32,
    pub score: u32,
}

/// What is known when an hour begins.
#[derive(Debug)]
pub struct Hour<'a> {
    /// Hours since the start.
    pub index: usize,
    pub(super) setting: &'a Setting<'a>,
    pub spent: Spent,
    pub hypervolume: f64,
}

impl Hour<'_> {
    /// Slots of each zone.
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        self.setting.zones.iter().map(|(_, slots)| *slots)
    }

    /// The present intensity of a zone and up to `hours` before it, oldest first, in gCO2eq/kWh. The future can't be asked for.
    pub fn known(&self, zone: usize, hours: usize) -> &[f64] {
        self.setting.zones[zone].0.known(self.setting.start.plus(self.index as i64), hours)
    }
}

/// Decides what the fleet does. Deterministic: the same calls in the same order get the same answers.
pub trait Director {
    /// The zone that the whole fleet works in from this hour on; none leaves each slot where it is. Roles are still told by the zones
    /// that the slots are counted in.
    fn site(&mut self, _hour: &Hour<'_>) -> Option<usize> {
        None
    }

    /// One entry a zone; counts beyond its slots are cut, scoring first.
    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares>;

    /// New work for a free slot of `role`; none lets it idle.
    fn next(&mut self, role: Role, table: &dyn Table) -> Option<Task>;

    fn on_finished(&mut self, finished: &Finished, table: &dyn Table);

    /// A scoring task lost its slot: its cells come first again.
    fn on_abandoned(&mut self, task: Task);
}

impl<D: Director + ?Sized> Director for Box<D> {
    fn site(&mut self, hour: &Hour<'_>) -> Option<usize> {
        (**self).site(hour)
    }

    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        (**self).roles(hour)
    }

    fn next(&mut self, role: Role, table: &dyn Table) -> Option<Task> {
        (**self).next(role, table)
    }

    fn on_finished(&mut self, finished: &Finished, table: &dyn Table) {
        (**self).on_finished(finished, table);
    }

    fn on_abandoned(&mut self, task: Task) {
        (**self).on_abandoned(task);
    }
}
