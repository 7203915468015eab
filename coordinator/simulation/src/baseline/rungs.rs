//! Short trainings first: of every so many that finish, one cell goes on to a full training, from scratch. Promoted is the least
//! dominance number among what finished short and was not promoted; of equals, what finished first.

use std::num::NonZeroUsize;

use common::fidelity::Role;

use crate::fleet::{Director, Finished, Hour, Shares};
use crate::searcher::Searcher;
use crate::table::{CellId, Level, Table};
use crate::world::Task;

use super::rank::take_best;

/// Short trainings for each promotion.
pub const PER_PROMOTION: NonZeroUsize = NonZeroUsize::new(8).expect("not zero");

#[derive(Debug)]
pub struct Rungs<S> {
    searcher: S,
    per_promotion: NonZeroUsize,
    /// Finished short and not promoted, in the order in which they finished.
    open: Vec<CellId>,
    finished: usize,
    promoted: usize,
}

impl<S: Searcher> Rungs<S> {
    pub fn new(searcher: S, per_promotion: NonZeroUsize) -> Self {
        Self { searcher, per_promotion, open: Vec::new(), finished: 0, promoted: 0 }
    }
}

impl<S: Searcher> Director for Rungs<S> {
    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        hour.slots().map(|train| Shares { train, score: 0 }).collect()
    }

    fn next(&mut self, role: Role, table: &dyn Table) -> Option<Task> {
        if role != Role::Train {
            return None;
        }
        if self.promoted < self.finished / self.per_promotion {
            self.promoted += 1;
            return take_best(&mut self.open, Level::Short, table).map(Task::Full);
        }
        self.searcher.propose(table).map(Task::Short)
    }

    fn on_finished(&mut self, finished: &Finished, table: &dyn Table) {
        match finished.task {
            Task::Short(cell) => {
                self.open.push(cell);
                self.finished += 1;
                self.searcher.on_trained(cell, Level::Short, table);
            }
            Task::Full(cell) => self.searcher.on_trained(cell, Level::Full, table),
            Task::Supernet | Task::SubSupernet(_) | Task::Score(_) => {}
        }
    }

    fn on_abandoned(&mut self, _: Task) {}
}
