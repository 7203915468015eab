//! Some slots train while the others score: supernets first, then candidates one by one for a short queue. The queue is trained by
//! least dominance number among what waits in it; of equals, what was scored first. Whoever finds it empty trains the next candidate
//! unseen, as everybody does until the supernets are ready.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use common::fidelity::Role;

use crate::fleet::{Director, Finished, Hour, Shares};
use crate::searcher::Searcher;
use crate::table::{CellId, Level, Table};
use crate::world::{Task, Work};

use super::rank::take_best;
use super::sharing::Sharing;
use super::supernets::{Proxy, Supernets};

/// Scored candidates that wait or are being scored: a searcher's choice grows old in a long queue.
pub const QUEUE: usize = 10;

#[derive(Debug)]
pub struct Split<S> {
    searcher: S,
    sharing: Box<dyn Sharing>,
    level: Level,
    supernets: Supernets,
    queue_limit: usize,
    /// Cells of one scoring task.
    block: NonZeroUsize,
    /// Scored, in the order in which that finished.
    queue: Vec<CellId>,
    being_scored: usize,
    /// Abandoned while being scored: first to be scored again.
    returned: VecDeque<CellId>,
}

impl<S: Searcher> Split<S> {
    pub fn new(searcher: S, sharing: impl Sharing + 'static, proxy: Proxy, work: &Work) -> Self {
        Self {
            searcher,
            sharing: Box::new(sharing),
            level: proxy.level(),
            supernets: Supernets::new(proxy, work),
            queue_limit: QUEUE,
            block: NonZeroUsize::MIN,
            queue: Vec::new(),
            being_scored: 0,
            returned: VecDeque::new(),
        }
    }

    /// At most `limit` candidates scored ahead, `block` of them by one task.
    pub fn queued(self, limit: usize, block: NonZeroUsize) -> Self {
        Self { queue_limit: limit, block, ..self }
    }

    fn candidate(&mut self, table: &dyn Table) -> Option<CellId> {
        self.returned.pop_front().or_else(|| self.searcher.propose(table))
    }

    fn score(&mut self, table: &dyn Table) -> Option<Task> {
        let room = self.queue_limit.saturating_sub(self.queue.len() + self.being_scored);
        let count = room.min(self.block.get());
        let cells: Vec<CellId> = (0..count).map_while(|_| self.candidate(table)).collect();
        self.being_scored += cells.len();
        (!cells.is_empty()).then_some(Task::Score(cells))
    }
}

impl<S: Searcher> Director for Split<S> {
    fn roles(&mut self, hour: &Hour<'_>) -> Vec<Shares> {
        let share = |(zone, slots): (usize, u32)| {
            let train = self.sharing.training(hour, zone, slots).min(slots);
            Shares { train, score: slots - train }
        };
        hour.slots().enumerate().map(share).collect()
    }

    fn next(&mut self, role: Role, table: &dyn Table) -> Option<Task> {
        match role {
            Role::Train => {
                let best = take_best(&mut self.queue, self.level, table);
                best.or_else(|| self.candidate(table)).map(Task::Full)
            }
            Role::Sample if self.supernets.are_ready() => self.score(table),
            Role::Sample => self.supernets.next(),
            Role::Rest => None,
        }
    }

    fn on_finished(&mut self, finished: &Finished, table: &dyn Table) {
        self.supernets.on_finished(&finished.task);
        match &finished.task {
            Task::Full(cell) => self.searcher.on_trained(*cell, Level::Full, table),
            Task::Score(cells) => {
                self.being_scored -= cells.len();
                self.queue.extend(cells);
            }
            Task::Short(_) | Task::Supernet | Task::SubSupernet(_) => {}
        }
    }

    fn on_abandoned(&mut self, task: Task) {
        self.being_scored -= task.cells().len();
        for &cell in task.cells().iter().rev() {
            self.returned.push_front(cell);
        }
    }
}
