//! What must be trained before a cell can be scored: one supernet, and for few-shot scores the sub-supernets that start from it.

use crate::table::Level;
use crate::world::{Task, Work};

/// Which scores stand in for accuracies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    OneShot,
    FewShot,
}

impl Proxy {
    pub(super) fn level(self) -> Level {
        match self {
            Self::OneShot => Level::OneShot,
            Self::FewShot => Level::FewShot,
        }
    }
}

/// How far the supernets are.
#[derive(Debug)]
pub(super) struct Supernets {
    sub_supernets: u32,
    /// Tasks given out and finished: the supernet first, then its parts.
    begun: u32,
    finished: u32,
}

impl Supernets {
    pub(super) fn new(proxy: Proxy, work: &Work) -> Self {
        let sub_supernets = if proxy == Proxy::FewShot { work.sub_supernets } else { 0 };
        Self { sub_supernets, begun: 0, finished: 0 }
    }

    /// The next training that may begin.
    pub(super) fn next(&mut self) -> Option<Task> {
        let task = match self.begun {
            0 => Task::Supernet,
            begun if self.finished > 0 && begun <= self.sub_supernets => Task::SubSupernet(begun - 1),
            _ => return None,
        };
        self.begun += 1;
        Some(task)
    }

    pub(super) fn on_finished(&mut self, task: &Task) {
        if matches!(task, Task::Supernet | Task::SubSupernet(_)) {
            self.finished += 1;
        }
    }

    /// Slots that can be of use at once until all are trained; 0 when they are.
    pub(super) fn breadth(&self) -> u32 {
        match self.finished {
            0 => 1,
            finished if finished <= self.sub_supernets => self.sub_supernets,
            _ => 0,
        }
    }

    pub(super) fn are_ready(&self) -> bool {
        self.breadth() == 0
    }
}
