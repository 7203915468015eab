//! What one slot needs for a task: seconds and watts. All of it settings; the defaults are one GPU of the reference study.

use common::energy::Purpose;
use common::fidelity::Role;
use common::unit::{Seconds, Watts};

use crate::table::{CellId, Table};

/// A piece of work that holds one slot from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// A full training.
    Full(CellId),
    /// A short training; a promotion starts from scratch.
    Short(CellId),
    /// The one supernet of one-shot scoring.
    Supernet,
    /// One of the few-shot sub-supernets, from 0; they start from the supernet's weights.
    SubSupernet(u32),
    /// One-shot or few-shot scores of a block of cells.
    Score(Vec<CellId>),
}

impl Task {
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Full(_) => Purpose::Full,
            Self::Short(_) => Purpose::Rung,
            Self::Supernet | Self::SubSupernet(_) => Purpose::Supernet,
            Self::Score(_) => Purpose::OneShot,
        }
    }

    /// Whether its progress is kept when its slot is taken away; a scoring task is abandoned instead.
    pub fn can_suspend(&self) -> bool {
        !matches!(self, Self::Score(_))
    }

    pub fn cells(&self) -> &[CellId] {
        match self {
            Self::Full(cell) | Self::Short(cell) => std::slice::from_ref(cell),
            Self::Supernet | Self::SubSupernet(_) => &[],
            Self::Score(cells) => cells,
        }
    }
}

/// Durations in epochs of the table, powers of one slot in watts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    pub full_epochs: f64,
    pub short_epochs: f64,
    /// Epochs of the supernet, each as long as the table's mean epoch.
    pub supernet_epochs: f64,
    /// Sub-supernets of few-shot scoring.
    pub sub_supernets: u32,
    /// Epochs of each sub-supernet, each as long as the table's mean epoch.
    pub sub_supernet_epochs: f64,
    /// Share of a training epoch that scoring one cell takes: so many images, forward only.
    pub scoring_epoch_share: f64,
    /// Gradient descent of any kind, and resuming it.
    pub training: Watts,
    pub scoring: Watts,
    /// A slot that has a role and finds no work.
    pub idle: Watts,
    /// A slot that rests.
    pub released: Watts,
    /// Energy of the whole site per energy of its slots (power usage effectiveness).
    pub pue: f64,
    /// What resuming a suspended task takes, at the task's power, before it goes on.
    pub resume_s: f64,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            full_epochs: 200.0,
            short_epochs: 12.0,
            supernet_epochs: 600.0,
            sub_supernets: 5,
            sub_supernet_epochs: 300.0,
            // 10,000 test images of 50,000 training images; a forward pass is a third of a training step.
            scoring_epoch_share: (10_000.0 / 50_000.0) / 3.0,
            training: Watts(250.0),
            scoring: Watts(200.0),
            idle: Watts(40.0),
            released: Watts(0.0),
            pue: 1.0,
            resume_s: 30.0,
        }
    }
}

impl Work {
    /// How long `task` holds a slot when nothing interrupts it. `mean_epoch_s` is [`Table::mean_epoch_s`], taken once.
    pub fn seconds(&self, task: &Task, table: &dyn Table, mean_epoch_s: f64) -> Seconds {
        let epoch_s = |cell: CellId| table.row(cell).epoch_s;
        Seconds(match task {
            Task::Full(cell) => self.full_epochs * epoch_s(*cell),
            Task::Short(cell) => self.short_epochs * epoch_s(*cell),
            Task::Supernet => self.supernet_epochs * mean_epoch_s,
            Task::SubSupernet(_) => self.sub_supernet_epochs * mean_epoch_s,
            Task::Score(cells) => cells.iter().map(|&cell| self.scoring_epoch_share * epoch_s(cell)).sum(),
        })
    }

    /// Power of a slot that works for `purpose`.
    pub fn watts(&self, purpose: Purpose) -> Watts {
        match purpose {
            Purpose::Idle => self.idle,
            Purpose::OneShot => self.scoring,
            Purpose::Supernet | Purpose::Rung | Purpose::Full => self.training,
        }
    }

    /// Power of a slot of `role` that has no work.
    pub fn unoccupied(&self, role: Role) -> Watts {
        if role == Role::Rest { self.released } else { self.idle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::FormulaTable;
    use common::seed::Seed;

    #[test]
    fn tasks_take_their_epochs() {
        let (work, table) = (Work::default(), FormulaTable::new(Seed(1)));
        let mean = table.mean_epoch_s();
        let seconds = |task: Task| work.seconds(&task, &table, mean).0;
        let epoch_s = table.row(CellId(7)).epoch_s;
        assert_eq!(seconds(Task::Full(CellId(7))), 200.0 * epoch_s);
        assert_eq!(seconds(Task::Short(CellId(7))), 12.0 * epoch_s);
        assert_eq!(seconds(Task::Supernet), 600.0 * mean);
        assert_eq!(seconds(Task::SubSupernet(4)), 300.0 * mean);
        let block = seconds(Task::Score(vec![CellId(7); 3]));
        assert!((block - 3.0 * epoch_s / 15.0).abs() < 1e-9, "{block}");
    }
}
