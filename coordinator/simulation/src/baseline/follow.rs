//! One fleet for several zones: it works where the grid is cleaner, or where a plan says. Its slots are counted in the first zone, the
//! others have none.

use common::fidelity::Role;

use crate::fleet::{Director, Finished, Hour, Shares};
use crate::table::Table;
use crate::world::Task;

/// Where the fleet works in an hour.
#[derive(Debug, Clone)]
pub enum Place {
    /// The lowest present intensity; of equals, the first zone named.
    Cleanest,
    /// A zone for each hour; beyond its end the fleet stays.
    Planned(Vec<usize>),
}

/// Any director, moved about.
#[derive(Debug)]
pub struct Follow<D> {
    inner: D,
    place: Place,
    /// Where it worked, by hour.
    visited: Vec<usize>,
}

impl<D: Director> Follow<D> {
    pub fn new(inner: D, place: Place) -> Self {
        Self { inner, place, visited: Vec::new() }
    }

    /// Zones by the hour, in the order of the setting.
    pub fn visited(&self) -> &[usize] {
        &self.visited
    }
}

fn cleanest(hour: &Hour<'_>) -> usize {
    let zones = hour.slots().count();
    let present = |zone: usize| hour.known(zone, 0).last().copied().unwrap_or(f64::INFINITY);
    (0..zones).min_by(|&a, &b| present(a).total_cmp(&present(b))).unwrap_or(0)
}

impl<D: Director> Director for Follow<D> {
    fn site(&mut self, hour: &Hour<'_>) -> Option<usize> {
        let zone = match &self.place {
            Place::Cleanest => cleanest(hour),
            Place::Planned(zones) => *zones.get(hour.index)?,
        };
        self.visited.push(zone);
        Some(zone)
    }

    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        self.inner.roles(hour)
    }

    fn next(&mut self, role: Role, table: &dyn Table) -> Option<Task> {
        self.inner.next(role, table)
    }

    fn on_finished(&mut self, finished: &Finished, table: &dyn Table) {
        self.inner.on_finished(finished, table);
    }

    fn on_abandoned(&mut self, task: Task) {
        self.inner.on_abandoned(task);
    }
}
