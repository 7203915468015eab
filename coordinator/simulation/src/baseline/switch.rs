//! Turning the whole fleet off in some hours: by a plan, or by what the grid is like.

use std::fmt;

use common::fidelity::Role;

use crate::fleet::{Director, Finished, Hour, Shares};
use crate::table::Table;
use crate::world::Task;

/// Whether the fleet is on in an hour. Sees the present and the past, as [`Hour`] shows them.
pub trait Switch: fmt::Debug {
    fn is_on(&mut self, hour: &Hour<'_>) -> bool;
}

/// On in the hours that a plan names, off beyond its end.
#[derive(Debug, Clone)]
pub struct Planned(pub Vec<bool>);

impl Switch for Planned {
    fn is_on(&mut self, hour: &Hour<'_>) -> bool {
        self.0.get(hour.index).copied().unwrap_or(false)
    }
}

/// Suspend and resume: on while the first zone's intensity is at most a percentile of the hours before.
#[derive(Debug, Clone, Copy)]
pub struct Percentile {
    /// In [0, 100], interpolated linearly.
    pub percentile: f64,
    /// Hours looked back on, the present one not among them.
    pub hours: usize,
}

impl Switch for Percentile {
    fn is_on(&mut self, hour: &Hour<'_>) -> bool {
        let Some((present, past)) = hour.known(0, self.hours).split_last() else { return true };
        let mut sorted = past.to_vec();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return true };
        let place = self.percentile.clamp(0.0, 100.0) / 100.0 * last as f64;
        let (below, share) = (place.floor() as usize, place.fract());
        let threshold = sorted[below] + share * (sorted[(below + 1).min(last)] - sorted[below]);
        *present <= threshold
    }
}

/// Any director, in the hours in which the fleet is on. What it thinks of the others is not asked.
#[derive(Debug)]
pub struct Switched<D, W> {
    inner: D,
    switch: W,
}

impl<D: Director, W: Switch> Switched<D, W> {
    pub fn new(inner: D, switch: W) -> Self {
        Self { inner, switch }
    }
}

impl<D: Director, W: Switch> Director for Switched<D, W> {
    fn site(&mut self, hour: &Hour<'_>) -> Option<usize> {
        self.inner.site(hour)
    }

    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        if self.switch.is_on(hour) { self.inner.roles(hour) } else { Vec::new() }
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
