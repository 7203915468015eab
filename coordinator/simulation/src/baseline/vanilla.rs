//! The baseline every report carries: all slots train to the end what a searcher proposes. No supernet, no ladder, no regard for carbon.

use common::fidelity::Role;

use crate::fleet::{Director, Finished, Hour, Shares};
use crate::searcher::Searcher;
use crate::table::{Level, Table};
use crate::world::Task;

use super::switch::{Switch, Switched};

#[derive(Debug)]
pub struct Vanilla<S> {
    searcher: S,
}

impl<S: Searcher> Vanilla<S> {
    pub fn new(searcher: S) -> Self {
        Self { searcher }
    }

    /// On only when `switch` says so.
    pub fn switched<W: Switch>(searcher: S, switch: W) -> Switched<Self, W> {
        Switched::new(Self::new(searcher), switch)
    }
}

impl<S: Searcher> Director for Vanilla<S> {
    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        hour.slots().map(|train| Shares { train, score: 0 }).collect()
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
