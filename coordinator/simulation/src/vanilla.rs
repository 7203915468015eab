//! The baseline every report carries: all slots train to the end what a searcher proposes. No supernet, no ladder, no regard for carbon,
//! unless a [`Switch`] turns the whole fleet off in some hours.

use std::fmt;

use common::fidelity::Role;

use crate::fleet::{Director, Finished, Hour, Shares};
use crate::searcher::Searcher;
use crate::table::{Level, Table};
use crate::world::Task;

/// Whether the fleet is on in an hour. Sees the present and the past, as [`Hour`] shows them.
pub trait Switch: fmt::Debug {
    fn is_on(&mut self, hour: &Hour<'_>) -> bool;
}

/// Carbon-agnostic: never off.
#[derive(Debug, Clone, Copy)]
pub struct AlwaysOn;

impl Switch for AlwaysOn {
    fn is_on(&mut self, _: &Hour<'_>) -> bool {
        true
    }
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

#[derive(Debug)]
pub struct Vanilla<S, W = AlwaysOn> {
    searcher: S,
    switch: W,
}

impl<S: Searcher> Vanilla<S> {
    pub fn new(searcher: S) -> Self {
        Self { searcher, switch: AlwaysOn }
    }
}

impl<S: Searcher, W: Switch> Vanilla<S, W> {
    pub fn switched(searcher: S, switch: W) -> Self {
        Self { searcher, switch }
    }
}

impl<S: Searcher, W: Switch> Director for Vanilla<S, W> {
    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        let on = self.switch.is_on(hour);
        hour.slots().map(|slots| Shares { train: if on { slots } else { 0 }, score: 0 }).collect()
    }

    fn next(&mut self, role: Role, table: &dyn Table) -> Option<Task> {
        if role != Role::Train {
            return None;
        }
        self.searcher.propose(table).map(Task::Full)
    }

    fn on_finished(&mut self, finished: &Finished, table: &dyn Table) {
        if let Task::Full(cell) = finished.task {
            self.searcher.on_trained(cell, Level::Full, table);
        }
    }

    fn on_abandoned(&mut self, _: Task) {}
}
