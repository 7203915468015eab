//! Scores every cell of a list first, then trains them by rank: dominance number among all, of equals the most accurate by its score.
//! Slots that can't help rest: one is on for the supernet, one for each sub-supernet, all for scoring and training.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use common::fidelity::Role;

use crate::fleet::{Director, Finished, Hour, Shares};
use crate::table::{CellId, Level, Table};
use crate::world::{Task, Work};

use super::rank::ranked;
use super::supernets::{Proxy, Supernets};

/// Cells of one scoring task: a minute or so of work.
pub const BLOCK: NonZeroUsize = NonZeroUsize::new(64).expect("not zero");

#[derive(Debug)]
pub struct OneShotOnly {
    cells: Vec<CellId>,
    level: Level,
    supernets: Supernets,
    block: NonZeroUsize,
    unscored: VecDeque<CellId>,
    scored: usize,
    /// What is left to train, in order; none until all are scored.
    ranked: Option<VecDeque<CellId>>,
}

impl OneShotOnly {
    pub fn new(cells: Vec<CellId>, proxy: Proxy, block: NonZeroUsize, work: &Work) -> Self {
        let unscored = cells.iter().copied().collect();
        let (level, supernets) = (proxy.level(), Supernets::new(proxy, work));
        Self { cells, level, supernets, block, unscored, scored: 0, ranked: None }
    }

    fn is_scored(&self) -> bool {
        self.scored == self.cells.len()
    }
}

impl Director for OneShotOnly {
    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        let share = |slots: u32| match self.supernets.breadth() {
            0 if self.is_scored() => Shares { train: slots, score: 0 },
            0 => Shares { train: 0, score: slots },
            breadth => Shares { train: 0, score: breadth.min(slots) },
        };
        hour.slots().map(share).collect()
    }

    fn next(&mut self, role: Role, table: &dyn Table) -> Option<Task> {
        match role {
            Role::Train if self.is_scored() => {
                let rank = || ranked(&self.cells, self.level, table).into();
                self.ranked.get_or_insert_with(rank).pop_front().map(Task::Full)
            }
            Role::Sample if self.supernets.are_ready() => {
                let count = self.block.get().min(self.unscored.len());
                let cells: Vec<CellId> = self.unscored.drain(..count).collect();
                (!cells.is_empty()).then_some(Task::Score(cells))
            }
            Role::Sample => self.supernets.next(),
            Role::Train | Role::Rest => None,
        }
    }

    fn on_finished(&mut self, finished: &Finished, _: &dyn Table) {
        self.supernets.on_finished(&finished.task);
        if let Task::Score(cells) = &finished.task {
            self.scored += cells.len();
        }
    }

    fn on_abandoned(&mut self, task: Task) {
        for &cell in task.cells().iter().rev() {
            self.unscored.push_front(cell);
        }
    }
}
