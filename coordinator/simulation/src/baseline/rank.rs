//! Which of some cells is trained first: the one that fewest of the others dominate.

use crate::table::{CellId, Level, Table};

/// `[n]`: how many of `cells` are better in one objective and no worse in the other, as evaluated at `level`.
fn numbers(cells: &[CellId], level: Level, table: &dyn Table) -> Vec<usize> {
    let points: Vec<[f64; 2]> = cells.iter().map(|&cell| table.row(cell).objectives(level)).collect();
    moo::dominance_numbers(&points).expect("tables hold numbers only")
}

/// Takes out of `cells` the one with the least dominance number among them; of equals, the first.
pub(super) fn take_best(cells: &mut Vec<CellId>, level: Level, table: &dyn Table) -> Option<CellId> {
    let numbers = numbers(cells, level, table);
    let best = (0..cells.len()).min_by_key(|&place| numbers[place])?;
    Some(cells.remove(best))
}

/// By dominance number; of equals, the most accurate first.
pub(super) fn ranked(cells: &[CellId], level: Level, table: &dyn Table) -> Vec<CellId> {
    let numbers = numbers(cells, level, table);
    let error = |place: usize| table.row(cells[place]).objectives(level)[0];
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by(|&a, &b| numbers[a].cmp(&numbers[b]).then(error(a).total_cmp(&error(b))));
    order.into_iter().map(|place| cells[place]).collect()
}
